#!/usr/bin/env bash
# Runs the tests of kernels and whole models with AVX-512 (VNNI, VBMI, VPOPCNTDQ) on a machine that lacks it: compiles
# them here, boots a small Linux in the emulator Bochs, runs them there, and compares with AVX2's logits.
# Usage: BOCHS=PATH scripts/emulate.sh [BUILD [FILTER]]     BUILD: build folder, default build
#        FILTER: only these tests of KernelTests, as --gtest_filter has them, and no models
#        PATH: Bochs 3 or later, configured with --enable-x86-64 --enable-avx --enable-evex --with-nogui
#        (Debian's 2.7 reports the size of the registers' state wrongly; Linux then turns AVX off).
# Takes six minutes on an idle machine, and 3 GB of memory. The rest comes from Debian's packages.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

build=$(realpath "${1:-$build}")
bochs=${BOCHS:?says where Bochs is; see the head of this script}
cpu=icelake-server
filter=${2:-*native*:ThreadsTest.*} # of KernelTests
install_packages bochsbios vgabios busybox-static cpio xorriso isolinux syslinux-common
tokens="--tokens 1,403,407,261,378,400,300,200,100,50,60 -n 4 --ignore-eos -q"
folder=$(mktemp -d)
emulator=
trap 'kill $emulator 2>/dev/null; rm -rf "$folder"' EXIT
guest=$folder/root
mkdir -p "$guest"/{bin,dev,lib64,lib,proc,sys,tmp,t/objects} "$folder/iso/isolinux"

# compile_models: every strategy, for the emulated CPU, and the logits of the same model on this one.
compile_models() {
  local name options
  while read -r name options; do
    for target in $cpu x86-64-v3; do
      # shellcheck disable=SC2086 # words of an option list
      "$build/bin/quant-compile" "$root/models/shakespeare" $options -q --mcpu $target -o "$folder/$name.$target.so"
    done
    # shellcheck disable=SC2086
    "$build/bin/quant-run" "$folder/$name.x86-64-v3.so" -t 1 $tokens --dump-logits "$guest/t/$name.logits" >/dev/null
    mv "$folder/$name.$cpu.so" "$guest/t/$name.so"
  done <<'MODELS'
mixed --format bcq3g32 --tensor-format (q|down)_proj=ternaryg32 --head-format rtn8g0 --activations i8
lut --format bcq2g32 --activations i8 --strategy lut
bytes --format bcq3g32 --activations i8 --strategy lut --lut-tables 8
dot --format rtn4g32 --activations i8 --strategy dot
vectors --format vsq4v16s4 --activations i8 --strategy dot
popcount --format ternaryg32 --activations i8 --strategy popcount
binary --format binaryg32 --activations b1
float --format bcq3g32
MODELS
}

# write_script: what the guest runs.
write_script() {
  cat >"$guest/t/run" <<GUEST
for logits in *.logits; do
  [ -e \$logits ] || continue
  name=\${logits%.logits}
  quant-run \$name.so -t 1 $tokens --dump-logits /tmp/out >/tmp/log 2>&1 || cat /tmp/log
  if cmp /tmp/out \$logits; then echo "same bytes: \$name"; else echo "FAILED: \$name"; fi
done
export HALFTONE_TEST_CPU=$cpu HALFTONE_TEST_OBJECTS=/t/objects TMPDIR=/tmp
KernelTests --gtest_filter='$filter' 2>&1 | grep -E 'OK|FAILED|PASSED|Failure'
echo "end of the tests"; sleep 3
GUEST
}

# copy_program PATH...: into the guest, with its libraries.
copy_program() {
  local program
  for program; do
    cp "$program" "$guest/bin/"
    ldd "$program" | awk '/=> \//{print $3}' | xargs -r cp -Lut "$guest/lib"
  done
}

make_image() {
  (cd "$folder" && apt-get -q download "$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/.*Depends: \(linux-image\)/\1/p')" &&
    dpkg -x linux-image-*.deb kernel) >/dev/null || die "no kernel to boot"
  cp "$folder"/kernel/boot/vmlinuz-* "$folder/iso/vmlinuz"
  cp /bin/busybox "$guest/bin/"
  cp -L /lib64/ld-linux-x86-64.so.2 "$guest/lib64/"
  for name in sh mount cat cmp grep sleep poweroff; do ln -s busybox "$guest/bin/$name"; done
  cat >"$guest/init" <<'INIT'
#!/bin/sh
export PATH=/bin LD_LIBRARY_PATH=/lib
mount -t proc p /proc; mount -t sysfs s /sys; mount -t devtmpfs d /dev; mount -t tmpfs t /tmp
exec >/dev/ttyS0 2>&1
cd /t; sh ./run; poweroff -f
INIT
  chmod +x "$guest/init"
  (cd "$guest" && find . | cpio -o -H newc --quiet) >"$folder/iso/initrd"
  cp /usr/lib/ISOLINUX/isolinux.bin /usr/lib/syslinux/modules/bios/ldlinux.c32 "$folder/iso/isolinux/"
  # The emulator does not get along with what Linux makes of these features.
  cat >"$folder/iso/isolinux/isolinux.cfg" <<'BOOT'
default linux
label linux
 kernel /vmlinuz
 initrd /initrd
 append console=ttyS0 quiet nokaslr nosmap nosmep nofsgsbase nopku clearcpuid=rdpid,umip,fsrm,pku,erms
BOOT
  xorriso -as mkisofs -quiet -o "$folder/image.iso" -b isolinux/isolinux.bin -c isolinux/boot.cat -no-emul-boot \
    -boot-load-size 4 -boot-info-table "$folder/iso" 2>/dev/null
  cat >"$folder/bochsrc" <<BOCHS
cpu: model=corei7_icelake_u, count=1, ips=50000000, ignore_bad_msrs=1
memory: guest=2800, host=2800
romimage: file=/usr/share/bochs/BIOS-bochs-latest
vgaromimage: file=/usr/share/bochs/VGABIOS-lgpl-latest
ata0-master: type=cdrom, path=$folder/image.iso, status=inserted
boot: cdrom
com1: enabled=1, mode=file, dev=$folder/serial
display_library: nogui
log: $folder/log
clock: sync=none
panic: action=fatal
BOCHS
}

say "Compiling for $cpu; with the emulation that takes six minutes"
[[ -n ${2:-} ]] || compile_models
# These fail here, where the code cannot run; the objects are what counts.
HALFTONE_TEST_CPU=$cpu HALFTONE_TEST_OBJECTS=$guest/t/objects "$build/test/unit/Kernels/KernelTests" \
  --gtest_filter="$filter" --gtest_brief=1 >"$folder/compile.log" 2>&1 || true
write_script
copy_program "$build/bin/quant-run" "$build/test/unit/Kernels/KernelTests"
make_image
say "Booting $bochs"
touch "$folder/serial"
"$bochs" -q -f "$folder/bochsrc" </dev/null >"$folder/bochs.log" 2>&1 &
emulator=$!
tail -f --pid=$emulator "$folder/serial" | while read -r line; do
  printf '%s\n' "$line"
  [[ $line != *"end of the tests"* ]] || break
done || true # tail loses its reader
kill $emulator 2>/dev/null || true
grep -q 'end of the tests' "$folder/serial" || die "the guest stopped early: $(tail -n 3 "$folder/bochs.log")"
! grep -q FAILED "$folder/serial" || die "tests failed"
say "All passed"
