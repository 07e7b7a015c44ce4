"""Compiles requantization, layer norm and GELU, runs them and compares with numpy.

usage: activations.py FOLDER CPU
"""

import ctypes
import math
import os
import subprocess
import sys

import numpy as np

folder, cpu = sys.argv[1:]
random = np.random.default_rng(1)
functions, checks = [], []


def op(name, width, text, expect):
    """A function x [n][width] -> y; expect(x) gives the result and a tolerance."""
    t = f"tensor<?x{width}xf32>"
    functions.append(f"""  func.func @{name}(%x: {t}) -> {t} {{
    %c0 = arith.constant 0 : index
    %n = tensor.dim %x, %c0 : {t}
    %e = tensor.empty(%n) : {t}
{text.replace("$t", t)}
    return %y : {t}
  }}""")
    checks.append((name, width, expect))


def dense(values):
    return "dense<[" + ", ".join(f"{float(v):.9e}" for v in values) + f"]> : tensor<{len(values)}xf32>"


def requantized(x, scales, zeros, bits):
    width = x.shape[1] // len(scales)
    s, z = np.repeat(scales, width), np.repeat(zeros, width)
    with np.errstate(all="ignore"):
        t = np.fmin(np.fmax((x / s).astype(np.float32), -z), np.float32(2**bits - 1) - z)
    return (np.rint(t) * s).astype(np.float32), 0


def per_token(x, bits):
    top = np.float32(127 if bits == 8 else 32512)
    m = np.abs(x).max(1, keepdims=True)
    tiny = m < np.float32(1e-30)
    m = np.where(tiny, np.float32(1), m)
    y = np.rint(x * (top / m)) * (m / top)
    return np.where(tiny, np.float32(0), y).astype(np.float32), 0


for width, groups, bits in [(1, 1, 8), (24, 1, 8), (24, 6, 8), (24, 24, 8), (37, 37, 16), (70, 2, 4), (96, 3, 16)]:
    scales = (random.random(groups) * 0.1 + 0.001).astype(np.float32)
    zeros = np.rint(random.random(groups) * (2**bits - 1)).astype(np.float32)
    v = f"tensor<{groups}xf32>"
    op(f"grouped{len(checks)}", width,
       f"    %s = arith.constant {dense(scales)}\n    %z = arith.constant {dense(zeros)}\n"
       f"    %y = lowbit.requantize ins(%x, %s, %z : $t, {v}, {v}) outs(%e : $t) "
       f"format = !lowbit.grouped<bits = {bits}, groups = {groups}> -> $t",
       lambda x, s=scales, z=zeros, b=bits: requantized(x, s, z, b))
for width, bits in [(1, 8), (37, 8), (96, 16)]:
    op(f"tokens{len(checks)}", width,
       f"    %y = lowbit.requantize_tokens ins(%x : $t) outs(%e : $t) bits = {bits} -> $t",
       lambda x, b=bits: per_token(x, b))


def gelu(x):
    wide = x.astype(np.float64)
    return wide / 2 * (1 + np.vectorize(math.erf)(wide / math.sqrt(2))), 1e-6


for width in (1, 37, 96):
    op(f"gelu{width}", width, "    %y = nn.gelu ins(%x : $t) outs(%e : $t) -> $t", gelu)


def layer_norm(x, gain, bias):
    wide = x.astype(np.float64)
    d = wide - wide.mean(1, keepdims=True)
    return d / np.sqrt((d**2).mean(1, keepdims=True) + 1e-5) * gain + bias, 1e-5


for width in (5, 37, 96):
    gain, bias = random.standard_normal((2, width)).astype(np.float32)
    v = f"tensor<{width}xf32>"
    op(f"norm{width}", width,
       f"    %g = arith.constant {dense(gain)}\n    %b = arith.constant {dense(bias)}\n"
       f"    %y = nn.layer_norm ins(%x, %g, %b : $t, {v}, {v}) outs(%e : $t) epsilon = 1.0e-5 -> $t",
       lambda x, g=gain, b=bias: layer_norm(x, g, b))

source, library = os.path.join(folder, "m.mlir"), os.path.join(folder, f"{cpu}.so")
with open(source, "w") as file:
    file.write("module {\n" + "\n".join(functions) + "\n}\n")
subprocess.run(["quant-compile", source, "-o", library, "-q", "--mcpu", cpu], check=True)
loaded = ctypes.CDLL(library)
for name, width, expect in checks:
    x = random.standard_normal((5, width)).astype(np.float32)
    x[1] = 0
    x[2] *= 60
    if not name.startswith("norm"):
        x[3] *= np.float32(1e-38)
        x[4, 0] = 1e30 if "gelu" not in name else 40
    if name.startswith("grouped"):
        x[4] = np.nan
    y = np.full_like(x, np.nan)
    pointers = [a.ctypes.data_as(ctypes.c_void_p) for a in (x, y)]
    assert getattr(loaded, name)(ctypes.c_void_p(0), *pointers, ctypes.c_int64(len(x))) == 0
    expected, tolerance = expect(x)
    if tolerance == 0:
        assert np.array_equal(y, expected), (name, x[y != expected], y[y != expected], expected[y != expected])
    else:
        assert np.abs(y - expected).max() <= tolerance * max(1, np.abs(expected).max()), name
print(len(checks), "functions are right")
