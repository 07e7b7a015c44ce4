"""Runs the `console` blocks of README.md and checks what they print.

usage: check_readme.py PROJECT FOLDER

Commands (lines that begin with "$ ") run in FOLDER, where `models` is the project's; the lines after one must be what it
prints, in order; `...` stands for lines that are left out; the CPU's name, the strategies that are best for it and the bytes that they take may differ.
"""
import os
import re
import shutil
import subprocess
import sys


def commands(text):
    """Yields (command, [expected lines])."""
    for block in re.findall(r"^```console\n(.*?)^```$", text, flags=re.M | re.S):
        for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
            command, *lines = part.strip().splitlines()
            yield command, lines


def agrees(line, printed):
    def common(text):
        text = re.sub(r"^(wrote \S+ for )[\w-]+", r"\1CPU", text.rstrip())
        text = re.sub(r"\d+ bytes in the object, [\d.]+x", "BYTES", text)
        return re.sub(r"\d+( +[\d.]+ +)(dot|lut|popcount)([+](dot|popcount))?$", r"BYTES\1STRATEGY", text)

    return common(line) == common(printed)


def main(project, folder):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    os.symlink(os.path.join(project, "models"), os.path.join(folder, "models"))
    with open(os.path.join(project, "README.md"), encoding="utf-8") as file:
        text = file.read()
    checked = 0
    for command, lines in commands(text):
        done = subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True, text=True)
        printed = (done.stdout + done.stderr).splitlines()
        if done.returncode != 0:
            sys.exit(f"{command}: exit code {done.returncode}\n" + "\n".join(printed))
        at, skip = 0, False
        for line in lines:
            if line == "...":
                skip = True
                continue
            while skip and at < len(printed) and not agrees(line, printed[at]):
                at += 1
            if at == len(printed) or not agrees(line, printed[at]):
                sys.exit(f"{command}\n  prints: {printed[at] if at < len(printed) else 'nothing more'}\n  README: {line}")
            at, skip, checked = at + 1, False, checked + 1
    print(f"{checked} lines agree")


main(*sys.argv[1:])
