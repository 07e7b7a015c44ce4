// RUN: quant-opt --halftone-specialize-tokens --split-input-file %s | FileCheck %s

// decode is the body for one token, all the way through; prefill is the body.
// CHECK-LABEL: func @decode
// CHECK-SAME: (%[[X:.+]]: tensor<1xi32>, %{{.+}}: index) -> tensor<1x8xf32>
// CHECK-NOT: ?
// CHECK: %[[N:.+]] = arith.constant 1 : index
// CHECK: %[[E:.+]] = tensor.empty() : tensor<1x8xf32>
// CHECK: nn.embed ins(%[[X]], %{{.+}} : tensor<1xi32>, tensor<4x8xf32>) outs(%[[E]] : tensor<1x8xf32>) -> tensor<1x8xf32>
// CHECK: scf.for %{{.+}} = %{{.+}} to %[[N]] {{.+}} -> (tensor<1x8xf32>)
// CHECK-LABEL: func @prefill
// CHECK-SAME: (%{{.+}}: tensor<?xi32>, %{{.+}}: index) -> tensor<?x8xf32>
// CHECK: tensor.dim
// CHECK-LABEL: func @head
// CHECK-SAME: tensor<?x8xf32>
module attributes {halftone.model = {}} {
  func.func @body(%ids: tensor<?xi32>, %position: index) -> tensor<?x8xf32> {
    %w = lowbit.external "table" : tensor<4x8xf32>
    %zero = arith.constant 0 : index
    %n = tensor.dim %ids, %zero : tensor<?xi32>
    %one = arith.constant 1 : index
    %empty = tensor.empty(%n) : tensor<?x8xf32>
    %y = nn.embed ins(%ids, %w : tensor<?xi32>, tensor<4x8xf32>) outs(%empty : tensor<?x8xf32>) -> tensor<?x8xf32>
    %r = scf.for %i = %zero to %n step %one iter_args(%a = %y) -> tensor<?x8xf32> {
      %s = linalg.exp ins(%a : tensor<?x8xf32>) outs(%a : tensor<?x8xf32>) -> tensor<?x8xf32>
      scf.yield %s : tensor<?x8xf32>
    }
    return %r : tensor<?x8xf32>
  }
  func.func @head(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
    return %x : tensor<?x8xf32>
  }
}

// -----

// Other modules are left alone.
// CHECK-NOT: decode
// CHECK: func @body(%{{.+}}: tensor<?xi32>)
func.func @body(%x: tensor<?xi32>) {
  return
}
