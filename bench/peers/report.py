#!/usr/bin/env python3
"""Writes docs/Performance.md and a page per processor from what peer-bench, kernel-bench and models.py measured.

Usage: report.py DOCS [--peers peers.json] [--kernels kernels.json] [--models models.json] [--packages FOLDER]
                 [--absent TEXT ...]

What was measured is merged into docs/performance/CPU.json, CPU being this machine's: a row replaces an earlier one of
the same work, and other processors' files stay as they are. Then all pages are written again. Without --peers,
--kernels and --models nothing is merged. FOLDER: node_modules with the peers' packages, for their versions.
kernels.json is what kernel-bench writes with --benchmark_out=FILE --benchmark_repetitions=N.
"""
import argparse
import glob
import json
import os
import re
import statistics

# More than this and elapsed times mean little: cores that other programs used while a row was measured, or, where that
# is not known, the load average (the measurement itself causes 1 to 2).
QUIET_CORES, QUIET_LOAD = 0.25, 2.3


def disturbed(row):
    return row["others"] > QUIET_CORES if "others" in row else row["load"] > QUIET_LOAD


INDEX = """# Performance

Generated code beside llama.cpp's and ONNX Runtime's kernels, and whole models beside llama.cpp, measured by
`scripts/bench.sh` in one run per row. Every processor has a page and a JSON of its own; running the script on another
one adds to them. [Bounds.md](Bounds.md) has what was aimed at, what is missed by how much, and what bounds it.

{machines}

## How

**Products** (`bench/peers/PeerBench.cpp`): all sides take turns (A, B, C, A, B, C, ...) in one process, each on its own
copies of the weights. With one column the copies exceed 320 MiB, so that every product reads its weights from memory;
all lie in huge pages where the system gives them. Quantizing the activations is included on every side, building tables
too. With one thread a time is the processor time of that thread; with two it is elapsed time, which other programs
disturb. Medians; quartiles in parentheses. "ratio" is our time through the best peer's: below 1 we are faster. "of
read": bytes of weights per second, as a part of those that can be read from memory, measured in the same turns. "Of
peak": operations per second, as a part of the byte products that the processor's instructions can multiply and add up
when they do nothing else, also measured in the row (`bench/DotPeak.cpp`). Without a dot product of bytes that is AVX2's
`vpmaddubsw` with a 16-bit addition, 1.8 times as many as by its usual sequence of three instructions. Look-ups and counts
of bits do not multiply, so theirs is a comparison only. Threads of the side before, which may go on spinning, are
waited for; with two threads every side has a tenth of a second before it is timed, in which the system spreads its
threads over the cores. Our first line is the strategy that the compiler chooses, and the one in the ratio; other
strategies and formats follow in italics.

**Kernels** (`bench/KernelBench.cpp`): our kernels alone beside two limits that are measured in the same row, the
bandwidth at which the same weights can be read, from wherever they lie, and the peak of byte products. Elapsed time,
medians of several repetitions, activation quantization and table building included. "Warm" uses one copy of the weights
over and over, which lies in the smallest cache that holds it; "cold" goes through copies that exceed all caches.

**Whole models** (`bench/peers/models.py`): models with random weights, the same on both sides (both give the same
logits in floats), in processes that alternate. Peak memory is the most that was resident, mapped weights included;
"first token" is the time from opening the file, which the page cache holds, to the logits after one token. llama.cpp
chooses the types of its embedding and head itself (the head is Q6_K, the embedding has the type of the layers or Q4_K);
ours are both `rtn8g0`, which is more bits.
"""

HEAD = """# Performance: {cpu}

| | |
|---|---|
| processor | {cpu} |
| instruction sets | {features} |
| peers | {peers} |
| {quiet} |

[How it was measured](../Performance.md). All numbers are in [{slug}.json]({slug}.json).
{absent}"""

BUSY = """
The machine was not idle: other programs competed for its cores, caches and memory. Times with one thread stay
comparable among the sides of a row, because they count the thread's own processor time only.
"""

DISTURBED = """
## Several threads, on a busy machine: no medians

Medians of these rows are in the JSON and mean little: engines whose threads spin lose far more on a busy machine than
they would on a quiet one, and not to the same degree. What is left for one column is the fastest sample of each side.
Read it as a hint of who is ahead, not as a measurement. With many columns even the fastest sample was interrupted.

"""

#===--- Tables of products ---------------------------------------------------------------------------------------===#


def cell(side):
    low, high = side["us_quartiles"]
    return f"{side['us']:.0f} ({low:.0f} to {high:.0f})"


