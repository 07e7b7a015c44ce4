#!/bin/bash
# What outliers among activations cost, and what helps: makes the tables of docs/Outliers.md.
# usage: scripts/outliers.sh [BUILD]      BUILD: build folder with the tools, default build
set -euo pipefail
cd "$(dirname "$0")/.."
build=$(realpath "${1:-build}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
PATH="$build/bin:$PATH" /usr/bin/python3 bench/outliers/table.py "$folder" models/shakespeare models/shakespeare/valid.txt --write
