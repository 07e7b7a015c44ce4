// RUN: quant-opt %s --split-input-file --verify-diagnostics

// Activations with scales of vectors: one case per rule.

// expected-error@below {{vector must be in 8..128, not 7}}
func.func private @vector() attributes {vectors = #lowbit.activation_vectors<vector = 7, scale_bits = 4>}

// -----

// expected-error@below {{scale_bits must be in 3..10, not 11}}
func.func private @scale() attributes {vectors = #lowbit.activation_vectors<vector = 16, scale_bits = 11>}

// -----

// expected-error@below {{product_bits must be in 0..20, not 21}}
func.func private @product() attributes {vectors = #lowbit.activation_vectors<vector = 16, scale_bits = 4, product_bits = 21>}

// -----

func.func @kind(%x: tensor<?x64xf32>, %w: tensor<64x64x!lowbit.vsq<bits = 4, vector = 16, scale_bits = 4>>) {
  // expected-error@below {{activations with vectors have 2 to 8 bits, not i16}}
  %0 = lowbit.matmul ins(%x, %w : tensor<?x64xf32>, tensor<64x64x!lowbit.vsq<bits = 4, vector = 16, scale_bits = 4>>)
      outs(%x : tensor<?x64xf32>) activations = i16 vectors = <vector = 16, scale_bits = 4> -> tensor<?x64xf32>
  return
}

// -----

func.func @strategy(%x: tensor<?x64xf32>, %w: tensor<64x64x!lowbit.vsq<bits = 4, vector = 16, scale_bits = 4>>) {
  // expected-error@below {{activations with vectors have no strategy dequant; use dot}}
  %0 = lowbit.matmul ins(%x, %w : tensor<?x64xf32>, tensor<64x64x!lowbit.vsq<bits = 4, vector = 16, scale_bits = 4>>)
      outs(%x : tensor<?x64xf32>) activations = b4 vectors = <vector = 16, scale_bits = 4> strategy = dequant -> tensor<?x64xf32>
  return
}

// -----

func.func @length(%x: tensor<?x64xf32>, %w: tensor<64x64x!lowbit.vsq<bits = 4, vector = 32, scale_bits = 4>>) {
  // expected-error@below {{activations in vectors of 16 need weights with integer or float scales of vectors as long, not '!lowbit.vsq<bits = 4, vector = 32, scale_bits = 4>'}}
  %0 = lowbit.matmul ins(%x, %w : tensor<?x64xf32>, tensor<64x64x!lowbit.vsq<bits = 4, vector = 32, scale_bits = 4>>)
      outs(%x : tensor<?x64xf32>) activations = b4 vectors = <vector = 16, scale_bits = 4> -> tensor<?x64xf32>
  return
}

// -----

func.func @bits(%x: tensor<?x64xf32>, %c: tensor<?x64xi8>, %m: tensor<?x4xi32>, %s: tensor<?xf32>) {
  // expected-error@below {{bits must be in 2..8, not 1}}
  %q:4 = lowbit.quantize_activation_vectors ins(%x : tensor<?x64xf32>)
      outs(%c, %m, %s, %m : tensor<?x64xi8>, tensor<?x4xi32>, tensor<?xf32>, tensor<?x4xi32>)
      bits = 1, vector = 16, scale_bits = 4 -> tensor<?x64xi8>, tensor<?x4xi32>, tensor<?xf32>, tensor<?x4xi32>
  return
}

// -----

func.func @scale_bits(%x: tensor<?x64xf32>, %c: tensor<?x64xi8>, %m: tensor<?x4xi32>, %s: tensor<?xf32>) {
  // expected-error@below {{scale_bits must be in 3..10, not 2}}
  %q:4 = lowbit.quantize_activation_vectors ins(%x : tensor<?x64xf32>)
      outs(%c, %m, %s, %m : tensor<?x64xi8>, tensor<?x4xi32>, tensor<?xf32>, tensor<?x4xi32>)
      bits = 4, vector = 16, scale_bits = 2 -> tensor<?x64xi8>, tensor<?x4xi32>, tensor<?xf32>, tensor<?x4xi32>
  return
}

// -----

func.func @vector(%x: tensor<?x64xf32>, %c: tensor<?x64xi8>, %m: tensor<?x4xi32>, %s: tensor<?xf32>) {
  // expected-error@below {{vector must be in 8..128, not 4}}
  %q:4 = lowbit.quantize_activation_vectors ins(%x : tensor<?x64xf32>)
      outs(%c, %m, %s, %m : tensor<?x64xi8>, tensor<?x4xi32>, tensor<?xf32>, tensor<?x4xi32>)
      bits = 4, vector = 4, scale_bits = 4 -> tensor<?x64xi8>, tensor<?x4xi32>, tensor<?xf32>, tensor<?x4xi32>
  return
}

// -----

// Vectors of 8 and 16 are not padded one by one, those of 12 are.
func.func @padded(%x: tensor<?x70xf32>, %c: tensor<?x70xi8>, %m: tensor<?x5xi32>, %s: tensor<?xf32>) {
  // expected-error@below {{padded features (KP) of codes must be 96, not 70}}
  %q:4 = lowbit.quantize_activation_vectors ins(%x : tensor<?x70xf32>)
      outs(%c, %m, %s, %m : tensor<?x70xi8>, tensor<?x5xi32>, tensor<?xf32>, tensor<?x5xi32>)
      bits = 4, vector = 16, scale_bits = 4 -> tensor<?x70xi8>, tensor<?x5xi32>, tensor<?xf32>, tensor<?x5xi32>
  return
}

// -----

func.func @multipliers(%x: tensor<?x64xf32>, %c: tensor<?x64xi8>, %m: tensor<?x5xi32>, %s: tensor<?xf32>, %g: tensor<?x4xi32>) {
  // expected-error@below {{vectors (J) of multipliers must be 4, not 5}}
  %q:4 = lowbit.quantize_activation_vectors ins(%x : tensor<?x64xf32>)
      outs(%c, %m, %s, %g : tensor<?x64xi8>, tensor<?x5xi32>, tensor<?xf32>, tensor<?x4xi32>)
      bits = 4, vector = 16, scale_bits = 4 -> tensor<?x64xi8>, tensor<?x5xi32>, tensor<?xf32>, tensor<?x4xi32>
  return
}

// -----

func.func @sums(%x: tensor<?x64xf32>, %c: tensor<?x64xi8>, %m: tensor<?x4xi32>, %s: tensor<?xf32>, %g: tensor<?x2xi32>) {
  // expected-error@below {{vectors (J) of sums must be 4, not 2}}
  %q:4 = lowbit.quantize_activation_vectors ins(%x : tensor<?x64xf32>)
      outs(%c, %m, %s, %g : tensor<?x64xi8>, tensor<?x4xi32>, tensor<?xf32>, tensor<?x2xi32>)
      bits = 4, vector = 16, scale_bits = 4 -> tensor<?x64xi8>, tensor<?x4xi32>, tensor<?xf32>, tensor<?x2xi32>
  return
}

// -----

func.func @format(%x: tensor<?x64xf32>, %c: tensor<?x64xi8>, %m: tensor<?x4xi32>, %s: tensor<?xf32>, %p: tensor<1280xi8>) {
  // expected-error@below {{needs a format with integer or float scales of vectors, not '!lowbit.ternary<group = 32>'}}
  %1 = lowbit.matmul_vector_dot ins(%c, %m, %s, %m, %p
      : tensor<?x64xi8>, tensor<?x4xi32>, tensor<?xf32>, tensor<?x4xi32>, tensor<1280xi8>) outs(%x : tensor<?x64xf32>)
      format = !lowbit.ternary<group = 32>, in_features = 64, bits = 4, scale_bits = 4 -> tensor<?x64xf32>
  return
}

// -----

func.func @product_bits(%x: tensor<?x64xf32>, %c: tensor<?x64xi8>, %m: tensor<?x4xi32>, %s: tensor<?xf32>, %p: tensor<2560xi8>) {
  // expected-error@below {{product_bits must be in 0..20, not 21}}
  %1 = lowbit.matmul_vector_dot ins(%c, %m, %s, %m, %p
      : tensor<?x64xi8>, tensor<?x4xi32>, tensor<?xf32>, tensor<?x4xi32>, tensor<2560xi8>) outs(%x : tensor<?x64xf32>)
      format = !lowbit.vsq<bits = 4, vector = 16, scale_bits = 4>, in_features = 64, bits = 4, scale_bits = 4,
      product_bits = 21 -> tensor<?x64xf32>
  return
}

// -----

func.func @packed(%x: tensor<?x64xf32>, %c: tensor<?x64xi8>, %m: tensor<?x4xi32>, %s: tensor<?xf32>, %p: tensor<2368xi8>) {
  // expected-error@below {{in layout rows16 take 2560 bytes, not 2368}}
  %1 = lowbit.matmul_vector_dot ins(%c, %m, %s, %m, %p
      : tensor<?x64xi8>, tensor<?x4xi32>, tensor<?xf32>, tensor<?x4xi32>, tensor<2368xi8>) outs(%x : tensor<?x64xf32>)
      format = !lowbit.vsq<bits = 4, vector = 16, scale_bits = 4>, in_features = 64, bits = 4, scale_bits = 4 -> tensor<?x64xf32>
  return
}
