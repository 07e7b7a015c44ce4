#include "halftone/Support/Progress.h"
#include "gtest/gtest.h"

using namespace halftone;

namespace {

TEST(Progress, IsOneLineOnATerminal) {
  std::string text;
  llvm::raw_string_ostream os(text);
  Progress progress(os, /*terminal=*/true);
  progress.update(1, 2, "a");
  progress.update(2, 2, "b");
  EXPECT_EQ(text, "\r\x1b[K[1/2] a\r\x1b[K");
}

TEST(Progress, IsLinesElsewhere) {
  std::string text;
  llvm::raw_string_ostream os(text);
  Progress progress(os, /*terminal=*/false, std::chrono::seconds(0));
  progress.update(1, 2, "a");
  progress.update(2, 2, "b");
  EXPECT_EQ(text, "[1/2] a\n[2/2] b\n");
}

TEST(Progress, KeepsLogsOfShortWorkEmpty) {
  std::string text;
  llvm::raw_string_ostream os(text);
  Progress progress(os, /*terminal=*/false, std::chrono::hours(1));
  progress.update(1, 2, "a");
  progress.update(2, 2, "b");
  EXPECT_EQ(text, "");
}

} // namespace
