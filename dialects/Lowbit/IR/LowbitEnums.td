//===- LowbitEnums.td - Enumerations of the lowbit dialect ---*- tablegen -*-===//
#ifndef HALFTONE_DIALECTS_LOWBIT_IR_LOWBITENUMS_TD
#define HALFTONE_DIALECTS_LOWBIT_IR_LOWBITENUMS_TD

include "mlir/IR/EnumAttr.td"

class Lowbit_Enum<string name, string summary, list<EnumCase> cases> : I32Enum<name, summary, cases> {
  let cppNamespace = "::halftone::lowbit";
}

def Lowbit_ScaleKind : Lowbit_Enum<"ScaleKind", "scales of binary-coded weights", [
  I32EnumCase<"TwoLevel", 0, "two_level">,
  I32EnumCase<"Plane", 1, "plane">
]>;

def Lowbit_TernaryScaleKind : Lowbit_Enum<"TernaryScaleKind", "scales of ternary weights", [
  I32EnumCase<"Shared", 0, "shared">,
  I32EnumCase<"PerSign", 1, "per_sign">
]>;

def Lowbit_Offset : Lowbit_Enum<"Offset", "what is added to the planes of binary-coded weights", [
  I32EnumCase<"None", 0, "none">,
  I32EnumCase<"PerGroup", 1, "per_group">
]>;

def Lowbit_IntRange : Lowbit_Enum<"IntRange", "range of uniform integers", [
  I32EnumCase<"Symmetric", 0, "symmetric">,
  I32EnumCase<"Asymmetric", 1, "asymmetric">
]>;

def Lowbit_IntScale : Lowbit_Enum<"IntScale", "precision of the scales of uniform integers", [
  I32EnumCase<"F16", 0, "f16">,
  I32EnumCase<"F32", 1, "f32">
]>;

def Lowbit_IntScope : Lowbit_Enum<"IntScope", "what shares a scale of uniform integers", [
  I32EnumCase<"Group", 0, "group">,
  I32EnumCase<"Tensor", 1, "tensor">
]>;

def Lowbit_VsqElement : Lowbit_Enum<"VsqElement", "elements of vectors with a scale", [
  I32EnumCase<"Signed", 0, "signed">,
  I32EnumCase<"Unsigned", 1, "unsigned">,
  I32EnumCase<"E2M1", 2, "e2m1">
]>;

def Lowbit_VsqScale : Lowbit_Enum<"VsqScale", "scales of vectors", [
  I32EnumCase<"Integer", 0, "integer">,
  I32EnumCase<"Float", 1, "float">,
  I32EnumCase<"E8M0", 2, "e8m0">,
  I32EnumCase<"E4M3", 3, "e4m3">
]>;

def Lowbit_Axis : Lowbit_Enum<"Axis", "what is numbered along a matrix", [
  I32EnumCase<"Columns", 0, "columns">,
  I32EnumCase<"Rows", 1, "rows">
]>;

def Lowbit_Solver : Lowbit_Enum<"Solver", "how codes and scales are found", [
  I32EnumCase<"Greedy", 0, "greedy">,
  I32EnumCase<"Refined", 1, "refined">,
  I32EnumCase<"Alternating", 2, "alternating">
]>;

def Lowbit_Activations : Lowbit_Enum<"Activations", "precision of the activations in a product", [
  I32EnumCase<"F32", 0, "f32">,
  I32EnumCase<"I8", 1, "i8">,
  I32EnumCase<"B1", 2, "b1">,
  I32EnumCase<"B2", 3, "b2">,
  I32EnumCase<"B3", 4, "b3">,
  I32EnumCase<"B4", 5, "b4">,
  I32EnumCase<"B5", 6, "b5">,
  I32EnumCase<"B6", 7, "b6">,
  I32EnumCase<"B7", 8, "b7">,
  I32EnumCase<"B8", 9, "b8">,
  I32EnumCase<"I16", 10, "i16">,
  I32EnumCase<"Static", 11, "static">
]>;

def Lowbit_Strategy : Lowbit_Enum<"Strategy", "kernel of a product", [
  I32EnumCase<"Auto", 0, "auto">,
  I32EnumCase<"Lut", 1, "lut">,
  I32EnumCase<"Dot", 2, "dot">,
  I32EnumCase<"Dequant", 3, "dequant">,
  I32EnumCase<"Popcount", 4, "popcount">
]>;

def Lowbit_PackLayout : Lowbit_Enum<"PackLayout", "byte layout of packed weights", [
  I32EnumCase<"Rows16", 0, "rows16">,
  I32EnumCase<"Rows64", 1, "rows64">,
  I32EnumCase<"Float16", 2, "float16">,
  I32EnumCase<"Trits16", 3, "trits16">,
  I32EnumCase<"Trits64", 4, "trits64">
]>;

#endif // HALFTONE_DIALECTS_LOWBIT_IR_LOWBITENUMS_TD
