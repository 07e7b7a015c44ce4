//===- ToKernels.td - Passes from operations to kernels ------*- tablegen -*-===//
#ifndef HALFTONE_CONVERSION_TOKERNELS_TD
#define HALFTONE_CONVERSION_TOKERNELS_TD

include "mlir/Pass/PassBase.td"

def ConvertLowbitToKernels : Pass<"convert-lowbit-to-kernels", "::mlir::ModuleOp"> {
  let summary = "Turns lowbit operations on buffers into launches of generated kernels";
  let description = [{
    Each operation in memref form becomes a `simd.launch` (or a call, when there is but one unit of work) of a
    private function made of scf, vector and simd operations. Operations of one shape share one function. The
    enclosing function gets a first argument of type `!simd.exec`. Contract: buffers have the identity layout;
    afterwards functions hold no lowbit operation but `lowbit.get_global`.

    ```mlir
    lowbit.matmul_dequant ins(%x, %w : memref<1x64xf32>, memref<1280xi8>) outs(%y : memref<1x64xf32>)
        format = !lowbit.ternary<group = 32>
    // becomes
    simd.launch %exec @dequant_ternaryg32_64x64_t1(%x, %w, %y) count(%c4) : ...
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::func::FuncDialect", "::mlir::math::MathDialect",
    "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect",
    "::halftone::simd::SimdDialect"];
}

def ConvertNnToKernels : Pass<"convert-nn-to-kernels", "::mlir::ModuleOp"> {
  let summary = "Turns nn operations on buffers into launches of generated kernels";
  let description = [{
    As `convert-lowbit-to-kernels`, for the nn dialect. `nn.attention` becomes two launches: the new keys and values
    are stored, then the heads are computed. `nn.observe` becomes `simd.observe`. A `linalg.add` of two matrices of
    32-bit floats, as at the end of a residual branch, becomes a kernel, too.

    ```mlir
    nn.gated_activation ins(%g, %u : memref<?x172xf32>, memref<?x172xf32>) outs(%y : memref<?x172xf32>) kind = silu
    // becomes
    simd.launch %exec @silu_gate_172_tn(%g, %u, %y) count(%tokens) : ...
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::func::FuncDialect", "::mlir::math::MathDialect",
    "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect",
    "::halftone::simd::SimdDialect"];
}

def HalftoneMergeLaunches : Pass<"halftone-merge-launches", "::mlir::ModuleOp"> {
  let summary = "Merges launches into fewer parallel regions";
  let description = [{
    Merges launches of products of one kind on one input (queries, keys and values; gate and up), whose units are then
    divided among the threads together, and launches that work token by token (an addition, a norm, the quantization of
    activations), which then are done one after the other for each token. What stands between must not depend on the
    order. Contract: memory is not planned yet, so that different allocations do not overlap. No bit changes.

    ```mlir
    simd.launch %exec @rms_norm_64_tn(%x, %gain, %y) count(%tokens) {halftone.per_token} : ...
    simd.launch %exec @quantize_64g32_tn(%y, %codes, %scales, %sums) count(%tokens) {halftone.per_token} : ...
    // becomes
    simd.launch %exec @rms_norm_64_tn__quantize_64g32_tn(%x, %gain, %y, %y, %codes, %scales, %sums) count(%tokens)
        {halftone.per_token} : ...
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::func::FuncDialect", "::mlir::scf::SCFDialect",
    "::halftone::simd::SimdDialect"];
}

#endif // HALFTONE_CONVERSION_TOKERNELS_TD
