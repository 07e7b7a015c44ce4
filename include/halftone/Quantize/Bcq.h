//===- Bcq.h - Binary-coding quantization of one group ----------*- C++ -*-===//
//
// Finds alpha_1..alpha_q and b_1..b_q in {-1,+1}^n that make
// || w - z - sum_i alpha_i b_i ||^2 small, with an offset z that is 0 unless asked for (Xu et al., "Alternating
// multi-bit quantization", ICLR 2018; Guo et al., "Network sketching", for the refined one).
//
// Every solver assigns codes by thresholds on w, so that in ascending order of w
// the codes form at most 2^q intervals. The group is sorted once, and prefix sums
// give all the statistics of a round from the interval bounds: a round costs
// O(2^q log n), independent of how the codes are stored.
//
//===----------------------------------------------------------------------===//
#ifndef HALFTONE_QUANTIZE_BCQ_H
#define HALFTONE_QUANTIZE_BCQ_H

#include "halftone/Quantize/Format.h"
#include "llvm/ADT/ArrayRef.h"
#include <array>
#include <vector>

namespace halftone {

/// Solves one group at a time; keeps its buffers between groups. Not for use by two threads at once.
class BcqGroup {
public:
  static constexpr unsigned maxPlanes = 8;
  using Scales = std::array<double, maxPlanes>;

  /// Takes the group's weights (finite, fewer than 2^32) and forgets the previous group.
  void load(llvm::ArrayRef<float> weights);

  /// b_i = sign(r) with sign(0) = +1, alpha_i = mean |r|. With `refine`, all
  /// alphas are solved again by least squares after each new plane.
  void solveGreedy(unsigned planes, bool refine);
  /// Rounds of least squares and assignment to the nearest level; stops early
  /// where nothing changes any more, which gives the same result.
  void alternate(unsigned rounds);
  /// Least-squares scales for the present codes, made non-negative and descending
  /// by renaming planes and flipping signs (which changes no value).
  void fitScales();
  /// Gives every weight the code of the nearest level of the present scales.
  void assign();
  /// Replaces the scales (non-negative, descending); codes stay.
  void setScales(llvm::ArrayRef<double> values);
  /// Sets the offset z, which fitScales() then fits together with the scales, until the next load().
  void setOffset(double value);
  double offset() const { return z; }
  bool hasOffset() const { return fitOffset; }

  /// The present scales, one per plane.
  llvm::ArrayRef<double> scales() const { return llvm::ArrayRef<double>(alpha).take_front(q); }
  /// Writes one code per weight in the order of `load`: bit p set where plane p is +1.
  void writeCodes(llvm::MutableArrayRef<uint8_t> codes) const;
  /// || w - z - sum alpha_i b_i ||^2 of the present codes and scales.
  double squaredError() const;
  /// The mean of w - z - sum alpha_i b_i.
  double meanError() const;

private:
  /// Weights sorted[begin..end) that share a code.
  struct Cell {
    uint32_t begin = 0, end = 0;
    uint8_t code = 0;
    bool operator==(const Cell &o) const { return begin == o.begin && end == o.end && code == o.code; }
  };
  double cellSum(const Cell &cell) const { return prefix[cell.end] - prefix[cell.begin]; }
  double levelOf(uint8_t code) const;
  /// Scales, and the offset after the last of them.
  using Terms = std::array<double, maxPlanes + 1>;
  Terms leastSquares() const;
  static Terms solveNormal(double g[maxPlanes + 1][maxPlanes + 1], const Terms &v, unsigned count);
  void takeTerms(const Terms &terms);
  void normalize(Scales values);
  void splitCells(unsigned plane);

  unsigned q = 0;
  Scales alpha = {};
  double z = 0;
  bool fitOffset = false;
  std::vector<uint64_t> keys;     ///< sortable weight bits, then the position
  std::vector<double> sorted;     ///< weights, ascending
  std::vector<double> prefix;     ///< prefix[i] = sum of the first i sorted weights
  std::vector<Cell> cells, spare; ///< ascending, covering the group; some empty
};

} // namespace halftone

#endif // HALFTONE_QUANTIZE_BCQ_H
