"""A small Transformer encoder with planted activation outliers, as MLIR and weights.

BERT's block (post-norm, GELU, biases, bidirectional attention), random weights, and a classifier on the first token that
is fitted to the float encoder by ridge regression. Outliers are planted where trained encoders have them (arXiv
2109.12948): a few dimensions of the norm before the feed-forward network get their gain and bias multiplied, and the
columns of the network's first weight divided, so that the network computes what it did; what the residual stream
carries past it keeps the large dimensions until the next norm, whose gain brings them back.

Programs that `quant-compile` makes of it are called through their C functions.
"""

import ctypes
import json
import os
import struct
import subprocess

import numpy as np

ROWS = "affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>"


class Encoder:
    def __init__(self, folder, layers=3, width=96, heads=4, vocabulary=64, tokens=16, classes=8, outliers=6, gain=60.0,
                 distinct=2.65, seed=1):
        self.folder, self.layers, self.width, self.heads = folder, layers, width, heads
        self.vocabulary, self.tokens, self.classes = vocabulary, tokens, classes
        self.random = np.random.default_rng(seed)
        os.makedirs(folder, exist_ok=True)
        self.make_weights()
        self.planted = sorted(int(d) for d in self.random.choice(width, outliers, replace=False))
        self.plant(gain)
        self.make_task(distinct)

    # Weights.

    def normal(self, *shape, scale=1.0):
        return (self.random.standard_normal(shape) * scale).astype(np.float32)

    def linear(self, name, outputs, inputs):
        self.weights[name + ".weight"] = self.normal(outputs, inputs, scale=inputs**-0.5)
        self.weights[name + ".bias"] = self.normal(outputs, scale=0.1)

    def norm(self, name):
        self.weights[name + ".weight"] = 1 + self.normal(self.width, scale=0.1)
        self.weights[name + ".bias"] = self.normal(self.width, scale=0.1)

    def make_weights(self):
        d = self.width
        self.weights = {
            "embeddings.word": self.normal(self.vocabulary, d),
            "embeddings.position": self.normal(self.tokens, d, scale=0.3),
        }
        for layer in range(self.layers):
            prefix = f"layer.{layer}."
            for name in ("query", "key", "value", "attention.output"):
                self.linear(prefix + name, d, d)
            self.norm(prefix + "attention.norm")
            self.linear(prefix + "ffn.in", 4 * d, d)
            self.linear(prefix + "ffn.out", d, 4 * d)
            self.norm(prefix + "norm")
        self.linear("classifier", self.classes, d)

    def plant(self, gain):
        for layer in range(self.layers):
            prefix = f"layer.{layer}."
            for part in ("weight", "bias"):
                self.weights[prefix + "attention.norm." + part][self.planted] *= np.float32(gain)
                self.weights[prefix + "norm." + part][self.planted] /= np.float32(gain)
            self.weights[prefix + "ffn.in.weight"][:, self.planted] /= np.float32(gain)

    # The task: which of the classes, each with a preference for words of its own, wrote a text?

    def make_task(self, distinct):
        preference = np.exp(distinct * self.random.standard_normal((self.classes, self.vocabulary)))
        self.preference = preference / preference.sum(1, keepdims=True)

    def texts(self, count, seed):
        random = np.random.default_rng(seed)
        labels = random.integers(0, self.classes, count)
        ids = [random.choice(self.vocabulary, self.tokens, p=self.preference[label]) for label in labels]
        return np.array(ids, np.int32), labels

    def fit_classifier(self, count=1500, seed=11):
        """Ridge regression of the classes on the first token's features in the float encoder."""
        self.write()
        ids, labels = self.texts(count, seed)
        features = self.compile("fit", ["--format", "float"], function="features").run(ids)[0][:, 0, :].astype(np.float64)
        mean = features.mean(0)
        centered, targets = features - mean, np.eye(self.classes)[labels] - 1.0 / self.classes
        gram = centered.T @ centered
        gram += np.eye(self.width) * 1e-3 * np.trace(gram) / self.width
        weight = np.linalg.solve(gram, centered.T @ targets).T
        self.weights["classifier.weight"] = weight.astype(np.float32)
        self.weights["classifier.bias"] = (-weight @ mean).astype(np.float32)
        self.write()

    # MLIR.

    def write(self):
        self.save_weights()
        for function in ("encode", "features", "observe"):
            body = Body(self).build(function)
            with open(os.path.join(self.folder, function + ".mlir"), "w") as file:
                file.write('module attributes {lowbit.externals = "w.safetensors"} {\n' + body + "}\n")

    def save_weights(self):
        header, offset = {}, 0
        for name, values in self.weights.items():
            header[name] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [offset, offset + values.nbytes]}
            offset += values.nbytes
        text = json.dumps(header).encode()
        text += b" " * (-len(text) % 8)
        with open(os.path.join(self.folder, "w.safetensors"), "wb") as file:
            file.write(struct.pack("<Q", len(text)) + text + b"".join(v.tobytes() for v in self.weights.values()))

    # Native programs.

    def compile(self, name, options, function="encode"):
        library = os.path.join(self.folder, name + ".so")
        report = os.path.join(self.folder, name + ".json")
        source = os.path.join(self.folder, function + ".mlir")
        subprocess.run(["quant-compile", source, "-o", library, "-q", "--report", report, *options], check=True)
        results = Body(self).results(function)
        with open(report) as file:
            # A library is loaded once under its name.
            return Program(os.path.abspath(library), function, self, results, json.load(file))

    def calibrate(self, count=64, seed=12):
        """Ranges of every activation over random texts, written to ranges.json; returns their path."""
        ids, _ = self.texts(count, seed)
        program = self.compile("observe", ["--format", "float"], function="observe")
        ranges = {}
        for (name, _), values in zip(program.results, program.run(ids)):
            rows = values.reshape(-1, values.shape[-1]).astype(np.float64)
            ranges[name] = {
                "min": rows.min(0).tolist(),
                "max": rows.max(0).tolist(),
                "mean": float(rows.mean()),
                "deviation": float(rows.std()),
            }
        path = os.path.join(self.folder, "ranges.json")
        with open(path, "w") as file:
            json.dump(ranges, file)
        return path


