//===- Llama.cpp - Stage-0 IR of a Llama ----------------------------------===//
#include "Llama.h"

#include "dialects/Lowbit/IR/LowbitOps.h"
#include "dialects/Nn/IR/NnOps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Builders.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using llvm::StringRef;

namespace halftone {
namespace {

/// The positions of a KV cache are a multiple of this, see nn.attention.
constexpr int64_t kCachePositions = 16;

/// Builds one function after the other; T below is the number of tokens of the current function's call.
class LlamaBuilder {
public:
  LlamaBuilder(MLIRContext &context, const LlamaConfig &config, const LlamaNames &names)
      : b(&context), config(config), names(names), loc(b.getUnknownLoc()), f32(b.getF32Type()) {}

  OwningOpRef<ModuleOp> build();

private:
  void buildBody();
  void buildHead();
  func::FuncOp beginFunction(StringRef name, TypeRange inputs, Type result);
  void endFunction(Value result);

  Value attentionBlock(Value x, int64_t layer);
  Value ffnBlock(Value x, int64_t layer);
  Value attention(Value q, Value k, Value v, int64_t layer);
  Value rope(Value x);
  Value embed(Value tokens);
  Value norm(Value x, StringRef gain);
  Value project(Value x, StringRef weight, int64_t outputs);
  Value add(Value a, Value b);

  Value external(StringRef name, ArrayRef<int64_t> shape);
  Value empty(int64_t width);
  RankedTensorType rows(int64_t width) { return RankedTensorType::get({ShapedType::kDynamic, width}, f32); }
  int64_t widthOf(Value x) { return cast<RankedTensorType>(x.getType()).getDimSize(1); }
  /// Sets the location of what is built next to the name of a tensor or of a block.
  void locate(StringRef name) { loc = NameLoc::get(b.getStringAttr(name)); }

  OpBuilder b;
  const LlamaConfig &config;
  const LlamaNames &names;
  Location loc;
  FloatType f32;

