#!/usr/bin/env bash
# Installs what is needed, builds everything and runs all tests. The last line is "N passed, N failed, N skipped".
# Usage: scripts/check.sh
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

install_packages "${build_packages[@]}" "${test_packages[@]}"
configure ON
build_targets all halftone-test-depends

say "Running all tests"
log=$build/check.log
status=0
export LIT_OPTS="${LIT_OPTS:-} --timeout=600"
ninja -C "$build" check-halftone </dev/null 2>&1 | tee "$log" || status=$?

# count CATEGORY...: the sum over lines "  CATEGORY: N (P%)" of lit's summary.
count() {
  local pattern
  pattern=$(printf '|%s' "$@")
  sed -nE "s/^ *(${pattern:1}) *: *([0-9]+)( .*)?$/\2/p" "$log" | awk '{ sum += $1 } END { print sum + 0 }'
}
passed=$(count Passed 'Passed With Retry' 'Expectedly Failed')
failed=$(count Failed Unresolved 'Timed Out' 'Unexpectedly Passed')
skipped=$(count Unsupported Skipped Excluded)
if [ "$status" != 0 ] && [ "$failed" = 0 ]; then
  printf '%s: error: the tests could not be run\n' "$self" >&2
  failed=1
fi
if [ "$passed" = 0 ]; then
  printf '%s: error: no test passed\n' "$self" >&2
  status=1
fi
printf '%s passed, %s failed, %s skipped\n' "$passed" "$failed" "$skipped"
[ "$status" = 0 ] && [ "$failed" = 0 ]
