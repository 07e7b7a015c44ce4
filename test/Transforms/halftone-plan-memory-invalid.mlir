// RUN: quant-opt --halftone-plan-memory --split-input-file --verify-diagnostics %s

// Positions in one block are how long buffers live.
// expected-error@below {{function 'blocks' has more than one block}}
func.func @blocks() {
  %a = memref.alloc() : memref<8xf32>
  cf.br ^next
^next:
  memref.copy %a, %a : memref<8xf32> to memref<8xf32>
  return
}

// -----

// Memory of a region that outlives the region.
func.func @leaves(%x: memref<8xf32>, %condition: i1) {
  %r = scf.if %condition -> memref<8xf32> {
    // expected-error@below {{leaves the block that it is in; such memory cannot be planned}}
    %a = memref.alloc() : memref<8xf32>
    scf.yield %a : memref<8xf32>
  } else {
    scf.yield %x : memref<8xf32>
  }
  memref.copy %r, %x : memref<8xf32> to memref<8xf32>
  return
}
