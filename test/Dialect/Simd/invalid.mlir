// RUN: quant-opt --split-input-file --verify-diagnostics %s

// Tables have 16, 32, 64 or 128 entries.
func.func @table(%t: vector<48xi8>, %i: vector<64xi8>) {
  // expected-error@below {{operand #0 must be fixed-length vector of 8-bit signless integer values of length 16/32/64/128}}
  simd.table_lookup %t, %i : vector<48xi8>, vector<64xi8> -> vector<64xi8>
  return
}

// -----

// As many results as indices.
func.func @result(%t: vector<16xi8>, %i: vector<64xi8>) {
  // expected-error@below {{all of {indices, result} have same type}}
  simd.table_lookup %t, %i : vector<16xi8>, vector<64xi8> -> vector<32xi8>
  return
}

// -----

// Vectors have rank one.
func.func @rank(%t: vector<16xi8>, %i: vector<4x16xi8>) {
  // expected-error@below {{operand #1 must be}}
  simd.table_lookup %t, %i : vector<16xi8>, vector<4x16xi8> -> vector<4x16xi8>
  return
}

// -----

// Four bytes for each accumulator.
func.func @dot(%a: vector<16xi32>, %u: vector<32xi8>) {
  // expected-error@below {{needs four bytes for each of the 16 accumulators, but has 32 bytes}}
  simd.dot4 %a, %u, %u : vector<16xi32>, vector<32xi8>, vector<32xi8>
  return
}

// -----

// Both sides of a product are equally long.
func.func @sides(%a: vector<16xi32>, %u: vector<64xi8>, %s: vector<32xi8>) {
  // expected-error@below {{all of {u, s} have same type}}
  simd.dot4 %a, %u, %s : vector<16xi32>, vector<64xi8>, vector<32xi8>
  return
}

// -----

// A byte is at most 255.
func.func @bound(%a: vector<16xi32>, %u: vector<64xi8>) {
  // expected-error@below {{attribute 'max_u' failed to satisfy constraint}}
  simd.dot4 %a, %u, %u {max_u = 256 : i32} : vector<16xi32>, vector<64xi8>, vector<64xi8>
  return
}

// -----

// Eight bytes and two accumulators for each row.
func.func @dot8x2(%a: vector<16xi32>, %u: vector<128xi8>, %s: vector<16xi8>) {
  // expected-error@below {{needs eight bytes and two accumulators for each row, but has 128 bytes and 16 accumulators}}
  simd.dot8x2 %a, %u, %s : vector<16xi32>, vector<128xi8>, vector<16xi8>
  return
}

// -----

// Whole rows.
func.func @half_row(%a: vector<3xi32>, %u: vector<12xi8>, %s: vector<16xi8>) {
  // expected-error@below {{needs eight bytes and two accumulators for each row, but has 12 bytes and 3 accumulators}}
  simd.dot8x2 %a, %u, %s : vector<3xi32>, vector<12xi8>, vector<16xi8>
  return
}

// -----

// Two columns of eight bytes.
func.func @columns(%a: vector<4xi32>, %u: vector<16xi8>, %s: vector<32xi8>) {
  // expected-error@below {{operand #2 must be fixed-length vector of 8-bit signless integer values of length 16}}
  simd.dot8x2 %a, %u, %s : vector<4xi32>, vector<16xi8>, vector<32xi8>
  return
}

// -----

// Two bytes for each sum of a pair.
func.func @dot2(%a: vector<32xi16>, %u: vector<32xi8>) {
  // expected-error@below {{needs two bytes for each of the 32 accumulators, but has 32 bytes}}
  simd.dot2 %a, %u, %u {max_u = 2 : i32} : vector<32xi16>, vector<32xi8>, vector<32xi8>
  return
}

// -----

// A pair of products must fit 16 bits.
func.func @dot2(%a: vector<32xi16>, %u: vector<64xi8>) {
  // expected-error@below {{attribute 'max_u' failed to satisfy constraint}}
  simd.dot2 %a, %u, %u {max_u = 129 : i32} : vector<32xi16>, vector<64xi8>, vector<64xi8>
  return
}

// -----

func.func @halves(%a: vector<16xi32>, %v: vector<16xi16>) {
  // expected-error@below {{needs two lanes for each of the 16 accumulators, but has 16}}
  simd.dot2_halves %a, %v, %v : vector<16xi32>, vector<16xi16>
  return
}

// -----

func.func @popcount(%a: vector<16xi32>, %v: vector<16xi8>) {
  // expected-error@below {{needs four bytes for each of the 16 accumulators, but has 16 bytes}}
  simd.popcount_accumulate %a, %v : vector<16xi32>, vector<16xi8>
  return
}

// -----

func.func @half(%h: vector<16xi16>) {
  // expected-error@below {{needs a result as long as its operand, but has 'vector<16xi16>' and 'vector<8xf32>'}}
  simd.extend_half %h : vector<16xi16> -> vector<8xf32>
  return
}

// -----

// A kernel must exist,
func.func @launch(%exec: !simd.exec, %n: index) {
  // expected-error@below {{does not find a function @missing to launch}}
  simd.launch %exec @missing() count(%n)
  return
}

// -----

// take the arguments and a range,
func.func private @kernel(%x: f32, %begin: index, %end: index)
func.func @launch(%exec: !simd.exec, %x: i32, %n: index) {
  // expected-error@below {{gives @kernel its arguments and a range, that is ('i32', 'index', 'index'), but the kernel takes ('f32', 'index', 'index')}}
  simd.launch %exec @kernel(%x) count(%n) : i32
  return
}

// -----

// and return nothing.
func.func private @kernel(%begin: index, %end: index) -> f32
func.func @launch(%exec: !simd.exec, %n: index) {
  // expected-error@below {{needs a kernel without results, but @kernel has 1}}
  simd.launch %exec @kernel() count(%n)
  return
}

// -----

func.func @observe(%exec: !simd.exec, %x: memref<4x8xf32, strided<[16, 1]>>) {
  // expected-error@below {{needs values without gaps, not 'memref<4x8xf32, strided<[16, 1]>>'}}
  simd.observe %exec site = 0 (%x) : memref<4x8xf32, strided<[16, 1]>>
  return
}
