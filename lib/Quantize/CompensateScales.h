//===- CompensateScales.h - Stored scales of one group ----------*- C++ -*-===//
#ifndef HALFTONE_LIB_QUANTIZE_COMPENSATESCALES_H
#define HALFTONE_LIB_QUANTIZE_COMPENSATESCALES_H

#include "halftone/Quantize/Bcq.h"
#include "halftone/Quantize/Quantize.h"
#include "llvm/ADT/SmallVector.h"
#include <array>
#include <vector>

namespace halftone::compensate {

/// Most basis functions of a format: eight planes and an offset.
constexpr unsigned maxTerms = BcqGroup::maxPlanes + 1;

/// The normal equations a x = b of a group's scales; a is positive semidefinite.
struct NormalEquations {
  double a[maxTerms][maxTerms] = {};
  double b[maxTerms] = {};
};

/// The levels of every group of a matrix in a format whose scales stay as quantize() found them. Codes are all that is
/// chosen then, which works for every format that gives an element one of a few values.
struct FixedLevels {
  explicit FixedLevels(const QuantizedMatrix &matrix);

  unsigned firstCode = 0, lastCode = 0; ///< codes that may be used
  std::vector<float> values;            ///< [rows * groups][lastCode + 1]
};

/// True for formats whose scales a group's least squares can refit.
bool canRefit(const Format &format);

/// The scales of one group as stored, and the values that codes then have: value(code) = sum_p scale_p * basis_p(code).
/// BCQ has one basis function per plane (+-1) and one for the offset (1), ternary with a scale per sign one per sign,
/// integers with a zero point the code and 1 (whose scale is -scale * zero point), and the others have one (the
/// integer). Or levels that stay as they are.
class GroupScales {
public:
  /// `levels`: null if canRefit().
  GroupScales(const Format &format, const FixedLevels *levels);
  bool isFixed() const { return levels; }

  /// Number of basis functions.
  unsigned terms() const { return count; }
  double basis(unsigned term, uint8_t code) const {
    if (format->kind == FormatKind::Bcq)
      return term == format->bits || (code >> term & 1) ? 1.0 : -1.0;
    if (format->scalePerSign)
      return term == 0 ? double(code == 2) : -double(code == 0);
    if (hasZeroPoint())
      return term == 0 ? double(code) : 1.0;
    return double(int(code) - offset);
  }
  /// The scales of least loss, as far as the format's kind restricts them: zero points are integers.
  void fit(NormalEquations &equations, llvm::MutableArrayRef<double> scales) const;
  /// Stores the nearest that the format can hold to `scales` (normalized); false where values leave the range of what
  /// stores them, or scales stay as they are, and then nothing changes.
  bool store(llvm::ArrayRef<double> scales);
  /// Takes what is stored for a group of a matrix.
  void read(const QuantizedMatrix &matrix, int64_t item);
  void write(QuantizedMatrix &matrix, int64_t item) const;
  double value(uint8_t code) const { return values[code]; }
  /// Stores all scales, but no offset, times `factor`; as store().
  bool multiply(double factor);
  /// The code of the value nearest to `target`; of equal ones, the smaller value.
  uint8_t nearest(double target) const;
  /// Makes `scales` non-negative, those of planes descending, and renames `codes` so that their values stay. (A scale
  /// per sign that would be negative becomes zero, and so does that of unsigned elements. Offsets have any sign.)
  void normalize(llvm::MutableArrayRef<double> scales, llvm::MutableArrayRef<uint8_t> codes) const;

  /// True if the group's scale is an integer in units of a float that all groups of the row share.
  bool hasRowScale() const { return !levels && format->kind == FormatKind::Vsq && isIntegerScale(); }
  float rowScale() const { return stored.rowScale; }
  /// The integer stays; as store().
  bool setRowScale(float scale);
  /// The row's scale for which `largest` is the largest scale that a group can have.
  float rowScaleFor(double largest) const;

private:
  /// What the group's scales are made of, and what groups of a row share.
  struct Stored {
    std::array<uint16_t, maxTerms> halves = {};
    std::array<int16_t, maxTerms> multipliers = {}; ///< and zero points, and integers of vectors
    float number = 0;                               ///< a scale of 32 bits
    float rowScale = 1;
  };

  void update();
  bool replace(const Stored &next);
  double scale(unsigned term) const;
  bool twoLevel() const { return format->kind == FormatKind::Bcq && !format->planeScales; }
  bool hasZeroPoint() const { return format->kind == FormatKind::Rtn && format->offset; }
  bool isIntegerScale() const { return format->vectorScale == VsqScale::Integer; }
  /// Numbers of halves and of multipliers that a group stores.
  unsigned halfCount() const;
  unsigned multiplierCount() const;
  bool storeTwoLevel(llvm::ArrayRef<double> scales, Stored &next) const;
  void storeVector(double unit, Stored &next) const;

  const Format *format;
  const FixedLevels *levels;
  unsigned count = 1;
  int offset = 0;
  uint8_t firstCode = 0, lastCode = 0;
  Stored stored;
  llvm::SmallVector<double, 16> values, sorted; ///< by code; ascending
  llvm::SmallVector<uint8_t, 16> sortedCodes;
};

} // namespace halftone::compensate

#endif // HALFTONE_LIB_QUANTIZE_COMPENSATESCALES_H
