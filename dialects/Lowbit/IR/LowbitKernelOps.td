//===- LowbitKernelOps.td - Kernels on packed bytes ----------*- tablegen -*-===//
//
// Stage 2 of products and look-ups: a kernel is chosen, weights are packed bytes.
//
//===----------------------------------------------------------------------===//
#ifndef HALFTONE_DIALECTS_LOWBIT_IR_LOWBITKERNELOPS_TD
#define HALFTONE_DIALECTS_LOWBIT_IR_LOWBITKERNELOPS_TD

def Lowbit_QuantizeActivationsOp : Lowbit_DpsOp<"quantize_activations", ["codes", "scales", "sums"]> {
  let summary = "activations as integer codes with one scale per token";
  let description = [{
    For each token t, with m = max_k |x[t][k]| and q = 2^(bits-1) - 1 (127 for 8 bits, the default): scale s = m / q,
    code = roundeven(x[t][k] * (q / m)). A row whose m is below 1e-30 counts as 0: s = 0 and all codes are 0.
    With `bits = 1` codes are signs, +1 for x >= 0 and -1 otherwise, and s is the mean of |x[t][k]| (0 below 1e-30),
    which minimizes the squared error of s * code (XNOR-Net, arXiv 1603.05279). Codes are bytes and lie in packed
    order: each group of `group` columns (0: all) is padded with zeros to a multiple of 32, KP in total. sums[t][g] is
    the exact sum of the codes of group g; with `vector` = 8 or 16, in groups of 32, that of the g-th vector of so many
    columns, for weights with scales of vectors. Where 2048 divides KP, codes may have KP + 64 columns, of which the last 64
    are neither written nor read: rows half a page apart are slow to read side by side, as `lowbit.matmul_dot` does.

    With `bits = 16` a token takes two rows of codes, scales and sums, as if it were two tokens of 8 bits. With
    s = m / 32512 and code = roundeven(x[t][k] * (32512 / m)), which is 255 * high + low, rows 2t hold `high` with the
    scale 255 s and rows 2t+1 hold `low` with the scale s, both in -127 .. 127. Every kernel for 8 bits thus computes
    two exact products, which `lowbit.sum_token_rows` adds.

    For K = 64, group = 32, KP is 64 and G is 2; for K = 172, group = 32, KP is 192 and G is 6 (the last group has
    12 columns and 20 zeros).

    ```mlir
    %c, %s, %g = lowbit.quantize_activations ins(%x : tensor<?x172xf32>)
      outs(%codes, %scales, %sums : tensor<?x192xi8>, tensor<?xf32>, tensor<?x6xi32>) group = 32
      -> tensor<?x192xi8>, tensor<?xf32>, tensor<?x6xi32>
    ```
  }];
  let arguments = (ins F32Matrix:$input, I8Matrix:$codes, F32Vector:$scales, I32Matrix:$sums, I64Attr:$group,
    OptionalAttr<I64Attr>:$vector, DefaultValuedAttr<I64Attr, "8">:$bits);
  let assemblyFormat = [{
    `ins` `(` $input `:` type($input) `)`
    `outs` `(` $codes `,` $scales `,` $sums `:` type($codes) `,` type($scales) `,` type($sums) `)`
    `group` `=` $group (`vector` `=` $vector^)? (`,` `bits` `=` $bits^)? attr-dict (`->` type($results)^)?
  }];
  let builders = [
    OpBuilder<(ins "::mlir::Value":$input, "::mlir::Value":$codes, "::mlir::Value":$scales, "::mlir::Value":$sums,
                   "int64_t":$group, "std::optional<int64_t>":$vector, CArg<"int64_t", "8">:$bits), [{
      build($_builder, $_state, ::halftone::dps::resultTypes({codes, scales, sums}), input, codes, scales, sums,
            $_builder.getI64IntegerAttr(group), vector ? $_builder.getI64IntegerAttr(*vector) : nullptr,
            $_builder.getI64IntegerAttr(bits));
    }]>
  ];
}