def sides_of(row):
    ours = [s for s in row["sides"] if not s["peer"] and s["name"] != "read"]
    peers = [s for s in row["sides"] if s["peer"]]
    read = next((s for s in row["sides"] if s["name"] == "read"), None)
    return ours, peers, read


def table(rows, one_column):
    last = "of read" if one_column else "GOPS (of peak)"
    lines = [f"| weights | shape | side | bits per weight | us | {last} | ratio |", "|---|---|---|---|---|---|---|"]
    for row in rows:
        ours, peers, read = sides_of(row)
        best = min(peers, key=lambda s: s["us"], default=None)
        for side in ours + peers:
            mark = "*" if side in ours[1:] else ""
            if one_column:
                share = f"{100 * side['gb_per_s'] / read['gb_per_s']:.0f}%"
            else:
                share = f"{side['gops']:.0f}"
                if "dot_gops" in row:
                    share += f" ({100 * side['gops'] / row['dot_gops']:.0f}%)"
            ratio = f"**{side['us'] / best['us']:.2f}**" if best and side is ours[0] else ""
            first = side is ours[0]
            shape = f"{row['rows']}x{row['cols']}" if first else ""
            lines.append(f"| {row['group'] if first else ''} | {shape} | {mark}{side['name']}{mark} | "
                         f"{side['bits_per_weight']:.2f} | {cell(side)} | {share} | {ratio} |")
    return "\n".join(lines) + "\n"


def losses(rows):
    """Where a peer is faster than the strategy that the compiler chooses."""
    lines = []
    for row in rows:
        ratio = row.get("ratio_ours_to_best_peer")
        if ratio and ratio > 1:
            lines.append(f"- {row['group']}, {row['rows']}x{row['cols']}, {row['tokens']} column(s), {row['threads']} "
                         f"thread(s): {row['best_peer']} is {ratio:.2f} times as fast")
    return "\n".join(lines) + "\n" if lines else "In no row that has a median above.\n"


def fastest(rows):
    """The fastest sample of our strategy and of each row's best peer, where medians say nothing."""
    lines = ["| weights | shape | columns | threads | others | ours, us | best peer, us | | ratio |",
             "|---|---|---|---|---|---|---|---|---|"]
    for row in rows:
        ours, peers, _ = sides_of(row)
        if not peers or row["tokens"] > 1:
            continue
        best = min(peers, key=lambda side: side["us_best"])
        lines.append(f"| {row['group']} | {row['rows']}x{row['cols']} | {row['tokens']} | {row['threads']} | "
                     f"{row.get('others', row.get('load')):.1f} | {ours[0]['us_best']:.0f} | {best['us_best']:.0f} | {best['name']} | "
                     f"{ours[0]['us_best'] / best['us_best']:.2f} |")
    return "\n".join(lines) + "\n"


def products(rows):
    if not rows:
        return ""
    hasty = [row for row in rows if row["threads"] > 1 and disturbed(row)]
    rest = [row for row in rows if row not in hasty]
    text = BUSY if any(disturbed(row) for row in rows) else ""
    for threads in sorted({row["threads"] for row in rest}):
        for tokens in sorted({row["tokens"] for row in rest}):
            some = [row for row in rest if row["threads"] == threads and row["tokens"] == tokens]
            if not some:
                continue
            where = "one column, weights from memory" if tokens == 1 else f"{tokens} columns"
            text += f"\n## {where[0].upper()}{where[1:]}, {threads} thread{'s' if threads > 1 else ''}\n\n"
            text += table(some, tokens == 1)
    if hasty:
        text += DISTURBED + fastest(hasty)
    return text + "\n## Where a peer's product is faster, by medians\n\n" + losses(rest)


#===--- Table of kernels -----------------------------------------------------------------------------------------===#


def kernel_rows(path):
    """The medians in Google Benchmark's JSON; names are format/strategy/shape/columns/threads/memory."""
    rows = []
    for row in load(path)["benchmarks"]:
        if row.get("aggregate_name", "median") != "median":
            continue
        form, strategy, shape, columns, threads, memory = row["run_name"].split("/")[:6]
        rows.append({"kernel": f"{form}/{strategy}", "shape": shape, "columns": int(columns), "threads": int(threads),
                     "memory": memory, "us": row["real_time"], "weights_per_s": row["weights/s"],
                     "gb_per_s": row["GB/s"], "of_read": row["of_read"], "gops": row["GOPS"],
                     "of_peak": row["of_dot"]})
    return rows


