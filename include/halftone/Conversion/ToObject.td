//===- ToObject.td - Passes that give a module its C face ----*- tablegen -*-===//
#ifndef HALFTONE_CONVERSION_TOOBJECT_TD
#define HALFTONE_CONVERSION_TOOBJECT_TD

include "mlir/Pass/PassBase.td"

def HalftoneCInterface : Pass<"halftone-c-interface", "::mlir::ModuleOp"> {
  let summary = "Wraps public functions in functions that C can call";
  let description = [{
    A public function on memrefs becomes private, `name__body`, and gets a wrapper `name` that takes plain pointers
    and 64-bit integers and returns 0 for success:

    `int32_t name(const halftone_exec *exec, args..., [void *scratch], [int64_t n])`

    Buffers become pointers in their order, `index` becomes `int64_t`. In a module with `halftone.model` the scratch
    area is an argument and `n`, the size of every dynamic dimension, is always there. Otherwise scratch comes from
    `malloc` (the result 1 says that there was none), and `n` is there only if a dimension is dynamic.

    Contract: buffers have the identity layout, the last argument is the scratch area of `halftone-plan-memory`.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::halftone::simd::SimdDialect"];
}

def HalftoneExpandMath : Pass<"halftone-expand-math", "::mlir::ModuleOp"> {
  let summary = "Replaces exp, tanh, erf and log by polynomials";
  let description = [{
    Upstream's polynomial approximations, made of arithmetic and fused multiply-adds: the same bits on every target,
    where a mathematical library would give its own.

    ```mlir
    %y = math.exp %x : vector<16xf32>
    // becomes arith and math.fma operations
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect",
    "::mlir::vector::VectorDialect"];
}

def HalftoneLowerGlobals : Pass<"halftone-lower-globals", "::mlir::ModuleOp"> {
  let summary = "Turns lowbit.get_global into addresses within the weight section";
  let description = [{
    The section's address is loaded from the external constant `halftone_weights_base`, a pointer, so that the
    section may lie anywhere; each weight is at a constant offset from it. The `lowbit.global`s are erased: whoever
    writes the object has evaluated them before.

    ```mlir
    %m = lowbit.get_global @up : memref<1280xi8>
    // becomes
    %a = llvm.mlir.addressof @halftone_weights_base : !llvm.ptr
    %b = llvm.load %a : !llvm.ptr -> !llvm.ptr
    %p = llvm.getelementptr %b[4096] : (!llvm.ptr) -> !llvm.ptr, i8
    ```
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

#endif // HALFTONE_CONVERSION_TOOBJECT_TD
