//===- InitDialects.h - The dialects that the compiler works on -*- C++ -*-===//
//
// Unlike InitAll.h, which registers everything for quant-opt, this registers
// only what the stages are made of.
//
//===----------------------------------------------------------------------===//
#ifndef HALFTONE_INITDIALECTS_H
#define HALFTONE_INITDIALECTS_H

namespace mlir {
class DialectRegistry;
}

namespace halftone {

/// Registers the dialects of all stages with the interfaces that the pipelines need.
void registerCompilerDialects(mlir::DialectRegistry &registry);

} // namespace halftone

#endif // HALFTONE_INITDIALECTS_H
