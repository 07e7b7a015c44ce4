// RUN: quant-opt %s --verify-roundtrip | FileCheck %s

// The ops of stage 2, on tensors and on memrefs.

!format = !lowbit.ternary<group = 32>

// CHECK-LABEL: func.func @tensors
func.func @tensors(%x: tensor<?x64xf32>, %ids: tensor<?xi32>, %packed: tensor<1280xi8>, %floats: tensor<16384xi8>,
                   %c: tensor<?x64xi8>, %s: tensor<?xf32>, %g: tensor<?x2xi32>, %t: tensor<?x2048xi8>, %b: tensor<?x32xi8>,
                   %v: tensor<?x4xi32>) {
  // CHECK: %[[A:.+]]:3 = lowbit.quantize_activations ins(%{{.+}} : tensor<?x64xf32>) outs(%{{.+}}, %{{.+}}, %{{.+}} : tensor<?x64xi8>, tensor<?xf32>, tensor<?x2xi32>) group = 32 -> tensor<?x64xi8>, tensor<?xf32>, tensor<?x2xi32>
  %codes, %scales, %sums = lowbit.quantize_activations ins(%x : tensor<?x64xf32>)
      outs(%c, %s, %g : tensor<?x64xi8>, tensor<?xf32>, tensor<?x2xi32>) group = 32
      -> tensor<?x64xi8>, tensor<?xf32>, tensor<?x2xi32>
  // CHECK: lowbit.quantize_activations {{.+}} group = 32 vector = 16, bits = 16 -> tensor<?x64xi8>, tensor<?xf32>, tensor<?x4xi32>
  %wide:3 = lowbit.quantize_activations ins(%x : tensor<?x64xf32>)
      outs(%c, %s, %v : tensor<?x64xi8>, tensor<?xf32>, tensor<?x4xi32>) group = 32 vector = 16, bits = 16
      -> tensor<?x64xi8>, tensor<?xf32>, tensor<?x4xi32>
  // CHECK: %[[T:.+]] = lowbit.build_tables ins(%[[A]]#0 : tensor<?x64xi8>) outs(%{{.+}} : tensor<?x2048xi8>) width = 128 -> tensor<?x2048xi8>
  %tables = lowbit.build_tables ins(%codes : tensor<?x64xi8>) outs(%t : tensor<?x2048xi8>) width = 128
      -> tensor<?x2048xi8>
  // CHECK: lowbit.matmul_lut ins(%[[T]], %[[A]]#1, %[[A]]#2, %{{.+}} : tensor<?x2048xi8>, tensor<?xf32>, tensor<?x2xi32>, tensor<1280xi8>) outs(%{{.+}} : tensor<?x64xf32>) format = !lowbit.ternary<group = 32>, in_features = 64, width = 128 -> tensor<?x64xf32>
  %0 = lowbit.matmul_lut ins(%tables, %scales, %sums, %packed
                             : tensor<?x2048xi8>, tensor<?xf32>, tensor<?x2xi32>, tensor<1280xi8>)
      outs(%x : tensor<?x64xf32>) format = !format, in_features = 64, width = 128 -> tensor<?x64xf32>
  // CHECK: lowbit.matmul_dot ins(%[[A]]#0, %[[A]]#1, %[[A]]#2, %{{.+}} : tensor<?x64xi8>, tensor<?xf32>, tensor<?x2xi32>, tensor<1280xi8>) outs(%{{.+}} : tensor<?x64xf32>) format = !lowbit.ternary<group = 32>, in_features = 64 -> tensor<?x64xf32>
  %1 = lowbit.matmul_dot ins(%codes, %scales, %sums, %packed
                             : tensor<?x64xi8>, tensor<?xf32>, tensor<?x2xi32>, tensor<1280xi8>)
      outs(%x : tensor<?x64xf32>) format = !format, in_features = 64 -> tensor<?x64xf32>
  // CHECK: %[[B:.+]]:3 = lowbit.quantize_activations {{.+}} group = 32, bits = 4 -> tensor<?x64xi8>, tensor<?xf32>, tensor<?x2xi32>
  %few, %few_scales, %few_sums = lowbit.quantize_activations ins(%x : tensor<?x64xf32>)
      outs(%c, %s, %g : tensor<?x64xi8>, tensor<?xf32>, tensor<?x2xi32>) group = 32, bits = 4
      -> tensor<?x64xi8>, tensor<?xf32>, tensor<?x2xi32>
  // CHECK: %[[P:.+]] = lowbit.build_planes ins(%[[B]]#0 : tensor<?x64xi8>) outs(%{{.+}} : tensor<?x32xi8>) bits = 4 -> tensor<?x32xi8>
  %planes = lowbit.build_planes ins(%few : tensor<?x64xi8>) outs(%b : tensor<?x32xi8>) bits = 4 -> tensor<?x32xi8>
  // CHECK: lowbit.matmul_popcount ins(%[[P]], %[[B]]#1, %[[B]]#2, %{{.+}} : tensor<?x32xi8>, tensor<?xf32>, tensor<?x2xi32>, tensor<1280xi8>) outs(%{{.+}} : tensor<?x64xf32>) format = !lowbit.ternary<group = 32>, in_features = 64, bits = 4 -> tensor<?x64xf32>
  %4 = lowbit.matmul_popcount ins(%planes, %few_scales, %few_sums, %packed
                                  : tensor<?x32xi8>, tensor<?xf32>, tensor<?x2xi32>, tensor<1280xi8>)
      outs(%x : tensor<?x64xf32>) format = !format, in_features = 64, bits = 4 -> tensor<?x64xf32>
  // CHECK: lowbit.matmul_dequant ins(%{{.+}}, %{{.+}} : tensor<?x64xf32>, tensor<16384xi8>) outs(%{{.+}} : tensor<?x64xf32>) format = f32 -> tensor<?x64xf32>
  %2 = lowbit.matmul_dequant ins(%x, %floats : tensor<?x64xf32>, tensor<16384xi8>) outs(%x : tensor<?x64xf32>)
      format = f32 -> tensor<?x64xf32>
  // CHECK: lowbit.gather_packed ins(%{{.+}}, %{{.+}} : tensor<?xi32>, tensor<1280xi8>) outs(%{{.+}} : tensor<?x64xf32>) format = !lowbit.ternary<group = 32>, rows = 64 -> tensor<?x64xf32>
  %3 = lowbit.gather_packed ins(%ids, %packed : tensor<?xi32>, tensor<1280xi8>) outs(%x : tensor<?x64xf32>)
      format = !format, rows = 64 -> tensor<?x64xf32>
  return
}

