//===- DestinationStyle.td - Base of ops on tensors or buffers -*- tablegen -*-===//
//
// The compute ops of `lowbit` and `nn` share one shape: `ins(...) outs(...)`,
// on tensors (value semantics, one result per output) or on memrefs (no
// results, the outputs are written).
//
//===----------------------------------------------------------------------===//
#ifndef HALFTONE_DIALECTS_COMMON_DESTINATIONSTYLE_TD
#define HALFTONE_DIALECTS_COMMON_DESTINATIONSTYLE_TD

include "mlir/IR/CommonTypeConstraints.td"
include "mlir/IR/OpBase.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

/// A tensor or a buffer with one of the element types and the given rank.
class TensorOrBuffer<list<Type> elements, int rank>
    : AnyTypeOf<[TensorRankOf<elements, [rank]>, MemRefRankOf<elements, [rank]>],
                rank # "D tensor or memref of " #
                !interleave(!foreach(t, elements, t.summary), " or ") # " values",
                "::mlir::ShapedType">;

def F32Vector : TensorOrBuffer<[F32], 1>;
def F32Matrix : TensorOrBuffer<[F32], 2>;
def I8Vector : TensorOrBuffer<[I8], 1>;
def I8Matrix : TensorOrBuffer<[I8], 2>;
def I32Vector : TensorOrBuffer<[I32], 1>;
def I32Matrix : TensorOrBuffer<[I32], 2>;

/// Base of all destination-passing ops. `initNames` are the operands after
/// `outs`, which must be the last ones.
class DestinationStyleOp<Dialect dialect, string mnemonic, list<string> initNames, list<Trait> traits = []>
    : Op<dialect, mnemonic,
         !listconcat([DestinationStyleOpInterface, DeclareOpInterfaceMethods<MemoryEffectsOpInterface>], traits)> {
  code dpsDeclaration = [{
    /// The operands after `outs`.
    ::mlir::MutableOperandRange getDpsInitsMutable() {
      constexpr unsigned count = }] # !cast<string>(!size(initNames)) # [{;
      return ::mlir::MutableOperandRange(getOperation(), getOperation()->getNumOperands() - count, count);
    }
  }];
  code dpsDefinition = [{
    void $cppClass::getEffects(
        ::llvm::SmallVectorImpl<::mlir::SideEffects::EffectInstance<::mlir::MemoryEffects::Effect>> &effects) {
      ::halftone::dps::getEffects(*this, effects);
    }
  }];
  let extraClassDeclaration = dpsDeclaration;
  let extraClassDefinition = dpsDefinition;
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let hasVerifier = 1;
}

#endif // HALFTONE_DIALECTS_COMMON_DESTINATIONSTYLE_TD
