# Shared by the scripts of this folder; source it, do not run it.
# Installs Debian packages that are missing, and configures and builds the project in build/.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$root/build
self=scripts/$(basename "$0")

# Precompiled headers defeat ccache without this; the environment reaches the compiler runs of ninja.
export CCACHE_SLOPPINESS=${CCACHE_SLOPPINESS:-pch_defines,time_macros,include_file_mtime,include_file_ctime}
export LC_ALL=C.UTF-8

# What building needs, and what the tests need beyond it.
build_packages=(cmake ninja-build ccache clang-22 lld-22 llvm-22-dev libmlir-22-dev mlir-22-tools
  libstdc++-12-dev libc6-dev libpthreadpool-dev libcpuinfo-dev libsentencepiece-dev)
test_packages=(llvm-22-tools clang-format-22 libclang-rt-22-dev libgtest-dev libbenchmark-dev
  gcc g++ binutils qemu-user gcc-aarch64-linux-gnu g++-aarch64-linux-gnu libc6-dev-arm64-cross
  python3 python3-numpy python3-psutil python3-sentencepiece file procps)

say() { printf '== %s\n' "$*"; }
die() { printf '%s: error: %s\n' "$self" "$*" >&2; exit 1; }

# Waits for another apt to finish, and tries again what the network loses.
apt_get() { apt-get -q -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$@" </dev/null; }

# missing_packages NAME...: prints those that are not installed.
missing_packages() {
  local name
  for name in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || printf '%s\n' "$name"
  done
}

# not_offered NAME...: prints those that the configured package sources do not have.
not_offered() {
  local name
  for name in "$@"; do
    case $(apt-cache policy "$name" 2>/dev/null) in
    *"Candidate: (none)"* | "") printf '%s\n' "$name" ;;
    esac
  done
}

# LLVM 22 for Debian 12 lives in Debian's security suite, which a bare installation may lack. Its address is that of the
# configured mirror with "-security" behind it: the layout of Debian's own mirrors.
add_security_suite() {
  local targets uri file=/etc/apt/sources.list.d/halftone-security.list
  targets=$(apt-get indextargets --format '$(CODENAME) $(LABEL) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null)
  uri=$(sed -n '/^bookworm Debian /{s///p;q}' <<<"$targets")
  [[ -n $uri && $targets != *bookworm-security* ]] || return 1
  say "Adding the suite bookworm-security of the configured mirror in $file"
  printf 'deb %s-security bookworm-security main\n' "${uri%/}" >"$file"
  if ! apt_get update || [ -n "$(not_offered "$@")" ]; then
    rm -f "$file"
    return 1
  fi
}

# install_packages NAME...: installs what is missing; does not call apt when nothing is.
install_packages() {
  local missing absent
  command -v dpkg-query >/dev/null || die "this script installs Debian packages; elsewhere, build with CMake as README.md says"
  mapfile -t missing < <(missing_packages "$@")
  [ ${#missing[@]} -gt 0 ] || return 0
  [ "$(id -u)" = 0 ] || die "packages are missing; run this script once as root, or, as root: apt-get install -y --no-install-recommends ${missing[*]}"
  say "Installing ${#missing[@]} packages"
  export DEBIAN_FRONTEND=noninteractive
  apt_get update || die "apt-get update failed; the packages that are missing: ${missing[*]}"
  mapfile -t absent < <(not_offered "${missing[@]}")
  [ ${#absent[@]} = 0 ] || add_security_suite "${missing[@]}" ||
    die "the sources in /etc/apt do not offer ${absent[*]}; add Debian 12's suites bookworm and bookworm-security (component main)"
  apt_get install -y --no-install-recommends "${missing[@]}" || die "apt-get install failed"
}

# cached NAME: the value of a variable in the build folder's CMake cache.
cached() { sed -n "s/^$1:[A-Z]*=//p" "$build/CMakeCache.txt" 2>/dev/null; }

# configure ON|OFF: makes build/ ready, with or without tests and benchmarks. A build folder that has more stays as it is.
configure() {
  local tests=$1
  # lit needs Debian's python: another one may lack the packages.
  if [ -f "$build/build.ninja" ] && { [ "$tests" = OFF ] ||
    { [ "$(cached HALFTONE_BUILD_TESTS)" = ON ] && [ "$(cached Python3_EXECUTABLE)" = /usr/bin/python3 ]; }; }; then
    return 0
  fi
  say "Configuring build/"
  cmake -G Ninja -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_C_COMPILER=clang-22 -DCMAKE_CXX_COMPILER=clang++-22 \
    -DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache \
    -DCMAKE_EXE_LINKER_FLAGS=-fuse-ld=lld -DPython3_EXECUTABLE=/usr/bin/python3 \
    -DHALFTONE_BUILD_TESTS="$tests" -DHALFTONE_BUILD_BENCH="$tests" || die "cmake failed"
}

# build_targets NAME...
build_targets() {
  say "Building $*"
  ninja -C "$build" "$@" </dev/null || die "the build failed"
}
