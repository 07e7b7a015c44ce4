//===- Passes.td - Passes that belong to the lowbit dialect --*- tablegen -*-===//
#ifndef HALFTONE_DIALECTS_LOWBIT_TRANSFORMS_PASSES_TD
#define HALFTONE_DIALECTS_LOWBIT_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

def LowbitBufferize : Pass<"lowbit-bufferize", "::mlir::ModuleOp"> {
  let summary = "Bufferizes functions and leaves the chains of weights on tensors";
  let description = [{
    One-shot bufferization of a module with identity layouts at function boundaries; operations that share a
    `tensor.empty` get buffers of their own. The regions of
    `lowbit.global`s are left alone: what they hold is evaluated at compile time. (`--one-shot-bufferize` would turn
    an `arith.constant` in a chain into a memref.)

    Contract: weights are outlined into `lowbit.global`s, and products have kernels, before this pass. Where that
    is not so, the pass fails and names the op. The functions have no tensors left after it.

    ```mlir
    %w = lowbit.get_global @w : tensor<1280xi8>
    %y = lowbit.matmul_dequant ins(%x, %w : tensor<4x64xf32>, tensor<1280xi8>) outs(%e : tensor<4x64xf32>)
           format = !lowbit.ternary<group = 32> -> tensor<4x64xf32>
    ```
    becomes
    ```mlir
    %w = lowbit.get_global @w : memref<1280xi8>
    lowbit.matmul_dequant ins(%x, %w : memref<4x64xf32>, memref<1280xi8>) outs(%e : memref<4x64xf32>)
      format = !lowbit.ternary<group = 32>
    ```
  }];
  let dependentDialects = ["::mlir::bufferization::BufferizationDialect", "::mlir::memref::MemRefDialect"];
}

#endif // HALFTONE_DIALECTS_LOWBIT_TRANSFORMS_PASSES_TD