// CHECK-LABEL: func.func @trits
func.func @trits(%x: tensor<?x64xf32>, %codes: tensor<?x64xi8>, %s: tensor<?xf32>, %g: tensor<?x2xi32>,
                 %t: tensor<?x3584xi8>, %w: tensor<64x64x!format>) {
  // CHECK: lowbit.pack %{{.+}} layout(trits16) : tensor<64x64x!lowbit.ternary<group = 32>> -> tensor<1280xi8>
  %p = lowbit.pack %w layout(trits16) : tensor<64x64x!format> -> tensor<1280xi8>
  // CHECK: lowbit.pack %{{.+}} layout(trits64) : tensor<64x64x!lowbit.ternary<group = 32>> -> tensor<1152xi8>
  %q = lowbit.pack %w layout(trits64) : tensor<64x64x!format> -> tensor<1152xi8>
  // CHECK: lowbit.build_tables ins(%{{.+}} : tensor<?x64xi8>) outs(%{{.+}} : tensor<?x3584xi8>) width = 128 trit_group = 32 -> tensor<?x3584xi8>
  %tables = lowbit.build_tables ins(%codes : tensor<?x64xi8>) outs(%t : tensor<?x3584xi8>) width = 128 trit_group = 32
      -> tensor<?x3584xi8>
  // CHECK: lowbit.matmul_lut ins({{.+}}) outs(%{{.+}} : tensor<?x64xf32>) format = !lowbit.ternary<group = 32>, in_features = 64, width = 128 layout = trits64 -> tensor<?x64xf32>
  %0 = lowbit.matmul_lut ins(%tables, %s, %g, %q : tensor<?x3584xi8>, tensor<?xf32>, tensor<?x2xi32>, tensor<1152xi8>)
      outs(%x : tensor<?x64xf32>) format = !format, in_features = 64, width = 128 layout = trits64 -> tensor<?x64xf32>
  // CHECK: lowbit.matmul_dot ins({{.+}}) outs(%{{.+}} : tensor<?x64xf32>) format = !lowbit.ternary<group = 32>, in_features = 64 layout = trits16 -> tensor<?x64xf32>
  %1 = lowbit.matmul_dot ins(%codes, %s, %g, %p : tensor<?x64xi8>, tensor<?xf32>, tensor<?x2xi32>, tensor<1280xi8>)
      outs(%x : tensor<?x64xf32>) format = !format, in_features = 64 layout = trits16 -> tensor<?x64xf32>
  return
}

