//===- ElementwiseKernels.cpp - Norm, rotary embedding, gated activation --===//

#include "Kernels.h"
#include "Tiles.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include <cmath>

using namespace mlir;
using namespace halftone;

/// y = x / sqrt(mean(x^2) + epsilon) * gain. The sum: 16 partial sums over vectors in ascending order, then the tree.
Kernel halftone::getRmsNormKernel(ModuleOp module, int64_t tokens, int64_t size, double epsilon) {
  Builder b(module.getContext());
  auto rows = MemRefType::get({tokens, size}, b.getF32Type());
  SmallString<64> name;
  llvm::raw_svector_ostream(name) << "rms_norm_" << size << "_t" << sizeName(tokens) << "_e"
                                  << llvm::format_hex_no_prefix(llvm::bit_cast<uint32_t>(float(epsilon)), 8);
  return perTokenKernel(module, name, {rows, MemRefType::get({size}, b.getF32Type()), rows},
                        [&](KernelBuilder &k, ValueRange args, Value token) {
                          SmallVector<Value> squares = k.reduceVectors(
                              size, k.splat(k.floats(), 0), [&](Value offset, int64_t width, ValueRange carried) {
                                Value x = k.padded(k.load(args[0], {token, offset}, k.floats(width)), kLanes);
                                return SmallVector<Value>{k.fma(x, x, carried[0])};
                              });
                          Value mean = k.divF(k.sumLanes(squares[0]), k.f32(double(size)));
                          Value root = math::SqrtOp::create(k.b, k.loc, k.addF(mean, k.f32(epsilon)));
                          Value factor = k.divF(k.f32(1.0), root);
                          k.forVectors(size, [&](Value offset, int64_t width) {
                            Value x = k.load(args[0], {token, offset}, k.floats(width));
                            Value gain = k.load(args[1], offset, k.floats(width));
                            k.store(k.mulF(k.mulF(x, k.broadcast(factor, width)), gain), args[2], {token, offset});
                          });
                        });
}

/// y = (x - mean) / sqrt(variance + epsilon) * gain + bias, the last two in one rounding. Sums as in the RMS norm.
Kernel halftone::getLayerNormKernel(ModuleOp module, int64_t tokens, int64_t size, double epsilon) {
  Builder b(module.getContext());
  auto rows = MemRefType::get({tokens, size}, b.getF32Type()), vector = MemRefType::get({size}, b.getF32Type());
  SmallString<64> name;
  llvm::raw_svector_ostream(name) << "layer_norm_" << size << "_t" << sizeName(tokens) << "_e"
                                  << llvm::format_hex_no_prefix(llvm::bit_cast<uint32_t>(float(epsilon)), 8);
  return perTokenKernel(
      module, name, {rows, vector, vector, rows}, [&](KernelBuilder &k, ValueRange args, Value token) {
        // The mean of f(vector of 16 or fewer values); lanes beyond the width are filled with zeros after f.
        auto meanOf = [&](function_ref<Value(Value, Value sum, int64_t width)> f) {
          SmallVector<Value> sums =
              k.reduceVectors(size, k.splat(k.floats(), 0), [&](Value offset, int64_t width, ValueRange carried) {
                return SmallVector<Value>{f(k.load(args[0], {token, offset}, k.floats(width)), carried[0], width)};
              });
          return k.divF(k.sumLanes(sums[0]), k.f32(double(size)));
        };
        Value mean = meanOf([&](Value x, Value sum, int64_t) { return k.addF(sum, k.padded(x, kLanes)); });
        Value variance = meanOf([&](Value x, Value sum, int64_t width) {
          Value d = k.padded(k.subF(x, k.broadcast(mean, width)), kLanes);
          return k.fma(d, d, sum);
        });
        Value factor = k.divF(k.f32(1.0), math::SqrtOp::create(k.b, k.loc, k.addF(variance, k.f32(epsilon))));
        k.forVectors(size, [&](Value offset, int64_t width) {
          Value x = k.load(args[0], {token, offset}, k.floats(width));
          Value d = k.mulF(k.subF(x, k.broadcast(mean, width)), k.broadcast(factor, width));
          Value gain = k.load(args[1], offset, k.floats(width)), bias = k.load(args[2], offset, k.floats(width));
          k.store(k.fma(d, gain, bias), args[3], {token, offset});
        });
      });
}

