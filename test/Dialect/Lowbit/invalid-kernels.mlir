// RUN: quant-opt %s --split-input-file --verify-diagnostics

// One case per rule of the ops on packed weights. 172 columns in groups of 32 are 6 groups and 192 padded columns.

func.func @activations_group(%x: tensor<4x172xf32>, %c: tensor<4x192xi8>, %s: tensor<4xf32>, %g: tensor<4x6xi32>) {
  // expected-error@below {{group must not be negative (0 is the whole row)}}
  %r:3 = lowbit.quantize_activations ins(%x : tensor<4x172xf32>)
      outs(%c, %s, %g : tensor<4x192xi8>, tensor<4xf32>, tensor<4x6xi32>) group = -1
      -> tensor<4x192xi8>, tensor<4xf32>, tensor<4x6xi32>
  return
}

// -----

func.func @activations_features(%x: tensor<4x?xf32>, %c: tensor<4x192xi8>, %s: tensor<4xf32>, %g: tensor<4x6xi32>) {
  // expected-error@below {{input features (K) (dimension 1 of input) must be static and positive}}
  %r:3 = lowbit.quantize_activations ins(%x : tensor<4x?xf32>)
      outs(%c, %s, %g : tensor<4x192xi8>, tensor<4xf32>, tensor<4x6xi32>) group = 32
      -> tensor<4x192xi8>, tensor<4xf32>, tensor<4x6xi32>
  return
}

// -----

func.func @activations_padding(%x: tensor<4x172xf32>, %c: tensor<4x172xi8>, %s: tensor<4xf32>, %g: tensor<4x6xi32>) {
  // expected-error@below {{padded features (KP) of codes must be 192, not 172}}
  %r:3 = lowbit.quantize_activations ins(%x : tensor<4x172xf32>)
      outs(%c, %s, %g : tensor<4x172xi8>, tensor<4xf32>, tensor<4x6xi32>) group = 32
      -> tensor<4x172xi8>, tensor<4xf32>, tensor<4x6xi32>
  return
}

// -----

func.func @activations_groups(%x: tensor<4x172xf32>, %c: tensor<4x192xi8>, %s: tensor<4xf32>, %g: tensor<4x5xi32>) {
  // expected-error@below {{groups (G) of sums must be 6, not 5}}
  %r:3 = lowbit.quantize_activations ins(%x : tensor<4x172xf32>)
      outs(%c, %s, %g : tensor<4x192xi8>, tensor<4xf32>, tensor<4x5xi32>) group = 32
      -> tensor<4x192xi8>, tensor<4xf32>, tensor<4x5xi32>
  return
}

// -----

func.func @activations_vectors(%x: tensor<4x172xf32>, %c: tensor<4x192xi8>, %s: tensor<4xf32>, %g: tensor<4x12xi32>) {
  // expected-error@below {{vectors (J) of sums must be 11, not 12}}
  %r:3 = lowbit.quantize_activations ins(%x : tensor<4x172xf32>)
      outs(%c, %s, %g : tensor<4x192xi8>, tensor<4xf32>, tensor<4x12xi32>) group = 32 vector = 16
      -> tensor<4x192xi8>, tensor<4xf32>, tensor<4x12xi32>
  return
}

// -----

func.func @activations_vector(%x: tensor<4x172xf32>, %c: tensor<4x192xi8>, %s: tensor<4xf32>, %g: tensor<4x15xi32>) {
  // expected-error@below {{vectors of 12 columns do not share groups of 32}}
  %r:3 = lowbit.quantize_activations ins(%x : tensor<4x172xf32>)
      outs(%c, %s, %g : tensor<4x192xi8>, tensor<4xf32>, tensor<4x15xi32>) group = 32 vector = 12
      -> tensor<4x192xi8>, tensor<4xf32>, tensor<4x15xi32>
  return
}

// -----

func.func @activations_tokens_codes(%x: tensor<4x172xf32>, %c: tensor<3x192xi8>, %s: tensor<4xf32>, %g: tensor<4x6xi32>) {
  // expected-error@below {{tokens (T) differ: 4 in input, 3 in codes}}
  %r:3 = lowbit.quantize_activations ins(%x : tensor<4x172xf32>)
      outs(%c, %s, %g : tensor<3x192xi8>, tensor<4xf32>, tensor<4x6xi32>) group = 32
      -> tensor<3x192xi8>, tensor<4xf32>, tensor<4x6xi32>
  return
}

