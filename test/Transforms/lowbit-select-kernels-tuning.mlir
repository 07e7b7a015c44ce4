// RUN: split-file %s %t
// RUN: quant-opt --lowbit-select-kernels='cpu=x86-64-v3 tuning=%t/measured.json print-costs' %t/product.mlir 2>&1 | FileCheck %s
// RUN: quant-opt --lowbit-select-kernels='cpu=x86-64-v3 tuning=%t/tiles.json print-costs' %t/product.mlir 2>&1 | FileCheck %s --check-prefix=TILES
// RUN: quant-opt --lowbit-select-kernels='cpu=x86-64-v3 tuning=%t/static.json print-costs' %t/static.mlir 2>&1 | FileCheck %s --check-prefix=STATIC
// RUN: quant-opt --lowbit-select-kernels='cpu=x86-64-v3 lut-tables=8 tuning=%t/bytes.json print-costs' %t/product.mlir 2>&1 | FileCheck %s --check-prefix=BYTES
// RUN: quant-opt --lowbit-select-kernels='cpu=x86-64-v3 tuning=%t/bytes.json print-costs' %t/product.mlir 2>&1 | FileCheck %s --check-prefix=WORDS
// RUN: not quant-opt --lowbit-select-kernels='tuning=%t/digits.json' %t/product.mlir 2>&1 | FileCheck %s --check-prefix=DIGITS
// RUN: quant-opt --lowbit-select-kernels='cpu=znver5 tuning=%t/measured.json' %t/product.mlir 2>&1 | FileCheck %s --check-prefix=OTHER
// RUN: quant-opt --lowbit-select-kernels='cpu=znver5 tuning=%t/empty.json' %t/product.mlir 2>&1 | FileCheck %s --check-prefix=EMPTY
// RUN: not quant-opt --lowbit-select-kernels='tuning=%t/none.json' %t/product.mlir 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: not quant-opt --lowbit-select-kernels='tuning=%t/product.mlir' %t/product.mlir 2>&1 | FileCheck %s --check-prefix=TEXT
// RUN: not quant-opt --lowbit-select-kernels='tuning=%t/kind.json' %t/product.mlir 2>&1 | FileCheck %s --check-prefix=KIND
// RUN: not quant-opt --lowbit-select-kernels='tuning=%t/version.json' %t/product.mlir 2>&1 | FileCheck %s --check-prefix=VERSION
// RUN: not quant-opt --lowbit-select-kernels='tuning=%t/rows.json' %t/product.mlir 2>&1 | FileCheck %s --check-prefix=ROWS
// RUN: not quant-opt --lowbit-select-kernels='tuning=%t/time.json' %t/product.mlir 2>&1 | FileCheck %s --check-prefix=TIME

// A measured tile is taken for any number of columns. Eight is what an attribute does not say.
// TILES: dot/rows16 50.0 us (1), 3000.0 us (128); {{.*}}dot/rows16/columns=8 2500.0 us (128); takes dot/rows16/columns=8
// TILES: lowbit.matmul_dot {{.+}} {tile = #lowbit.tile<blocks = 1, fast_u = 16>} -> tensor<?x1024xf32>

// Static activations have times of their own, by groups and digits.
// STATIC: bcq2g128 1024x1024 in 2 groups of 3 digits with 8-bit activations: dot/rows16 9.0 us (1){{.*}}; lut/rows64 5.0 us (1), 6.0 us (128); popcount/rows64 ; takes lut/rows64
// STATIC: lowbit.matmul_lut

// And so have tables with entries of one byte.
// BYTES: bcq2g128 1024x1024 {{.+}} lut/rows64 5.0 us (1), 6.0 us (128); popcount/rows64 ; takes lut/rows64
// WORDS: bcq2g128 1024x1024
// WORDS-NOT: lut/rows64 5.0 us
// WORDS-SAME: takes
// DIGITS: error: '{{.+}}digits.json': 'digits' is no whole number from 1 to 3

// Files of version 1 are read. Measured times win over estimates; a kernel that was not measured is not taken; other products are estimated.
// CHECK: remark: bcq2g128 1024x1024 with 8-bit activations: dot/rows16 50.0 us (1), 3000.0 us (128); dot/rows64 ; lut/rows64 90.0 us (1), 4000.0 us (128); popcount/rows64 ; takes dot/rows16
// CHECK: remark: bcq2g128 512x1024 {{.+}}; popcount/rows64 {{[0-9.]+}} us (1), {{.+}}; takes lut/rows64

// OTHER: warning: tuning file '{{.+}}measured.json' has no times for znver5 with its features (it has some for x86-64-v3); kernels are chosen by estimates
// EMPTY: warning: tuning file '{{.+}}empty.json' has no times for znver5 with its features; kernels are chosen by estimates
// NONE: error: '{{.+}}none.json': No such file or directory
// TEXT: error: '{{.+}}product.mlir': {{.*}}JSON
// KIND: error: '{{.+}}kind.json': it is no tuning file: it has no number 'halftone_tuning'
// VERSION: error: '{{.+}}version.json': it is a tuning file of version 7, expected 1 to 2
// ROWS: error: '{{.+}}rows.json': 'rows' is no whole number from 1 to
// TIME: error: '{{.+}}time.json': 'microseconds' is no number above 0

