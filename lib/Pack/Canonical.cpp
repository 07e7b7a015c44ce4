//===- Canonical.cpp - Quantized matrices as plain tensors ----------------===//

#include "halftone/Pack/Canonical.h"
#include "halftone/Pack/Layout.h"
#include <cmath>
#include <cstring>

using namespace halftone;
using namespace llvm;

namespace {

/// Bits of a code that one plane or component of codes holds: ternary codes stay together.
unsigned fieldWidth(const Format &format) { return format.kind == FormatKind::Ternary ? 2 : 1; }

/// Where a code's bits lie: plane after plane, rows of padded columns, the first element in the lowest bits.
struct CodePlanes {
  CodePlanes(const Format &format, int64_t rows, int64_t cols)
      : groups(format, cols), width(fieldWidth(format)), planes(format.bits / width),
        rowBytes(groups.paddedCols() * width / 8), bytes(planes * rows * rowBytes), rows(rows) {}
  int64_t byteOf(unsigned plane, int64_t row, int64_t col) const {
    return (plane * rows + row) * rowBytes + groups.padded(col) * width / 8;
  }
  unsigned bitOf(int64_t col) const { return groups.padded(col) * width % 8; }

  GroupShape groups;
  unsigned width, planes;
  int64_t rowBytes, bytes, rows;
};

template <typename T>
std::vector<uint8_t> bytesOf(ArrayRef<T> values) {
  const auto *begin = reinterpret_cast<const uint8_t *>(values.data());
  return std::vector<uint8_t>(begin, begin + values.size() * sizeof(T));
}

/// Of every `stride` values: those from `first` to before `last`.
template <typename T>
std::vector<T> strided(ArrayRef<T> values, size_t stride, size_t first, size_t last) {
  std::vector<T> result;
  for (size_t i = 0; i < values.size(); i += stride)
    result.insert(result.end(), values.begin() + i + first, values.begin() + i + last);
  return result;
}

/// Reads components one after the other.
class Reader {
public:
  Reader(const Format &format, ArrayRef<std::vector<uint8_t>> components, StringRef tensor)
      : format(format), components(components), tensor(tensor) {}

  template <typename T>
  Error take(int64_t count, std::vector<T> &values) {
    if (next >= components.size() || components[next].size() != uint64_t(count) * sizeof(T))
      return problem("component " + Twine(next) + " does not have " + Twine(count * int64_t(sizeof(T))) + " bytes");
    values.resize(count);
    std::memcpy(values.data(), components[next++].data(), count * sizeof(T));
    return Error::success();
  }

  Error problem(const Twine &what) const {
    return createStringError("tensor '" + tensor + "' of format '" + format.name() + "': " + what);
  }

private:
  const Format &format;
  ArrayRef<std::vector<uint8_t>> components;
  StringRef tensor;
  size_t next = 0;
};

/// [items][perItem] and [items] to [items][perItem + 1].
template <typename T>
std::vector<T> interleave(ArrayRef<T> values, ArrayRef<T> last, size_t perItem) {
  std::vector<T> result;
  for (size_t i = 0; i < last.size(); ++i) {
    result.insert(result.end(), values.begin() + i * perItem, values.begin() + (i + 1) * perItem);
    result.push_back(last[i]);
  }
  return result;
}

/// Scales, multipliers, offsets and zero points, in the order of the type's storage.
Error readScales(Reader &reader, QuantizedMatrix &matrix) {
  const Format &format = matrix.format;
  int64_t items = matrix.scaleGroups(), planes = format.bits;
  if (format.kind == FormatKind::Vsq) {
    unsigned width = multiplierWidth(format);
    if (Error error = width == 4   ? reader.take(items, matrix.vectorScales)
                      : width == 2 ? reader.take(items, matrix.scales)
                                   : reader.take(items, matrix.multipliers))
      return error;
    int64_t count = format.vectorScale == VsqScale::E4M3 ? 1 : matrix.rows;
    return hasRowScales(format) ? reader.take(count, matrix.rowScales) : Error::success();
  }
  if (format.kind != FormatKind::Bcq) {
    if (Error error = format.floatScales ? reader.take(items, matrix.rowScales) : reader.take(items, matrix.scales))
      return error;
    return format.offset ? reader.take(items, matrix.multipliers) : Error::success();
  }
  if (Error error = reader.take(items * (format.planeScales ? planes : 1), matrix.scales))
    return error;
  if (!format.planeScales)
    if (Error error = reader.take(items * planes, matrix.multipliers))
      return error;
  if (!format.offset)
    return Error::success();
  std::vector<uint16_t> halves;
  std::vector<int8_t> integers;
  if (Error error = format.planeScales ? reader.take(items, halves) : reader.take(items, integers))
    return error;
  if (format.planeScales)
    matrix.scales = interleave<uint16_t>(matrix.scales, halves, planes);
  else
    matrix.multipliers = interleave<int8_t>(matrix.multipliers, integers, planes);
  return Error::success();
}

Error checkValues(const Reader &reader, const QuantizedMatrix &matrix) {
  const Format &format = matrix.format;
  for (uint16_t half : matrix.scales)
    if ((half & 0x7fff) >= 0x7c00)
      return reader.problem("a scale is not finite");
  for (ArrayRef<float> scales : {ArrayRef<float>(matrix.rowScales), ArrayRef<float>(matrix.vectorScales)})
    for (float scale : scales)
      if (!std::isfinite(scale))
        return reader.problem("a scale is not finite");
  if (format.element == VsqElement::E2M1)
    for (int8_t scale : matrix.multipliers)
      if (uint8_t(scale) >= (format.vectorScale == VsqScale::E8M0 ? 255 : 127))
        return reader.problem("a scale is not a number");
  if (format.kind == FormatKind::Ternary)
    for (uint8_t code : matrix.codes)
      if (code > 2)
        return reader.problem("a code is 3, which stands for nothing");
  if (format.kind == FormatKind::Rtn && format.offset)
    for (int8_t zero : matrix.multipliers)
      if (uint8_t(zero) >= 1u << format.bits)
        return reader.problem("zero point " + Twine(unsigned(uint8_t(zero))) + " is no code of " + Twine(format.bits) +
                              " bits");
  if (format.kind != FormatKind::Bcq || format.planeScales)
    return Error::success();
  size_t terms = format.bits + format.offset;
  for (size_t i = 0; i < matrix.multipliers.size(); i += terms) {
    int sum = 0;
    for (size_t p = 0; p < format.bits; ++p) {
      if (matrix.multipliers[i + p] < 0)
        return reader.problem("a multiplier is negative");
      sum += matrix.multipliers[i + p];
    }
    if (sum > 127)
      return reader.problem("multipliers of a group add up to " + Twine(sum) + ", more than 127");
  }
  return Error::success();
}

} // namespace