// -----

func.func @activations_tokens_scales(%x: tensor<4x172xf32>, %c: tensor<4x192xi8>, %s: tensor<3xf32>, %g: tensor<4x6xi32>) {
  // expected-error@below {{tokens (T) differ: 4 in input, 3 in scales}}
  %r:3 = lowbit.quantize_activations ins(%x : tensor<4x172xf32>)
      outs(%c, %s, %g : tensor<4x192xi8>, tensor<3xf32>, tensor<4x6xi32>) group = 32
      -> tensor<4x192xi8>, tensor<3xf32>, tensor<4x6xi32>
  return
}

// -----

func.func @activations_tokens_sums(%x: tensor<4x172xf32>, %c: tensor<4x192xi8>, %s: tensor<4xf32>, %g: tensor<3x6xi32>) {
  // expected-error@below {{tokens (T) differ: 4 in input, 3 in sums}}
  %r:3 = lowbit.quantize_activations ins(%x : tensor<4x172xf32>)
      outs(%c, %s, %g : tensor<4x192xi8>, tensor<4xf32>, tensor<3x6xi32>) group = 32
      -> tensor<4x192xi8>, tensor<4xf32>, tensor<3x6xi32>
  return
}

// -----

func.func @tables_width(%c: tensor<4x64xi8>, %t: tensor<4x2048xi8>) {
  // expected-error@below {{width must be 16 or 128, not 64}}
  %r = lowbit.build_tables ins(%c : tensor<4x64xi8>) outs(%t : tensor<4x2048xi8>) width = 64 -> tensor<4x2048xi8>
  return
}

// -----

func.func @tables_features(%c: tensor<4x?xi8>, %t: tensor<4x2048xi8>) {
  // expected-error@below {{padded features (KP) (dimension 1 of codes) must be static and positive}}
  %r = lowbit.build_tables ins(%c : tensor<4x?xi8>) outs(%t : tensor<4x2048xi8>) width = 128 -> tensor<4x2048xi8>
  return
}

// -----

func.func @tables_padding(%c: tensor<4x60xi8>, %t: tensor<4x2048xi8>) {
  // expected-error@below {{padded features (KP) must be a multiple of 32, not 60}}
  %r = lowbit.build_tables ins(%c : tensor<4x60xi8>) outs(%t : tensor<4x2048xi8>) width = 128 -> tensor<4x2048xi8>
  return
}

// -----

func.func @tables_bytes(%c: tensor<4x64xi8>, %t: tensor<4x2048xi8>) {
  // expected-error@below {{bytes (B) of tables must be 512, not 2048}}
  %r = lowbit.build_tables ins(%c : tensor<4x64xi8>) outs(%t : tensor<4x2048xi8>) width = 16 -> tensor<4x2048xi8>
  return
}

// -----

func.func @tables_tokens(%c: tensor<3x64xi8>, %t: tensor<4x2048xi8>) {
  // expected-error@below {{tokens (T) differ: 3 in codes, 4 in tables}}
  %r = lowbit.build_tables ins(%c : tensor<3x64xi8>) outs(%t : tensor<4x2048xi8>) width = 128 -> tensor<4x2048xi8>
  return
}

// -----

func.func @dot_features(%c: tensor<4x64xi8>, %s: tensor<4xf32>, %g: tensor<4x2xi32>, %p: tensor<1280xi8>, %y: tensor<4x64xf32>) {
  // expected-error@below {{in_features must be positive, not 0}}
  %r = lowbit.matmul_dot
      ins(%c, %s, %g, %p : tensor<4x64xi8>, tensor<4xf32>, tensor<4x2xi32>, tensor<1280xi8>)
      outs(%y : tensor<4x64xf32>) format = !lowbit.ternary<group = 32>, in_features = 0 -> tensor<4x64xf32>
  return
}

// -----

// Longer rows could overflow the sums.
func.func @dot_long_vectors(%c: tensor<4x262176xi8>, %s: tensor<4xf32>, %g: tensor<4x16385xi32>, %p: tensor<2359680xi8>, %y: tensor<4x16xf32>) {
  // expected-error@below {{in_features must be at most 262144 for exact sums in '!lowbit.vsq<bits = 4, vector = 16, scale_bits = 6>', not 262145}}
  %r = lowbit.matmul_dot
      ins(%c, %s, %g, %p : tensor<4x262176xi8>, tensor<4xf32>, tensor<4x16385xi32>, tensor<2359680xi8>)
      outs(%y : tensor<4x16xf32>) format = !lowbit.vsq<bits = 4, vector = 16, scale_bits = 6>, in_features = 262145 -> tensor<4x16xf32>
  return
}

