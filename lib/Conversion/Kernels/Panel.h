//===- Panel.h - Unpacked weights of a block of rows ------------*- C++ -*-===//
#ifndef HALFTONE_LIB_CONVERSION_KERNELS_PANEL_H
#define HALFTONE_LIB_CONVERSION_KERNELS_PANEL_H

#include "DotColumns.h"
#include "KernelBuilder.h"
#include "PanelReader.h"
#include "Tiles.h"
#include "halftone/Pack/Layout.h"

namespace halftone {

/// Steps of a panel: 16 KiB of bytes, half of the smallest first-level caches.
constexpr int64_t kPanelSteps = 32;

/// The bytes u of 16 rows and up to kPanelSteps steps in memory, i8 [steps][chunks][64], which many columns are
/// multiplied by; and what is kept for those columns and steps, a vector of 16 rows each.
class Panel {
public:
  using Value = mlir::Value;

  /// `argument`: of the kernel, at whose beginning memory is taken, so that its frame has a fixed size.
  Panel(KernelBuilder &k, Value argument);

  /// Memory for `count` vectors of 16 rows.
  Value allocate(int64_t count, mlir::Type element);
  Value load(Value rows, Value index, mlir::VectorType type) const { return k.load(rows, {index, k.index(0)}, type); }
  void store(Value vector, Value rows, Value index) const { k.store(vector, rows, {index, k.index(0)}); }
  /// As load, or 0 where `isFirst` is true and nothing was stored yet.
  Value loadAfterFirst(Value rows, Value index, mlir::VectorType type, Value isFirst) const;

  /// Unpacks steps of the group that the reader has entered to the panel, from its step `place` on.
  void unpack(PanelReader &reader, Value first, int64_t steps, Value place) const;

  /// The bytes of a chunk of a step.
  Value chunk(Value step, int64_t chunk) const;

  /// Adds the products of chunks begin .. end of the panel's step `place`, at most `maxU`, and the activations from
  /// `element` on, those of the step's first chunk, to the accumulators of a block.
  void multiply(llvm::MutableArrayRef<Value> sums, const DotColumns &dots, Value place, Value element, int64_t begin,
                int64_t end, int64_t maxU) const;

private:
  Value allocate(llvm::ArrayRef<int64_t> sizes, mlir::Type element);

  KernelBuilder &k;
  mlir::Block *entry;
  Value bytes;
};

/// The loops of a kernel over panels; a turn has at most `mostColumns`.
TileLoops panelLoops(const MatmulShape &shape, const DotTiling &tiling, mlir::Value y, mlir::Value begin,
                     mlir::Value end);

/// Groups of a row: from the first, those of full length, all.
struct GroupSpan {
  int64_t first, full, end;
};

/// Calls body(first group, count, whether it is the last one, shorter than the others) for groups in panels of up to
/// `perPanel`.
void forPanels(KernelBuilder &k, const GroupSpan &span, int64_t perPanel,
               llvm::function_ref<void(mlir::Value first, int64_t count, bool last)> body);

} // namespace halftone

#endif // HALFTONE_LIB_CONVERSION_KERNELS_PANEL_H
