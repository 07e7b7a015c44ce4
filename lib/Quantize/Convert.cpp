//===- Convert.cpp - Between uniform and binary-coded formats -------------===//

#include "halftone/Quantize/Convert.h"
#include "halftone/Support/Half.h"
#include <cmath>

using namespace halftone;
using namespace llvm;

//===----------------------------------------------------------------------===//
// One quantizer, in floats
//===----------------------------------------------------------------------===//

float BinaryCode::value(unsigned code) const {
  double sum = offset;
  for (unsigned p = 0; p < planes; ++p)
    sum += (code >> p & 1) ? double(scales[p]) : -double(scales[p]);
  return float(sum);
}

BinaryCode halftone::uniformToBinary(const UniformCode &uniform) {
  BinaryCode binary;
  binary.planes = uniform.bits;
  for (unsigned i = 0; i < uniform.bits; ++i)
    binary.scales[i] = std::ldexp(uniform.scale, int(i) - 1);
  double middle = ((1 << uniform.bits) - 1) / 2.0;
  binary.offset = float(double(uniform.scale) * (middle - uniform.zeroPoint));
  return binary;
}

std::optional<UniformCode> halftone::binaryToUniform(const BinaryCode &binary) {
  UniformCode uniform;
  uniform.bits = binary.planes;
  uniform.scale = 2 * binary.scales[0];
  for (unsigned i = 0; i < binary.planes; ++i)
    if (binary.scales[i] != std::ldexp(uniform.scale, int(i) - 1))
      return std::nullopt;
  if (uniform.scale == 0)
    return binary.offset == 0 ? std::optional<UniformCode>(uniform) : std::nullopt;
  double middle = ((1 << uniform.bits) - 1) / 2.0;
  double zero = std::nearbyint(middle - double(binary.offset) / uniform.scale);
  if (!(std::abs(zero) <= INT32_MAX))
    return std::nullopt;
  uniform.zeroPoint = int32_t(zero);
  if (uniformToBinary(uniform).offset != binary.offset)
    return std::nullopt;
  return uniform;
}

//===----------------------------------------------------------------------===//
// Matrices
//===----------------------------------------------------------------------===//

static bool isUniform(const Format &format) {
  return format.kind == FormatKind::Rtn && format.bits <= 7 && !format.floatScales;
}

static bool isShiftedBcq(const Format &format) {
  return format.kind == FormatKind::Bcq && format.offset && !format.planeScales && format.bits <= 7;
}

bool halftone::canConvert(const Format &from, const Format &to) {
  if (from.bits != to.bits || from.group != to.group)
    return false;
  // Back, the zero point may be any, and rows may differ.
  return (isUniform(from) && isShiftedBcq(to)) || (isShiftedBcq(from) && isUniform(to) && to.offset && !to.perTensor);
}

/// The lowest `bits` bits of a code in reverse: planes are stored in descending order.
static uint8_t reversed(uint8_t code, unsigned bits) {
  unsigned result = 0;
  for (unsigned i = 0; i < bits; ++i)
    result |= (code >> i & 1u) << (bits - 1 - i);
  return uint8_t(result);
}

static Error problem(StringRef tensor, int64_t item, const QuantizedMatrix &matrix, const Twine &what) {
  int64_t row = matrix.format.perTensor ? 0 : item / matrix.groups();
  int64_t group = matrix.format.perTensor ? 0 : item % matrix.groups();
  return createStringError("tensor '" + tensor + "': row " + Twine(row) + ", group " + Twine(group) + " of format '" +
                           matrix.format.name() + "' " + what);
}

/// Scale times `factor` as a half, if nothing is lost.
static std::optional<uint16_t> scaledHalf(uint16_t half, double factor) {
  double wanted = double(halfBitsToFloat(half)) * factor;
  uint16_t result = doubleToHalfBits(wanted);
  if (result >= 0x7c00 || halfBitsToFloat(result) != wanted)
    return std::nullopt;
  return result;
}

static Error toBcq(const QuantizedMatrix &from, QuantizedMatrix &to, StringRef tensor) {
  unsigned bits = from.format.bits;
  for (int64_t row = 0; row < from.rows; ++row)
    for (int64_t group = 0; group < from.groups(); ++group) {
      int64_t item = from.scaleItem(row, group);
      std::optional<uint16_t> half = scaledHalf(from.scales[item], 0.5);
      if (!half)
        return problem(tensor, item, from, "has a subnormal scale that cannot be halved");
      to.scales.push_back(*half);
      for (unsigned p = bits; p-- > 0;)
        to.multipliers.push_back(int8_t(1 << p));
      int zero = from.format.offset ? from.zeroPoint(item) : 1 << (bits - 1);
      to.multipliers.push_back(int8_t((1 << bits) - 1 - 2 * zero));
    }
  return Error::success();
}

static Error toUniform(const QuantizedMatrix &from, QuantizedMatrix &to, StringRef tensor) {
  unsigned bits = from.format.bits;
  for (int64_t item = 0; item < from.scaleGroups(); ++item) {
    const int8_t *multipliers = &from.multipliers[item * (bits + 1)];
    std::optional<uint16_t> half = scaledHalf(from.scales[item], 2);
    if (!half)
      return problem(tensor, item, from, "has a scale that cannot be doubled");
    for (unsigned p = 0; p < bits; ++p)
      if (multipliers[p] != 1 << (bits - 1 - p))
        return problem(tensor, item, from, "is not uniform: its multipliers are not powers of two");
    int twice = (1 << bits) - 1 - multipliers[bits];
    if (twice % 2 != 0 || twice < 0 || twice / 2 >= 1 << bits)
      return problem(tensor, item, from, "has an offset that is no zero point");
    to.scales.push_back(*half);
    to.multipliers.push_back(int8_t(uint8_t(twice / 2)));
  }
  return Error::success();
}

Expected<QuantizedMatrix> halftone::convertMatrix(const QuantizedMatrix &matrix, const Format &to,
                                                  StringRef tensorName) {
  if (!canConvert(matrix.format, to))
    return createStringError("tensor '" + tensorName + "': format '" + matrix.format.name() +
                             "' cannot be converted to '" + to.name() + "' without loss");
  QuantizedMatrix result;
  result.format = to;
  result.rows = matrix.rows;
  result.cols = matrix.cols;
  for (uint8_t code : matrix.codes)
    result.codes.push_back(reversed(code, to.bits));
  Error error = to.kind == FormatKind::Bcq ? toBcq(matrix, result, tensorName) : toUniform(matrix, result, tensorName);
  if (error)
    return std::move(error);
  return std::move(result);
}