// -----

func.func @dot_float(%c: tensor<4x64xi8>, %s: tensor<4xf32>, %g: tensor<4x2xi32>, %p: tensor<1280xi8>, %y: tensor<4x64xf32>) {
  // expected-error@below {{needs a format with integer weights, not 'f32'; its kernel is matmul_dequant}}
  %r = lowbit.matmul_dot
      ins(%c, %s, %g, %p : tensor<4x64xi8>, tensor<4xf32>, tensor<4x2xi32>, tensor<1280xi8>)
      outs(%y : tensor<4x64xf32>) format = f32, in_features = 64 -> tensor<4x64xf32>
  return
}

// -----

func.func @dot_groups(%c: tensor<4x64xi8>, %s: tensor<4xf32>, %g: tensor<4x3xi32>, %p: tensor<1280xi8>, %y: tensor<4x64xf32>) {
  // expected-error@below {{groups (G) of sums must be 2, not 3}}
  %r = lowbit.matmul_dot
      ins(%c, %s, %g, %p : tensor<4x64xi8>, tensor<4xf32>, tensor<4x3xi32>, tensor<1280xi8>)
      outs(%y : tensor<4x64xf32>) format = !lowbit.ternary<group = 32>, in_features = 64 -> tensor<4x64xf32>
  return
}

// -----

func.func @dot_tokens_scales(%c: tensor<4x64xi8>, %s: tensor<3xf32>, %g: tensor<4x2xi32>, %p: tensor<1280xi8>, %y: tensor<4x64xf32>) {
  // expected-error@below {{tokens (T) differ: 4 in codes, 3 in scales}}
  %r = lowbit.matmul_dot
      ins(%c, %s, %g, %p : tensor<4x64xi8>, tensor<3xf32>, tensor<4x2xi32>, tensor<1280xi8>)
      outs(%y : tensor<4x64xf32>) format = !lowbit.ternary<group = 32>, in_features = 64 -> tensor<4x64xf32>
  return
}

// -----

func.func @dot_tokens_sums(%c: tensor<4x64xi8>, %s: tensor<4xf32>, %g: tensor<3x2xi32>, %p: tensor<1280xi8>, %y: tensor<4x64xf32>) {
  // expected-error@below {{tokens (T) differ: 4 in codes, 3 in sums}}
  %r = lowbit.matmul_dot
      ins(%c, %s, %g, %p : tensor<4x64xi8>, tensor<4xf32>, tensor<3x2xi32>, tensor<1280xi8>)
      outs(%y : tensor<4x64xf32>) format = !lowbit.ternary<group = 32>, in_features = 64 -> tensor<4x64xf32>
  return
}

// -----

func.func @dot_tokens_output(%c: tensor<4x64xi8>, %s: tensor<4xf32>, %g: tensor<4x2xi32>, %p: tensor<1280xi8>, %y: tensor<3x64xf32>) {
  // expected-error@below {{tokens (T) differ: 4 in codes, 3 in output}}
  %r = lowbit.matmul_dot
      ins(%c, %s, %g, %p : tensor<4x64xi8>, tensor<4xf32>, tensor<4x2xi32>, tensor<1280xi8>)
      outs(%y : tensor<3x64xf32>) format = !lowbit.ternary<group = 32>, in_features = 64 -> tensor<3x64xf32>
  return
}

// -----

func.func @dot_output_features(%c: tensor<4x64xi8>, %s: tensor<4xf32>, %g: tensor<4x2xi32>, %p: tensor<1280xi8>, %y: tensor<4x?xf32>) {
  // expected-error@below {{output features (N) (dimension 1 of output) must be static and positive}}
  %r = lowbit.matmul_dot
      ins(%c, %s, %g, %p : tensor<4x64xi8>, tensor<4xf32>, tensor<4x2xi32>, tensor<1280xi8>)
      outs(%y : tensor<4x?xf32>) format = !lowbit.ternary<group = 32>, in_features = 64 -> tensor<4x?xf32>
  return
}

// -----

