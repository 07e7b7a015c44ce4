#!/usr/bin/env bash
# Runs tests with AddressSanitizer and UndefinedBehaviorSanitizer:
# - the runtime and the libraries without MLIR, built with both in build-sanitize/: their tests, those of quant-run;
# - generated code, instrumented by --sanitize address: the tests of kernels, and whole models of odd shapes, with the
#   compiler of build/ and AddressSanitizer preloaded;
# - with --compiler, the tests of kernels with all libraries built with both, too.
# Takes half an hour on two CPUs, with --compiler an hour, so it is no part of scripts/check.sh.
# Usage: scripts/sanitize.sh [--compiler]
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
case "$*" in
"" | --compiler) ;;
*) die "unknown argument '$*'; usage: scripts/sanitize.sh [--compiler]" ;;
esac
plain=$build
instrumented=$root/build-sanitize
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

install_packages "${build_packages[@]}" "${test_packages[@]}"
# Calls through pointers of another type are LLVM's own habit, and vptr would need its type information.
sanitizers="-fsanitize=address,undefined -fno-sanitize=vptr,function -fno-sanitize-recover=undefined"
if [ ! -f "$instrumented/build.ninja" ]; then
  say "Configuring build-sanitize/"
  cmake -G Ninja -S "$root" -B "$instrumented" -DCMAKE_BUILD_TYPE=None \
    -DCMAKE_C_COMPILER=clang-22 -DCMAKE_CXX_COMPILER=clang++-22 \
    -DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache \
    -DCMAKE_C_FLAGS="-O1 -g1 -fno-omit-frame-pointer $sanitizers" \
    -DCMAKE_CXX_FLAGS="-O1 -g1 -fno-omit-frame-pointer $sanitizers" \
    -DCMAKE_EXE_LINKER_FLAGS=-fuse-ld=lld -DPython3_EXECUTABLE=/usr/bin/python3 \
    -DHALFTONE_BUILD_BENCH=OFF || die "cmake failed"
fi
configure ON
build_targets quant-compile quant-import quant-run KernelTests CompensateTests
build=$instrumented
build_targets quant-run RuntimeTests SupportTests PackTests QuantizeTests TargetTests

# LLVM's library is not instrumented, so annotations of containers, and of pools, that both touch would be wrong.
# One test asks for more memory than there is, and expects a null pointer.
export ASAN_OPTIONS=detect_container_overflow=0:allow_user_poisoning=0:detect_stack_use_after_return=1
ASAN_OPTIONS+=:allocator_may_return_null=1
export UBSAN_OPTIONS=print_stacktrace=1
failed=0
# unit FOLDER PROGRAM [FILTER]: runs unit tests of $build.
unit() {
  say "Running $2 of ${build#"$root"/}/"
  "$build/test/unit/$1/$2" --gtest_brief=1 --gtest_filter="${3:-*}" || failed=1
}
for area in Runtime Support Pack Quantize; do
  unit "$area" "${area}Tests"
done
# A linker that is not told of sanitizers cannot link this build's runtime.
unit Target TargetTests -LinkTest.ExecutableHasTheRuntime
say "Running the tests of quant-run"
PATH=$PATH:$plain/bin /usr/bin/python3 /usr/lib/llvm-22/bin/lit -sv "$build/test/quant-run" "$build/test/Runtime/open.test" \
  "$build/test/Runtime/features.test" || failed=1

# A compiler frees little and reads much; a wide redzone is for accesses that are far off.
export ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0:quarantine_size_mb=16:redzone=64
# What x86-64-v3 reads is what this CPU or the oldest read.
kernels='-*/x86_64_v3'
if [ "$*" = --compiler ]; then
  build_targets KernelTests CompensateTests
  unit Kernels KernelTests "$kernels"
  unit Compensate CompensateTests
fi
build=$plain
runtime=$(clang-22 -print-file-name="libclang_rt.asan-$(uname -m).so")
export LD_PRELOAD=$runtime
unit Kernels KernelTests "$kernels"
unit Compensate CompensateTests
unset LD_PRELOAD

# check_model SPEC OPTIONS...: a model gives the same logits, byte for byte, with and without instrumentation, over a
# prompt and tokens that fill its context.
check_model() {
  local spec=$1 options=("${@:2}") tokens
  tokens=$(seq -s , 0 11 | sed 's/[5-9]\|1[01]/2/g')
  rm -rf "$work/model"
  "$build/bin/quant-import" --synthetic "$spec" -o "$work/model" || return 1
  "$build/bin/quant-compile" "$work/model" "${options[@]}" -q -o "$work/plain.so" || return 1
  "$build/bin/quant-compile" "$work/model" "${options[@]}" -q --sanitize address -o "$work/checked.so" || return 1
  "$build/bin/quant-run" "$work/plain.so" --tokens "$tokens" -n -1 --ignore-eos -q \
    --dump-logits "$work/plain.bin" >"$work/plain.txt" || return 1
  LD_PRELOAD=$runtime "$build/bin/quant-run" "$work/checked.so" --tokens "$tokens" -n -1 --ignore-eos -q \
    --dump-logits "$work/checked.bin" >"$work/checked.txt" || return 1
  cmp "$work/plain.bin" "$work/checked.bin" && cmp "$work/plain.txt" "$work/checked.txt"
}
say "Running models of odd shapes"
while read -r line; do
  read -ra options <<<"$line"
  for spec in 'hidden=20,layers=1,heads=2,kv_heads=1,ffn=3,vocab=5,context=100' \
    'hidden=17,layers=2,heads=3,head_size=6,ffn=33,vocab=17,context=17,tied=true' \
    'hidden=7,layers=1,heads=4,kv_heads=2,head_size=36,ffn=130,vocab=67,context=65'; do
    check_model "llama($spec)" "${options[@]}" || { failed=1 && say "FAILED: llama($spec) ${options[*]}"; }
  done
done <<'END'
--format float --activations f32
--format bcq3g24 --activations f32
--format bcq3g24 --strategy dot --embedding-format bcq3g24
--format bcq3g24 --strategy lut
--format bcq3g24 --strategy lut --mcpu x86-64
--format bcq2g16 --strategy lut --lut-tables 8
--format bcq2g16 --strategy popcount --activations b2
--format ternaryg32 --strategy dot --ternary-packing trits
--format ternaryg32a --embedding-format ternaryg32a
--format rtn8g0 --embedding-format rtn8g0 --head-format rtn8g0
--format rtn4g32 --mcpu x86-64
--format int5g24 --activations i16 --embedding-format int5g24
--format vsq4v16s6 --activations vsq4v16s6
--format nvfp4 --embedding-format mxfp4
END
[ "$failed" = 0 ] || die "errors were found"
say "No errors found"
