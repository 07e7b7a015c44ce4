// RUN: quant-opt %s --split-input-file --verify-diagnostics

// One case per rule.

func.func @mix(%ids: tensor<4xi32>, %t: memref<512x64xf32>, %y: tensor<4x64xf32>) {
  // expected-error@below {{mixes tensors and memrefs; bufferize all operands or none}}
  %r = nn.embed ins(%ids, %t : tensor<4xi32>, memref<512x64xf32>) outs(%y : tensor<4x64xf32>) -> tensor<4x64xf32>
  return
}

// -----

func.func @embed_rows(%ids: tensor<4xi32>, %t: tensor<?x64xf32>, %y: tensor<4x64xf32>) {
  // expected-error@below {{rows (V) (dimension 0 of table) must be static and positive}}
  %r = nn.embed ins(%ids, %t : tensor<4xi32>, tensor<?x64xf32>) outs(%y : tensor<4x64xf32>) -> tensor<4x64xf32>
  return
}

// -----

func.func @embed_columns(%ids: tensor<4xi32>, %t: tensor<512x?xf32>, %y: tensor<4x64xf32>) {
  // expected-error@below {{columns (D) (dimension 1 of table) must be static and positive}}
  %r = nn.embed ins(%ids, %t : tensor<4xi32>, tensor<512x?xf32>) outs(%y : tensor<4x64xf32>) -> tensor<4x64xf32>
  return
}

// -----

func.func @embed_width(%ids: tensor<4xi32>, %t: tensor<512x64xf32>, %y: tensor<4x32xf32>) {
  // expected-error@below {{columns (D) differ: 64 in table, 32 in output}}
  %r = nn.embed ins(%ids, %t : tensor<4xi32>, tensor<512x64xf32>) outs(%y : tensor<4x32xf32>) -> tensor<4x32xf32>
  return
}

// -----

func.func @embed_tokens(%ids: tensor<3xi32>, %t: tensor<512x64xf32>, %y: tensor<4x64xf32>) {
  // expected-error@below {{tokens (T) differ: 3 in ids, 4 in output}}
  %r = nn.embed ins(%ids, %t : tensor<3xi32>, tensor<512x64xf32>) outs(%y : tensor<4x64xf32>) -> tensor<4x64xf32>
  return
}

// -----

func.func @no_result(%ids: tensor<4xi32>, %t: tensor<512x64xf32>, %y: tensor<4x64xf32>) {
  // expected-error@below {{op expected the number of tensor results (0) to be equal to the number of output tensors (1)}}
  nn.embed ins(%ids, %t : tensor<4xi32>, tensor<512x64xf32>) outs(%y : tensor<4x64xf32>)
  return
}

// -----

func.func @norm_epsilon(%x: tensor<4x64xf32>, %g: tensor<64xf32>, %y: tensor<4x64xf32>) {
  // expected-error@below {{epsilon must not be negative}}
  %r = nn.rms_norm ins(%x, %g : tensor<4x64xf32>, tensor<64xf32>) outs(%y : tensor<4x64xf32>) epsilon = -1.0 -> tensor<4x64xf32>
  return
}

// -----

func.func @norm_tokens(%x: tensor<3x64xf32>, %g: tensor<64xf32>, %y: tensor<4x64xf32>) {
  // expected-error@below {{tokens (T) differ: 3 in input, 4 in output}}
  %r = nn.rms_norm ins(%x, %g : tensor<3x64xf32>, tensor<64xf32>) outs(%y : tensor<4x64xf32>) epsilon = 0.0 -> tensor<4x64xf32>
  return
}

// -----

func.func @norm_width(%x: tensor<4x64xf32>, %g: tensor<64xf32>, %y: tensor<4x32xf32>) {
  // expected-error@below {{widths differ: 64 in input, 32 in output}}
  %r = nn.rms_norm ins(%x, %g : tensor<4x64xf32>, tensor<64xf32>) outs(%y : tensor<4x32xf32>) epsilon = 0.0 -> tensor<4x32xf32>
  return
}

// -----

func.func @norm_dynamic(%x: tensor<4x?xf32>, %g: tensor<64xf32>, %y: tensor<4x64xf32>) {
  // expected-error@below {{width (dimension 1 of input) must be static and positive}}
  %r = nn.rms_norm ins(%x, %g : tensor<4x?xf32>, tensor<64xf32>) outs(%y : tensor<4x64xf32>) epsilon = 0.0 -> tensor<4x64xf32>
  return
}

