#!/usr/bin/env bash
# Measures what each number format costs in quality and size, and writes docs/Formats.md and docs/formats.json. The
# bundled model is always measured; stories260K where HALFTONE_MODELS (or ../shared/models) holds it.
# Usage: scripts/formats.sh [--only REGEX] [--missing]
#   --only     rows to measure again, by their options; the others stay
#   --missing  of these, rows that were not measured before
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

install_packages "${build_packages[@]}" python3
configure OFF
build_targets quant-compile quant-run

say "Measuring"
/usr/bin/python3 "$root/bench/formats/formats.py" --bin "$build/bin" "$@"
say "Wrote docs/Formats.md and docs/formats.json"
