// RUN: quant-opt --halftone-c-interface --split-input-file --verify-diagnostics %s

// expected-error@below {{function 'f' has no scratch area; run halftone-plan-memory}}
func.func @f() {
  return
}

// -----

// The last argument is not taken for one.
// expected-error@below {{function 'f' has no scratch area; run halftone-plan-memory}}
func.func @f(%x: memref<?x4xf32>) {
  return
}

// -----

// expected-error@below {{function 'f': an argument of type 'f32' has no C counterpart; use tensors and index}}
func.func @f(%x: f32, %scratch: memref<64xi8>) {
  return
}

// -----

// expected-error@below {{function 'f': the layout of 'memref<4xf32, strided<[2]>>' is not the identity}}
func.func @f(%x: memref<4xf32, strided<[2]>>, %scratch: memref<64xi8>) {
  return
}

// -----

// n cannot be both.
// expected-error@below {{function 'f': 'memref<?x?xf32>' has more than one dynamic size; its C function has one, n}}
func.func @f(%x: memref<?x?xf32>, %scratch: memref<64xi8>) {
  return
}

// -----

// expected-error@below {{function 'f' returns values; run halftone-results-to-arguments}}
func.func @f(%scratch: memref<64xi8>) -> memref<64xi8> {
  return %scratch : memref<64xi8>
}