//--- product.mlir
!planes = !lowbit.bcq<planes = 2, group = 128>
func.func @choose(%x: tensor<?x1024xf32>, %v: tensor<1024x1024x!planes>, %w: tensor<512x1024x!planes>,
                  %y: tensor<?x1024xf32>, %z: tensor<?x512xf32>) -> (tensor<?x1024xf32>, tensor<?x512xf32>) {
  %a = lowbit.matmul ins(%x, %v : tensor<?x1024xf32>, tensor<1024x1024x!planes>) outs(%y : tensor<?x1024xf32>) activations = i8 -> tensor<?x1024xf32>
  %b = lowbit.matmul ins(%x, %w : tensor<?x1024xf32>, tensor<512x1024x!planes>) outs(%z : tensor<?x512xf32>) activations = i8 -> tensor<?x512xf32>
  return %a, %b : tensor<?x1024xf32>, tensor<?x512xf32>
}

//--- measured.json
{"halftone_tuning": 1, "cpus": [{"cpu": "x86-64-v3", "features": "sse3,ssse3,sse4.1,sse4.2,popcnt,lzcnt,bmi,bmi2,movbe,f16c,fma,avx,avx2",
  "products": [{"format": "bcq2g128", "rows": 1024, "cols": 1024, "activation_bits": 8, "kernels": [
    {"kernel": "dot/rows16", "columns": 1, "microseconds": 50}, {"kernel": "dot/rows16", "columns": 128, "microseconds": 3000},
    {"kernel": "lut/rows64", "columns": 1, "microseconds": 90}, {"kernel": "lut/rows64", "columns": 128, "microseconds": 4e3}]}]}]}
//--- tiles.json
{"halftone_tuning": 2, "cpus": [{"cpu": "x86-64-v3", "features": "sse3,ssse3,sse4.1,sse4.2,popcnt,lzcnt,bmi,bmi2,movbe,f16c,fma,avx,avx2",
  "products": [{"format": "bcq2g128", "rows": 1024, "cols": 1024, "activation_bits": 8, "kernels": [
    {"kernel": "dot/rows16", "columns": 1, "microseconds": 50}, {"kernel": "dot/rows16", "columns": 128, "microseconds": 3000},
    {"kernel": "dot/rows16/columns=8", "columns": 128, "microseconds": 2500}]}]}]}
//--- static.json
{"halftone_tuning": 2, "cpus": [{"cpu": "x86-64-v3", "features": "sse3,ssse3,sse4.1,sse4.2,popcnt,lzcnt,bmi,bmi2,movbe,f16c,fma,avx,avx2",
  "products": [{"format": "bcq2g128", "rows": 1024, "cols": 1024, "activation_bits": 8, "groups": 2, "digits": 3, "kernels": [
    {"kernel": "dot/rows16", "columns": 1, "microseconds": 9}, {"kernel": "dot/rows16", "columns": 128, "microseconds": 9},
    {"kernel": "lut/rows64", "columns": 1, "microseconds": 5}, {"kernel": "lut/rows64", "columns": 128, "microseconds": 6}]}]}]}
//--- static.mlir
func.func @choose(%x: tensor<?x1024xf32>, %s: tensor<2xf32>, %v: tensor<1024x1024x!lowbit.bcq<planes = 2, group = 128>>, %y: tensor<?x1024xf32>) -> tensor<?x1024xf32> {
  %q = lowbit.requantize ins(%x, %s, %s : tensor<?x1024xf32>, tensor<2xf32>, tensor<2xf32>) outs(%y : tensor<?x1024xf32>) format = !lowbit.grouped<bits = 16, groups = 2> -> tensor<?x1024xf32>
  %a = lowbit.matmul ins(%q, %v : tensor<?x1024xf32>, tensor<1024x1024x!lowbit.bcq<planes = 2, group = 128>>) outs(%y : tensor<?x1024xf32>) activations = static -> tensor<?x1024xf32>
  return %a : tensor<?x1024xf32>
}
//--- bytes.json
{"halftone_tuning": 2, "cpus": [{"cpu": "x86-64-v3", "features": "sse3,ssse3,sse4.1,sse4.2,popcnt,lzcnt,bmi,bmi2,movbe,f16c,fma,avx,avx2",
  "products": [{"format": "bcq2g128", "rows": 1024, "cols": 1024, "activation_bits": 8, "table_bits": 8, "kernels": [
    {"kernel": "dot/rows16", "columns": 1, "microseconds": 9}, {"kernel": "dot/rows16", "columns": 128, "microseconds": 9},
    {"kernel": "lut/rows64", "columns": 1, "microseconds": 5}, {"kernel": "lut/rows64", "columns": 128, "microseconds": 6}]}]}]}
//--- digits.json
{"halftone_tuning": 2, "cpus": [{"cpu": "znver5", "features": "", "products": [{"format": "bcq2g128", "rows": 1, "cols": 1, "activation_bits": 8, "digits": 4, "kernels": []}]}]}
//--- empty.json
{"halftone_tuning": 1, "cpus": []}
//--- kind.json
{"name": "something else"}
//--- version.json
{"halftone_tuning": 7}
//--- rows.json
{"halftone_tuning": 1, "cpus": [{"cpu": "znver5", "features": "", "products": [{"format": "bcq2g128", "rows": 0, "cols": 1, "activation_bits": 8, "kernels": []}]}]}
//--- time.json
{"halftone_tuning": 1, "cpus": [{"cpu": "znver5", "features": "", "products": [{"format": "bcq2g128", "rows": 1, "cols": 1, "activation_bits": 8, "kernels": [{"kernel": "dot/rows16", "columns": 1, "microseconds": -1}]}]}]}