func.func @dot_padding(%c: tensor<4x96xi8>, %s: tensor<4xf32>, %g: tensor<4x2xi32>, %p: tensor<1280xi8>, %y: tensor<4x64xf32>) {
  // expected-error@below {{padded features (KP) of codes must be 64, not 96}}
  %r = lowbit.matmul_dot
      ins(%c, %s, %g, %p : tensor<4x96xi8>, tensor<4xf32>, tensor<4x2xi32>, tensor<1280xi8>)
      outs(%y : tensor<4x64xf32>) format = !lowbit.ternary<group = 32>, in_features = 64 -> tensor<4x64xf32>
  return
}

// -----

func.func @dot_packed(%c: tensor<4x64xi8>, %s: tensor<4xf32>, %g: tensor<4x2xi32>, %p: tensor<1024xi8>, %y: tensor<4x64xf32>) {
  // expected-error@below {{packed weights of 64x64x'!lowbit.ternary<group = 32>' in layout rows16 take 1280 bytes, not 1024}}
  %r = lowbit.matmul_dot
      ins(%c, %s, %g, %p : tensor<4x64xi8>, tensor<4xf32>, tensor<4x2xi32>, tensor<1024xi8>)
      outs(%y : tensor<4x64xf32>) format = !lowbit.ternary<group = 32>, in_features = 64 -> tensor<4x64xf32>
  return
}

// -----

func.func @lut_width(%t: tensor<4x2048xi8>, %s: tensor<4xf32>, %g: tensor<4x2xi32>, %p: tensor<1280xi8>, %y: tensor<4x64xf32>) {
  // expected-error@below {{width must be 16 or 128, not 32}}
  %r = lowbit.matmul_lut
      ins(%t, %s, %g, %p : tensor<4x2048xi8>, tensor<4xf32>, tensor<4x2xi32>, tensor<1280xi8>)
      outs(%y : tensor<4x64xf32>) format = !lowbit.ternary<group = 32>, in_features = 64, width = 32 -> tensor<4x64xf32>
  return
}

// -----

func.func @lut_groups(%t: tensor<4x2048xi8>, %s: tensor<4xf32>, %g: tensor<4x1xi32>, %p: tensor<1280xi8>, %y: tensor<4x64xf32>) {
  // expected-error@below {{groups (G) of sums must be 2, not 1}}
  %r = lowbit.matmul_lut
      ins(%t, %s, %g, %p : tensor<4x2048xi8>, tensor<4xf32>, tensor<4x1xi32>, tensor<1280xi8>)
      outs(%y : tensor<4x64xf32>) format = !lowbit.ternary<group = 32>, in_features = 64, width = 128 -> tensor<4x64xf32>
  return
}

// -----

func.func @lut_bytes(%t: tensor<4x1024xi8>, %s: tensor<4xf32>, %g: tensor<4x2xi32>, %p: tensor<1280xi8>, %y: tensor<4x64xf32>) {
  // expected-error@below {{bytes (B) of tables must be 2048, not 1024}}
  %r = lowbit.matmul_lut
      ins(%t, %s, %g, %p : tensor<4x1024xi8>, tensor<4xf32>, tensor<4x2xi32>, tensor<1280xi8>)
      outs(%y : tensor<4x64xf32>) format = !lowbit.ternary<group = 32>, in_features = 64, width = 128 -> tensor<4x64xf32>
  return
}

// -----

func.func @lut_plane_scales(%t: tensor<4x2048xi8>, %s: tensor<4xf32>, %g: tensor<4x2xi32>, %p: tensor<1280xi8>, %y: tensor<4x64xf32>) {
  // expected-error@below {{needs a format with integer weights, not '!lowbit.bcq<planes = 1, group = 32, scale = plane>'; its kernel is matmul_dequant}}
  %r = lowbit.matmul_lut
      ins(%t, %s, %g, %p : tensor<4x2048xi8>, tensor<4xf32>, tensor<4x2xi32>, tensor<1280xi8>)
      outs(%y : tensor<4x64xf32>) format = !lowbit.bcq<planes = 1, group = 32, scale = plane>, in_features = 64, width = 128 -> tensor<4x64xf32>
  return
}

// -----

func.func @lut_packed(%t: tensor<4x2048xi8>, %s: tensor<4xf32>, %g: tensor<4x2xi32>, %p: tensor<2560xi8>, %y: tensor<4x64xf32>) {
  // expected-error@below {{in layout rows64 take 1280 bytes, not 2560}}
  %r = lowbit.matmul_lut
      ins(%t, %s, %g, %p : tensor<4x2048xi8>, tensor<4xf32>, tensor<4x2xi32>, tensor<2560xi8>)
      outs(%y : tensor<4x64xf32>) format = !lowbit.ternary<group = 32>, in_features = 64, width = 128 -> tensor<4x64xf32>
  return
}