// CHECK-LABEL: func.func @trit_byte_tables
func.func @trit_byte_tables(%x: tensor<?x64xf32>, %codes: tensor<?x64xi8>, %s: tensor<?xf32>, %g: tensor<?x2xi32>,
                            %t: tensor<?x1856xi8>, %p: tensor<1152xi8>) {
  // CHECK: lowbit.build_tables ins(%{{.+}} : tensor<?x64xi8>) outs(%{{.+}} : tensor<?x1856xi8>) width = 128 trit_group = 32 byte_group = 32 -> tensor<?x1856xi8>
  %tables = lowbit.build_tables ins(%codes : tensor<?x64xi8>) outs(%t : tensor<?x1856xi8>) width = 128 trit_group = 32 byte_group = 32
      -> tensor<?x1856xi8>
  // CHECK: lowbit.matmul_lut ins({{.+}}) outs(%{{.+}} : tensor<?x64xf32>) format = !lowbit.ternary<group = 32>, in_features = 64, width = 128 layout = trits64 byte_tables -> tensor<?x64xf32>
  %0 = lowbit.matmul_lut ins(%tables, %s, %g, %p : tensor<?x1856xi8>, tensor<?xf32>, tensor<?x2xi32>, tensor<1152xi8>)
      outs(%x : tensor<?x64xf32>) format = !format, in_features = 64, width = 128 layout = trits64 byte_tables -> tensor<?x64xf32>
  return
}

// CHECK-LABEL: func.func @byte_tables
func.func @byte_tables(%x: tensor<?x64xf32>, %codes: tensor<?x64xi8>, %s: tensor<?xf32>, %g: tensor<?x2xi32>,
                       %t: tensor<?x320xi8>, %p: tensor<1280xi8>) {
  // CHECK: lowbit.build_tables ins(%{{.+}} : tensor<?x64xi8>) outs(%{{.+}} : tensor<?x320xi8>) width = 16 byte_group = 32 -> tensor<?x320xi8>
  %tables = lowbit.build_tables ins(%codes : tensor<?x64xi8>) outs(%t : tensor<?x320xi8>) width = 16 byte_group = 32
      -> tensor<?x320xi8>
  // CHECK: lowbit.matmul_lut ins({{.+}}) outs(%{{.+}} : tensor<?x64xf32>) format = !lowbit.ternary<group = 32>, in_features = 64, width = 16 byte_tables -> tensor<?x64xf32>
  %0 = lowbit.matmul_lut ins(%tables, %s, %g, %p : tensor<?x320xi8>, tensor<?xf32>, tensor<?x2xi32>, tensor<1280xi8>)
      outs(%x : tensor<?x64xf32>) format = !lowbit.ternary<group = 32>, in_features = 64, width = 16 byte_tables -> tensor<?x64xf32>
  return
}

