// RUN: quant-opt %s --split-input-file --verify-diagnostics

// One case per rule of externals, globals, quantized matrices and packing.

func.func @unnamed() {
  // expected-error@below {{needs the name of a tensor}}
  %w = lowbit.external "" : tensor<4x8xf32>
  return
}

// -----

// expected-error@below {{cannot hold elements of type '!lowbit.ternary<group = 32>'; pack the weight first}}
lowbit.global @unpacked : tensor<4x8x!lowbit.ternary<group = 32>> {
  %w = lowbit.external "w" : tensor<4x8xf32>
  %q = lowbit.quantize %w : tensor<4x8xf32> -> tensor<4x8x!lowbit.ternary<group = 32>>
  lowbit.yield %q : tensor<4x8x!lowbit.ternary<group = 32>>
}

// -----

// expected-error@below {{offset must not be negative}}
lowbit.global @w : tensor<4xf32> offset = -64 {
  %w = lowbit.external "w" : tensor<4xf32>
  lowbit.yield %w : tensor<4xf32>
}

// -----

lowbit.global @w : tensor<4xf32> {
  %w = lowbit.external "w" : tensor<4xf32>
  // expected-error@below {{cannot be part of the weight '@w'; a lowbit.global holds only ops that are evaluated at compile time}}
  %n = arith.negf %w : tensor<4xf32>
  lowbit.yield %n : tensor<4xf32>
}

// -----

lowbit.global @w : tensor<4xf32> {
  // expected-error@below {{block with no terminator}}
  %w = lowbit.external "w" : tensor<4xf32>
}

// -----

// expected-error@below {{is 'tensor<8xf32>', but its chain yields 'tensor<4xf32>'}}
lowbit.global @w : tensor<8xf32> {
  %w = lowbit.external "w" : tensor<4xf32>
  lowbit.yield %w : tensor<4xf32>
}

// -----

func.func @unknown() {
  // expected-error@below {{there is no lowbit.global '@w'}}
  %w = lowbit.get_global @w : tensor<4xf32>
  return
}

// -----

lowbit.global @w : tensor<4xf32> {
  %w = lowbit.external "w" : tensor<4xf32>
  lowbit.yield %w : tensor<4xf32>
}
func.func @other_type() {
  // expected-error@below {{result is 'tensor<5xf32>', but '@w' is 'tensor<4xf32>'}}
  %w = lowbit.get_global @w : tensor<5xf32>
  return
}

// -----

lowbit.global @w : tensor<4xf32> {
  %w = lowbit.external "w" : tensor<4xf32>
  lowbit.yield %w : tensor<4xf32>
}
func.func @strided() {
  // expected-error@below {{memory of weights has the identity layout and no memory space}}
  %w = lowbit.get_global @w : memref<4xf32, strided<[2]>>
  return
}

// -----

func.func @dynamic(%w: tensor<?x8xf32>) {
  // expected-error@below {{the source must have static and positive sizes, not 'tensor<?x8xf32>'}}
  %q = lowbit.quantize %w : tensor<?x8xf32> -> tensor<?x8x!lowbit.ternary<group = 32>>
  return
}

// -----

func.func @quantize_shape(%w: tensor<4x8xf32>) {
  // expected-error@below {{source and result differ in shape: 'tensor<4x8xf32>' and 'tensor<8x4x!lowbit.ternary<group = 32>>'}}
  %q = lowbit.quantize %w : tensor<4x8xf32> -> tensor<8x4x!lowbit.ternary<group = 32>>
  return
}

// -----

func.func @rounds(%w: tensor<4x8xf32>) {
  // expected-error@below {{rounds must not be negative}}
  %q = lowbit.quantize %w rounds = -1 : tensor<4x8xf32> -> tensor<4x8x!lowbit.binary<group = 32>>
  return
}

// -----

func.func @solver(%w: tensor<4x8xf32>) {
  // expected-error@below {{solver = greedy is for binary-coded formats, not for '!lowbit.ternary<group = 32>'}}
  %q = lowbit.quantize %w solver = greedy : tensor<4x8xf32> -> tensor<4x8x!lowbit.ternary<group = 32>>
  return
}

// -----

