// RUN: quant-opt --lowbit-select-kernels='cpu=x86-64-v3' %s | FileCheck %s --check-prefixes=CHECK,NARROW
// RUN: quant-opt --lowbit-select-kernels='cpu=icelake-server' %s | FileCheck %s --check-prefixes=CHECK,WIDE
// RUN: quant-opt --lowbit-select-kernels='cpu=neoverse-n1 triple=aarch64-linux-gnu' %s | FileCheck %s --check-prefixes=CHECK,ANYARM,ARM
// RUN: quant-opt --lowbit-select-kernels='cpu=neoverse-v1 triple=aarch64-linux-gnu' %s | FileCheck %s --check-prefixes=CHECK,ANYARM,MATRIX

!ternary = !lowbit.ternary<group = 32>
!planes = !lowbit.bcq<planes = 2, group = 32, scale = plane>
!signs = !lowbit.bcq<planes = 1, group = 64>

// auto: integers by dot products, everything else by dequantizing.
// CHECK-LABEL: func @automatic
// CHECK: %[[P:.+]] = lowbit.pack %{{.+}} layout(rows16) : tensor<8x64x!lowbit.ternary<group = 32>>
// CHECK: lowbit.matmul_dequant ins(%{{.+}}, %[[P]] : {{.+}} format = !lowbit.ternary<group = 32>
// CHECK: %[[A:.+]]:3 = lowbit.quantize_activations {{.+}} group = 32 -> tensor<?x64xi8>, tensor<?xf32>, tensor<?x2xi32>
// CHECK: %[[P:.+]] = lowbit.pack %{{.+}} layout(rows16)
// CHECK: lowbit.matmul_dot ins(%[[A]]#0, %[[A]]#1, %[[A]]#2, %[[P]] : {{.+}} in_features = 64
// NARROW-SAME: {tile = #lowbit.tile<blocks = 1, columns = 4, fast_u = 16>}
// WIDE-SAME: width = 128 {tile = #lowbit.tile<blocks = 1>}
// ARM-SAME: {tile = #lowbit.tile<blocks = 1, columns = 4, fast_u = 127>}
// MATRIX-SAME: {tile = #lowbit.tile<blocks = 1, columns = 4, column_pairs = true>}
// CHECK: lowbit.pack %{{.+}} layout(rows16) : {{.+}}scale = plane
// CHECK: lowbit.matmul_dequant
func.func @automatic(%x: tensor<?x64xf32>, %w: tensor<8x64x!ternary>, %v: tensor<8x64x!planes>, %y: tensor<?x8xf32>)
    -> (tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x8xf32>) {
  %a = lowbit.matmul ins(%x, %w : tensor<?x64xf32>, tensor<8x64x!ternary>) outs(%y : tensor<?x8xf32>) -> tensor<?x8xf32>
  %b = lowbit.matmul ins(%x, %w : tensor<?x64xf32>, tensor<8x64x!ternary>) outs(%y : tensor<?x8xf32>) activations = i8 -> tensor<?x8xf32>
  %c = lowbit.matmul ins(%x, %v : tensor<?x64xf32>, tensor<8x64x!planes>) outs(%y : tensor<?x8xf32>) activations = i8 -> tensor<?x8xf32>
  return %a, %b, %c : tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x8xf32>
}

// Rows of 2048 codes get room between them where dot products read several at once.
// CHECK-LABEL: func @room_between_rows
// CHECK: %[[A:.+]]:3 = lowbit.quantize_activations {{.+}} -> tensor<?x2112xi8>, tensor<?xf32>, tensor<?x16xi32>
// CHECK: lowbit.matmul_dot ins(%[[A]]#0, %[[A]]#1, %[[A]]#2, {{.+}} in_features = 2048
// CHECK: lowbit.quantize_activations {{.+}} -> tensor<1x2048xi8>,
// CHECK: %[[A:.+]]:3 = lowbit.quantize_activations {{.+}} -> tensor<?x2048xi8>,
// CHECK: lowbit.build_tables ins(%[[A]]#0
func.func @room_between_rows(%x: tensor<?x2048xf32>, %t: tensor<1x2048xf32>, %w: tensor<8x2048x!lowbit.ternary<group = 128>>, %y: tensor<?x8xf32>, %u: tensor<1x8xf32>)
    -> (tensor<?x8xf32>, tensor<1x8xf32>, tensor<?x8xf32>) {
  %a = lowbit.matmul ins(%x, %w : tensor<?x2048xf32>, tensor<8x2048x!lowbit.ternary<group = 128>>) outs(%y : tensor<?x8xf32>) activations = i8 strategy = dot -> tensor<?x8xf32>
  %b = lowbit.matmul ins(%t, %w : tensor<1x2048xf32>, tensor<8x2048x!lowbit.ternary<group = 128>>) outs(%u : tensor<1x8xf32>) activations = i8 strategy = dot -> tensor<1x8xf32>
  %c = lowbit.matmul ins(%x, %w : tensor<?x2048xf32>, tensor<8x2048x!lowbit.ternary<group = 128>>) outs(%y : tensor<?x8xf32>) activations = i8 strategy = lut -> tensor<?x8xf32>
  return %a, %b, %c : tensor<?x8xf32>, tensor<1x8xf32>, tensor<?x8xf32>
}

