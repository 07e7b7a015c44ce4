//===- LowbitDialect.td - Low-bit formats and their products -*- tablegen -*-===//
#ifndef HALFTONE_DIALECTS_LOWBIT_IR_LOWBITDIALECT_TD
#define HALFTONE_DIALECTS_LOWBIT_IR_LOWBITDIALECT_TD

include "mlir/IR/DialectBase.td"

def LowbitDialect : Dialect {
  let name = "lowbit";
  let cppNamespace = "::halftone::lowbit";
  let summary = "low-bit number formats as types, and the operations on them";
  let description = [{
    A weight format is an *element type*: `tensor<64x172x!lowbit.bcq<planes = 3, group = 32>>` is a matrix of
    64 rows (output channels, N) and 172 columns (input features, K, the reduction dimension). Groups run along
    the last dimension. All elements of a group share their scales. Group 0 means the whole row. If the group
    size does not divide K, the last group of a row is short.

    ### Formats

    g is the group size, s a half-precision scale, all sums run over the planes p of one element.

    | type | one element is worth | bits per element, scales counted | short name |
    |---|---|---|---|
    | `!lowbit.bcq<planes = q, group = g>` | s(row, group) * sum_p m_p(row, group) * (+1 or -1), m_p integers >= 0 with sum <= 127 | q + (16 + 8q) / g | `bcq3g32` |
    | `!lowbit.bcq<planes = q, group = g, scale = plane>` | sum_p s_p(row, group) * (+1 or -1) | q + 16q / g | `bcq3g32f` |
    | either with `offset = per_group` | the same + s(row, group) * integer, or + half(row, group) | + 8 / g, or + 16 / g | `bcq3g32z`, `bcq3g32fz` |
    | `!lowbit.binary<group = g>` | s(row, group) * (+1 or -1) | 1 + 16 / g | `binaryg32` |
    | `!lowbit.ternary<group = g>` | s(row, group) * (-1, 0 or +1) | 2 + 16 / g | `ternaryg32` |
    | `!lowbit.ternary<group = g, scale = per_sign>` | -s_1(row, group), 0 or +s_0(row, group) | 2 + 32 / g | `ternaryg32a` |
    | `!lowbit.int<bits = b, group = g>` | s(row, group) * integer in -(2^(b-1)-1) .. 2^(b-1)-1 | b + 16 / g | `rtn4g32` |
    | the same, `range = asymmetric` | s(row, group) * (0 .. 2^b-1 minus zero point(row, group)) | b + 24 / g | `int4g32` |
    | either with `scale = f32` / `scope = tensor` | s in 32 bits / one s for the tensor | + 16 / g / b + 0 | `rtn8g0f` / `int8t` |
    | `!lowbit.vsq<bits = b, vector = v, scale_bits = m>` | gamma(row) * (integer of m bits)(row, vector) * integer of b bits | b + m / v + 32 / K | `vsq4v16s6` |
    | `!lowbit.vsq<bits = b, vector = v, scale_bits = 32, scale = float>` | float(row, vector) * integer of b bits | b + 32 / v | `vsq4v16sf` |
    | `!lowbit.vsq<bits = 4, vector = 32, scale_bits = 8, element = e2m1, scale = e8m0>` | 2^(c(row, vector) - 127) * E2M1 | 4.25 | `mxfp4` |
    | `!lowbit.vsq<bits = 4, vector = 16, scale_bits = 8, element = e2m1, scale = e4m3>` | float of the tensor * E4M3(row, vector) * E2M1 | 4.5 + 32 / (N K) | `nvfp4` |

    Example: `tensor<64x64x!lowbit.bcq<planes = 3, group = 32>>` has 64 * 2 groups of 32 elements. Each group takes
    3 * 32 bits of planes, 16 bits of scale and 3 * 8 bits of multipliers: 136 bits, or 4.25 bits per element.

    The types live on tensors only. There is no memref of them: before bufferization every quantized tensor is
    packed into bytes (`lowbit.pack`).

    ### Canonical storage

    `lowbit.disassemble` takes a quantized matrix apart into plain tensors, and `lowbit.assemble` puts it
    together. Their layout does not depend on a target. KP is the padded number of columns: every group is padded
    with zero bits to a multiple of 32 elements (KP = K when 32 divides all groups). G is the number of groups.

    | type | components |
    |---|---|
    | `bcq`, two-level | planes `[q, N, KP/8] i8`, scales `[N, G] f16`, multipliers `[N, G, q] i8` |
    | `bcq`, `scale = plane` | planes `[q, N, KP/8] i8`, scales `[N, G, q] f16` |
    | `binary` | planes `[N, KP/8] i8`, scales `[N, G] f16` |
    | `ternary` | codes `[N, KP/4] i8`, scales `[N, G] f16` |
    | `ternary`, `scale = per_sign` | codes `[N, KP/4] i8`, scales `[N, G, 2] f16` (of +1, then of -1) |
    | `bcq` with an offset | as above, then offsets `[N, G] i8`, or `[N, G] f16` with `scale = plane` |
    | `int` | planes `[b, N, KP/8] i8`, scales `[N, G] f16` or f32 (`scope = tensor`: `[1]`); asymmetric: zero_points of the scales' shape, i8 (unsigned) |
    | `vsq` | planes `[b, N, KP/8] i8`, multipliers `[N, G] i8` (unsigned; i16 above 8 bits), scales `[N] f32` |
    | `vsq`, `scale = float` | planes `[b, N, KP/8] i8`, multipliers `[N, G] f32` |
    | `vsq`, `e8m0` | planes `[4, N, KP/8] i8` (bits of E2M1), multipliers `[N, G] i8` (codes) |
    | `vsq`, `e4m3` | planes `[4, N, KP/8] i8`, multipliers `[N, G] i8` (codes), scales `[1] f32` |

    Element j of a padded row is bit j mod 8 (least significant first) of byte j / 8 of its plane. A set bit is +1,
    a clear bit -1. Ternary codes take two bits each, element j in bits 2 (j mod 4) of byte j / 4: 0, 1, 2 stand for
    -1, 0, +1. Planes of `int` and `vsq` are the bits of value + 2^(b-1), or of u if there is a zero point,
    plane 0 the least significant. Vectors
    of 8 and 16 elements are not padded, but every 32 elements of the row.

    Worked example: the row +1 -1 -1 +1 +1 +1 -1 -1 of `binary` is the byte 0b00111001 = 0x39; the ternary row
    -1 0 +1 0 is the byte 0b01100100 = 0x64.

    ### Grammar

    ```
    format  ::= bcq | binary | ternary | int | vsq
    bcq     ::= `!lowbit.bcq` `<` `planes` `=` 1..8 `,` `group` `=` size (`,` `scale` `=` (`two_level` | `plane`))?
                (`,` `offset` `=` (`none` | `per_group`))? `>`
    binary  ::= `!lowbit.binary` `<` `group` `=` size `>`
    ternary ::= `!lowbit.ternary` `<` `group` `=` size (`,` `scale` `=` (`shared` | `per_sign`))? `>`
    int     ::= `!lowbit.int` `<` `bits` `=` 2..8 `,` `group` `=` size (`,` `range` `=` (`symmetric` | `asymmetric`))?
                (`,` `scale` `=` (`f16` | `f32`))? (`,` `scope` `=` (`group` | `tensor`))? `>`
    vsq     ::= `!lowbit.vsq` `<` `bits` `=` 2..8 `,` `vector` `=` 8..128 `,` `scale_bits` `=` (3..10 | 32 | 8)
                (`,` `element` `=` (`signed` | `unsigned` | `e2m1`))?
                (`,` `scale` `=` (`integer` | `float` | `e8m0` | `e4m3`))? `>`
    ```

    ### Where weights are

    Weights are named, never spelled: `lowbit.external "name"` stands for a tensor of the safetensors file (or of
    the folder) that the module's attribute `lowbit.externals` names, relative to the module's own file. What
    happens to a weight on its way into the object is a chain of pure ops on it (`lowbit.quantize`,
    `lowbit.pack`), evaluated only when the object is written. `lowbit.global` holds such a chain at module level.

    ### Stages

    Stage 1 quantizes (`lowbit.matmul`, `lowbit.gather` on quantized tensors). Stage 2 has chosen kernels:
    `lowbit.quantize_activations`, `lowbit.build_tables`, `lowbit.build_planes`, `lowbit.matmul_dot`,
    `lowbit.matmul_lut`, `lowbit.matmul_popcount`, `lowbit.matmul_dequant`, `lowbit.gather_packed` on packed bytes;
    `lowbit.quantize_activation_vectors` and `lowbit.matmul_vector_dot` where activations have integer scales of
    vectors, too.
    All of them are in destination style and exist on tensors and on memrefs. T is the number of tokens, usually
    dynamic.
  }];
  let useDefaultTypePrinterParser = 1;
  let useDefaultAttributePrinterParser = 1;
  let hasOperationAttrVerify = 1;
  let extraClassDeclaration = [{
    /// Module attribute: safetensors file or folder with the external weights.
    static constexpr ::llvm::StringLiteral kExternalsAttr = "lowbit.externals";

    void registerTypes();
    void registerAttributes();
  }];
}

#endif // HALFTONE_DIALECTS_LOWBIT_IR_LOWBITDIALECT_TD
