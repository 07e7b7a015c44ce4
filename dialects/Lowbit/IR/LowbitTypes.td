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

def Lowbit_OffsetParameter : EnumParameter<Lowbit_Offset> {
  let defaultValue = "::halftone::lowbit::Offset::None";
}

def Lowbit_IntRangeParameter : EnumParameter<Lowbit_IntRange> {
  let defaultValue = "::halftone::lowbit::IntRange::Symmetric";
}

def Lowbit_IntScaleParameter : EnumParameter<Lowbit_IntScale> {
  let defaultValue = "::halftone::lowbit::IntScale::F16";
}

def Lowbit_IntScopeParameter : EnumParameter<Lowbit_IntScope> {
  let defaultValue = "::halftone::lowbit::IntScope::Group";
}

def Lowbit_BcqType : Lowbit_Type<"Bcq", "bcq"> {
  let summary = "binary-coded weights: a sum of scaled planes of +1 and -1";
  let description = [{
    With `scale = two_level` (the default, not printed) an element of group G of a row is

        s(row, G) * (m_0 b_0 + ... + m_{q-1} b_{q-1}),    b_p = +1 or -1

    with one half-precision scale s and one integer multiplier m_p >= 0 per plane, sum of m_p <= 127, so that every
    element is the scale times an int8. With `scale = plane` every plane has its own half-precision scale:

        s_0(row, G) b_0 + ... + s_{q-1}(row, G) b_{q-1}

    With `offset = per_group` a number is added that the group shares: s(row, G) * z(row, G) with an integer z of
    magnitude 127 at most, or a half-precision z(row, G) with plane scales. Then any uniform quantizer of up to 7 bits
    is a two-level BCQ (`lowbit.convert`): s (u - p) = s/2 (sum of 2^i b_i + 2^q - 1 - 2p).

    Example: scale 0.01 and multipliers 70, 40, 15 with the bits + - + give 0.01 * (70 - 40 + 15) = 0.45.
  }];
  let parameters = (ins
    TypeParameter<"unsigned", "number of planes, 1..8">:$planes,
    Lowbit_GroupParameter:$group,
    Lowbit_ScaleKindParameter:$scale,
    Lowbit_OffsetParameter:$offset
  );
}

def Lowbit_BinaryType : Lowbit_Type<"Binary", "binary"> {
  let summary = "one plane of +1 and -1 with one scale per group";
  let description = [{
    An element is s(row, group) * (+1 or -1), with the mean magnitude of the group as scale. The same numbers as
    `!lowbit.bcq<planes = 1, group = g, scale = plane>`, but with integers, so that all strategies compute the same bits.
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
  let summary = "uniform integers with a scale, and perhaps a zero point, per group or tensor";
  let description = [{
    An element is s(row, group) * v with an integer v in -(2^(bits-1) - 1) .. 2^(bits-1) - 1 (round to nearest).
    With `range = asymmetric` it is s(row, group) * (u - p(row, group)) with u and the zero point p in
    0 .. 2^bits - 1. With `scope = tensor` (then `group = 0`) there is one s and one p. `scale = f32` keeps the scales
    in 32 bits, otherwise they are half precision. Unlike `!quant.uniform`, scales and zero points are values, not
    constants inside the type; `quant-to-lowbit` and `lowbit-to-quant` go from one to the other.
    
    Example: scale 0.5, zero point 3 and 4 bits give -1.5, -1, ..., 6.
  }];
  let parameters = (ins
    TypeParameter<"unsigned", "bits of an element, 2..8">:$bits,
    Lowbit_GroupParameter:$group,
    Lowbit_IntRangeParameter:$range,
    Lowbit_IntScaleParameter:$scale,
    Lowbit_IntScopeParameter:$scope
  );
}

def Lowbit_VsqType : Lowbit_Type<"Vsq", "vsq"> {
  let summary = "small integers or floats with a small scale per vector (VS-Quant, MXFP4, NVFP4)";
  let description = [{
    An element of vector j of a row is gamma(row) * m(row, j) * v with an integer v in -(2^(bits-1) - 1) ..
    2^(bits-1) - 1, an unsigned integer m in 1 .. 2^scale_bits - 1 per `vector` consecutive elements (the last vector
    may be short), and a 32-bit float gamma per row (arXiv 2102.04503). With 8-bit activations a product is a sum of
    integers and one float multiplication per row.

    `element = unsigned` has v in 0 .. 2^bits - 1; with `scale = float` (and scale_bits = 32) a vector has a 32-bit float
    and the row none. The small floats of the OCP Microscaling Formats and of NVIDIA are two more of this kind, and
    nothing in between is:

    * MXFP4, `<bits = 4, vector = 32, scale_bits = 8, element = e2m1, scale = e8m0>`: an element is 2^(c - 127) * v with
      v = 0, 0.5, 1, 1.5, 2, 3, 4 or 6 and a sign.
    * NVFP4, `<bits = 4, vector = 16, scale_bits = 8, element = e2m1, scale = e4m3>`: a vector's scale is an E4M3 number,
      the tensor has a 32-bit float.

    Twice an E2M1 number is an integer, so that with 8-bit activations the sum of a vector is exact, too.
  }];
  let parameters = (ins
    TypeParameter<"unsigned", "bits of an element, 2..8">:$bits,
    TypeParameter<"int64_t", "elements that share an integer scale, 8..128">:$vector,
    TypeParameter<"unsigned", "bits of the scale of a vector: integer 3..10, float 32, else 8">:$scale_bits,
    Lowbit_VsqElementParameter:$element,
    Lowbit_VsqScaleParameter:$scale
  );
}

def Lowbit_GroupedType : TypeDef<LowbitDialect, "Grouped"> {
  let mnemonic = "grouped";
  let summary = "unsigned integers with a scale and a zero point per group of dimensions, for activations";
  let description = [{
    An element of dimension j of an activation [tokens][d] is s(G) * (q - z(G)) with an integer q in 0 .. 2^bits - 1.
    The d dimensions are cut into `groups` groups of equal size; scale s and zero point z of a group G hold for all
    tokens. One group is the usual quantization per tensor, d groups are one per dimension (per-embedding-group
    quantization, arXiv 2109.12948). Dimensions with ranges of like size should be neighbours, see
    `halftone-permute-channels`. No format of weights: it is not an element type of matrices, but what
    `lowbit.requantize` rounds to.

    Example: the range -1 .. 3 at 8 bits has s = 4 / 255 and z = 64.
  }];
  let parameters = (ins
    TypeParameter<"unsigned", "bits of an element, 2..16">:$bits,
    TypeParameter<"int64_t", "groups of the last dimension, at least 1">:$groups
  );
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

#endif // HALFTONE_DIALECTS_LOWBIT_IR_LOWBITTYPES_TD
