// What kernels use of vector, memref, arith, math and index; vectors.c compares with plain loops.

// A window of a matrix, read as a rank-2 vector beyond its end, reduced by rows, in order.
func.func @row_sums(%m: memref<?x?xf32>, %row: index, %column: index, %sums: memref<4xf32>) {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %start = arith.constant dense<0.0> : vector<4xf32>
  %tile = vector.transfer_read %m[%row, %column], %zero : memref<?x?xf32>, vector<4x8xf32>
  %r = vector.multi_reduction <add>, %tile, %start [1] : vector<4x8xf32> to vector<4xf32>
  vector.transfer_write %r, %sums[%c0] {in_bounds = [true]} : vector<4xf32>, memref<4xf32>
  return
}

// c += a b^T of 3x5 and 4x5.
func.func @contract(%a: memref<3x5xf32>, %b: memref<4x5xf32>, %c: memref<3x4xf32>) {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %va = vector.transfer_read %a[%c0, %c0], %zero : memref<3x5xf32>, vector<3x5xf32>
  %vb = vector.transfer_read %b[%c0, %c0], %zero : memref<4x5xf32>, vector<4x5xf32>
  %vc = vector.transfer_read %c[%c0, %c0], %zero : memref<3x4xf32>, vector<3x4xf32>
  %r = vector.contract {
    indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>],
    iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>}
    %va, %vb, %vc : vector<3x5xf32>, vector<4x5xf32> into vector<3x4xf32>
  vector.transfer_write %r, %c[%c0, %c0] : vector<3x4xf32>, memref<3x4xf32>
  return
}

// Nibbles of 8 bytes: low ones at even, high ones at odd places, then pairs read as 16-bit words and reversed.
func.func @shuffles(%bytes: memref<8xi8>, %r: memref<8xi16>) {
  %c0 = arith.constant 0 : index
  %low_mask = arith.constant dense<15> : vector<8xi8>
  %four = arith.constant dense<4> : vector<8xi8>
  %v = vector.load %bytes[%c0] : memref<8xi8>, vector<8xi8>
  %low = arith.andi %v, %low_mask : vector<8xi8>
  %high = arith.shrui %v, %four : vector<8xi8>
  %both = vector.interleave %low, %high : vector<8xi8> -> vector<16xi8>
  %matrix = vector.shape_cast %both : vector<16xi8> to vector<4x4xi8>
  %flat = vector.shape_cast %matrix : vector<4x4xi8> to vector<16xi8>
  %words = vector.bitcast %flat : vector<16xi8> to vector<8xi16>
  %turned = vector.shuffle %words, %words [7, 6, 5, 4, 3, 2, 1, 0] : vector<8xi16>, vector<8xi16>
  vector.store %turned, %r[%c0] : memref<8xi16>, vector<8xi16>
  return
}

// Rounds to nearest even, fuses, takes roots; the tail is masked.
func.func @floats(%x: memref<?xf32>, %y: memref<?xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %zero = arith.constant 0.0 : f32
  scf.for %i = %c0 to %n step %c16 {
    %v = vector.transfer_read %x[%i], %zero : memref<?xf32>, vector<16xf32>
    %rounded = math.roundeven %v : vector<16xf32>
    %magnitude = math.absf %v : vector<16xf32>
    %root = math.sqrt %magnitude : vector<16xf32>
    %r = vector.fma %v, %root, %rounded : vector<16xf32>
    vector.transfer_write %r, %y[%i] : vector<16xf32>, memref<?xf32>
  }
  return
}

// A window of every second row of a global array; index arithmetic that needs expansion.
memref.global "private" constant @primes : memref<4x2xi32> = dense<[[2, 3], [5, 7], [11, 13], [17, 19]]>
func.func @indices(%n: index, %r: memref<3xi64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c7 = arith.constant 7 : index
  %groups = arith.ceildivsi %n, %c7 : index
  %g = arith.index_cast %groups : index to i64
  memref.store %g, %r[%c0] : memref<3xi64>
  %blocks = affine.apply affine_map<()[n] -> ((n + 31) floordiv 32 * 32)>()[%n]
  %b = arith.index_cast %blocks : index to i64
  memref.store %b, %r[%c1] : memref<3xi64>
  %all = memref.get_global @primes : memref<4x2xi32>
  %odd = memref.subview %all[1, 0] [2, 2] [2, 1] : memref<4x2xi32> to memref<2x2xi32, strided<[4, 1], offset: 2>>
  %p = memref.load %odd[%c1, %c1] : memref<2x2xi32, strided<[4, 1], offset: 2>>
  %q = arith.extsi %p : i32 to i64
  memref.store %q, %r[%c2] : memref<3xi64>
  return
}
