//===- SimdDialect.td - The simd dialect ---------------------*- tablegen -*-===//
//
// The dialect and the base classes of its types and operations.
//
//===----------------------------------------------------------------------===//
#ifndef HALFTONE_DIALECTS_SIMD_IR_SIMDDIALECT_TD
#define HALFTONE_DIALECTS_SIMD_IR_SIMDDIALECT_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/DialectBase.td"
include "mlir/IR/OpBase.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Simd_Dialect : Dialect {
  let name = "simd";
  let cppNamespace = "::halftone::simd";
  let summary = "the few vector operations that kernels need and MLIR has no name for";
  let description = [{
    Kernels of low-bit matrix products are loops over `vector` and `memref`
    operations, plus the operations of this dialect: a table look-up of bytes,
    a four-way dot product of bytes, a counter of bits, the widening of half
    floats, and the launch of a kernel on a thread pool.

    All of them say *what* is computed, bit for bit, and nothing about the
    instruction set. `convert-simd-to-llvm{cpu=...}` picks instructions. A
    kernel may therefore be written once, at one fixed virtual width for every
    target (64 bytes: `vector<64xi8>`, `vector<16xi32>`, `vector<16xf32>`), and
    computes the same bits everywhere. Other lengths are legal in all
    operations, they may be slower.

    Example: 64 codes of four bits, two to a byte, become weights by a table
    of 16 entries and meet 64 activations:

    ```mlir
    %codes = vector.load %packed[%i] : memref<?xi8>, vector<64xi8>
    %weights = simd.table_lookup %table, %codes
        : vector<16xi8>, vector<64xi8> -> vector<64xi8>
    %sum = simd.dot4 %acc, %activations, %weights {max_u = 127 : i32}
        : vector<16xi32>, vector<64xi8>, vector<64xi8>
    ```
  }];
  let useDefaultTypePrinterParser = 1;
  let hasConstantMaterializer = 1;
  let dependentDialects = ["::mlir::arith::ArithDialect"];
  let extraClassDeclaration = [{
  private:
    void registerOps();
    void registerTypes();

  public:
  }];
}

class Simd_Type<string name, string typeMnemonic, list<Trait> traits = []>
    : TypeDef<Simd_Dialect, name, traits> {
  let mnemonic = typeMnemonic;
}

class Simd_Op<string mnemonic, list<Trait> traits = []>
    : Op<Simd_Dialect, mnemonic, traits>;

#endif // HALFTONE_DIALECTS_SIMD_IR_SIMDDIALECT_TD