def Lowbit_QuantizeActivationsStaticOp
    : Lowbit_DpsOp<"quantize_activations_static", ["codes", "scales", "sums"]> {
  let summary = "activations as integer codes with scales that are known beforehand";
  let description = [{
    What `lowbit.requantize` rounds to, as integers. For dimension k of group G of `format`, with the scale s = steps[G]
    and the zero point z = zero_points[G]:

        d = clamp(round(x[t][k] / s), -z, 2^bits - 1 - z)

    which stands for s * d. A token takes a row of codes, scales and sums per group and digit, `groups` * `digits` rows,
    as if it were so many tokens of 8 bits. In the rows of group G the codes of all other dimensions are 0. With one digit
    a code is d. With two, rows hold `high` with the scale 255 s, then `low` with the scale s, where d = 255 * high + low;
    with three there is a digit of 255 * 255 s before them. Digits are in -127 .. 127, so that 1, 2 and 3 of them hold
    magnitudes of up to 127, 32,512 and any of 17 bits. `lowbit.sum_token_rows` adds the products of the rows. `group`,
    `vector` and the order of codes are as in `lowbit.quantize_activations`. With `only` there are the rows of that group alone, `digits`
    per token.

    ```mlir
    %c, %s, %g = lowbit.quantize_activations_static
      ins(%x, %steps, %zeros : tensor<?x172xf32>, tensor<1xf32>, tensor<1xf32>)
      outs(%codes, %scales, %sums : tensor<?x192xi8>, tensor<?xf32>, tensor<?x6xi32>)
      format = !lowbit.grouped<bits = 8, groups = 1>, group = 32, digits = 2
      -> tensor<?x192xi8>, tensor<?xf32>, tensor<?x6xi32>
    ```
    Example: s = 4 / 255, z = 64, x = 3: d = 191 is 255 * 1 - 64.
  }];
  let arguments = (ins F32Matrix:$input, F32Vector:$steps, F32Vector:$zero_points, I8Matrix:$codes, F32Vector:$scales,
    I32Matrix:$sums, TypeAttrOf<Lowbit_AnyGrouped>:$format, I64Attr:$group,
    OptionalAttr<I64Attr>:$vector, I64Attr:$digits, OptionalAttr<I64Attr>:$only);
  let assemblyFormat = [{
    `ins` `(` $input `,` $steps `,` $zero_points `:` type($input) `,` type($steps) `,` type($zero_points) `)`
    `outs` `(` $codes `,` $scales `,` $sums `:` type($codes) `,` type($scales) `,` type($sums) `)`
    `format` `=` $format `,` `group` `=` $group (`vector` `=` $vector^)? `,` `digits` `=` $digits (`,` `only` `=` $only^)?
    attr-dict (`->` type($results)^)?
  }];
  let builders = [
    OpBuilder<(ins "::mlir::Value":$input, "::mlir::Value":$steps, "::mlir::Value":$zeroPoints, "::mlir::Value":$codes,
                   "::mlir::Value":$scales, "::mlir::Value":$sums, "::mlir::Type":$format, "int64_t":$group,
                   "std::optional<int64_t>":$vector, "int64_t":$digits, "std::optional<int64_t>":$only), [{
      build($_builder, $_state, ::halftone::dps::resultTypes({codes, scales, sums}), input, steps, zeroPoints, codes,
            scales, sums, ::mlir::TypeAttr::get(format), $_builder.getI64IntegerAttr(group),
            vector ? $_builder.getI64IntegerAttr(*vector) : nullptr, $_builder.getI64IntegerAttr(digits), only ? $_builder.getI64IntegerAttr(*only) : nullptr);
    }]>
  ];
  let extraClassDeclaration = dpsDeclaration # [{
    /// Rows of codes that a token takes.
    int64_t getRowsPerToken();
  }];
}

def Lowbit_SumTokenRowsOp : Lowbit_DpsOp<"sum_token_rows", ["output"]> {
  let summary = "adds the rows of each token";
  let description = [{
    y[t][n] = (x[R t][n] + x[R t + 1][n]) + ... with R = `rows` per token: the product of activations that take several
    rows of codes, see `lowbit.quantize_activations` and `lowbit.quantize_activations_static`.

    ```mlir
    %r = lowbit.sum_token_rows ins(%x : tensor<?x64xf32>) outs(%y : tensor<?x64xf32>) rows = 2 -> tensor<?x64xf32>
    ```
  }];
  let arguments = (ins F32Matrix:$input, F32Matrix:$output, I64Attr:$rows);
  let assemblyFormat = [{
    `ins` `(` $input `:` type($input) `)` `outs` `(` $output `:` type($output) `)` `rows` `=` $rows attr-dict
    (`->` type($results)^)?
  }];
  let builders = [
    OpBuilder<(ins "::mlir::Value":$input, "::mlir::Value":$output, "int64_t":$rows), [{
      build($_builder, $_state, ::halftone::dps::resultTypes(output), input, output, rows);
    }]>
  ];
}

