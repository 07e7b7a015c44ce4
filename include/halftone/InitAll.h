//===- InitAll.h - Registers every dialect and pass -------------*- C++ -*-===//
//
// What a tool needs before it parses IR or a pipeline.
//
//===----------------------------------------------------------------------===//
#ifndef HALFTONE_INITALL_H
#define HALFTONE_INITALL_H

#include "dialects/Lowbit/IR/LowbitDialect.h"
#include "dialects/Lowbit/Transforms/BufferizableOpInterfaceImpl.h"
#include "dialects/Lowbit/Transforms/Passes.h"
#include "dialects/Nn/IR/NnDialect.h"
#include "dialects/Nn/Transforms/BufferizableOpInterfaceImpl.h"
#include "dialects/Simd/IR/SimdDialect.h"
#include "halftone/Conversion/SimdToLLVM.h"
#include "halftone/Pipelines/Pipelines.h"

#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"

namespace halftone {

/// Registers Halftone's dialects with their interfaces, and upstream's with theirs.
inline void registerAllDialects(mlir::DialectRegistry &registry) {
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  registry.insert<lowbit::LowbitDialect, nn::NnDialect, simd::SimdDialect>();
  lowbit::registerBufferizableOpInterfaceExternalModels(registry);
  nn::registerBufferizableOpInterfaceExternalModels(registry);
}

/// Registers upstream's passes, Halftone's passes and Halftone's pipelines. Once per process.
inline void registerAllPasses() {
  mlir::registerAllPasses();
  lowbit::registerLowbitPasses();
  registerSimdToLLVMPasses();
  registerPipelines();
}

} // namespace halftone

#endif // HALFTONE_INITALL_H
