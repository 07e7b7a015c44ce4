//===- LowbitAttrs.td - Attributes of the lowbit dialect -----*- tablegen -*-===//
#ifndef HALFTONE_DIALECTS_LOWBIT_IR_LOWBITATTRS_TD
#define HALFTONE_DIALECTS_LOWBIT_IR_LOWBITATTRS_TD

include "dialects/Lowbit/IR/LowbitDialect.td"
include "dialects/Lowbit/IR/LowbitEnums.td"
include "mlir/IR/AttrTypeBase.td"

def Lowbit_AxisAttr : EnumAttr<LowbitDialect, Lowbit_Axis, "axis">;
def Lowbit_SolverAttr : EnumAttr<LowbitDialect, Lowbit_Solver, "solver">;
def Lowbit_ActivationsAttr : EnumAttr<LowbitDialect, Lowbit_Activations, "activations">;
def Lowbit_StrategyAttr : EnumAttr<LowbitDialect, Lowbit_Strategy, "strategy">;
def Lowbit_PackLayoutAttr : EnumAttr<LowbitDialect, Lowbit_PackLayout, "layout">;

def Lowbit_VsqElementAttr : EnumAttr<LowbitDialect, Lowbit_VsqElement, "vsq_element">;
def Lowbit_VsqScaleAttr : EnumAttr<LowbitDialect, Lowbit_VsqScale, "vsq_scale">;

def Lowbit_TileAttr : AttrDef<LowbitDialect, "Tile"> {
  let mnemonic = "tile";
  let summary = "how a dot kernel divides its work";
  let description = [{
    `blocks`: blocks of 16 rows side by side, with one column. `columns`: columns that an unpacked weight serves, with
    several. `fast_u`: the largest unsigned byte that the target multiplies without extra work: 255 with a four-way dot
    product of bytes, 127 where both sides are signed, 16 where many products are added in 16 bits. `column_pairs`: with
    several columns, two at a time are multiplied by 2x8 times 8x2 bytes (`simd.dot8x2`). No value changes a result.

    ```mlir
    #lowbit.tile<blocks = 1, columns = 4, fast_u = 16>
    ```
  }];
  let parameters = (ins
    DefaultValuedParameter<"int64_t", "2">:$blocks,
    DefaultValuedParameter<"int64_t", "8">:$columns,
    DefaultValuedParameter<"int64_t", "255">:$fast_u,
    DefaultValuedParameter<"bool", "false">:$column_pairs
  );
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

def Lowbit_VsqElementParameter : EnumParameter<Lowbit_VsqElement> {
  let defaultValue = "::halftone::lowbit::VsqElement::Signed";
}

def Lowbit_VsqScaleParameter : EnumParameter<Lowbit_VsqScale> {
  let defaultValue = "::halftone::lowbit::VsqScale::Integer";
}

def Lowbit_ActivationVectorsAttr : AttrDef<LowbitDialect, "ActivationVectors"> {
  let mnemonic = "activation_vectors";
  let summary = "two-level scales of activations";
  let description = [{
    Activations have an unsigned integer scale of `scale_bits` bits (3 to 10) per `vector` elements (8 to 128) and a
    float per token, as VS-Quant has them (arXiv 2102.04503). `product_bits`: the product of a scale with that of the
    weights is rounded to so many bits (1 to 20; 0: it is exact). With `element = unsigned` elements are not negative,
    and negative activations count as 0. With `scale = float` (and `scale_bits` = 32) a vector has a float and the token
    none.

    ```mlir
    #lowbit.activation_vectors<vector = 16, scale_bits = 4>
    ```
  }];
  let parameters = (ins "int64_t":$vector, "unsigned":$scale_bits,
                        DefaultValuedParameter<"unsigned", "0">:$product_bits,
                        Lowbit_VsqElementParameter:$element, Lowbit_VsqScaleParameter:$scale);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

#endif // HALFTONE_DIALECTS_LOWBIT_IR_LOWBITATTRS_TD
