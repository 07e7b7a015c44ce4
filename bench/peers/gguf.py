"""Writes a synthetic model of quant-import as a GGUF file in half precision, without a vocabulary, for llama.cpp.

Usage: gguf.py MODEL_FOLDER OUTPUT.gguf
"""
import json
import os
import struct
import sys

import numpy

UINT32, FLOAT32, STRING = 4, 6, 8
F32, F16 = 0, 1
ALIGNMENT = 32

# GGUF's name of a layer's tensor, by the checkpoint's.
LAYER = {
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
OTHERS = {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output"}


def read_safetensors(path):
    """{name: array}, mapped, not read."""
    kinds = {"F32": numpy.float32, "F16": numpy.float16}
    with open(path, "rb") as file:
        size = struct.unpack("<Q", file.read(8))[0]
        header = json.loads(file.read(size))
    data = numpy.memmap(path, numpy.uint8, "r", 8 + size)
    return {name: data[slice(*each["data_offsets"])].view(kinds[each["dtype"]]).reshape(each["shape"])
            for name, each in header.items() if name != "__metadata__"}


def gguf_name(name):
    name = name.removesuffix(".weight")
    if name in OTHERS:
        return OTHERS[name] + ".weight"
    number, rest = name.removeprefix("model.layers.").split(".", 1)
    return f"blk.{number}.{LAYER[rest]}.weight"


def interleave(rows, heads):
    """GGUF's order of the rows of queries and keys: the halves of a head that rotate together become neighbours."""
    return rows.reshape(heads, 2, -1, rows.shape[1]).swapaxes(1, 2).reshape(rows.shape)


def text(value):
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def metadata(config):
    heads = config["num_attention_heads"]
    numbers = {
        "llama.block_count": config["num_hidden_layers"],
        "llama.context_length": config["max_position_embeddings"],
        "llama.embedding_length": config["hidden_size"],
        "llama.feed_forward_length": config["intermediate_size"],
        "llama.attention.head_count": heads,
        "llama.attention.head_count_kv": config.get("num_key_value_heads", heads),
        "llama.rope.dimension_count": config.get("head_dim", config["hidden_size"] // heads),
        "llama.vocab_size": config["vocab_size"],
        "general.file_type": 1,
    }
    floats = {"llama.attention.layer_norm_rms_epsilon": config["rms_norm_eps"],
              "llama.rope.freq_base": config.get("rope_theta", 10000.0)}
    texts = {"general.architecture": "llama", "tokenizer.ggml.model": "no_vocab"}
    out = [text(key) + struct.pack("<I", STRING) + text(value) for key, value in texts.items()]
    out += [text(key) + struct.pack("<II", UINT32, value) for key, value in numbers.items()]
    return out + [text(key) + struct.pack("<If", FLOAT32, value) for key, value in floats.items()]


def main(folder, output):
    with open(os.path.join(folder, "config.json"), encoding="utf-8") as file:
        config = json.load(file)
    heads = {"q_proj": config["num_attention_heads"],
             "k_proj": config.get("num_key_value_heads", config["num_attention_heads"])}
    tensors = read_safetensors(os.path.join(folder, "model.safetensors"))
    entries, offset = [], 0
    for name, tensor in tensors.items():
        kind = F16 if tensor.ndim == 2 else F32
        shape = struct.pack(f"<I{tensor.ndim}Q", tensor.ndim, *reversed(tensor.shape))
        entries.append(text(gguf_name(name)) + shape + struct.pack("<IQ", kind, offset))
        offset += -(-tensor.size * (2 if kind == F16 else 4) // ALIGNMENT) * ALIGNMENT
    pairs = metadata(config)
    with open(output, "wb") as file:
        file.write(b"GGUF" + struct.pack("<IQQ", 3, len(entries), len(pairs)) + b"".join(pairs + entries))
        for name, tensor in tensors.items():
            file.write(b"\0" * (-file.tell() % ALIGNMENT))
            projection = name.split(".")[-2]
            rows = interleave(tensor, heads[projection]) if projection in heads else tensor
            rows.astype(numpy.float16 if tensor.ndim == 2 else numpy.float32).tofile(file)


if __name__ == "__main__":
    main(*sys.argv[1:3])
