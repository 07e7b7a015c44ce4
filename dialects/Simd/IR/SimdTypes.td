//===- SimdTypes.td - Types of the simd dialect --------------*- tablegen -*-===//
#ifndef HALFTONE_DIALECTS_SIMD_IR_SIMDTYPES_TD
#define HALFTONE_DIALECTS_SIMD_IR_SIMDTYPES_TD

include "dialects/Simd/IR/SimdDialect.td"

def Simd_ExecType : Simd_Type<"Exec", "exec"> {
  let summary = "the services of the host, opaque";
  let description = [{
    A pointer to the `halftone_exec` of `runtime/include/halftone/abi.h`:
    through it `simd.launch` reaches the thread pool of the host. It may be
    null, then everything runs on the calling thread.

    It becomes `!llvm.ptr`, so a function that takes one has a
    `const halftone_exec *` argument in C.

    ```mlir
    func.func @decode(%exec: !simd.exec, %x: memref<64xf32>)
    ```
  }];
}

#endif // HALFTONE_DIALECTS_SIMD_IR_SIMDTYPES_TD
