//===- LowbitVectorOps.td - Activations with vector scales ---*- tablegen -*-===//
//
// Stage 2 of products with scales of vectors on both sides (VS-Quant).
//
//===----------------------------------------------------------------------===//
#ifndef HALFTONE_DIALECTS_LOWBIT_IR_LOWBITVECTOROPS_TD
#define HALFTONE_DIALECTS_LOWBIT_IR_LOWBITVECTOROPS_TD

def Lowbit_QuantizeActivationVectorsOp
    : Lowbit_DpsOp<"quantize_activation_vectors", ["codes", "multipliers", "scales", "sums"]> {
  let summary = "activations as integer codes with an integer scale per vector and a float per token";
  let description = [{
    Each token is cut into J vectors of `vector` elements, the last one possibly shorter. With n = 2^(bits-1) - 1, top =
    2^scale_bits - 1, M the largest magnitude of the token and M_j that of vector j:

        scale      = M / (n top)
        multiplier = ceil(M_j * (top / M) * (1 - 2^-21)), at least 1, at most top
        code       = roundeven(x * ((n top / M) / multiplier))

    so that code * multiplier * scale is near x, and |code| <= n. A token whose M is below 1e-30 counts as 0: its scale and
    codes are 0, its multipliers 1. Codes are bytes in packed order, KP in total: vectors of 8 and 16 lie side by side,
    all others are padded with zeros to a multiple of 32. `sums` has the sum of the codes of each vector.

    With `element = unsigned` (2 to 7 bits) n = 2^bits - 1 and negative x count as 0. With `scale = float` a vector has the
    float M_j / n, whose bits are its multiplier, code = roundeven(x * (n / M_j)), and the token's scale is 1; a vector
    whose M_j is below 1e-30 counts as 0.

    ```mlir
    %c, %m, %s, %g = lowbit.quantize_activation_vectors ins(%x : tensor<?x172xf32>)
      outs(%codes, %multipliers, %scales, %sums : tensor<?x192xi8>, tensor<?x11xi32>, tensor<?xf32>, tensor<?x11xi32>)
      bits = 4, vector = 16, scale_bits = 6 -> tensor<?x192xi8>, tensor<?x11xi32>, tensor<?xf32>, tensor<?x11xi32>
    ```
  }];
  let arguments = (ins F32Matrix:$input, I8Matrix:$codes, I32Matrix:$multipliers, F32Vector:$scales, I32Matrix:$sums,
    I64Attr:$bits, I64Attr:$vector, I64Attr:$scale_bits,
    DefaultValuedAttr<Lowbit_VsqElementAttr, "::halftone::lowbit::VsqElement::Signed">:$element,
    DefaultValuedAttr<Lowbit_VsqScaleAttr, "::halftone::lowbit::VsqScale::Integer">:$scale);
  let assemblyFormat = [{
    `ins` `(` $input `:` type($input) `)`
    `outs` `(` $codes `,` $multipliers `,` $scales `,` $sums `:` type($codes) `,` type($multipliers) `,` type($scales)
    `,` type($sums) `)`
    `bits` `=` $bits `,` `vector` `=` $vector `,` `scale_bits` `=` $scale_bits (`element` `=` `` $element^)?
    (`scale` `=` `` $scale^)? attr-dict (`->` type($results)^)?
  }];
  let builders = [
    OpBuilder<(ins "::mlir::Value":$input, "::mlir::Value":$codes, "::mlir::Value":$multipliers,
                   "::mlir::Value":$scales, "::mlir::Value":$sums, "const ::halftone::ActivationVectors &":$vectors), [{
      build($_builder, $_state, ::halftone::dps::resultTypes({codes, multipliers, scales, sums}), input, codes,
            multipliers, scales, sums, vectors.bits, vectors.vector, vectors.scaleBits, elementOf(vectors),
            scaleOf(vectors));
    }]>
  ];
  let extraClassDeclaration = dpsDeclaration # [{
    /// What the activations become.
    ::halftone::ActivationVectors getVectors();
  }];
}

