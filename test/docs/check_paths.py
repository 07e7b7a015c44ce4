"""Checks that what the documentation names exists.

usage: check_paths.py PROJECT

In README.md and docs/*.md every path in backticks (a word with a slash) and every linked file must exist, in the project's folder, its include folders, or
beside the document; every `cpp` and `tablegen` block must stand in a source file, white space aside.
"""
import glob
import os
import re
import sys


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def split(text):
    """The prose and the fenced blocks, as (language, text)."""
    parts = re.split(r"^```(\w*)\n(.*?)^```$", text, flags=re.M | re.S)
    return "".join(parts[0::3]), list(zip(parts[1::3], parts[2::3]))


def paths(prose):
    for word in re.findall(r"`([^`\n]+)`", prose):
        if re.fullmatch(r"[\w.-]+(/[\w.-]+)*/?", word) and "/" in word and not word.startswith("build/"):
            yield word
    for link in re.findall(r"\]\(([^)#]+)", prose):
        if not re.match(r"\w+:", link):
            yield link


def sources(project):
    for folder in ("dialects", "include", "lib", "runtime", "tools"):
        for suffix in (".cpp", ".h", ".td", ".c"):
            for path in glob.glob(os.path.join(project, folder, "**", "*" + suffix), recursive=True):
                yield path


def main(project):
    code = "\n".join(" ".join(read(path).split()) for path in sources(project))
    wrong, checked = [], 0
    for document in [os.path.join(project, "README.md")] + sorted(glob.glob(os.path.join(project, "docs", "*.md"))):
        prose, blocks = split(read(document))
        name = os.path.relpath(document, project)
        folders = ("", "include", os.path.join("runtime", "include"))
        bases = [os.path.dirname(document)] + [os.path.join(project, folder) for folder in folders]
        for path in paths(prose):
            checked += 1
            if not any(os.path.exists(os.path.join(base, path)) for base in bases):
                wrong.append(f"{name}: error: '{path}' does not exist")
        for language, text in blocks:
            if language in ("cpp", "tablegen"):
                checked += 1
                if " ".join(text.split()) not in code:
                    first = text.strip().splitlines()[0]
                    wrong.append(f"{name}: error: no source file has the block that begins '{first}'")
    print("\n".join(wrong + [f"{checked} names and blocks checked, {len(wrong)} wrong"]))
    return 1 if wrong else 0


sys.exit(main(*sys.argv[1:]))
