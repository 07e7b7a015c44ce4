//===- NnOps.td - Operations of the nn dialect ---------------*- tablegen -*-===//
//
// The root of the dialect's tablegen files.
//
//===----------------------------------------------------------------------===//
#ifndef HALFTONE_DIALECTS_NN_IR_NNOPS_TD
#define HALFTONE_DIALECTS_NN_IR_NNOPS_TD

include "dialects/Common/DestinationStyle.td"
include "dialects/Nn/IR/NnAttrs.td"
include "dialects/Nn/IR/NnDialect.td"
include "mlir/IR/OpAsmInterface.td"

class Nn_Op<string mnemonic, list<Trait> traits = []> : Op<NnDialect, mnemonic, traits>;

class Nn_DpsOp<string mnemonic, list<string> initNames> : DestinationStyleOp<NnDialect, mnemonic, initNames>;

def Nn_EmbedOp : Nn_DpsOp<"embed", ["output"]> {
  let summary = "rows of a float table by their numbers";
  let description = [{
    y[t][d] = table[ids[t]][d]. The table has V rows and D columns. Ids outside 0..V-1 are undefined.

    ```mlir
    %r = nn.embed ins(%ids, %table : tensor<?xi32>, tensor<512x64xf32>) outs(%y : tensor<?x64xf32>)
           -> tensor<?x64xf32>
    ```
  }];
  let arguments = (ins I32Vector:$ids, F32Matrix:$table, F32Matrix:$output);
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

def Nn_RmsNormOp : Nn_DpsOp<"rms_norm", ["output"]> {
  let summary = "scales each token to unit mean square";
  let description = [{
    y[t][d] = x[t][d] * gain[d] / sqrt(mean_d x[t][d]^2 + epsilon).

    ```mlir
    %r = nn.rms_norm ins(%x, %gain : tensor<?x64xf32>, tensor<64xf32>) outs(%y : tensor<?x64xf32>)
           epsilon = 9.99999974E-6 -> tensor<?x64xf32>
    ```
    Example: x = (3, 4), gain = (1, 1), epsilon = 0: the mean square is 12.5, y = (0.8485, 1.1314).
  }];
  let arguments = (ins F32Matrix:$input, F32Vector:$gain, F32Matrix:$output, F32Attr:$epsilon);
  let assemblyFormat = [{
    `ins` `(` $input `,` $gain `:` type($input) `,` type($gain) `)` `outs` `(` $output `:` type($output) `)`
    `epsilon` `=` $epsilon attr-dict (`->` type($results)^)?
  }];
  let builders = [
    OpBuilder<(ins "::mlir::Value":$input, "::mlir::Value":$gain, "::mlir::Value":$output,
                   "::llvm::APFloat":$epsilon), [{
      build($_builder, $_state, ::halftone::dps::resultTypes(output), input, gain, output, epsilon);
    }]>
  ];
}

def Nn_LayerNormOp : Nn_DpsOp<"layer_norm", ["output"]> {
  let summary = "scales each token to zero mean and unit variance";
  let description = [{
    y[t][d] = (x[t][d] - m) / sqrt(v + epsilon) * gain[d] + bias[d], with the mean m = mean_d x[t][d] and the variance
    v = mean_d (x[t][d] - m)^2 of the token.

    ```mlir
    %r = nn.layer_norm ins(%x, %gain, %bias : tensor<?x64xf32>, tensor<64xf32>, tensor<64xf32>)
           outs(%y : tensor<?x64xf32>) epsilon = 9.99999996E-13 -> tensor<?x64xf32>
    ```
    Example: x = (1, 3), gain = (1, 2), bias = (0, 5), epsilon = 0: m = 2, v = 1, y = (-1, 7).
  }];
  let arguments = (ins F32Matrix:$input, F32Vector:$gain, F32Vector:$bias, F32Matrix:$output, F32Attr:$epsilon);
  let assemblyFormat = [{
    `ins` `(` $input `,` $gain `,` $bias `:` type($input) `,` type($gain) `,` type($bias) `)`
    `outs` `(` $output `:` type($output) `)` `epsilon` `=` $epsilon attr-dict (`->` type($results)^)?
  }];
  let builders = [
    OpBuilder<(ins "::mlir::Value":$input, "::mlir::Value":$gain, "::mlir::Value":$bias, "::mlir::Value":$output,
                   "::llvm::APFloat":$epsilon), [{
      build($_builder, $_state, ::halftone::dps::resultTypes(output), input, gain, bias, output, epsilon);
    }]>
  ];
}

def Nn_RopeTableOp : Nn_Op<"rope_table", [Pure]> {
  let summary = "cosines and sines of the rotary embedding";
  let description = [{
    A constant of C rows (positions) and HS columns. With f_i = theta^(-2i/HS), i = 0 .. HS/2 - 1, row p is

        cos(p f_0) ... cos(p f_{HS/2-1})  sin(p f_0) ... sin(p f_{HS/2-1})

    computed in double precision and rounded once to f32. Evaluated when an object is written, like a weight.

    ```mlir
    %t = nn.rope_table theta = 1.000000e+04 : tensor<512x8xf32>
    ```
    Row 1 of this table begins with cos 1, cos 0.1, cos 0.01, cos 0.001.
  }];
  let arguments = (ins F64Attr:$theta);
  let results = (outs StaticShapeTensorOf<[F32]>:$result);
  let assemblyFormat = "`theta` `=` $theta attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def Nn_RopeOp : Nn_DpsOp<"rope", ["output"]> {
  let summary = "rotary position embedding of all heads";
  let description = [{
    The halves of a head rotate against each other, as in Hugging Face's Llama. For token t at position
    p = position + t, for each head h and i < HS/2, with c and s the cosine and sine of row p of the table:

        a = x[t][h*HS + i],  b = x[t][h*HS + HS/2 + i]
        y[t][h*HS + i]        = a c_i - b s_i
        y[t][h*HS + HS/2 + i] = b c_i + a s_i

    The number of heads is the input's width divided by HS. position + T must not exceed C.

    ```mlir
    %r = nn.rope ins(%x, %table, %position : tensor<?x64xf32>, tensor<512x8xf32>) outs(%y : tensor<?x64xf32>)
           -> tensor<?x64xf32>
    ```
  }];
  let arguments = (ins F32Matrix:$input, F32Matrix:$table, Index:$position, F32Matrix:$output);
  let assemblyFormat = [{
    `ins` `(` $input `,` $table `,` $position `:` type($input) `,` type($table) `)`
    `outs` `(` $output `:` type($output) `)` attr-dict (`->` type($results)^)?
  }];
  let builders = [
    OpBuilder<(ins "::mlir::Value":$input, "::mlir::Value":$table, "::mlir::Value":$position,
                   "::mlir::Value":$output), [{
      build($_builder, $_state, ::halftone::dps::resultTypes(output), input, table, position, output);
    }]>
  ];
}

def Nn_AttentionOp : Nn_DpsOp<"attention", ["output"]> {
  let summary = "causal attention of new tokens over a key-value cache";
  let description = [{
    First writes keys and values of the T tokens into layer `layer` of the cache at positions p = position + t:

        keys[layer][g][i][p] = k[t][g*HS + i]          (transposed)
        values[layer][g][p][i] = v[t][g*HS + i]

    (The kernels store the [HS][C] keys of a head in blocks of 16 positions; nobody else reads the cache.)

    Then, for each token t and query head h, which shares the keys and values of head g = h / (H/KV):

        a_j = sum_i q[t][h*HS + i] * keys[layer][g][i][j] / sqrt(HS),   j = 0 .. position + t
        o[t][h*HS + i] = sum_j softmax(a)_j * values[layer][g][j][i]

    position + T must not exceed C. The cache is read and written also when the other operands are tensors.

    ```mlir
    %o = nn.attention
           ins(%q, %k, %v, %position : tensor<?x64xf32>, tensor<?x32xf32>, tensor<?x32xf32>)
           cache(%keys, %values : memref<5x4x8x512xf32>, memref<5x4x512x8xf32>)
           outs(%y : tensor<?x64xf32>) layer = 0, heads = 8 -> tensor<?x64xf32>
    ```
  }];
  let arguments = (ins
    F32Matrix:$query, F32Matrix:$key, F32Matrix:$value, Index:$position,
    Arg<MemRefRankOf<[F32], [4]>, "keys of all layers, [L][KV][HS][C]">:$keys,
    Arg<MemRefRankOf<[F32], [4]>, "values of all layers, [L][KV][C][HS]">:$values,
    F32Matrix:$output, I64Attr:$layer, I64Attr:$heads
  );
  let assemblyFormat = [{
    `ins` `(` $query `,` $key `,` $value `,` $position `:` type($query) `,` type($key) `,` type($value) `)`
    `cache` `(` $keys `,` $values `:` type($keys) `,` type($values) `)` `outs` `(` $output `:` type($output) `)`
    `layer` `=` $layer `,` `heads` `=` $heads attr-dict (`->` type($results)^)?
  }];
  let extraClassDeclaration = dpsDeclaration # [{
    /// HS.
    int64_t getHeadSize() { return getQuery().getType().getDimSize(1) / static_cast<int64_t>(getHeads()); }
    /// KV, from the cache.
    int64_t getKvHeads() { return getKeys().getType().getDimSize(1); }
    /// C, from the cache.
    int64_t getContextSize() { return getKeys().getType().getDimSize(3); }
  }];
  let extraClassDefinition = "";
  let builders = [
    OpBuilder<(ins "::mlir::Value":$query, "::mlir::Value":$key, "::mlir::Value":$value, "::mlir::Value":$position,
                   "::mlir::Value":$keys, "::mlir::Value":$values, "::mlir::Value":$output, "int64_t":$layer,
                   "int64_t":$heads), [{
      build($_builder, $_state, ::halftone::dps::resultTypes(output), query, key, value, position, keys, values,
            output, layer, heads);
    }]>
  ];
}

