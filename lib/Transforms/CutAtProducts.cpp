//===- CutAtProducts.cpp - halftone-cut-at-products -----------------------===//

#include "Product.h"
#include "Weights.h"
#include "dialects/Nn/IR/NnOps.h"
#include "halftone/Transforms/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"

namespace halftone {
#define GEN_PASS_DEF_HALFTONECUTATPRODUCTS
#include "halftone/Transforms/Passes.h.inc"
} // namespace halftone

using namespace mlir;
using namespace halftone;

namespace {

/// An operation that every piece may have a copy of: constants, weights, sizes and uninitialized tensors.
bool isFree(Operation *op) {
  if (isWeightChain(op) || isa<tensor::DimOp>(op) || op->hasTrait<OpTrait::ConstantLike>())
    return true;
  if (!isa<tensor::EmptyOp, linalg::FillOp>(op))
    return false;
  return llvm::all_of(op->getOperands(), [](Value v) { return v.getDefiningOp() && isFree(v.getDefiningOp()); });
}

/// One function in pieces.
class Cutter {
public:
  Cutter(func::FuncOp function, int64_t firstPiece)
      : function(function), block(function.front()), firstPiece(firstPiece), builder(function) {
    findGroups();
  }

  /// Adds the pieces beside the function; their number, or failure.
  FailureOr<int64_t> cut() {
    if (!llvm::hasSingleElement(function.getBody())) {
      function.emitError("function '") << function.getSymName() << "' has more than one block";
      return failure();
    }
    int64_t end = lastPiece() + 1;
    for (int64_t piece = begins(); piece < end; ++piece) {
      live.push_back(liveInto(piece));
      for (Value value : live.back())
        if (!isRowsOfFloats(value) && piece > begins()) {
          emitError(value.getLoc(), "a value of type ")
              << value.getType() << " is used across a cut; only rows of floats can be carried";
          return failure();
        }
    }
    live.push_back(llvm::to_vector(function.front().getTerminator()->getOperands()));
    for (int64_t piece = begins(); piece < end; ++piece)
      build(piece);
    return end - begins();
  }

private:
  struct Group {
    Value input;
    SmallVector<Product> products;
  };

  void findGroups() {
    llvm::MapVector<Value, Group> found;
    for (auto op : block.getOps<linalg::LinalgOp>())
      if (std::optional<Product> product = matchProduct(op)) {
        Group &group = found[product->activations];
        group.input = product->activations;
        group.products.push_back(*product);
      }
    for (auto &[input, group] : found)
      groups.push_back(std::move(group));
    int64_t piece = 0;
    for (Operation &op : block) {
      if (size_t(piece) < groups.size() && &op == groups[piece].products.front().op)
        ++piece;
      pieces[&op] = op.hasTrait<OpTrait::IsTerminator>() ? lastPiece() : std::max(piece, begins());
    }
  }

  /// Pieces count from 0, which ends where the first group begins; without anything before it there is no such piece.
  int64_t begins() const { return !groups.empty() && isa<BlockArgument>(groups.front().input) ? 1 : 0; }
  int64_t lastPiece() const { return int64_t(groups.size()); }

  static bool isRowsOfFloats(Value value) {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    return type && type.getRank() == 2 && type.isDynamicDim(0) && !type.isDynamicDim(1) &&
           type.getElementType().isF32();
  }

  /// The piece that an operation of the block is in.
  int64_t pieceOf(Operation *op) const { return pieces.lookup(op); }
  int64_t pieceOf(Value value) const {
    return isa<BlockArgument>(value) ? begins() - 1 : pieceOf(value.getDefiningOp());
  }