// -----

func.func @dequant_features(%x: tensor<4x?xf32>, %p: tensor<1280xi8>, %y: tensor<4x64xf32>) {
  // expected-error@below {{input features (K) (dimension 1 of input) must be static and positive}}
  %r = lowbit.matmul_dequant ins(%x, %p : tensor<4x?xf32>, tensor<1280xi8>) outs(%y : tensor<4x64xf32>)
      format = !lowbit.ternary<group = 32> -> tensor<4x64xf32>
  return
}

// -----

func.func @dequant_output_features(%x: tensor<4x64xf32>, %p: tensor<1280xi8>, %y: tensor<4x?xf32>) {
  // expected-error@below {{output features (N) (dimension 1 of output) must be static and positive}}
  %r = lowbit.matmul_dequant ins(%x, %p : tensor<4x64xf32>, tensor<1280xi8>) outs(%y : tensor<4x?xf32>)
      format = !lowbit.ternary<group = 32> -> tensor<4x?xf32>
  return
}

// -----

func.func @dequant_tokens(%x: tensor<4x64xf32>, %p: tensor<1280xi8>, %y: tensor<3x64xf32>) {
  // expected-error@below {{tokens (T) differ: 4 in input, 3 in output}}
  %r = lowbit.matmul_dequant ins(%x, %p : tensor<4x64xf32>, tensor<1280xi8>) outs(%y : tensor<3x64xf32>)
      format = !lowbit.ternary<group = 32> -> tensor<3x64xf32>
  return
}

// -----

func.func @dequant_packed(%x: tensor<4x64xf32>, %p: tensor<64xi8>, %y: tensor<4x64xf32>) {
  // expected-error@below {{in layout rows16 take 1280 bytes, not 64}}
  %r = lowbit.matmul_dequant ins(%x, %p : tensor<4x64xf32>, tensor<64xi8>) outs(%y : tensor<4x64xf32>)
      format = !lowbit.ternary<group = 32> -> tensor<4x64xf32>
  return
}

// -----

func.func @dequant_float_packed(%x: tensor<4x64xf32>, %p: tensor<1280xi8>, %y: tensor<4x64xf32>) {
  // expected-error@below {{packed weights of 64x64x'f32' in layout float16 take 16384 bytes, not 1280}}
  %r = lowbit.matmul_dequant ins(%x, %p : tensor<4x64xf32>, tensor<1280xi8>) outs(%y : tensor<4x64xf32>)
      format = f32 -> tensor<4x64xf32>
  return
}

// -----

func.func @dequant_format(%x: tensor<4x64xf32>, %p: tensor<1280xi8>, %y: tensor<4x64xf32>) {
  // expected-error@below {{attribute 'format' failed to satisfy constraint: type attribute of low-bit format or f32}}
  %r = lowbit.matmul_dequant ins(%x, %p : tensor<4x64xf32>, tensor<1280xi8>) outs(%y : tensor<4x64xf32>)
      format = i8 -> tensor<4x64xf32>
  return
}

// -----

func.func @gather_rows(%i: tensor<4xi32>, %p: tensor<1280xi8>, %y: tensor<4x64xf32>) {
  // expected-error@below {{rows must be positive, not 0}}
  %r = lowbit.gather_packed ins(%i, %p : tensor<4xi32>, tensor<1280xi8>) outs(%y : tensor<4x64xf32>)
      format = !lowbit.ternary<group = 32>, rows = 0 -> tensor<4x64xf32>
  return
}

// -----

func.func @gather_columns(%i: tensor<4xi32>, %p: tensor<1280xi8>, %y: tensor<4x?xf32>) {
  // expected-error@below {{columns (D) (dimension 1 of output) must be static and positive}}
  %r = lowbit.gather_packed ins(%i, %p : tensor<4xi32>, tensor<1280xi8>) outs(%y : tensor<4x?xf32>)
      format = !lowbit.ternary<group = 32>, rows = 64 -> tensor<4x?xf32>
  return
}

// -----

func.func @gather_tokens(%i: tensor<3xi32>, %p: tensor<1280xi8>, %y: tensor<4x64xf32>) {
  // expected-error@below {{tokens (T) differ: 3 in ids, 4 in output}}
  %r = lowbit.gather_packed ins(%i, %p : tensor<3xi32>, tensor<1280xi8>) outs(%y : tensor<4x64xf32>)
      format = !lowbit.ternary<group = 32>, rows = 64 -> tensor<4x64xf32>
  return
}

