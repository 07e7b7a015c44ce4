#!/usr/bin/env python3
"""Whole models with random weights beside llama.cpp: makes them, measures both sides in processes that alternate.

Usage: models.py --bin FOLDER --libraries FOLDER --folder FOLDER --json OUTPUT [--only REGEX] [--launcher COMMAND]

FOLDER of --folder keeps the models, so that a second run need not make them again. --only: rows to measure, by a text
like "134M ternary 1". --launcher: put in front of every measured process (such as "nice -n -10").
"""
import argparse
import json
import os
import re
import shlex
import subprocess
import sys

MODELS = [
    ("134M", "llama(hidden=768,layers=12,heads=12,ffn=2048,vocab=32000,context=512,dtype=f16)"),
    ("1.1B", "llama(hidden=2048,layers=22,heads=32,kv_heads=4,ffn=5632,vocab=32000,context=512,dtype=f16)"),
]
# (name, our formats, the peer's types). The fast solver of BCQ: what the codes are does not change the speed.
GROUPS = [
    ("ternary", ["ternaryg128"], ["TQ2_0", "TQ1_0"]),
    ("1 bit", ["bcqgreedy1g128"], ["Q1_0"]),
    ("2 bits", ["bcqgreedy2g128"], ["Q2_K"]),
    ("3 bits", ["bcqgreedy3g128"], ["Q3_K_S"]),
    ("4 bits", ["rtn4g128", "vsq4v16s6"], ["Q4_0", "Q4_K_S"]),
]
PROMPT, GENERATE = 128, 64


def run(command, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode != 0:
        sys.exit(f"models.py: {' '.join(command)}: {done.stderr.strip()}")
    return done.stdout


class Maker:
    """Makes files once, in one folder."""

    def __init__(self, options):
        self.bin, self.libraries, self.folder = options.bin, options.libraries, options.folder

    def tool(self, name):
        return os.path.join(self.bin, name)

    def path(self, name, make):
        path = os.path.join(self.folder, name)
        if not os.path.exists(path):
            print(f"making {name}", flush=True)
            make(path)
        return path

    def source(self, model, spec):
        return self.path(model, lambda path: run([self.tool("quant-import"), "--synthetic", spec, "-o", path]))

    def ours(self, model, spec, form):
        return self.path(f"{model}.{form}.so", lambda path: run(
            [self.tool("quant-compile"), self.source(model, spec), "--format", form, "--embedding-format", "rtn8g0",
             "--head-format", "rtn8g0", "-q", "-o", path]))

    def gguf(self, model, spec):
        writer = os.path.join(os.path.dirname(os.path.abspath(__file__)), "gguf.py")
        return self.path(f"{model}.gguf",
                         lambda path: run([sys.executable, writer, self.source(model, spec), path + ".part"]) or
                         os.rename(path + ".part", path))

    def theirs(self, model, spec, kind):
        return self.path(f"{model}.{kind}.gguf", lambda path: run(
            [self.tool("model-bench"), "quantize", self.gguf(model, spec), path, kind, "--libraries", self.libraries]))


def parameters(folder):
    with open(os.path.join(folder, "model.safetensors"), "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    total = 0
    for name, tensor in header.items():
        if name != "__metadata__":
            count = 1
            for size in tensor["shape"]:
                count *= size
            total += count
    return total


def measure(sides, threads, maker, launcher, rounds):
    """All sides in turns, `rounds` processes each; lists of what each process measured."""
    others = []
    for side in sides:
        side.update(first_token_ms=[], prefill_tokens_per_second=[], decode_tokens_per_second=[], peak_mib=[])
    for turn in range(rounds + 1):  # the first fills the page cache
        for side in sides:
            command = launcher + [maker.tool("model-bench"), side["engine"], side["path"], "--threads", str(threads),
                                  "--prompt", str(PROMPT), "--generate", str(GENERATE), "--rounds",
                                  "2" if turn else "1"]
            if side["engine"] != "halftone":
                command += ["--libraries", maker.libraries]
            result = json.loads(run(command))
            side["file_bytes"] = result["file_bytes"]
            side["version"] = result["version"]
            if turn == 0:
                continue
            others.append(result["others"])
            for name in ("prefill_tokens_per_second", "decode_tokens_per_second"):
                side[name] += result[name]
            for name in ("first_token_ms", "peak_mib"):
                side[name].append(result[name])
    return max(others)


def sides_of(maker, model, spec, ours, theirs):
    sides = [{"name": form.replace("greedy", ""), "engine": "halftone", "path": maker.ours(model, spec, form)}
             for form in ours]
    return sides + [{"name": f"llama.cpp {kind}", "engine": "llama.cpp", "path": maker.theirs(model, spec, kind)}
                    for kind in theirs]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("--bin", "--libraries", "--folder", "--json"):
        parser.add_argument(name, required=True)
    parser.add_argument("--only", default="")
    parser.add_argument("--launcher", default="")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    maker, rows = Maker(options), []
    for model, spec in MODELS:
        for group, ours, theirs in GROUPS:
            for threads in (1, 2):
                if not re.search(options.only, f"{model} {group} {threads}"):
                    continue
                sides = sides_of(maker, model, spec, ours, theirs)
                others = measure(sides, threads, maker, shlex.split(options.launcher), options.rounds)
                versions = [side.pop("version") for side in sides]
                for side in sides:
                    del side["path"]
                rows.append({"model": model, "spec": spec, "parameters": parameters(maker.source(model, spec)),
                             "group": group, "threads": threads, "prompt": PROMPT, "generate": GENERATE,
                             "others": others, "peer": "whole models: " + max(versions), "sides": sides})
                print(json.dumps(rows[-1]), flush=True)
                with open(options.json, "w", encoding="utf-8") as file:
                    json.dump(rows, file, indent=1)


if __name__ == "__main__":
    main()
