#!/usr/bin/env bash
# Measures the kernels beside llama.cpp's and writes docs/Performance.md and docs/performance.json. The peers come from
# npm into a temporary folder that is removed at the end; one that cannot be had is named as absent.
# Usage: scripts/bench.sh [option of peer-bench ...]     HALFTONE_PEERS: a folder with an earlier installation
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

install_packages "${build_packages[@]}" "${test_packages[@]}"
configure ON
build_targets peer-bench kernel-bench

temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
peers=${HALFTONE_PEERS:-$temporary}
if [ ! -d "$peers/node_modules" ] && command -v npm >/dev/null; then
  say "Installing llama.cpp's libraries"
  (cd "$peers" && npm init -y && npm i --ignore-scripts --no-audit --no-fund node-llama-cpp @node-llama-cpp/linux-x64) \
    >"$temporary/npm.log" 2>&1 || tail -n 3 "$temporary/npm.log" >&2
fi
package=$peers/node_modules/@node-llama-cpp/linux-x64

say "Measuring; this takes some minutes, leave the machine alone"
"$build/bin/peer-bench" --ggml "$package/bins/linux-x64" --json "$temporary/peers.json" "$@"
"$build/bin/kernel-bench" --benchmark_filter='/4096x4096/1/[12]/' --benchmark_min_time=0.1

/usr/bin/python3 - "$package/package.json" "$temporary/environment.json" <<'PY'
import json, os, re, sys
versions = {}
if os.path.exists(sys.argv[1]):
    versions["@node-llama-cpp/linux-x64"] = json.load(open(sys.argv[1]))["version"]
info = open("/proc/cpuinfo").read()
field = lambda name: re.search(rf"^{name}\s*: (.*)$", info, re.M).group(1)
cpu = f"{field('model name')}, family {field('cpu family')}, model {field('model')}, {os.cpu_count()} cores"
absent = ["ONNX Runtime's MatMulNBits is not measured yet", "whole models are not measured yet"]
json.dump({"cpu": cpu, "versions": versions, "absent": absent}, open(sys.argv[2], "w"))
PY
/usr/bin/python3 "$root/bench/peers/report.py" "$temporary/peers.json" "$temporary/environment.json" \
  "$root/docs/Performance.md"
say "Wrote docs/Performance.md and docs/performance.json"
