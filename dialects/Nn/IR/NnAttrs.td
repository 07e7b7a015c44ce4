//===- NnAttrs.td - Attributes of the nn dialect -------------*- tablegen -*-===//
#ifndef HALFTONE_DIALECTS_NN_IR_NNATTRS_TD
#define HALFTONE_DIALECTS_NN_IR_NNATTRS_TD

include "dialects/Nn/IR/NnDialect.td"
include "dialects/Nn/IR/NnEnums.td"
include "mlir/IR/AttrTypeBase.td"

def Nn_ActivationKindAttr : EnumAttr<NnDialect, Nn_ActivationKind, "activation">;
def Nn_ObservedValueAttr : EnumAttr<NnDialect, Nn_ObservedValue, "observed">;

#endif // HALFTONE_DIALECTS_NN_IR_NNATTRS_TD
