#!/usr/bin/env python3
"""What each number format costs: compiles a model in every format of rows.py, scores it on a text beside the float
model, and writes docs/Formats.md and docs/formats.json.

Usage: formats.py --bin FOLDER [--only REGEX] [--missing] [--output Formats.md] [--models FOLDER]

--only measures the rows whose options match and keeps the others of the JSON that is there; --missing, those that the
JSON does not have. Every row is the work of
two commands that anyone can type: quant-compile MODEL OPTIONS -o row.so, and
quant-run row.so --perplexity TEXT --reference float.so.
"""
import argparse
import json
import os
import re
import subprocess
import sys
import tempfile

import rows

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

HEAD = """# What each format costs

Measured by `scripts/formats.sh`, which compiles every row and scores it beside the float model; all numbers, and a few
more, are in [formats.json](formats.json). A row is `quant-compile MODEL OPTIONS -o row.so`, then
`quant-run row.so --perplexity TEXT --reference float.so`.

"Compensated" rows (`--calibrate self --compensate`, see [Compensation.md](Compensation.md)) choose codes and scales for
what the layers compute on text that the model itself has written; the text that is scored is not used.

All linear layers are in the format; embedding (with the head, where they are one table) and norms stay floats.

* **bits**: per weight of the linear layers, all scales counted; **bytes**: of all weights, the float ones too.
* **perplexity** of the text; **KL**: divergence of the predicted distribution from the float model's, in nats per token,
  mean and 99th percentile; **same first**: share of tokens for which both predict the same token first.

Perplexity says whether a model still predicts this text; the divergence says whether it is still the same model, and
is the finer measure. The texts are short: compare formats with each other on one text, not with figures from others.
"""


class Model:
    def __init__(self, name, folder, text, about):
        self.name, self.folder, self.text, self.about = name, folder, text, about

    def present(self):
        return all(os.path.exists(path) for path in (os.path.join(self.folder, "config.json"), self.text))


def models(external):
    return [
        Model("stories260K", os.path.join(external, "stories260K"), os.path.join(external, "data", "tinystories.txt"),
              "A Llama of 260,032 parameters trained by others (tinyllamas of llama2.c), scored on five children's "
              "stories. Its FFN of 172 leaves a tail in every group."),
        Model("shakespeare", os.path.join(ROOT, "models", "shakespeare"),
              os.path.join(ROOT, "models", "shakespeare", "valid.txt"),
              "The bundled Llama of 1.2 million parameters, scored on plays that it has not seen. It was trained to "
              "bear quantization (`models/README.md`), so do not expect this of other models."),
    ]


def wanted():
    """All rows as (section, format, method, options)."""
    result = []
    for name in rows.WEIGHTS:
        for method, options, formats in rows.METHODS:
            if not re.search(formats, name):
                continue
            result.append(("Weights only, activations float", name, method, f"--format {name} {options}".strip()))
    for section, options in rows.SINGLE:
        name = re.search(r"--format (\S+)", options).group(1)
        rest = re.sub(r"--format \S+ ?", "", options)
        result.append((section, name, f"`{rest}`", options))
    return result


def run(command, folder):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else f"exit {done.returncode}")
    return done.stdout


def compile_model(binaries, model, options, output, folder):
    words = options.split()
    if "--activations" not in words:
        words += ["--activations", "f32"]
    report = os.path.join(folder, "report.json")
    run([os.path.join(binaries, "quant-compile"), model.folder, *words, "-q", "-o", output, "--report", report], folder)
    with open(report, encoding="utf-8") as file:
        return json.load(file)


def measure(binaries, model, options, folder):
    """One row: what it scores and what it weighs."""
    report = compile_model(binaries, model, options, "row.so", folder)
    score = json.loads(run([os.path.join(binaries, "quant-run"), "row.so", "--perplexity", model.text, "--reference",
                            "float.so", "--json", "-q"], folder))
    sizes = [(each["bits_per_weight"], number(each["shape"])) for each in report["tensors"]
             if each["format"] != "float"]
    weights = sum(count for _, count in sizes)
    return {
        "perplexity": score["perplexity"],
        "kl_mean": score["kl_divergence"]["mean"],
        "kl_percentile_99": score["kl_divergence"]["percentile_99"],
        "top_1_agreement": score["top_1_agreement"],
        "bits_per_weight": sum(bits * count for bits, count in sizes) / weights if weights else 32.0,
        "bytes": report["totals"]["bytes"],
        "reference_perplexity": score["reference"]["perplexity"],
        "tokens": score["tokens"],
    }


