// RUN: quant-opt %s --split-input-file --verify-diagnostics

// One case per rule of the types and of the module's attribute.

// expected-error@below {{planes must be in 1..8, not 9}}
func.func private @too_many_planes(tensor<4x8x!lowbit.bcq<planes = 9, group = 32>>)

// -----

// expected-error@below {{planes must be in 1..8, not 0}}
func.func private @no_planes(tensor<4x8x!lowbit.bcq<planes = 0, group = 32>>)

// -----

// expected-error@below {{bits must be in 2..8, not 1}}
func.func private @too_few_bits(tensor<4x8x!lowbit.int<bits = 1, group = 32>>)

// -----

// expected-error@below {{group must not be negative (0 is the whole row), got -32}}
func.func private @negative_group_bcq(tensor<4x8x!lowbit.bcq<planes = 3, group = -32>>)

// -----

// expected-error@below {{group must not be negative (0 is the whole row), got -1}}
func.func private @negative_group_binary(tensor<4x8x!lowbit.binary<group = -1>>)

// -----

// expected-error@below {{group must not be negative (0 is the whole row), got -1}}
func.func private @negative_group_ternary(tensor<4x8x!lowbit.ternary<group = -1>>)

// -----

// expected-error@below {{group must not be negative (0 is the whole row), got -1}}
func.func private @negative_group_int(tensor<4x8x!lowbit.int<bits = 4, group = -1>>)

// -----

// expected-error@below {{bits must be in 2..8, not 9}}
func.func private @vsq_bits(tensor<4x8x!lowbit.vsq<bits = 9, vector = 16, scale_bits = 6>>)

// -----

// expected-error@below {{scale_bits must be in 3..10, not 2}}
func.func private @vsq_scale_bits(tensor<4x8x!lowbit.vsq<bits = 4, vector = 16, scale_bits = 2>>)

// -----

// expected-error@below {{scale_bits of scale = float must be 32, not 8}}
func.func private @vsq_float_bits(tensor<4x8x!lowbit.vsq<bits = 4, vector = 16, scale_bits = 8, scale = float>>)

// -----

// There are no small floats but MXFP4 and NVFP4.
// expected-error@below {{formats of small floats have element = e2m1, bits = 4, scale_bits = 8 and either vector = 32 and scale = e8m0 (MXFP4) or vector = 16 and scale = e4m3 (NVFP4)}}
func.func private @small_floats(tensor<4x8x!lowbit.vsq<bits = 4, vector = 16, scale_bits = 8, element = e2m1, scale = e8m0>>)

// -----

// expected-error@below {{formats of small floats have element = e2m1}}
func.func private @small_scales(tensor<4x8x!lowbit.vsq<bits = 4, vector = 32, scale_bits = 8, scale = e8m0>>)

// -----

// expected-error@below {{vector must be in 8..128, not 0}}
func.func private @vsq_vector(tensor<4x8x!lowbit.vsq<bits = 4, vector = 0, scale_bits = 6>>)

// -----

// expected-error@below {{vector must be in 8..128, not 129}}
func.func private @vsq_long_vector(tensor<4x8x!lowbit.vsq<bits = 4, vector = 129, scale_bits = 6>>)

// -----

// expected-error@below {{failed to parse Lowbit_BcqType parameter}}
// expected-error@below {{expected one of [two_level, plane] for scales of binary-coded weights, got: channel}}
func.func private @scale(tensor<4x8x!lowbit.bcq<planes = 2, group = 32, scale = channel>>)

// -----

// expected-error@below {{failed to parse Lowbit_TernaryType parameter}}
// expected-error@below {{expected one of [shared, per_sign] for scales of ternary weights, got: plane}}
func.func private @ternary_scale(tensor<4x8x!lowbit.ternary<group = 32, scale = plane>>)

// -----

// The formats live on tensors only.
// expected-error@below {{invalid memref element type}}
func.func private @memref(memref<4x8x!lowbit.ternary<group = 32>>)

// -----

// expected-error@below {{'lowbit.externals' must name a safetensors file or a folder of them}}
module attributes { lowbit.externals = 3 } {}

// -----

// expected-error@below {{'lowbit.externals' belongs on the module}}
func.func private @f() attributes { lowbit.externals = "model.safetensors" }

// -----

// expected-error@below {{scope = tensor has one scale for everything, so group must be 0, not 32}}
func.func private @scope(tensor<4x8x!lowbit.int<bits = 8, group = 32, scope = tensor>>)

// -----

// expected-error@below {{failed to parse Lowbit_BcqType parameter}}
// expected-error@below {{expected one of [none, per_group] for what is added to the planes of binary-coded weights, got: row}}
func.func private @offset(tensor<4x8x!lowbit.bcq<planes = 2, group = 32, offset = row>>)

// -----

// A tile has one to four blocks of rows,
// expected-error@below {{blocks must be 1 to 4, not 0}}
func.func private @tile() attributes {tile = #lowbit.tile<blocks = 0, columns = 4, fast_u = 16>}

// -----

// one to sixteen columns,
// expected-error@below {{columns must be 1 to 16, not 17}}
func.func private @tile() attributes {tile = #lowbit.tile<blocks = 1, columns = 17, fast_u = 16>}

// -----

// and bytes;
// expected-error@below {{fast_u must be 1 to 255, not 256}}
func.func private @tile() attributes {tile = #lowbit.tile<blocks = 1, columns = 4, fast_u = 256>}

// -----

// pairs of columns need two.
// expected-error@below {{column_pairs needs tiles of two columns or more}}
func.func private @tile() attributes {tile = #lowbit.tile<columns = 1, column_pairs = true>}
