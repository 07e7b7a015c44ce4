#!/usr/bin/env python3
"""What fake_model.c promises, computed again.

fake_reference.py greedy IDS N [VOCABULARY]   the N most likely next tokens, one after the other
fake_reference.py logits IDS [VOCABULARY]     float32 logits of all positions, raw, to standard output
fake_reference.py perplexity TEXT TOKENIZER   perplexity on the documents of TEXT, vocabulary 512, context 512
"""
import math
import struct
import sys


def logits(ids, vocabulary):
    """After the last of ids."""
    mixed = 3 * ids[-1] + 5 * (len(ids) - 1) + sum(ids)
    return [(7 * v + mixed) % 11 / 4 for v in range(vocabulary)]


def greedy(ids, n, vocabulary=32):
    for _ in range(n):
        row = logits(ids, vocabulary)
        ids = ids + [row.index(max(row))]
    return ids[-n:]


def score(ids, vocabulary):
    total = 0
    for i in range(1, len(ids)):
        row = logits(ids[:i], vocabulary)
        total += math.log(sum(map(math.exp, row))) - row[ids[i]]
    return total


def perplexity(path, tokenizer):
    import sentencepiece

    pieces = sentencepiece.SentencePieceProcessor(model_file=tokenizer)
    total = tokens = 0
    for document in open(path, encoding="utf8").read().split("<|endoftext|>"):
        if document.strip():
            ids = ([1] + pieces.encode(document.strip()))[:512]
            total += score(ids, 512)
            tokens += len(ids) - 1
    return "perplexity %.4f over %d tokens" % (math.exp(total / tokens), tokens)


command, arguments = sys.argv[1], sys.argv[2:]
if command == "perplexity":
    print(perplexity(*arguments))
else:
    ids = [int(i) for i in arguments[0].split(",")]
    sizes = [int(i) for i in arguments[1:]]
    if command == "greedy":
        print(*greedy(ids, *sizes))
    else:
        for i in range(1, len(ids) + 1):
            row = logits(ids[:i], *(sizes or [32]))
            sys.stdout.buffer.write(struct.pack("<%df" % len(row), *row))