def Lowbit_BuildTablesOp : Lowbit_DpsOp<"build_tables", ["tables"]> {
  let summary = "tables of signed sums of activation codes";
  let description = [{
    For every slice of 8 codes a_0 .. a_7 the sums for all patterns of signs, as exact 16-bit integers. Entry c of a
    table of the codes a_0 .. a_{m-1} is sum_j (bit j of c is set ? a_j : -a_j). `width` is the number of entries
    that one table look-up of the kernel reads:

    * 128: per slice one table of m = 8 codes, entries 0..127. The entry of a pattern with bit 7 set is the negative
      of the complement's. 128 low bytes, then 128 high bytes: 256 bytes.
    * 16: per slice two tables of m = 4 codes (a_0 .. a_3, then a_4 .. a_7), entries 0..15. 16 low bytes, then 16 high
      bytes, of each: 64 bytes.

    B, the bytes of one token's tables, is KP/8 times that.

    With `trit_group` (the padded size of a group) the tables are for ternary weights in the layout `trits64`: each
    group is cut into slices of 5 codes, filled up with zeros, and entry c of a slice's table is sum_j t_j * a_j with
    c = sum_j t_j 3^j in balanced ternary (t_j = -1, 0, +1), for c = 0 .. 121; again 128 low and 128 high bytes.

    With `byte_group` (the padded size of a group) entries are single bytes, and sums are rounded: k is the least shift
    for which no slice of the group has sum_j |a_j| > 126 * 2^k, T_0 and T_1 are the exact tables of width 16 of a slice,
    and q_i = T_i / 2^k, rounded to the nearest even. Width 16 stores 128 + q_0 and q_1 (mod 256), 16 bytes each; width
    128 stores 128 + q_0[c mod 16] + q_1[c div 16] for c = 0 .. 127. The bytes k of all groups follow the tables; B is
    rounded up to a multiple of 64. The codes 100, 40, -30, 20, 0, 0, 0, 0 have sum |a_j| = 190, so k = 1, and entry 15
    of T_0 is 130, stored as 128 + 65 = 193.

    With both, of the same size, k is the least shift for which no slice of 5 codes has sum_j |a_j| > 127 * 2^k, and
    entry c of a slice's 128 is 128 + T / 2^k, where T is the exact sum.

    ```mlir
    %r = lowbit.build_tables ins(%codes : tensor<?x192xi8>) outs(%tables : tensor<?x6144xi8>) width = 128
           -> tensor<?x6144xi8>
    ```
  }];
  let arguments = (ins I8Matrix:$codes, I8Matrix:$tables, I64Attr:$width, OptionalAttr<I64Attr>:$trit_group,
                   OptionalAttr<I64Attr>:$byte_group);
  let assemblyFormat = [{
    `ins` `(` $codes `:` type($codes) `)` `outs` `(` $tables `:` type($tables) `)`
    `width` `=` $width (`trit_group` `=` $trit_group^)? (`byte_group` `=` $byte_group^)? attr-dict (`->` type($results)^)?
  }];
  let builders = [
    OpBuilder<(ins "::mlir::Value":$codes, "::mlir::Value":$tables, "int64_t":$width,
                   CArg<"std::optional<int64_t>", "std::nullopt">:$tritGroup,
                   CArg<"std::optional<int64_t>", "std::nullopt">:$byteGroup), [{
      build($_builder, $_state, ::halftone::dps::resultTypes(tables), codes, tables,
            $_builder.getI64IntegerAttr(width), tritGroup ? $_builder.getI64IntegerAttr(*tritGroup) : nullptr,
            byteGroup ? $_builder.getI64IntegerAttr(*byteGroup) : nullptr);
    }]>
  ];
}

