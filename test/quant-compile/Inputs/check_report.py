"""Checks the arithmetic of a compile report: check_report.py REPORT.json MODEL.so (the command line is report.test's)."""
import json
import math
import os
import sys

report = json.load(open(sys.argv[1]))
assert report["model"] == "m" and report["cpu"] == "x86-64-v3" and report["activations"] == "i8", report
tensors = {t["name"]: t for t in report["tensors"]}


def groups(cols, size):
    return math.ceil(cols / size) if size else 1


# Bits of one row with all scales.
bits_of_row = {
    "bcq3g32": lambda k: 3 * k + groups(k, 32) * (16 + 3 * 8),
    "bcq2g24f": lambda k: 2 * k + groups(k, 24) * 2 * 16,
    "rtn4g16": lambda k: 4 * k + groups(k, 16) * 16,
    "ternaryg0": lambda k: 2 * k + 16,
    "rtn8g0": lambda k: 8 * k + 16,
    "float": lambda k: 32 * k,
}
expected = {
    "model.embed_tokens.weight": ("rtn8g0", [100, 48]),
    "lm_head.weight": ("float", [100, 48]),
    "model.layers.0.self_attn.q_proj.weight": ("bcq3g32", [48, 48]),
    "model.layers.0.self_attn.o_proj.weight": ("bcq2g24f", [48, 48]),
    "model.layers.0.mlp.up_proj.weight": ("rtn4g16", [80, 48]),
    "model.layers.0.mlp.down_proj.weight": ("ternaryg0", [48, 80]),
    "model.norm.weight": ("float", [48]),
}
for name, (format, shape) in expected.items():
    assert (tensors[name]["format"], tensors[name]["shape"]) == (format, shape), tensors[name]
for t in report["tensors"]:
    count, cols = math.prod(t["shape"]), t["shape"][-1]
    bits = bits_of_row[t["format"]](cols) / cols
    assert abs(t["bits_per_weight"] - bits) < 1e-9, (t, bits)
    # Padding to whole blocks of rows and steps of 32 columns comes on top of what the format says.
    assert t["bytes"] >= count * bits / 8 - 1e-9, t
    # rtn8 is nearly exact; ternary loses a fifth of Gaussian weights; nothing is worse.
    limit = {"float": 0, "rtn8g0": 1e-4}.get(t["format"], 0.25)
    assert 0 <= t["relative_squared_error"] <= limit, t
    assert (t["relative_squared_error"] > 0) == (t["format"] != "float"), t

totals = report["totals"]
weights = [t for t in report["tensors"] if not t["computed"]]
assert [t["name"] for t in report["tensors"] if t["computed"]] == ["rope_table"]
assert totals["weights"] == sum(math.prod(t["shape"]) for t in weights)
assert totals["bytes"] == sum(t["bytes"] for t in weights)
assert totals["table_bytes"] == 4 * 16 * 24
assert totals["float32_bytes"] == 4 * totals["weights"]
assert abs(totals["ratio"] - totals["float32_bytes"] / totals["bytes"]) < 1e-9
assert totals["bytes"] < os.path.getsize(sys.argv[2])