std::vector<std::vector<uint8_t>> halftone::toCanonical(const QuantizedMatrix &matrix) {
  const Format &format = matrix.format;
  CodePlanes planes(format, matrix.rows, matrix.cols);
  std::vector<uint8_t> codes(planes.bytes);
  unsigned mask = (1u << planes.width) - 1;
  for (int64_t row = 0; row < matrix.rows; ++row)
    for (int64_t col = 0; col < matrix.cols; ++col)
      for (unsigned p = 0; p < planes.planes; ++p)
        codes[planes.byteOf(p, row, col)] |= ((matrix.codes[row * matrix.cols + col] >> p * planes.width) & mask)
                                             << planes.bitOf(col);
  std::vector<std::vector<uint8_t>> parts = {std::move(codes)};
  ArrayRef<uint16_t> scales(matrix.scales);
  ArrayRef<int8_t> multipliers(matrix.multipliers);
  ArrayRef<float> floats(matrix.rowScales);
  if (format.kind == FormatKind::Vsq) {
    unsigned width = multiplierWidth(format);
    parts.push_back(width == 4   ? bytesOf(ArrayRef<float>(matrix.vectorScales))
                    : width == 2 ? bytesOf(scales)
                                 : bytesOf(multipliers));
    if (hasRowScales(format))
      parts.push_back(bytesOf(floats));
    return parts;
  }
  size_t q = format.bits, terms = q + 1;
  if (format.kind != FormatKind::Bcq || !format.offset) {
    parts.push_back(format.floatScales ? bytesOf(floats) : bytesOf(scales));
    if (!multipliers.empty())
      parts.push_back(bytesOf(multipliers));
  } else if (format.planeScales) {
    parts.push_back(bytesOf<uint16_t>(strided(scales, terms, 0, q)));
    parts.push_back(bytesOf<uint16_t>(strided(scales, terms, q, terms)));
  } else {
    parts.push_back(bytesOf(scales));
    parts.push_back(bytesOf<int8_t>(strided(multipliers, terms, 0, q)));
    parts.push_back(bytesOf<int8_t>(strided(multipliers, terms, q, terms)));
  }
  return parts;
}

Expected<QuantizedMatrix> halftone::fromCanonical(const Format &format, int64_t rows, int64_t cols,
                                                  ArrayRef<std::vector<uint8_t>> components, StringRef tensorName) {
  QuantizedMatrix matrix;
  matrix.format = format;
  matrix.rows = rows;
  matrix.cols = cols;
  Reader reader(format, components, tensorName);
  CodePlanes planes(format, rows, cols);
  std::vector<uint8_t> codes;
  if (Error error = reader.take(planes.bytes, codes))
    return std::move(error);
  if (Error error = readScales(reader, matrix))
    return std::move(error);
  unsigned mask = (1u << planes.width) - 1;
  matrix.codes.resize(rows * cols);
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t col = 0; col < cols; ++col)
      for (unsigned p = 0; p < planes.planes; ++p)
        matrix.codes[row * cols + col] |= ((codes[planes.byteOf(p, row, col)] >> planes.bitOf(col)) & mask)
                                          << p * planes.width;
  if (Error error = checkValues(reader, matrix))
    return std::move(error);
  return std::move(matrix);
}