def Lowbit_BuildPlanesOp : Lowbit_DpsOp<"build_planes", ["planes"]> {
  let summary = "activation codes as planes of one bit";
  let description = [{
    Plane i of a token holds bit i of the two's complement of every code, 8 codes per byte, the first in the lowest
    bit; planes follow each other from the lowest. With `bits = 1` the only plane has a bit for every positive code.
    One token takes `bits` * KP / 8 bytes. Codes beyond `bits` bits are undefined.

    The codes 1, -2, 0, 3 in 3 bits are 001, 110, 000, 011: plane 0 begins with the bits 1 0 0 1 (first code first),
    plane 1 with 0 1 0 1, plane 2, which counts -4, with 0 1 0 0.

    ```mlir
    %r = lowbit.build_planes ins(%codes : tensor<?x192xi8>) outs(%planes : tensor<?x96xi8>) bits = 4 -> tensor<?x96xi8>
    ```
  }];
  let arguments = (ins I8Matrix:$codes, I8Matrix:$planes, I64Attr:$bits);
  let assemblyFormat = [{
    `ins` `(` $codes `:` type($codes) `)` `outs` `(` $planes `:` type($planes) `)`
    `bits` `=` $bits attr-dict (`->` type($results)^)?
  }];
  let builders = [
    OpBuilder<(ins "::mlir::Value":$codes, "::mlir::Value":$planes, "int64_t":$bits), [{
      build($_builder, $_state, ::halftone::dps::resultTypes(planes), codes, planes, bits);
    }]>
  ];
}

def Lowbit_MatmulDotOp : Lowbit_DpsOp<"matmul_dot", ["output"]> {
  let summary = "product of int8 activations with packed weights by dot products";
  let description = [{
    For token t and row n, over the groups in ascending order, starting at 0:

        sum = sum_k code[t][k] * integer weight[n][k]      (exact)
        y   = fma(weight scale[n][g] , float(sum), y)

    and y is multiplied by the activations' scale at the end. Ternary weights with a scale per sign have two sums, P over
    the +1 and M over the -1 negated, and y = fma(scale of -1, float(M), fma(scale of +1, float(P), y)). `packed` has the
    layout `rows16`, or `rows64` or `trits16` if `layout` says so (`rows64`: formats with one scale per group, for many
    columns); `sums` lets kernels work on unsigned codes. `in_features` is K. Formats with plane scales have no integer
    weights. The result is the same, bit for bit, as `lowbit.matmul_lut`'s. `width` and `tile` say what the kernel is made
    for; they change no bit of the result. `columns = [begin, end]` promises that the codes of all other
    columns are 0, so that the kernel need not read their weights.

    ```mlir
    %r = lowbit.matmul_dot
           ins(%codes, %scales, %sums, %packed : tensor<?x64xi8>, tensor<?xf32>, tensor<?x2xi32>, tensor<1280xi8>)
           outs(%y : tensor<?x64xf32>) format = !lowbit.ternary<group = 32>, in_features = 64 -> tensor<?x64xf32>
    ```
  }];
  let arguments = (ins
    I8Matrix:$codes, F32Vector:$scales, I32Matrix:$sums, I8Vector:$packed, F32Matrix:$output,
    Lowbit_FormatAttr:$format, I64Attr:$in_features, DefaultValuedAttr<I64Attr, "16">:$width,
    OptionalAttr<Lowbit_TileAttr>:$tile,
    DefaultValuedAttr<Lowbit_PackLayoutAttr, "::halftone::lowbit::PackLayout::Rows16">:$layout,
    OptionalAttr<DenseI64ArrayAttr>:$columns
  );
  let assemblyFormat = [{
    `ins` `(` $codes `,` $scales `,` $sums `,` $packed `:` type($codes) `,` type($scales) `,` type($sums) `,`
    type($packed) `)` `outs` `(` $output `:` type($output) `)`
    `format` `=` $format `,` `in_features` `=` $in_features (`,` `width` `=` $width^)? (`layout` `=` `` $layout^)?
    (`columns` `=` $columns^)? attr-dict (`->` type($results)^)?
  }];
  let builders = [
    OpBuilder<(ins "::mlir::Value":$codes, "::mlir::Value":$scales, "::mlir::Value":$sums, "::mlir::Value":$packed,
                   "::mlir::Value":$output, "::mlir::Type":$format, "int64_t":$inFeatures,
                   CArg<"int64_t", "16">:$width, CArg<"::halftone::lowbit::TileAttr", "{}">:$tile,
                   CArg<"::halftone::lowbit::PackLayout", "::halftone::lowbit::PackLayout::Rows16">:$layout,
                   CArg<"::mlir::DenseI64ArrayAttr", "{}">:$columns), [{
      build($_builder, $_state, ::halftone::dps::resultTypes(output), codes, scales, sums, packed, output, format,
            inFeatures, width, tile, layout, columns);
    }]>
  ];
}

