//===- KernelBuilder.h - Short spellings for kernel bodies ------*- C++ -*-===//
//
// Kernels are functions on memrefs made of scf loops, vector and simd
// operations. This builder keeps their generators readable: each method is one
// operation or one idiom. All vectors have the fixed virtual width of 64 bytes
// (16 floats, 16 words, 64 bytes), whatever the target.
//
//===----------------------------------------------------------------------===//
#ifndef HALFTONE_LIB_CONVERSION_KERNELS_KERNELBUILDER_H
#define HALFTONE_LIB_CONVERSION_KERNELS_KERNELBUILDER_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Builders.h"

namespace halftone {

/// Lanes of a vector of 32-bit elements.
constexpr int64_t kLanes = 16;
/// Bytes of a vector.
constexpr int64_t kVectorBytes = 64;
/// Bytes ahead of the weights being read at which memory is prefetched: about what arrives within the latency of
/// memory.
constexpr int64_t kPrefetchDistance = 4096;
/// Bytes ahead of a group's scales at which those of later groups are prefetched.
constexpr int64_t kGroupPrefetchDistance = 1024;

class KernelBuilder {
public:
  using Value = mlir::Value;
  using Type = mlir::Type;
  using VectorType = mlir::VectorType;

  KernelBuilder(mlir::OpBuilder &builder, mlir::Location loc) : b(builder), loc(loc) {}

  // Types.
  Type f32() { return b.getF32Type(); }
  Type i8() { return b.getI8Type(); }
  Type i16() { return b.getI16Type(); }
  Type i32() { return b.getI32Type(); }
  VectorType vec(int64_t n, Type element) { return VectorType::get({n}, element); }
  VectorType floats(int64_t n = kLanes) { return vec(n, f32()); }
  VectorType words(int64_t n = kLanes) { return vec(n, i32()); }
  VectorType bytes(int64_t n = kVectorBytes) { return vec(n, i8()); }

  // Constants and splats.
  Value index(int64_t value) { return mlir::arith::ConstantIndexOp::create(b, loc, value); }
  Value f32(double value) { return mlir::arith::ConstantOp::create(b, loc, b.getF32FloatAttr(float(value))); }
  Value i32(int64_t value) { return mlir::arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(int32_t(value))); }
  /// A vector whose elements all equal the integer or float `value`.
  Value splat(VectorType type, double value);
  /// A constant vector of integers.
  Value constant(VectorType type, llvm::ArrayRef<int64_t> values);
  Value broadcast(Value scalar, int64_t n = kLanes);

  // Index arithmetic.
  Value addIndex(Value a, Value c) { return mlir::arith::AddIOp::create(b, loc, a, c); }
  Value addIndex(Value a, int64_t c) { return c == 0 ? a : addIndex(a, index(c)); }
  Value mulIndex(Value a, int64_t c) { return c == 1 ? a : mlir::arith::MulIOp::create(b, loc, a, index(c)); }
  /// a*c + d
  Value affine(Value a, int64_t c, Value d) { return addIndex(mulIndex(a, c), d); }

  // Integer and float arithmetic on scalars or vectors.
  Value addI(Value x, Value y) { return mlir::arith::AddIOp::create(b, loc, x, y); }
  Value subI(Value x, Value y) { return mlir::arith::SubIOp::create(b, loc, x, y); }
  Value mulI(Value x, Value y) { return mlir::arith::MulIOp::create(b, loc, x, y); }
  Value andI(Value x, Value y) { return mlir::arith::AndIOp::create(b, loc, x, y); }
  Value xorI(Value x, Value y) { return mlir::arith::XOrIOp::create(b, loc, x, y); }
  /// Shifts by a constant; the element type is that of the vector.
  Value shlI(Value x, int64_t n);
  Value shrU(Value x, int64_t n);
  Value shrS(Value x, int64_t n);
  Value addF(Value x, Value y) { return mlir::arith::AddFOp::create(b, loc, x, y); }
  Value subF(Value x, Value y) { return mlir::arith::SubFOp::create(b, loc, x, y); }
  Value mulF(Value x, Value y) { return mlir::arith::MulFOp::create(b, loc, x, y); }
  Value divF(Value x, Value y) { return mlir::arith::DivFOp::create(b, loc, x, y); }
  Value negF(Value x) { return mlir::arith::NegFOp::create(b, loc, x); }
  /// x*y + z with one rounding.
  Value fma(Value x, Value y, Value z) { return mlir::vector::FMAOp::create(b, loc, x, y, z); }
  /// Signed 32-bit integers to float.
  Value toFloat(Value x);
  /// Bits that are set become true.
  Value isNonZero(Value x);
  Value select(Value mask, Value x, Value y) { return mlir::arith::SelectOp::create(b, loc, mask, x, y); }
  Value bitcast(Value x, VectorType type) { return mlir::vector::BitCastOp::create(b, loc, type, x); }
  Value shuffle(Value x, Value y, llvm::ArrayRef<int64_t> mask) {
    return mlir::vector::ShuffleOp::create(b, loc, x, y, mask);
  }
  Value slice(Value x, int64_t offset, int64_t size);
  /// Pads a vector with zeros to `n` elements.
  Value padded(Value x, int64_t n);
  /// Sum of the 16 lanes by a fixed tree: halves are added, 16 -> 8 -> 4 -> 2 -> 1.
  Value sumLanes(Value x);
  /// Largest of 16 float lanes.
  Value maxLanes(Value x);