  /// What is computed before `piece` and read by it or a later one, in the order of definition; the function's tensors
  /// for the first. Other arguments go to every piece.
  SmallVector<Value> liveInto(int64_t piece) const {
    SmallVector<Value> values;
    auto consider = [&](Value value) {
      bool isRead = llvm::any_of(value.getUsers(), [&](Operation *user) {
        Operation *top = block.findAncestorOpInBlock(*user);
        return !isa<tensor::DimOp>(top) && pieceOf(top) >= piece;
      });
      if (isRead || (piece == begins() && isa<BlockArgument>(value)))
        values.push_back(value);
    };
    for (BlockArgument argument : block.getArguments())
      if (isa<TensorType>(argument.getType()))
        consider(argument);
    for (Operation &op : block)
      if (!isFree(&op) && pieceOf(&op) < piece)
        for (Value result : op.getResults())
          consider(result);
    return values;
  }

  /// Copies the operations that compute `value` and are free, as far as they are not there yet.
  Value materialize(Value value, IRMapping &mapping) {
    if (Value known = mapping.lookupOrNull(value))
      return known;
    Operation *op = value.getDefiningOp();
    assert(op && isFree(op) && "all other values are arguments or in the piece");
    if (auto dim = dyn_cast<tensor::DimOp>(op)) {
      // In a model every dynamic size is the number of tokens.
      auto type = cast<RankedTensorType>(dim.getSource().getType());
      std::optional<int64_t> index = dim.getConstantIndex();
      Value size = index && !type.isDynamicDim(*index)
                       ? arith::ConstantIndexOp::create(builder, op->getLoc(), type.getDimSize(*index)).getResult()
                       : tokens;
      mapping.map(value, size);
      return size;
    }
    for (Value operand : op->getOperands())
      materialize(operand, mapping);
    builder.clone(*op, mapping);
    return mapping.lookup(value);
  }

  void build(int64_t piece) {
    ArrayRef<Value> inputs = live[piece - begins()], wanted = live[piece - begins() + 1];
    SmallVector<Value> arguments(inputs), results;
    for (BlockArgument argument : block.getArguments())
      if (!isa<TensorType>(argument.getType()))
        arguments.push_back(argument);
    SmallVector<int64_t> next;
    for (Value value : wanted) {
      const auto *passed = llvm::find(inputs, value);
      next.push_back(passed != inputs.end() ? -1 - (passed - inputs.begin()) : int64_t(results.size()));
      if (passed == inputs.end())
        results.push_back(value);
    }
    builder.setInsertionPoint(function);
    auto type = builder.getFunctionType(ValueRange(arguments).getTypes(), ValueRange(results).getTypes());
    std::string name = "piece" + std::to_string(firstPiece + piece - begins());
    auto created = func::FuncOp::create(builder, function.getLoc(), name, type);
    created->setAttr("halftone.piece", describe(piece, inputs, next));
    IRMapping mapping;
    mapping.map(arguments, created.addEntryBlock()->getArguments());
    builder.setInsertionPointToStart(&created.front());
    tokens = tensor::DimOp::create(builder, function.getLoc(), created.getArgument(0), 0);
    for (Operation &op : block)
      if (!isFree(&op) && pieceOf(&op) == piece)
        copy(op, mapping);
    if (piece != lastPiece()) {
      SmallVector<Value> returned = llvm::map_to_vector(results, [&](Value v) { return mapping.lookup(v); });
      func::ReturnOp::create(builder, function.getLoc(), returned);
    } else if (results.size() != wanted.size()) {
      // What the last piece passes on is not returned.
      created.front().getTerminator()->setOperands(
          llvm::map_to_vector(results, [&](Value v) { return mapping.lookup(v); }));
    }
  }

  void copy(Operation &op, IRMapping &mapping) {
    llvm::SetVector<Value> used(op.operand_begin(), op.operand_end());
    for (Region &region : op.getRegions())
      getUsedValuesDefinedAbove(region, used);
    for (Value value : used)
      materialize(value, mapping);
    builder.clone(op, mapping);
  }