def Nn_GatedActivationOp : Nn_DpsOp<"gated_activation", ["output"]> {
  let summary = "an activated gate times another tensor";
  let description = [{
    y = f(gate) * up, element by element. `silu`: f(g) = g / (1 + exp(-g)).

    ```mlir
    %r = nn.gated_activation ins(%gate, %up : tensor<?x172xf32>, tensor<?x172xf32>) outs(%y : tensor<?x172xf32>)
           kind = silu -> tensor<?x172xf32>
    ```
    Example: gate = 1, up = 2: y = 2 * 0.7311 = 1.4621.
  }];
  let arguments = (ins F32Matrix:$gate, F32Matrix:$up, F32Matrix:$output, Nn_ActivationKindAttr:$kind);
  let assemblyFormat = [{
    `ins` `(` $gate `,` $up `:` type($gate) `,` type($up) `)` `outs` `(` $output `:` type($output) `)`
    `kind` `=` `` $kind attr-dict (`->` type($results)^)?
  }];
  let builders = [
    OpBuilder<(ins "::mlir::Value":$gate, "::mlir::Value":$up, "::mlir::Value":$output,
                   "::halftone::nn::ActivationKind":$kind), [{
      build($_builder, $_state, ::halftone::dps::resultTypes(output), gate, up, output, kind);
    }]>
  ];
}

