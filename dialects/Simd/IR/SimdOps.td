//===- SimdOps.td - Operations of the simd dialect -----------*- tablegen -*-===//
#ifndef HALFTONE_DIALECTS_SIMD_IR_SIMDOPS_TD
#define HALFTONE_DIALECTS_SIMD_IR_SIMDOPS_TD

include "dialects/Simd/IR/SimdDialect.td"
include "dialects/Simd/IR/SimdTypes.td"
include "mlir/IR/BuiltinAttributes.td"
include "mlir/IR/CommonAttrConstraints.td"
include "mlir/IR/CommonTypeConstraints.td"
include "mlir/IR/SymbolInterfaces.td"

/// A fixed-length vector of rank one.
class Simd_VectorOf<Type element> : FixedVectorOfRankAndType<[1], [element]>;
def Simd_Bytes : Simd_VectorOf<I8>;
def Simd_Halves : Simd_VectorOf<I16>;
def Simd_Words : Simd_VectorOf<I32>;
def Simd_Floats : Simd_VectorOf<F32>;
def Simd_Table : FixedVectorOfLengthAndType<[16, 32, 64, 128], [I8]>;

def Simd_TableLookupOp : Simd_Op<"table_lookup", [Pure, AllTypesMatch<["indices", "result"]>]> {
  let summary = "looks bytes up in a table of 16, 32, 64 or 128 bytes";
  let description = [{
    `result[i] = table[indices[i] mod N]` for a table of N bytes: only the low
    log2 N bits of an index count, whatever the target does with the others.

    ```mlir
    %r = simd.table_lookup %table, %indices
        : vector<16xi8>, vector<64xi8> -> vector<64xi8>
    ```

    AVX-512 with VBMI does 64 and 128 entries in one instruction (`vpermb`,
    `vpermi2b`), AVX2 and AVX-512 do 16 in one (`vpshufb`) and wider tables by
    several and selects, NEON up to 64 in one (`tbl`).
  }];
  let arguments = (ins Simd_Table:$table, Simd_Bytes:$indices);
  let results = (outs Simd_Bytes:$result);
  let assemblyFormat = [{
    $table `,` $indices attr-dict `:` type($table) `,` type($indices) `->` type($result)
  }];
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

def Simd_Dot4Op : Simd_Op<"dot4", [Pure, AllTypesMatch<["acc", "result"]>, AllTypesMatch<["u", "s"]>]> {
  let summary = "adds dot products of four bytes: unsigned times signed";
  let description = [{
    `result[i] = acc[i] + sum over j < 4 of u[4i+j] * s[4i+j]`, the bytes of
    `u` taken as unsigned and those of `s` as signed. The sum is exact and
    wraps at 32 bits; nothing saturates.

    `max_u` is a promise that no byte of `u` exceeds it (otherwise the result
    is unspecified). It does not change the result, but up to 127 it lets
    machines without a dot product of bytes add pairs in 16 bits.

    ```mlir
    %r = simd.dot4 %acc, %u, %s {max_u = 127 : i32}
        : vector<16xi32>, vector<64xi8>, vector<64xi8>
    ```

    AVX-512 VNNI and AVX-VNNI have it as `vpdpbusd`; AVX2 uses `vpmaddubsw`
    or widens to `vpmaddwd`; AArch64 with i8mm has `usdot`, with the dot
    product extension `sdot`.
  }];
  let arguments = (ins Simd_Words:$acc, Simd_Bytes:$u, Simd_Bytes:$s,
    ConfinedAttr<DefaultValuedAttr<I32Attr, "255">, [IntMinValue<0>, IntMaxValue<255>]>:$max_u);
  let results = (outs Simd_Words:$result);
  let assemblyFormat = [{
    $acc `,` $u `,` $s attr-dict `:` type($acc) `,` type($u) `,` type($s)
  }];
  let hasFolder = 1;
  let hasVerifier = 1;
}

def Simd_Dot8x2Op : Simd_Op<"dot8x2", [Pure, AllTypesMatch<["acc", "result"]>]> {
  let summary = "adds products of rows of eight bytes with two columns of eight: unsigned times signed";
  let description = [{
    `result[2i+c] = acc[2i+c] + sum over j < 8 of u[8i+j] * s[8c+j]` for c = 0
    and 1: a matrix of N rows by 8 times one of 8 rows by two columns. The
    bytes of `u` are taken as unsigned and those of `s` as signed. The sums
    are exact and wrap at 32 bits; nothing saturates.

    ```mlir
    %r = simd.dot8x2 %acc, %u, %s : vector<32xi32>, vector<128xi8>, vector<16xi8>
    ```

    AArch64 with i8mm has it as `usmmla`, with twice the products of `usdot`,
    for two rows; everywhere else it is slower than `simd.dot4`.
  }];
  let arguments = (ins Simd_Words:$acc, Simd_Bytes:$u, FixedVectorOfLengthAndType<[16], [I8]>:$s);
  let results = (outs Simd_Words:$result);
  let assemblyFormat = [{
    $acc `,` $u `,` $s attr-dict `:` type($acc) `,` type($u) `,` type($s)
  }];
  let hasVerifier = 1;
}

def Simd_Dot2Op : Simd_Op<"dot2", [Pure, AllTypesMatch<["acc", "result"]>, AllTypesMatch<["u", "s"]>]> {
  let summary = "adds dot products of two bytes in 16 bits: unsigned times signed";
  let description = [{
    `result[i] = acc[i] + u[2i] * s[2i] + u[2i+1] * s[2i+1]`, the bytes of `u`
    taken as unsigned and those of `s` as signed; the sum wraps at 16 bits.
    `max_u` is a promise that no byte of `u` exceeds it (otherwise the result
    is unspecified): at most 128, so that a pair of products fits 16 bits.

    ```mlir
    %r = simd.dot2 %acc, %u, %s {max_u = 2 : i32}
        : vector<32xi16>, vector<64xi8>, vector<64xi8>
    ```

    One `vpmaddubsw` and an addition, where `simd.dot4` takes three
    instructions without a dot product of bytes. `simd-chain-dots` makes it of
    chains of `simd.dot4` whose sums fit 16 bits.
  }];
  let arguments = (ins Simd_Halves:$acc, Simd_Bytes:$u, Simd_Bytes:$s,
    ConfinedAttr<I32Attr, [IntMinValue<0>, IntMaxValue<128>]>:$max_u);
  let results = (outs Simd_Halves:$result);
  let assemblyFormat = [{
    $acc `,` $u `,` $s attr-dict `:` type($acc) `,` type($u) `,` type($s)
  }];
  let hasVerifier = 1;
}

def Simd_Dot2HalvesOp : Simd_Op<"dot2_halves", [Pure, AllTypesMatch<["acc", "result"]>, AllTypesMatch<["a", "b"]>]> {
  let summary = "adds dot products of two 16-bit lanes in 32 bits";
  let description = [{
    `result[i] = acc[i] + a[2i] * b[2i] + a[2i+1] * b[2i+1]`, all lanes taken
    as signed. Exact up to wrapping at 32 bits. With ones in `b` it widens the
    sums of `simd.dot2`, with other factors it scales them, too.

    ```mlir
    %r = simd.dot2_halves %acc, %v, %ones : vector<16xi32>, vector<32xi16>
    ```

    `pmaddwd` on x86, with a dot product extension `vpdpwssd`.
  }];
  let arguments = (ins Simd_Words:$acc, Simd_Halves:$a, Simd_Halves:$b);
  let results = (outs Simd_Words:$result);
  let assemblyFormat = "$acc `,` $a `,` $b attr-dict `:` type($acc) `,` type($a)";
  let hasVerifier = 1;
}

def Simd_PopcountAccumulateOp : Simd_Op<"popcount_accumulate", [Pure, AllTypesMatch<["acc", "result"]>]> {
  let summary = "adds the number of set bits of four bytes";
  let description = [{
    `result[i] = acc[i] + popcount(v[4i]) + ... + popcount(v[4i+3])`.

    ```mlir
    %r = simd.popcount_accumulate %acc, %v : vector<16xi32>, vector<64xi8>
    ```
  }];
  let arguments = (ins Simd_Words:$acc, Simd_Bytes:$v);
  let results = (outs Simd_Words:$result);
  let assemblyFormat = "$acc `,` $v attr-dict `:` type($acc) `,` type($v)";
  let hasFolder = 1;
  let hasVerifier = 1;
}

def Simd_CountBitsOp : Simd_Op<"count_bits", [Pure, AllTypesMatch<["acc", "v", "result"]>]> {
  let summary = "adds how many bits bytes have in common with one byte, or do not";
  let description = [{
    `result[i] = acc[i] + popcount(v[i] and byte)`, with `differ`
    `result[i] = acc[i] + popcount(v[i] xor byte)`. The sums are bytes and
    wrap.

    ```mlir
    %r = simd.count_bits %acc, %v, %byte : vector<64xi8>
    %s = simd.count_bits %acc, %v, %byte differ : vector<64xi8>
    ```

    One byte of signs of activations meets 8 weights of 64 rows. AVX-512 BITALG
    and NEON count the bits of bytes (`vpopcntb`, `cnt`). x86 without it looks
    counts up by the nibbles of `v` (`vpshufb`), in the table that belongs to
    the nibble of `byte`; the nibbles of `v` are shared by all its counts.
  }];
  let arguments = (ins Simd_Bytes:$acc, Simd_Bytes:$v, I8:$byte, UnitAttr:$differ);
  let results = (outs Simd_Bytes:$result);
  let assemblyFormat = "$acc `,` $v `,` $byte (`differ` $differ^)? attr-dict `:` type($acc)";
}

def Simd_ExtendHalfOp : Simd_Op<"extend_half", [Pure]> {
  let summary = "widens IEEE half floats, given as bits, to float";
  let description = [{
    Each 16-bit integer is read as the bits of an IEEE half float and becomes
    the float of the same value. Exact for all finite halves, subnormal ones
    and minus zero included; infinity and NaN are not supported (no format of
    the lowbit dialect stores them) and give an unspecified float.

    ```mlir
    %f = simd.extend_half %bits : vector<16xi16> -> vector<16xf32>
    ```

    `vcvtph2ps` where the target has it, otherwise integer arithmetic: never
    a call of a library.
  }];
  let arguments = (ins Simd_Halves:$half);
  let results = (outs Simd_Floats:$result);
  let assemblyFormat = "$half attr-dict `:` type($half) `->` type($result)";
  let hasFolder = 1;
  let hasVerifier = 1;
}

def Simd_LaunchOp : Simd_Op<"launch", [DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "runs a kernel over 0..count on the thread pool of the host";
  let description = [{
    Calls the function `kernel(args..., begin, end)` over disjoint ranges that
    together cover `0 <= i < count`, from any threads in any order, and goes
    on when all calls have returned. The kernel takes two more arguments than
    the launch gives, both `index`, and returns nothing. What the calls write
    must not depend on how the range is divided.

    ```mlir
    func.func private @scale(%x: memref<64xf32>, %begin: index, %end: index)

    simd.launch %exec @scale(%x) count(%n) : memref<64xf32>
    ```

    With a null `exec` it is one call with the range `0, count`; with a count
    of zero the kernel may be called with an empty range or not at all.
  }];
  let arguments = (ins Simd_ExecType:$exec, FlatSymbolRefAttr:$kernel, Variadic<AnyType>:$args, Index:$count);
  let assemblyFormat = [{
    $exec $kernel `(` $args `)` `count` `(` $count `)` attr-dict (`:` type($args)^)?
  }];
}

def Simd_ObserveOp : Simd_Op<"observe"> {
  let summary = "shows a matrix to the observer of the host";
  let description = [{
    Calls `exec->observe(exec->observer, site, values, rows, columns)` on the calling thread. With a null `exec` or a
    null function nothing happens.

    ```mlir
    simd.observe %exec site = 3 (%x) : memref<?x64xf32>
    ```
  }];
  let arguments = (ins Simd_ExecType:$exec, ConfinedAttr<I32Attr, [IntNonNegative]>:$site,
                       MemRefRankOf<[F32], [2]>:$values);
  let assemblyFormat = "$exec `site` `=` $site `(` $values `)` attr-dict `:` type($values)";
  let hasVerifier = 1;
}

#endif // HALFTONE_DIALECTS_SIMD_IR_SIMDOPS_TD
