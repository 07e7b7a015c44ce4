//===- KernelBuilder.cpp - Short spellings for kernel bodies --------------===//

#include "KernelBuilder.h"
#include "mlir/IR/SymbolTable.h"

using namespace mlir;
using namespace halftone;

Value KernelBuilder::splat(VectorType type, double value) {
  Type element = type.getElementType();
  Attribute attr =
      isa<FloatType>(element)
          ? Attribute(b.getFloatAttr(element, value))
          : Attribute(b.getIntegerAttr(element, APInt(element.getIntOrFloatBitWidth(), int64_t(value), true, true)));
  return arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type, attr));
}

Value KernelBuilder::constant(VectorType type, ArrayRef<int64_t> values) {
  SmallVector<Attribute> attrs;
  for (int64_t value : values)
    attrs.push_back(b.getIntegerAttr(type.getElementType(), value));
  return arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type, attrs));
}

Value KernelBuilder::broadcast(Value scalar, int64_t n) {
  return vector::BroadcastOp::create(b, loc, vec(n, scalar.getType()), scalar);
}

/// The constant `n` of the type of `x`.
static Value shiftAmount(KernelBuilder &k, Value x, int64_t n) {
  if (auto type = dyn_cast<VectorType>(x.getType()))
    return k.splat(type, n);
  return arith::ConstantOp::create(k.b, k.loc, k.b.getIntegerAttr(x.getType(), n));
}

Value KernelBuilder::shlI(Value x, int64_t n) {
  return n == 0 ? x : arith::ShLIOp::create(b, loc, x, shiftAmount(*this, x, n));
}
Value KernelBuilder::shrU(Value x, int64_t n) {
  return n == 0 ? x : arith::ShRUIOp::create(b, loc, x, shiftAmount(*this, x, n));
}
Value KernelBuilder::shrS(Value x, int64_t n) {
  return n == 0 ? x : arith::ShRSIOp::create(b, loc, x, shiftAmount(*this, x, n));
}

Value KernelBuilder::toFloat(Value x) {
  Type type = f32();
  if (auto vector = dyn_cast<VectorType>(x.getType()))
    type = vector.clone(f32());
  return arith::SIToFPOp::create(b, loc, type, x);
}

Value KernelBuilder::isNonZero(Value x) {
  Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(x.getType()));
  return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, x, zero);
}

Value KernelBuilder::slice(Value x, int64_t offset, int64_t size) {
  return vector::ExtractStridedSliceOp::create(b, loc, x, ArrayRef<int64_t>{offset}, ArrayRef<int64_t>{size},
                                               ArrayRef<int64_t>{1});
}

Value KernelBuilder::padded(Value x, int64_t n) {
  auto type = cast<VectorType>(x.getType());
  if (type.getNumElements() == n)
    return x;
  Value zeros = splat(vec(n, type.getElementType()), 0);
  return vector::InsertStridedSliceOp::create(b, loc, x, zeros, ArrayRef<int64_t>{0}, ArrayRef<int64_t>{1});
}

/// Folds a vector with `combine` by halves until one lane is left.
static Value foldLanes(KernelBuilder &k, Value x, function_ref<Value(Value, Value)> combine) {
  for (int64_t n = cast<VectorType>(x.getType()).getNumElements(); n > 1; n /= 2)
    x = combine(k.slice(x, 0, n / 2), k.slice(x, n / 2, n / 2));
  return vector::ExtractOp::create(k.b, k.loc, x, ArrayRef<int64_t>{0});
}

Value KernelBuilder::sumLanes(Value x) {
  bool isFloat = isa<FloatType>(cast<VectorType>(x.getType()).getElementType());
  return foldLanes(*this, x, [&](Value p, Value q) { return isFloat ? addF(p, q) : addI(p, q); });
}

Value KernelBuilder::maxLanes(Value x) {
  return foldLanes(*this, x, [&](Value p, Value q) -> Value { return arith::MaxNumFOp::create(b, loc, p, q); });
}

