//===- NnEnums.td - Enumerations of the nn dialect -----------*- tablegen -*-===//
#ifndef HALFTONE_DIALECTS_NN_IR_NNENUMS_TD
#define HALFTONE_DIALECTS_NN_IR_NNENUMS_TD

include "mlir/IR/EnumAttr.td"

def Nn_ActivationKind : I32Enum<"ActivationKind", "a non-linear function", [
  I32EnumCase<"Silu", 0, "silu">
]> {
  let cppNamespace = "::halftone::nn";
}

#endif // HALFTONE_DIALECTS_NN_IR_NNENUMS_TD
