//===- Passes.td - Transformations within a stage ------------*- tablegen -*-===//
#ifndef HALFTONE_TRANSFORMS_PASSES_TD
#define HALFTONE_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

def LowbitOutlineWeights : Pass<"lowbit-outline-weights", "::mlir::ModuleOp"> {
  let summary = "Moves chains that compute weights into lowbit.globals";
  let description = [{
    Every value that depends on nothing but `lowbit.external`, `arith.constant` or `nn.rope_table` and whose users
    are not part of such a chain becomes a `lowbit.global`; equal chains share one. Contract: afterwards functions
    hold no `lowbit.external`, `lowbit.quantize` or `lowbit.pack`. Small constants (under 1 KiB) that no
    quantization touches stay where they are.

    ```mlir
    %w = lowbit.external "gain" : tensor<64xf32>
    %r = nn.rms_norm ins(%x, %w : ...) ...
    // becomes
    lowbit.global "private" @gain : tensor<64xf32> {
      %w = lowbit.external "gain" : tensor<64xf32>
      lowbit.yield %w : tensor<64xf32>
    }
    %w = lowbit.get_global @gain : tensor<64xf32>
    ```
  }];
  let dependentDialects = ["::halftone::lowbit::LowbitDialect"];
}

def LowbitToQuant : Pass<"lowbit-to-quant", "::mlir::ModuleOp"> {
  let summary = "Turns uniform lowbit weights into upstream's quant dialect";
  let description = [{
    `lowbit.matmul`, `lowbit.gather` and `lowbit.dequantize` of integer matrices become `linalg.matmul`, `nn.embed` and
    nothing on a `quant.dcast`. What is cast is a `quant.qcast` for a `lowbit.encode`, and otherwise a `quant.scast` of
    stored integers: the numbers must be constants in the module. Symmetric integers of b bits become `i<b><-m:m>`,
    others `u<b>`; rows an axis, groups blocks. A scale of 0 (a group of zeros), which upstream's types do not allow,
    becomes 1.

    Errors, where something would be lost: other formats; numbers outside the module; groups that do not divide the
    row; products that round their activations. Upstream folds `quant.dcast(quant.qcast(x))` to x: do not canonicalize
    the result before it is lowered.

    ```mlir
    %q = lowbit.encode %w, %scales : (tensor<2x4xf32>, tensor<2x1xf16>) -> tensor<2x4x!lowbit.int<bits = 8, group = 0>>
    %r = lowbit.matmul ins(%x, %q : ...) outs(%y : tensor<?x2xf32>)
    // becomes
    %q = quant.qcast %w : tensor<2x4xf32> to tensor<2x4x!quant.uniform<i8<-127:127>:f32:0, {0.5, 0.25}>>
    %d = quant.dcast %q : ... to tensor<2x4xf32>
    %r = linalg.matmul indexing_maps = [...] ins(%x, %d : ...) outs(%zeros : tensor<?x2xf32>)
    ```
  }];
  let dependentDialects = ["::mlir::quant::QuantDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::arith::ArithDialect", "::halftone::nn::NnDialect"];
}

def LowbitUniformToBcq : Pass<"lowbit-uniform-to-bcq", "::mlir::ModuleOp"> {
  let summary = "Turns uniform integer weights into binary codes with an offset";
  let description = [{
    Operands of `lowbit.matmul`, `lowbit.gather` and `lowbit.dequantize` that are integers of up to 7 bits with
    half-precision scales go through a `lowbit.convert` to two-level BCQ with an offset: the same values. Other integers
    stay, with a warning.

    ```mlir
    %r = lowbit.matmul ins(%x, %q : tensor<?x64xf32>, tensor<8x64x!lowbit.int<bits = 4, group = 32>>) ...
    // becomes
    %b = lowbit.convert %q : tensor<8x64x!lowbit.int<bits = 4, group = 32>>
           -> tensor<8x64x!lowbit.bcq<planes = 4, group = 32, offset = per_group>>
    %r = lowbit.matmul ins(%x, %b : ...) ...
    ```
  }];
  let dependentDialects = ["::halftone::lowbit::LowbitDialect"];
}