// -----

func.func @gather_packed(%i: tensor<4xi32>, %p: tensor<1280xi8>, %y: tensor<4x64xf32>) {
  // expected-error@below {{packed weights of 80x64x'!lowbit.ternary<group = 32>' in layout rows16 take 1600 bytes, not 1280}}
  %r = lowbit.gather_packed ins(%i, %p : tensor<4xi32>, tensor<1280xi8>) outs(%y : tensor<4x64xf32>)
      format = !lowbit.ternary<group = 32>, rows = 80 -> tensor<4x64xf32>
  return
}

// -----

func.func @activation_bits(%x: tensor<4x64xf32>, %c: tensor<4x64xi8>, %s: tensor<4xf32>, %g: tensor<4x2xi32>) {
  // expected-error@below {{bits must be in 1..8, not 9}}
  %r:3 = lowbit.quantize_activations ins(%x : tensor<4x64xf32>) outs(%c, %s, %g : tensor<4x64xi8>, tensor<4xf32>, tensor<4x2xi32>)
      group = 32, bits = 9 -> tensor<4x64xi8>, tensor<4xf32>, tensor<4x2xi32>
  return
}

// -----

func.func @planes_bits(%c: tensor<4x64xi8>, %p: tensor<4x32xi8>) {
  // expected-error@below {{bits must be in 1..8, not 0}}
  %r = lowbit.build_planes ins(%c : tensor<4x64xi8>) outs(%p : tensor<4x32xi8>) bits = 0 -> tensor<4x32xi8>
  return
}

// -----

func.func @planes_padding(%c: tensor<4x60xi8>, %p: tensor<4x32xi8>) {
  // expected-error@below {{padded features (KP) must be a multiple of 32, not 60}}
  %r = lowbit.build_planes ins(%c : tensor<4x60xi8>) outs(%p : tensor<4x32xi8>) bits = 4 -> tensor<4x32xi8>
  return
}

// -----

func.func @planes_bytes(%c: tensor<4x64xi8>, %p: tensor<4x24xi8>) {
  // expected-error@below {{bytes (B) of planes must be 32, not 24}}
  %r = lowbit.build_planes ins(%c : tensor<4x64xi8>) outs(%p : tensor<4x24xi8>) bits = 4 -> tensor<4x24xi8>
  return
}

// -----

func.func @planes_tokens(%c: tensor<4x64xi8>, %p: tensor<3x32xi8>) {
  // expected-error@below {{tokens (T) differ: 4 in codes, 3 in planes}}
  %r = lowbit.build_planes ins(%c : tensor<4x64xi8>) outs(%p : tensor<3x32xi8>) bits = 4 -> tensor<3x32xi8>
  return
}

// -----

func.func @popcount_bits(%a: tensor<4x32xi8>, %s: tensor<4xf32>, %g: tensor<4x2xi32>, %p: tensor<1280xi8>, %y: tensor<4x64xf32>) {
  // expected-error@below {{bits must be in 1..8, not 16}}
  %r = lowbit.matmul_popcount
      ins(%a, %s, %g, %p : tensor<4x32xi8>, tensor<4xf32>, tensor<4x2xi32>, tensor<1280xi8>)
      outs(%y : tensor<4x64xf32>) format = !lowbit.ternary<group = 32>, in_features = 64, bits = 16 -> tensor<4x64xf32>
  return
}

// -----

func.func @popcount_bytes(%a: tensor<4x32xi8>, %s: tensor<4xf32>, %g: tensor<4x2xi32>, %p: tensor<1280xi8>, %y: tensor<4x64xf32>) {
  // expected-error@below {{bytes (B) of planes must be 8, not 32}}
  %r = lowbit.matmul_popcount
      ins(%a, %s, %g, %p : tensor<4x32xi8>, tensor<4xf32>, tensor<4x2xi32>, tensor<1280xi8>)
      outs(%y : tensor<4x64xf32>) format = !lowbit.ternary<group = 32>, in_features = 64, bits = 1 -> tensor<4x64xf32>
  return
}

// -----

