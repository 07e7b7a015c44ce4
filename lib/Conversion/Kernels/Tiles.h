//===- Tiles.h - Loops that the matrix kernels share ------------*- C++ -*-===//
#ifndef HALFTONE_LIB_CONVERSION_KERNELS_TILES_H
#define HALFTONE_LIB_CONVERSION_KERNELS_TILES_H

#include "KernelBuilder.h"
#include "Kernels.h"
#include "halftone/Pack/Layout.h"

namespace halftone {

/// Columns (tokens) that one unpacked weight serves at most, unless the target says otherwise.
constexpr int64_t kColumnTile = 8;

/// The loops of a product's kernel.
struct TileLoops {
  mlir::Value begin, end; ///< row blocks
  int64_t rowTile;        ///< blocks side by side: they share loads, and keep more additions in flight than one has
  mlir::Value y;          ///< [T][N]
  int64_t columnBytes;    ///< of the operand that all row blocks read again: what a column of it takes
  int64_t columnTile = kColumnTile, restTile = 1;
  int64_t mostColumns = INT64_MAX; ///< of a turn, a multiple of columnTile
  int64_t turnBytes = 384 * 1024;  ///< of columns that are read again for every row block
};

/// The columns of a turn.
struct ColumnTurn {
  mlir::Value first, end;
  int64_t count; ///< dynamic, or what all turns but the last have in static numbers of columns
};

/// Calls body() for columns in turns of as many as stay in the second-level cache while the row blocks pass by.
void forTurns(KernelBuilder &k, const TileLoops &loops, llvm::function_ref<void(const ColumnTurn &turn)> body);

/// Calls tile(first token, columns) for the columns of a turn: in tiles of `columnTile`, of what remains in tiles of
/// `restTile`, then one by one.
void forColumnTiles(KernelBuilder &k, const TileLoops &loops, const ColumnTurn &turn,
                    llvm::function_ref<void(mlir::Value token, int64_t columns)> tile);

/// Calls tile(first block, blocks, first token, columns) so that all row blocks and all tokens are covered: blocks in
/// tiles of `rowTile`, then one by one; columns in turns, and these in tiles. A static number of columns that is at
/// most `columnTile` is one tile.
void forTiles(KernelBuilder &k, const TileLoops &loops,
              llvm::function_ref<void(mlir::Value block, int64_t blocks, mlir::Value token, int64_t columns)> tile);

/// Emits `many` for products y [T][N] of more than `most` columns, otherwise `few`: both where T is dynamic.
void emitByColumns(KernelBuilder &k, mlir::Value y, int64_t most, llvm::function_ref<void()> many,
                   llvm::function_ref<void()> few);

/// Calls body(group, steps of the group, carried) for all groups of a row, in
/// ascending order: a loop over the full groups and then the last one when its
/// size differs. Returns the last carried values.
llvm::SmallVector<mlir::Value>
forGroups(KernelBuilder &k, const GroupShape &groups, mlir::ValueRange init,
          llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::Value group, bool last, mlir::ValueRange)> body);

/// The same for the groups first .. end.
llvm::SmallVector<mlir::Value>
forGroups(KernelBuilder &k, const GroupShape &groups, int64_t first, int64_t end, mlir::ValueRange init,
          llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::Value group, bool last, mlir::ValueRange)> body);

/// Calls body(step, carried) for `count` steps and returns the last carried values. `inLongBlocks`: blocks of code have
/// several steps. Sums in 16 bits end with a block, so they pay where more than one product fits such a sum.
llvm::SmallVector<mlir::Value> forSteps(KernelBuilder &k, int64_t count, bool inLongBlocks, mlir::ValueRange init,
                                        KernelBuilder::LoopBody body);

/// A kernel whose units are tokens, with operands of these types.
Kernel perTokenKernel(mlir::ModuleOp module, mlir::StringRef name, mlir::TypeRange types,
                      llvm::function_ref<void(KernelBuilder &, mlir::ValueRange, mlir::Value token)> body);

/// Stores `rows` lanes of results of row block `block` (of `perBlock` rows) to y[token][...]; the last block may be
/// short.
void storeRows(KernelBuilder &k, mlir::Value vector, mlir::Value y, mlir::Value token, mlir::Value block, int64_t rows,
               int64_t perBlock);

} // namespace halftone

#endif // HALFTONE_LIB_CONVERSION_KERNELS_TILES_H
