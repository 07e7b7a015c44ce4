// RUN: quant-opt %s --split-input-file --verify-diagnostics --quant-to-lowbit

// One case per reason that something would be lost.

func.func @wide() -> tensor<2x4xf32> {
  %w = lowbit.external "w" : tensor<2x4xf32>
  %q = quant.qcast %w : tensor<2x4xf32> to tensor<2x4x!quant.uniform<i16:f32, 0.5>>
  // expected-error@below {{of '!quant.uniform<i16:f32, 5.000000e-01>': lowbit integers have 2 to 8 bits, not 'i16'}}
  %d = quant.dcast %q : tensor<2x4x!quant.uniform<i16:f32, 0.5>> to tensor<2x4xf32>
  return %d : tensor<2x4xf32>
}

// -----

func.func @expressed() -> tensor<2x4xf16> {
  %c = arith.constant dense<1> : tensor<2x4xi8>
  %q = quant.scast %c : tensor<2x4xi8> to tensor<2x4x!quant.uniform<i8:f16, 0.5>>
  // expected-error@below {{lowbit formats stand for f32, not 'f16'}}
  %d = quant.dcast %q : tensor<2x4x!quant.uniform<i8:f16, 0.5>> to tensor<2x4xf16>
  return %d : tensor<2x4xf16>
}

// -----

func.func @scale() -> tensor<2x4xf32> {
  %w = lowbit.external "w" : tensor<2x4xf32>
  %q = quant.qcast %w : tensor<2x4xf32> to tensor<2x4x!quant.uniform<i8:f32, 1.0e-40>>
  // expected-error@below {{is no normal 32-bit float}}
  %d = quant.dcast %q : tensor<2x4x!quant.uniform<i8:f32, 1.0e-40>> to tensor<2x4xf32>
  return %d : tensor<2x4xf32>
}

// -----

func.func @zero_point() -> tensor<2x4xf32> {
  %w = lowbit.external "w" : tensor<2x4xf32>
  %q = quant.qcast %w : tensor<2x4xf32> to tensor<2x4x!quant.uniform<u8:f32, 0.5:-1>>
  // expected-error@below {{zero point -1 lies outside the storage, 0 .. 255}}
  %d = quant.dcast %q : tensor<2x4x!quant.uniform<u8:f32, 0.5:-1>> to tensor<2x4xf32>
  return %d : tensor<2x4xf32>
}

// -----

func.func @clamp() -> tensor<2x4xf32> {
  %w = lowbit.external "w" : tensor<2x4xf32>
  // expected-error@below {{lowbit integers clamp to all codes, or to -m .. m, not to 1 .. 15}}
  %q = quant.qcast %w : tensor<2x4xf32> to tensor<2x4x!quant.uniform<u4<1:15>:f32, 0.5>>
  %d = quant.dcast %q : tensor<2x4x!quant.uniform<u4<1:15>:f32, 0.5>> to tensor<2x4xf32>
  return %d : tensor<2x4xf32>
}

// -----

func.func @axis(%x: tensor<1x2xf32>, %y: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %w = lowbit.external "w" : tensor<2x4xf32>
  %q = quant.qcast %w : tensor<2x4xf32> to tensor<2x4x!quant.uniform<i8:f32:0, {0.5, 0.25}>>
  // expected-error@below {{scales along axis 0, over which products sum; lowbit integers have them along axis 1}}
  %d = quant.dcast %q : tensor<2x4x!quant.uniform<i8:f32:0, {0.5, 0.25}>> to tensor<2x4xf32>
  %r = linalg.matmul ins(%x, %d : tensor<1x2xf32>, tensor<2x4xf32>) outs(%y : tensor<1x4xf32>) -> tensor<1x4xf32>
  return %r : tensor<1x4xf32>
}

// -----

