//===- CompensateGroup.h - Codes and scales of one group --------*- C++ -*-===//
#ifndef HALFTONE_LIB_QUANTIZE_COMPENSATEGROUP_H
#define HALFTONE_LIB_QUANTIZE_COMPENSATEGROUP_H

#include "CompensateKernels.h"
#include "halftone/Quantize/Bcq.h"
#include "halftone/Quantize/Quantize.h"
#include "llvm/ADT/SmallVector.h"
#include <array>
#include <vector>

namespace halftone::compensate {

/// The levels of every group of a matrix in a format whose scales stay as quantize() found them. Codes are all that is
/// chosen then, which works for every format that gives an element one of a few values.
struct FixedLevels {
  explicit FixedLevels(const QuantizedMatrix &matrix);

  unsigned firstCode = 0, lastCode = 0; ///< codes that may be used
  std::vector<float> values;            ///< [rows * groups][lastCode + 1]
};

/// True for formats whose scales a group's least squares can refit.
bool canRefit(const Format &format);

/// The scales of one group as stored, and the values that codes then have: value(code) = sum_p scale_p * basis_p(code),
/// where BCQ has one basis function per plane (+-1), ternary with a scale per sign one per sign, and the others have
/// one (the integer). Or levels that stay as they are.
class GroupScales {
public:
  /// `levels`: null if canRefit().
  GroupScales(const Format &format, const FixedLevels *levels);
  bool isFixed() const { return levels; }

  /// Number of basis functions.
  unsigned terms() const { return count; }
  double basis(unsigned term, uint8_t code) const {
    if (format->kind == FormatKind::Bcq)
      return (code >> term & 1) ? 1.0 : -1.0;
    if (format->scalePerSign)
      return term == 0 ? double(code == 2) : -double(code == 0);
    return double(int(code) - offset);
  }
  /// Stores the nearest that the format can hold to `scales` (non-negative, those of planes descending); false where
  /// they leave half precision, or stay as they are, and then nothing changes.
  bool store(llvm::ArrayRef<double> scales);
  /// Takes what is stored for a group of a matrix.
  void read(const QuantizedMatrix &matrix, int64_t item);
  void write(QuantizedMatrix &matrix, int64_t item) const;
  double value(uint8_t code) const { return values[code]; }
  /// Stores all scales times `factor`; as store().
  bool multiply(double factor);
  /// The code of the value nearest to `target`; of equal ones, the smaller value.
  uint8_t nearest(double target) const;
  /// Makes `scales` non-negative, those of planes descending, and renames `codes` so that their values stay. (A scale
  /// per sign that would be negative becomes zero.)
  void normalize(llvm::MutableArrayRef<double> scales, llvm::MutableArrayRef<uint8_t> codes) const;

private:
  void update();
  double scale(unsigned term) const;
  bool halfPerTerm() const { return format->planeScales || format->scalePerSign; }

  const Format *format;
  const FixedLevels *levels;
  unsigned count = 1;
  int offset = 0;
  uint8_t firstCode = 0, lastCode = 0;
  std::array<uint16_t, 8> halves = {};
  std::array<int8_t, 8> multipliers = {};
  llvm::SmallVector<double, 16> values, sorted; ///< by code; ascending
  llvm::SmallVector<uint8_t, 16> sortedCodes;
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
