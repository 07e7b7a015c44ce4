//===- LowbitTypes.td - Number formats -----------------------*- tablegen -*-===//
#ifndef HALFTONE_DIALECTS_LOWBIT_IR_LOWBITTYPES_TD
#define HALFTONE_DIALECTS_LOWBIT_IR_LOWBITTYPES_TD

include "dialects/Lowbit/IR/LowbitDialect.td"
include "dialects/Lowbit/IR/LowbitEnums.td"
include "dialects/Lowbit/IR/LowbitInterfaces.td"
include "mlir/IR/AttrTypeBase.td"

/// A number format: an element type of tensors.
class Lowbit_Type<string name, string typeMnemonic>
    : TypeDef<LowbitDialect, name,
              [DeclareTypeInterfaceMethods<
                  Lowbit_FormatTypeInterface,
                  ["getBitsPerElement", "getStorage", "getExpressedType", "getGroup", "getFormat"]>]> {
  let mnemonic = typeMnemonic;
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

def Lowbit_GroupParameter : TypeParameter<"int64_t", "elements that share a scale; 0: the whole row">;

def Lowbit_ScaleKindParameter : EnumParameter<Lowbit_ScaleKind> {
  let defaultValue = "::halftone::lowbit::ScaleKind::TwoLevel";
}

def Lowbit_TernaryScaleKindParameter : EnumParameter<Lowbit_TernaryScaleKind> {
  let defaultValue = "::halftone::lowbit::TernaryScaleKind::Shared";
}

def Lowbit_BcqType : Lowbit_Type<"Bcq", "bcq"> {
  let summary = "binary-coded weights: a sum of scaled planes of +1 and -1";
  let description = [{
    With `scale = two_level` (the default, not printed) an element of group G of a row is

        s(row, G) * (m_0 b_0 + ... + m_{q-1} b_{q-1}),    b_p = +1 or -1

    with one half-precision scale s and one integer multiplier m_p >= 0 per plane, sum of m_p <= 127, so that every
    element is the scale times an int8. With `scale = plane` every plane has its own half-precision scale:

        s_0(row, G) b_0 + ... + s_{q-1}(row, G) b_{q-1}

    Example: scale 0.01 and multipliers 70, 40, 15 with the bits + - + give 0.01 * (70 - 40 + 15) = 0.45.
  }];
  let parameters = (ins
    TypeParameter<"unsigned", "number of planes, 1..8">:$planes,
    Lowbit_GroupParameter:$group,
    Lowbit_ScaleKindParameter:$scale
  );
}

def Lowbit_BinaryType : Lowbit_Type<"Binary", "binary"> {
  let summary = "one plane of +1 and -1 with one scale per group";
  let description = [{
    An element is s(row, group) * (+1 or -1). The same numbers as `!lowbit.bcq<planes = 1, group = g, scale = plane>`.
  }];
  let parameters = (ins Lowbit_GroupParameter:$group);
}

def Lowbit_TernaryType : Lowbit_Type<"Ternary", "ternary"> {
  let summary = "-s, 0, +s with one scale s per group, or -s, 0, +t with two";
  let description = [{
    An element is s(row, group) * (-1, 0 or +1), stored as a code of two bits: 0, 1, 2 for -1, 0, +1. With
    `scale = per_sign` (the default `shared` is not printed) +1 and -1 have half-precision scales of their own, as in
    trained ternary quantization (arXiv 1612.01064): the elements are -s_1(row, group), 0 and +s_0(row, group).

    Example: scales 0.5 and 0.25 and the codes 2, 1, 0 give 0.5, 0 and -0.25.
  }];
  let parameters = (ins Lowbit_GroupParameter:$group, Lowbit_TernaryScaleKindParameter:$scale);
}

def Lowbit_IntType : Lowbit_Type<"Int", "int"> {
  let summary = "symmetric integers with one half-precision scale per group";
  let description = [{
    An element is s(row, group) * v with an integer v in -(2^(bits-1) - 1) .. 2^(bits-1) - 1 (round to nearest).
    Unlike `!quant.uniform`, the scales are values in half precision, not constants inside the type.
  }];
  let parameters = (ins
    TypeParameter<"unsigned", "bits of an element, 2..8">:$bits,
    Lowbit_GroupParameter:$group
  );
}

def Lowbit_VsqType : Lowbit_Type<"Vsq", "vsq"> {
  let summary = "symmetric integers with an integer scale per vector and a float scale per row (VS-Quant)";
  let description = [{
    An element of vector j of a row is gamma(row) * m(row, j) * v with an integer v in -(2^(bits-1) - 1) ..
    2^(bits-1) - 1, an unsigned integer m in 1 .. 2^scale_bits - 1 per `vector` consecutive elements (the last vector
    may be short), and a 32-bit float gamma per row (arXiv 2102.04503). With 8-bit activations a product is a sum of
    integers and one float multiplication per row.
  }];
  let parameters = (ins
    TypeParameter<"unsigned", "bits of an element, 2..8">:$bits,
    TypeParameter<"int64_t", "elements that share an integer scale, 8..128">:$vector,
    TypeParameter<"unsigned", "bits of the scale of a vector, 3..8">:$scale_bits
  );
}

#endif // HALFTONE_DIALECTS_LOWBIT_IR_LOWBITTYPES_TD