// -----

func.func @norm_gain(%x: tensor<4x64xf32>, %g: tensor<32xf32>, %y: tensor<4x64xf32>) {
  // expected-error@below {{size of gain must be 64, not 32}}
  %r = nn.rms_norm ins(%x, %g : tensor<4x64xf32>, tensor<32xf32>) outs(%y : tensor<4x64xf32>) epsilon = 0.0 -> tensor<4x64xf32>
  return
}

// -----

func.func @table_theta() {
  // expected-error@below {{theta must be positive}}
  %t = nn.rope_table theta = 0.0 : tensor<512x8xf32>
  return
}

// -----

func.func @table_rank() {
  // expected-error@below {{must be a table of positions x head size, not 'tensor<512xf32>'}}
  %t = nn.rope_table theta = 1.0e+04 : tensor<512xf32>
  return
}

// -----

func.func @table_odd() {
  // expected-error@below {{head size must be even, not 7}}
  %t = nn.rope_table theta = 1.0e+04 : tensor<512x7xf32>
  return
}

// -----

func.func @table_dynamic() {
  // expected-error@below {{must be statically shaped tensor of 32-bit float values}}
  %t = nn.rope_table theta = 1.0e+04 : tensor<?x8xf32>
  return
}

// -----

func.func @rope_width(%x: tensor<4x64xf32>, %t: tensor<512x8xf32>, %p: index, %y: tensor<4x32xf32>) {
  // expected-error@below {{widths differ: 64 in input, 32 in output}}
  %r = nn.rope ins(%x, %t, %p : tensor<4x64xf32>, tensor<512x8xf32>) outs(%y : tensor<4x32xf32>) -> tensor<4x32xf32>
  return
}

// -----

func.func @rope_positions(%x: tensor<4x64xf32>, %t: tensor<?x8xf32>, %p: index, %y: tensor<4x64xf32>) {
  // expected-error@below {{positions (C) (dimension 0 of table) must be static and positive}}
  %r = nn.rope ins(%x, %t, %p : tensor<4x64xf32>, tensor<?x8xf32>) outs(%y : tensor<4x64xf32>) -> tensor<4x64xf32>
  return
}

// -----

func.func @rope_head_size(%x: tensor<4x64xf32>, %t: tensor<512x?xf32>, %p: index, %y: tensor<4x64xf32>) {
  // expected-error@below {{head size (HS) (dimension 1 of table) must be static and positive}}
  %r = nn.rope ins(%x, %t, %p : tensor<4x64xf32>, tensor<512x?xf32>) outs(%y : tensor<4x64xf32>) -> tensor<4x64xf32>
  return
}

// -----

func.func @rope_odd(%x: tensor<4x64xf32>, %t: tensor<512x7xf32>, %p: index, %y: tensor<4x64xf32>) {
  // expected-error@below {{head size must be even, not 7}}
  %r = nn.rope ins(%x, %t, %p : tensor<4x64xf32>, tensor<512x7xf32>) outs(%y : tensor<4x64xf32>) -> tensor<4x64xf32>
  return
}

// -----

func.func @rope_heads(%x: tensor<4x64xf32>, %t: tensor<512x6xf32>, %p: index, %y: tensor<4x64xf32>) {
  // expected-error@below {{width of input (64) is not a multiple of the head size (6)}}
  %r = nn.rope ins(%x, %t, %p : tensor<4x64xf32>, tensor<512x6xf32>) outs(%y : tensor<4x64xf32>) -> tensor<4x64xf32>
  return
}

// -----

func.func @attention_tokens(%q: tensor<4x64xf32>, %k: tensor<4x32xf32>, %v: tensor<4x32xf32>, %p: index, %ks: memref<5x4x8x512xf32>,
    %vs: memref<5x4x512x8xf32>, %y: tensor<3x64xf32>) {
  // expected-error@below {{tokens (T) differ: 4 in query, 3 in output}}
  %r = nn.attention ins(%q, %k, %v, %p : tensor<4x64xf32>, tensor<4x32xf32>, tensor<4x32xf32>)
       cache(%ks, %vs : memref<5x4x8x512xf32>, memref<5x4x512x8xf32>) outs(%y : tensor<3x64xf32>)
       layer = 0, heads = 8 -> tensor<3x64xf32>
  return
}

