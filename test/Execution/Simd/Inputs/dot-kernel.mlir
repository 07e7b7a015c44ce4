// Dot products of two columns at once, 11 tokens, 37 rows of 45 elements in two groups; dot-kernel.c compares with plain
// loops. A tile of 6 columns leaves two tiles of two and one of one, a tile of 3 has a pair and a column.

func.func @bytes(%c: memref<11x64xi8>, %s: memref<11xf32>, %g: memref<11x2xi32>, %p: memref<3264xi8>, %y: memref<11x37xf32>) {
  lowbit.matmul_dot ins(%c, %s, %g, %p : memref<11x64xi8>, memref<11xf32>, memref<11x2xi32>, memref<3264xi8>) outs(%y : memref<11x37xf32>)
      format = !lowbit.int<bits = 8, group = 32>, in_features = 45 {tile = #lowbit.tile<columns = 6, column_pairs = true>}
  return
}

func.func @trits(%c: memref<11x64xi8>, %s: memref<11xf32>, %g: memref<11x2xi32>, %p: memref<1152xi8>, %y: memref<11x37xf32>) {
  lowbit.matmul_dot ins(%c, %s, %g, %p : memref<11x64xi8>, memref<11xf32>, memref<11x2xi32>, memref<1152xi8>) outs(%y : memref<11x37xf32>)
      format = !lowbit.ternary<group = 32, scale = per_sign>, in_features = 45 {tile = #lowbit.tile<columns = 3, column_pairs = true>}
  return
}