def Nn_GeluOp : Nn_DpsOp<"gelu", ["output"]> {
  let summary = "Gaussian error linear unit";
  let description = [{
    y = x / 2 * (1 + erf(x / sqrt(2))), element by element: the exact form, not the one with tanh.

    ```mlir
    %r = nn.gelu ins(%x : tensor<?x256xf32>) outs(%y : tensor<?x256xf32>) -> tensor<?x256xf32>
    ```
    Example: x = 1: y = 0.8413; x = -1: y = -0.1587.
  }];
  let arguments = (ins F32Matrix:$input, F32Matrix:$output);
  let assemblyFormat = [{
    `ins` `(` $input `:` type($input) `)` `outs` `(` $output `:` type($output) `)` attr-dict (`->` type($results)^)?
  }];
  let builders = [
    OpBuilder<(ins "::mlir::Value":$input, "::mlir::Value":$output), [{
      build($_builder, $_state, ::halftone::dps::resultTypes(output), input, output);
    }]>
  ];
}

def Nn_ObserveOp : Nn_DpsOp<"observe", ["values"]> {
  let summary = "shows values to the host while a program runs";
  let description = [{
    y = x, but the host, if it has an observer (`halftone_exec` in `runtime/include/halftone/abi.h`), is called with
    `site` and the values of all tokens before anything reads y. It may change them in place: y is what it leaves.
    Without an observer nothing happens. Observations are never removed, merged or reordered among each other.

    `kind` and `weights` say what the values are: the `input` of the products with these weights, the `output` of a
    product, the `residual`, the other addend of the sum that a product's output goes into, or that `sum`. Ops with
    equal `site` are the same place in copies of one function. Values are T x K.

    ```mlir
    %r = nn.observe input of ["q_proj.weight", "k_proj.weight"] site = 3 outs(%x : tensor<?x64xf32>)
           -> tensor<?x64xf32>
    ```
  }];
  let arguments = (ins Nn_ObservedValueAttr:$kind, StrArrayAttr:$weights,
                       ConfinedAttr<I32Attr, [IntNonNegative]>:$site, F32Matrix:$values);
  let assemblyFormat = [{
    `` $kind `of` $weights `site` `=` $site `outs` `(` $values `:` type($values) `)` attr-dict (`->` type($results)^)?
  }];
  let extraClassDeclaration = dpsDeclaration;
  let extraClassDefinition = "";
  let builders = [
    OpBuilder<(ins "::halftone::nn::ObservedValue":$kind, "::mlir::ArrayAttr":$weights, "int32_t":$site,
                   "::mlir::Value":$values), [{
      build($_builder, $_state, ::halftone::dps::resultTypes(values), kind, weights, site, values);
    }]>
  ];
}

#endif // HALFTONE_DIALECTS_NN_IR_NNOPS_TD