def Lowbit_MatmulLutOp : Lowbit_DpsOp<"matmul_lut", ["output"]> {
  let summary = "product of activation tables with packed weights by look-ups";
  let description = [{
    The same product as `lowbit.matmul_dot`, and the same bits: every byte of a plane looks up the sum of 8
    activations in `tables` (see `lowbit.build_tables`, with the same `width`). `packed` has the layout `rows64`. With
    `layout = trits64` and width 128 every byte looks up the sum of 5 ternary weights times activations.

    With `byte_tables` the tables have entries of one byte (`byte_group` of `lowbit.build_tables`), and the product is
    that of the rounded sums q * 2^k in place of the exact ones: not the bits of `lowbit.matmul_dot`. In layout `rows64`
    they are the same for both widths; where the sum of weights times activations is half of a sum of table entries
    (ternary, `int`) it is rounded down. In layout `trits64` nothing is halved, and other sums are rounded.

    ```mlir
    %r = lowbit.matmul_lut
           ins(%tables, %scales, %sums, %packed : tensor<?x2048xi8>, tensor<?xf32>, tensor<?x2xi32>, tensor<1280xi8>)
           outs(%y : tensor<?x64xf32>) format = !lowbit.ternary<group = 32>, in_features = 64, width = 128
           -> tensor<?x64xf32>
    ```
  }];
  let arguments = (ins
    I8Matrix:$tables, F32Vector:$scales, I32Matrix:$sums, I8Vector:$packed, F32Matrix:$output,
    Lowbit_FormatAttr:$format, I64Attr:$in_features, I64Attr:$width,
    DefaultValuedAttr<Lowbit_PackLayoutAttr, "::halftone::lowbit::PackLayout::Rows64">:$layout,
    UnitAttr:$byte_tables
  );
  let assemblyFormat = [{
    `ins` `(` $tables `,` $scales `,` $sums `,` $packed `:` type($tables) `,` type($scales) `,` type($sums) `,`
    type($packed) `)` `outs` `(` $output `:` type($output) `)`
    `format` `=` $format `,` `in_features` `=` $in_features `,` `width` `=` $width (`layout` `=` `` $layout^)?
    (`byte_tables` $byte_tables^)? attr-dict (`->` type($results)^)?
  }];
  let builders = [
    OpBuilder<(ins "::mlir::Value":$tables, "::mlir::Value":$scales, "::mlir::Value":$sums, "::mlir::Value":$packed,
                   "::mlir::Value":$output, "::mlir::Type":$format, "int64_t":$inFeatures, "int64_t":$width,
                   CArg<"::halftone::lowbit::PackLayout", "::halftone::lowbit::PackLayout::Rows64">:$layout,
                   CArg<"bool", "false">:$byteTables), [{
      build($_builder, $_state, ::halftone::dps::resultTypes(output), tables, scales, sums, packed, output, format,
            inFeatures, width, layout, byteTables);
    }]>
  ];
}

