//===- CompensateGroup.h - Codes and scales of one group --------*- C++ -*-===//
#ifndef HALFTONE_LIB_QUANTIZE_COMPENSATEGROUP_H
#define HALFTONE_LIB_QUANTIZE_COMPENSATEGROUP_H

#include "CompensateKernels.h"
#include "CompensateScales.h"

namespace halftone::compensate {

/// A group's share of a quadratic loss: with everything else held, changing the group's values by d changes the loss by
/// 2 gradient.d + d^T metric d.
struct GroupProblem {
  const double *metric; ///< [length] rows, `stride` apart
  int64_t stride, length;
  llvm::MutableArrayRef<double> gradient; ///< kept up to date within the group
  llvm::MutableArrayRef<double> values;   ///< of the present codes
  llvm::MutableArrayRef<uint8_t> codes;
};

/// Improves one group; keeps its buffers between groups.
class GroupSolver {
public:
  /// One pass of coordinate descent; the change of the loss (not positive).
  double descend(GroupProblem &problem, const GroupScales &scales);
  /// Scales by least squares in the problem's metric, as far as the format can hold them and it lowers the loss; the
  /// change of the loss (not positive).
  double refit(GroupProblem &problem, GroupScales &scales);
  /// Passes of both until nothing changes, at most `rounds`; the change of the loss.
  double improve(GroupProblem &problem, GroupScales &scales, unsigned rounds, bool refitScales);

private:
  std::vector<double> change, image, products;
  std::vector<uint8_t> newCodes;
};

/// Scales for `targets` by weighted least squares, alternating with nearest codes; false if they leave half precision.
/// `group` lends its buffers.
bool fitWeighted(llvm::ArrayRef<double> targets, llvm::ArrayRef<double> weights, const Format &format,
                 GroupScales &scales, BcqGroup &group);

/// The scale, not rounded, that a vector of VS-Quant with signed integers wants for `targets`; 0 for other elements.
double unitOf(llvm::ArrayRef<double> targets, llvm::ArrayRef<double> weights, const Format &format);

} // namespace halftone::compensate

#endif // HALFTONE_LIB_QUANTIZE_COMPENSATEGROUP_H