func.func @blocks_of_rows() -> tensor<4x4xf32> {
  %w = lowbit.external "w" : tensor<4x4xf32>
  %q = quant.qcast %w : tensor<4x4xf32> to tensor<4x4x!quant.uniform<i8:f32:{0:2, 1:4}, {{0.5}, {0.25}}>>
  // expected-error@below {{blocks of 2 along axis 0; lowbit integers have scales of their own in every row}}
  %d = quant.dcast %q : tensor<4x4x!quant.uniform<i8:f32:{0:2, 1:4}, {{0.5}, {0.25}}>> to tensor<4x4xf32>
  return %d : tensor<4x4xf32>
}

// -----

func.func @calibrated(%q: tensor<2x4x!quant.calibrated<f32<-1.0:1.0>>>) -> tensor<2x4xf32> {
  // expected-error@below {{only uniform types have scales}}
  %d = quant.dcast %q : tensor<2x4x!quant.calibrated<f32<-1.0:1.0>>> to tensor<2x4xf32>
  return %d : tensor<2x4xf32>
}

// -----

func.func @vector() -> tensor<4xf32> {
  %w = lowbit.external "w" : tensor<4xf32>
  %q = quant.qcast %w : tensor<4xf32> to tensor<4x!quant.uniform<i8:f32, 0.5>>
  // expected-error@below {{only matrices of static size are lowbit weights}}
  %d = quant.dcast %q : tensor<4x!quant.uniform<i8:f32, 0.5>> to tensor<4xf32>
  return %d : tensor<4xf32>
}

// -----

func.func @activations(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  // expected-error@below {{its input is no constant weight; activations are rounded by lowbit.matmul}}
  %q = quant.qcast %x : tensor<2x4xf32> to tensor<2x4x!quant.uniform<i8:f32, 0.5>>
  %d = quant.dcast %q : tensor<2x4x!quant.uniform<i8:f32, 0.5>> to tensor<2x4xf32>
  return %d : tensor<2x4xf32>
}

// -----

func.func @computed(%q: tensor<2x4x!quant.uniform<i8:f32, 0.5>>) -> tensor<2x4xf32> {
  // expected-error@below {{only a quant.qcast of a weight and a quant.scast of a constant can be read}}
  %d = quant.dcast %q : tensor<2x4x!quant.uniform<i8:f32, 0.5>> to tensor<2x4xf32>
  return %d : tensor<2x4xf32>
}

// -----

func.func @rest() -> tensor<2x4xi8> {
  %w = lowbit.external "w" : tensor<2x4xf32>
  %q = quant.qcast %w : tensor<2x4xf32> to tensor<2x4x!quant.uniform<i8:f32, 0.5>>
  // expected-error@below {{has no lowbit form: only weights that a quant.dcast reads do}}
  %s = quant.scast %q : tensor<2x4x!quant.uniform<i8:f32, 0.5>> to tensor<2x4xi8>
  return %s : tensor<2x4xi8>
}

// -----

func.func @both_sides(%x: tensor<2x2xf32>, %y: tensor<2x2xf32>) -> (tensor<2x2xf32>, tensor<2x2xf32>) {
  %w = lowbit.external "w" : tensor<2x2xf32>
  %q = quant.qcast %w : tensor<2x2xf32> to tensor<2x2x!quant.uniform<i8:f32, 0.5>>
  // expected-error@below {{is a weight of products from both sides; give each a matrix of its own}}
  %d = quant.dcast %q : tensor<2x2x!quant.uniform<i8:f32, 0.5>> to tensor<2x2xf32>
  %r = linalg.matmul ins(%x, %d : tensor<2x2xf32>, tensor<2x2xf32>) outs(%y : tensor<2x2xf32>) -> tensor<2x2xf32>
  %s = linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>]
    ins(%x, %d : tensor<2x2xf32>, tensor<2x2xf32>) outs(%y : tensor<2x2xf32>) -> tensor<2x2xf32>
  return %r, %s : tensor<2x2xf32>, tensor<2x2xf32>
}
