// RUN: quant-opt --halftone-results-to-arguments --split-input-file --verify-diagnostics %s

// expected-error@below {{function 'scalar' returns 'f32'; only ranked tensors can be returned}}
func.func @scalar(%x: f32) -> f32 {
  return %x : f32
}

// -----

// expected-error@below {{function 'unranked' returns 'tensor<*xf32>'; only ranked tensors can be returned}}
func.func @unranked(%x: tensor<*xf32>) -> tensor<*xf32> {
  return %x : tensor<*xf32>
}

// -----

// expected-error@below {{function 'blocks' has more than one block}}
func.func @blocks(%x: tensor<4xf32>) -> tensor<4xf32> {
  cf.br ^next
^next:
  return %x : tensor<4xf32>
}

// -----

// Inlining comes before.
// expected-error@below {{function 'called' is called within the module; only whole programs become C functions}}
func.func @called(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}
func.func private @caller(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = call @called(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

// expected-error@below {{function 'never' does not end in func.return}}
func.func @never(%x: tensor<4xf32>) -> tensor<4xf32> {
  ub.unreachable
}
