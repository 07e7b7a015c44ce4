#!/usr/bin/env bash
# Formats C and C++ sources with clang-format-22: what differs from the last commit, or all of them.
# Usage: scripts/format.sh [--all] [--check]      --check changes nothing, names the files and fails if there are any
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

all=no check=no
for argument in "$@"; do
  case $argument in
  --all) all=yes ;;
  --check) check=yes ;;
  *) die "unknown argument '$argument'; usage: $self [--all] [--check]" ;;
  esac
done
command -v clang-format-22 >/dev/null || die "clang-format-22 is missing: install the package clang-format-22"

cd "$root"
sources=('*.cpp' '*.h' '*.c')
if [ $all = yes ]; then
  mapfile -t files < <(git ls-files -- "${sources[@]}")
else
  mapfile -t files < <(git diff --name-only --diff-filter=d HEAD -- "${sources[@]}"
    git ls-files --others --exclude-standard -- "${sources[@]}")
fi
wrong=()
for file in "${files[@]}"; do
  clang-format-22 -style=file "$file" | cmp -s - "$file" || wrong+=("$file")
done
[ ${#wrong[@]} -gt 0 ] || exit 0
if [ $check = yes ]; then
  printf '%s: not formatted; run scripts/format.sh\n' "${wrong[@]}" >&2
  exit 1
fi
clang-format-22 -style=file -i "${wrong[@]}"
printf 'formatted %s\n' "${wrong[@]}"
