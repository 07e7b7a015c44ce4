# Builds the runtime and quant-run for AArch64 beside those of this machine, where the cross compiler is installed:
# libraries in lib/ and quant-run in bin/ of ${HALFTONE_AARCH64_DIR}.
include(ExternalProject)

set(HALFTONE_AARCH64_DIR ${PROJECT_BINARY_DIR}/aarch64-linux-gnu)
find_program(HALFTONE_AARCH64_CXX aarch64-linux-gnu-g++)
mark_as_advanced(HALFTONE_AARCH64_CXX)
if(NOT HALFTONE_AARCH64_CXX)
  message(STATUS "No runtime for AArch64: aarch64-linux-gnu-g++ is missing")
  return()
endif()

set(launchers)
foreach(language C CXX)
  if(CMAKE_${language}_COMPILER_LAUNCHER)
    list(APPEND launchers -DCMAKE_${language}_COMPILER_LAUNCHER=${CMAKE_${language}_COMPILER_LAUNCHER})
  endif()
endforeach()
ExternalProject_Add(halftone-aarch64
  SOURCE_DIR ${PROJECT_SOURCE_DIR}
  BINARY_DIR ${HALFTONE_AARCH64_DIR}
  PREFIX ${HALFTONE_AARCH64_DIR}/project
  CMAKE_ARGS --toolchain ${PROJECT_SOURCE_DIR}/cmake/aarch64-linux-gnu.cmake -DCMAKE_BUILD_TYPE=${CMAKE_BUILD_TYPE}
    -DHALFTONE_BUILD_COMPILER=OFF -DHALFTONE_BUILD_TESTS=OFF -DHALFTONE_BUILD_BENCH=OFF ${launchers}
  INSTALL_COMMAND "")
# Not built always, but when a source is newer.
file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/runtime/*.[ch]* ${PROJECT_SOURCE_DIR}/tools/quant-run/*)
ExternalProject_Add_StepDependencies(halftone-aarch64 build ${sources} ${PROJECT_SOURCE_DIR}/runtime/CMakeLists.txt)
