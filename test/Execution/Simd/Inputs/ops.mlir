// One function per operation and shape; ops.c calls each and compares with a plain loop.

// Tables of each width, full and odd numbers of indices.
func.func @lookup_16_64(%t: memref<16xi8>, %i: memref<64xi8>, %r: memref<64xi8>) {
  %c0 = arith.constant 0 : index
  %table = vector.load %t[%c0] : memref<16xi8>, vector<16xi8>
  %indices = vector.load %i[%c0] : memref<64xi8>, vector<64xi8>
  %x = simd.table_lookup %table, %indices : vector<16xi8>, vector<64xi8> -> vector<64xi8>
  vector.store %x, %r[%c0] : memref<64xi8>, vector<64xi8>
  return
}
func.func @lookup_32_64(%t: memref<32xi8>, %i: memref<64xi8>, %r: memref<64xi8>) {
  %c0 = arith.constant 0 : index
  %table = vector.load %t[%c0] : memref<32xi8>, vector<32xi8>
  %indices = vector.load %i[%c0] : memref<64xi8>, vector<64xi8>
  %x = simd.table_lookup %table, %indices : vector<32xi8>, vector<64xi8> -> vector<64xi8>
  vector.store %x, %r[%c0] : memref<64xi8>, vector<64xi8>
  return
}
func.func @lookup_64_64(%t: memref<64xi8>, %i: memref<64xi8>, %r: memref<64xi8>) {
  %c0 = arith.constant 0 : index
  %table = vector.load %t[%c0] : memref<64xi8>, vector<64xi8>
  %indices = vector.load %i[%c0] : memref<64xi8>, vector<64xi8>
  %x = simd.table_lookup %table, %indices : vector<64xi8>, vector<64xi8> -> vector<64xi8>
  vector.store %x, %r[%c0] : memref<64xi8>, vector<64xi8>
  return
}
func.func @lookup_128_64(%t: memref<128xi8>, %i: memref<64xi8>, %r: memref<64xi8>) {
  %c0 = arith.constant 0 : index
  %table = vector.load %t[%c0] : memref<128xi8>, vector<128xi8>
  %indices = vector.load %i[%c0] : memref<64xi8>, vector<64xi8>
  %x = simd.table_lookup %table, %indices : vector<128xi8>, vector<64xi8> -> vector<64xi8>
  vector.store %x, %r[%c0] : memref<64xi8>, vector<64xi8>
  return
}
func.func @lookup_16_7(%t: memref<16xi8>, %i: memref<7xi8>, %r: memref<7xi8>) {
  %c0 = arith.constant 0 : index
  %table = vector.load %t[%c0] : memref<16xi8>, vector<16xi8>
  %indices = vector.load %i[%c0] : memref<7xi8>, vector<7xi8>
  %x = simd.table_lookup %table, %indices : vector<16xi8>, vector<7xi8> -> vector<7xi8>
  vector.store %x, %r[%c0] : memref<7xi8>, vector<7xi8>
  return
}
func.func @lookup_128_117(%t: memref<128xi8>, %i: memref<117xi8>, %r: memref<117xi8>) {
  %c0 = arith.constant 0 : index
  %table = vector.load %t[%c0] : memref<128xi8>, vector<128xi8>
  %indices = vector.load %i[%c0] : memref<117xi8>, vector<117xi8>
  %x = simd.table_lookup %table, %indices : vector<128xi8>, vector<117xi8> -> vector<117xi8>
  vector.store %x, %r[%c0] : memref<117xi8>, vector<117xi8>
  return
}

