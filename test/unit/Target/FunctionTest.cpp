//===- FunctionTest.cpp - Objects of modules that are no models -----------===//

#include "ArtifactFixture.h"

using namespace halftone;
using namespace halftone::test;

namespace {
class FunctionTest : public ArtifactFixture {
protected:
  /// A program that prints what `pick` makes of the weights 0 and 36 (values 0 and 1).
  std::string runPick(const std::string &objects) {
    writeFile("main.c", R"(
#include "pick.h"
#include <stdio.h>
int main(void) {
  int32_t index = 0;
  float zero, one;
  int status = pick(0, &index, &zero);
  index = 36;
  status += pick(0, &index, &one);
  printf("%d %g %g\n", status, zero, one);
  return 0;
}
)");
    return shell("cc -std=c99 -Wall -Werror main.c " + objects + " -lm -o main && ./main");
  }
};
} // namespace

TEST_F(FunctionTest, ObjectAndHeaderServeC) {
  ASSERT_EQ(write(pickModule(), at("pick.o"), pickOptions()), "");
  EXPECT_EQ(runPick("pick.o"), "0 1 2.71828\n");
  EXPECT_EQ(shell("c++ -Wall -Werror -x c++ -c main.c"), "");
}

TEST_F(FunctionTest, HeaderTellsShapes) {
  ArtifactOptions options = pickOptions();
  CParameter count{"n", "int64_t", "", false, true};
  options.functions[0].parameters.push_back(count);
  std::string text = headerText("pick", options);
  EXPECT_NE(
      text.find("int32_t pick(const struct halftone_exec *exec, const int32_t *index, float *result, int64_t n);"),
      std::string::npos)
      << text;
  EXPECT_NE(text.find(" * e to the power of one of the weights.\n * index: int32_t [1], read\n"
                      " * result: float [1], written\n * n: int64_t\n"),
            std::string::npos)
      << text;
}

TEST_F(FunctionTest, AssemblyIsTheSameProgram) {
  ASSERT_EQ(write(pickModule(), at("pick.s"), pickOptions()), "");
  EXPECT_EQ(listing(), "packed-weights pick.s pick.weights ");
  EXPECT_EQ(readFile(at("pick.weights")), weightBytes());
  writeFile("pick.h", headerText("pick", pickOptions()));
  EXPECT_EQ(runPick("pick.s"), "0 1 2.71828\n");
}

TEST_F(FunctionTest, LlvmIrIsTheSameProgram) {
  ASSERT_EQ(write(pickModule(), at("pick.ll"), pickOptions()), "");
  EXPECT_EQ(listing(), "packed-weights pick.ll pick.weights ");
  writeFile("pick.h", headerText("pick", pickOptions()));
  std::string text = readFile(at("pick.ll"));
  EXPECT_NE(text.find("\"target-cpu\"=\"x86-64\""), std::string::npos);
  EXPECT_NE(text.find("target triple = \"" + target().triple), std::string::npos);
  EXPECT_EQ(text.find(folder), std::string::npos);
  EXPECT_TRUE(parse(text));
}

TEST_F(FunctionTest, OptimizesWithoutFastMath) {
  // Sums of floats keep their order; a product and a sum stay two operations even where there is an fma.
  llvm::StringRef module = R"(
    declare float @llvm.fmuladd.f32(float, float, float)
    define i32 @f(ptr %exec, ptr %x, ptr %y) {
      %a = load float, ptr %x
      %p = getelementptr float, ptr %x, i64 1
      %b = load float, ptr %p
      %m = call float @llvm.fmuladd.f32(float %a, float %b, float %a)
      store float %m, ptr %y
      ret i32 0
    })";
  ArtifactOptions options;
  options.target = target("x86-64-v3");
  options.functions.push_back({"f", "", {{"x", "float", "[2]", true, true}, {"y", "float", "[1]", true, false}}});
  ASSERT_EQ(write(module, at("f.s"), options), "");
  std::string text = readFile(at("f.s"));
  EXPECT_NE(text.find("vmulss"), std::string::npos) << text;
  EXPECT_NE(text.find("vaddss"), std::string::npos) << text;
  EXPECT_EQ(text.find("vfmadd"), std::string::npos) << text;
}

TEST_F(FunctionTest, FusedMultiplyAddWithoutTheInstruction) {
  // (1 + 2^-12)^2 - 1 - 2^-11 is 2^-24 when nothing is rounded in between, and 0 otherwise.
  llvm::StringRef module = R"(
    declare float @llvm.fma.f32(float, float, float)
    define i32 @pick(ptr %exec, ptr %index, ptr %result) {
      %i = load i32, ptr %index
      %f = sitofp i32 %i to float
      %e = fmul float %f, 0x3F30000000000000
      %x = fadd float %e, 1.0
      %m = call float @llvm.fma.f32(float %x, float %x, float 0xBFF0020000000000)
      %s = fmul float %m, 0x4170000000000000
      store float %s, ptr %result
      ret i32 0
    })";
  ArtifactOptions options = pickOptions();
  options.target = target("x86-64");
  ASSERT_EQ(write(module, at("pick.o"), options), "");
  writeFile("main.c", "#include \"pick.h\"\n#include <stdio.h>\nint main(void) { int32_t i = 1; float r;\n"
                      "pick(0, &i, &r); printf(\"%g\\n\", r); return 0; }\n");
  EXPECT_EQ(shell("cc main.c pick.o -lm -o main && ./main"), "1\n");
}

TEST_F(FunctionTest, OptimizationLevels) {
  for (unsigned level : {0u, 1u, 3u}) {
    ArtifactOptions options = pickOptions();
    options.optLevel = level;
    ASSERT_EQ(write(pickModule(), at("pick.o"), options), "");
    EXPECT_EQ(runPick("pick.o"), "0 1 2.71828\n") << level;
  }
}