def kernels(rows):
    if not rows:
        return ""
    lines = ["\n## Kernels beside the limits of this machine\n",
             "| shape | columns | threads | weights | kernel | us | 10^9 weights/s | GB/s (of read) | GOPS (of peak) |",
             "|---|---|---|---|---|---|---|---|---|"]
    before = None
    for row in sorted(rows, key=lambda row: (row["columns"] > 1, row["shape"], row["columns"], row["threads"],
                                             row["memory"])):
        place = f"{row['shape']} | {row['columns']} | {row['threads']} | {row['memory']}"
        lines.append(f"| {place if place != before else ' | | | '} | {row['kernel']} | {row['us']:.1f} | "
                     f"{row['weights_per_s'] / 1e9:.1f} | {row['gb_per_s']:.1f} ({100 * row['of_read']:.0f}%) | "
                     f"{row['gops']:.0f} ({100 * row['of_peak']:.0f}%) |")
        before = place
    return "\n".join(lines) + "\n"


#===--- Tables of whole models -----------------------------------------------------------------------------------===#


def median(side, name):
    return statistics.median(side[name])


def spread(side, name):
    return f"{median(side, name):.1f} ({min(side[name]):.0f} to {max(side[name]):.0f})"


def model_table(rows):
    lines = ["| weights | threads | side | MB | prefill, tokens/s | decode, tokens/s | first token, ms | peak, MiB | "
             "prefill, decode: ours / peer's |", "|---|---|---|---|---|---|---|---|---|"]
    for row in rows:
        ours = row["sides"][0]
        for side in row["sides"]:
            ratio = ""
            if side["engine"] != "halftone":
                ratio = " / ".join(f"**{median(ours, name) / median(side, name):.2f}**"
                                   for name in ("prefill_tokens_per_second", "decode_tokens_per_second"))
            first = side is ours
            lines.append(f"| {row['group'] if first else ''} | {row['threads'] if first else ''} | {side['name']} | "
                         f"{side['file_bytes'] / 1e6:.0f} | {spread(side, 'prefill_tokens_per_second')} | "
                         f"{spread(side, 'decode_tokens_per_second')} | {median(side, 'first_token_ms'):.0f} | "
                         f"{median(side, 'peak_mib'):.0f} | {ratio} |")
    return "\n".join(lines) + "\n"


def model_losses(rows):
    lines = []
    for row in rows:
        ours = row["sides"][0]
        for side in row["sides"]:
            if side["engine"] == "halftone":
                continue
            for what in ("prefill", "decode"):
                ratio = median(side, f"{what}_tokens_per_second") / median(ours, f"{what}_tokens_per_second")
                if ratio > 1:
                    lines.append(f"- {row['group']}, {row['threads']} thread(s), {what}: {side['name']} is {ratio:.2f} "
                                 f"times as fast as {ours['name']}")
    return "\n".join(lines) + "\n" if lines else "In no row.\n"


def whole_models(rows):
    text = ""
    for name in dict.fromkeys(row["model"] for row in rows):
        some = [row for row in rows if row["model"] == name]
        text += (f"\n## Whole model: {name}\n\n{some[0]['parameters'] / 1e6:.0f} million weights; prefill of "
                 f"{some[0]['prompt']} tokens, decode of {some[0]['generate']} after it; medians of "
                 f"{len(some[0]['sides'][0]['peak_mib'])} processes per side, which alternate; in "
                 "parentheses the slowest and the fastest run.\n\n")
        for note in dict.fromkeys(row["note"] for row in some if "note" in row):
            text += note + "\n\n"
        text += model_table(some) + "\nWhere llama.cpp is faster, by medians:\n\n" + model_losses(some)
    return text


#===--- Pages ----------------------------------------------------------------------------------------------------===#


def quietness(rows):
    cores = [row["others"] for row in rows if "others" in row]
    if cores:
        return f"cores used by other programs, row by row | {min(cores):.2f} to {max(cores):.2f}"
    loads = [row["load"] for row in rows] or [0]
    return f"load average while it ran | {min(loads):.1f} to {max(loads):.1f}"


def page(data, slug):
    rows, models = data.get("rows", []), data.get("models", [])
    peers = [text for text in (data.get("llama.cpp"), data.get("onnxruntime")) if text and text != "absent"]
    peers += [text for text in dict.fromkeys(row.get("peer") for row in models) if text]
    versions = [f"{name} {version}" for name, version in data["environment"]["versions"].items()]
    absent = "".join(f"\nAbsent: {text}.\n" for text in data["environment"].get("absent", []))
    text = HEAD.format(cpu=data["environment"]["cpu"], features=data["environment"]["features"], slug=slug,
                       peers=", ".join(peers + versions) or "none", quiet=quietness(rows + models), absent=absent)
    return text + whole_models(models) + products(rows) + kernels(data.get("kernels", []))


