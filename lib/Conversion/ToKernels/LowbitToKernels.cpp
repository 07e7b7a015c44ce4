//===- LowbitToKernels.cpp - convert-lowbit-to-kernels --------------------===//

#include "Launch.h"
#include "dialects/Lowbit/IR/LowbitOps.h"
#include "halftone/Conversion/ToKernels.h"

namespace halftone {
#define GEN_PASS_DEF_CONVERTLOWBITTOKERNELS
#include "lib/Conversion/ToKernels/Passes.h.inc"
} // namespace halftone

using namespace mlir;
using namespace halftone;

namespace {

MemRefType memrefOf(Value value) { return cast<MemRefType>(value.getType()); }

/// Shape of a product whose output is y [T][N].
MatmulShape matmulShape(Value y, Type format, int64_t cols, Layout layout = Layout::Rows16) {
  return {*lowbit::typeToFormat(format), memrefOf(y).getDimSize(0), memrefOf(y).getDimSize(1), cols, layout};
}

/// Columns of codes in memory.
int64_t codeColumnsOf(Value codes) { return memrefOf(codes).getDimSize(1); }

DotTiling tilingOf(lowbit::TileAttr tile) {
  return tile ? DotTiling{tile.getBlocks(), tile.getColumns(), tile.getFastU(), tile.getColumnPairs()} : DotTiling();
}

void convert(lowbit::MatmulDotOp op, ModuleOp module) {
  OpBuilder b(op);
  DotTiling tiling = tilingOf(op.getTileAttr());
  MatmulShape shape = matmulShape(op.getOutput(), op.getFormat(), op.getInFeatures(), lowbit::toLayout(op.getLayout()));
  shape.codeColumns = codeColumnsOf(op.getCodes());
  ColumnRange range;
  if (std::optional<ArrayRef<int64_t>> columns = op.getColumns())
    range.emplace(columns->front(), columns->back());
  Kernel kernel = getDotKernel(module, shape, op.getWidth(), tiling, range);
  launch(b, op.getLoc(), kernel, {op.getCodes(), op.getScales(), op.getSums(), op.getPacked(), op.getOutput()},
         op.getOutput());
}

void convert(lowbit::MatmulVectorDotOp op, ModuleOp module) {
  OpBuilder b(op);
  MatmulShape shape = matmulShape(op.getOutput(), op.getFormat(), op.getInFeatures());
  shape.codeColumns = codeColumnsOf(op.getCodes());
  Kernel kernel = getVectorDotKernel(module, shape, op.getVectors(), tilingOf(op.getTileAttr()));
  launch(b, op.getLoc(), kernel,
         {op.getCodes(), op.getMultipliers(), op.getScales(), op.getSums(), op.getPacked(), op.getOutput()},
         op.getOutput());
}

void convert(lowbit::MatmulLutOp op, ModuleOp module) {
  OpBuilder b(op);
  MatmulShape shape = matmulShape(op.getOutput(), op.getFormat(), op.getInFeatures(), lowbit::toLayout(op.getLayout()));
  Kernel kernel = getLutKernel(module, shape, op.getWidth(), op.getByteTables());
  launch(b, op.getLoc(), kernel, {op.getTables(), op.getScales(), op.getSums(), op.getPacked(), op.getOutput()},
         op.getOutput());
}

void convert(lowbit::MatmulPopcountOp op, ModuleOp module) {
  OpBuilder b(op);
  Kernel kernel =
      getPopcountKernel(module, matmulShape(op.getOutput(), op.getFormat(), op.getInFeatures()), op.getBits());
  launch(b, op.getLoc(), kernel, {op.getPlanes(), op.getScales(), op.getSums(), op.getPacked(), op.getOutput()},
         op.getOutput());
}

void convert(lowbit::MatmulDequantOp op, ModuleOp module) {
  OpBuilder b(op);
  int64_t cols = memrefOf(op.getInput()).getDimSize(1);
  Kernel kernel = getDequantKernel(module, matmulShape(op.getOutput(), op.getFormat(), cols));
  launch(b, op.getLoc(), kernel, {op.getInput(), op.getPacked(), op.getOutput()}, op.getOutput());
}

void convert(lowbit::GatherPackedOp op, ModuleOp module) {
  OpBuilder b(op);
  MemRefType y = memrefOf(op.getOutput());
  MatmulShape shape{*lowbit::typeToFormat(op.getFormat()), y.getDimSize(0), int64_t(op.getRows()), y.getDimSize(1)};
  launch(b, op.getLoc(), getGatherKernel(module, shape), {op.getIds(), op.getPacked(), op.getOutput()}, op.getOutput());
}

/// The groups of an op that makes codes for packed weights.
template <typename Op>
CodeGroups codeGroupsOf(Op op) {
  int64_t group = op.getGroup();
  return {group, op.getVector() ? int64_t(*op.getVector()) : group};
}

void convert(lowbit::QuantizeActivationsOp op, ModuleOp module) {
  OpBuilder b(op);
  MemRefType x = memrefOf(op.getInput());
  Kernel kernel = getQuantizeActivationsKernel(module, x.getDimSize(0), x.getDimSize(1), codeGroupsOf(op), op.getBits(),
                                               codeColumnsOf(op.getCodes()));
  launch(b, op.getLoc(), kernel, {op.getInput(), op.getCodes(), op.getScales(), op.getSums()}, op.getInput());
}

void convert(lowbit::QuantizeActivationsStaticOp op, ModuleOp module) {
  OpBuilder b(op);
  MemRefType x = memrefOf(op.getInput());
  auto format = cast<lowbit::GroupedType>(op.getFormat());
  StaticActivations activations{format.getBits(), format.getGroups(), int64_t(op.getDigits()), op.getOnly()};
  Kernel kernel = getQuantizeActivationsStaticKernel(module, x.getDimSize(0), x.getDimSize(1), codeGroupsOf(op),
                                                     activations, codeColumnsOf(op.getCodes()));
  launch(b, op.getLoc(), kernel,
         {op.getInput(), op.getSteps(), op.getZeroPoints(), op.getCodes(), op.getScales(), op.getSums()},
         op.getInput());
}

void convert(lowbit::SumTokenRowsOp op, ModuleOp module) {
  OpBuilder b(op);
  MemRefType y = memrefOf(op.getOutput());
  launch(b, op.getLoc(), getSumTokenRowsKernel(module, y.getDimSize(0), y.getDimSize(1), op.getRows()),
         {op.getInput(), op.getOutput()}, op.getOutput());
}

void convert(lowbit::RequantizeOp op, ModuleOp module) {
  OpBuilder b(op);
  MemRefType x = memrefOf(op.getInput());
  auto format = cast<lowbit::GroupedType>(op.getFormat());
  Kernel kernel =
      getRequantizeKernel(module, x.getDimSize(0), x.getDimSize(1), format.getGroups(), int64_t(format.getBits()));
  launch(b, op.getLoc(), kernel, {op.getInput(), op.getScales(), op.getZeroPoints(), op.getOutput()}, op.getInput());
}

void convert(lowbit::RequantizeTokensOp op, ModuleOp module) {
  OpBuilder b(op);
  MemRefType x = memrefOf(op.getInput());
  launch(b, op.getLoc(), getRequantizeTokensKernel(module, x.getDimSize(0), x.getDimSize(1), op.getBits()),
         {op.getInput(), op.getOutput()}, op.getInput());
}

void convert(lowbit::QuantizeActivationVectorsOp op, ModuleOp module) {
  OpBuilder b(op);
  MemRefType x = memrefOf(op.getInput());
  Kernel kernel = getQuantizeActivationVectorsKernel(module, x.getDimSize(0), x.getDimSize(1), op.getVectors(),
                                                     codeColumnsOf(op.getCodes()));
  launch(b, op.getLoc(), kernel, {op.getInput(), op.getCodes(), op.getMultipliers(), op.getScales(), op.getSums()},
         op.getInput());
}

void convert(lowbit::BuildTablesOp op, ModuleOp module) {
  OpBuilder b(op);
  MemRefType codes = memrefOf(op.getCodes());
  int64_t tokens = codes.getDimSize(0), cols = codes.getDimSize(1);
  bool areBytes = op.getByteGroup().has_value();
  Kernel kernel = op.getTritGroup() ? getTritTablesKernel(module, tokens, cols, *op.getTritGroup(), areBytes)
                  : areBytes        ? getByteTablesKernel(module, tokens, cols, op.getWidth(), *op.getByteGroup())
                                    : getBuildTablesKernel(module, tokens, cols, op.getWidth());
  launch(b, op.getLoc(), kernel, {op.getCodes(), op.getTables()}, op.getCodes());
}

void convert(lowbit::BuildPlanesOp op, ModuleOp module) {
  OpBuilder b(op);
  MemRefType codes = memrefOf(op.getCodes());
  Kernel kernel = getBuildPlanesKernel(module, codes.getDimSize(0), codes.getDimSize(1), op.getBits());
  launch(b, op.getLoc(), kernel, {op.getCodes(), op.getPlanes()}, op.getCodes());
}

/// Converts the operation if it is one of `Ops`.
template <typename... Ops>
bool convertAny(Operation *op, ModuleOp module) {
  auto one = [&](auto typed) {
    if (!typed)
      return false;
    convert(typed, module);
    return true;
  };
  return (one(dyn_cast<Ops>(op)) || ...);
}

struct ConvertLowbitToKernels : halftone::impl::ConvertLowbitToKernelsBase<ConvertLowbitToKernels> {
  using Base::Base;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    SmallVector<Operation *> ops;
    for (auto function : module.getOps<func::FuncOp>())
      function.walk([&](Operation *op) {
        if (isa<lowbit::LowbitDialect>(op->getDialect()) && !isa<lowbit::GetGlobalOp>(op))
          ops.push_back(op);
      });
    for (Operation *op : ops) {
      if (failed(checkBuffers(op)))
        return signalPassFailure();
      if (!convertAny<lowbit::MatmulDotOp, lowbit::MatmulVectorDotOp, lowbit::QuantizeActivationVectorsOp,
                      lowbit::MatmulLutOp, lowbit::MatmulPopcountOp, lowbit::MatmulDequantOp, lowbit::GatherPackedOp,
                      lowbit::QuantizeActivationsOp, lowbit::QuantizeActivationsStaticOp, lowbit::BuildTablesOp,
                      lowbit::BuildPlanesOp, lowbit::SumTokenRowsOp, lowbit::RequantizeOp, lowbit::RequantizeTokensOp>(
              op, module)) {
        op->emitOpError("has no kernel; run lowbit-select-kernels and lowbit-outline-weights before");
        return signalPassFailure();
      }
      op->erase();
    }
  }
};

} // namespace
