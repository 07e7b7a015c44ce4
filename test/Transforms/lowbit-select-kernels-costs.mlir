// RUN: quant-opt --lowbit-select-kernels='cpu=x86-64-v3 print-costs' %s 2>&1 | FileCheck %s --check-prefixes=CHECK,NARROW
// RUN: quant-opt --lowbit-select-kernels='cpu=znver5 print-costs' %s 2>&1 | FileCheck %s --check-prefixes=CHECK,WIDE
// RUN: quant-opt --lowbit-select-kernels='cpu=x86-64-v3 shared-with=znver5,icelake-server' %s | FileCheck %s --check-prefix=SHARED
// RUN: not quant-opt --lowbit-select-kernels='cpu=znver5 shared-with=pentium9' %s 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// UNKNOWN: error: {{.*}}pentium9

!planes = !lowbit.bcq<planes = 2, group = 128>
!ternary = !lowbit.ternary<group = 128>

// Without an instruction for dot products of bytes, planes are looked up; with one, they are unpacked for it. Ternary
// weights of two bits are unpacked either way.
// NARROW: remark: bcq2g128 1024x1024 with 8-bit activations: dot/rows16 {{[0-9.]+}} us (1), {{[0-9.]+}} us (128); dot/rows64 {{[0-9.]+}} us (1), {{[0-9.]+}} us (128); lut/rows64 {{[0-9.]+}} us (1), {{[0-9.]+}} us (128); popcount/rows64 {{.+}}; takes lut/rows64
// WIDE: remark: bcq2g128 {{.+}}; takes dot/rows16
// CHECK: remark: ternaryg128 {{.+}}; takes dot/rows16
// A table that is gathered from, too, stays in the layout that gathers read.
// CHECK: remark: bcq2g128 {{.+}}; takes dot/rows16
// Floats have nothing to choose.
// CHECK-NOT: remark
// CHECK-LABEL: func @choose
// NARROW: lowbit.pack %{{.+}} layout(rows64)
// NARROW: lowbit.matmul_lut
// WIDE: lowbit.pack %{{.+}} layout(rows16)
// WIDE: lowbit.matmul_dot
// One layout for all CPUs that read it, a kernel for each.
// SHARED-LABEL: func @choose
// SHARED: lowbit.pack %{{.+}} layout(rows16)
// SHARED: lowbit.matmul_dot
func.func @choose(%x: tensor<?x1024xf32>, %v: tensor<1024x1024x!planes>, %w: tensor<1024x1024x!ternary>,
                  %t: tensor<1024x1024x!planes>, %ids: tensor<?xi32>, %y: tensor<?x1024xf32>)
    -> (tensor<?x1024xf32>, tensor<?x1024xf32>, tensor<?x1024xf32>, tensor<?x1024xf32>, tensor<?x1024xf32>) {
  %a = lowbit.matmul ins(%x, %v : tensor<?x1024xf32>, tensor<1024x1024x!planes>) outs(%y : tensor<?x1024xf32>) activations = i8 -> tensor<?x1024xf32>
  %b = lowbit.matmul ins(%x, %w : tensor<?x1024xf32>, tensor<1024x1024x!ternary>) outs(%y : tensor<?x1024xf32>) activations = i8 -> tensor<?x1024xf32>
  %c = lowbit.matmul ins(%x, %t : tensor<?x1024xf32>, tensor<1024x1024x!planes>) outs(%y : tensor<?x1024xf32>) activations = i8 -> tensor<?x1024xf32>
  %d = lowbit.gather ins(%ids, %t : tensor<?xi32>, tensor<1024x1024x!planes>) outs(%y : tensor<?x1024xf32>) -> tensor<?x1024xf32>
  %e = lowbit.matmul ins(%x, %v : tensor<?x1024xf32>, tensor<1024x1024x!planes>) outs(%y : tensor<?x1024xf32>) -> tensor<?x1024xf32>
  return %a, %b, %c, %d, %e : tensor<?x1024xf32>, tensor<?x1024xf32>, tensor<?x1024xf32>, tensor<?x1024xf32>, tensor<?x1024xf32>
}
