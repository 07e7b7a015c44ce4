// Builders and interfaces that passes rely on and that text cannot show.

#include "dialects/Lowbit/IR/LowbitOps.h"
#include "dialects/Nn/IR/NnOps.h"
#include "halftone/Pack/Layout.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/IR/Verifier.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace halftone;

namespace {

class LowbitOps : public ::testing::Test {
protected:
  LowbitOps() : builder(&context), loc(builder.getUnknownLoc()) {
    context.loadDialect<lowbit::LowbitDialect, nn::NnDialect>();
    module = ModuleOp::create(loc);
    builder.setInsertionPointToEnd(module->getBody());
  }

  Value external(ArrayRef<int64_t> shape) {
    return lowbit::ExternalOp::create(builder, loc, RankedTensorType::get(shape, builder.getF32Type()), "w");
  }

  MLIRContext context;
  OpBuilder builder;
  Location loc;
  OwningOpRef<ModuleOp> module;
};

TEST_F(LowbitOps, QuantizeKeepsTheWholeFormat) {
  for (const char *name : {"bcq3g32", "bcqgreedy2g32f", "bcqrefined4g0", "ternaryg32", "rtn4g32"}) {
    Format format = llvm::cantFail(parseFormat(name));
    auto op = lowbit::QuantizeOp::create(builder, loc, external({16, 64}), format);
    EXPECT_TRUE(succeeded(op.verify())) << name;
    EXPECT_EQ(op.getFormat().name(), name);
  }
  Format format = llvm::cantFail(parseFormat("bcq3g32"));
  format.rounds = 4;
  EXPECT_EQ(lowbit::QuantizeOp::create(builder, loc, external({16, 64}), format).getFormat().rounds, 4u);
}

TEST_F(LowbitOps, PackInfersItsBytes) {
  Format format = llvm::cantFail(parseFormat("bcq3g32"));
  Value quantized = lowbit::QuantizeOp::create(builder, loc, external({72, 172}), format);
  auto packed = lowbit::PackOp::create(builder, loc, quantized, lowbit::PackLayout::Rows64);
  EXPECT_TRUE(succeeded(packed.verify()));
  EXPECT_EQ(cast<RankedTensorType>(packed.getType()).getDimSize(0), packedBytes(format, 72, 172, Layout::Rows64));
}

TEST_F(LowbitOps, DisassembleInfersItsParts) {
  Format format = llvm::cantFail(parseFormat("bcq3g32"));
  Value quantized = lowbit::QuantizeOp::create(builder, loc, external({16, 64}), format);
  auto parts = lowbit::DisassembleOp::create(builder, loc, quantized);
  EXPECT_EQ(parts.getNumResults(), 3u);
  EXPECT_TRUE(succeeded(parts.verify()));
}

TEST_F(LowbitOps, ResultsFollowOutputs) {
  Value x = external({4, 64}), w = external({16, 64}), y = external({4, 16});
  auto op = lowbit::MatmulOp::create(builder, loc, x, w, y);
  ASSERT_EQ(op->getNumResults(), 1u);
  EXPECT_EQ(op->getResult(0).getType(), y.getType());
  auto dps = cast<DestinationStyleOpInterface>(op.getOperation());
  EXPECT_EQ(dps.getNumDpsInits(), 1);
  EXPECT_EQ(dps.getDpsInitOperand(0)->get(), y);
  EXPECT_TRUE(isMemoryEffectFree(op));
}

TEST_F(LowbitOps, EffectsOnBuffersOnly) {
  Block block;
  auto buffer = [&](ArrayRef<int64_t> shape) -> Value {
    return block.addArgument(MemRefType::get(shape, builder.getF32Type()), loc);
  };
  Value x = buffer({4, 64}), w = buffer({16, 64}), y = buffer({4, 16});
  auto op = lowbit::MatmulOp::create(builder, loc, x, w, y);
  EXPECT_EQ(op->getNumResults(), 0u);
  auto effects = cast<MemoryEffectOpInterface>(op.getOperation());
  EXPECT_TRUE(effects.getEffectOnValue<MemoryEffects::Read>(x).has_value());
  EXPECT_FALSE(effects.getEffectOnValue<MemoryEffects::Write>(w).has_value());
  EXPECT_TRUE(effects.getEffectOnValue<MemoryEffects::Write>(y).has_value());
  EXPECT_FALSE(effects.getEffectOnValue<MemoryEffects::Read>(y).has_value());
  op.erase();
}

TEST_F(LowbitOps, AttentionReadsAndWritesTheCache) {
  Block block;
  Value q = external({1, 64}), k = external({1, 32});
  Value position = block.addArgument(builder.getIndexType(), loc);
  Value keys = block.addArgument(MemRefType::get({2, 4, 8, 16}, builder.getF32Type()), loc);
  Value values = block.addArgument(MemRefType::get({2, 4, 16, 8}, builder.getF32Type()), loc);
  auto op = nn::AttentionOp::create(builder, loc, q, k, k, position, keys, values, q, /*layer=*/1, /*heads=*/8);
  EXPECT_TRUE(succeeded(op.verify()));
  EXPECT_EQ(op.getHeadSize(), 8);
  EXPECT_EQ(op.getKvHeads(), 4);
  EXPECT_EQ(op.getContextSize(), 16);
  auto effects = cast<MemoryEffectOpInterface>(op.getOperation());
  for (Value cache : {keys, values}) {
    EXPECT_TRUE(effects.getEffectOnValue<MemoryEffects::Read>(cache).has_value());
    EXPECT_TRUE(effects.getEffectOnValue<MemoryEffects::Write>(cache).has_value());
  }
  EXPECT_FALSE(effects.getEffectOnValue<MemoryEffects::Write>(q).has_value());
  op.erase();
}

} // namespace