  // Values of the current function.
  Value count;                         ///< T
  Value zero;                          ///< 0.0
  Value position, keys, values, table; ///< of @body only
};

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

Value LlamaBuilder::external(StringRef name, ArrayRef<int64_t> shape) {
  return lowbit::ExternalOp::create(b, loc, RankedTensorType::get(shape, f32), name);
}

/// An uninitialized [T, width].
Value LlamaBuilder::empty(int64_t width) {
  return tensor::EmptyOp::create(b, loc, ArrayRef<int64_t>{ShapedType::kDynamic, width}, f32, ValueRange{count});
}

Value LlamaBuilder::add(Value lhs, Value rhs) {
  return linalg::AddOp::create(b, loc, ValueRange{lhs, rhs}, ValueRange{empty(widthOf(lhs))}).getResult(0);
}

/// x W^T, W being [outputs, inputs] as in the checkpoint.
Value LlamaBuilder::project(Value x, StringRef weight, int64_t outputs) {
  locate(weight);
  Value w = external(weight, {outputs, widthOf(x)});
  Value zeros = linalg::FillOp::create(b, loc, ValueRange{zero}, ValueRange{empty(outputs)}).getResult(0);
  return linalg::MatmulTransposeBOp::create(b, loc, ValueRange{x, w}, ValueRange{zeros}).getResult(0);
}

Value LlamaBuilder::norm(Value x, StringRef gain) {
  locate(gain);
  Value g = external(gain, {config.hidden});
  Value out = empty(config.hidden);
  return nn::RmsNormOp::create(b, loc, out.getType(), x, g, out, b.getF32FloatAttr(float(config.epsilon))).getResult(0);
}

Value LlamaBuilder::embed(Value tokens) {
  locate(names.embedding());
  Value w = external(names.embedding(), {config.vocabulary, config.hidden});
  Value out = empty(config.hidden);
  return nn::EmbedOp::create(b, loc, tokens, w, out).getResult(0);
}

Value LlamaBuilder::rope(Value x) {
  Value out = empty(widthOf(x));
  return nn::RopeOp::create(b, loc, x, table, position, out).getResult(0);
}

Value LlamaBuilder::attention(Value q, Value k, Value v, int64_t layer) {
  Value out = empty(config.queryWidth());
  return nn::AttentionOp::create(b, loc, q, k, v, position, keys, values, out, layer, config.heads).getResult(0);
}

//===----------------------------------------------------------------------===//
// Blocks
//===----------------------------------------------------------------------===//

/// x + Wo attention(rope(Wq n), rope(Wk n), Wv n), n = norm(x).
Value LlamaBuilder::attentionBlock(Value x, int64_t layer) {
  Value n = norm(x, names.layer(layer, "input_layernorm"));
  Value q = rope(project(n, names.layer(layer, "self_attn.q_proj"), config.queryWidth()));
  Value k = rope(project(n, names.layer(layer, "self_attn.k_proj"), config.keyWidth()));
  Value v = project(n, names.layer(layer, "self_attn.v_proj"), config.keyWidth());
  Value o = attention(q, k, v, layer);
  return add(x, project(o, names.layer(layer, "self_attn.o_proj"), config.hidden));
}

/// x + Wdown (silu(Wgate n) * (Wup n)), n = norm(x).
Value LlamaBuilder::ffnBlock(Value x, int64_t layer) {
  Value n = norm(x, names.layer(layer, "post_attention_layernorm"));
  Value gate = project(n, names.layer(layer, "mlp.gate_proj"), config.ffn);
  Value up = project(n, names.layer(layer, "mlp.up_proj"), config.ffn);
  Value out = empty(config.ffn);
  Value activated = nn::GatedActivationOp::create(b, loc, gate, up, out, nn::ActivationKind::Silu).getResult(0);
  return add(x, project(activated, names.layer(layer, "mlp.down_proj"), config.hidden));
}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

/// Adds a function and puts T, the first size of its first argument, into `count`.
func::FuncOp LlamaBuilder::beginFunction(StringRef name, TypeRange inputs, Type result) {
  locate(name);
  auto function = func::FuncOp::create(b, loc, name, b.getFunctionType(inputs, result));
  b.setInsertionPointToStart(function.addEntryBlock());
  count = tensor::DimOp::create(b, loc, function.getArgument(0), 0);
  zero = arith::ConstantOp::create(b, loc, b.getFloatAttr(f32, 0.0));
  return function;
}

void LlamaBuilder::endFunction(Value result) {
  auto function = func::ReturnOp::create(b, loc, result)->getParentOfType<func::FuncOp>();
  b.setInsertionPointAfter(function);
}

void LlamaBuilder::buildBody() {
  auto tokens = RankedTensorType::get({ShapedType::kDynamic}, b.getI32Type());
  // Attention reads keys in whole vectors of positions; the sequence still ends where the configuration says.
  int64_t positions = llvm::alignTo(config.context, kCachePositions);
  auto keyCache = MemRefType::get({config.layers, config.kvHeads, config.headSize, positions}, f32);
  auto valueCache = MemRefType::get({config.layers, config.kvHeads, positions, config.headSize}, f32);
  auto body = beginFunction("body", {tokens, b.getIndexType(), keyCache, valueCache}, rows(config.hidden));
  position = body.getArgument(1);
  keys = body.getArgument(2);
  values = body.getArgument(3);
  table = nn::RopeTableOp::create(b, loc, RankedTensorType::get({config.context, config.headSize}, f32),
                                  b.getF64FloatAttr(config.theta));
  Value x = embed(body.getArgument(0));
  for (int64_t layer = 0; layer < config.layers; ++layer)
    x = ffnBlock(attentionBlock(x, layer), layer);
  endFunction(norm(x, names.finalNorm()));
}

void LlamaBuilder::buildHead() {
  auto head = beginFunction("head", rows(config.hidden), rows(config.vocabulary));
  std::string weight = config.tiedHead ? names.embedding() : names.head();
  endFunction(project(head.getArgument(0), weight, config.vocabulary));
}

OwningOpRef<ModuleOp> LlamaBuilder::build() {
  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  b.setInsertionPointToStart(module->getBody());
  buildBody();
  buildHead();
  return module;
}

} // namespace

OwningOpRef<ModuleOp> buildLlama(MLIRContext &context, const LlamaConfig &config, const LlamaNames &names) {
  return LlamaBuilder(context, config, names).build();
}

} // namespace halftone