// The CPU's registers decide how wide tables are.
// CHECK-LABEL: func @tables
// CHECK: %[[A:.+]]:3 = lowbit.quantize_activations
// NARROW: %[[T:.+]] = lowbit.build_tables ins(%[[A]]#0 : tensor<1x64xi8>) outs(%{{.+}} : tensor<1x512xi8>) width = 16
// ANYARM: %[[T:.+]] = lowbit.build_tables ins(%[[A]]#0 : tensor<1x64xi8>) outs(%{{.+}} : tensor<1x512xi8>) width = 16
// WIDE: %[[T:.+]] = lowbit.build_tables ins(%[[A]]#0 : tensor<1x64xi8>) outs(%{{.+}} : tensor<1x2048xi8>) width = 128
// CHECK: %[[P:.+]] = lowbit.pack %{{.+}} layout(rows64)
// CHECK: lowbit.matmul_lut ins(%[[T]], %[[A]]#1, %[[A]]#2, %[[P]] :
func.func @tables(%x: tensor<1x64xf32>, %w: tensor<8x64x!lowbit.int<bits = 2, group = 32>>, %y: tensor<1x8xf32>) -> tensor<1x8xf32> {
  %r = lowbit.matmul ins(%x, %w : tensor<1x64xf32>, tensor<8x64x!lowbit.int<bits = 2, group = 32>>) outs(%y : tensor<1x8xf32>) activations = i8 strategy = lut -> tensor<1x8xf32>
  return %r : tensor<1x8xf32>
}

// Signs against one plane: bits are counted. Four bits against ternary weights: dot products of the same codes. A forced popcount takes 8 bits, too.
// CHECK-LABEL: func @few_bits
// CHECK: %[[A:.+]]:3 = lowbit.quantize_activations {{.+}} group = 64, bits = 1
// CHECK: %[[B:.+]] = lowbit.build_planes ins(%[[A]]#0 : tensor<?x64xi8>) outs(%{{.+}} : tensor<?x8xi8>) bits = 1
// CHECK: %[[P:.+]] = lowbit.pack %{{.+}} layout(rows64)
// CHECK: lowbit.matmul_popcount ins(%[[B]], %[[A]]#1, %[[A]]#2, %[[P]] : {{.+}} bits = 1
// CHECK: %[[A:.+]]:3 = lowbit.quantize_activations {{.+}} group = 32, bits = 4
// CHECK: lowbit.matmul_dot ins(%[[A]]#0,
// CHECK: %[[A:.+]]:3 = lowbit.quantize_activations {{.+}} group = 32 ->
// CHECK: %[[B:.+]] = lowbit.build_planes ins(%[[A]]#0 : tensor<?x64xi8>) outs(%{{.+}} : tensor<?x64xi8>) bits = 8
// CHECK: lowbit.matmul_popcount ins(%[[B]], {{.+}} bits = 8
func.func @few_bits(%x: tensor<?x64xf32>, %v: tensor<64x64x!signs>, %w: tensor<64x64x!ternary>, %y: tensor<?x64xf32>)
    -> (tensor<?x64xf32>, tensor<?x64xf32>, tensor<?x64xf32>) {
  %a = lowbit.matmul ins(%x, %v : tensor<?x64xf32>, tensor<64x64x!signs>) outs(%y : tensor<?x64xf32>) activations = b1 -> tensor<?x64xf32>
  %b = lowbit.matmul ins(%x, %w : tensor<?x64xf32>, tensor<64x64x!ternary>) outs(%y : tensor<?x64xf32>) activations = b4 -> tensor<?x64xf32>
  %c = lowbit.matmul ins(%x, %w : tensor<?x64xf32>, tensor<64x64x!ternary>) outs(%y : tensor<?x64xf32>) activations = i8 strategy = popcount -> tensor<?x64xf32>
  return %a, %b, %c : tensor<?x64xf32>, tensor<?x64xf32>, tensor<?x64xf32>
}

