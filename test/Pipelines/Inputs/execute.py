"""Compiles small linalg programs to shared objects, runs them and compares with numpy.

usage: execute.py FOLDER
"""

import ctypes
import json
import os
import struct
import subprocess
import sys

import numpy as np

random = np.random.default_rng(1)
folder = sys.argv[1]


def normal(*shape):
    return random.standard_normal(shape).astype(np.float32)


def save_weights(tensors):
    header, offset = {}, 0
    for name, values in tensors.items():
        header[name] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [offset, offset + values.nbytes]}
        offset += values.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(os.path.join(folder, "w.safetensors"), "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(v.tobytes() for v in tensors.values()))


def run(name, function, tensors, arguments, results, options, n=None):
    """Calls the C function f of the compiled program; checks that it leaves its arguments alone."""
    save_weights(tensors)
    source = os.path.join(folder, name + ".mlir")
    with open(source, "w") as file:
        file.write('module attributes {lowbit.externals = "w.safetensors"} {\n' + function + "\n}\n")
    library = os.path.join(folder, name + "-" + "-".join(options).replace("--", "") + ".so")
    subprocess.run(["quant-compile", source, "-o", library, *options], check=True, stdout=subprocess.DEVNULL)
    before = [argument.copy() for argument in arguments]
    outputs = [np.full(shape, np.nan, np.float32) for shape in results]
    pointers = [a.ctypes.data_as(ctypes.c_void_p) for a in [*arguments, *outputs]]
    sizes = [] if n is None else [ctypes.c_int64(n)]
    assert ctypes.CDLL(library).f(ctypes.c_void_p(0), *pointers, *sizes) == 0
    for argument, old in zip(arguments, before):
        assert np.array_equal(argument, old), f"{name}: an input was written to"
    return outputs


def check(name, function, tensors, arguments, expected, n=None):
    """With float weights nearly exact, at 8 bits within a few percent of the largest value, in every strategy."""
    shapes = [e.shape for e in expected]
    for options, tolerance in [
        (["--format", "float"], 1e-5),
        (["--format", "rtn8g32", "--activations", "f32"], 3e-2),
        (["--format", "rtn8g32", "--activations", "i8", "--strategy", "dot"], 4e-2),
        (["--format", "rtn8g32", "--activations", "i8", "--strategy", "lut"], 4e-2),
    ]:
        for got, want in zip(run(name, function, tensors, arguments, shapes, options, n), expected):
            error = np.abs(got - want).max() / np.abs(want).max()
            assert error < tolerance, f"{name} {options}: error {error}"
    print(name, "is right")


MATMUL = "%{y} = linalg.matmul ins(%{x}, %{w} : tensor<{t}x{k}xf32>, tensor<{k}x{n}xf32>) outs(%{o} : tensor<{t}x{n}xf32>) -> tensor<{t}x{n}xf32>"


def matmul(y, x, w, o, t, k, n):
    return MATMUL.format(y=y, x=x, w=w, o=o, t=t, k=k, n=n)


w, x = normal(64, 64), normal(4, 128)
check(
    "slices",
    f"""func.func @f(%x: tensor<4x128xf32>, %init: tensor<4x64xf32>) -> tensor<4x128xf32> {{
      %w = lowbit.external "w" : tensor<64x64xf32>
      %r = tensor.extract_slice %x[0, 64] [4, 64] [1, 1] : tensor<4x128xf32> to tensor<4x64xf32>
      {matmul("y", "r", "w", "init", 4, 64, 64)}
      %e = tensor.empty() : tensor<4x128xf32>
      %p = tensor.insert_slice %y into %e[0, 0] [4, 64] [1, 1] : tensor<4x64xf32> into tensor<4x128xf32>
      %q = tensor.insert_slice %r into %p[0, 64] [4, 64] [1, 1] : tensor<4x64xf32> into tensor<4x128xf32>
      return %q : tensor<4x128xf32>
    }}""",
    {"w": w},
    [x, x[:, :64].copy()],
    [np.hstack([x[:, 64:] @ w + x[:, :64], x[:, 64:]])],
)

a, c = normal(64, 4), normal(64, 4)
check(
    "weights-on-the-left",
    f"""func.func @f(%x: tensor<64x4xf32>, %init: tensor<64x4xf32>) -> tensor<64x4xf32> {{
      %w = lowbit.external "w" : tensor<64x64xf32>
      {matmul("y", "w", "x", "init", 64, 64, 4)}
      return %y : tensor<64x4xf32>
    }}""",
    {"w": w},
    [a, c],
    [w @ a + c],
)

x, b, v = normal(7, 64), normal(7, 20), normal(64, 20)
check(
    "bias-of-any-batch",
    f"""func.func @f(%x: tensor<?x64xf32>, %b: tensor<?x20xf32>) -> tensor<?x20xf32> {{
      %w = lowbit.external "v" : tensor<64x20xf32>
      {matmul("y", "x", "w", "b", "?", 64, 20)}
      return %y : tensor<?x20xf32>
    }}""",
    {"v": v},
    [x, b],
    [x @ v + b],
    n=7,
)

x = normal(4, 64)
y = x @ w
check(
    "both-ways-and-as-data",
    f"""func.func private @twice(%x: tensor<4x64xf32>, %w: tensor<64x64xf32>) -> (tensor<4x64xf32>, tensor<4x64xf32>) {{
      %zero = arith.constant 0.0 : f32
      %e = tensor.empty() : tensor<4x64xf32>
      %z = linalg.fill ins(%zero : f32) outs(%e : tensor<4x64xf32>) -> tensor<4x64xf32>
      {matmul("y", "x", "w", "z", 4, 64, 64)}
      %et = tensor.empty() : tensor<64x64xf32>
      %t = linalg.transpose ins(%w : tensor<64x64xf32>) outs(%et : tensor<64x64xf32>) permutation = [1, 0]
      {matmul("s", "y", "t", "y", 4, 64, 64)}
      return %y, %s : tensor<4x64xf32>, tensor<4x64xf32>
    }}
    func.func @f(%x: tensor<4x64xf32>) -> (tensor<4x64xf32>, tensor<4x64xf32>, tensor<64x64xf32>) {{
      %w = lowbit.external "w" : tensor<64x64xf32>
      %y, %s = call @twice(%x, %w) : (tensor<4x64xf32>, tensor<64x64xf32>) -> (tensor<4x64xf32>, tensor<4x64xf32>)
      return %y, %s, %w : tensor<4x64xf32>, tensor<4x64xf32>, tensor<64x64xf32>
    }}""",
    {"w": w},
    [x],
    [y, y @ w.T + y, w],
)

x = normal(4, 64)
w = w / 8
check(
    "loops",
    f"""func.func @f(%x: tensor<4x64xf32>) -> (tensor<4x64xf32>, tensor<4x64xf32>) {{
      %w = lowbit.external "w" : tensor<64x64xf32>
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c3 = arith.constant 3 : index
      %zero = arith.constant 0.0 : f32
      %r, %before = scf.for %i = %c0 to %c3 step %c1 iter_args(%a = %x, %b = %x) -> (tensor<4x64xf32>, tensor<4x64xf32>) {{
        %e = tensor.empty() : tensor<4x64xf32>
        %z = linalg.fill ins(%zero : f32) outs(%e : tensor<4x64xf32>) -> tensor<4x64xf32>
        {matmul("y", "a", "w", "z", 4, 64, 64)}
        scf.yield %y, %a : tensor<4x64xf32>, tensor<4x64xf32>
      }}
      %first = tensor.extract %x[%c0, %c0] : tensor<4x64xf32>
      %positive = arith.cmpf ogt, %first, %zero : f32
      %s = scf.if %positive -> tensor<4x64xf32> {{
        scf.yield %r : tensor<4x64xf32>
      }} else {{
        %e = tensor.empty() : tensor<4x64xf32>
        %y = linalg.add ins(%before, %x : tensor<4x64xf32>, tensor<4x64xf32>) outs(%e : tensor<4x64xf32>) -> tensor<4x64xf32>
        scf.yield %y : tensor<4x64xf32>
      }}
      return %r, %s : tensor<4x64xf32>, tensor<4x64xf32>
    }}""",
    {"w": w},
    [x],
    [x @ w @ w @ w, x @ w @ w @ w if x[0, 0] > 0 else x @ w @ w + x],
)

x = 3 * normal(4, 10)
e = np.exp(x - x.max(1, keepdims=True))
check(
    "softmax",
    """func.func @f(%x: tensor<4x10xf32>) -> tensor<4x10xf32> {
      %e = tensor.empty() : tensor<4x10xf32>
      %y = linalg.softmax dimension(1) ins(%x : tensor<4x10xf32>) outs(%e : tensor<4x10xf32>) -> tensor<4x10xf32>
      return %y : tensor<4x10xf32>
    }""",
    {"w": w},
    [x],
    [e / e.sum(1, keepdims=True)],
)
