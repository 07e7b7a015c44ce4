//===- Activations.h - Precision of activations -----------------*- C++ -*-===//
#ifndef HALFTONE_LIB_DRIVER_ACTIVATIONS_H
#define HALFTONE_LIB_DRIVER_ACTIVATIONS_H

#include "halftone/Quantize/Outliers.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"
#include <map>
#include <string>

namespace halftone {

/// Dimensions with outliers, by activation.
using OutlierReport = std::map<std::string, std::vector<OutlierDimension>>;

/// Reads ranges of activations, {"in:up": {"min": [...], "max": [...], "mean": m, "deviation": s}, ...} with a number
/// per dimension, into the module's attribute `lowbit.activation_ranges`. Errors name the file and the activation.
/// Returns the dimensions with outliers where the moments (of all values) are there, which they need not be.
llvm::Expected<OutlierReport> readActivationRanges(mlir::ModuleOp module, llvm::StringRef path);

/// How many activations of the functions of a planned module are rounded to which kind: "i8", "i16", "static8",
/// "grouped6", ...; and "f32": inputs of products that are not rounded.
std::map<std::string, int64_t> countActivations(mlir::ModuleOp module);

} // namespace halftone

#endif // HALFTONE_LIB_DRIVER_ACTIVATIONS_H