Value KernelBuilder::loadBytesAs(Value memref, Value offset, VectorType type) {
  int64_t size = type.getNumElements() * type.getElementTypeBitWidth() / 8;
  Value raw = load(memref, offset, bytes(size));
  return raw.getType() == type ? raw : bitcast(raw, type);
}

SmallVector<Value> KernelBuilder::loop(Value lower, Value upper, int64_t step, ValueRange init, LoopBody body) {
  auto loopOp = scf::ForOp::create(b, loc, lower, upper, index(step), init,
                                   [&](OpBuilder &nested, Location, Value iv, ValueRange carried) {
                                     OpBuilder::InsertionGuard guard(b);
                                     b.setInsertionPoint(nested.getInsertionBlock(), nested.getInsertionPoint());
                                     SmallVector<Value> next = body(iv, carried);
                                     scf::YieldOp::create(b, loc, next);
                                   });
  return SmallVector<Value>(loopOp.getResults());
}

void KernelBuilder::loop(Value lower, Value upper, int64_t step, function_ref<void(Value)> body) {
  loop(lower, upper, step, ValueRange(), [&](Value iv, ValueRange) {
    body(iv);
    return SmallVector<Value>();
  });
}

SmallVector<Value> KernelBuilder::repeat(int64_t count, ValueRange init, LoopBody body) {
  if (count == 0)
    return SmallVector<Value>(init);
  if (count == 1)
    return body(index(0), init);
  return loop(index(0), index(count), 1, init, body);
}

SmallVector<Value>
KernelBuilder::reduceVectors(int64_t size, ValueRange init,
                             function_ref<SmallVector<Value>(Value offset, int64_t width, ValueRange)> body) {
  SmallVector<Value> carried(init);
  int64_t full = size / kLanes * kLanes;
  if (full == kLanes)
    carried = body(index(0), kLanes, carried);
  else if (full > 0)
    carried = loop(index(0), index(full), kLanes, carried,
                   [&](Value offset, ValueRange values) { return body(offset, kLanes, values); });
  if (size > full)
    carried = body(index(full), size - full, carried);
  return carried;
}

void KernelBuilder::forVectors(int64_t size, function_ref<void(Value, int64_t)> body) {
  reduceVectors(size, ValueRange(), [&](Value offset, int64_t width, ValueRange) {
    body(offset, width);
    return SmallVector<Value>();
  });
}

void KernelBuilder::ifEqual(Value lhs, int64_t rhs, function_ref<void()> then, function_ref<void()> otherwise) {
  branch(arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, lhs, index(rhs)), then, otherwise);
}

void KernelBuilder::branch(Value condition, function_ref<void()> then, function_ref<void()> otherwise) {
  auto build = [&](function_ref<void()> body) {
    return [this, body](OpBuilder &nested, Location) {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPoint(nested.getInsertionBlock(), nested.getInsertionPoint());
      body();
      scf::YieldOp::create(b, loc);
    };
  };
  scf::IfOp::create(b, loc, condition, build(then), build(otherwise));
}

func::FuncOp halftone::getOrCreateKernel(ModuleOp module, Location loc, StringRef name, TypeRange types,
                                         function_ref<void(KernelBuilder &, ValueRange)> body) {
  if (auto existing = module.lookupSymbol<func::FuncOp>(name))
    return existing;
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  SmallVector<Type> inputs(types);
  inputs.append(2, builder.getIndexType());
  Location kernelLoc = UnknownLoc::get(module.getContext());
  auto kernel = func::FuncOp::create(builder, kernelLoc, name, builder.getFunctionType(inputs, {}));
  kernel.setPrivate();
  Block *entry = kernel.addEntryBlock();
  builder.setInsertionPointToStart(entry);
  KernelBuilder k(builder, kernelLoc);
  body(k, entry->getArguments());
  builder.setInsertionPointToEnd(entry);
  func::ReturnOp::create(builder, kernelLoc);
  return kernel;
}

std::string halftone::sizeName(int64_t size) { return ShapedType::isDynamic(size) ? "n" : std::to_string(size); }

std::string halftone::codeColumnsName(int64_t codeColumns, int64_t paddedCols) {
  return codeColumns == paddedCols ? "" : "_w" + std::to_string(codeColumns);
}
