"""A small encoder with planted outliers: what 8 bits per tensor, 16 bits and sorted groups make of it.

usage: outliers.py FOLDER BENCH
"""

import os
import subprocess
import sys

import numpy as np

folder = sys.argv[1]
sys.path.insert(0, sys.argv[2])
from encoder import Encoder  # noqa: E402
from table import FFN, wide_share  # noqa: E402

encoder = Encoder(folder, layers=1, width=48, vocabulary=32, tokens=8, classes=4, outliers=3,
                  distinct=2.8)
encoder.write()
# The ranges are of the texts that are scored: nothing is clipped, what is left is rounding.
ranges = encoder.calibrate(count=64, seed=13)
ids, _ = encoder.texts(64, 13)


def logits(name, policy, options=("--format", "float"), source="encode"):
    options = [*options, "--activation-ranges", ranges]
    for rule in policy:
        options += ["--activation-policy", rule]
    program = encoder.compile(name, options, function=source)
    return program.logits(ids), program.report


exact, report = logits("float", [])


def error(name, policy, options=("--format", "float")):
    got, _ = logits(name, policy, options)
    return float(((got - exact) ** 2).sum() / (exact**2).sum())


# The detector finds what was planted and nothing else.
found = report["outlier_dimensions"]["in:layer.0.ffn.in.weight"]
assert found == encoder.planted, (found, encoder.planted)

# Sorting the channels does not change the function.
ranged, sorted_source = (os.path.join(folder, name + ".mlir") for name in ("ranged", "sorted"))
source = os.path.join(folder, "encode.mlir")
subprocess.run(["quant-compile", source, "--compile-to", "float", "--activation-ranges", ranges, "-o", ranged], check=True)
subprocess.run(["quant-opt", f"--halftone-permute-channels=policy={FFN}=peg6", ranged, "-o", sorted_source], check=True)
with open(sorted_source) as file:
    assert file.read().count("lowbit.permute") > 10
with open(source, "rb") as file:
    original = file.read()
os.replace(sorted_source, source)
permuted = encoder.compile("permuted", ["--format", "float"]).logits(ids)
with open(source, "wb") as file:
    file.write(original)
assert np.abs(permuted - exact).max() <= 1e-5 * np.abs(exact).max()
print("sorted channels: the same function")

per_tensor = error("static8", [FFN + "=static8"])
one_group = error("peg1", [FFN + "=peg1"])
groups = error("peg6", [FFN + "=peg6"])
unsorted = error("grouped6", [FFN + "=grouped6"])
wide = error("static16", [FFN + "=static16"])
print(f"relative squared errors: static8 {per_tensor:.2e}, peg1 {one_group:.2e}, grouped6 {unsorted:.2e}, "
      f"peg6 {groups:.2e}, static16 {wide:.2e}")
assert abs(one_group / per_tensor - 1) < 0.2  # the order of float sums decides some roundings
assert groups < per_tensor / 5
assert groups < unsorted / 2
assert wide < per_tensor / 10000

# Static inputs of products with integer weights are integers, and these are what the floats were rounded to.
for kind, name in (("static8", "static8"), ("peg6", "grouped6")):
    rule = ["in:layer.0.ffn.in=" + kind]
    integers, report = logits("integers", rule, ["--format", "rtn8g0", "--activations", "f32"])
    assert report["activations"] == name, report["activations"]
    floats, report = logits("floats", rule, ["--format", "rtn8g0", "--activations", "f32", "--strategy", "dequant"])
    assert report["activations"] == "f32", report["activations"]
    assert np.abs(integers - floats).max() <= 1e-5 * np.abs(floats).max(), np.abs(integers - floats).max()
print("static inputs of products: the integers of the rounded floats")

# Products of 16-bit activations: near the floats; per-token 8 bits are not.
weights = ["--format", "rtn8g0"]
reference, _ = logits("w8", [], [*weights, "--activations", "f32"])
narrow, _ = logits("i8", [], [*weights, "--activations", "i8"])
got, report = logits("i16", [".*ffn=i16"], [*weights, "--activations", "i8"])
assert report["activations"] == "i8+i16", report["activations"]
assert 0 < wide_share(report["activation_kinds"]) < 1
assert ((got - reference) ** 2).sum() < ((narrow - reference) ** 2).sum() / 2
print("16 bits for named activations: near the floats")
