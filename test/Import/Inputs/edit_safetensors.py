"""Damages the checkpoint in a folder: edit_safetensors.py FOLDER WHAT

WHAT is Python code that may change
  h     the header, a dict from tensor names to {"dtype", "shape", "data_offsets"}
  data  the bytes behind the header
  raw   the whole file, if it is set: it replaces everything
"""
import json
import struct
import sys

path = sys.argv[1] + "/model.safetensors"
raw = open(path, "rb").read()
size = struct.unpack("<Q", raw[:8])[0]
scope = {"struct": struct, "h": json.loads(raw[8 : 8 + size]), "data": raw[8 + size :], "raw": None, "original": raw}
exec(sys.argv[2], scope)
header = json.dumps(scope["h"]).encode()
with open(path, "wb") as f:
    f.write(scope["raw"] or struct.pack("<Q", len(header)) + header + scope["data"])