// Floats have a layout of their own; a forced dequant ignores what activations may be.
// CHECK-LABEL: func @forced
// CHECK: lowbit.pack %{{.+}} layout(float16) : tensor<8x64xf32> -> tensor<4096xi8>
// CHECK: lowbit.matmul_dequant {{.+}} format = f32
// CHECK-NOT: lowbit.quantize_activations
// CHECK: lowbit.matmul_dequant
func.func @forced(%x: tensor<1x64xf32>, %v: tensor<8x64xf32>, %w: tensor<8x64x!ternary>, %y: tensor<1x8xf32>) -> (tensor<1x8xf32>, tensor<1x8xf32>) {
  %r = lowbit.matmul ins(%x, %v : tensor<1x64xf32>, tensor<8x64xf32>) outs(%y : tensor<1x8xf32>) -> tensor<1x8xf32>
  %s = lowbit.matmul ins(%x, %w : tensor<1x64xf32>, tensor<8x64x!ternary>) outs(%y : tensor<1x8xf32>) activations = i8 strategy = dequant -> tensor<1x8xf32>
  return %r, %s : tensor<1x8xf32>, tensor<1x8xf32>
}

// CHECK-LABEL: func @gather
// CHECK: %[[P:.+]] = lowbit.pack %{{.+}} layout(rows16)
// CHECK: lowbit.gather_packed ins(%{{.+}}, %[[P]] : {{.+}} format = !lowbit.ternary<group = 32>, rows = 512
// CHECK: %[[P:.+]] = lowbit.pack %{{.+}} layout(float16)
// CHECK: lowbit.gather_packed ins(%{{.+}}, %[[P]] : {{.+}} format = f32, rows = 512
func.func @gather(%ids: tensor<?xi32>, %w: tensor<512x64x!ternary>, %v: tensor<512x64xf32>, %y: tensor<?x64xf32>) -> (tensor<?x64xf32>, tensor<?x64xf32>) {
  %r = lowbit.gather ins(%ids, %w : tensor<?xi32>, tensor<512x64x!ternary>) outs(%y : tensor<?x64xf32>) -> tensor<?x64xf32>
  %s = lowbit.gather ins(%ids, %v : tensor<?xi32>, tensor<512x64xf32>) outs(%y : tensor<?x64xf32>) -> tensor<?x64xf32>
  return %r, %s : tensor<?x64xf32>, tensor<?x64xf32>
}

// 16-bit activations are two tokens of 8 bits each.
// CHECK-LABEL: func @wide
// CHECK-SAME: (%[[X:.+]]: tensor<?x64xf32>
// CHECK: %[[T:.+]] = tensor.dim %[[X]]
// CHECK: %[[N:.+]] = arith.muli %[[T]], %{{.+}} : index
// CHECK: %[[A:.+]]:3 = lowbit.quantize_activations {{.+}} group = 32, bits = 16 -> tensor<?x64xi8>
// CHECK: %[[M:.+]] = arith.muli %{{.+}} : index
// CHECK: %[[E:.+]] = tensor.empty(%[[M]]) : tensor<?x8xf32>
// CHECK: %[[P:.+]] = lowbit.matmul_dot ins(%[[A]]#0, %[[A]]#1, %[[A]]#2, %{{.+}} outs(%[[E]] :
// CHECK: lowbit.sum_token_rows ins(%[[P]] : tensor<?x8xf32>) {{.+}} rows = 2
// CHECK: lowbit.quantize_activations {{.+}} bits = 16 -> tensor<2x64xi8>
// CHECK: lowbit.build_tables ins(%{{.+}} : tensor<2x64xi8>)
// CHECK: lowbit.matmul_lut
// CHECK: lowbit.sum_token_rows ins(%{{.+}} : tensor<2x8xf32>) outs(%{{.+}} : tensor<1x8xf32>) rows = 2
func.func @wide(%x: tensor<?x64xf32>, %u: tensor<1x64xf32>, %w: tensor<8x64x!ternary>, %y: tensor<?x8xf32>, %z: tensor<1x8xf32>)
    -> (tensor<?x8xf32>, tensor<1x8xf32>) {
  %r = lowbit.matmul ins(%x, %w : tensor<?x64xf32>, tensor<8x64x!ternary>) outs(%y : tensor<?x8xf32>) activations = i16 -> tensor<?x8xf32>
  %s = lowbit.matmul ins(%u, %w : tensor<1x64xf32>, tensor<8x64x!ternary>) outs(%z : tensor<1x8xf32>) activations = i16 strategy = lut -> tensor<1x8xf32>
  return %r, %s : tensor<?x8xf32>, tensor<1x8xf32>
}
