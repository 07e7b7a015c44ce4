//===- NnEnums.td - Enumerations of the nn dialect -----------*- tablegen -*-===//
#ifndef HALFTONE_DIALECTS_NN_IR_NNENUMS_TD
#define HALFTONE_DIALECTS_NN_IR_NNENUMS_TD

include "mlir/IR/EnumAttr.td"

def Nn_ActivationKind : I32Enum<"ActivationKind", "a non-linear function", [
  I32EnumCase<"Silu", 0, "silu">
]> {
  let cppNamespace = "::halftone::nn";
}

def Nn_ObservedValue : I32Enum<"ObservedValue", "what is observed of a product and of the sum that it ends in", [
  I32EnumCase<"Input", 0, "input">,
  I32EnumCase<"Output", 1, "output">,
  I32EnumCase<"Residual", 2, "residual">,
  I32EnumCase<"Sum", 3, "sum">
]> {
  let cppNamespace = "::halftone::nn";
}

#endif // HALFTONE_DIALECTS_NN_IR_NNENUMS_TD
