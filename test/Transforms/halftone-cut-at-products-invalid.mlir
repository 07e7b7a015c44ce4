// RUN: quant-opt --halftone-cut-at-products --split-input-file --verify-diagnostics %s

// expected-error@below {{a model has a function 'body' and a function 'head' that takes its result; this module has not}}
module {
  func.func @body(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
    return %x : tensor<?x8xf32>
  }
}

// -----

// The head must take what the body returns.
// expected-error@below {{a model has a function 'body' and a function 'head' that takes its result; this module has not}}
module {
  func.func @body(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
    return %x : tensor<?x8xf32>
  }
  func.func @head(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
    return %x : tensor<?x4xf32>
  }
}

// -----

// A branch.
module {
  // expected-error@below {{function 'body' has more than one block}}
  func.func @body(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
    cf.br ^end
  ^end:
    return %x : tensor<?x8xf32>
  }
  func.func @head(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
    return %x : tensor<?x8xf32>
  }
}

// -----

// Something other than rows of floats lives across the cut before the product of y.
module {
  func.func @body(%x: tensor<?x8xf32>, %i: index) -> tensor<?x8xf32> {
    %c0 = arith.constant 0 : index
    %n = tensor.dim %x, %c0 : tensor<?x8xf32>
    // expected-error@below {{a value of type 'index' is used across a cut; only rows of floats can be carried}}
    %j = arith.addi %i, %i : index
    %e = tensor.empty(%n) : tensor<?x8xf32>
    %y = linalg.exp ins(%x : tensor<?x8xf32>) outs(%e : tensor<?x8xf32>) -> tensor<?x8xf32>
    %w = lowbit.external "w" : tensor<8x8xf32>
    %z = linalg.matmul ins(%y, %w : tensor<?x8xf32>, tensor<8x8xf32>) outs(%e : tensor<?x8xf32>) -> tensor<?x8xf32>
    %table = nn.rope_table theta = 1.0e+04 : tensor<16x8xf32>
    %r = nn.rope ins(%z, %table, %j : tensor<?x8xf32>, tensor<16x8xf32>) outs(%e : tensor<?x8xf32>) -> tensor<?x8xf32>
    return %r : tensor<?x8xf32>
  }
  func.func @head(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
    return %x : tensor<?x8xf32>
  }
}
