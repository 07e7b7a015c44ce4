"""Checks quant-run's comparison with a reference against numpy, from the logits that both models dumped.

check_divergence.py MODEL_LOGITS REFERENCE_LOGITS VOCABULARY < result.json
"""
import json
import sys

import numpy


def log_softmax(path, vocabulary):
    rows = numpy.fromfile(path, "<f4").reshape(-1, vocabulary).astype(numpy.float64)
    rows -= rows.max(axis=1, keepdims=True)
    return rows - numpy.log(numpy.exp(rows).sum(axis=1, keepdims=True))


model, reference = (log_softmax(path, int(sys.argv[3])) for path in sys.argv[1:3])
divergence = (numpy.exp(reference) * (reference - model)).sum(axis=1)
result = json.load(sys.stdin)
expected = {
    "mean": divergence.mean(),
    "median": numpy.median(divergence),
    "percentile_99": numpy.percentile(divergence, 99),
    "maximum": divergence.max(),
}
for name, value in expected.items():
    if not numpy.isclose(result["kl_divergence"][name], value, rtol=1e-10, atol=1e-14):
        sys.exit("%s is %.17g, expected %.17g" % (name, result["kl_divergence"][name], value))
agreement = (model.argmax(axis=1) == reference.argmax(axis=1)).mean()
if not numpy.isclose(result["top_1_agreement"], agreement, rtol=1e-12):
    sys.exit("agreement is %.17g, expected %.17g" % (result["top_1_agreement"], agreement))
if len(divergence) != result["tokens"]:
    sys.exit("%d tokens, expected %d" % (result["tokens"], len(divergence)))
print("mean %.6f, agreement %.4f over %d tokens: as expected" % (expected["mean"], agreement, len(divergence)))