// CHECK-LABEL: func.func @vectors
func.func @vectors(%x: tensor<?x64xf32>, %c: tensor<?x64xi8>, %m: tensor<?x4xi32>, %s: tensor<?xf32>, %p: tensor<2560xi8>,
                   %w: tensor<64x64x!lowbit.vsq<bits = 4, vector = 16, scale_bits = 4>>) {
  // CHECK: lowbit.matmul {{.+}} activations = b4 vectors = <vector = 16, scale_bits = 4> -> tensor<?x64xf32>
  %0 = lowbit.matmul ins(%x, %w : tensor<?x64xf32>, tensor<64x64x!lowbit.vsq<bits = 4, vector = 16, scale_bits = 4>>)
      outs(%x : tensor<?x64xf32>) activations = b4 vectors = <vector = 16, scale_bits = 4> -> tensor<?x64xf32>
  // CHECK: %[[Q:.+]]:4 = lowbit.quantize_activation_vectors ins(%{{.+}} : tensor<?x64xf32>) outs(%{{.+}}, %{{.+}}, %{{.+}}, %{{.+}} : tensor<?x64xi8>, tensor<?x4xi32>, tensor<?xf32>, tensor<?x4xi32>) bits = 4, vector = 16, scale_bits = 4 -> tensor<?x64xi8>, tensor<?x4xi32>, tensor<?xf32>, tensor<?x4xi32>
  %q:4 = lowbit.quantize_activation_vectors ins(%x : tensor<?x64xf32>)
      outs(%c, %m, %s, %m : tensor<?x64xi8>, tensor<?x4xi32>, tensor<?xf32>, tensor<?x4xi32>)
      bits = 4, vector = 16, scale_bits = 4 -> tensor<?x64xi8>, tensor<?x4xi32>, tensor<?xf32>, tensor<?x4xi32>
  // CHECK: lowbit.matmul_vector_dot ins(%[[Q]]#0, %[[Q]]#1, %[[Q]]#2, %[[Q]]#3, %{{.+}} : {{.+}}) outs(%{{.+}} : tensor<?x64xf32>) format = !lowbit.vsq<bits = 4, vector = 16, scale_bits = 4>, in_features = 64, bits = 4, scale_bits = 4, product_bits = 6 -> tensor<?x64xf32>
  %1 = lowbit.matmul_vector_dot ins(%q#0, %q#1, %q#2, %q#3, %p
      : tensor<?x64xi8>, tensor<?x4xi32>, tensor<?xf32>, tensor<?x4xi32>, tensor<2560xi8>) outs(%x : tensor<?x64xf32>)
      format = !lowbit.vsq<bits = 4, vector = 16, scale_bits = 4>, in_features = 64, bits = 4, scale_bits = 4,
      product_bits = 6 -> tensor<?x64xf32>
  return
}

// CHECK-LABEL: func.func @memrefs
func.func @memrefs(%x: memref<1x172xf32>, %c: memref<1x192xi8>, %s: memref<1xf32>, %g: memref<1x6xi32>,
                   %t: memref<1x1536xi8>, %packed: memref<1664xi8>, %y: memref<1x16xf32>) {
  // CHECK: lowbit.quantize_activations ins(%{{.+}} : memref<1x172xf32>) outs(%{{.+}}, %{{.+}}, %{{.+}} : memref<1x192xi8>, memref<1xf32>, memref<1x6xi32>) group = 32{{$}}
  lowbit.quantize_activations ins(%x : memref<1x172xf32>)
      outs(%c, %s, %g : memref<1x192xi8>, memref<1xf32>, memref<1x6xi32>) group = 32
  // CHECK: lowbit.build_tables ins(%{{.+}} : memref<1x192xi8>) outs(%{{.+}} : memref<1x1536xi8>) width = 16{{$}}
  lowbit.build_tables ins(%c : memref<1x192xi8>) outs(%t : memref<1x1536xi8>) width = 16
  // CHECK: lowbit.matmul_dequant ins(%{{.+}}, %{{.+}} : memref<1x172xf32>, memref<1664xi8>) outs(%{{.+}} : memref<1x16xf32>) format = !lowbit.bcq<planes = 3, group = 32>{{$}}
  lowbit.matmul_dequant ins(%x, %packed : memref<1x172xf32>, memref<1664xi8>) outs(%y : memref<1x16xf32>)
      format = !lowbit.bcq<planes = 3, group = 32>
  return
}
