// Functions that a mathematical library would compute become arithmetic; what is one instruction stays.
// RUN: quant-opt --halftone-expand-math %s | FileCheck %s

// CHECK-LABEL: func @vectors
// CHECK-NOT: math.{{exp|tanh|erf|log}}
// CHECK: math.fma
// CHECK: math.sqrt
// CHECK-NOT: math.{{exp|tanh|erf|log}}
// CHECK: return
func.func @vectors(%x: vector<16xf32>) -> (vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>) {
  %a = math.exp %x : vector<16xf32>
  %s = math.sqrt %x : vector<16xf32>
  %b = math.tanh %x : vector<16xf32>
  %c = math.erf %x : vector<16xf32>
  %d = math.log %x : vector<16xf32>
  return %a, %b, %c, %d, %s : vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>
}

// CHECK-LABEL: func @scalar
// CHECK-NOT: math.exp
// CHECK: return
func.func @scalar(%x: f32) -> f32 {
  %a = math.exp %x : f32
  return %a : f32
}

// Doubles keep their precision, and the library.
// CHECK-LABEL: func @double
// CHECK: math.exp %{{.+}} : f64
func.func @double(%x: f64) -> f64 {
  %a = math.exp %x : f64
  return %a : f64
}