func.func @popcount_packed(%a: tensor<4x32xi8>, %s: tensor<4xf32>, %g: tensor<4x2xi32>, %p: tensor<64xi8>, %y: tensor<4x64xf32>) {
  // expected-error@below {{packed weights of 64x64x'!lowbit.ternary<group = 32>' in layout rows64 take 1280 bytes, not 64}}
  %r = lowbit.matmul_popcount
      ins(%a, %s, %g, %p : tensor<4x32xi8>, tensor<4xf32>, tensor<4x2xi32>, tensor<64xi8>)
      outs(%y : tensor<4x64xf32>) format = !lowbit.ternary<group = 32>, in_features = 64, bits = 4 -> tensor<4x64xf32>
  return
}

// -----

func.func @popcount_vectors(%a: tensor<4x32xi8>, %s: tensor<4xf32>, %g: tensor<4x2xi32>, %p: tensor<64xi8>, %y: tensor<4x64xf32>) {
  // expected-error@below {{layout rows64 cannot hold '!lowbit.vsq<bits = 4, vector = 32, scale_bits = 4>'}}
  %r = lowbit.matmul_popcount
      ins(%a, %s, %g, %p : tensor<4x32xi8>, tensor<4xf32>, tensor<4x2xi32>, tensor<64xi8>)
      outs(%y : tensor<4x64xf32>) format = !lowbit.vsq<bits = 4, vector = 32, scale_bits = 4>, in_features = 64, bits = 4 -> tensor<4x64xf32>
  return
}

// -----

func.func @trit_group(%c: tensor<4x64xi8>, %t: tensor<4x3584xi8>) {
  // expected-error@below {{trit_group must be a positive multiple of 32, not 40}}
  %r = lowbit.build_tables ins(%c : tensor<4x64xi8>) outs(%t : tensor<4x3584xi8>) width = 128 trit_group = 40 -> tensor<4x3584xi8>
  return
}

// -----

func.func @trit_width(%c: tensor<4x64xi8>, %t: tensor<4x3584xi8>) {
  // expected-error@below {{tables of five ternary weights have width 128}}
  %r = lowbit.build_tables ins(%c : tensor<4x64xi8>) outs(%t : tensor<4x3584xi8>) width = 16 trit_group = 32 -> tensor<4x3584xi8>
  return
}

// -----

func.func @trit_tables(%c: tensor<4x64xi8>, %t: tensor<4x2048xi8>) {
  // expected-error@below {{bytes (B) of tables must be 3584, not 2048}}
  %r = lowbit.build_tables ins(%c : tensor<4x64xi8>) outs(%t : tensor<4x2048xi8>) width = 128 trit_group = 32 -> tensor<4x2048xi8>
  return
}

// -----

func.func @dot_layout(%c: tensor<4x64xi8>, %s: tensor<4xf32>, %g: tensor<4x2xi32>, %p: tensor<1280xi8>, %y: tensor<4x64xf32>) {
  // expected-error@below {{layout must be rows16, rows64 or trits16, not trits64}}
  %r = lowbit.matmul_dot ins(%c, %s, %g, %p : tensor<4x64xi8>, tensor<4xf32>, tensor<4x2xi32>, tensor<1280xi8>)
      outs(%y : tensor<4x64xf32>) format = !lowbit.ternary<group = 32>, in_features = 64 layout = trits64 -> tensor<4x64xf32>
  return
}

// -----

func.func @dot_planes(%c: tensor<4x64xi8>, %s: tensor<4xf32>, %g: tensor<4x2xi32>, %p: tensor<1536xi8>, %y: tensor<4x64xf32>) {
  // expected-error@below {{layout rows64 needs a format with one integer per weight and one scale per group, not '!lowbit.ternary<group = 32, scale = per_sign>'}}
  %r = lowbit.matmul_dot ins(%c, %s, %g, %p : tensor<4x64xi8>, tensor<4xf32>, tensor<4x2xi32>, tensor<1536xi8>)
      outs(%y : tensor<4x64xf32>) format = !lowbit.ternary<group = 32, scale = per_sign>, in_features = 64 layout = rows64 -> tensor<4x64xf32>
  return
}

// -----

func.func @lut_layout(%t: tensor<4x2048xi8>, %s: tensor<4xf32>, %g: tensor<4x2xi32>, %p: tensor<1280xi8>, %y: tensor<4x64xf32>) {
  // expected-error@below {{layout must be rows64 or trits64, not rows16}}
  %r = lowbit.matmul_lut ins(%t, %s, %g, %p : tensor<4x2048xi8>, tensor<4xf32>, tensor<4x2xi32>, tensor<1280xi8>)
      outs(%y : tensor<4x64xf32>) format = !lowbit.ternary<group = 32>, in_features = 64, width = 128 layout = rows16 -> tensor<4x64xf32>
  return
}