  /// What a driver must know of the piece: see the pass's description.
  DictionaryAttr describe(int64_t piece, ArrayRef<Value> inputs, ArrayRef<int64_t> next) {
    SmallVector<NamedAttribute> fields{builder.getNamedAttr("next", builder.getDenseI64ArrayAttr(next))};
    if (piece > 0) {
      const Group &group = groups[piece - 1];
      SmallVector<Attribute> weights;
      SmallVector<int64_t> residuals;
      for (const Product &product : group.products) {
        weights.push_back(builder.getStringAttr(weightName(product.weights)));
        residuals.push_back(residualOf(product, inputs));
      }
      fields.push_back(
          builder.getNamedAttr("input", builder.getI64IntegerAttr(llvm::find(inputs, group.input) - inputs.begin())));
      fields.push_back(builder.getNamedAttr("weights", builder.getArrayAttr(weights)));
      fields.push_back(builder.getNamedAttr("residuals", builder.getDenseI64ArrayAttr(residuals)));
      if (std::string gain = gainOf(group); !gain.empty())
        fields.push_back(builder.getNamedAttr("gain", builder.getStringAttr(gain)));
    }
    return builder.getDictionaryAttr(fields);
  }

  /// The tensor's name of the gain of a norm that nothing but the group's products reads, or nothing.
  static std::string gainOf(const Group &group) {
    auto norm = group.input.getDefiningOp<nn::RmsNormOp>();
    bool isRead = llvm::any_of(group.input.getUsers(), [&](Operation *user) {
      return llvm::none_of(group.products, [&](const Product &product) { return product.op == user; });
    });
    if (!norm || isRead || !isWeightChain(norm.getGain()))
      return "";
    // A gain that went into the weights behind is a constant.
    return norm.getGain().getDefiningOp<arith::ConstantOp>() ? "" : weightName(norm.getGain());
  }

  /// The sum, where the only use of a product adds a bias to it, or the product.
  static Value withBias(Value result) {
    auto sum = result.hasOneUse() ? dyn_cast<linalg::GenericOp>(*result.getUsers().begin()) : linalg::GenericOp();
    bool isBias = sum && sum.getNumDpsInputs() == 2 && sum.getDpsInputs()[0] == result &&
                  isWeightChain(sum.getDpsInputs()[1]) && isa<arith::AddFOp>(sum.getBody()->front());
    return isBias ? sum.getResult(0) : result;
  }

  /// The input of the piece that the product's only use adds to it, behind a bias if there is one, or -1.
  static int64_t residualOf(const Product &product, ArrayRef<Value> inputs) {
    Value result = withBias(product.op->getResult(0));
    auto add = result.hasOneUse() ? dyn_cast<linalg::AddOp>(*result.getUsers().begin()) : linalg::AddOp();
    if (!add || add.getInputs().size() != 2)
      return -1;
    Value other = add.getInputs()[add.getInputs()[0] == result ? 1 : 0];
    const auto *found = llvm::find(inputs, other);
    return other == result || found == inputs.end() ? -1 : found - inputs.begin();
  }

  func::FuncOp function;
  Block &block;
  int64_t firstPiece;
  OpBuilder builder;
  SmallVector<Group> groups;
  llvm::DenseMap<Operation *, int64_t> pieces;
  SmallVector<SmallVector<Value>> live; ///< into each piece, and what the function returns
  Value tokens;                         ///< of the piece in hand
};

struct CutAtProducts : halftone::impl::HalftoneCutAtProductsBase<CutAtProducts> {
  using Base::Base;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto body = module.lookupSymbol<func::FuncOp>("body"), head = module.lookupSymbol<func::FuncOp>("head");
    if (!body || !head || body.isExternal() || head.isExternal() || head.getNumArguments() != 1 ||
        body.getResultTypes() != head.getArgumentTypes()) {
      module.emitError(
          "a model has a function 'body' and a function 'head' that takes its result; this module has not");
      return signalPassFailure();
    }
    int64_t pieces = 0;
    for (func::FuncOp function : {body, head}) {
      FailureOr<int64_t> added = Cutter(function, pieces).cut();
      if (failed(added))
        return signalPassFailure();
      pieces += *added;
    }
    body.erase();
    head.erase();
    module->removeAttr("halftone.model");
  }
};

} // namespace
