//===- Pack.cpp - Quantized matrices to packed bytes and back -------------===//

#include "halftone/Pack/Pack.h"
#include "halftone/Pack/Trits.h"
#include <cassert>
#include <cstring>
#include <thread>

using namespace halftone;

namespace {

bool isTrits(Layout layout) { return layout == Layout::Trits16 || layout == Layout::Trits64; }

/// The bit planes of a code in Rows64. Ternary codes 0, 1, 2 become the planes
/// (0,0), (1,0), (1,1): t = (b0 + b1) / 2 with b = +-1.
unsigned planesOfCode(const Format &format, unsigned code) {
  if (format.kind == FormatKind::Ternary)
    return code == 0 ? 0 : code == 1 ? 1 : 3;
  return code;
}

unsigned codeOfPlanes(const Format &format, unsigned planes) {
  if (format.kind == FormatKind::Ternary)
    return (planes & 1) + (planes >> 1);
  return planes;
}

/// Position of one field of one element in Rows16.
struct FieldSlot {
  int64_t byte;
  unsigned bit;
};

/// Walks the storage slots of a matrix: one place that knows the layout formula, used in both directions.
class SlotMap {
public:
  SlotMap(const Format &format, int64_t rows, int64_t cols, Layout layout)
      : groups(format, cols), shape(format, rows, cols, layout), fields(codeFields(format)), bits(codeBits(format)),
        planes(planeCount(format)) {}

  /// Rows16: slot of `field` (whose vectors start at `firstVector` within the step).
  FieldSlot field(int64_t row, int64_t paddedCol, CodeField field, unsigned firstVector) const {
    int64_t step = paddedCol / kStep, k = paddedCol % kStep;
    int64_t perVector = kStep / field.width;
    int64_t vector = (row / 16 * groups.totalSteps() + step) * bits + firstVector + k / perVector;
    return {vector * 64 + row % 16 * 4 + k % 4, unsigned(k % perVector / 4) * field.width};
  }

  /// Rows64: byte and bit of a plane.
  FieldSlot plane(int64_t row, int64_t paddedCol, unsigned plane) const {
    int64_t vector = (row / 64 * (groups.paddedCols() / 8) + paddedCol / 8) * planes + plane;
    return {vector * 64 + row % 64, unsigned(paddedCol % 8)};
  }

  /// Element index of part `p` of `perGroup` of (row, group) in a [blocks][groups][perGroup][rowsPerBlock] array.
  int64_t perGroup(int64_t row, int64_t group, unsigned p, unsigned perGroup) const {
    int64_t block = row / shape.rowsPerBlock, lane = row % shape.rowsPerBlock;
    return ((block * groups.count + group) * perGroup + p) * shape.rowsPerBlock + lane;
  }