// Every promise about the unsigned side, full and odd numbers of accumulators.
func.func @dot_16_255(%a: memref<16xi32>, %u: memref<64xi8>, %s: memref<64xi8>, %r: memref<16xi32>) {
  %c0 = arith.constant 0 : index
  %acc = vector.load %a[%c0] : memref<16xi32>, vector<16xi32>
  %vu = vector.load %u[%c0] : memref<64xi8>, vector<64xi8>
  %vs = vector.load %s[%c0] : memref<64xi8>, vector<64xi8>
  %x = simd.dot4 %acc, %vu, %vs : vector<16xi32>, vector<64xi8>, vector<64xi8>
  vector.store %x, %r[%c0] : memref<16xi32>, vector<16xi32>
  return
}
func.func @dot_16_128(%a: memref<16xi32>, %u: memref<64xi8>, %s: memref<64xi8>, %r: memref<16xi32>) {
  %c0 = arith.constant 0 : index
  %acc = vector.load %a[%c0] : memref<16xi32>, vector<16xi32>
  %vu = vector.load %u[%c0] : memref<64xi8>, vector<64xi8>
  %vs = vector.load %s[%c0] : memref<64xi8>, vector<64xi8>
  %x = simd.dot4 %acc, %vu, %vs {max_u = 128 : i32} : vector<16xi32>, vector<64xi8>, vector<64xi8>
  vector.store %x, %r[%c0] : memref<16xi32>, vector<16xi32>
  return
}
func.func @dot_16_127(%a: memref<16xi32>, %u: memref<64xi8>, %s: memref<64xi8>, %r: memref<16xi32>) {
  %c0 = arith.constant 0 : index
  %acc = vector.load %a[%c0] : memref<16xi32>, vector<16xi32>
  %vu = vector.load %u[%c0] : memref<64xi8>, vector<64xi8>
  %vs = vector.load %s[%c0] : memref<64xi8>, vector<64xi8>
  %x = simd.dot4 %acc, %vu, %vs {max_u = 127 : i32} : vector<16xi32>, vector<64xi8>, vector<64xi8>
  vector.store %x, %r[%c0] : memref<16xi32>, vector<16xi32>
  return
}
func.func @dot_16_129(%a: memref<16xi32>, %u: memref<64xi8>, %s: memref<64xi8>, %r: memref<16xi32>) {
  %c0 = arith.constant 0 : index
  %acc = vector.load %a[%c0] : memref<16xi32>, vector<16xi32>
  %vu = vector.load %u[%c0] : memref<64xi8>, vector<64xi8>
  %vs = vector.load %s[%c0] : memref<64xi8>, vector<64xi8>
  %x = simd.dot4 %acc, %vu, %vs {max_u = 129 : i32} : vector<16xi32>, vector<64xi8>, vector<64xi8>
  vector.store %x, %r[%c0] : memref<16xi32>, vector<16xi32>
  return
}
func.func @dot_3_255(%a: memref<3xi32>, %u: memref<12xi8>, %s: memref<12xi8>, %r: memref<3xi32>) {
  %c0 = arith.constant 0 : index
  %acc = vector.load %a[%c0] : memref<3xi32>, vector<3xi32>
  %vu = vector.load %u[%c0] : memref<12xi8>, vector<12xi8>
  %vs = vector.load %s[%c0] : memref<12xi8>, vector<12xi8>
  %x = simd.dot4 %acc, %vu, %vs : vector<3xi32>, vector<12xi8>, vector<12xi8>
  vector.store %x, %r[%c0] : memref<3xi32>, vector<3xi32>
  return
}
func.func @dot_29_127(%a: memref<29xi32>, %u: memref<116xi8>, %s: memref<116xi8>, %r: memref<29xi32>) {
  %c0 = arith.constant 0 : index
  %acc = vector.load %a[%c0] : memref<29xi32>, vector<29xi32>
  %vu = vector.load %u[%c0] : memref<116xi8>, vector<116xi8>
  %vs = vector.load %s[%c0] : memref<116xi8>, vector<116xi8>
  %x = simd.dot4 %acc, %vu, %vs {max_u = 127 : i32} : vector<29xi32>, vector<116xi8>, vector<116xi8>
  vector.store %x, %r[%c0] : memref<29xi32>, vector<29xi32>
  return
}