def Lowbit_MatmulPopcountOp : Lowbit_DpsOp<"matmul_popcount", ["output"]> {
  let summary = "product of activation planes with packed weight planes by counting bits";
  let description = [{
    The same product as `lowbit.matmul_dot`, and the same bits, for activations of `bits` bits in planes A_i (see
    `lowbit.build_planes`). With the bits W_p of weight plane p, per (row, group) of n elements:

        D_p = sum_{i < bits-1} 2^i popcount(W_p & A_i) - 2^(bits-1) popcount(W_p & A_{bits-1})     bits >= 2
        D_p = popcount(A_0) - popcount(W_p ^ A_0)                                                  bits = 1

    is the exact sum of the activations under the plane. The sum over weights is, with a = the sum of activations,
    sum_p m_p (2 D_p - a) for `bcq`, D_0 + D_1 - a for `ternary`, sum_p 2^p D_p - 2^(b-1) a for `int` of b bits. For one
    plane of weights and one of activations that is m * (n - 2 popcount(W ^ A)). `packed` has the layout `rows64`.

    ```mlir
    %r = lowbit.matmul_popcount
           ins(%planes, %scales, %sums, %packed : tensor<?x32xi8>, tensor<?xf32>, tensor<?x2xi32>, tensor<1280xi8>)
           outs(%y : tensor<?x64xf32>) format = !lowbit.ternary<group = 32>, in_features = 64, bits = 4
           -> tensor<?x64xf32>
    ```
  }];
  let arguments = (ins
    I8Matrix:$planes, F32Vector:$scales, I32Matrix:$sums, I8Vector:$packed, F32Matrix:$output,
    Lowbit_FormatAttr:$format, I64Attr:$in_features, I64Attr:$bits
  );
  let assemblyFormat = [{
    `ins` `(` $planes `,` $scales `,` $sums `,` $packed `:` type($planes) `,` type($scales) `,` type($sums) `,`
    type($packed) `)` `outs` `(` $output `:` type($output) `)`
    `format` `=` $format `,` `in_features` `=` $in_features `,` `bits` `=` $bits attr-dict (`->` type($results)^)?
  }];
  let builders = [
    OpBuilder<(ins "::mlir::Value":$planes, "::mlir::Value":$scales, "::mlir::Value":$sums, "::mlir::Value":$packed,
                   "::mlir::Value":$output, "::mlir::Type":$format, "int64_t":$inFeatures, "int64_t":$bits), [{
      build($_builder, $_state, ::halftone::dps::resultTypes(output), planes, scales, sums, packed, output, format,
            inFeatures, bits);
    }]>
  ];
}

def Lowbit_MatmulDequantOp : Lowbit_DpsOp<"matmul_dequant", ["output"]> {
  let summary = "product of float activations with packed weights";
  let description = [{
    y[t][n] = sum_k x[t][k] * w[n][k] in floats, in ascending order of k, every step an fma. With one scale per group
    a group sums its integer weights first: s = fma(integer weight, x, s), then y = fma(scale, s, y). `packed` has the layout `rows16`, or
    `float16` when `format` is f32.

    ```mlir
    %r = lowbit.matmul_dequant ins(%x, %packed : tensor<?x64xf32>, tensor<1280xi8>) outs(%y : tensor<?x64xf32>)
           format = !lowbit.ternary<group = 32> -> tensor<?x64xf32>
    ```
  }];
  let arguments = (ins F32Matrix:$input, I8Vector:$packed, F32Matrix:$output, Lowbit_FormatAttr:$format);
  let assemblyFormat = [{
    `ins` `(` $input `,` $packed `:` type($input) `,` type($packed) `)` `outs` `(` $output `:` type($output) `)`
    `format` `=` $format attr-dict (`->` type($results)^)?
  }];
  let builders = [
    OpBuilder<(ins "::mlir::Value":$input, "::mlir::Value":$packed, "::mlir::Value":$output, "::mlir::Type":$format),
    [{
      build($_builder, $_state, ::halftone::dps::resultTypes(output), input, packed, output, format);
    }]>
  ];
}

def Lowbit_GatherPackedOp : Lowbit_DpsOp<"gather_packed", ["output"]> {
  let summary = "rows of a packed table by their numbers";
  let description = [{
    `lowbit.gather` from bytes in the layout `rows16`, or `float16` when `format` is f32. `rows` is V.

    ```mlir
    %r = lowbit.gather_packed ins(%ids, %packed : tensor<?xi32>, tensor<1280xi8>) outs(%y : tensor<?x64xf32>)
           format = !lowbit.ternary<group = 32>, rows = 64 -> tensor<?x64xf32>
    ```
  }];
  let arguments = (ins I32Vector:$ids, I8Vector:$packed, F32Matrix:$output, Lowbit_FormatAttr:$format, I64Attr:$rows);
  let assemblyFormat = [{
    `ins` `(` $ids `,` $packed `:` type($ids) `,` type($packed) `)` `outs` `(` $output `:` type($output) `)`
    `format` `=` $format `,` `rows` `=` $rows attr-dict (`->` type($results)^)?
  }];
  let builders = [
    OpBuilder<(ins "::mlir::Value":$ids, "::mlir::Value":$packed, "::mlir::Value":$output, "::mlir::Type":$format,
                   "int64_t":$rows), [{
      build($_builder, $_state, ::halftone::dps::resultTypes(output), ids, packed, output, format, rows);
    }]>
  ];
}

#endif // HALFTONE_DIALECTS_LOWBIT_IR_LOWBITKERNELOPS_TD
