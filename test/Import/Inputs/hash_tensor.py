"""Prints shape, element type and SHA-256 of a tensor's bytes: hash_tensor.py FOLDER TENSOR"""
import hashlib
import json
import struct
import sys

raw = open(sys.argv[1] + "/model.safetensors", "rb").read()
size = struct.unpack("<Q", raw[:8])[0]
entry = json.loads(raw[8 : 8 + size])[sys.argv[2]]
begin, end = entry["data_offsets"]
print(entry["shape"], entry["dtype"], hashlib.sha256(raw[8 + size + begin : 8 + size + end]).hexdigest())
