//===- NnDialect.td - Transformer operations -----------------*- tablegen -*-===//
#ifndef HALFTONE_DIALECTS_NN_IR_NNDIALECT_TD
#define HALFTONE_DIALECTS_NN_IR_NNDIALECT_TD

include "mlir/IR/DialectBase.td"

def NnDialect : Dialect {
  let name = "nn";
  let cppNamespace = "::halftone::nn";
  let summary = "the few Transformer operations that linalg has no name for";
  let description = [{
    Attention with a key-value cache, rotary embedding, RMS and layer norm, GELU, gated activations and embedding look-up. What
    linalg can name is linalg: projections are `linalg.matmul`, residual additions `linalg.add`.

    All ops but `nn.rope_table` are in destination style: `ins(...) outs(...)`, on tensors (one result per output)
    or on memrefs (no results, the output is written). Outputs are overwritten: what they held before has no
    influence. All floats are 32 bits wide. Sizes:

    | letter | size | in memory |
    |---|---|---|
    | T | tokens of this call, usually dynamic | first dimension of activations |
    | D | hidden size | last dimension, contiguous |
    | H, KV | query heads, key-value heads; KV divides H | a row of q is H blocks of HS values, one per head |
    | HS | head size, even | |
    | C | context: the most positions that the cache holds | |
    | L | layers | first dimension of the cache |

    The cache of a model is two buffers, `keys : memref<LxKVxHSxCxf32>` (transposed, so that scores of neighbouring
    positions are neighbours in memory) and `values : memref<LxKVxCxHSxf32>`. It is a buffer also where the rest is
    tensors, because it outlives the call. `position` is the number of tokens that the cache already holds, that is
    the position of this call's first token.

    One layer's attention of stories260K (H = 8, KV = 4, HS = 8, C = 512, L = 5):

    ```mlir
    %rope = nn.rope_table theta = 1.000000e+04 : tensor<512x8xf32>
    %q1 = nn.rope ins(%q, %rope, %position : tensor<?x64xf32>, tensor<512x8xf32>) outs(%e0 : tensor<?x64xf32>)
            -> tensor<?x64xf32>
    %k1 = nn.rope ins(%k, %rope, %position : tensor<?x32xf32>, tensor<512x8xf32>) outs(%e1 : tensor<?x32xf32>)
            -> tensor<?x32xf32>
    %o = nn.attention
           ins(%q1, %k1, %v, %position : tensor<?x64xf32>, tensor<?x32xf32>, tensor<?x32xf32>)
           cache(%keys, %values : memref<5x4x8x512xf32>, memref<5x4x512x8xf32>)
           outs(%e0 : tensor<?x64xf32>) layer = 0, heads = 8 -> tensor<?x64xf32>
    ```
  }];
  let useDefaultAttributePrinterParser = 1;
  let extraClassDeclaration = [{
    void registerAttributes();
  }];
}

#endif // HALFTONE_DIALECTS_NN_IR_NNDIALECT_TD
