//===- LowbitOps.td - Operations of the lowbit dialect -------*- tablegen -*-===//
//
// The root of the dialect's tablegen files.
//
//===----------------------------------------------------------------------===//
#ifndef HALFTONE_DIALECTS_LOWBIT_IR_LOWBITOPS_TD
#define HALFTONE_DIALECTS_LOWBIT_IR_LOWBITOPS_TD

include "dialects/Common/DestinationStyle.td"
include "dialects/Lowbit/IR/LowbitAttrs.td"
include "dialects/Lowbit/IR/LowbitDialect.td"
include "dialects/Lowbit/IR/LowbitInterfaces.td"
include "dialects/Lowbit/IR/LowbitTypes.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/IR/RegionKindInterface.td"
include "mlir/IR/SymbolInterfaces.td"

class Lowbit_Op<string mnemonic, list<Trait> traits = []> : Op<LowbitDialect, mnemonic, traits>;

class Lowbit_DpsOp<string mnemonic, list<string> initNames>
    : DestinationStyleOp<LowbitDialect, mnemonic, initNames>;

/// A matrix of a low-bit format.
def Lowbit_Quantized : TensorRankOf<[Lowbit_AnyFormat], [2]>;
def Lowbit_FloatTensor : TensorRankOf<[F32], [2]>;
/// Packed weights.
def Lowbit_Bytes : RankedTensorOf<[I8], [HasStaticShapePred, HasAnyRankOfPred<[1]>], "1D statically shaped tensor">;
/// The weights of a product: quantized (tensors only) or float.
def Lowbit_Weights
    : AnyTypeOf<[TensorRankOf<[F32, Lowbit_AnyFormat], [2]>, MemRefRankOf<[F32], [2]>],
                "2D tensor of low-bit or 32-bit float values, or 2D memref of 32-bit float values",
                "::mlir::ShapedType">;
/// A format of activations.
def Lowbit_AnyGrouped : DialectType<LowbitDialect, CPred<"::llvm::isa<::halftone::lowbit::GroupedType>($_self)">,
                                    "grouped format of activations">;
/// The format of packed bytes: a low-bit type, or f32.
def Lowbit_FormatAttr : TypeAttrOf<AnyTypeOf<[F32, Lowbit_AnyFormat], "low-bit format or f32">>;

//===----------------------------------------------------------------------===//
// Weights by name
//===----------------------------------------------------------------------===//

def Lowbit_ExternalOp : Lowbit_Op<"external", [Pure]> {
  let summary = "a named float tensor of the module's weight file";
  let description = [{
    Stands for the tensor `name` of the safetensors file, or of the folder with safetensors files, that the module
    attribute `lowbit.externals` names. Half precision and bfloat16 in the file are widened to f32, exactly. The
    values are read only when an object is written.

    ```mlir
    module attributes { lowbit.externals = "model.safetensors" } {
      func.func @f(...) {
        %w = lowbit.external "model.layers.0.mlp.up_proj.weight" : tensor<172x64xf32>
    ```
  }];
  let arguments = (ins StrAttr:$tensor_name);
  let results = (outs StaticShapeTensorOf<[F32]>:$result);
  let assemblyFormat = "$tensor_name attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def Lowbit_GlobalOp : Lowbit_Op<"global", [Symbol, IsolatedFromAbove, SingleBlock, NoRegionArguments]> {
  let summary = "a weight of the module, as the chain of ops that computes it";
  let description = [{
    Names the bytes or floats that the chain in its region evaluates to at compile time. The chain is made of
    `lowbit.external`, `arith.constant`, `linalg.transpose` (with its `tensor.empty`), `lowbit.permute`,
    `lowbit.equalizer`, `lowbit.scale`, `lowbit.rotate`, `lowbit.quantize`, `lowbit.dequantize`, `lowbit.assemble`,
    `lowbit.disassemble`, `lowbit.pack` and `nn.rope_table`, and ends in `lowbit.yield`.
    `offset` is the position in bytes in the object's weight section; it is there once weights are placed.

    ```mlir
    lowbit.global "private" @up : tensor<3520xi8> {
      %w = lowbit.external "up" : tensor<172x64xf32>
      %q = lowbit.quantize %w : tensor<172x64xf32> -> tensor<172x64x!lowbit.ternary<group = 32>>
      %p = lowbit.pack %q layout(rows16)
             : tensor<172x64x!lowbit.ternary<group = 32>> -> tensor<3520xi8>
      lowbit.yield %p : tensor<3520xi8>
    }
    ```
  }];
  let arguments = (ins
    SymbolNameAttr:$sym_name,
    OptionalAttr<StrAttr>:$sym_visibility,
    TypeAttrOf<AnyStaticShapeTensor>:$type,
    OptionalAttr<I64Attr>:$offset
  );
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    ($sym_visibility^)? $sym_name `:` $type (`offset` `=` $offset^)? attr-dict-with-keyword $body
  }];
  let extraClassDeclaration = [{
    /// The type of the value that the chain yields.
    ::mlir::RankedTensorType getTensorType() { return ::llvm::cast<::mlir::RankedTensorType>(getType()); }
    /// The value at the end of the chain.
    ::mlir::Value getYielded();
  }];
  let builders = [
    OpBuilder<(ins "::llvm::StringRef":$name, "::mlir::RankedTensorType":$type)>
  ];
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
}

