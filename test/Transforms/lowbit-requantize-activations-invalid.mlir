// One run per diagnostic about rules, then one about ranges.
// RUN: not quant-opt %s --lowbit-requantize-activations='policy=up' 2>&1 | FileCheck %s --check-prefix=FORM
// RUN: not quant-opt %s --lowbit-requantize-activations='policy=(up=i8' 2>&1 | FileCheck %s --check-prefix=REGEX
// RUN: not quant-opt %s --lowbit-requantize-activations='policy=up=i4' 2>&1 | FileCheck %s --check-prefix=KIND
// RUN: not quant-opt %s --lowbit-requantize-activations='policy=up=static1' 2>&1 | FileCheck %s --check-prefix=BITS
// RUN: not quant-opt %s --lowbit-requantize-activations='policy=up=peg' 2>&1 | FileCheck %s --check-prefix=GROUPS
// RUN: not quant-opt %s --lowbit-requantize-activations='policy=out:up=static8' 2>&1 | FileCheck %s --check-prefix=RANGE
// RUN: not quant-opt %s --lowbit-requantize-activations='policy=in:up=static8' 2>&1 | FileCheck %s --check-prefix=SIZE
// RUN: not quant-opt %s --lowbit-requantize-activations='policy=in:down=peg3' 2>&1 | FileCheck %s --check-prefix=DIVIDE
// RUN: not quant-opt %s --lowbit-requantize-activations='policy=up=vsq4v16s4' 2>&1 | FileCheck %s --check-prefix=VECTORS
// RUN: not quant-opt %s --lowbit-requantize-activations='policy=up=vsq4v16s2' 2>&1 | FileCheck %s --check-prefix=SCALE
// RUN: quant-opt %s --lowbit-requantize-activations='policy=sum:=i8' 2>&1 | FileCheck %s --check-prefix=UNUSED

// FORM: error: activation policy 'up' is not of the form regex=kind
// REGEX: error: activation policy '(up=i8': invalid regular expression: parentheses not balanced
// KIND: error: activation policy 'up=i4': unknown kind of activation 'i4', expected f32, i8, i16, static<bits>, grouped<groups>, peg<groups> or vsq<bits>v<vector>s<scale bits>
// BITS: error: activation policy 'up=static1': 'static1': static activations have 2 to 16 bits, as in static8
// GROUPS: error: activation policy 'up=peg': 'peg': the number of groups is missing, as in peg6
// RANGE: error: activation 'out:up' has no range in lowbit.activation_ranges, which static8 needs; i8 and i16 find it at run time
// SIZE: error: the range of activation 'in:up' has 2 dimensions, the activation has 4
// DIVIDE: error: activation 'in:down': 3 groups do not divide 8 dimensions
// VECTORS: error: activation 'out:up' cannot be vsq4v16s4: only inputs of products have scales of vectors, as in:W
// SCALE: error: activation policy 'up=vsq4v16s2': activations 'vsq4v16s2': unknown format 'vsq4v16s2'
// UNUSED: warning: the activation policy 'sum:=i8' matches no activation

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>
module attributes {lowbit.activation_ranges = {
    "in:up" = {min = array<f32: -1.0, -2.0>, max = array<f32: 3.0, 0.5>},
    "in:down" = {min = array<f32: 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0>,
                 max = array<f32: 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0>}}} {
  func.func @f(%x: tensor<?x4xf32>, %h: tensor<?x8xf32>) -> tensor<?x4xf32> {
    %up = lowbit.external "up" : tensor<8x4xf32>
    %down = lowbit.external "down" : tensor<4x8xf32>
    %p = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %up : tensor<?x4xf32>, tensor<8x4xf32>) outs(%h : tensor<?x8xf32>) -> tensor<?x8xf32>
    %d = linalg.matmul indexing_maps = [#a, #b, #c] ins(%p, %down : tensor<?x8xf32>, tensor<4x8xf32>) outs(%x : tensor<?x4xf32>) -> tensor<?x4xf32>
    return %d : tensor<?x4xf32>
  }
}
