// RUN: quant-opt --halftone-loops-in-place %s | FileCheck %s

// A tensor computed elsewhere is copied to its place.
// CHECK-LABEL: func @elsewhere
// CHECK: scf.for {{.+}} iter_args(%[[A:.+]] = %{{.+}})
// CHECK: %[[Y:.+]] = linalg.exp
// CHECK: %[[C:.+]] = bufferization.materialize_in_destination %[[Y]] in %[[A]]
// CHECK: scf.yield %[[C]]
func.func @elsewhere(%x: tensor<4xf32>, %n: index) -> tensor<4xf32> {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %r = scf.for %i = %zero to %n step %one iter_args(%a = %x) -> tensor<4xf32> {
    %e = tensor.empty() : tensor<4xf32>
    %y = linalg.exp ins(%a : tensor<4xf32>) outs(%e : tensor<4xf32>) -> tensor<4xf32>
    scf.yield %y : tensor<4xf32>
  }
  return %r : tensor<4xf32>
}

// Tensors that change places are saved first.
// CHECK-LABEL: func @swap
// CHECK: scf.for {{.+}} iter_args(%[[A:.+]] = %{{.+}}, %[[B:.+]] = %{{.+}})
// CHECK: %[[SAVED_B:.+]] = bufferization.alloc_tensor() copy(%[[B]])
// CHECK: %[[SAVED_A:.+]] = bufferization.alloc_tensor() copy(%[[A]])
// CHECK: bufferization.materialize_in_destination %[[SAVED_B]] in %[[A]]
// CHECK: bufferization.materialize_in_destination %[[SAVED_A]] in %[[B]]
func.func @swap(%x: tensor<4xf32>, %y: tensor<4xf32>, %n: index) -> (tensor<4xf32>, tensor<4xf32>) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %r:2 = scf.for %i = %zero to %n step %one iter_args(%a = %x, %b = %y) -> (tensor<4xf32>, tensor<4xf32>) {
    scf.yield %b, %a : tensor<4xf32>, tensor<4xf32>
  }
  return %r#0, %r#1 : tensor<4xf32>, tensor<4xf32>
}

// Branches share a place of static size.
// CHECK-LABEL: func @branches
// CHECK-SAME: %[[X:[^ ]+]]: tensor<4xf32>
// CHECK: %[[PLACE:.+]] = tensor.empty() : tensor<4xf32>
// CHECK: scf.if
// CHECK: %[[Y:.+]] = linalg.exp
// CHECK: %[[A:.+]] = bufferization.materialize_in_destination %[[Y]] in %[[PLACE]]
// CHECK: scf.yield %[[A]], %{{.+}} : tensor<4xf32>, tensor<?xf32>
// CHECK: %[[B:.+]] = bufferization.materialize_in_destination %[[X]] in %[[PLACE]]
// CHECK: scf.yield %[[B]]
func.func @branches(%x: tensor<4xf32>, %d: tensor<?xf32>, %condition: i1) -> (tensor<4xf32>, tensor<?xf32>) {
  %r:2 = scf.if %condition -> (tensor<4xf32>, tensor<?xf32>) {
    %e = tensor.empty() : tensor<4xf32>
    %y = linalg.exp ins(%x : tensor<4xf32>) outs(%e : tensor<4xf32>) -> tensor<4xf32>
    scf.yield %y, %d : tensor<4xf32>, tensor<?xf32>
  } else {
    scf.yield %x, %d : tensor<4xf32>, tensor<?xf32>
  }
  return %r#0, %r#1 : tensor<4xf32>, tensor<?xf32>
}

// One that is computed in place is not, through other loops too; numbers are not tensors.
// CHECK-LABEL: func @in_place
// CHECK-NOT: materialize_in_destination
func.func @in_place(%x: tensor<4xf32>, %n: index, %s: f32) -> (tensor<4xf32>, f32) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %r:2 = scf.for %i = %zero to %n step %one iter_args(%a = %x, %t = %s) -> (tensor<4xf32>, f32) {
    %p = tensor.insert %s into %a[%zero] : tensor<4xf32>
    %q = linalg.exp ins(%p : tensor<4xf32>) outs(%p : tensor<4xf32>) -> tensor<4xf32>
    %y = scf.for %j = %zero to %n step %one iter_args(%b = %q) -> tensor<4xf32> {
      %v = linalg.exp ins(%b : tensor<4xf32>) outs(%b : tensor<4xf32>) -> tensor<4xf32>
      scf.yield %v : tensor<4xf32>
    }
    %u = arith.addf %t, %s : f32
    scf.yield %y, %u : tensor<4xf32>, f32
  }
  return %r#0, %r#1 : tensor<4xf32>, f32
}