// -----

func.func @lut_trit_width(%t: tensor<4x512xi8>, %s: tensor<4xf32>, %g: tensor<4x2xi32>, %p: tensor<1280xi8>, %y: tensor<4x64xf32>) {
  // expected-error@below {{layout trits64 needs tables of width 128, not 16}}
  %r = lowbit.matmul_lut ins(%t, %s, %g, %p : tensor<4x512xi8>, tensor<4xf32>, tensor<4x2xi32>, tensor<1280xi8>)
      outs(%y : tensor<4x64xf32>) format = !lowbit.ternary<group = 32>, in_features = 64, width = 16 layout = trits64 -> tensor<4x64xf32>
  return
}

// -----

// Look-ups of five trits add up one sum, with one scale.
func.func @trits64_per_sign(%w: tensor<64x64x!lowbit.ternary<group = 32, scale = per_sign>>) {
  // expected-error@below {{layout trits64 cannot hold '!lowbit.ternary<group = 32, scale = per_sign>'}}
  %p = lowbit.pack %w layout(trits64) : tensor<64x64x!lowbit.ternary<group = 32, scale = per_sign>> -> tensor<1280xi8>
  return
}

// -----

func.func @byte_group(%c: tensor<4x64xi8>, %t: tensor<4x320xi8>) {
  // expected-error@below {{byte_group must be a positive multiple of 32, not 0}}
  %r = lowbit.build_tables ins(%c : tensor<4x64xi8>) outs(%t : tensor<4x320xi8>) width = 16 byte_group = 0 -> tensor<4x320xi8>
  return
}

// -----

func.func @byte_tables_size(%c: tensor<4x64xi8>, %t: tensor<4x256xi8>) {
  // expected-error@below {{bytes (B) of tables must be 320, not 256}}
  %r = lowbit.build_tables ins(%c : tensor<4x64xi8>) outs(%t : tensor<4x256xi8>) width = 16 byte_group = 32 -> tensor<4x256xi8>
  return
}

// -----

func.func @byte_and_trit_group(%c: tensor<4x64xi8>, %t: tensor<4x1856xi8>) {
  // expected-error@below {{trit_group 32 and byte_group 64 must be the same}}
  %r = lowbit.build_tables ins(%c : tensor<4x64xi8>) outs(%t : tensor<4x1856xi8>) width = 128 trit_group = 32 byte_group = 64 -> tensor<4x1856xi8>
  return
}

// -----

func.func @byte_tables_of_trits_size(%c: tensor<4x64xi8>, %t: tensor<4x3584xi8>) {
  // expected-error@below {{bytes (B) of tables must be 1856, not 3584}}
  %r = lowbit.build_tables ins(%c : tensor<4x64xi8>) outs(%t : tensor<4x3584xi8>) width = 128 trit_group = 32 byte_group = 32 -> tensor<4x3584xi8>
  return
}

// -----

func.func @lut_byte_tables(%t: tensor<4x512xi8>, %s: tensor<4xf32>, %g: tensor<4x2xi32>, %p: tensor<1280xi8>, %y: tensor<4x64xf32>) {
  // expected-error@below {{bytes (B) of tables must be 320, not 512}}
  %r = lowbit.matmul_lut ins(%t, %s, %g, %p : tensor<4x512xi8>, tensor<4xf32>, tensor<4x2xi32>, tensor<1280xi8>)
      outs(%y : tensor<4x64xf32>) format = !lowbit.ternary<group = 32>, in_features = 64, width = 16 byte_tables -> tensor<4x64xf32>
  return
}

// -----

func.func @lut_trit_byte_tables(%t: tensor<4x3584xi8>, %s: tensor<4xf32>, %g: tensor<4x2xi32>, %p: tensor<1152xi8>, %y: tensor<4x64xf32>) {
  // expected-error@below {{bytes (B) of tables must be 1856, not 3584}}
  %r = lowbit.matmul_lut ins(%t, %s, %g, %p : tensor<4x3584xi8>, tensor<4xf32>, tensor<4x2xi32>, tensor<1152xi8>)
      outs(%y : tensor<4x64xf32>) format = !lowbit.ternary<group = 32>, in_features = 64, width = 128 layout = trits64 byte_tables -> tensor<4x64xf32>
  return
}