func.func @equalizer_result(%a: tensor<8xf32>, %w: tensor<4x8xf32>) {
  // expected-error@below {{gives a scale per channel of 'tensor<8xf32>', not 'tensor<4xf32>'}}
  %s = lowbit.equalizer %a behind(%w) columns alpha = 0.5 beta = 0.5 : tensor<8xf32>, (tensor<4x8xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @equalizer_weights(%a: tensor<8xf32>) {
  // expected-error@below {{needs weights that read the channels}}
  %s = "lowbit.equalizer"(%a) <{alpha = 0.5 : f64, axis = #lowbit<axis columns>, beta = 0.5 : f64}> : (tensor<8xf32>) -> tensor<8xf32>
  return
}

// -----

func.func @equalizer_exponent(%a: tensor<8xf32>, %w: tensor<4x8xf32>) {
  // expected-error@below {{alpha and beta must be in 0..1}}
  %s = lowbit.equalizer %a behind(%w) columns alpha = 1.5 beta = 0.5 : tensor<8xf32>, (tensor<4x8xf32>) -> tensor<8xf32>
  return
}

// -----

func.func @equalizer_channels(%a: tensor<8xf32>, %w: tensor<4x8xf32>) {
  // expected-error@below {{'tensor<4x8xf32>' must have 8 rows for 8 channels}}
  %s = lowbit.equalizer %a behind(%w) rows alpha = 0.5 beta = 0.5 : tensor<8xf32>, (tensor<4x8xf32>) -> tensor<8xf32>
  return
}

// -----

func.func @scale_vector(%s: tensor<1x8xf32>, %w: tensor<4x8xf32>) {
  // expected-error@below {{scales must be a vector, not 'tensor<1x8xf32>'}}
  %r = lowbit.scale %w by %s columns : tensor<4x8xf32>, tensor<1x8xf32>
  return
}

// -----

func.func @scale_block(%s: tensor<4xf32>, %w: tensor<4x8xf32>) {
  // expected-error@below {{repeat and block must be positive, and blocks of 3 must divide 4 channels}}
  %r = lowbit.scale %w by %s columns repeat = 2 block = 3 : tensor<4x8xf32>, tensor<4xf32>
  return
}

// -----

func.func @rotate_block(%w: tensor<4x8xf32>) {
  // expected-error@below {{blocks of 3 do not divide 4 rows}}
  %r = lowbit.rotate %w rows seed = 1 block = 3 : tensor<4x8xf32>
  return
}

// -----

func.func @rotate_size(%w: tensor<?x8xf32>) {
  // expected-error@below {{the source must have static and positive sizes, not 'tensor<?x8xf32>'}}
  %r = lowbit.rotate %w columns seed = 1 : tensor<?x8xf32>
  return
}

// -----

func.func @weight_range(%w: tensor<4x8xf32>) {
  // expected-error@below {{unknown weight range 'max', expected minmax, mse, percentile:<P> or hqq}}
  %q = lowbit.quantize %w weight_range = "max" : tensor<4x8xf32> -> tensor<4x8x!lowbit.int<bits = 4, group = 0>>
  return
}

// -----

func.func @weight_range_format(%w: tensor<4x8xf32>) {
  // expected-error@below {{weight_range = "mse" is for uniform integers, not for '!lowbit.ternary<group = 32>'}}
  %q = lowbit.quantize %w weight_range = "mse" : tensor<4x8xf32> -> tensor<4x8x!lowbit.ternary<group = 32>>
  return
}

// -----

func.func @dequantize_shape(%q: tensor<4x8x!lowbit.ternary<group = 32>>) {
  // expected-error@below {{source and result differ in shape}}
  %w = lowbit.dequantize %q : tensor<4x8x!lowbit.ternary<group = 32>> -> tensor<4x9xf32>
  return
}

// -----

func.func @component_count(%a: tensor<4x8xi8>) {
  // expected-error@below {{needs 2 components for 'tensor<4x8x!lowbit.ternary<group = 32>>', got 1}}
  %q = lowbit.assemble %a : (tensor<4x8xi8>) -> tensor<4x8x!lowbit.ternary<group = 32>>
  return
}

// -----

// 8 columns are padded to 32 codes of two bits: 8 bytes, not 2.
func.func @component_type(%a: tensor<4x2xi8>, %s: tensor<4x1xf16>) {
  // expected-error@below {{component 'codes' must be 'tensor<4x8xi8>', not 'tensor<4x2xi8>'}}
  %q = lowbit.assemble %a, %s : (tensor<4x2xi8>, tensor<4x1xf16>) -> tensor<4x8x!lowbit.ternary<group = 32>>
  return
}

// -----

func.func @disassemble(%q: tensor<4x8x!lowbit.binary<group = 32>>) {
  // expected-error@below {{component 'scales' must be 'tensor<4x1xf16>', not 'tensor<4x1xf32>'}}
  %p, %s = lowbit.disassemble %q : (tensor<4x8x!lowbit.binary<group = 32>>) -> (tensor<4x4xi8>, tensor<4x1xf32>)
  return
}

// -----

func.func @pack_dynamic(%w: tensor<?x8xf32>) {
  // expected-error@below {{the source must have static and positive sizes, not 'tensor<?x8xf32>'}}
  %p = lowbit.pack %w layout(float16) : tensor<?x8xf32> -> tensor<512xi8>
  return
}

// -----

func.func @pack_float(%w: tensor<16x8xf32>) {
  // expected-error@below {{layout rows16 cannot hold 'f32'}}
  %p = lowbit.pack %w layout(rows16) : tensor<16x8xf32> -> tensor<512xi8>
  return
}

// -----

func.func @pack_plane_scales(%q: tensor<64x32x!lowbit.bcq<planes = 2, group = 32, scale = plane>>) {
  // expected-error@below {{layout rows64 cannot hold '!lowbit.bcq<planes = 2, group = 32, scale = plane>'}}
  %p = lowbit.pack %q layout(rows64) : tensor<64x32x!lowbit.bcq<planes = 2, group = 32, scale = plane>> -> tensor<768xi8>
  return
}

// -----

func.func @pack_bytes(%w: tensor<16x8xf32>) {
  // expected-error@below {{packed weights of 16x8x'f32' in layout float16 take 512 bytes, not 256}}
  %p = lowbit.pack %w layout(float16) : tensor<16x8xf32> -> tensor<256xi8>
  return
}

// -----

func.func @pack_layout(%w: tensor<16x8xf32>) {
  // expected-error@below {{expected one of [rows16, rows64, float16, trits16, trits64] for byte layout of packed weights, got: rows32}}
  %p = lowbit.pack %w layout(rows32) : tensor<16x8xf32> -> tensor<512xi8>
  return
}

// -----

func.func @encode_format(%w: tensor<4x8xf32>, %s: tensor<4x1xf16>) {
  // expected-error@below {{rounds to uniform integers, not to '!lowbit.ternary<group = 0>'}}
  %q = lowbit.encode %w, %s : (tensor<4x8xf32>, tensor<4x1xf16>) -> tensor<4x8x!lowbit.ternary<group = 0>>
  return
}

// -----

func.func @encode_count(%w: tensor<4x8xf32>, %s: tensor<4x1xf16>) {
  // expected-error@below {{needs 2 components for 'tensor<4x8x!lowbit.int<bits = 4, group = 0, range = asymmetric>>', got 1}}
  %q = lowbit.encode %w, %s : (tensor<4x8xf32>, tensor<4x1xf16>) -> tensor<4x8x!lowbit.int<bits = 4, group = 0, range = asymmetric>>
  return
}

// -----

func.func @encode_scales(%w: tensor<4x8xf32>, %s: tensor<4x1xf32>) {
  // expected-error@below {{component 'scales' must be 'tensor<4x1xf16>', not 'tensor<4x1xf32>'}}
  %q = lowbit.encode %w, %s : (tensor<4x8xf32>, tensor<4x1xf32>) -> tensor<4x8x!lowbit.int<bits = 4, group = 0>>
  return
}

// -----

func.func @encode_shape(%w: tensor<4x9xf32>, %s: tensor<4x1xf16>) {
  // expected-error@below {{source and result differ in shape}}
  %q = lowbit.encode %w, %s : (tensor<4x9xf32>, tensor<4x1xf16>) -> tensor<4x8x!lowbit.int<bits = 4, group = 0>>
  return
}

// -----

func.func @convert(%q: tensor<4x8x!lowbit.int<bits = 8, group = 0>>) {
  // expected-error@below {{cannot keep every value of '!lowbit.int<bits = 8, group = 0>' in '!lowbit.bcq<planes = 8, group = 0, offset = per_group>'}}
  %b = lowbit.convert %q : tensor<4x8x!lowbit.int<bits = 8, group = 0>> -> tensor<4x8x!lowbit.bcq<planes = 8, group = 0, offset = per_group>>
  return
}