// -----

func.func @attention_tokens_key(%q: tensor<4x64xf32>, %k: tensor<3x32xf32>, %v: tensor<4x32xf32>, %p: index, %ks: memref<5x4x8x512xf32>,
    %vs: memref<5x4x512x8xf32>, %y: tensor<4x64xf32>) {
  // expected-error@below {{tokens (T) differ: 4 in query, 3 in key}}
  %r = nn.attention ins(%q, %k, %v, %p : tensor<4x64xf32>, tensor<3x32xf32>, tensor<4x32xf32>)
       cache(%ks, %vs : memref<5x4x8x512xf32>, memref<5x4x512x8xf32>) outs(%y : tensor<4x64xf32>)
       layer = 0, heads = 8 -> tensor<4x64xf32>
  return
}

// -----

func.func @attention_tokens_value(%q: tensor<4x64xf32>, %k: tensor<4x32xf32>, %v: tensor<3x32xf32>, %p: index, %ks: memref<5x4x8x512xf32>,
    %vs: memref<5x4x512x8xf32>, %y: tensor<4x64xf32>) {
  // expected-error@below {{tokens (T) differ: 4 in query, 3 in value}}
  %r = nn.attention ins(%q, %k, %v, %p : tensor<4x64xf32>, tensor<4x32xf32>, tensor<3x32xf32>)
       cache(%ks, %vs : memref<5x4x8x512xf32>, memref<5x4x512x8xf32>) outs(%y : tensor<4x64xf32>)
       layer = 0, heads = 8 -> tensor<4x64xf32>
  return
}

// -----

func.func @attention_cache_dynamic(%q: tensor<4x64xf32>, %k: tensor<4x32xf32>, %v: tensor<4x32xf32>, %p: index, %ks: memref<5x4x8x?xf32>,
    %vs: memref<5x4x512x8xf32>, %y: tensor<4x64xf32>) {
  // expected-error@below {{the cache must have static and positive sizes}}
  %r = nn.attention ins(%q, %k, %v, %p : tensor<4x64xf32>, tensor<4x32xf32>, tensor<4x32xf32>)
       cache(%ks, %vs : memref<5x4x8x?xf32>, memref<5x4x512x8xf32>) outs(%y : tensor<4x64xf32>)
       layer = 0, heads = 8 -> tensor<4x64xf32>
  return
}

// -----

func.func @attention_cache_values(%q: tensor<4x64xf32>, %k: tensor<4x32xf32>, %v: tensor<4x32xf32>, %p: index, %ks: memref<5x4x8x512xf32>,
    %vs: memref<5x4x8x512xf32>, %y: tensor<4x64xf32>) {
  // expected-error@below {{keys of 'memref<5x4x8x512xf32>' (L x KV x HS x C) go with values of 5x4x512x8 (L x KV x C x HS), not with 'memref<5x4x8x512xf32>'}}
  %r = nn.attention ins(%q, %k, %v, %p : tensor<4x64xf32>, tensor<4x32xf32>, tensor<4x32xf32>)
       cache(%ks, %vs : memref<5x4x8x512xf32>, memref<5x4x8x512xf32>) outs(%y : tensor<4x64xf32>)
       layer = 0, heads = 8 -> tensor<4x64xf32>
  return
}

// -----

func.func @attention_layer(%q: tensor<4x64xf32>, %k: tensor<4x32xf32>, %v: tensor<4x32xf32>, %p: index, %ks: memref<5x4x8x512xf32>,
    %vs: memref<5x4x512x8xf32>, %y: tensor<4x64xf32>) {
  // expected-error@below {{layer 5 is not in the cache of 5 layers}}
  %r = nn.attention ins(%q, %k, %v, %p : tensor<4x64xf32>, tensor<4x32xf32>, tensor<4x32xf32>)
       cache(%ks, %vs : memref<5x4x8x512xf32>, memref<5x4x512x8xf32>) outs(%y : tensor<4x64xf32>)
       layer = 5, heads = 8 -> tensor<4x64xf32>
  return
}

// -----

