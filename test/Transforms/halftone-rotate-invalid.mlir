// RUN: quant-opt %s --halftone-rotate --split-input-file --verify-diagnostics

// expected-error@below {{there is no nn.embed of a constant table, where a residual stream begins}}
module {
  func.func @nothing(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
    return %x : tensor<?x8xf32>
  }
}

// -----

// A mean is not the same in another basis.
func.func @layer_norm(%ids: tensor<?xi32>, %e: tensor<?x8xf32>, %gain: tensor<8xf32>) -> tensor<?x8xf32> {
  %table = lowbit.external "table" : tensor<4x8xf32>
  %x = nn.embed ins(%ids, %table : tensor<?xi32>, tensor<4x8xf32>) outs(%e : tensor<?x8xf32>) -> tensor<?x8xf32>
  // expected-error@below {{the residual stream cannot be rotated, because 'nn.layer_norm' depends on it}}
  %n = nn.layer_norm ins(%x, %gain, %gain : tensor<?x8xf32>, tensor<8xf32>, tensor<8xf32>) outs(%e : tensor<?x8xf32>) epsilon = 0.0 -> tensor<?x8xf32>
  return %n : tensor<?x8xf32>
}

// -----

func.func @other_addend(%ids: tensor<?xi32>, %e: tensor<?x8xf32>, %other: tensor<?x8xf32>) {
  %table = lowbit.external "table" : tensor<4x8xf32>
  %x = nn.embed ins(%ids, %table : tensor<?xi32>, tensor<4x8xf32>) outs(%e : tensor<?x8xf32>) -> tensor<?x8xf32>
  // expected-error@below {{the residual stream cannot be rotated: something else than a product with constant weights is added to it}}
  %y = linalg.add ins(%x, %other : tensor<?x8xf32>, tensor<?x8xf32>) outs(%e : tensor<?x8xf32>) -> tensor<?x8xf32>
  return
}

// -----

// The norm of the stream leaves a function that is no body of a model.
func.func @result(%ids: tensor<?xi32>, %e: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %table = lowbit.external "table" : tensor<4x8xf32>
  %gain = lowbit.external "gain" : tensor<8xf32>
  %x = nn.embed ins(%ids, %table : tensor<?xi32>, tensor<4x8xf32>) outs(%e : tensor<?x8xf32>) -> tensor<?x8xf32>
  %n = nn.rms_norm ins(%x, %gain : tensor<?x8xf32>, tensor<8xf32>) outs(%e : tensor<?x8xf32>) epsilon = 0.0 -> tensor<?x8xf32>
  // expected-error@below {{the residual stream cannot be rotated, because 'func.return' depends on it}}
  return %n : tensor<?x8xf32>
}