def Lowbit_MatmulVectorDotOp : Lowbit_DpsOp<"matmul_vector_dot", ["output"]> {
  let summary = "product of activations and weights that both have scales of vectors";
  let description = [{
    For token t and row n, over the vectors j (see `lowbit.quantize_activation_vectors` and the format `vsq`):

        dot_j = sum_k code[t][k] * integer weight[n][k]                            over the elements of vector j
        s_j   = multiplier[t][j] * integer scale[n][j]
        y     = (float(sum_j s_j * dot_j) * row scale[n]) * scale[t]

    The sum over j is exact: 64 bits wide where 32 would not hold every possible one. With `product_bits` = P, less than
    the bits of both scales together by d, s_j is rounded: (s_j + 2^(d-1)) >> d, and scale[t] is multiplied by 2^d.
    Where one side or both have float scales of vectors (`scale` is that of the activations), the sum is one of floats,
    in ascending order, with an integer scale converted to float and a row scale of 1 where there is none:

        y = fma(scale[n][j] * multiplier[t][j], float(dot_j), y),    y = (y * row scale[n]) * scale[t]   at the end

    `packed` has the layout `rows16`; `bits`, `scale_bits` are those of the activations, `in_features` is K.

    ```mlir
    %r = lowbit.matmul_vector_dot
           ins(%codes, %multipliers, %scales, %sums, %packed : tensor<?x64xi8>, tensor<?x4xi32>, tensor<?xf32>,
               tensor<?x4xi32>, tensor<2560xi8>)
           outs(%y : tensor<?x64xf32>) format = !lowbit.vsq<bits = 4, vector = 16, scale_bits = 4>, in_features = 64,
           bits = 4, scale_bits = 4 -> tensor<?x64xf32>
    ```
  }];
  let arguments = (ins
    I8Matrix:$codes, I32Matrix:$multipliers, F32Vector:$scales, I32Matrix:$sums, I8Vector:$packed, F32Matrix:$output,
    Lowbit_FormatAttr:$format, I64Attr:$in_features, I64Attr:$bits, I64Attr:$scale_bits,
    DefaultValuedAttr<I64Attr, "0">:$product_bits,
    DefaultValuedAttr<Lowbit_VsqElementAttr, "::halftone::lowbit::VsqElement::Signed">:$element,
    DefaultValuedAttr<Lowbit_VsqScaleAttr, "::halftone::lowbit::VsqScale::Integer">:$scale,
    OptionalAttr<Lowbit_TileAttr>:$tile
  );
  let assemblyFormat = [{
    `ins` `(` $codes `,` $multipliers `,` $scales `,` $sums `,` $packed `:` type($codes) `,` type($multipliers) `,`
    type($scales) `,` type($sums) `,` type($packed) `)` `outs` `(` $output `:` type($output) `)`
    `format` `=` $format `,` `in_features` `=` $in_features `,` `bits` `=` $bits `,` `scale_bits` `=` $scale_bits
    (`,` `product_bits` `=` $product_bits^)? (`element` `=` `` $element^)? (`scale` `=` `` $scale^)? attr-dict
    (`->` type($results)^)?
  }];
  let builders = [
    OpBuilder<(ins "::mlir::ValueRange":$activations, "::mlir::Value":$packed, "::mlir::Value":$output,
                   "::mlir::Type":$format, "int64_t":$inFeatures, "const ::halftone::ActivationVectors &":$vectors,
                   CArg<"::halftone::lowbit::TileAttr", "{}">:$tile), [{
      build($_builder, $_state, ::halftone::dps::resultTypes(output), activations[0], activations[1], activations[2],
            activations[3], packed, output, format, inFeatures, vectors.bits, vectors.scaleBits, vectors.productBits,
            elementOf(vectors), scaleOf(vectors), tile);
    }]>
  ];
  let extraClassDeclaration = dpsDeclaration # [{
    /// What the activations are.
    ::halftone::ActivationVectors getVectors();
  }];
}

#endif // HALFTONE_DIALECTS_LOWBIT_IR_LOWBITVECTOROPS_TD
