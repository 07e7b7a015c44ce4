# Toolchain file: the runtime for AArch64 with Debian's cross compiler (g++-aarch64-linux-gnu).
#   cmake -B build-aarch64 --toolchain cmake/aarch64-linux-gnu.cmake -DHALFTONE_BUILD_COMPILER=OFF \
#     -DHALFTONE_BUILD_TESTS=OFF -DHALFTONE_BUILD_BENCH=OFF
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
# Libraries of the build machine are none of the target's.
set(CMAKE_FIND_ROOT_PATH /usr/aarch64-linux-gnu)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
# Programs that need nothing of the C++ library's shared objects can be copied to any machine with the same libc.
set(CMAKE_EXE_LINKER_FLAGS_INIT "-static-libstdc++ -static-libgcc")
