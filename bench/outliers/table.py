"""Makes the tables of docs/Outliers.md: what outliers cost, and what helps.

usage: table.py FOLDER MODEL TEXT [--texts N] [--write]

FOLDER gets the encoder and its programs. MODEL is a trained model whose activations are rounded in ranges of several
kinds, and scored on TEXT. --write replaces the tables in docs/Outliers.md and writes docs/outliers.json.
"""

import argparse
import json
import os
import re
import subprocess

import numpy as np

from encoder import Encoder

FFN = "in:.*ffn.in|out:.*ffn.out|sum:.*ffn.out"
DOCS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs")


def wide_share(kinds):
    """Share of the rounded activations that have 16 bits."""
    rounded = {kind: count for kind, count in kinds.items() if kind != "f32"}
    wide = sum(count for kind, count in rounded.items() if kind.endswith("16"))
    return wide / sum(rounded.values()) if rounded else 0.0


class Bench:
    def __init__(self, folder, texts):
        self.encoder = Encoder(folder)
        self.encoder.fit_classifier()
        self.ranges = self.encoder.calibrate()
        self.ids, self.labels = self.encoder.texts(texts, 13)
        self.float_logits = self.compile([], "float").logits(self.ids)

    def compile(self, policy, weights, activations="f32"):
        options = ["--format", weights, "--activations", activations, "--activation-ranges", self.ranges]
        for rule in policy:
            options += ["--activation-policy", rule]
        name = "-".join([weights, activations, *policy])
        return self.encoder.compile("".join(c if c.isalnum() or c == "-" else "_" for c in name), options)

    def row(self, name, policy, weights="rtn8g0", activations="f32"):
        program = self.compile(policy, weights, activations)
        logits = program.logits(self.ids)
        decided = logits.argmax(1)
        return {
            "name": name,
            "accuracy": float((decided == self.labels).mean()),
            "agreement": float((decided == self.float_logits.argmax(1)).mean()),
            "wide": wide_share(program.report["activation_kinds"]),
        }

    def rows(self):
        tensor = ".*=static8"
        return [
            self.row("float", [], "float"),
            self.row("W8A32: 8-bit weights, float activations", []),
            self.row("W8A8, inputs of products per token (`--activations i8`)", [], activations="i8"),
            self.row("W8A8, everything per tensor (`static8`)", [tensor]),
            self.row("the same, feed-forward tensors `i16`", [tensor, FFN + "=i16"]),
            self.row("the same, feed-forward tensors `static16`", [tensor, FFN + "=static16"]),
            self.row("the same, feed-forward tensors `grouped6`, not sorted", [tensor, FFN + "=grouped6"]),
            *(self.row(f"the same, feed-forward tensors `peg{k}`", [tensor, f"{FFN}=peg{k}"]) for k in (2, 3, 6, 12)),
        ]

    def law(self):
        """Mean squared error of the input of the first feed-forward network, sorted and rounded to K groups of 8 bits."""
        program = self.encoder.compile("observe", ["--format", "float"], function="observe")
        with open(self.ranges) as file:
            site = json.load(file)["in:layer.0.ffn.in.weight"]
        names = [name for name, _ in program.results]
        values = program.run(self.ids[:256])[names.index("in:layer.0.ffn.in.weight")].reshape(-1, self.encoder.width)
        low, high = np.array(site["min"]), np.array(site["max"])
        order = np.argsort(high - low, kind="stable")
        return {k: self.grouped_error(values[:, order], low[order], high[order], k) for k in (1, 2, 3, 4, 6, 8, 12)}

    @staticmethod
    def grouped_error(values, low, high, groups):
        total = 0.0
        for v, a, b in zip(*(np.split(x, groups, axis=-1) for x in (values, low, high))):
            least, most = min(a.min(), 0), max(b.max(), 0)
            scale = (most - least) / 255
            zero = np.rint(-least / scale)
            total += ((np.clip(np.rint(v / scale), -zero, 255 - zero) * scale - v) ** 2).sum()
        return float(total / values.size)

    def detector(self):
        """(precision, recall) of the rule on what the norms before the feed-forward networks give, in any layer."""
        found = self.compile([], "float").report["outlier_dimensions"]
        inputs = (found.get(f"in:layer.{i}.ffn.in.weight", []) for i in range(self.encoder.layers))
        dimensions, planted = {d for layer in inputs for d in layer}, set(self.encoder.planted)
        hits = len(dimensions & planted)
        return hits / max(1, len(dimensions)), hits / len(planted)


