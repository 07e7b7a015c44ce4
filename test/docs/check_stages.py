"""Checks that the excerpts in docs/Stages.md are what the tools print.

usage: check_stages.py STAGES.md INPUT.mlir FOLDER

Runs the commands of `console` blocks in FOLDER, on a copy of INPUT.mlir. Every line of a following `mlir` block must occur in
the output file of the last command, in order; lines `...` stand for what is left out, and names of values (%3) may differ. Of
`asm` blocks, which depend on the LLVM release, only the mnemonics are compared. The first block is the input itself.
"""
import os
import re
import shlex
import shutil
import subprocess
import sys


def blocks(text):
    """Yields (language, [lines], number of the first line) of fenced blocks."""
    language, lines, first = None, [], 0
    for number, line in enumerate(text.splitlines(), 1):
        if not line.startswith("```"):
            lines.append(line)
        elif language is None:
            language, lines, first = line[3:], [], number + 1
        else:
            yield language, lines, first
            language = None


def normalize(line, language):
    if language == "asm":
        return line.split()[0] if line.split() else ""
    return re.sub(r"%[\w$.-]+(:\d+)?(#\d+)?", "%", line.strip())


def main(document, source, folder):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    current = shutil.copy(source, os.path.join(folder, "matmul.mlir"))
    checked = 0
    with open(document) as f:
        text = f.read()
    for language, lines, first in blocks(text):
        if language == "console":
            for line in lines:
                command = line.removeprefix("$ ")
                subprocess.run(shlex.split(command), cwd=folder, check=True)
                current = os.path.join(folder, shlex.split(command)[-1])
            continue
        with open(current) as f:
            output = iter([normalize(line, language) for line in f])
        for number, line in enumerate(lines, first):
            if line.strip() == "...":
                continue
            if normalize(line, language) not in output:
                sys.exit(f"{document}:{number}: not in {os.path.basename(current)} after what precedes it: {line}")
            checked += 1
    print(f"{checked} lines agree")


main(*sys.argv[1:])
