"""Checks the numbers of quant-run --bench -p 16 -n 8 -r 4 -t 1,2 --json against each other."""
import json
import statistics
import sys

result = json.load(open(sys.argv[1]))
assert result["model"] == 'fake "model"' and result["repetitions"] == 4, result
names = [(test["test"], test["threads"], test["tokens"]) for test in result["tests"]]
assert names == [("pp16", 1, 16), ("tg8", 1, 8), ("pp16", 2, 16), ("tg8", 2, 8)], names
for test in result["tests"]:
    samples = test["samples_tokens_per_second"]
    assert len(samples) == 4 and min(samples) > 0, test
    assert test["median_tokens_per_second"] == statistics.median(samples), test
    assert test["min_tokens_per_second"] == min(samples) and test["max_tokens_per_second"] == max(samples), test
    spread = (max(samples) - min(samples)) / statistics.median(samples)
    assert abs(test["spread"] - spread) <= 1e-12 * spread, test
