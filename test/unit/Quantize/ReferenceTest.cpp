// Published and independently computed figures.
#include "TestData.h"
#include "halftone/Quantize/Bcq.h"
#include "gtest/gtest.h"

using namespace halftone;
using namespace llvm;

namespace {
class NormalGrid : public ::testing::Test {
protected:
  static const std::vector<float> &grid() {
    static const std::vector<float> weights = normalGrid();
    return weights;
  }
  /// Mean squared error of float plane scales, the whole grid as one group.
  static double meanError(unsigned planes, bool refine, unsigned rounds) {
    BcqGroup group;
    group.load(grid());
    group.solveGreedy(planes, refine);
    group.alternate(rounds);
    return group.squaredError() / double(grid().size());
  }
  /// Equal to a figure of four decimals within half a percent.
  static void expectFigure(double value, double figure) {
    EXPECT_NEAR(value, figure, std::max(0.005 * figure, 0.00005));
  }
};

TEST_F(NormalGrid, BcqSolvers) {
  struct {
    unsigned planes;
    double greedy, refined, two, fifteen, forty;
  } table[] = {{1, 0.3634, 0.3634, 0.3634, 0.3634, 0.3634},
               {2, 0.1304, 0.1251, 0.1190, 0.1175, 0.1175},
               {3, 0.0584, 0.0505, 0.0460, 0.0370, 0.0369},
               {4, 0.0329, 0.0246, 0.0219, 0.0120, 0.0114}};
  for (const auto &row : table) {
    SCOPED_TRACE(row.planes);
    expectFigure(meanError(row.planes, false, 0), row.greedy);
    expectFigure(meanError(row.planes, true, 0), row.refined);
    expectFigure(meanError(row.planes, false, 2), row.two);
    expectFigure(meanError(row.planes, false, 15), row.fifteen);
    expectFigure(meanError(row.planes, false, 40), row.forty);
  }
}

TEST_F(NormalGrid, ScalesOfTwoPlanesAreLloydMax) {
  Format f = formatOf("bcq2g0f");
  f.rounds = 40;
  QuantizedMatrix q = cantFail(quantize(grid(), 1, grid().size(), f, "grid", 1));
  EXPECT_NEAR(halfToFloat(q.scales[0]), 0.9816, 0.002);
  EXPECT_NEAR(halfToFloat(q.scales[1]), 0.5288, 0.002);
}

TEST_F(NormalGrid, TernaryWeightNetworks) {
  QuantizedMatrix q = quantized(grid(), 1, grid().size(), "ternaryg0");
  EXPECT_NEAR(halfToFloat(q.scales[0]), 1.184, 0.001);
  float threshold = 10;
  int64_t zeros = 0;
  for (size_t i = 0; i < grid().size(); ++i) {
    zeros += q.codes[i] == 1;
    if (q.codes[i] == 2)
      threshold = std::min(threshold, grid()[i]);
  }
  EXPECT_NEAR(threshold, 0.5585, 0.0005);
  EXPECT_NEAR(double(zeros) / double(grid().size()), 0.4235, 0.0001);
  EXPECT_NEAR(relativeSquaredError(grid(), dequantize(q)), 0.1916, 0.0002);
}

TEST(Reference, RowsOfNormalWeights) {
  std::vector<float> weights = normalWeights(400 * 512, 1);
  const double greedy[] = {0.364, 0.130, 0.058, 0.032}, alternating[] = {0.364, 0.1165, 0.0364, 0.0115};
  for (unsigned planes = 1; planes <= 4; ++planes) {
    std::string tail = std::to_string(planes) + "g0f";
    EXPECT_NEAR(errorOf(weights, 400, 512, "bcqgreedy" + tail), greedy[planes - 1], 0.01 * greedy[planes - 1] + 0.0005);
    EXPECT_NEAR(errorOf(weights, 400, 512, "bcq" + tail), alternating[planes - 1], 0.01 * alternating[planes - 1]);
  }
}

TEST(Reference, TwoLevelScalesCostLittle) {
  std::vector<float> weights = normalWeights(1000 * 512, 2);
  double two = errorOf(weights, 1000, 512, "bcq3g128"), plane = errorOf(weights, 1000, 512, "bcq3g128f");
  EXPECT_NEAR(plane, 0.03531, 0.0005);
  EXPECT_NEAR(two, 0.03535, 0.0005);
  EXPECT_LT(two, plane * 1.003);
}

// Relative squared errors of w[i][j] = sin(1 + 0.7 i + 1.3 j) cos(0.01 j^2), 37 x 172,
// computed in double precision with numpy by formulas written independently of this library
// (which also rounds single scales to half and limits multipliers to a sum of 127).
TEST(Reference, IndependentImplementation) {
  std::vector<float> weights;
  for (int i = 0; i < 37; ++i)
    for (int j = 0; j < 172; ++j)
      weights.push_back(float(std::sin(1 + i * 0.7 + j * 1.3) * std::cos(double(j) * j * 0.01)));
  struct {
    StringRef format;
    double error, tolerance;
  } table[] = {
      {"bcq1g32", 0.361895, 1e-3},       {"bcq2g32", 0.0798753477, 1e-3},        {"bcq3g32", 0.0172145611, 1e-3},
      {"bcq4g32", 0.00480923698, 1e-3},  {"bcq3g0", 0.0189875163, 1e-3},         {"bcq3g64f", 0.0178636231, 1e-3},
      {"bcq4g32f", 0.00475712018, 1e-3}, {"bcqgreedy3g32f", 0.0279151801, 1e-3}, {"ternaryg32", 0.140605875, 1e-3},
      {"rtn4g32", 0.00609645183, 1e-3},  {"rtn2g16", 0.24009023, 1e-3},          {"rtn8g0", 2.07427483e-05, 5e-3},
      {"bcq8g32", 9.38167241e-05, 5e-2}};
  for (const auto &row : table)
    EXPECT_NEAR(errorOf(weights, 37, 172, row.format), row.error, row.tolerance * row.error) << row.format.str();
}
} // namespace