def headline(rows, **wanted):
    """Smallest and largest ratio of our time to the best peer's among some rows."""
    ratios = [row["ratio_ours_to_best_peer"] for row in rows
              if "ratio_ours_to_best_peer" in row and all(row[key] == value for key, value in wanted.items())]
    return f"{min(ratios):.2f} to {max(ratios):.2f}" if ratios else "-"


def index(machines):
    lines = ["| processor | instruction sets | one column, 1 thread | 128 columns, 1 thread | whole models |",
             "|---|---|---|---|---|"]
    for slug, data in machines:
        rows = data.get("rows", [])
        models = ", ".join(dict.fromkeys(row["model"] for row in data.get("models", []))) or "not measured"
        lines.append(f"| [{data['environment']['cpu']}](performance/{slug}.md) | {data['environment']['features']} | "
                     f"{headline(rows, tokens=1, threads=1)} | {headline(rows, tokens=128, threads=1)} | {models} |")
    note = ("\nColumns 3 and 4: our time through that of the fastest peer of about the same bits, from the best row to "
            "the worst; below 1 we are faster.")
    return INDEX.format(machines="\n".join(lines) + "\n" + note)


#===--- Data -----------------------------------------------------------------------------------------------------===#


def this_machine(packages):
    """(name of its files, environment)."""
    info = open("/proc/cpuinfo", encoding="utf-8").read()
    field = lambda name: re.search(rf"^{name}\s*: (.*)$", info, re.M).group(1)
    flags = set(field("flags").split())
    known = ("avx2", "avx_vnni", "avx512f", "avx512_vnni", "avx512_vbmi", "avx512_vpopcntdq")
    widest = "avx512" if "avx512f" in flags else "avx2" if "avx2" in flags else "sse"
    vendor = "amd" if "AMD" in field("vendor_id") else "intel" if "Intel" in field("vendor_id") else "other"
    versions = {}
    for name in ("@node-llama-cpp/linux-x64", "onnxruntime-node"):
        path = os.path.join(packages or "", name, "package.json")
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                versions[name] = json.load(file)["version"]
    cpu = f"{field('model name')}, family {field('cpu family')}, model {field('model')}, {os.cpu_count()} cores"
    features = ", ".join(name for name in known if name in flags) or "SSE2"
    return f"{vendor}-{field('cpu family')}-{field('model')}-{widest}", {"cpu": cpu, "features": features,
                                                                         "versions": versions}


def merge(old, new, key):
    """`old` with the rows of `new` in place of those with the same key, new ones at the end."""
    name = lambda row: tuple(row[part] for part in key)
    fresh = {name(row): row for row in new}
    result = [fresh.pop(name(row), row) for row in old]
    return result + list(fresh.values())


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def record(options, folder):
    """Merges what was measured into this machine's file."""
    slug, environment = this_machine(options.packages)
    path = os.path.join(folder, slug + ".json")
    data = load(path) if os.path.exists(path) else {"rows": [], "models": []}
    absent = list(options.absent)
    if options.peers:
        peers = load(options.peers)
        data["rows"] = merge(data["rows"], peers.pop("rows"), ("group", "rows", "cols", "tokens", "threads"))
        absent += peers.pop("absent")
        data.update(peers)
    if options.kernels:
        data["kernels"] = merge(data.get("kernels", []), kernel_rows(options.kernels),
                                ("kernel", "shape", "columns", "threads", "memory"))
    if options.models:
        data["models"] = merge(data.get("models", []), load(options.models), ("model", "group", "threads"))
    data["environment"] = {**environment, "absent": absent}
    order = list(dict.fromkeys(row["group"] for row in data["rows"]))
    data["rows"].sort(key=lambda row: (order.index(row["group"]), row["rows"], row["tokens"], row["threads"]))
    with open(path, "w", encoding="utf-8") as file:
        json.dump(data, file, indent=1)
        file.write("\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("docs")
    for name in ("--peers", "--kernels", "--models", "--packages"):
        parser.add_argument(name)
    parser.add_argument("--absent", nargs="*", default=[])
    options = parser.parse_args()
    folder = os.path.join(options.docs, "performance")
    os.makedirs(folder, exist_ok=True)
    if options.peers or options.kernels or options.models:
        record(options, folder)
    machines = [(os.path.splitext(os.path.basename(path))[0], load(path))
                for path in sorted(glob.glob(os.path.join(folder, "*.json")))]
    for slug, data in machines:
        with open(os.path.join(folder, slug + ".md"), "w", encoding="utf-8") as file:
            file.write(page(data, slug))
    with open(os.path.join(options.docs, "Performance.md"), "w", encoding="utf-8") as file:
        file.write(index(machines))


if __name__ == "__main__":
    main()