/// y = a + b
Kernel halftone::getAddKernel(ModuleOp module, int64_t tokens, int64_t size) {
  Builder b(module.getContext());
  auto rows = MemRefType::get({tokens, size}, b.getF32Type());
  std::string name = "add_" + sizeName(size) + "_t" + sizeName(tokens);
  return perTokenKernel(module, name, {rows, rows, rows}, [&](KernelBuilder &k, ValueRange args, Value token) {
    k.forVectors(size, [&](Value offset, int64_t width) {
      Value x = k.load(args[0], {token, offset}, k.floats(width));
      Value y = k.load(args[1], {token, offset}, k.floats(width));
      k.store(k.addF(x, y), args[2], {token, offset});
    });
  });
}

/// y = x / 2 * (1 + erf(x / sqrt(2)))
Kernel halftone::getGeluKernel(ModuleOp module, int64_t tokens, int64_t size) {
  Builder b(module.getContext());
  auto rows = MemRefType::get({tokens, size}, b.getF32Type());
  std::string name = "gelu_" + sizeName(size) + "_t" + sizeName(tokens);
  return perTokenKernel(module, name, {rows, rows}, [&](KernelBuilder &k, ValueRange args, Value token) {
    k.forVectors(size, [&](Value offset, int64_t width) {
      VectorType type = k.floats(width);
      Value x = k.load(args[0], {token, offset}, type);
      Value erf = math::ErfOp::create(k.b, k.loc, k.mulF(x, k.splat(type, std::sqrt(0.5))));
      Value half = k.mulF(x, k.splat(type, 0.5));
      k.store(k.mulF(half, k.addF(erf, k.splat(type, 1))), args[1], {token, offset});
    });
  });
}

/// Rotates the pairs (x[i], x[i + HS/2]) of each head by position * theta^(-2i/HS); cosines and sines come from a
/// table.
Kernel halftone::getRopeKernel(ModuleOp module, int64_t tokens, int64_t heads, int64_t headSize, int64_t context) {
  Builder b(module.getContext());
  auto rows = MemRefType::get({tokens, heads * headSize}, b.getF32Type());
  auto table = MemRefType::get({context, headSize}, b.getF32Type());
  std::string name =
      "rope_" + sizeName(heads) + "x" + sizeName(headSize) + "_c" + sizeName(context) + "_t" + sizeName(tokens);
  int64_t half = headSize / 2;
  return perTokenKernel(module, name, {rows, table, b.getIndexType(), rows},
                        [&](KernelBuilder &k, ValueRange args, Value token) {
                          Value position = k.addIndex(args[2], token);
                          k.loop(k.index(0), k.index(heads), 1, [&](Value head) {
                            Value first = k.mulIndex(head, headSize);
                            k.forVectors(half, [&](Value offset, int64_t width) {
                              VectorType type = k.floats(width);
                              Value low = k.addIndex(first, offset), high = k.addIndex(low, half);
                              Value x = k.load(args[0], {token, low}, type), y = k.load(args[0], {token, high}, type);
                              Value cosine = k.load(args[1], {position, offset}, type);
                              Value sine = k.load(args[1], {position, k.addIndex(offset, half)}, type);
                              k.store(k.subF(k.mulF(x, cosine), k.mulF(y, sine)), args[3], {token, low});
                              k.store(k.addF(k.mulF(y, cosine), k.mulF(x, sine)), args[3], {token, high});
                            });
                          });
                        });
}

/// y = gate / (1 + exp(-gate)) * up
Kernel halftone::getGatedActivationKernel(ModuleOp module, int64_t tokens, int64_t size) {
  Builder b(module.getContext());
  auto rows = MemRefType::get({tokens, size}, b.getF32Type());
  std::string name = "silu_gate_" + sizeName(size) + "_t" + sizeName(tokens);
  return perTokenKernel(module, name, {rows, rows, rows}, [&](KernelBuilder &k, ValueRange args, Value token) {
    k.forVectors(size, [&](Value offset, int64_t width) {
      Value gate = k.load(args[0], {token, offset}, k.floats(width));
      Value up = k.load(args[1], {token, offset}, k.floats(width));
      Value exponential = math::ExpOp::create(k.b, k.loc, k.negF(gate));
      Value denominator = k.addF(exponential, k.splat(k.floats(width), 1));
      k.store(k.mulF(k.divF(gate, denominator), up), args[2], {token, offset});
    });
  });
}