def LowbitPlaceWeights : Pass<"lowbit-place-weights", "::mlir::ModuleOp"> {
  let summary = "Gives every lowbit.global its offset in the weight section";
  let description = [{
    Offsets ascend in the order of the module and are multiples of 64. Between two weights lie at least `redzone` bytes
    that belong to none. The module gets the attribute `lowbit.weight_bytes`, the size of the section.
  }];
  let options = [
    Option<"redzone", "redzone", "int64_t", "0", "bytes between weights that nothing may touch">
  ];
}

def LowbitQuantizeWeights : Pass<"lowbit-quantize-weights", "::mlir::ModuleOp"> {
  let summary = "Gives constant weights a low-bit format";
  let description = [{
    Products of activations with a constant matrix (`linalg.matmul` with either orientation of the right-hand side,
    or a `linalg.generic` that is one) become `lowbit.matmul` on a `lowbit.quantize` of that matrix, `nn.embed`
    becomes `lowbit.gather`. Nothing is computed yet: the chain is evaluated when an object is written.

    Weights that are a `lowbit.dequantize` have their format already and keep it.
    The format of another tensor is, in this order: the last of `tensor-formats` (each `regex=format`, the regex searched
    in the tensor's name) that matches; `embedding-format` for tables of `nn.embed`, `head-format` for the
    product with such a table or with a tensor called `lm_head.weight`; `format`. A `head-format` of `auto` is the
    embedding's format for a head that is the embedding table, and otherwise rtn8g0 (float if `format` is float). A regex that matches no tensor is
    a warning, an unknown format or a broken regex an error. `weight-range` is handed to the uniform integers among
    them; that there are none is a warning.

    The precision of a product's input is that of the last rule of `activation-policy` that matches its name `in:W`,
    and `activations` where none does. Kinds with static ranges were dealt with by `lowbit-requantize-activations`:
    the product takes the rounded floats.

    ```mlir
    %r = linalg.matmul indexing_maps = [...] ins(%x, %w : tensor<?x64xf32>, tensor<172x64xf32>) outs(%zeros)
    // with format=bcq3g32 becomes
    %q = lowbit.quantize %w : tensor<172x64xf32> -> tensor<172x64x!lowbit.bcq<planes = 3, group = 32>>
    %r = lowbit.matmul ins(%x, %q : ...) outs(%empty)
    ```
  }];
  let options = [
    Option<"format", "format", "std::string", "\"bcq3g32\"", "format of weights that no other option names">,
    Option<"embeddingFormat", "embedding-format", "std::string", "\"float\"", "format of embedding tables">,
    Option<"headFormat", "head-format", "std::string", "\"auto\"", "format of the output head, or auto">,
    ListOption<"tensorFormats", "tensor-formats", "std::string", "regex=format, the last match wins">,
    Option<"weightRange", "weight-range", "std::string", "\"minmax\"",
           "range of uniform integers: minmax, mse, percentile:<P> or hqq">,
    Option<"activations", "activations", "std::string", "\"f32\"",
           "precision of activations: f32, i8, i16, b1 to b8, vsq<b>v<V>s<M>">,
    ListOption<"activationPolicy", "activation-policy", "std::string",
               "regex=kind for the inputs of products, the last match wins">,
    Option<"strategy", "strategy", "std::string", "\"auto\"", "kernel strategy: auto, lut, dot, dequant or popcount">
  ];
  let dependentDialects = ["::halftone::lowbit::LowbitDialect", "::mlir::tensor::TensorDialect",
                           "::mlir::linalg::LinalgDialect"];
}

def LowbitRequantizeActivations : Pass<"lowbit-requantize-activations", "::mlir::ModuleOp"> {
  let summary = "Rounds named activations as a low-bit format would";
  let description = [{
    Activations go by the weight `W` beside them: `in:W` is what W is multiplied with, `out:W` the product with its
    bias, `sum:W` the residual stream after the product was added to it. Each rule `regex=kind` of `policy` is about
    the activations in whose name the regex is found; the last one wins. Kinds:

    * `f32`: not rounded;
    * `i8`, `i16`: `lowbit.requantize_tokens`, a range per token. The inputs of products are left to the products
      (see `lowbit-quantize-weights`, which gets the same policy);
    * `vsq<bits>v<V>s<M>`: nothing here; the product rounds its input. Other activations cannot have it.
    * `static<bits>`, `grouped<K>`, `peg<K>`: `lowbit.requantize` with one range or K ranges (of 8 bits), which come
      from the module's attribute `lowbit.activation_ranges`. An `in:` is rounded for its product alone.

    ```mlir
    module attributes {lowbit.activation_ranges = {"out:up" = {min = array<f32: -1.0, -2.0>, max = array<f32: 3.0, 0.5>}}} {
      %y = linalg.matmul ... ins(%x, %up : ...)
      // with policy=out:up=static8 is followed by
      %s = arith.constant dense<0.0196078438> : tensor<1xf32>
      %z = arith.constant dense<1.020000e+02> : tensor<1xf32>
      %r = lowbit.requantize ins(%y, %s, %z : ...) outs(%empty : ...) format = !lowbit.grouped<bits = 8, groups = 1>
    ```
    Errors: a rule or kind that cannot be read; a static kind without a range, with one of another size, or with a
    number of groups that does not divide it. A rule that is about nothing is a warning.
  }];
  let options = [
    ListOption<"policy", "policy", "std::string", "regex=kind, the last match wins">
  ];
  let dependentDialects = ["::halftone::lowbit::LowbitDialect", "::mlir::arith::ArithDialect",
                           "::mlir::tensor::TensorDialect"];
}

def LowbitSelectKernels : Pass<"lowbit-select-kernels", "::mlir::ModuleOp"> {
  let summary = "Chooses a kernel for every product and packs the weights for it";
  let description = [{
    Each `lowbit.matmul` becomes `lowbit.matmul_dot`, `lowbit.matmul_lut`, `lowbit.matmul_popcount` or
    `lowbit.matmul_dequant` on a `lowbit.pack` of its weights, preceded by what these need
    (`lowbit.quantize_activations`, `lowbit.build_tables`, `lowbit.build_planes`); `lowbit.gather` becomes
    `lowbit.gather_packed`. `auto` with float activations is dequant; with integer activations it is what
    the cost model (`halftone/Plan/CostModel.h`) finds fastest for the CPU, the format, the shape and the columns: all
    candidates compute the same bits. Weights of equal format and shape are packed alike, once, in the layout that needs
    the least time for 128 products with one column and one with 128, or for the numbers of tokens of the module
    where all are static; then every product takes the fastest kernel that reads that layout. A table that is gathered
    from, too, stays in `rows16`, which `lowbit.gather_packed` reads; with a forced lut or popcount product it is packed
    twice. `lib/Plan/KernelPlan.cpp` says how a dot kernel is made for the CPU and the format (`width`, `tile`).

    A dot kernel's tile is chosen with it: `tile` where it is not the default one.

    With a `tuning` file, kernels and tiles are chosen by its times for the products that were measured on the CPU. A CPU that it
    does not have is a warning.

    Activations of 16 bits are two tokens of 8 bits, high and low half, to every kernel; `lowbit.sum_token_rows` adds
    their products. `activations = static` is for inputs that a `lowbit.requantize` rounded. With up to 16 groups they
    enter as integers, a row of 8-bit codes per group and digit:

    ```mlir
    %r = lowbit.requantize ins(%x, %s, %z : ...) outs(%e : ...) format = !lowbit.grouped<bits = 8, groups = 1>
    %y = lowbit.matmul ins(%r, %w : ...) outs(%o : ...) activations = static
    // becomes
    %c:3 = lowbit.quantize_activations_static ins(%x, %s, %z : ...) outs(...) format = !lowbit.grouped<bits = 8, groups = 1>, group = 32, digits = 2
    %p = lowbit.matmul_dot ins(%c#0, %c#1, %c#2, %packed : ...) outs(%twice : ...) format = ...
    %y = lowbit.sum_token_rows ins(%p : ...) outs(%o : ...) rows = 2
    ```
    With several groups dot takes a product per group, which reads the weights of its columns only, and adds them.
    Otherwise the product is one of floats.

    Ternary weights are packed as two bits each or five to a byte. `ternary-packing = auto` takes what is estimated to
    be faster, and for a forced lut five to a byte on targets that look up 128 entries at once; `trits` also takes five
    to a byte for dot, which may trade speed for 1.6 bits; `bits` never does. Kernels on floats and
    `lowbit.gather_packed` read two bits.

    With `lut-tables = 8` look-ups read tables of rounded sums of one byte (`byte_tables` of `lowbit.matmul_lut`):
    faster, and no longer the same bits as the other kernels, nor with five ternary weights to a byte as with two bits
    each. Products with 16-bit activations keep exact tables.

    Errors: a tuning file that cannot be read; tables of other than 8 or 16 bits; an unknown ternary packing, or `trits` where there is no such kernel; a forced lut, dot or popcount with float
    weights or bcq with plane scales (with `auto` they are computed by dequant); lut or popcount with vsq, which has no
    planes of weights; static activations that nothing rounded, or in more groups with a forced lut, dot or popcount;
    operations on buffers.
  }];
  let options = [
    Option<"cpu", "cpu", "std::string", "\"native\"", "LLVM CPU name: sets the table width of lut, the tiles of dot">,
    Option<"triple", "triple", "std::string", "\"\"", "target triple, this machine's if empty">,
    ListOption<"sharedWith", "shared-with", "std::string",
               "other CPUs that read the same packed weights: layouts are chosen for all">,
    Option<"tuning", "tuning", "std::string", "\"\"",
           "file of measured times (see `halftone/Plan/Tuning.h`), taken instead of estimates">,
    Option<"printCosts", "print-costs", "bool", "false", "remarks with the estimates and the choice for each product">,
    Option<"lutTables", "lut-tables", "unsigned", "16", "bits of the entries of look-up tables: 16, exact, or 8">,
    Option<"ternaryPacking", "ternary-packing", "std::string", "\"auto\"", "auto, bits (2 each) or trits (5 per byte)">
  ];
  let dependentDialects = ["::halftone::lowbit::LowbitDialect", "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
}

def QuantToLowbit : Pass<"quant-to-lowbit", "::mlir::ModuleOp"> {
  let summary = "Reads weights of upstream's quant dialect as lowbit integers";
  let description = [{
    A `quant.dcast` of a matrix becomes a `lowbit.dequantize`, which `lowbit-quantize-weights` takes as it is:
    of a `lowbit.encode` where a `quant.qcast` rounds constant weights, of a `lowbit.assemble` where a `quant.scast`
    reads stored integers. Scales are those of the type, in half precision if all of them are halves, otherwise in 32
    bits. Per tensor, per row of outputs, and in blocks along rows; where a plain matmul has the outputs in columns, the
    matrix is transposed. `quant.qcast` leaves its rounding open: here it is to the nearest even.

    Run it before anything that folds: upstream folds `quant.dcast(quant.qcast(x))` to x.

    Errors, which name the type, where something would be lost: storage of more than 8 bits, other expressed types than
    f32, scales that are no normal 32-bit floats, zero points outside the storage, clamping to another range than all
    integers or -m .. m, scales along the dimension that products sum over, blocks of several rows, `!quant.any` and
    `!quant.calibrated`, quantized activations, and everything else of the dialect that is left.

    ```mlir
    %q = quant.qcast %w : tensor<2x4xf32> to tensor<2x4x!quant.uniform<u8:f32:0, {0.5:3, 0.25}>>
    %d = quant.dcast %q : ... to tensor<2x4xf32>
    // becomes
    %q = lowbit.encode %w, %scales, %zero_points : (tensor<2x4xf32>, tensor<2x1xf16>, tensor<2x1xi8>)
           -> tensor<2x4x!lowbit.int<bits = 8, group = 0, range = asymmetric>>
    %d = lowbit.dequantize %q : ... -> tensor<2x4xf32>
    ```
  }];
  let dependentDialects = ["::halftone::lowbit::LowbitDialect", "::mlir::arith::ArithDialect",
                           "::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"];
}

def HalftoneAddBiases : Pass<"halftone-add-biases", "::mlir::ModuleOp"> {
  let summary = "Adds a bias to the outputs of products";
  let description = [{
    On stage 0. The outputs of the products with the named weights get a vector added: an external by the name of the
    weight with `.correction` behind it, which the checkpoint does not have. Who adds it knows its values when weights
    are written (bias correction).

    ```mlir
    %y = linalg.matmul indexing_maps = [...] ins(%x, %w : tensor<?x8xf32>, tensor<6x8xf32>) outs(%zeros)
    // becomes
    %y = linalg.matmul indexing_maps = [...] ins(%x, %w : tensor<?x8xf32>, tensor<6x8xf32>) outs(%zeros)
    %b = lowbit.external "w.correction" : tensor<6xf32>
    %s = linalg.generic ... ins(%y, %b : tensor<?x6xf32>, tensor<6xf32>) // y[m][n] + b[n]
    ```
    Errors: a weight of no product or of several; products with an unknown number of outputs.
  }];
  let options = [
    ListOption<"weights", "weights", "std::string", "names of the weights">
  ];
  let dependentDialects = ["::halftone::lowbit::LowbitDialect", "::mlir::arith::ArithDialect",
                           "::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"];
}

def HalftoneContiguousOperands : Pass<"halftone-contiguous-operands", "::mlir::ModuleOp"> {
  let summary = "Gives kernels operands without gaps";
  let description = [{
    Kernels work on memory with the identity layout. A slice of a larger buffer is copied to memory of its own before
    an operation of the lowbit and nn dialects reads it, and from there after one writes it. Copies of strided memory
    become `linalg.copy`, that is loops, since LLVM's lowering would call a library function.

    ```mlir
    %s = memref.subview %x[0, 64] [4, 64] [1, 1] : memref<4x128xf32> to memref<4x64xf32, strided<[128, 1], offset: 64>>
    lowbit.matmul_dequant ins(%s, %w : memref<4x64xf32, strided<[128, 1], offset: 64>>, memref<1280xi8>) ...
    // becomes
    %c = memref.alloc() : memref<4x64xf32>
    linalg.copy ins(%s : memref<4x64xf32, strided<[128, 1], offset: 64>>) outs(%c : memref<4x64xf32>)
    lowbit.matmul_dequant ins(%c, %w : memref<4x64xf32>, memref<1280xi8>) ...
    ```
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect", "::mlir::memref::MemRefDialect"];
}

def HalftoneCutAtProducts : Pass<"halftone-cut-at-products", "::mlir::ModuleOp"> {
  let summary = "Cuts a model where products of the same input begin";
  let description = [{
    The functions `body` and `head` of a model become functions `piece0`, `piece1`, ...: a new piece begins at the first
    product of every value that is multiplied by constant weights. So a driver can change the weights of a group of
    products when all that they read is known, and every token passes each layer once. Weights, constants and sizes are
    copied to where they are used. Pieces take the tensors that live across the cut, then the arguments of `body` that
    are no tensors; the attribute `halftone.piece` says

    * `weights`: the tensors' names of the products at the beginning of the piece, all of the same `input`, an argument;
    * `residuals`: for each of them the argument that is added to the product and to nothing else, or -1;
    * `gain`: the tensor's name of the gain of a norm, if `input` is a norm that nothing else reads;
    * `next`: for each argument of the next piece the number of a result, or -1 - the number of an argument that passes.

    The first piece has `next` alone. The attribute `halftone.model` goes: what is left are plain functions.

    ```mlir
    func.func @body(%ids: tensor<?xi32>, %position: index) -> tensor<?x8xf32> {
      %x = nn.embed ins(%ids, %table ...)
      %y = linalg.matmul ins(%x, %w ...)
      %z = linalg.add ins(%x, %y ...)
      return %z
    }
    // becomes
    func.func @piece0(%ids: tensor<?xi32>, %position: index) -> tensor<?x8xf32>
        attributes {halftone.piece = {next = array<i64: 0>}} {
      %x = nn.embed ins(%ids, %table ...)
      return %x
    }
    func.func @piece1(%x: tensor<?x8xf32>, %position: index) -> tensor<?x8xf32>
        attributes {halftone.piece = {input = 0, next = array<i64: 0>, residuals = array<i64: 0>, weights = ["w"]}} {
      %y = linalg.matmul ins(%x, %w ...)
      %z = linalg.add ins(%x, %y ...)
      return %z
    }
    ```
    Errors: a module that is no model; a value other than rows of floats that lives across a cut; several blocks.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::tensor::TensorDialect"];
}

def HalftoneDecompose : Pass<"halftone-decompose", "::mlir::ModuleOp"> {
  let summary = "Takes operations apart that are several linalg operations in one";
  let description = [{
    `linalg.softmax` on tensors becomes the maximum, the exponentials, their sum and the quotient, each a
    `linalg.generic`: only these can become loops.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::math::MathDialect", "::mlir::tensor::TensorDialect"];
}

def HalftoneEqualize : Pass<"halftone-equalize", "::mlir::ModuleOp"> {
  let summary = "Moves scales of channels from activations into weights";
  let description = [{
    On stage 0. Where all that reads a value are products with constant weights, and what makes it is a norm, or a product
    with constant weights through `nn.attention` (as its values) or `nn.gated_activation` (as what is gated), each of its
    channels is divided by a `lowbit.equalizer`'s scale: in the gain (and bias) of the norm, or the outputs of the
    product. The weights that read it are multiplied. The program computes the same function, up to rounding.

    The magnitudes of the inputs are those that the module's attribute `lowbit.channel_magnitudes` has for the first
    weight that reads them (an array of floats by the tensor's name; the pass removes it), and without it are guessed
    from what is divided: the gain of the norm, the largest weight of each output.

    ```mlir
    %n = nn.rms_norm ins(%x, %gain : ...)
    %y = linalg.matmul ins(%n, %w : ...)
    // becomes
    %s = lowbit.equalizer %gain behind (%w) columns alpha = 5.000000e-01 beta = 5.000000e-01 : ...
    %g = lowbit.scale %gain by %s columns inverse : ...
    %u = lowbit.scale %w by %s columns : ...
    %n = nn.rms_norm ins(%x, %g : ...)
    %y = linalg.matmul ins(%n, %u : ...)
    ```
    Errors: exponents out of 0..1; magnitudes that are no array of floats of the right size.
  }];
  let options = [
    Option<"alpha", "alpha", "double", "0.5", "exponent of the inputs' magnitudes">,
    Option<"beta", "beta", "double", "0.5", "exponent of the weights' magnitudes">
  ];
  let dependentDialects = ["::halftone::lowbit::LowbitDialect", "::mlir::arith::ArithDialect"];
}

def HalftoneInsertObservers : Pass<"halftone-insert-observers", "::mlir::ModuleOp"> {
  let summary = "Observes the inputs of products with constant weights";
  let description = [{
    On stage 0. Products as in `lowbit-quantize-weights`. An `nn.observe` behind a value shows it to the host, which
    can so gather statistics of it, before anything else reads it. Products that share an input share its observation.
    On request also outputs, residuals (the other addend where the only use of a product's output is a `linalg.add`)
    and these sums. Outputs of products that add to other values than zeros are not observed. Sites are numbered from 0
    in the order of the module. The program's results stay the same, bit for bit.

    ```mlir
    %q = linalg.matmul indexing_maps = [...] ins(%x, %wq : ...) outs(%zeros)
    %k = linalg.matmul indexing_maps = [...] ins(%x, %wk : ...) outs(%zeros)
    // becomes
    %o = nn.observe input of ["wq", "wk"] site = 0 outs(%x : tensor<?x64xf32>) -> tensor<?x64xf32>
    %q = linalg.matmul indexing_maps = [...] ins(%o, %wq : ...) outs(%zeros)
    %k = linalg.matmul indexing_maps = [...] ins(%o, %wk : ...) outs(%zeros)
    ```
  }];
  let options = [
    Option<"inputs", "inputs", "bool", "true", "observe inputs of products">,
    Option<"outputs", "outputs", "bool", "false", "observe outputs of products">,
    Option<"residuals", "residuals", "bool", "false", "observe what the outputs of products are added to">,
    Option<"sums", "sums", "bool", "false", "observe the sums of outputs of products and residuals">
  ];
  let dependentDialects = ["::halftone::nn::NnDialect"];
}

def HalftoneLoopsInPlace : Pass<"halftone-loops-in-place", "::mlir::ModuleOp"> {
  let summary = "Lets loops and branches compute tensors in one place";
  let description = [{
    What an `scf.for` yields is copied to where the carried tensor lies, unless it is computed there: then the loop
    needs one buffer, which planning memory asks for. The branches of an `scf.if` that yields tensors of static shape
    write to one tensor, too.

    ```mlir
    scf.yield %y : tensor<4x64xf32>
    // becomes
    %c = bufferization.materialize_in_destination %y in %carried : (tensor<4x64xf32>, tensor<4x64xf32>) -> tensor<4x64xf32>
    scf.yield %c : tensor<4x64xf32>
    ```
  }];
  let dependentDialects = ["::mlir::bufferization::BufferizationDialect"];
}

def HalftonePermuteChannels : Pass<"halftone-permute-channels", "::mlir::ModuleOp"> {
  let summary = "Sorts the channels of activations by their ranges, at no cost at run time";
  let description = [{
    For the activations that `policy` (see `lowbit-requantize-activations`) gives a kind `peg<K>`: the channels of the
    residual stream or hidden layer that they belong to are sorted by ascending range (max - min in
    `lowbit.activation_ranges`, the larger one where several activations of the stream are sorted). The order goes
    into the weights: rows of those that produce the stream, columns of those that read it, embedding tables, biases
    and gains of norms are wrapped in `lowbit.permute`. The ranges in the attribute are permuted, too. The program
    computes the same function; sums over channels are taken in another order.

    ```mlir
    %y = linalg.matmul ins(%x, %down : ...)       // rows of down, columns of up: one stream
    %z = linalg.matmul ins(%y, %up : ...)
    // becomes
    %d = lowbit.permute %down dim = 0 order = [2, 0, 1] : tensor<3x8xf32>
    %u = lowbit.permute %up dim = 1 order = [2, 0, 1] : tensor<8x3xf32>
    ```
    The stream of a model (`halftone.model`) is followed from its body to its head: what the one returns and the other
    takes has the new order, too. A stream that something else depends on (an argument or result of another function, a
    reshape into heads) keeps its order, with a warning that names it.
  }];
  let options = [
    ListOption<"policy", "policy", "std::string", "regex=kind, the last match wins">
  ];
  let dependentDialects = ["::halftone::lowbit::LowbitDialect"];
}

def HalftonePlanMemory : Pass<"halftone-plan-memory", "::mlir::ModuleOp"> {
  let summary = "Places the buffers of a function in one scratch area";
  let description = [{
    Every `memref.alloc` in the outermost block of a public function becomes a `memref.view` of a new argument, the
    scratch area. Buffers that are never live together share memory; each starts at a multiple of 64 bytes. A
    dynamic size must be bounded by `max-dynamic`, the most tokens in a call. The function gets the attribute
    `halftone.scratch_bytes`. Other buffers (in loops, or of dynamic size outside of models) are freed at the end of
    their block. With `separate` all are: then a sanitizer sees accesses beyond any of them.

    Errors: a function of several blocks; a buffer in a region that leaves the region.

    ```mlir
    %a = memref.alloc() : memref<4x8xf32>
    // becomes
    %a = memref.view %scratch[%c128][] : memref<512xi8> to memref<4x8xf32>
    ```
  }];
  let options = [
    Option<"maxDynamic", "max-dynamic", "int64_t", "64", "bound of every dynamic size">,
    Option<"separate", "separate", "bool", "false", "leave every buffer an allocation of its own, of its exact size">
  ];
  let dependentDialects = ["::mlir::memref::MemRefDialect"];
}

def HalftoneResultsToArguments : Pass<"halftone-results-to-arguments", "::mlir::ModuleOp"> {
  let summary = "Turns tensor results of public functions into memref arguments";
  let description = [{
    Results are written to memory of the caller, given as arguments after the others. The other arguments may not be
    written to.

    ```mlir
    func.func @f(%x: tensor<4xf32>) -> tensor<8xf32> { ... return %r : tensor<8xf32> }
    // becomes
    func.func @f(%x: tensor<4xf32> {bufferization.writable = false}, %out: memref<8xf32>) {
      ...
      bufferization.materialize_in_destination %r in restrict writable %out : (tensor<8xf32>, memref<8xf32>) -> ()
      return
    }
    ```
    Errors: a result that is not a tensor.
  }];
  let dependentDialects = ["::mlir::bufferization::BufferizationDialect"];
}

def HalftoneRotate : Pass<"halftone-rotate", "::mlir::ModuleOp"> {
  let summary = "Rotates the residual stream of a model";
  let description = [{
    On stage 0. The stream begins at every `nn.embed`, and goes on where products are added to it. Its values x become
    x R, with an orthogonal R (`lowbit.rotate`): R goes into the embedding tables and the weights whose products are
    added; gains of norms go into the weights that read these, after which a norm commutes with R. In models it goes
    through the norm that `body` returns into `head`. Where nothing else reads or writes them, the values of attention
    heads are rotated, too, each head alone. The program computes the same function, up to rounding; a head that was the
    embedding table is now a matrix of its own.

    ```mlir
    %x = nn.embed ins(%ids, %table : ...)
    %n = nn.rms_norm ins(%x, %gain : ...)
    %y = linalg.matmul ins(%n, %w : ...)
    // becomes
    %t = lowbit.rotate %table columns seed = 1 : ...
    %x = nn.embed ins(%ids, %t : ...)
    %n = nn.rms_norm ins(%x, %ones : ...)
    %s = lowbit.scale %w by %gain columns : ...
    %r = lowbit.rotate %s columns seed = 1 : ...
    %y = linalg.matmul ins(%n, %r : ...)
    ```
    Errors: no embedding; a stream that something else reads (a norm that subtracts the mean, for instance) or adds to.
  }];
  let options = [
    Option<"seed", "seed", "int64_t", "1", "of the rotation">,
    Option<"heads", "heads", "bool", "true", "rotate the values of attention heads">
  ];
  let dependentDialects = ["::halftone::lowbit::LowbitDialect", "::mlir::arith::ArithDialect"];
}

def HalftoneSpecializeTokens : Pass<"halftone-specialize-tokens", "::mlir::ModuleOp"> {
  let summary = "Makes decode (one token) and prefill (many) from a model's body";
  let description = [{
    In a module with the attribute `halftone.model` the function `body` becomes `prefill`, and a copy in which every
    dynamic size of arguments and results is one becomes `decode`. Other functions and other modules are left alone.
  }];
}

#endif // HALFTONE_TRANSFORMS_PASSES_TD
