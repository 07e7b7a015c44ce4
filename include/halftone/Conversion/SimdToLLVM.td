//===- SimdToLLVM.td - Passes that end in the LLVM dialect ---*- tablegen -*-===//
#ifndef HALFTONE_CONVERSION_SIMDTOLLVM_TD
#define HALFTONE_CONVERSION_SIMDTOLLVM_TD

include "mlir/Pass/PassBase.td"

def ConvertSimdToLLVM : Pass<"convert-simd-to-llvm", "::mlir::ModuleOp"> {
  let summary = "lowers simd operations to LLVM operations and intrinsics of one CPU";
  let description = [{
    Picks instructions for the operations of the simd dialect and replaces the
    type `!simd.exec` by `!llvm.ptr` everywhere. All other operations stay.
    For every CPU the result computes the same bits.

    ```mlir
    %r = simd.dot4 %acc, %u, %s : vector<16xi32>, vector<64xi8>, vector<64xi8>
    ```

    becomes for `cpu=znver5`

    ```mlir
    %r = llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"(%acc, %u, %s)
        : (vector<16xi32>, vector<64xi8>, vector<64xi8>) -> vector<16xi32>
    ```

    `simd.launch` needs 64-bit indices. It adds private functions
    `<kernel>__task` and `simd_launch__run` to the module.
  }];
  let options = [
    Option<"cpu", "cpu", "std::string", "\"native\"",
           "LLVM's name of the CPU, or native for this machine">,
    Option<"triple", "triple", "std::string", "\"\"",
           "target triple, this machine's if empty">
  ];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::func::FuncDialect"];
}

def SimdChainDots : Pass<"simd-chain-dots", "::mlir::ModuleOp"> {
  let summary = "adds chains of byte dot products in 16 bits where the CPU has no instruction for them";
  let description = [{
    Where x86 has `pmaddubsw` but no `vpdpbusd`, `simd.dot4` is three
    instructions, two of them to widen. Within a block, dot products that add
    to one another first become `simd.dot2`, as many as surely fit 16 bits
    (`max_u` says how many), and are widened together. Bytes above 128 do not
    even fit alone; from chains of them the pass makes two of their low and
    high halves. All other CPUs' code stays. The sums are the same.

    ```mlir
    %1 = simd.dot4 %0, %u, %s {max_u = 2 : i32} : vector<16xi32>, vector<64xi8>, vector<64xi8>
    %2 = simd.dot4 %1, %v, %t {max_u = 2 : i32} : vector<16xi32>, vector<64xi8>, vector<64xi8>
    ```

    becomes for `cpu=x86-64-v3`

    ```mlir
    %3 = simd.dot2 %zeros, %u, %s {max_u = 2 : i32} : vector<32xi16>, vector<64xi8>, vector<64xi8>
    %4 = simd.dot2 %3, %v, %t {max_u = 2 : i32} : vector<32xi16>, vector<64xi8>, vector<64xi8>
    %2 = simd.dot2_halves %0, %4, %ones : vector<16xi32>, vector<32xi16>
    ```
  }];
  let options = [
    Option<"cpu", "cpu", "std::string", "\"native\"",
           "LLVM's name of the CPU, or native for this machine">,
    Option<"triple", "triple", "std::string", "\"\"",
           "target triple, this machine's if empty">
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::vector::VectorDialect"];
}

def ExactFMA : Pass<"exact-fma"> {
  let summary = "rewrites llvm.intr.fmuladd to llvm.intr.fma, which rounds once on every target";
  let description = [{
    Upstream lowers `vector.fma`, and what it builds of it (outer products), to
    LLVM's `fmuladd`, which rounds twice where a target has no fused instruction.

    ```mlir
    %r = llvm.intr.fmuladd(%a, %b, %c) : (vector<16xf32>, vector<16xf32>, vector<16xf32>) -> vector<16xf32>
    ```

    becomes

    ```mlir
    %r = llvm.intr.fma(%a, %b, %c) : (vector<16xf32>, vector<16xf32>, vector<16xf32>) -> vector<16xf32>
    ```
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

def VerifyLLVMOnly : Pass<"verify-llvm-only", "::mlir::ModuleOp"> {
  let summary = "fails if the module holds anything that LLVM IR cannot express";
  let description = [{
    Emits an error for every operation outside of the LLVM dialect, except the
    modules themselves: conversions to LLVM leave what they do not know.
  }];
}

#endif // HALFTONE_CONVERSION_SIMDTOLLVM_TD
