"""Ranges of a residual stream whose channels must be sorted, and a comparison of logits.

usage: sorted_channels.py ranges             prints ranges for --activation-ranges
       sorted_channels.py compare A B        files of --dump-logits
"""

import json
import sys

import numpy as np

if sys.argv[1] == "ranges":
    largest = [float(1 + i * 37 % 128) for i in range(128)]
    site = "sum:model.layers.5.mlp.down_proj.weight"
    print(json.dumps({site: {"min": [-x for x in largest], "max": largest}}))
else:
    a, b = (np.fromfile(name, np.float32) for name in sys.argv[2:])
    assert a.size == b.size > 0
    assert np.abs(a - b).max() <= 1e-5 * np.abs(a).max(), np.abs(a - b).max()
