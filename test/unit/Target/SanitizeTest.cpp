//===- SanitizeTest.cpp - What AddressSanitizer sees of generated code ----===//

#include "ArtifactFixture.h"

using namespace halftone;
using namespace halftone::test;

namespace {
/// `./main INDEX BYTES`: calls `pick` with that index and a result of so many bytes on the heap.
class SanitizeTest : public ArtifactFixture {
protected:
  ArtifactOptions sanitized() const {
    ArtifactOptions options = pickOptions();
    options.sanitizeAddress = true;
    options.weightTensors = {{"first", 0, 2000}, {"second", 3008, 1992}};
    return options;
  }

  std::string link(const std::string &object, const std::string &name) {
    writeFile("main.c", R"(
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
int32_t pick(const void *exec, const int32_t *index, float *result);
int main(int argc, char **argv) {
  int32_t index = atoi(argv[1]);
  float *result = malloc(atoi(argv[2]));
  int32_t status = pick(0, &index, result);
  printf("%d %g\n", status, *result);
  free(result);
  return 0;
}
)");
    return shell("cc -fsanitize=address main.c " + object + " -lm -o " + name);
  }

  void expectReport(const std::string &command, llvm::StringRef kind, llvm::StringRef place) {
    std::string text = shell(command);
    EXPECT_NE(text.find("ERROR: AddressSanitizer: " + kind.str()), std::string::npos) << text;
    EXPECT_NE(text.find(place), std::string::npos) << text;
  }
};
} // namespace

TEST_F(SanitizeTest, AccessesBeyondBuffersAreReported) {
  ASSERT_EQ(write(pickModule(), at("pick.o"), sanitized()), "");
  ASSERT_EQ(link("pick.o", "main"), "");
  EXPECT_EQ(shell("./main 36 4"), "0 2.71828\n");
  expectReport("./main 36 3", "heap-buffer-overflow", "WRITE of size 4");
}

// The last byte of each tensor, and the one behind it.
TEST_F(SanitizeTest, ReadsBeyondWeightsAreReported) {
  for (const char *output : {"pick.o", "pick.s", "pick.ll"}) {
    SCOPED_TRACE(output);
    ASSERT_EQ(write(pickModule(), at(output), sanitized()), "");
    if (output == std::string("pick.ll"))
      ASSERT_EQ(shell("clang-22 -w -c pick.ll -o from-ll.o"), "");
    ASSERT_EQ(link(output == std::string("pick.ll") ? "from-ll.o" : output, "main"), "");
    EXPECT_EQ(shell("./main 1999 4 && ./main 3008 4 && ./main 4999 4 | wc -l").find("ERROR"), std::string::npos);
    expectReport("./main 2000 4", "global-buffer-overflow", "global variable 'first' defined in 'packed weights'");
    expectReport("./main 3007 4", "global-buffer-overflow", "global variable 'first' defined in 'packed weights'");
    expectReport("./main 5000 4", "global-buffer-overflow", "global variable 'second' defined in 'packed weights'");
  }
}

TEST_F(SanitizeTest, WithoutTensorsTheWeightsAreOne) {
  ArtifactOptions options = sanitized();
  options.weightTensors.clear();
  ASSERT_EQ(write(pickModule(), at("pick.o"), options), "");
  ASSERT_EQ(link("pick.o", "main"), "");
  EXPECT_EQ(shell("./main 3007 4").find("ERROR"), std::string::npos);
  expectReport("./main 5000 4", "global-buffer-overflow", "global variable 'halftone_weights'");
}

// The loader of a program without AddressSanitizer says so.
TEST_F(SanitizeTest, ObjectsNeedAddressSanitizer) {
  ASSERT_EQ(write(pickModule(), at("pick.o"), sanitized()), "");
  writeFile("main.c", "int main(void) { return 0; }\n");
  EXPECT_NE(shell("cc main.c pick.o -lm -o main").find("__asan_"), std::string::npos);
}
