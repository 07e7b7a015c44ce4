// Products by counting bits, 5 tokens, 70 rows of 45 elements in two groups; popcount-kernel.c compares with plain loops.

func.func @signs(%c: memref<5x64xi8>, %a: memref<5x8xi8>, %s: memref<5xf32>, %g: memref<5x2xi32>, %p: memref<1792xi8>, %y: memref<5x70xf32>) {
  lowbit.build_planes ins(%c : memref<5x64xi8>) outs(%a : memref<5x8xi8>) bits = 1
  lowbit.matmul_popcount ins(%a, %s, %g, %p : memref<5x8xi8>, memref<5xf32>, memref<5x2xi32>, memref<1792xi8>) outs(%y : memref<5x70xf32>)
      format = !lowbit.bcq<planes = 1, group = 32>, in_features = 45, bits = 1
  return
}

func.func @four_bits(%c: memref<5x64xi8>, %a: memref<5x32xi8>, %s: memref<5xf32>, %g: memref<5x2xi32>, %p: memref<2560xi8>, %y: memref<5x70xf32>) {
  lowbit.build_planes ins(%c : memref<5x64xi8>) outs(%a : memref<5x32xi8>) bits = 4
  lowbit.matmul_popcount ins(%a, %s, %g, %p : memref<5x32xi8>, memref<5xf32>, memref<5x2xi32>, memref<2560xi8>) outs(%y : memref<5x70xf32>)
      format = !lowbit.ternary<group = 32>, in_features = 45, bits = 4
  return
}
