//===- LowbitInterfaces.td - What all formats answer ---------*- tablegen -*-===//
#ifndef HALFTONE_DIALECTS_LOWBIT_IR_LOWBITINTERFACES_TD
#define HALFTONE_DIALECTS_LOWBIT_IR_LOWBITINTERFACES_TD

include "mlir/IR/Interfaces.td"

def Lowbit_FormatTypeInterface : TypeInterface<"FormatTypeInterface"> {
  let cppNamespace = "::halftone::lowbit";
  let description = [{
    The questions that passes ask a number format. They talk to this interface, not to a list of types.
  }];
  let methods = [
    InterfaceMethod<[{
        Exact bits per element of a `rows` x `cols` matrix in this format, with all scales counted.
      }], "double", "getBitsPerElement", (ins "int64_t":$rows, "int64_t":$cols)>,
    InterfaceMethod<[{
        The plain tensors that a matrix of this format and of shape `[rows, cols]` consists of: the operands of
        `lowbit.assemble` in order.
      }], "::llvm::SmallVector<::halftone::lowbit::StorageComponent>", "getStorage",
      (ins "::llvm::ArrayRef<int64_t>":$shape)>,
    InterfaceMethod<"The float type that an element stands for.", "::mlir::Type", "getExpressedType", (ins)>,
    InterfaceMethod<"Elements that share a scale; 0: the whole row.", "int64_t", "getGroup", (ins)>,
    InterfaceMethod<"The format for code that knows no MLIR; solver fields have their defaults.",
      "::halftone::Format", "getFormat", (ins)>
  ];
}

/// Any low-bit format.
def Lowbit_AnyFormat : Type<CPred<"::llvm::isa<::halftone::lowbit::FormatTypeInterface>($_self)">,
                            "low-bit format">;

#endif // HALFTONE_DIALECTS_LOWBIT_IR_LOWBITINTERFACES_TD
