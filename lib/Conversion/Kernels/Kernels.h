//===- Kernels.h - Generators of kernel functions ---------------*- C++ -*-===//
//
// One function per kernel shape: each generator looks the function up by a name
// that holds everything it depends on, and makes it when it is not there. A
// kernel takes its operands as identity-layout memrefs and a range of units
// `begin..end`; the comment of each says what a unit is. What a kernel writes
// for a unit never depends on the range that it is called with.
//
//===----------------------------------------------------------------------===//
#ifndef HALFTONE_LIB_CONVERSION_KERNELS_KERNELS_H
#define HALFTONE_LIB_CONVERSION_KERNELS_KERNELS_H

#include "halftone/Pack/Layout.h"
#include "halftone/Quantize/ActivationVectors.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace halftone {

/// Shape of a product y[T x N] = x[T x K] W[N x K]^T. `tokens` may be dynamic.
struct MatmulShape {
  Format format;
  int64_t tokens, rows, cols;
  Layout layout = Layout::Rows16; ///< of the weights, where a kernel reads several
  int64_t codeColumns = 0;        ///< of the activations' codes in memory (KC), where a kernel reads these
};

/// A kernel and how many units a call has, as `units` per token or in all.
struct Kernel {
  mlir::func::FuncOp function;
  int64_t units;         ///< count of units, or units per token
  bool perToken = false; ///< the count is tokens * units
};

/// How a dot kernel divides its work; any values are right.
struct DotTiling {
  int64_t blocks = 2;  ///< blocks of 16 rows side by side, with one column
  int64_t columns = 8; ///< columns that an unpacked weight serves, with several
  /// Largest unsigned byte that the target multiplies without extra work: 255 with a four-way dot product of bytes,
  /// 127 where both sides are signed, 16 where many products shall be added in 16 bits.
  int64_t fastU = 255;
  /// With several columns, two are multiplied at once (simd.dot8x2).
  bool columnPairs = false;
  /// Sums of products are kept in 16 bits as long as they fit; a group is unrolled for that.
  bool pairs() const { return fastU <= 16; }
};

/// Columns begin .. end outside of which all codes are 0; none: they may be anywhere.
using ColumnRange = std::optional<std::pair<int64_t, int64_t>>;

/// args: codes i8 [T][KC], scales f32 [T], sums i32 [T][G], packed i8 [B] (Rows16, Rows64 or Trits16), y f32 [T][N].
/// Unit: 16 rows. `tableWidth` 128: BCQ codes are decoded by byte tables. The weights of columns out of `range` are not
/// read where a format has one integer per weight and one scale per group; other kernels take no notice of it.
Kernel getDotKernel(mlir::ModuleOp module, const MatmulShape &shape, int64_t tableWidth, const DotTiling &tiling = {},
                    const ColumnRange &range = std::nullopt);

/// args: codes i8 [T][KC], multipliers i32 [T][J], scales f32 [T], sums i32 [T][J], packed i8 [B] (Rows16), y f32
/// [T][N]. Unit: 16 rows. Weights and activations have integer scales of J vectors.
Kernel getVectorDotKernel(mlir::ModuleOp module, const MatmulShape &shape, const ActivationVectors &activations,
                          const DotTiling &tiling = {});

/// args: tables i8 [T][...], scales, sums, packed (Rows64 or Trits64), y. Unit: 64 rows. `width`: 128 or 16 entries.
/// `byteTables`: their entries are single bytes.
Kernel getLutKernel(mlir::ModuleOp module, const MatmulShape &shape, int64_t width, bool byteTables = false);

/// args: planes i8 [T][bits*KP/8], scales, sums, packed (Rows64), y. Unit: 64 rows. `bits` of the activations, 1..8.
Kernel getPopcountKernel(mlir::ModuleOp module, const MatmulShape &shape, int64_t bits);

/// args: x f32 [T][K], packed (Rows16, or Float16 for floats), y. Unit: 16 rows.
Kernel getDequantKernel(mlir::ModuleOp module, const MatmulShape &shape);

/// args: ids i32 [T], packed (Rows16 or Float16), y f32 [T][K]; rows = table rows. Unit: one token. Ids outside the
/// table are clamped into it (the runtime refuses them before).
Kernel getGatherKernel(mlir::ModuleOp module, const MatmulShape &shape);

/// How columns are grouped for packed weights.
struct CodeGroups {
  int64_t size;   ///< columns of a group, which is padded to whole steps; 0: all
  int64_t vector; ///< columns that have a sum of their own: as many as the group, or 8 or 16 in one of 32
  int64_t vectors() const { return vector == size ? 1 : size / vector; }
  int64_t sumCount(int64_t cols) const { return GroupShape(vector, cols).count; }
};

/// args: x f32 [T][K], codes i8 [T][KC], scales f32 [T], sums i32 [T][G]. Unit: one token. `bits` of a code, 1..8
/// or 16: codes, scales and sums have 2T rows, high and low halves in turn. `codeColumns`, KC: KP or more; what lies
/// beyond KP is not written.
Kernel getQuantizeActivationsKernel(mlir::ModuleOp module, int64_t tokens, int64_t cols, const CodeGroups &groups,
                                    int64_t bits, int64_t codeColumns);

