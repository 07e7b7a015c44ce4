"""same_logits.py A B: two files of --dump-logits are equal up to 1e-5 of their largest number."""
import array
import sys


def read(path):
    values = array.array("f")
    with open(path, "rb") as f:
        values.frombytes(f.read())
    return values


a, b = map(read, sys.argv[1:])
assert len(a) == len(b) > 0, (len(a), len(b))
difference = max(abs(x - y) for x, y in zip(a, b))
assert 0 < difference <= 1e-5 * max(map(abs, a)), (difference, max(map(abs, a)))