  GroupShape groups;
  PackedShape shape;
  llvm::SmallVector<CodeField> fields;
  unsigned bits, planes;
};

void packRow(const SlotMap &map, const QuantizedMatrix &matrix, Layout layout, int64_t row, uint8_t *out) {
  const uint8_t *codes = matrix.codes.data() + row * matrix.cols;
  if (isTrits(layout))
    return packTritRow(llvm::ArrayRef(codes, matrix.cols), row, map.groups, layout, out + map.shape.codesOffset);
  for (int64_t col = 0; col < matrix.cols; ++col) {
    int64_t k = map.groups.padded(col);
    if (layout == Layout::Rows64) {
      unsigned planes = planesOfCode(matrix.format, codes[col]);
      for (unsigned p = 0; p < map.planes; ++p) {
        FieldSlot slot = map.plane(row, k, p);
        out[slot.byte] |= ((planes >> p) & 1) << slot.bit;
      }
      continue;
    }
    unsigned firstVector = 0;
    for (CodeField field : map.fields) {
      FieldSlot slot = map.field(row, k, field, firstVector);
      out[slot.byte] |= ((codes[col] >> field.shift) & ((1u << field.width) - 1)) << slot.bit;
      firstVector += field.width;
    }
  }
}

/// Byte of the integer scale of a vector of VS-Quant.
int64_t vectorScaleByte(const SlotMap &map, const Format &format, int64_t row, int64_t vector) {
  unsigned perGroup = vectorsPerGroup(format);
  return map.shape.multipliersOffset +
         multiplierWidth(format) * map.perGroup(row, vector / perGroup, vector % perGroup, perGroup);
}

void packVectorScales(const SlotMap &map, const QuantizedMatrix &matrix, uint8_t *out) {
  const Format &format = matrix.format;
  int64_t vectors = matrix.groups();
  unsigned bytes = multiplierWidth(format);
  bool perTensor = format.vectorScale == VsqScale::E4M3;
  for (int64_t row = 0; row < matrix.rows; ++row) {
    if (hasRowScales(format))
      std::memcpy(out + map.shape.scalesOffset + 4 * row, &matrix.rowScales[perTensor ? 0 : row], 4);
    for (int64_t vector = 0; vector < vectors; ++vector) {
      int64_t at = row * vectors + vector;
      const void *scale = bytes == 4   ? static_cast<const void *>(&matrix.vectorScales[at])
                          : bytes == 2 ? static_cast<const void *>(&matrix.scales[at])
                                       : &matrix.multipliers[at];
      std::memcpy(out + vectorScaleByte(map, format, row, vector), scale, bytes);
    }
  }
}

void unpackVectorScales(const SlotMap &map, const uint8_t *bytes, QuantizedMatrix &matrix) {
  const Format &format = matrix.format;
  int64_t vectors = matrix.groups();
  unsigned size = multiplierWidth(format);
  if (hasRowScales(format))
    matrix.rowScales.resize(format.vectorScale == VsqScale::E4M3 ? 1 : matrix.rows);
  for (size_t row = 0; row < matrix.rowScales.size(); ++row)
    std::memcpy(&matrix.rowScales[row], bytes + map.shape.scalesOffset + 4 * row, 4);
  if (size == 4)
    matrix.vectorScales.resize(matrix.rows * vectors);
  else if (size == 2)
    matrix.scales.resize(matrix.rows * vectors);
  else
    matrix.multipliers.resize(matrix.rows * vectors);
  for (int64_t at = 0; at < matrix.rows * vectors; ++at) {
    void *scale = size == 4   ? static_cast<void *>(&matrix.vectorScales[at])
                  : size == 2 ? static_cast<void *>(&matrix.scales[at])
                              : &matrix.multipliers[at];
    std::memcpy(scale, bytes + vectorScaleByte(map, format, at / vectors, at % vectors), size);
  }
}

void packScales(const SlotMap &map, const QuantizedMatrix &matrix, uint8_t *out) {
  if (matrix.format.kind == FormatKind::Vsq)
    return packVectorScales(map, matrix, out);
  unsigned scales = scalesPerGroup(matrix.format), multipliers = multipliersPerGroup(matrix.format);
  bool floats = matrix.format.floatScales;
  unsigned size = scaleBytes(matrix.format);
  int64_t rows = matrix.format.perTensor ? std::min(matrix.rows, map.shape.rowsPerBlock) : matrix.rows;
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t group = 0; group < map.groups.count; ++group) {
      int64_t from = matrix.scaleItem(row, group);
      for (unsigned p = 0; p < scales; ++p) {
        const void *scale =
            floats ? static_cast<const void *>(&matrix.rowScales[from]) : &matrix.scales[from * scales + p];
        std::memcpy(out + map.shape.scalesOffset + size * map.perGroup(row, group, p, scales), scale, size);
      }
      for (unsigned p = 0; p < multipliers; ++p)
        out[map.shape.multipliersOffset + map.perGroup(row, group, p, multipliers)] =
            uint8_t(matrix.multipliers[from * multipliers + p]);
    }
}

/// Runs work(block) for all row blocks on `threads` threads (0: all cores). Blocks share no bytes.
template <typename Fn>
void forEachBlock(int64_t blocks, unsigned threads, Fn work) {
  if (threads == 0)
    threads = std::max(1u, std::thread::hardware_concurrency());
  threads = std::min<int64_t>(threads, blocks);
  std::vector<std::thread> pool;
  for (unsigned t = 1; t < threads; ++t)
    pool.emplace_back([=] {
      for (int64_t block = t; block < blocks; block += threads)
        work(block);
    });
  for (int64_t block = 0; block < blocks; block += std::max(threads, 1u))
    work(block);
  for (std::thread &thread : pool)
    thread.join();
}

} // namespace