// Chains, which may be added in 16 bits: the most that fit and one more.
func.func @chain_16_16(%a: memref<16xi32>, %u: memref<64xi8>, %s: memref<64xi8>, %r: memref<16xi32>) {
  %c0 = arith.constant 0 : index
  %x0 = vector.load %a[%c0] : memref<16xi32>, vector<16xi32>
  %vu = vector.load %u[%c0] : memref<64xi8>, vector<64xi8>
  %vs = vector.load %s[%c0] : memref<64xi8>, vector<64xi8>
  %x1 = simd.dot4 %x0, %vu, %vs {max_u = 16 : i32} : vector<16xi32>, vector<64xi8>, vector<64xi8>
  %x2 = simd.dot4 %x1, %vu, %vs {max_u = 16 : i32} : vector<16xi32>, vector<64xi8>, vector<64xi8>
  %x3 = simd.dot4 %x2, %vu, %vs {max_u = 16 : i32} : vector<16xi32>, vector<64xi8>, vector<64xi8>
  %x4 = simd.dot4 %x3, %vu, %vs {max_u = 16 : i32} : vector<16xi32>, vector<64xi8>, vector<64xi8>
  %x5 = simd.dot4 %x4, %vu, %vs {max_u = 16 : i32} : vector<16xi32>, vector<64xi8>, vector<64xi8>
  %x6 = simd.dot4 %x5, %vu, %vs {max_u = 16 : i32} : vector<16xi32>, vector<64xi8>, vector<64xi8>
  %x7 = simd.dot4 %x6, %vu, %vs {max_u = 16 : i32} : vector<16xi32>, vector<64xi8>, vector<64xi8>
  %x8 = simd.dot4 %x7, %vu, %vs {max_u = 16 : i32} : vector<16xi32>, vector<64xi8>, vector<64xi8>
  %x9 = simd.dot4 %x8, %vu, %vs {max_u = 16 : i32} : vector<16xi32>, vector<64xi8>, vector<64xi8>
  vector.store %x9, %r[%c0] : memref<16xi32>, vector<16xi32>
  return
}
func.func @chain_29_8(%a: memref<29xi32>, %u: memref<116xi8>, %s: memref<116xi8>, %r: memref<29xi32>) {
  %c0 = arith.constant 0 : index
  %x0 = vector.load %a[%c0] : memref<29xi32>, vector<29xi32>
  %vu = vector.load %u[%c0] : memref<116xi8>, vector<116xi8>
  %vs = vector.load %s[%c0] : memref<116xi8>, vector<116xi8>
  %x1 = simd.dot4 %x0, %vu, %vs {max_u = 8 : i32} : vector<29xi32>, vector<116xi8>, vector<116xi8>
  %x2 = simd.dot4 %x1, %vu, %vs {max_u = 8 : i32} : vector<29xi32>, vector<116xi8>, vector<116xi8>
  %x3 = simd.dot4 %x2, %vu, %vs {max_u = 8 : i32} : vector<29xi32>, vector<116xi8>, vector<116xi8>
  %x4 = simd.dot4 %x3, %vu, %vs {max_u = 8 : i32} : vector<29xi32>, vector<116xi8>, vector<116xi8>
  %x5 = simd.dot4 %x4, %vu, %vs {max_u = 8 : i32} : vector<29xi32>, vector<116xi8>, vector<116xi8>
  %x6 = simd.dot4 %x5, %vu, %vs {max_u = 8 : i32} : vector<29xi32>, vector<116xi8>, vector<116xi8>
  %x7 = simd.dot4 %x6, %vu, %vs {max_u = 8 : i32} : vector<29xi32>, vector<116xi8>, vector<116xi8>
  %x8 = simd.dot4 %x7, %vu, %vs {max_u = 8 : i32} : vector<29xi32>, vector<116xi8>, vector<116xi8>
  %x9 = simd.dot4 %x8, %vu, %vs {max_u = 8 : i32} : vector<29xi32>, vector<116xi8>, vector<116xi8>
  %x10 = simd.dot4 %x9, %vu, %vs {max_u = 8 : i32} : vector<29xi32>, vector<116xi8>, vector<116xi8>
  %x11 = simd.dot4 %x10, %vu, %vs {max_u = 8 : i32} : vector<29xi32>, vector<116xi8>, vector<116xi8>
  %x12 = simd.dot4 %x11, %vu, %vs {max_u = 8 : i32} : vector<29xi32>, vector<116xi8>, vector<116xi8>
  %x13 = simd.dot4 %x12, %vu, %vs {max_u = 8 : i32} : vector<29xi32>, vector<116xi8>, vector<116xi8>
  %x14 = simd.dot4 %x13, %vu, %vs {max_u = 8 : i32} : vector<29xi32>, vector<116xi8>, vector<116xi8>
  %x15 = simd.dot4 %x14, %vu, %vs {max_u = 8 : i32} : vector<29xi32>, vector<116xi8>, vector<116xi8>
  %x16 = simd.dot4 %x15, %vu, %vs {max_u = 8 : i32} : vector<29xi32>, vector<116xi8>, vector<116xi8>
  %x17 = simd.dot4 %x16, %vu, %vs {max_u = 8 : i32} : vector<29xi32>, vector<116xi8>, vector<116xi8>
  vector.store %x17, %r[%c0] : memref<29xi32>, vector<29xi32>
  return
}
func.func @chain_16_255(%a: memref<16xi32>, %u: memref<64xi8>, %s: memref<64xi8>, %r: memref<16xi32>) {
  %c0 = arith.constant 0 : index
  %x0 = vector.load %a[%c0] : memref<16xi32>, vector<16xi32>
  %vu = vector.load %u[%c0] : memref<64xi8>, vector<64xi8>
  %vs = vector.load %s[%c0] : memref<64xi8>, vector<64xi8>
  %x1 = simd.dot4 %x0, %vu, %vs {max_u = 255 : i32} : vector<16xi32>, vector<64xi8>, vector<64xi8>
  %x2 = simd.dot4 %x1, %vu, %vs {max_u = 255 : i32} : vector<16xi32>, vector<64xi8>, vector<64xi8>
  %x3 = simd.dot4 %x2, %vu, %vs {max_u = 255 : i32} : vector<16xi32>, vector<64xi8>, vector<64xi8>
  %x4 = simd.dot4 %x3, %vu, %vs {max_u = 255 : i32} : vector<16xi32>, vector<64xi8>, vector<64xi8>
  %x5 = simd.dot4 %x4, %vu, %vs {max_u = 255 : i32} : vector<16xi32>, vector<64xi8>, vector<64xi8>
  %x6 = simd.dot4 %x5, %vu, %vs {max_u = 255 : i32} : vector<16xi32>, vector<64xi8>, vector<64xi8>
  %x7 = simd.dot4 %x6, %vu, %vs {max_u = 255 : i32} : vector<16xi32>, vector<64xi8>, vector<64xi8>
  %x8 = simd.dot4 %x7, %vu, %vs {max_u = 255 : i32} : vector<16xi32>, vector<64xi8>, vector<64xi8>
  %x9 = simd.dot4 %x8, %vu, %vs {max_u = 255 : i32} : vector<16xi32>, vector<64xi8>, vector<64xi8>
  vector.store %x9, %r[%c0] : memref<16xi32>, vector<16xi32>
  return
}