/// Activations as lowbit.quantize_activations_static makes them: `bits` of a code, groups of dimensions, rows per
/// group.
struct StaticActivations {
  int64_t bits, groups, digits;
  std::optional<int64_t> only; ///< the group whose rows are made; none: all
};

/// args: x f32 [T][K], steps f32 [groups], zero points f32 [groups], codes i8 [R][KC], scales f32 [R], sums i32 [R][G]
/// with R = T * groups * digits. Unit: one token.
Kernel getQuantizeActivationsStaticKernel(mlir::ModuleOp module, int64_t tokens, int64_t cols, const CodeGroups &groups,
                                          const StaticActivations &format, int64_t codeColumns);

/// args: x f32 [rows * T][N], y f32 [T][N]. Unit: one token. The rows of a token are added in ascending order.
Kernel getSumTokenRowsKernel(mlir::ModuleOp module, int64_t tokens, int64_t size, int64_t rows);

/// args: x f32 [T][D], scales f32 [groups], zero points f32 [groups], y f32 [T][D]. Unit: one token. See
/// lowbit.requantize.
Kernel getRequantizeKernel(mlir::ModuleOp module, int64_t tokens, int64_t size, int64_t groups, int64_t bits);

/// args: x f32 [T][D], y f32 [T][D]. Unit: one token. See lowbit.requantize_tokens.
Kernel getRequantizeTokensKernel(mlir::ModuleOp module, int64_t tokens, int64_t size, int64_t bits);

/// args: x f32 [T][K], codes i8 [T][KC], multipliers i32 [T][J], scales f32 [T], sums i32 [T][J]. Unit: one token.
Kernel getQuantizeActivationVectorsKernel(mlir::ModuleOp module, int64_t tokens, int64_t cols,
                                          const ActivationVectors &format, int64_t codeColumns);

/// args: codes i8 [T][KP], tables i8 [T][lowbit::tableBytes(KP, width)]. Unit: one slice of 8 elements of one token.
Kernel getBuildTablesKernel(mlir::ModuleOp module, int64_t tokens, int64_t paddedCols, int64_t width);

/// args: codes i8 [T][KP], tables i8 [T][lowbit::byteTableBytes(width, KP, paddedGroup)]. Unit: one group of one token.
Kernel getByteTablesKernel(mlir::ModuleOp module, int64_t tokens, int64_t paddedCols, int64_t width,
                           int64_t paddedGroup);

/// args: codes i8 [T][KP], planes i8 [T][bits*KP/8]. Unit: one token.
Kernel getBuildPlanesKernel(mlir::ModuleOp module, int64_t tokens, int64_t paddedCols, int64_t bits);

/// args: codes i8 [T][KP], tables i8 [T][lowbit::tritTableBytes(KP, paddedGroup)]. Unit: one slice of 5 elements of one
/// token. Tables for the layout Trits64. `byteTables`: lowbit::tritByteTableBytes of single bytes; unit: one group of
/// one token.
Kernel getTritTablesKernel(mlir::ModuleOp module, int64_t tokens, int64_t paddedCols, int64_t paddedGroup,
                           bool byteTables = false);

/// args: x f32 [T][D], gain f32 [D], y f32 [T][D]. Unit: one token. RMS norm (arXiv 1910.07467).
Kernel getRmsNormKernel(mlir::ModuleOp module, int64_t tokens, int64_t size, double epsilon);

/// args: x f32 [T][D], gain f32 [D], bias f32 [D], y f32 [T][D]. Unit: one token. Layer norm (arXiv 1607.06450).
Kernel getLayerNormKernel(mlir::ModuleOp module, int64_t tokens, int64_t size, double epsilon);

/// args: a, b, out f32 [T][size], out = a + b; out may be a or b. Unit: one token.
Kernel getAddKernel(mlir::ModuleOp module, int64_t tokens, int64_t size);

/// args: x f32 [T][D], y f32 [T][D]. Unit: one token. y = x / 2 * (1 + erf(x / sqrt(2))).
Kernel getGeluKernel(mlir::ModuleOp module, int64_t tokens, int64_t size);

/// args: x f32 [T][H*HS], table f32 [C][HS], position index, y. Unit: one token. Rotary embedding, half-split.
Kernel getRopeKernel(mlir::ModuleOp module, int64_t tokens, int64_t heads, int64_t headSize, int64_t context);

/// args: gate f32 [T][D], up, y. Unit: one token. y = silu(gate) * up.
Kernel getGatedActivationKernel(mlir::ModuleOp module, int64_t tokens, int64_t size);

/// Shape of attention with a KV cache: keys f32 [L][KV][HS][C], values f32 [L][KV][C][HS].
struct AttentionShape {
  int64_t tokens, heads, kvHeads, headSize, context, layers, layer;
};
/// args: k, v f32 [T][KV*HS], keys, values, position, layer. Unit: one KV head.
Kernel getCacheStoreKernel(mlir::ModuleOp module, const AttentionShape &shape);
/// args: q f32 [T][H*HS], keys, values, position, layer, out f32 [T][H*HS]. Unit: one token of one head, all tokens of
/// a head after each other; where T is 1, one or more heads of a KV head.
Kernel getAttentionKernel(mlir::ModuleOp module, const AttentionShape &shape);

} // namespace halftone

#endif // HALFTONE_LIB_CONVERSION_KERNELS_KERNELS_H
