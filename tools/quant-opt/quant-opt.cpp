//===- quant-opt.cpp - mlir-opt with Halftone's dialects and passes -------===//
#include "halftone/InitAll.h"

#include "mlir/Tools/mlir-opt/MlirOptMain.h"

int main(int argc, char **argv) {
  halftone::registerAllPasses();
  mlir::DialectRegistry registry;
  halftone::registerAllDialects(registry);
  return mlir::asMainReturnCode(mlir::MlirOptMain(
      argc, argv, "Halftone's optimizer: mlir-opt with the lowbit, nn and simd dialects\n", registry));
}
