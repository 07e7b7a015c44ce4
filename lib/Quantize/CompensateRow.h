//===- CompensateRow.h - Rows of a compensated matrix -----------*- C++ -*-===//
#ifndef HALFTONE_LIB_QUANTIZE_COMPENSATEROW_H
#define HALFTONE_LIB_QUANTIZE_COMPENSATEROW_H

#include "CompensateGroup.h"
#include "CompensateMetric.h"
#include <optional>

namespace halftone::compensate {

/// Quantizes a few rows at a time, so that each part of the metric is read once for all of them. Each row is
/// independent of the others: the same codes in any company. Keeps its buffers. One per thread.
class RowSolver {
public:
  /// Most rows of a call.
  static constexpr int64_t maxRows = 8;

  /// `levels`: of formats whose scales stay as quantize() found them, else null.
  RowSolver(const Metric &metric, const Format &format, const FixedLevels *levels, const CompensateOptions &options);

  /// Replaces rows `begin` to `end` of `result`, which holds what quantize() gave them for `weights` (the whole
  /// matrix), where that lowers the loss.
  void solve(llvm::ArrayRef<float> weights, int64_t begin, int64_t end, QuantizedMatrix &result);

private:
  /// Values, codes (in processing order) and scales (per block) of a row, and its loss in the damped metric.
  struct State {
    std::vector<double> values;
    std::vector<uint8_t> codes;
    std::vector<GroupScales> scales;
    double loss = 0;
  };
  /// One state per row.
  using States = std::vector<State>;

  void load(const QuantizedMatrix &matrix, int64_t row, State &state) const;
  void store(const State &state, int64_t row, QuantizedMatrix &matrix) const;
  void offer(States &states);
  void propagate(States &states);
  void wantedByErrors(size_t index, size_t row);
  bool startGroup(size_t index, GroupScales &scales);
  void roundGroup(const Block &block, const GroupScales &scales);
  double improveGroup(size_t index, GroupScales &scales);
  void sweep(States &states);
  void setRowScale(State &state, float scale) const;
  void startRowScales(States &states);
  float refitRowScale(const State &state, size_t row);
  void refitRowScales(States &states, std::vector<double> &gains);
  double sweepBlock(size_t index, State &state, size_t row);
  void updateGradients(const Block &block);
  void evaluate(States &states);
  /// The loss without damping, of a state just evaluated.
  double undampedLoss(const State &state, size_t row) const;

  double *errorOf(size_t row) { return errors.data() + row * metric.size; }
  const double *errorOf(size_t row) const { return errors.data() + row * metric.size; }
  double *gradientOf(size_t row) { return gradients.data() + row * metric.size; }

  const Metric &metric;
  const Format &format;
  const FixedLevels *levels;
  const CompensateOptions &options;
  GroupSolver solver;
  BcqGroup group;
  size_t count = 0;                       ///< rows in hand
  std::vector<double> targets;            ///< [count][size] the rows, in processing order
  std::vector<double> errors;             ///< [count][size] values - target
  std::vector<double> gradients;          ///< [count][size] (H + shift I) error
  std::vector<double> images;             ///< [count][size] (H + shift I) target, of formats with row scales
  std::vector<double> changes;            ///< [count][length] what a block's, or all, values have changed by
  std::vector<double> limits;             ///< [count] undamped losses of quantize()
  std::vector<std::optional<State>> best; ///< [count] of what was offered
  // Of the group in hand: what it should be given the errors before it, the curvature, and a solution.
  std::vector<double> wanted, curvature, groupGradient, groupValues, before;
  std::vector<uint8_t> groupCodes;
};

} // namespace halftone::compensate

#endif // HALFTONE_LIB_QUANTIZE_COMPENSATEROW_H
