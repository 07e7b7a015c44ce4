#!/usr/bin/env bash
# Builds the runtime and the libraries without MLIR with AddressSanitizer and UndefinedBehaviorSanitizer in
# build-sanitize/, and runs their tests; the lit tests of quant-run, too. Takes minutes, so it is no part of
# scripts/check.sh.
# Usage: scripts/sanitize.sh
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
build=$root/build-sanitize

install_packages "${build_packages[@]}" "${test_packages[@]}"
# Calls through pointers of another type are LLVM's own habit, and vptr would need its type information.
sanitizers="-fsanitize=address,undefined -fno-sanitize=vptr,function -fno-sanitize-recover=undefined"
if [ ! -f "$build/build.ninja" ]; then
  say "Configuring build-sanitize/"
  cmake -G Ninja -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=None \
    -DCMAKE_C_COMPILER=clang-22 -DCMAKE_CXX_COMPILER=clang++-22 \
    -DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache \
    -DCMAKE_C_FLAGS="-O1 -g1 -fno-omit-frame-pointer $sanitizers" \
    -DCMAKE_CXX_FLAGS="-O1 -g1 -fno-omit-frame-pointer $sanitizers" \
    -DCMAKE_EXE_LINKER_FLAGS=-fuse-ld=lld -DPython3_EXECUTABLE=/usr/bin/python3 \
    -DHALFTONE_BUILD_BENCH=OFF || die "cmake failed"
fi
build_targets quant-run RuntimeTests SupportTests PackTests QuantizeTests

# LLVM's library is not instrumented, so annotations of containers that both touch would be wrong.
# One test asks for more memory than there is, and expects a null pointer.
export ASAN_OPTIONS=detect_container_overflow=0:detect_stack_use_after_return=1:allocator_may_return_null=1
export UBSAN_OPTIONS=print_stacktrace=1
failed=0
for area in Runtime Support Pack Quantize; do
  say "Running ${area}Tests"
  "$build/test/unit/$area/${area}Tests" --gtest_brief=1 || failed=1
done
say "Running the tests of quant-run"
/usr/bin/python3 /usr/lib/llvm-22/bin/lit -sv "$build/test/quant-run" "$build/test/Runtime/open.test" \
  "$build/test/Runtime/features.test" || failed=1
[ "$failed" = 0 ] || die "errors were found"
say "No errors found"