def number(shape):
    count = 1
    for size in shape:
        count *= size
    return count


def measure_all(binaries, model, only, missing, earlier, save):
    """All rows of a model in the order of rows.py; those that are not asked for come from `earlier`. Calls `save` with
    the rows that there are whenever one was measured, so that an interrupted run loses nothing."""
    known = {row["options"]: row for row in earlier if "failed" not in row}
    asked = [options for *_, options in wanted() if re.search(only, options) and not (missing and options in known)]
    with tempfile.TemporaryDirectory() as folder:
        if asked:
            compile_model(binaries, model, "--format float", "float.so", folder)
        for section, name, method, options in wanted():
            if options not in asked:
                continue
            row = {"section": section, "format": name, "method": method, "options": options}
            try:
                row.update(measure(binaries, model, options, folder))
                print(f"{model.name} {options}: perplexity {row['perplexity']:.4f}, KL {row['kl_mean']:.4f}",
                      flush=True)
            except RuntimeError as error:
                row["failed"] = str(error)
                print(f"{model.name} {options}: {error}", file=sys.stderr, flush=True)
            known[options] = row
            save(ordered(known))


def ordered(known):
    """The known rows that rows.py has, in its order and with its names."""
    return [{**known[options], "section": section, "format": name, "method": method}
            for section, name, method, options in wanted() if options in known]


def cells(row):
    if "failed" in row:
        return f"| not measured: {row['failed']} | | | | | |"
    digits = 1 if row["perplexity"] >= 100 else 4
    return (f"| {row['bits_per_weight']:.3f} | {row['bytes']} | {row['perplexity']:.{digits}f} | {row['kl_mean']:.4f} | "
            f"{row['kl_percentile_99']:.3f} | {100 * row['top_1_agreement']:.1f}% |")


def table(some):
    lines = ["| format | method | bits | bytes | perplexity | KL, mean | KL, 99% | same first |",
             "|---|---|---|---|---|---|---|---|"]
    last = None
    for row in some:
        lines.append(f"| {'' if row['format'] == last else '`' + row['format'] + '`'} | {row['method']} {cells(row)}")
        last = row["format"]
    return "\n".join(lines) + "\n"


def page(results):
    text = HEAD
    for model in results:
        text += f"\n## {model['name']}\n\n{model['about']}"
        first = next((row for row in model["rows"] if "failed" not in row), None)
        if first:
            text += f" {first['tokens']} tokens; float: perplexity {first['reference_perplexity']:.4f}."
        text += "\n"
        for section in dict.fromkeys(row["section"] for row in model["rows"]):
            text += f"\n### {section}\n\n" + table([row for row in model["rows"] if row["section"] == section])
    return text


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", default=os.path.join(ROOT, "build", "bin"))
    parser.add_argument("--only", default="")
    parser.add_argument("--missing", action="store_true")
    parser.add_argument("--output", default=os.path.join(ROOT, "docs", "Formats.md"))
    parser.add_argument("--models", default=os.environ.get("HALFTONE_MODELS", os.path.join(ROOT, "..", "shared",
                                                                                           "models")))
    options = parser.parse_args()
    data = os.path.join(os.path.dirname(options.output), "formats.json")
    earlier = {}
    if os.path.exists(data):
        with open(data, encoding="utf-8") as file:
            earlier = {model["name"]: model for model in json.load(file)["models"]}
    results = dict(earlier)

    def save(model, measured):
        results[model.name] = {"name": model.name, "about": model.about, "rows": measured}
        write(options.output, [results[name] for name in known_models if name in results])

    known_models = [model.name for model in models(options.models)]
    for model in models(options.models):
        before = earlier.get(model.name, {"rows": []})["rows"]
        if not model.present():
            print(f"absent: {model.name} ({model.folder}); its rows stay as they were", file=sys.stderr)
            continue
        save(model, ordered({row["options"]: row for row in before if "failed" not in row}))
        measure_all(os.path.abspath(options.bin), model, options.only, options.missing, before,
                    lambda measured, model=model: save(model, measured))


def write(page_path, results):
    """The JSON and the page, each complete or as it was."""
    data = os.path.join(os.path.dirname(page_path), "formats.json")
    for path, content in ((data, json.dumps({"models": results}, indent=1) + "\n"), (page_path, page(results))):
        with open(path + ".tmp", "w", encoding="utf-8") as file:
            file.write(content)
        os.replace(path + ".tmp", path)


if __name__ == "__main__":
    main()