  // Memory.
  Value load(Value memref, mlir::ValueRange indices, VectorType type) {
    return mlir::vector::LoadOp::create(b, loc, type, memref, indices);
  }
  void store(Value vector, Value memref, mlir::ValueRange indices) {
    mlir::vector::StoreOp::create(b, loc, vector, memref, indices);
  }
  Value loadScalar(Value memref, mlir::ValueRange indices) {
    return mlir::memref::LoadOp::create(b, loc, memref, indices);
  }
  void storeScalar(Value scalar, Value memref, mlir::ValueRange indices) {
    mlir::memref::StoreOp::create(b, loc, scalar, memref, indices);
  }
  /// A vector of any element type out of a byte memref.
  Value loadBytesAs(Value memref, Value offset, VectorType type);
  /// Asks for the cache line at a place for reading; it may lie beyond the end.
  void prefetch(Value memref, mlir::ValueRange indices) {
    mlir::memref::PrefetchOp::create(b, loc, memref, indices, /*isWrite=*/false, /*localityHint=*/3,
                                     /*isDataCache=*/true);
  }
  /// Prefetches what follows the `bytes` at `offset` of bytes in memory, kGroupPrefetchDistance further on.
  void prefetchLines(Value memref, Value offset, int64_t bytes) {
    for (int64_t line = 0; line < bytes; line += kVectorBytes)
      prefetch(memref, addIndex(offset, kGroupPrefetchDistance + line));
  }
  Value dim(Value memref, int64_t d) { return b.createOrFold<mlir::memref::DimOp>(loc, memref, d); }

  // Control flow. The body gets the induction variable and the carried values and returns the next ones.
  using LoopBody = llvm::function_ref<llvm::SmallVector<Value>(Value, mlir::ValueRange)>;
  llvm::SmallVector<Value> loop(Value lower, Value upper, int64_t step, mlir::ValueRange init, LoopBody body);
  /// A loop without carried values.
  void loop(Value lower, Value upper, int64_t step, llvm::function_ref<void(Value)> body);
  /// As loop() over 0..count; a single iteration is emitted in place.
  llvm::SmallVector<Value> repeat(int64_t count, mlir::ValueRange init, LoopBody body);
  /// Calls body(offset, width) for 0..size in vectors of 16 floats: a loop over the full ones, then the static tail.
  void forVectors(int64_t size, llvm::function_ref<void(Value offset, int64_t width)> body);
  /// As forVectors, with carried values.
  llvm::SmallVector<Value>
  reduceVectors(int64_t size, mlir::ValueRange init,
                llvm::function_ref<llvm::SmallVector<Value>(Value offset, int64_t width, mlir::ValueRange)> body);
  void branch(Value condition, llvm::function_ref<void()> then, llvm::function_ref<void()> otherwise);
  /// if (lhs == rhs) then() else otherwise()
  void ifEqual(Value lhs, int64_t rhs, llvm::function_ref<void()> then, llvm::function_ref<void()> otherwise);

  mlir::OpBuilder &b;
  mlir::Location loc;
};

/// Finds the function `name` in the module or makes it: arguments of `types`
/// and `index` begin and end; `body` gets a builder and all arguments.
mlir::func::FuncOp getOrCreateKernel(mlir::ModuleOp module, mlir::Location loc, llvm::StringRef name,
                                     mlir::TypeRange types,
                                     llvm::function_ref<void(KernelBuilder &, mlir::ValueRange)> body);

/// A size in a kernel's name: the number, or "n" if it is dynamic.
std::string sizeName(int64_t size);

/// What a kernel's name says of rows of codes that take `codeColumns` bytes: nothing if these are the padded columns.
std::string codeColumnsName(int64_t codeColumns, int64_t paddedCols);

} // namespace halftone

#endif // HALFTONE_LIB_CONVERSION_KERNELS_KERNELBUILDER_H