std::vector<uint8_t> halftone::pack(const QuantizedMatrix &matrix, Layout layout, unsigned threads) {
  assert(layoutHolds(layout, matrix.format) && "the layout cannot hold the format");
  SlotMap map(matrix.format, matrix.rows, matrix.cols, layout);
  std::vector<uint8_t> bytes(map.shape.bytes);
  int64_t perBlock = map.shape.rowsPerBlock;
  forEachBlock(map.shape.rowBlocks, threads, [&](int64_t block) {
    for (int64_t row = block * perBlock; row < std::min(matrix.rows, (block + 1) * perBlock); ++row)
      packRow(map, matrix, layout, row, bytes.data());
  });
  packScales(map, matrix, bytes.data());
  return bytes;
}

QuantizedMatrix halftone::unpack(llvm::ArrayRef<uint8_t> bytes, const Format &format, int64_t rows, int64_t cols,
                                 Layout layout) {
  SlotMap map(format, rows, cols, layout);
  assert(int64_t(bytes.size()) == map.shape.bytes && "not the bytes of such a matrix");
  QuantizedMatrix matrix;
  matrix.format = format;
  matrix.rows = rows;
  matrix.cols = cols;
  matrix.codes.resize(rows * cols);
  for (int64_t row = 0; row < rows && isTrits(layout); ++row)
    unpackTritRow(bytes.data() + map.shape.codesOffset, row, map.groups, layout,
                  llvm::MutableArrayRef(matrix.codes).slice(row * cols, cols));
  for (int64_t row = 0; row < rows && !isTrits(layout); ++row)
    for (int64_t col = 0; col < cols; ++col) {
      int64_t k = map.groups.padded(col);
      unsigned code = 0, firstVector = 0;
      if (layout == Layout::Rows64) {
        for (unsigned p = 0; p < map.planes; ++p) {
          FieldSlot slot = map.plane(row, k, p);
          code |= ((bytes[slot.byte] >> slot.bit) & 1) << p;
        }
        code = codeOfPlanes(format, code);
      } else {
        for (CodeField field : map.fields) {
          FieldSlot slot = map.field(row, k, field, firstVector);
          code |= ((bytes[slot.byte] >> slot.bit) & ((1u << field.width) - 1)) << field.shift;
          firstVector += field.width;
        }
      }
      matrix.codes[row * cols + col] = code;
    }
  if (format.kind == FormatKind::Vsq) {
    unpackVectorScales(map, bytes.data(), matrix);
    return matrix;
  }
  unsigned scales = scalesPerGroup(format), multipliers = multipliersPerGroup(format), size = scaleBytes(format);
  for (int64_t row = 0; row < (format.perTensor ? 1 : rows); ++row)
    for (int64_t group = 0; group < map.groups.count; ++group) {
      for (unsigned p = 0; p < scales; ++p) {
        const uint8_t *from = &bytes[map.shape.scalesOffset + size * map.perGroup(row, group, p, scales)];
        if (format.floatScales)
          std::memcpy(&matrix.rowScales.emplace_back(), from, size);
        else
          std::memcpy(&matrix.scales.emplace_back(), from, size);
      }
      for (unsigned p = 0; p < multipliers; ++p)
        matrix.multipliers.push_back(
            int8_t(bytes[map.shape.multipliersOffset + map.perGroup(row, group, p, multipliers)]));
    }
  return matrix;
}

std::vector<uint8_t> halftone::packFloats(llvm::ArrayRef<float> weights, int64_t rows, int64_t cols) {
  Format format;
  PackedShape shape(format, rows, cols, Layout::Float16);
  std::vector<uint8_t> bytes(shape.bytes);
  float *out = reinterpret_cast<float *>(bytes.data());
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t col = 0; col < cols; ++col)
      out[(row / 16 * cols + col) * 16 + row % 16] = weights[row * cols + col];
  return bytes;
}
