"""Splits a.safetensors of a folder into two shards with an index: split_safetensors.py FOLDER"""
import json
import os
import struct
import sys

folder = sys.argv[1]
raw = open(folder + "/a.safetensors", "rb").read()
size = struct.unpack("<Q", raw[:8])[0]
header, data = json.loads(raw[8 : 8 + size]), raw[8 + size :]
names = list(header)
index = {}
for number, part in enumerate((names[: len(names) // 2], names[len(names) // 2 :]), 1):
    name = "model-%05d-of-00002.safetensors" % number
    shard, body = {}, b""
    for tensor in part:
        begin, end = header[tensor]["data_offsets"]
        shard[tensor] = dict(header[tensor], data_offsets=[len(body), len(body) + end - begin])
        body += data[begin:end]
        index[tensor] = name
    text = json.dumps(shard).encode()
    with open(folder + "/" + name, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + body)
json.dump({"weight_map": index}, open(folder + "/model.safetensors.index.json", "w"))
os.remove(folder + "/a.safetensors")
