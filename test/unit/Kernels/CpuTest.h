//===- CpuTest.h - Tests of code for several CPUs ---------------*- C++ -*-===//
#ifndef HALFTONE_TEST_UNIT_KERNELS_CPUTEST_H
#define HALFTONE_TEST_UNIT_KERNELS_CPUTEST_H

#include "CompiledCases.h"
#include "gtest/gtest.h"
#include <cctype>
#include <string>

namespace halftone::test {

/// The parameter is the CPU that is compiled for. Skipped where this machine cannot run its code.
class CpuTest : public testing::TestWithParam<const char *> {
protected:
  void SetUp() override {
    if (!canRun(GetParam()))
      GTEST_SKIP() << "this CPU cannot run code for " << GetParam();
  }
};

/// The CPU in the name of a test.
inline std::string cpuName(const testing::TestParamInfo<const char *> &info) {
  std::string name = info.param;
  for (char &ch : name)
    ch = std::isalnum(static_cast<unsigned char>(ch)) ? ch : '_';
  return name;
}

} // namespace halftone::test

#endif // HALFTONE_TEST_UNIT_KERNELS_CPUTEST_H
