//===- CompensateGroup.h - Codes and scales of one group --------*- C++ -*-===//
#ifndef HALFTONE_LIB_QUANTIZE_COMPENSATEGROUP_H
#define HALFTONE_LIB_QUANTIZE_COMPENSATEGROUP_H

#include "halftone/Quantize/Bcq.h"
#include "halftone/Quantize/Quantize.h"
#include <array>
#include <vector>

namespace halftone::compensate {

/// The scales of one group as stored, and the values that codes then have: value(code) = sum_p scale_p * basis_p(code),
/// where BCQ has one basis function per plane (+-1) and the others have one (the integer).
class GroupScales {
public:
  explicit GroupScales(const Format &format);

  /// Number of basis functions.
  unsigned terms() const { return count; }
  double basis(unsigned term, uint8_t code) const {
    return format->kind == FormatKind::Bcq ? ((code >> term & 1) ? 1.0 : -1.0) : double(int(code) - offset);
  }
  /// Stores the nearest that the format can hold to `scales` (non-negative, descending); false where they leave half
  /// precision, and then nothing changes.
  bool store(llvm::ArrayRef<double> scales);
  /// Takes what is stored for a group of a matrix.
  void read(const QuantizedMatrix &matrix, int64_t item);
  void write(QuantizedMatrix &matrix, int64_t item) const;
  double value(uint8_t code) const { return values[code]; }
  /// Stores all scales times `factor`; as store().
  bool multiply(double factor);
  /// The code of the value nearest to `target`; of equal ones, the smaller value.
  uint8_t nearest(double target) const;
  /// Makes `scales` non-negative and descending and renames `codes` so that their values stay.
  void normalize(llvm::MutableArrayRef<double> scales, llvm::MutableArrayRef<uint8_t> codes) const;

private:
  void update();
  double scale(unsigned term) const;

  const Format *format;
  unsigned count = 1;
  int offset = 0;
  uint8_t firstCode = 0, lastCode = 0;
  std::array<uint16_t, 8> halves = {};
  std::array<int8_t, 8> multipliers = {};
  std::array<double, 256> values = {}, sorted = {};
  std::array<uint8_t, 256> sortedCodes = {};
  unsigned sortedCount = 0;
};

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

} // namespace halftone::compensate

#endif // HALFTONE_LIB_QUANTIZE_COMPENSATEGROUP_H