func.func @pairs_16(%a: memref<16xi32>, %h: memref<32xi16>, %u: memref<64xi8>, %s: memref<64xi8>, %r: memref<16xi32>) {
  %c0 = arith.constant 0 : index
  %x = vector.load %a[%c0] : memref<16xi32>, vector<16xi32>
  %vh = vector.load %h[%c0] : memref<32xi16>, vector<32xi16>
  %vu = vector.load %u[%c0] : memref<64xi8>, vector<64xi8>
  %vs = vector.load %s[%c0] : memref<64xi8>, vector<64xi8>
  %d = simd.dot2 %vh, %vu, %vs {max_u = 128 : i32} : vector<32xi16>, vector<64xi8>, vector<64xi8>
  %y = simd.dot2_halves %x, %d, %vh : vector<16xi32>, vector<32xi16>
  vector.store %y, %r[%c0] : memref<16xi32>, vector<16xi32>
  return
}

func.func @popcount_16(%a: memref<16xi32>, %v: memref<64xi8>, %r: memref<16xi32>) {
  %c0 = arith.constant 0 : index
  %acc = vector.load %a[%c0] : memref<16xi32>, vector<16xi32>
  %vv = vector.load %v[%c0] : memref<64xi8>, vector<64xi8>
  %x = simd.popcount_accumulate %acc, %vv : vector<16xi32>, vector<64xi8>
  vector.store %x, %r[%c0] : memref<16xi32>, vector<16xi32>
  return
}
func.func @popcount_5(%a: memref<5xi32>, %v: memref<20xi8>, %r: memref<5xi32>) {
  %c0 = arith.constant 0 : index
  %acc = vector.load %a[%c0] : memref<5xi32>, vector<5xi32>
  %vv = vector.load %v[%c0] : memref<20xi8>, vector<20xi8>
  %x = simd.popcount_accumulate %acc, %vv : vector<5xi32>, vector<20xi8>
  vector.store %x, %r[%c0] : memref<5xi32>, vector<5xi32>
  return
}

