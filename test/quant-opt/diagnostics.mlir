// Expected diagnostics are checked in both directions.
// RUN: quant-opt --verify-diagnostics --split-input-file --halftone-results-to-arguments %s
// RUN: not quant-opt --verify-diagnostics --split-input-file --canonicalize %s 2>&1 | FileCheck %s

// CHECK: error: expected error "only ranked tensors can be returned" was not produced
// expected-error@below {{only ranked tensors can be returned}}
func.func @f(%x: f32) -> f32 {
  return %x : f32
}

// -----

func.func @g(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}
