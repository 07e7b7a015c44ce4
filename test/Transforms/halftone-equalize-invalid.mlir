// RUN: quant-opt %s --halftone-equalize --split-input-file --verify-diagnostics
// RUN: not quant-opt %s --halftone-equalize=alpha=1.5 --split-input-file 2>&1 | FileCheck %s
// CHECK: error: alpha and beta of an equalization must be in 0..1

#a = affine_map<(m, n, k) -> (m, k)>
#w = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>

module attributes {lowbit.channel_magnitudes = {q = array<f32: 1.0>}} {
  func.func @size(%x: tensor<?x8xf32>, %o: tensor<?x8xf32>, %y: tensor<?x4xf32>) -> tensor<?x4xf32> {
    %gain = lowbit.external "gain" : tensor<8xf32>
    %n = nn.rms_norm ins(%x, %gain : tensor<?x8xf32>, tensor<8xf32>) outs(%o : tensor<?x8xf32>) epsilon = 0.0 -> tensor<?x8xf32>
    %q = lowbit.external "q" : tensor<4x8xf32>
    // expected-error@below {{the magnitudes of the inputs of 'q' in lowbit.channel_magnitudes are not 8 floats}}
    %r = linalg.matmul indexing_maps = [#a, #w, #c] ins(%n, %q : tensor<?x8xf32>, tensor<4x8xf32>) outs(%y : tensor<?x4xf32>) -> tensor<?x4xf32>
    return %r : tensor<?x4xf32>
  }
}