class Ranges:
    """A language model with all its activations rounded, in ranges out of statistics of its own text."""

    def __init__(self, folder, model, text):
        self.folder, self.model, self.text = folder, model, text
        self.statistics = os.path.join(folder, "statistics")
        subprocess.run(["quant-compile", model, "-q", "--calibrate", "self", "--calibration-tokens", "4000",
                        "--save-statistics", self.statistics], check=True)
        self.reference = self.compile("float", [])

    def compile(self, name, options):
        path = os.path.join(self.folder, name + ".so")
        subprocess.run(["quant-compile", self.model, "-q", "--format", "float", "--activations", "f32", "-o", path,
                        *options], check=True)
        return path

    def row(self, kind, choice, sites=".*"):
        rounded = self.compile("rounded", ["--statistics", self.statistics, "--activation-policy", f"{sites}={kind}",
                                           "--activation-range", choice])
        text = subprocess.run(["quant-run", rounded, "--perplexity", self.text, "--reference", self.reference],
                              check=True, capture_output=True, text=True).stdout
        number = lambda pattern: float(re.search(pattern + r"\s+([0-9.]+)", text).group(1))  # noqa: E731
        return {"kind": kind if sites == ".*" else f"{sites}={kind}", "range": choice, "perplexity": number("perplexity"), "kl": number("mean"),
                "same_first": number("same most likely token:") / 100}

    def rows(self):
        choices = ("minmax", "running", "percentile:99.99", "percentile:99.9", "mse", "entropy")
        kinds = [("static16", "minmax"), *(("static8", choice) for choice in choices), ("grouped8", "minmax"),
                 ("static6", "minmax"), ("static6", "mse")]
        stream = [(kind + groups, "minmax", "sum:") for groups in ("4", "8", "16") for kind in ("grouped", "peg")]
        return [self.row(*choice) for choice in [*kinds, ("static8", "minmax", "sum:"), *stream]]


def markdown(result):
    lines = ["| weights and activations | accuracy | same decision as float | activations at 16 bits |", "|---|---|---|---|"]
    for row in result["rows"]:
        lines.append(f"| {row['name']} | {row['accuracy']:.1%} | {row['agreement']:.1%} | {row['wide']:.0%} |")
    law = result["law"]
    lines += ["", "| groups K | mean squared error of the activation | times K, over that of K = 1 |", "|---|---|---|"]
    for k, error in law.items():
        lines.append(f"| {k} | {error:.2e} | {error * int(k) / law['1']:.2f} |")
    precision, recall = result["detector"]
    ranges = ["| kind | range | perplexity | KL, mean | same first |", "|---|---|---|---|---|"]
    for row in result["ranges"]:
        ranges.append(f"| `{row['kind']}` | {row['range']} | {row['perplexity']:.2f} | {row['kl']:.4f} | "
                      f"{row['same_first']:.1%} |")
    lines += ["", f"Detector on the inputs of the feed-forward networks: precision {precision:.2f}, recall {recall:.2f}.", "",
              "The bundled Llama, all activations rounded, weights in floats:", "", *ranges]
    return "\n".join(lines)


def write(result, table):
    path = os.path.join(DOCS, "Outliers.md")
    with open(path) as file:
        before, rest = file.read().split("<!-- tables -->\n")
        after = rest.split("<!-- end of tables -->\n")[1]
    with open(path, "w") as file:
        file.write(before + "<!-- tables -->\n" + table + "\n<!-- end of tables -->\n" + after)
    with open(os.path.join(DOCS, "outliers.json"), "w") as file:
        json.dump(result, file, indent=2)
        file.write("\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("model")
    parser.add_argument("text")
    parser.add_argument("--texts", type=int, default=2000)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    bench = Bench(arguments.folder, arguments.texts)
    law = {str(k): error for k, error in bench.law().items()}
    result = {"texts": arguments.texts, "planted": bench.encoder.planted, "rows": bench.rows(), "law": law,
              "detector": bench.detector(), "ranges": Ranges(arguments.folder, arguments.model, arguments.text).rows()}
    table = markdown(result)
    print(table)
    if arguments.write:
        write(result, table)


if __name__ == "__main__":
    main()