func.func @attention_heads(%q: tensor<4x64xf32>, %k: tensor<4x32xf32>, %v: tensor<4x32xf32>, %p: index, %ks: memref<5x4x8x512xf32>,
    %vs: memref<5x4x512x8xf32>, %y: tensor<4x64xf32>) {
  // expected-error@below {{heads must be a positive multiple of the 4 key-value heads, not 6}}
  %r = nn.attention ins(%q, %k, %v, %p : tensor<4x64xf32>, tensor<4x32xf32>, tensor<4x32xf32>)
       cache(%ks, %vs : memref<5x4x8x512xf32>, memref<5x4x512x8xf32>) outs(%y : tensor<4x64xf32>)
       layer = 0, heads = 6 -> tensor<4x64xf32>
  return
}

// -----

func.func @attention_query(%q: tensor<4x56xf32>, %k: tensor<4x32xf32>, %v: tensor<4x32xf32>, %p: index, %ks: memref<5x4x8x512xf32>,
    %vs: memref<5x4x512x8xf32>, %y: tensor<4x56xf32>) {
  // expected-error@below {{width of query must be 64, not 56}}
  %r = nn.attention ins(%q, %k, %v, %p : tensor<4x56xf32>, tensor<4x32xf32>, tensor<4x32xf32>)
       cache(%ks, %vs : memref<5x4x8x512xf32>, memref<5x4x512x8xf32>) outs(%y : tensor<4x56xf32>)
       layer = 0, heads = 8 -> tensor<4x56xf32>
  return
}

// -----

func.func @attention_key(%q: tensor<4x64xf32>, %k: tensor<4x64xf32>, %v: tensor<4x32xf32>, %p: index, %ks: memref<5x4x8x512xf32>,
    %vs: memref<5x4x512x8xf32>, %y: tensor<4x64xf32>) {
  // expected-error@below {{width of key must be 32, not 64}}
  %r = nn.attention ins(%q, %k, %v, %p : tensor<4x64xf32>, tensor<4x64xf32>, tensor<4x32xf32>)
       cache(%ks, %vs : memref<5x4x8x512xf32>, memref<5x4x512x8xf32>) outs(%y : tensor<4x64xf32>)
       layer = 0, heads = 8 -> tensor<4x64xf32>
  return
}

// -----

func.func @attention_value(%q: tensor<4x64xf32>, %k: tensor<4x32xf32>, %v: tensor<4x64xf32>, %p: index, %ks: memref<5x4x8x512xf32>,
    %vs: memref<5x4x512x8xf32>, %y: tensor<4x64xf32>) {
  // expected-error@below {{width of value must be 32, not 64}}
  %r = nn.attention ins(%q, %k, %v, %p : tensor<4x64xf32>, tensor<4x32xf32>, tensor<4x64xf32>)
       cache(%ks, %vs : memref<5x4x8x512xf32>, memref<5x4x512x8xf32>) outs(%y : tensor<4x64xf32>)
       layer = 0, heads = 8 -> tensor<4x64xf32>
  return
}

// -----

func.func @attention_key_dynamic(%q: tensor<4x64xf32>, %k: tensor<4x?xf32>, %v: tensor<4x32xf32>, %p: index, %ks: memref<5x4x8x512xf32>,
    %vs: memref<5x4x512x8xf32>, %y: tensor<4x64xf32>) {
  // expected-error@below {{width (dimension 1 of key) must be static and positive}}
  %r = nn.attention ins(%q, %k, %v, %p : tensor<4x64xf32>, tensor<4x?xf32>, tensor<4x32xf32>)
       cache(%ks, %vs : memref<5x4x8x512xf32>, memref<5x4x512x8xf32>) outs(%y : tensor<4x64xf32>)
       layer = 0, heads = 8 -> tensor<4x64xf32>
  return
}

// -----

func.func @attention_mix(%q: memref<4x64xf32>, %k: tensor<4x32xf32>, %p: index, %ks: memref<5x4x8x512xf32>,
    %vs: memref<5x4x512x8xf32>, %y: tensor<4x64xf32>) {
  // expected-error@below {{mixes tensors and memrefs}}
  %r = nn.attention ins(%q, %k, %k, %p : memref<4x64xf32>, tensor<4x32xf32>, tensor<4x32xf32>)
       cache(%ks, %vs : memref<5x4x8x512xf32>, memref<5x4x512x8xf32>) outs(%y : tensor<4x64xf32>)
       layer = 0, heads = 8 -> tensor<4x64xf32>
  return
}

// -----