class Program:
    def __init__(self, library, function, encoder, results, report):
        self.call = getattr(ctypes.CDLL(library), function)
        self.encoder, self.results, self.report = encoder, results, report

    def run(self, ids):
        """One array [texts, ...] per result."""
        all_results = [np.empty((len(ids), *shape), np.float32) for _, shape in self.results]
        for i, row in enumerate(np.ascontiguousarray(ids)):
            pointers = [results[i].ctypes.data_as(ctypes.c_void_p) for results in all_results]
            status = self.call(ctypes.c_void_p(0), row.ctypes.data_as(ctypes.c_void_p), *pointers)
            assert status == 0, status
        return all_results

    def logits(self, ids):
        return self.run(ids)[0][:, 0, :]


class Body:
    """Writes one function, operation by operation."""

    def __init__(self, encoder):
        self.e, self.lines, self.count, self.sites = encoder, [], 0, []
        self.t, self.d = encoder.tokens, encoder.width

    def type(self, *shape):
        return "tensor<" + "x".join(str(size) for size in shape) + "xf32>"

    def op(self, text):
        self.count += 1
        self.lines.append(f"    %v{self.count} = {text}")
        return f"%v{self.count}"

    def weight(self, name):
        return self.op(f'lowbit.external "{name}" : {self.type(*self.e.weights[name].shape)}')

    def empty(self, *shape):
        return self.op(f"tensor.empty() : {self.type(*shape)}")

    def site(self, name, value, shape):
        self.sites.append((name, value, shape))
        return value

    def linear(self, x, name, rows, inputs):
        """x W^T + b."""
        outputs = self.e.weights[name + ".weight"].shape[0]
        y = self.type(rows, outputs)
        self.site("in:" + name + ".weight", x, (rows, inputs))
        w, b, e = self.weight(name + ".weight"), self.weight(name + ".bias"), self.empty(rows, outputs)
        start = self.op(f"linalg.broadcast ins({b} : {self.type(outputs)}) outs({e} : {y}) dimensions = [0]")
        result = self.op(f"linalg.matmul indexing_maps = [{ROWS}] ins({x}, {w} : {self.type(rows, inputs)}, "
                         f"{self.type(outputs, inputs)}) outs({start} : {y}) -> {y}")
        return self.site("out:" + name + ".weight", result, (rows, outputs))

    def norm(self, x, name):
        y, vector = self.type(self.t, self.d), self.type(self.d)
        gain, bias, e = self.weight(name + ".weight"), self.weight(name + ".bias"), self.empty(self.t, self.d)
        return self.op(f"nn.layer_norm ins({x}, {gain}, {bias} : {y}, {vector}, {vector}) outs({e} : {y}) "
                       f"epsilon = 1.0e-12 -> {y}")

    def add(self, x, y, name=None):
        rows = self.type(self.t, self.d)
        e = self.empty(self.t, self.d)
        result = self.op(f"linalg.add ins({x}, {y} : {rows}, {rows}) outs({e} : {rows}) -> {rows}")
        return self.site("sum:" + name, result, (self.t, self.d)) if name else result

    def contract(self, a, b, maps, result, scale):
        """sum over the last loop of scale * a * b."""
        zero = self.op("arith.constant 0.0 : f32")
        factor = self.op(f"arith.constant {scale:.9e} : f32")
        start = self.op(f"linalg.fill ins({zero} : f32) outs({self.empty(*result)} : {self.type(*result)}) -> "
                        f"{self.type(*result)}")
        h, t, s = self.e.heads, self.t, self.d // self.e.heads
        shapes = {"(h, t, s)": (h, t, t), "(t, h, i)": (t, h, s), "(s, h, i)": (t, h, s)}
        affine = ", ".join(f"affine_map<(h, t, {maps[3]}) -> {m}>" for m in maps[:3])
        return self.op(
            f"linalg.generic {{indexing_maps = [{affine}], iterator_types = "
            f'["parallel", "parallel", "parallel", "reduction"]}} ins({a}, {b} : {self.type(*shapes[maps[0]])}, '
            f"{self.type(*shapes[maps[1]])}) outs({start} : {self.type(*result)}) {{\n"
            f"    ^bb0(%a: f32, %b: f32, %sum: f32):\n      %p = arith.mulf %a, %b : f32\n"
            f"      %q = arith.mulf %p, {factor} : f32\n      %n = arith.addf %sum, %q : f32\n"
            f"      linalg.yield %n : f32\n    }} -> {self.type(*result)}")

    def attention(self, q, k, v):
        h, t, s = self.e.heads, self.t, self.d // self.e.heads
        flat, split = self.type(t, self.d), self.type(t, h, s)
        q, k, v = (self.op(f"tensor.expand_shape {x} [[0], [1, 2]] output_shape [{t}, {h}, {s}] : {flat} into {split}")
                   for x in (q, k, v))
        scores = self.contract(q, k, ("(t, h, i)", "(s, h, i)", "(h, t, s)", "s, i"), (h, t, t), s**-0.5)
        square = self.type(h, t, t)
        weights = self.op(f"linalg.softmax dimension(2) ins({scores} : {square}) outs({self.empty(h, t, t)} : {square}) "
                          f"-> {square}")
        mixed = self.contract(weights, v, ("(h, t, s)", "(s, h, i)", "(t, h, i)", "i, s"), (t, h, s), 1.0)
        return self.op(f"tensor.collapse_shape {mixed} [[0], [1, 2]] : {split} into {flat}")

    def layer(self, x, prefix):
        t, d = self.t, self.d
        q, k, v = (self.linear(x, prefix + name, t, d) for name in ("query", "key", "value"))
        o = self.linear(self.attention(q, k, v), prefix + "attention.output", t, d)
        x = self.norm(self.add(x, o, prefix + "attention.output.weight"), prefix + "attention.norm")
        f = self.linear(x, prefix + "ffn.in", t, d)
        wide = self.type(t, 4 * d)
        f = self.op(f"nn.gelu ins({f} : {wide}) outs({self.empty(t, 4 * d)} : {wide}) -> {wide}")
        h = self.linear(f, prefix + "ffn.out", t, 4 * d)
        return self.norm(self.add(x, h, prefix + "ffn.out.weight"), prefix + "norm")

    def results(self, function):
        if function == "encode":
            return [("logits", (1, self.e.classes))]
        if function == "features":
            return [("features", (self.t, self.d))]
        Body.build(self, function)
        return [(name, shape) for name, _, shape in self.sites]

    def build(self, function):
        t, d = self.t, self.d
        rows, words = self.type(t, d), self.type(self.e.vocabulary, d)
        table, position = self.weight("embeddings.word"), self.weight("embeddings.position")
        x = self.op(f"nn.embed ins(%ids, {table} : tensor<{t}xi32>, {words}) outs({self.empty(t, d)} : {rows}) -> {rows}")
        x = self.add(x, position)
        for layer in range(self.e.layers):
            x = self.layer(x, f"layer.{layer}.")
        if function == "features":
            returned = [(x, (t, d))]
        else:
            first = self.op(f"tensor.extract_slice {x}[0, 0] [1, {d}] [1, 1] : {rows} to {self.type(1, d)}")
            returned = [(self.linear(first, "classifier", 1, d), (1, self.e.classes))]
        if function == "observe":
            returned = [(value, shape) for _, value, shape in self.sites]
        types = ", ".join(self.type(*shape) for _, shape in returned)
        values = ", ".join(value for value, _ in returned)
        return (f"  func.func @{function}(%ids: tensor<{t}xi32>) -> ({types}) {{\n" + "\n".join(self.lines) +
                f"\n    return {values} : {types}\n  }}\n")
