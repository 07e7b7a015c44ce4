# Finds LLVM and MLIR 22 and defines the few helpers that the source folders use.

find_package(MLIR REQUIRED CONFIG HINTS /usr/lib/llvm-22)
if(NOT LLVM_VERSION_MAJOR EQUAL 22)
  message(FATAL_ERROR "Halftone needs LLVM and MLIR 22, found ${LLVM_PACKAGE_VERSION} in ${MLIR_DIR}")
endif()
message(STATUS "Using MLIR ${LLVM_PACKAGE_VERSION} from ${MLIR_DIR}")

list(APPEND CMAKE_MODULE_PATH ${MLIR_CMAKE_DIR} ${LLVM_CMAKE_DIR})
include(TableGen)
include(AddLLVM)
include(AddMLIR)

set(HALFTONE_LLVM_TOOLS_DIR ${LLVM_TOOLS_BINARY_DIR})

# Generated headers appear in the build tree under the paths that the sources include.
set(HALFTONE_INCLUDE_DIRS
    ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/include
    ${PROJECT_SOURCE_DIR}/runtime/include
    ${PROJECT_BINARY_DIR} ${PROJECT_BINARY_DIR}/include)

# Flags and include paths of a target that sees LLVM (and MLIR) headers.
function(halftone_use_llvm target)
  target_include_directories(${target} PUBLIC ${HALFTONE_INCLUDE_DIRS})
  target_include_directories(${target} SYSTEM PUBLIC ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
  target_compile_options(${target} PRIVATE -fno-exceptions)
endfunction()

# A precompiled header of the MLIR headers that almost every file needs; it divides the build time by three.
add_library(HalftonePCH OBJECT ${PROJECT_SOURCE_DIR}/cmake/pch.cpp)
halftone_use_llvm(HalftonePCH)
target_precompile_headers(HalftonePCH PRIVATE ${PROJECT_SOURCE_DIR}/cmake/pch.h)
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  # Makes the precompiled header independent of time, so that ccache can serve it.
  set(HALFTONE_PCH_FLAGS -Xclang -fno-pch-timestamp -fpch-instantiate-templates)
  target_compile_options(HalftonePCH PRIVATE ${HALFTONE_PCH_FLAGS})
endif()

# halftone_add_library(name SOURCES a.cpp ... [LINK lib ...] [DEPENDS tablegen-target ...] [NO_MLIR])
# A static library of the compiler. NO_MLIR: plain C++ with LLVM's support library only.
function(halftone_add_library name)
  cmake_parse_arguments(ARG "NO_MLIR" "" "SOURCES;LINK;DEPENDS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  halftone_use_llvm(${name})
  if(ARG_DEPENDS)
    add_dependencies(${name} ${ARG_DEPENDS})
  endif()
  if(ARG_NO_MLIR)
    target_link_libraries(${name} PUBLIC ${ARG_LINK} LLVM)
  else()
    target_precompile_headers(${name} REUSE_FROM HalftonePCH)
    target_compile_options(${name} PRIVATE ${HALFTONE_PCH_FLAGS})
    target_link_libraries(${name} PUBLIC ${ARG_LINK} MLIR LLVM)
  endif()
endfunction()

# halftone_add_tool(name SOURCES a.cpp ... [LINK lib ...])
function(halftone_add_tool name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  # Without the precompiled header: executables are compiled with -fPIE, it with -fPIC.
  halftone_use_llvm(${name})
  target_link_libraries(${name} PRIVATE ${ARG_LINK} MLIR LLVM)
endfunction()
