// RUN: quant-opt %s --halftone-add-biases=weights=w --split-input-file --verify-diagnostics

// A weight that no product reads.
// expected-error@below {{weight 'w' belongs to 0 products, not to one: it has no bias of its own}}
module {
  func.func @none(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
    return %x : tensor<?x8xf32>
  }
}

// -----

#x = affine_map<(m, n, k) -> (m, k)>
#w = affine_map<(m, n, k) -> (n, k)>
#y = affine_map<(m, n, k) -> (m, n)>

// Two products share a weight: which of them should the bias correct?
// expected-error@below {{weight 'w' belongs to 2 products, not to one: it has no bias of its own}}
module {
  func.func @two(%x: tensor<?x8xf32>, %o: tensor<?x8xf32>) -> tensor<?x8xf32> {
    %w = lowbit.external "w" : tensor<8x8xf32>
    %a = linalg.matmul indexing_maps = [#x, #w, #y] ins(%x, %w : tensor<?x8xf32>, tensor<8x8xf32>) outs(%o : tensor<?x8xf32>) -> tensor<?x8xf32>
    %b = linalg.matmul indexing_maps = [#x, #w, #y] ins(%a, %w : tensor<?x8xf32>, tensor<8x8xf32>) outs(%o : tensor<?x8xf32>) -> tensor<?x8xf32>
    return %b : tensor<?x8xf32>
  }
}

// -----

#x = affine_map<(m, n, k) -> (m, k)>
#w = affine_map<(m, n, k) -> (n, k)>
#y = affine_map<(m, n, k) -> (m, n)>

// No size for a bias.
module {
  func.func @unknown(%x: tensor<?x8xf32>, %o: tensor<?x?xf32>) -> tensor<?x?xf32> {
    %w = lowbit.external "w" : tensor<8x8xf32>
    // expected-error@below {{the outputs of weight 'w' are not counted: no size for a bias}}
    %a = linalg.matmul indexing_maps = [#x, #w, #y] ins(%x, %w : tensor<?x8xf32>, tensor<8x8xf32>) outs(%o : tensor<?x?xf32>) -> tensor<?x?xf32>
    return %a : tensor<?x?xf32>
  }
}
