"""Logits of a Llama in numpy float64, straight from the checkpoint: llama_logits.py FOLDER TOKENS LOGITS.bin [TOLERANCE]

Compares with quant-run's --dump-logits. Written from the definition of the model, not from Halftone's sources.
"""
import json
import struct
import sys

import numpy as np

folder, tokens = sys.argv[1], [int(t) for t in sys.argv[2].split(",")]
tolerance = float(sys.argv[4]) if len(sys.argv) > 4 else 1e-4
config = json.load(open(folder + "/config.json"))
raw = open(folder + "/model.safetensors", "rb").read()
size = struct.unpack("<Q", raw[:8])[0]
header, data = json.loads(raw[8 : 8 + size]), raw[8 + size :]


def tensor(name):
    entry = header[name]
    begin, end = entry["data_offsets"]
    assert entry["dtype"] == "F32", entry
    return np.frombuffer(data[begin:end], "<f4").reshape(entry["shape"]).astype(np.float64)


def norm(x, name):
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + config["rms_norm_eps"]) * tensor(name)


def rope(x, heads):
    length, half = x.shape[0], head_size // 2
    x = x.reshape(length, heads, head_size)
    angles = np.arange(length)[:, None] * config["rope_theta"] ** (-np.arange(half) / half)
    cos, sin = np.cos(angles)[:, None], np.sin(angles)[:, None]
    a, b = x[..., :half], x[..., half:]
    return np.concatenate([a * cos - b * sin, b * cos + a * sin], -1)


heads, kv_heads, head_size = config["num_attention_heads"], config["num_key_value_heads"], config["head_dim"]
x = tensor("model.embed_tokens.weight")[tokens]
mask = np.triu(np.full((len(tokens), len(tokens)), -np.inf), 1)
for layer in range(config["num_hidden_layers"]):
    name = "model.layers.%d." % layer
    n = norm(x, name + "input_layernorm.weight")
    project = lambda v, which: v @ tensor(name + which + ".weight").T
    q, k = rope(project(n, "self_attn.q_proj"), heads), rope(project(n, "self_attn.k_proj"), kv_heads)
    v = project(n, "self_attn.v_proj").reshape(len(tokens), kv_heads, head_size)
    k, v = (np.repeat(m, heads // kv_heads, 1) for m in (k, v))
    scores = np.einsum("thd,shd->hts", q, k) / np.sqrt(head_size) + mask
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    weights /= weights.sum(-1, keepdims=True)
    x = x + project(np.einsum("hts,shd->thd", weights, v).reshape(len(tokens), -1), "self_attn.o_proj")
    n = norm(x, name + "post_attention_layernorm.weight")
    gate, up = project(n, "mlp.gate_proj"), project(n, "mlp.up_proj")
    x = x + project(gate / (1 + np.exp(-gate)) * up, "mlp.down_proj")
head = "model.embed_tokens.weight" if config["tie_word_embeddings"] else "lm_head.weight"
logits = norm(x, "model.norm.weight") @ tensor(head).T

measured = np.fromfile(sys.argv[3], "<f4").reshape(-1, config["vocab_size"])
if measured.shape != logits.shape:
    sys.exit("%s logits instead of %s" % (measured.shape, logits.shape))
worst = np.abs(measured - logits).max()
if not worst <= tolerance * max(1, np.abs(logits).max()):
    sys.exit("logits differ by up to %g; the largest is %g" % (worst, np.abs(logits).max()))
print("logits agree within %g" % worst)
