//===- Activations.h - Precision of activations -----------------*- C++ -*-===//
#ifndef HALFTONE_LIB_DRIVER_ACTIVATIONS_H
#define HALFTONE_LIB_DRIVER_ACTIVATIONS_H

#include "halftone/Driver/Compile.h"
#include "mlir/IR/BuiltinOps.h"

namespace halftone {

/// Reads ranges of activations, {"in:up": {"min": [...], "max": [...], "mean": m, "deviation": s}, ...} with a number
/// per dimension, into the module's attribute `lowbit.activation_ranges`. Errors name the file and the activation.
/// Returns the dimensions with outliers where the moments (of all values) are there, which they need not be.
llvm::Expected<OutlierReport> readActivationRanges(mlir::ModuleOp module, llvm::StringRef path);

/// Puts the ranges that the options' activation policy needs, out of their statistics, into the same attribute. The
/// options were checked.
void setActivationRanges(mlir::ModuleOp module, const CompileOptions &options);

/// How many activations of a module's functions are rounded to which kind: "i8", "i16", "static8", "grouped6",
/// "vsq8v16s6", ...; and "f32": inputs of products that are not rounded. Counted at stage planned; beyond, what
/// noteActivations() left there.
std::map<std::string, int64_t> countActivations(mlir::ModuleOp module);

/// Keeps the result of countActivations() in the module's attribute `lowbit.activation_kinds`.
void noteActivations(mlir::ModuleOp module);

} // namespace halftone

#endif // HALFTONE_LIB_DRIVER_ACTIVATIONS_H
