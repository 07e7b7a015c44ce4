#!/usr/bin/env python3
"""Writes docs/Performance.md from what peer-bench measured.

Usage: report.py peers.json environment.json Performance.md

environment.json: {"cpu": text, "versions": {name: version}, "absent": [text]}
"""
import json
import sys

# The load average that the measurement itself causes, and a little more.
QUIET = 2.3

HEAD = """# Performance

Matrix products of generated code beside llama.cpp's kernels, measured by `peer-bench`; `scripts/bench.sh`
measures again. All numbers are in [performance.json](performance.json).

| | |
|---|---|
| processor | {cpu} |
| peers | {peers} |
| load average while it ran | {low:.1f} to {high:.1f} |

{absent}
All sides take turns (A, B, C, A, B, C, ...) in one process, {rounds} turns each, on their own copies of the weights.
With one column the copies exceed 320 MiB, so that every product reads its weights from memory; all lie in huge pages
where the system gives them. Quantizing the activations is included on every side, building tables too. With one thread
a time is the processor time of that thread; with two it is elapsed time, which other programs disturb. Medians;
quartiles in parentheses. "ratio" is our time through the best peer's: below 1 we are faster. "of read": bytes of
weights per second, as a part of those that can be read from memory, measured in the same turns. Our first line is
the strategy that the compiler chooses, and the one in the ratio; other strategies and formats follow in italics.
"""

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


def cell(side):
    low, high = side["us_quartiles"]
    return f"{side['us']:.0f} ({low:.0f} to {high:.0f})"


def sides_of(row):
    ours = [s for s in row["sides"] if not s["peer"] and s["name"] != "read"]
    peers = [s for s in row["sides"] if s["peer"]]
    read = next((s for s in row["sides"] if s["name"] == "read"), None)
    return ours, peers, read


def table(rows, one_column):
    last = "of read" if one_column else "GOPS"
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
    lines = ["| weights | shape | columns | threads | load | ours, us | best peer, us | | ratio |",
             "|---|---|---|---|---|---|---|---|---|"]
    for row in rows:
        ours, peers, _ = sides_of(row)
        if not peers or row["tokens"] > 1:
            continue
        best = min(peers, key=lambda side: side["us_best"])
        lines.append(f"| {row['group']} | {row['rows']}x{row['cols']} | {row['tokens']} | {row['threads']} | "
                     f"{row['load']:.1f} | {ours[0]['us_best']:.0f} | {best['us_best']:.0f} | {best['name']} | "
                     f"{ours[0]['us_best'] / best['us_best']:.2f} |")
    return "\n".join(lines) + "\n"


def main(peers_file, environment_file, output):
    with open(peers_file, encoding="utf-8") as file:
        peers = json.load(file)
    with open(environment_file, encoding="utf-8") as file:
        environment = json.load(file)
    rows = peers["rows"]
    loads = [row["load"] for row in rows]
    versions = [f"{name} {version}" for name, version in environment["versions"].items()]
    absent = [f"Absent: {text}.\n" for text in environment["absent"] + peers["absent"]]
    text = HEAD.format(cpu=environment["cpu"], peers=", ".join([peers["llama.cpp"]] + versions), low=min(loads),
                       high=max(loads), absent="\n".join(absent), rounds=peers["rounds"])
    disturbed = [row for row in rows if row["threads"] > 1 and row["load"] > QUIET]
    rows = [row for row in rows if row not in disturbed]
    if max(loads) > QUIET:
        text += BUSY
    for threads in sorted({row["threads"] for row in rows}):
        for tokens in sorted({row["tokens"] for row in rows}):
            some = [row for row in rows if row["threads"] == threads and row["tokens"] == tokens]
            where = "one column, weights from memory" if tokens == 1 else f"{tokens} columns"
            text += f"\n## {where[0].upper()}{where[1:]}, {threads} thread{'s' if threads > 1 else ''}\n\n"
            text += table(some, tokens == 1)
    if disturbed:
        text += DISTURBED + fastest(disturbed)
    text += "\n## Where a peer is faster, by medians\n\n" + losses(rows)
    with open(output, "w", encoding="utf-8") as file:
        file.write(text)
    peers.update(environment=environment)
    with open(output.rsplit("/", 1)[0] + "/performance.json", "w", encoding="utf-8") as file:
        json.dump(peers, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main(*sys.argv[1:4])