func.func @count_common_64(%a: memref<64xi8>, %v: memref<64xi8>, %b: i8, %r: memref<64xi8>) {
  %c0 = arith.constant 0 : index
  %acc = vector.load %a[%c0] : memref<64xi8>, vector<64xi8>
  %vv = vector.load %v[%c0] : memref<64xi8>, vector<64xi8>
  %x = simd.count_bits %acc, %vv, %b : vector<64xi8>
  vector.store %x, %r[%c0] : memref<64xi8>, vector<64xi8>
  return
}
func.func @count_differ_21(%a: memref<21xi8>, %v: memref<21xi8>, %b: i8, %r: memref<21xi8>) {
  %c0 = arith.constant 0 : index
  %acc = vector.load %a[%c0] : memref<21xi8>, vector<21xi8>
  %vv = vector.load %v[%c0] : memref<21xi8>, vector<21xi8>
  %x = simd.count_bits %acc, %vv, %b differ : vector<21xi8>
  vector.store %x, %r[%c0] : memref<21xi8>, vector<21xi8>
  return
}

func.func @half_16(%h: memref<16xi16>, %r: memref<16xf32>) {
  %c0 = arith.constant 0 : index
  %v = vector.load %h[%c0] : memref<16xi16>, vector<16xi16>
  %x = simd.extend_half %v : vector<16xi16> -> vector<16xf32>
  vector.store %x, %r[%c0] : memref<16xf32>, vector<16xf32>
  return
}
func.func @half_1(%h: memref<1xi16>, %r: memref<1xf32>) {
  %c0 = arith.constant 0 : index
  %v = vector.load %h[%c0] : memref<1xi16>, vector<1xi16>
  %x = simd.extend_half %v : vector<1xi16> -> vector<1xf32>
  vector.store %x, %r[%c0] : memref<1xf32>, vector<1xf32>
  return
}

// Rows of eight bytes times two columns, full and odd numbers of rows.
func.func @matrix_16(%a: memref<32xi32>, %u: memref<128xi8>, %s: memref<16xi8>, %r: memref<32xi32>) {
  %c0 = arith.constant 0 : index
  %acc = vector.load %a[%c0] : memref<32xi32>, vector<32xi32>
  %vu = vector.load %u[%c0] : memref<128xi8>, vector<128xi8>
  %vs = vector.load %s[%c0] : memref<16xi8>, vector<16xi8>
  %x = simd.dot8x2 %acc, %vu, %vs : vector<32xi32>, vector<128xi8>, vector<16xi8>
  vector.store %x, %r[%c0] : memref<32xi32>, vector<32xi32>
  return
}
func.func @matrix_5(%a: memref<10xi32>, %u: memref<40xi8>, %s: memref<16xi8>, %r: memref<10xi32>) {
  %c0 = arith.constant 0 : index
  %acc = vector.load %a[%c0] : memref<10xi32>, vector<10xi32>
  %vu = vector.load %u[%c0] : memref<40xi8>, vector<40xi8>
  %vs = vector.load %s[%c0] : memref<16xi8>, vector<16xi8>
  %x = simd.dot8x2 %acc, %vu, %vs : vector<10xi32>, vector<40xi8>, vector<16xi8>
  vector.store %x, %r[%c0] : memref<10xi32>, vector<10xi32>
  return
}
