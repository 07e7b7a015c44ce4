#!/usr/bin/env bash
# Installs what is needed, builds the compiler, compiles the bundled model at 3 bits (its embedding at 8) into one executable and lets it speak.
# Usage: scripts/demo.sh
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

install_packages "${build_packages[@]}"
configure OFF
build_targets quant-compile quant-run

model=$build/shakespeare
say "quant-compile models/shakespeare --format bcq3g32 --embedding-format rtn8g0 -o build/shakespeare"
"$build/bin/quant-compile" "$root/models/shakespeare" --format bcq3g32 --embedding-format rtn8g0 -o "$model" --report "$model.json"

say "build/shakespeare --prompt \$'ROMEO:\\n' -n 100 --temp 0.8 --seed 7"
"$model" --prompt $'ROMEO:\n' -n 100 --temp 0.8 --seed 7 </dev/null
