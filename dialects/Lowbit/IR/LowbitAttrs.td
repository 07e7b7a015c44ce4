//===- LowbitAttrs.td - Attributes of the lowbit dialect -----*- tablegen -*-===//
#ifndef HALFTONE_DIALECTS_LOWBIT_IR_LOWBITATTRS_TD
#define HALFTONE_DIALECTS_LOWBIT_IR_LOWBITATTRS_TD

include "dialects/Lowbit/IR/LowbitDialect.td"
include "dialects/Lowbit/IR/LowbitEnums.td"
include "mlir/IR/AttrTypeBase.td"

def Lowbit_SolverAttr : EnumAttr<LowbitDialect, Lowbit_Solver, "solver">;
def Lowbit_ActivationsAttr : EnumAttr<LowbitDialect, Lowbit_Activations, "activations">;
def Lowbit_StrategyAttr : EnumAttr<LowbitDialect, Lowbit_Strategy, "strategy">;
def Lowbit_PackLayoutAttr : EnumAttr<LowbitDialect, Lowbit_PackLayout, "layout">;

#endif // HALFTONE_DIALECTS_LOWBIT_IR_LOWBITATTRS_TD
