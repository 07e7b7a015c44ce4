// RUN: quant-opt --halftone-results-to-arguments %s | FileCheck %s

// One argument per result, after the others and in order.
// CHECK-LABEL: func @two
// CHECK-SAME: (%[[X:[^:]+]]: tensor<?x4xf32> {bufferization.writable = false}, %[[A:[^:]+]]: memref<?x4xf32>, %[[B:[^:]+]]: memref<i32>) {
// CHECK: %[[ONE:.+]] = arith.constant
// CHECK: bufferization.materialize_in_destination %[[X]] in restrict writable %[[A]]
// CHECK: bufferization.materialize_in_destination %[[ONE]] in restrict writable %[[B]]
// CHECK: return
// CHECK-NOT: :
// CHECK: }
func.func @two(%x: tensor<?x4xf32>) -> (tensor<?x4xf32> {test.name = "x"}, tensor<i32>) {
  %one = arith.constant dense<1> : tensor<i32>
  return %x, %one : tensor<?x4xf32>, tensor<i32>
}

// CHECK-LABEL: func @none
// CHECK-SAME: (%{{.+}}: tensor<4xf32> {bufferization.writable = false}) {
func.func @none(%x: tensor<4xf32>) {
  return
}

// What C cannot see is left alone.
// CHECK-LABEL: func private @helper
// CHECK-SAME: -> f32
func.func private @helper(%x: f32) -> f32 {
  return %x : f32
}
// CHECK: func private @declared(f32) -> f32
func.func private @declared(f32) -> f32