def Lowbit_YieldOp : Lowbit_Op<"yield", [Pure, Terminator, HasParent<"GlobalOp">]> {
  let summary = "ends the chain of a lowbit.global";
  let arguments = (ins AnyStaticShapeTensor:$value);
  let assemblyFormat = "$value attr-dict `:` type($value)";
}

def Lowbit_GetGlobalOp : Lowbit_Op<"get_global", [Pure, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "the value of a lowbit.global, or the read-only memory that holds it";
  let description = [{
    On tensors the value, after bufferization the memory. Writing to that memory is undefined.

    ```mlir
    %t = lowbit.get_global @up : tensor<3520xi8>
    %m = lowbit.get_global @up : memref<3520xi8>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$name);
  let results = (outs AnyTypeOf<[AnyStaticShapeTensor, AnyStaticShapeMemRef],
                                "statically shaped tensor or memref", "::mlir::ShapedType">:$result);
  let assemblyFormat = "$name attr-dict `:` type($result)";
}

def Lowbit_PermuteOp : Lowbit_Op<"permute", [Pure, AllTypesMatch<["source", "result"]>]> {
  let summary = "a float weight with one dimension in another order";
  let description = [{
    Entry i of dimension `dim` of the result is entry `order[i]` of the source. Evaluated when an object is written,
    so that a model whose channels are permuted costs nothing at run time.

    ```mlir
    %p = lowbit.permute %w dim = 1 order = [2, 0, 1] : tensor<8x3xf32>
    ```
  }];
  let arguments = (ins StaticShapeTensorOf<[F32]>:$source, I64Attr:$dim, DenseI64ArrayAttr:$order);
  let results = (outs StaticShapeTensorOf<[F32]>:$result);
  let assemblyFormat = "$source `dim` `=` $dim `order` `=` $order attr-dict `:` type($source)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

//===----------------------------------------------------------------------===//
// Changes of basis of float weights
//===----------------------------------------------------------------------===//

def Lowbit_FloatWeight : RankedTensorOf<[F32], [HasStaticShapePred, HasAnyRankOfPred<[1, 2]>],
                                        "1D or 2D statically shaped tensor of 32-bit floats">;

def Lowbit_EqualizerOp : Lowbit_Op<"equalizer", [Pure]> {
  let summary = "scales that make channels alike";
  let description = [{
    For channels j of some values between a layer and the matrices behind it, with the magnitudes a_j of the values and
    b_j of the weights that read them,

        s_j = a_j^alpha / b_j^beta,   divided by the geometric mean of all;   1 where a_j or b_j is 0

    a_j is the magnitude of entry j of `inputs`, or the largest of its row j. b_j is the largest magnitude in column j
    (`axis = columns`) or row j of all `weights`. Where these have `repeat` times as many, column c belongs to channel
    c / (repeat * block) * block + c mod block: `repeat` heads of `block` channels in a row share the channels of one.

    Values are divided by s, weights multiplied. With beta = 1 - alpha this is SmoothQuant, with beta = 0 AWQ.

    ```mlir
    %s = lowbit.equalizer %gain behind (%wq, %wk) columns alpha = 5.000000e-01 beta = 5.000000e-01
           : tensor<64xf32>, (tensor<64x64xf32>, tensor<32x64xf32>) -> tensor<64xf32>
    ```
  }];
  let arguments = (ins Lowbit_FloatWeight:$inputs, Variadic<Lowbit_FloatTensor>:$weights, Lowbit_AxisAttr:$axis,
                       F64Attr:$alpha, F64Attr:$beta, DefaultValuedAttr<I64Attr, "1">:$repeat,
                       DefaultValuedAttr<I64Attr, "1">:$block);
  let results = (outs Lowbit_FloatWeight:$result);
  let assemblyFormat = [{
    $inputs `behind` `(` $weights `)` $axis `alpha` `=` $alpha `beta` `=` $beta
    (`repeat` `=` $repeat^)? (`block` `=` $block^)? attr-dict `:` type($inputs) `,` `(` type($weights) `)` `->`
    type($result)
  }];
  let hasVerifier = 1;
}

def Lowbit_ScaleOp : Lowbit_Op<"scale", [Pure, AllTypesMatch<["source", "result"]>]> {
  let summary = "multiplies or divides the columns or rows of a float weight";
  let description = [{
    w'[r][c] = w[r][c] * s[c] for `columns`, w[r][c] * s[r] for `rows`; with `inverse` divided by it. A vector is one
    row. `repeat` and `block` as in `lowbit.equalizer`.

    ```mlir
    %r = lowbit.scale %w by %s columns : tensor<32x64xf32>, tensor<64xf32>
    %g = lowbit.scale %gain by %s columns inverse : tensor<64xf32>, tensor<64xf32>
    ```
  }];
  let arguments = (ins Lowbit_FloatWeight:$source, Lowbit_FloatWeight:$scales, Lowbit_AxisAttr:$axis,
                       UnitAttr:$inverse, DefaultValuedAttr<I64Attr, "1">:$repeat,
                       DefaultValuedAttr<I64Attr, "1">:$block);
  let results = (outs Lowbit_FloatWeight:$result);
  let assemblyFormat = [{
    $source `by` $scales $axis (`inverse` $inverse^)? (`repeat` `=` $repeat^)? (`block` `=` $block^)? attr-dict `:`
    type($source) `,` type($scales)
  }];
  let hasVerifier = 1;
}

def Lowbit_RotateOp : Lowbit_Op<"rotate", [Pure, AllTypesMatch<["source", "result"]>]> {
  let summary = "multiplies a float weight with a random orthogonal matrix";
  let description = [{
    W R for `columns`, R^T W for `rows`, with the orthogonal R that `seed` and the size give (docs/PostTraining.md). With
    a `block` every `block` columns or rows are rotated for themselves, all by the same matrix.

    ```mlir
    %r = lowbit.rotate %w columns seed = 1 : tensor<32x64xf32>
    %h = lowbit.rotate %w rows seed = 1 block = 8 : tensor<32x64xf32>
    ```
  }];
  let arguments = (ins Lowbit_FloatTensor:$source, Lowbit_AxisAttr:$axis, I64Attr:$seed,
                       DefaultValuedAttr<I64Attr, "0">:$block);
  let results = (outs Lowbit_FloatTensor:$result);
  let assemblyFormat = "$source $axis `seed` `=` $seed (`block` `=` $block^)? attr-dict `:` type($source)";
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Quantized matrices
//===----------------------------------------------------------------------===//

def Lowbit_QuantizeOp : Lowbit_Op<"quantize", [Pure]> {
  let summary = "finds codes and scales for a float matrix";
  let description = [{
    The closest matrix of the result's format, per group in the sense of least squares:

    * `bcq`, `binary`: by `solver`: `greedy` takes one plane after the other from the residual (plane sign(r), scale
      mean |r|; the sign of 0 is +1); `refined` solves for all scales again after each plane; `alternating` then
      repeats `rounds` times: codes for fixed scales, scales for fixed codes. Two-level scales are rounded from
      these to one half-precision scale and integers with sum <= 127.
    * `ternary`: zero where |w| <= 0.7 mean |w|, the scale refitted to what is left. With `scale = per_sign` the two
      scales and thresholds of least squared error.
    * `binary`: signs and the mean magnitude.
    * `int`: scale max |w| / (2^(bits-1) - 1), round to nearest even; asymmetric: scale (max - min) / (2^bits - 1) with
      0 between min and max, zero point -min / scale, rounded. `weight_range` is another choice of max and min for
      them: `mse` (least squared error), `percentile:<P>` (P % of the group are inside), `hqq` (least sum of
      |error|^0.7); see docs/PostTraining.md.

    Deterministic. NaN or infinity is an error that names tensor and index when the op is evaluated, which is when
    an object is written. `solver` and `rounds` are only meaningful for `bcq` and `binary`.

    ```mlir
    %q = lowbit.quantize %w solver = refined : tensor<64x64xf32> -> tensor<64x64x!lowbit.bcq<planes = 3, group = 32>>
    %i = lowbit.quantize %w weight_range = "mse" : tensor<64x64xf32> -> tensor<64x64x!lowbit.int<bits = 4, group = 32>>
    ```
  }];
  let arguments = (ins
    Lowbit_FloatTensor:$source,
    DefaultValuedAttr<Lowbit_SolverAttr, "::halftone::lowbit::Solver::Alternating">:$solver,
    DefaultValuedAttr<I32Attr, "15">:$rounds,
    DefaultValuedAttr<StrAttr, "\"minmax\"">:$weight_range
  );
  let results = (outs Lowbit_Quantized:$result);
  let assemblyFormat = [{
    $source (`solver` `=` `` $solver^)? (`rounds` `=` $rounds^)? (`weight_range` `=` $weight_range^)? attr-dict `:`
    type($source) `->` type($result)
  }];
  let extraClassDeclaration = [{
    /// The result's format with this op's solver and rounds.
    ::halftone::Format getFormat();
  }];
  let builders = [
    OpBuilder<(ins "::mlir::Value":$source, "const ::halftone::Format &":$format,
                   CArg<"::llvm::StringRef", "\"minmax\"">:$weightRange)>
  ];
  let hasVerifier = 1;
}

def Lowbit_EncodeOp : Lowbit_Op<"encode", [Pure]> {
  let summary = "rounds a float matrix to uniform integers with given scales";
  let description = [{
    `parameters` are the storage components of the result's type after the codes: scales, and zero points p if the range
    is asymmetric. The code of w is w / s + p, the quotient in double precision rounded to the nearest even integer, and
    clamped to the integers of the type (see `!lowbit.int`); 0 where s is 0. This is what `quant.qcast` becomes.

    ```mlir
    %q = lowbit.encode %w, %scales, %zero_points : (tensor<8x64xf32>, tensor<8x2xf16>, tensor<8x2xi8>)
           -> tensor<8x64x!lowbit.int<bits = 4, group = 32, range = asymmetric>>
    ```
  }];
  let arguments = (ins Lowbit_FloatTensor:$source, Variadic<AnyStaticShapeTensor>:$parameters);
  let results = (outs Lowbit_Quantized:$result);
  let assemblyFormat = "$source (`,` $parameters^)? attr-dict `:` functional-type(operands, $result)";
  let hasVerifier = 1;
}

def Lowbit_ConvertOp : Lowbit_Op<"convert", [Pure]> {
  let summary = "the same matrix in another format, every value exactly";
  let description = [{
    Uniform integers of up to 7 bits with half-precision scales are binary codes: s (u - p) with u = sum of 2^i u_i is
    s/2 (sum of 2^i b_i + 2^bits - 1 - 2p) with b_i = 2 u_i - 1 (arXiv 2206.09557). The way back asks for multipliers
    that are these powers of two. What cannot be known from the types (a scale that would leave half precision, other
    multipliers) is an error that names tensor, row and group when the op is evaluated.

    ```mlir
    %b = lowbit.convert %q : tensor<8x64x!lowbit.int<bits = 4, group = 32, range = asymmetric>>
           -> tensor<8x64x!lowbit.bcq<planes = 4, group = 32, offset = per_group>>
    ```
  }];
  let arguments = (ins Lowbit_Quantized:$source);
  let results = (outs Lowbit_Quantized:$result);
  let assemblyFormat = "$source attr-dict `:` type($source) `->` type($result)";
  let hasVerifier = 1;
}

def Lowbit_DequantizeOp : Lowbit_Op<"dequantize", [Pure]> {
  let summary = "the float matrix that a quantized matrix stands for";
  let description = [{
    Element by element as the type says, rounded once to f32. `dequantize(quantize(w))` is not `w` and does not fold.

    ```mlir
    %w = lowbit.dequantize %q : tensor<64x64x!lowbit.ternary<group = 32>> -> tensor<64x64xf32>
    ```
  }];
  let arguments = (ins Lowbit_Quantized:$source);
  let results = (outs Lowbit_FloatTensor:$result);
  let assemblyFormat = "$source attr-dict `:` type($source) `->` type($result)";
  let hasVerifier = 1;
}

def Lowbit_AssembleOp : Lowbit_Op<"assemble", [Pure]> {
  let summary = "puts a quantized matrix together from its plain parts";
  let description = [{
    The operands are the storage components of the result's type in order (see the dialect's description).

    ```mlir
    %q = lowbit.assemble %codes, %scales
           : (tensor<64x16xi8>, tensor<64x2xf16>) -> tensor<64x64x!lowbit.ternary<group = 32>>
    ```
  }];
  let arguments = (ins Variadic<AnyStaticShapeTensor>:$components);
  let results = (outs Lowbit_Quantized:$result);
  let assemblyFormat = "$components attr-dict `:` functional-type($components, $result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Lowbit_DisassembleOp : Lowbit_Op<"disassemble", [Pure]> {
  let summary = "takes a quantized matrix apart into its plain parts";
  let description = [{
    The inverse of `lowbit.assemble`.

    ```mlir
    %codes, %scales = lowbit.disassemble %q
           : (tensor<64x64x!lowbit.ternary<group = 32>>) -> (tensor<64x16xi8>, tensor<64x2xf16>)
    ```
  }];
  let arguments = (ins Lowbit_Quantized:$source);
  let results = (outs Variadic<AnyStaticShapeTensor>:$components);
  let assemblyFormat = "$source attr-dict `:` functional-type($source, $components)";
  let builders = [OpBuilder<(ins "::mlir::Value":$source)>];
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Lowbit_PackOp : Lowbit_Op<"pack", [Pure]> {
  let summary = "weights as bytes in the order in which a kernel reads them";
  let description = [{
    Layouts, of N rows and K columns, each group padded with zero codes to a multiple of 32 columns (a step):

    * `rows16` (kernels dot, dequant, gather): blocks of 16 rows; codes `[N/16][steps][bits][64]`, scales
      half `[N/16][G][scales][16]`, multipliers i8 `[N/16][G][planes][16]` (two-level BCQ).
    * `rows64` (kernels lut, popcount, dot of many columns): blocks of 64 rows; codes `[N/64][KP/8][planes][64]`, scales half `[N/64][G][64]`,
      multipliers i8 `[N/64][G][planes][64]`. Not for BCQ with plane scales.
    * `trits16` (kernel dot), `trits64` (kernel lut, one scale per group): ternary codes, five to a byte, 1.6 bits and a
      little padding per weight; scales as in `rows16` and `rows64`. `halftone/Pack/Trits.h` has the details.
    * `float16`: unquantized floats, f32 `[N/16][K][16]`.

    Row blocks are filled up with zeros; each of the parts starts at a multiple of 64 bytes.
    `halftone/Pack/Layout.h` says where every bit lies.

    ```mlir
    %p = lowbit.pack %q layout(rows16) : tensor<64x64x!lowbit.ternary<group = 32>> -> tensor<1280xi8>
    ```
    Here: 4 blocks x 2 steps x 2 bits x 64 bytes of codes and 4 x 2 x 16 half scales, 1024 + 256 bytes.
  }];
  let arguments = (ins
    TensorRankOf<[F32, Lowbit_AnyFormat], [2]>:$source,
    Lowbit_PackLayoutAttr:$layout
  );
  let results = (outs Lowbit_Bytes:$result);
  let assemblyFormat = [{
    $source `layout` `` `(` custom<PackLayout>($layout) `)` attr-dict `:` type($source) `->` type($result)
  }];
  let builders = [OpBuilder<(ins "::mlir::Value":$source, "::halftone::lowbit::PackLayout":$layout)>];
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Stage 1: products
//===----------------------------------------------------------------------===//

def Lowbit_MatmulOp : Lowbit_DpsOp<"matmul", ["output"]> {
  let summary = "product of activations with transposed weights";
  let description = [{
    y = x w^T, that is y[t][n] = sum_k x[t][k] * w[n][k]; y is overwritten. `activations` is the precision at which
    x may enter: `f32` as it is, `i8` or `b8` rounded per token to 8 bits, `b2` .. `b7` to fewer, `i16` to 16, `b1` its signs times
    the mean magnitude (see `lowbit.quantize_activations`). `strategy` forces a kernel: `lut`, `dot` and `popcount`
    compute the same exact integer sums and need quantized activations; `dequant` multiplies floats; `auto` leaves
    the choice to `lowbit-select-kernels`. With `vectors` activations of 2 to 8 bits have two-level scales as the weights,
    which are of format `vsq` with vectors as long (see `lowbit.quantize_activation_vectors`); the kernel is `dot`.
    `static` is for an x that a `lowbit.requantize` rounded: it may enter as the integers that it was rounded to. The
    memref form is for float weights.

    ```mlir
    %r = lowbit.matmul
           ins(%x, %w : tensor<?x64xf32>, tensor<172x64x!lowbit.bcq<planes = 3, group = 32>>)
           outs(%y : tensor<?x172xf32>) activations = i8 strategy = lut -> tensor<?x172xf32>
    ```
  }];
  let arguments = (ins
    F32Matrix:$input,
    Lowbit_Weights:$weights,
    F32Matrix:$output,
    DefaultValuedAttr<Lowbit_ActivationsAttr, "::halftone::lowbit::Activations::F32">:$activations,
    DefaultValuedAttr<Lowbit_StrategyAttr, "::halftone::lowbit::Strategy::Auto">:$strategy,
    OptionalAttr<Lowbit_ActivationVectorsAttr>:$vectors
  );
  let assemblyFormat = [{
    `ins` `(` $input `,` $weights `:` type($input) `,` type($weights) `)` `outs` `(` $output `:` type($output) `)`
    (`activations` `=` `` $activations^)? (`vectors` `=` $vectors^)? (`strategy` `=` `` $strategy^)? attr-dict
    (`->` type($results)^)?
  }];
  let builders = [
    OpBuilder<(ins "::mlir::Value":$input, "::mlir::Value":$weights, "::mlir::Value":$output,
      CArg<"::halftone::lowbit::Activations", "::halftone::lowbit::Activations::F32">:$activations,
      CArg<"::halftone::lowbit::Strategy", "::halftone::lowbit::Strategy::Auto">:$strategy,
      CArg<"::halftone::lowbit::ActivationVectorsAttr", "{}">:$vectors), [{
      build($_builder, $_state, ::halftone::dps::resultTypes(output), input, weights, output, activations, strategy,
            vectors);
    }]>
  ];
}

def Lowbit_RequantizeOp : Lowbit_DpsOp<"requantize", ["output"]> {
  let summary = "activations rounded to what a static, asymmetric format can hold";
  let description = [{
    For token t and dimension d of group G, with the scale s = scales[G] and the zero point z = zero_points[G] (an
    integer in 0 .. 2^bits - 1, kept as a float):

        y = s * clamp(round(x / s), -z, 2^bits - 1 - z)

    rounded to the nearest even integer: dequantize(quantize(x)). It is what an activation that is not the input of a
    product loses by being kept in `format`. Scales are positive. Not a number becomes the least value.

    ```mlir
    %r = lowbit.requantize ins(%x, %s, %z : tensor<?x96xf32>, tensor<6xf32>, tensor<6xf32>)
           outs(%y : tensor<?x96xf32>) format = !lowbit.grouped<bits = 8, groups = 6> -> tensor<?x96xf32>
    ```
    Example: s = 4 / 255, z = 64: x = 0.5 is 32 steps, y = 0.50196; x = 9 is clamped to 191 steps, y = 2.99608.
  }];
  let arguments = (ins F32Matrix:$input, F32Vector:$scales, F32Vector:$zero_points, F32Matrix:$output,
                       TypeAttrOf<Lowbit_AnyGrouped>:$format);
  let assemblyFormat = [{
    `ins` `(` $input `,` $scales `,` $zero_points `:` type($input) `,` type($scales) `,` type($zero_points) `)`
    `outs` `(` $output `:` type($output) `)` `format` `=` $format attr-dict (`->` type($results)^)?
  }];
  let builders = [
    OpBuilder<(ins "::mlir::Value":$input, "::mlir::Value":$scales, "::mlir::Value":$zeroPoints,
                   "::mlir::Value":$output, "::mlir::Type":$format), [{
      build($_builder, $_state, ::halftone::dps::resultTypes(output), input, scales, zeroPoints, output, format);
    }]>
  ];
}

def Lowbit_RequantizeTokensOp : Lowbit_DpsOp<"requantize_tokens", ["output"]> {
  let summary = "activations rounded to integers times a scale per token";
  let description = [{
    For each token t, with m = max_d |x[t][d]| and n = 127 (8 bits) or 32512 (16 bits): y = round(x * (n / m)) * (m / n),
    rounded to the nearest even integer; 0 where m is below 1e-30. It is what `activations = i8` or `i16` makes of the
    inputs of a product, for activations that are no such input.

    ```mlir
    %r = lowbit.requantize_tokens ins(%x : tensor<?x96xf32>) outs(%y : tensor<?x96xf32>) bits = 16 -> tensor<?x96xf32>
    ```
  }];
  let arguments = (ins F32Matrix:$input, F32Matrix:$output, I64Attr:$bits);
  let assemblyFormat = [{
    `ins` `(` $input `:` type($input) `)` `outs` `(` $output `:` type($output) `)`
    `bits` `=` $bits attr-dict (`->` type($results)^)?
  }];
  let builders = [
    OpBuilder<(ins "::mlir::Value":$input, "::mlir::Value":$output, "int64_t":$bits), [{
      build($_builder, $_state, ::halftone::dps::resultTypes(output), input, output, bits);
    }]>
  ];
}

def Lowbit_GatherOp : Lowbit_DpsOp<"gather", ["output"]> {
  let summary = "rows of a table by their numbers";
  let description = [{
    y[t][d] = table[ids[t]][d], dequantized. V rows, D columns. Ids outside 0..V-1 are undefined.

    ```mlir
    %r = lowbit.gather ins(%ids, %w : tensor<?xi32>, tensor<512x64x!lowbit.int<bits = 8, group = 0>>)
                       outs(%y : tensor<?x64xf32>) -> tensor<?x64xf32>
    ```
  }];
  let arguments = (ins I32Vector:$ids, Lowbit_Weights:$table, F32Matrix:$output);
  let assemblyFormat = [{
    `ins` `(` $ids `,` $table `:` type($ids) `,` type($table) `)` `outs` `(` $output `:` type($output) `)`
    attr-dict (`->` type($results)^)?
  }];
  let builders = [
    OpBuilder<(ins "::mlir::Value":$ids, "::mlir::Value":$table, "::mlir::Value":$output), [{
      build($_builder, $_state, ::halftone::dps::resultTypes(output), ids, table, output);
    }]>
  ];
}

include "dialects/Lowbit/IR/LowbitKernelOps.td"
include "dialects/Lowbit/IR/LowbitVectorOps.td"

#endif // HALFTONE_DIALECTS_LOWBIT_IR_LOWBITOPS_TD
