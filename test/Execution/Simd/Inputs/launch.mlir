// y[row][i] = a * x[row][i] + bias[i], rows in parallel; x and y are windows of larger arrays.
func.func private @rows(%x: memref<?x8xf32, strided<[?, 1], offset: ?>>, %y: memref<?x8xf32>, %bias: vector<8xf32>,
                        %a: f32, %begin: index, %end: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %factor = vector.broadcast %a : f32 to vector<8xf32>
  scf.for %row = %begin to %end step %c1 {
    %v = vector.load %x[%row, %c0] : memref<?x8xf32, strided<[?, 1], offset: ?>>, vector<8xf32>
    %r = vector.fma %factor, %v, %bias : vector<8xf32>
    vector.store %r, %y[%row, %c0] : memref<?x8xf32>, vector<8xf32>
  }
  return
}

// Counts by element where it ran; no argument but the range and the counters.
func.func private @count(%counters: memref<?xi32>, %begin: index, %end: index) {
  %c1 = arith.constant 1 : index
  %one = arith.constant 1 : i32
  scf.for %i = %begin to %end step %c1 {
    %old = memref.load %counters[%i] : memref<?xi32>
    %new = arith.addi %old, %one : i32
    memref.store %new, %counters[%i] : memref<?xi32>
  }
  return
}

func.func @run(%exec: !simd.exec, %x: memref<?x16xf32>, %y: memref<?x8xf32>, %counters: memref<?xi32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %a = arith.constant 2.0 : f32
  %bias = arith.constant dense<[0., 1., 2., 3., 4., 5., 6., 7.]> : vector<8xf32>
  %window = memref.subview %x[0, 4] [%n, 8] [1, 1]
      : memref<?x16xf32> to memref<?x8xf32, strided<[16, 1], offset: 4>>
  %any = memref.cast %window : memref<?x8xf32, strided<[16, 1], offset: 4>> to memref<?x8xf32, strided<[?, 1], offset: ?>>
  simd.launch %exec @rows(%any, %y, %bias, %a) count(%n)
      : memref<?x8xf32, strided<[?, 1], offset: ?>>, memref<?x8xf32>, vector<8xf32>, f32
  // Many launches of one kernel from a loop: the stack must not grow.
  %times = arith.constant 100000 : index
  scf.for %i = %c0 to %times step %c1 {
    simd.launch %exec @count(%counters) count(%c1) : memref<?xi32>
  }
  simd.launch %exec @count(%counters) count(%n) : memref<?xi32>
  return
}