func.func @gate_width(%g: tensor<4x64xf32>, %u: tensor<4x172xf32>, %y: tensor<4x172xf32>) {
  // expected-error@below {{widths differ: 64 in gate, 172 in output}}
  %r = nn.gated_activation ins(%g, %u : tensor<4x64xf32>, tensor<4x172xf32>) outs(%y : tensor<4x172xf32>) kind = silu -> tensor<4x172xf32>
  return
}

// -----

func.func @up_width(%g: tensor<4x172xf32>, %u: tensor<4x64xf32>, %y: tensor<4x172xf32>) {
  // expected-error@below {{widths differ: 64 in up, 172 in output}}
  %r = nn.gated_activation ins(%g, %u : tensor<4x172xf32>, tensor<4x64xf32>) outs(%y : tensor<4x172xf32>) kind = silu -> tensor<4x172xf32>
  return
}

// -----

func.func @up_tokens(%g: tensor<4x172xf32>, %u: tensor<3x172xf32>, %y: tensor<4x172xf32>) {
  // expected-error@below {{tokens (T) differ: 3 in up, 4 in output}}
  %r = nn.gated_activation ins(%g, %u : tensor<4x172xf32>, tensor<3x172xf32>) outs(%y : tensor<4x172xf32>) kind = silu -> tensor<4x172xf32>
  return
}

// -----

func.func @gate_kind(%g: tensor<4x172xf32>) {
  // expected-error@below {{expected one of [silu] for a non-linear function, got: fast}}
  // expected-error@below {{failed to parse Nn_ActivationKindAttr parameter 'value'}}
  %r = nn.gated_activation ins(%g, %g : tensor<4x172xf32>, tensor<4x172xf32>) outs(%g : tensor<4x172xf32>) kind = fast -> tensor<4x172xf32>
  return
}

// -----

func.func @observe_nothing(%x: tensor<4x64xf32>) {
  // expected-error@below {{names no weight that the values belong to}}
  %r = nn.observe input of [] site = 0 outs(%x : tensor<4x64xf32>) -> tensor<4x64xf32>
  return
}

// -----

func.func @observe_site(%x: tensor<4x64xf32>) {
  // expected-error@below {{attribute 'site' failed to satisfy constraint}}
  %r = nn.observe input of ["w"] site = -1 outs(%x : tensor<4x64xf32>) -> tensor<4x64xf32>
  return
}

// -----

func.func @layer_norm_epsilon(%x: tensor<4x64xf32>, %g: tensor<64xf32>) -> tensor<4x64xf32> {
  // expected-error@below {{epsilon must not be negative}}
  %r = nn.layer_norm ins(%x, %g, %g : tensor<4x64xf32>, tensor<64xf32>, tensor<64xf32>) outs(%x : tensor<4x64xf32>) epsilon = -1.0 -> tensor<4x64xf32>
  return %r : tensor<4x64xf32>
}

// -----

func.func @layer_norm_gain(%x: tensor<4x64xf32>, %g: tensor<32xf32>, %b: tensor<64xf32>) -> tensor<4x64xf32> {
  // expected-error@below {{size of gain must be 64, not 32}}
  %r = nn.layer_norm ins(%x, %g, %b : tensor<4x64xf32>, tensor<32xf32>, tensor<64xf32>) outs(%x : tensor<4x64xf32>) epsilon = 0.0 -> tensor<4x64xf32>
  return %r : tensor<4x64xf32>
}

// -----

func.func @layer_norm_bias(%x: tensor<4x64xf32>, %g: tensor<64xf32>, %b: tensor<32xf32>) -> tensor<4x64xf32> {
  // expected-error@below {{size of bias must be 64, not 32}}
  %r = nn.layer_norm ins(%x, %g, %b : tensor<4x64xf32>, tensor<64xf32>, tensor<32xf32>) outs(%x : tensor<4x64xf32>) epsilon = 0.0 -> tensor<4x64xf32>
  return %r : tensor<4x64xf32>
}

// -----

func.func @gelu_width(%x: tensor<4x64xf32>, %y: tensor<4x32xf32>) -> tensor<4x32xf32> {
  // expected-error@below {{widths differ: 64 in input, 32 in output}}
  %r = nn.gelu ins(%x : tensor<4x64xf32>) outs(%y : tensor<4x32xf32>) -> tensor<4x32xf32>
  return %r : tensor<4x32xf32>
}
