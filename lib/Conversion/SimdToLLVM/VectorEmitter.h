//===- VectorEmitter.h - Short words for LLVM vector code -------*- C++ -*-===//
//
// What the lowerings of simd have in common: they cut vectors into pieces that
// an instruction takes, apply it to each and put the results together.
//
//===----------------------------------------------------------------------===//
#ifndef HALFTONE_LIB_CONVERSION_SIMDTOLLVM_VECTOREMITTER_H
#define HALFTONE_LIB_CONVERSION_SIMDTOLLVM_VECTOREMITTER_H

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/Builders.h"

namespace halftone {

/// The number of elements of a value of vector type.
int64_t vectorLength(mlir::Value value);

/// Emits LLVM operations on one-dimensional vectors at one place.
class VectorEmitter {
public:
  VectorEmitter(mlir::OpBuilder &builder, mlir::Location loc) : builder(builder), loc(loc) {}

  mlir::VectorType i8(int64_t length) { return mlir::VectorType::get(length, builder.getI8Type()); }
  mlir::VectorType i16(int64_t length) { return mlir::VectorType::get(length, builder.getI16Type()); }
  mlir::VectorType i32(int64_t length) { return mlir::VectorType::get(length, builder.getI32Type()); }
  mlir::VectorType f16(int64_t length) { return mlir::VectorType::get(length, builder.getF16Type()); }
  mlir::VectorType f32(int64_t length) { return mlir::VectorType::get(length, builder.getF32Type()); }

  /// A vector of one integer in all lanes.
  mlir::Value splat(mlir::VectorType type, int64_t value);
  mlir::Value splat(mlir::VectorType type, float value);
  /// Calls an intrinsic by its full name ("llvm.x86.ssse3.pshuf.b.128").
  mlir::Value intrinsic(llvm::StringRef name, mlir::Type result, mlir::ValueRange operands);
  /// Elements of `a`, then of `b`, picked by number; -1 picks anything.
  mlir::Value shuffle(mlir::Value a, mlir::Value b, llvm::ArrayRef<int32_t> picks);
  /// `length` elements from `begin` on; those beyond the end are anything.
  mlir::Value slice(mlir::Value vector, int64_t begin, int64_t length);
  /// Every `stride`-th element from `begin` on.
  mlir::Value strided(mlir::Value vector, int64_t begin, int64_t stride);
  /// The vector again and again up to `length` elements.
  mlir::Value repeat(mlir::Value vector, int64_t length);
  /// x86 with SSSE3: table[index] for a table of 16 entries and 16, 32 or 64 indices below 16.
  mlir::Value shuffle16(mlir::Value table, mlir::Value indices);
  /// x86 with SSSE3: pairs of unsigned times signed bytes, added in 16 bits, which saturate.
  mlir::Value multiplyAddBytes(mlir::Value u, mlir::Value s);
  /// x86: pairs of products of 16 bits, added in 32 bits.
  mlir::Value multiplyAddHalves(mlir::Value a, mlir::Value b);
  /// All pieces one after the other.
  mlir::Value concat(llvm::ArrayRef<mlir::Value> pieces);

  /// Cuts vectors into pieces and concatenates what `emit` makes of each piece. `operands[0]` has one element
  /// per element of the result, or, as the others, a whole multiple of `count` (then its pieces are longer
  /// accordingly). Pieces have one of the `widths` (in elements of the result, longest first): the longest that
  /// fits in the rest, the shortest for what remains, with anything in the lanes beyond the end.
  mlir::Value inPieces(int64_t count, llvm::ArrayRef<int64_t> widths, llvm::ArrayRef<mlir::Value> operands,
                       llvm::function_ref<mlir::Value(int64_t width, llvm::ArrayRef<mlir::Value>)> emit);

  template <typename Op, typename... Args>
  mlir::Value create(Args &&...args) {
    return Op::create(builder, loc, std::forward<Args>(args)...);
  }
  template <typename Op>
  mlir::Value binary(mlir::Value a, int64_t b) {
    return create<Op>(a, splat(mlir::cast<mlir::VectorType>(a.getType()), b));
  }

private:
  mlir::OpBuilder &builder;
  mlir::Location loc;
};

} // namespace halftone

#endif // HALFTONE_LIB_CONVERSION_SIMDTOLLVM_VECTOREMITTER_H
