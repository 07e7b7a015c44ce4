//===- CompensateRow.h - One row of a compensated matrix --------*- C++ -*-===//
#ifndef HALFTONE_LIB_QUANTIZE_COMPENSATEROW_H
#define HALFTONE_LIB_QUANTIZE_COMPENSATEROW_H

#include "CompensateGroup.h"
#include "CompensateMetric.h"

namespace halftone::compensate {

/// Quantizes rows one at a time, each independent of the others; keeps its buffers. One per thread.
class RowSolver {
public:
  RowSolver(const Metric &metric, const Format &format, const CompensateOptions &options);

  /// Replaces row `row` of `result`, which holds what quantize() gave it, where that lowers the loss.
  void solve(llvm::ArrayRef<float> weights, int64_t row, QuantizedMatrix &result);

private:
  /// Values, codes (in processing order) and scales (per block) of a row, and its loss in the damped metric.
  struct State {
    std::vector<double> values;
    std::vector<uint8_t> codes;
    std::vector<GroupScales> scales;
    double loss = 0;
  };
  void load(const QuantizedMatrix &matrix, int64_t row, State &state) const;
  void store(const State &state, int64_t row, QuantizedMatrix &matrix) const;
  bool propagate(State &state, const State &fallback);
  bool startGroup(size_t index, GroupScales &scales);
  void roundGroup(const Block &block, const GroupScales &scales);
  double improveGroup(size_t index, GroupScales &scales);
  void sweep(State &state);
  void evaluate(State &state);
  /// The loss without damping, of a state just evaluated.
  double undampedLoss(const State &state) const;

  const Metric &metric;
  const Format &format;
  const CompensateOptions &options;
  GroupSolver solver;
  BcqGroup group;
  std::vector<double> target;   ///< [size] the row, in processing order
  std::vector<double> error;    ///< [size] values - target
  std::vector<double> gradient; ///< [size] (H + shift I) error
  // Of the group in hand: what it should be given the errors before it, the curvature, and a solution.
  std::vector<double> wanted, curvature, groupGradient, groupValues, before;
  std::vector<uint8_t> groupCodes;
};

} // namespace halftone::compensate

#endif // HALFTONE_LIB_QUANTIZE_COMPENSATEROW_H
