// Offsets in the order of the module, in multiples of 64 bytes: 10 floats take 64 bytes, 1280 take 5120.
// RUN: quant-opt --lowbit-place-weights --split-input-file %s | FileCheck %s
// With a redzone, at least so many bytes between two of them, and none behind the last.
// RUN: quant-opt --lowbit-place-weights=redzone=100 --split-input-file %s | FileCheck %s --check-prefix=REDZONE

// REDZONE: lowbit.weight_bytes = 5568
// REDZONE: @a : tensor<10xf32> offset = 0
// REDZONE: @b : tensor<1280xf32> offset = 192
// REDZONE: @c : tensor<65xi8> offset = 5440

// CHECK: module attributes {lowbit.weight_bytes = 5312 : i64}
// CHECK: lowbit.global "private" @a : tensor<10xf32> offset = 0
// CHECK: lowbit.global "private" @b : tensor<1280xf32> offset = 64
// CHECK: lowbit.global "private" @c : tensor<65xi8> offset = 5184
lowbit.global "private" @a : tensor<10xf32> {
  %w = lowbit.external "a" : tensor<10xf32>
  lowbit.yield %w : tensor<10xf32>
}
func.func @between() {
  return
}
// An earlier place is forgotten.
lowbit.global "private" @b : tensor<1280xf32> offset = 1000 {
  %w = lowbit.external "b" : tensor<1280xf32>
  lowbit.yield %w : tensor<1280xf32>
}
lowbit.global "private" @c : tensor<65xi8> {
  %w = arith.constant dense<0> : tensor<65xi8>
  lowbit.yield %w : tensor<65xi8>
}

// -----

// CHECK: module attributes {lowbit.weight_bytes = 0 : i64}
module {
}
