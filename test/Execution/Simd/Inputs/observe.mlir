// void look(exec, x...) observes twice, with a whole matrix and a part of it.
func.func @look(%exec: !simd.exec, %x: memref<?x5xf32>, %y: memref<2x5xf32>) {
  simd.observe %exec site = 3 (%x) : memref<?x5xf32>
  simd.observe %exec site = 7 (%y) : memref<2x5xf32>
  return
}
