// Which format a tensor gets.
// RUN: quant-opt %s --lowbit-quantize-weights='format=ternaryg32' | FileCheck %s --check-prefix=DEFAULT
// RUN: quant-opt %s --lowbit-quantize-weights='format=ternaryg32 embedding-format=rtn8g0 head-format=rtn4g32' | FileCheck %s --check-prefix=ROLES
// RUN: quant-opt %s --lowbit-quantize-weights='format=ternaryg32 tensor-formats=attn=rtn4g32,^model=rtn8g0,o_proj=rtn2g32' | FileCheck %s --check-prefix=RULES
// RUN: quant-opt %s --lowbit-quantize-weights='format=ternaryg32 embedding-format=rtn8g0 weight-range=mse' | FileCheck %s --check-prefix=RANGE
// RUN: quant-opt %s --lowbit-quantize-weights='format=float' | FileCheck %s --check-prefix=FLOAT
// RUN: quant-opt %s --lowbit-quantize-weights='tensor-formats=table=bcqgreedy2g32f' | FileCheck %s --check-prefix=SOLVER
// RUN: quant-opt %s --lowbit-quantize-weights='format=ternaryg32 activations=i8 activation-policy=attn=i16,in:.*o_proj=static8' | FileCheck %s --check-prefix=INPUTS

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>

// Embedding tables and heads are left float unless asked for.
// DEFAULT-LABEL: func @embed
// DEFAULT: lowbit.gather ins(%{{.+}}, %{{.+}} : tensor<?xi32>, tensor<16x64xf32>)
// ROLES-LABEL: func @embed
// ROLES: lowbit.quantize {{.+}} -> tensor<16x64x!lowbit.int<bits = 8, group = 0>>
// ROLES: lowbit.gather
// RANGE-LABEL: func @embed
// RANGE: lowbit.quantize %{{.+}} weight_range = "mse" : {{.+}} -> tensor<16x64x!lowbit.int<bits = 8, group = 0>>
// RULES-LABEL: func @embed
// RULES: lowbit.quantize {{.+}} -> tensor<16x64x!lowbit.int<bits = 8, group = 0>>
// SOLVER-LABEL: func @embed
// SOLVER: lowbit.quantize %{{.+}} solver = greedy : {{.+}}<planes = 2, group = 32, scale = plane>>
func.func @embed(%ids: tensor<?xi32>, %init: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %w = lowbit.external "model.table" : tensor<16x64xf32>
  %y = nn.embed ins(%ids, %w : tensor<?xi32>, tensor<16x64xf32>) outs(%init : tensor<?x64xf32>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// A product with the embedding table is a head; so is one with lm_head.weight.
// Left to itself the one is as the table, the other gets 8 bits, in a program with float weights none.
// DEFAULT-LABEL: func @heads
// DEFAULT: lowbit.matmul {{.+}} tensor<16x64xf32>)
// DEFAULT: lowbit.quantize {{.+}} -> tensor<16x64x!lowbit.int<bits = 8, group = 0>>
// DEFAULT-LABEL: func @layer
// FLOAT-NOT: lowbit.quantize
// ROLES-LABEL: func @heads
// ROLES: lowbit.quantize {{.+}} -> tensor<16x64x!lowbit.int<bits = 4, group = 32>>
// ROLES: lowbit.quantize {{.+}} -> tensor<16x64x!lowbit.int<bits = 4, group = 32>>
// RULES-LABEL: func @heads
func.func @heads(%x: tensor<?x64xf32>, %init: tensor<?x16xf32>) -> (tensor<?x16xf32>, tensor<?x16xf32>) {
  %v = lowbit.external "model.table" : tensor<16x64xf32>
  %y = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %v : tensor<?x64xf32>, tensor<16x64xf32>) outs(%init : tensor<?x16xf32>) -> tensor<?x16xf32>
  %w = lowbit.external "lm_head.weight" : tensor<16x64xf32>
  %z = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %w : tensor<?x64xf32>, tensor<16x64xf32>) outs(%init : tensor<?x16xf32>) -> tensor<?x16xf32>
  return %y, %z : tensor<?x16xf32>, tensor<?x16xf32>
}

// The last rule that matches wins, wherever in the name it matches.
// DEFAULT: lowbit.quantize {{.+}} -> tensor<64x64x!lowbit.ternary<group = 32>>
// DEFAULT: lowbit.quantize {{.+}} -> tensor<64x64x!lowbit.ternary<group = 32>>
// RULES-LABEL: func @layer
// INPUTS-LABEL: func @layer
// INPUTS: lowbit.matmul {{.+}} activations = i16
// INPUTS: %[[R:.+]] = lowbit.requantize
// INPUTS: lowbit.matmul ins(%[[R]], {{.+}} activations = static
// RULES: lowbit.quantize {{.+}} -> tensor<64x64x!lowbit.int<bits = 8, group = 0>>
// RULES: lowbit.quantize {{.+}} -> tensor<64x64x!lowbit.int<bits = 2, group = 32>>
func.func @layer(%x: tensor<?x64xf32>, %init: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %v = lowbit.external "model.attn.q_proj" : tensor<64x64xf32>
  %q = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %v : tensor<?x64xf32>, tensor<64x64xf32>) outs(%init : tensor<?x64xf32>) -> tensor<?x64xf32>
  %w = lowbit.external "model.attn.o_proj" : tensor<64x64xf32>
  // What lowbit-requantize-activations makes of a static input.
  %one = arith.constant dense<1.0> : tensor<1xf32>
  %r = lowbit.requantize ins(%q, %one, %one : tensor<?x64xf32>, tensor<1xf32>, tensor<1xf32>) outs(%init : tensor<?x64xf32>) format = !lowbit.grouped<bits = 8, groups = 1> -> tensor<?x64xf32>
  %y = linalg.matmul indexing_maps = [#a, #b, #c] ins(%r, %w : tensor<?x64xf32>, tensor<64x64xf32>) outs(%init : tensor<?x64xf32>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// Constants without a name are told apart by their value: this one is no head.
// DEFAULT-LABEL: func @unnamed
// INPUTS-LABEL: func @unnamed
// INPUTS: lowbit.matmul {{.+}} activations = i8
// DEFAULT: lowbit.gather ins(%{{.+}}, %{{.+}} : tensor<?xi32>, tensor<16x64xf32>)
// DEFAULT: lowbit.quantize
func.func @unnamed(%ids: tensor<?xi32>, %init: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %table = arith.constant dense<0.5> : tensor<16x64xf32>
  %x = nn.embed ins(%ids, %table : tensor<?xi32>, tensor<16x64xf32>) outs(%init : tensor<?x64xf32>) -> tensor<?x64xf32>
  %w = arith.constant dense<0.25> : tensor<64x64xf32>
  %y = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %w : tensor<?x64xf32>, tensor<64x64xf32>) outs(%init : tensor<?x64xf32>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}
