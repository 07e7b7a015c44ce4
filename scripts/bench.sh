#!/usr/bin/env bash
# Measures kernels and whole models beside other engines and writes docs/Performance.md and docs/performance/. The peers
# come from npm into a temporary folder that is removed at the end; one that cannot be had is named as absent.
# Usage: scripts/bench.sh [--no-models] [option of peer-bench ...]
#        HALFTONE_PEERS: a folder with an earlier installation
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

whole_models=yes
if [ "${1:-}" = --no-models ]; then
  whole_models=
  shift
fi
install_packages "${build_packages[@]}" "${test_packages[@]}"
configure ON
build_targets peer-bench kernel-bench model-bench quant-import quant-compile

temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
peers=${HALFTONE_PEERS:-$temporary}
if [ ! -d "$peers/node_modules" ] && command -v npm >/dev/null; then
  say "Installing the libraries of llama.cpp and ONNX Runtime"
  (cd "$peers" && npm init -y &&
    npm i --ignore-scripts --no-audit --no-fund node-llama-cpp @node-llama-cpp/linux-x64 onnxruntime-node) \
    >"$temporary/npm.log" 2>&1 || tail -n 3 "$temporary/npm.log" >&2
fi
packages=$peers/node_modules
llama=$packages/@node-llama-cpp/linux-x64/bins/linux-x64
onnx=$(find "$packages/onnxruntime-node" -path '*linux/x64/libonnxruntime.so.1' 2>/dev/null | head -n 1) || true

say "Measuring products; this takes some minutes, leave the machine alone"
# Every engine gets huge pages where the system gives them.
GLIBC_TUNABLES=glibc.malloc.hugetlb=1 "$build/bin/peer-bench" --ggml "$llama" --onnxruntime "$onnx" \
  --json "$temporary/peers.json" "$@"
kernels='^((ternary|bcq[123]|rtn4)g128|vsq4v16s6)/((dot|lut|lut-trits)/((4096x4096|768x768)/1/[12]/warm|1000x333/1/1/warm)|dot/4096x4096/(8|32|512)/1/cold)'
"$build/bin/kernel-bench" --benchmark_filter="$kernels" --benchmark_min_time=0.1 --benchmark_repetitions=5 \
  --benchmark_report_aggregates_only --benchmark_out="$temporary/kernels.json"
measured=(--peers "$temporary/peers.json" --kernels "$temporary/kernels.json")
if [ -n "$whole_models" ]; then
  say "Measuring whole models; the larger one takes half an hour and 12 GB of disk in $temporary"
  /usr/bin/python3 "$root/bench/peers/models.py" --bin "$build/bin" --libraries "$llama" --folder "$temporary" \
    --json "$temporary/models.json"
  measured+=(--models "$temporary/models.json")
fi
/usr/bin/python3 "$root/bench/peers/report.py" "$root/docs" "${measured[@]}" --packages "$packages"
say "Wrote docs/Performance.md and docs/performance/"
