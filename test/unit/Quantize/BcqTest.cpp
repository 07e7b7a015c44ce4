#include "halftone/Quantize/Bcq.h"
#include "TestData.h"
#include "gtest/gtest.h"
#include <algorithm>

using namespace halftone;
using namespace llvm;

namespace {
std::vector<uint8_t> codesOf(const BcqGroup &group, size_t count) {
  std::vector<uint8_t> codes(count);
  group.writeCodes(codes);
  return codes;
}

double level(ArrayRef<double> scales, unsigned code) {
  double value = 0;
  for (size_t p = 0; p < scales.size(); ++p)
    value += (code >> p & 1) ? scales[p] : -scales[p];
  return value;
}

TEST(Bcq, GreedyByHand) {
  // r0 = w: b1 = + - + -, alpha1 = 2; r1 = 1 1 -1 -1: b2 = + + - -, alpha2 = 1; nothing is left.
  BcqGroup group;
  group.load({3, -1, 1, -3});
  group.solveGreedy(2, /*refine=*/false);
  EXPECT_EQ(group.scales(), ArrayRef<double>({2, 1}));
  EXPECT_EQ(codesOf(group, 4), (std::vector<uint8_t>{3, 2, 1, 0}));
  EXPECT_EQ(group.squaredError(), 0);
}

TEST(Bcq, SignOfZeroIsPlus) {
  BcqGroup group;
  group.load({0.0f, -0.0f, 0.0f});
  group.solveGreedy(3, /*refine=*/false);
  EXPECT_EQ(codesOf(group, 3), (std::vector<uint8_t>{7, 7, 7}));
  EXPECT_EQ(group.squaredError(), 0);
}

// The textbook loop over residuals, one weight at a time.
TEST(Bcq, GreedyEqualsTheResidualLoop) {
  std::vector<float> weights = normalWeights(200, 3);
  std::vector<double> residual(weights.begin(), weights.end());
  std::vector<double> scales;
  std::vector<uint8_t> codes(weights.size());
  for (unsigned p = 0; p < 4; ++p) {
    double scale = 0;
    for (double r : residual)
      scale += std::abs(r) / double(residual.size());
    for (size_t i = 0; i < residual.size(); ++i) {
      codes[i] |= (residual[i] >= 0) << p;
      residual[i] += residual[i] >= 0 ? -scale : scale;
    }
    scales.push_back(scale);
  }
  BcqGroup group;
  group.load(weights);
  group.solveGreedy(4, /*refine=*/false);
  for (unsigned p = 0; p < 4; ++p)
    EXPECT_NEAR(group.scales()[p], scales[p], 1e-12);
  EXPECT_EQ(codesOf(group, weights.size()), codes);
}

TEST(Bcq, AssignmentIsTheNearestLevel) {
  std::vector<float> weights = normalWeights(100000, 5);
  for (unsigned planes : {1u, 2u, 3u, 5u}) {
    std::vector<double> scales;
    for (unsigned p = 0; p < planes; ++p)
      scales.push_back(1.3 * std::pow(0.57, p));
    BcqGroup group;
    group.load(weights);
    group.solveGreedy(planes, /*refine=*/false);
    group.setScales(scales);
    group.assign();
    std::vector<uint8_t> codes = codesOf(group, weights.size());
    for (size_t i = 0; i < weights.size(); ++i) {
      double best = HUGE_VAL;
      for (unsigned code = 0; code < 1u << planes; ++code)
        best = std::min(best, std::abs(weights[i] - level(scales, code)));
      ASSERT_LE(std::abs(weights[i] - level(scales, codes[i])), best + 1e-15) << weights[i];
    }
  }
}

TEST(Bcq, ErrorNeverRises) {
  for (unsigned seed : {1u, 2u, 3u})
    for (unsigned planes = 1; planes <= 8; ++planes) {
      std::vector<float> weights = normalWeights(64 << seed, seed);
      BcqGroup group;
      group.load(weights);
      group.solveGreedy(planes, /*refine=*/false);
      double previous = group.squaredError();
      for (unsigned round = 0; round < 20; ++round) {
        group.fitScales();
        double fitted = group.squaredError();
        ASSERT_LE(fitted, previous * (1 + 1e-9) + 1e-12);
        group.assign();
        previous = group.squaredError();
        ASSERT_LE(previous, fitted * (1 + 1e-9) + 1e-12);
      }
    }
}

TEST(Bcq, LeastSquaresLeavesAnOrthogonalResidual) {
  std::vector<float> weights = normalWeights(300, 8);
  BcqGroup group;
  group.load(weights);
  group.solveGreedy(5, /*refine=*/true);
  std::vector<uint8_t> codes = codesOf(group, weights.size());
  for (unsigned p = 0; p < 5; ++p) {
    double product = 0;
    for (size_t i = 0; i < weights.size(); ++i)
      product += (codes[i] >> p & 1 ? 1 : -1) * (weights[i] - level(group.scales(), codes[i]));
    EXPECT_NEAR(product, 0, 1e-6);
  }
  EXPECT_TRUE(std::is_sorted(group.scales().rbegin(), group.scales().rend()));
  EXPECT_GE(group.scales().back(), 0);
}

TEST(Bcq, EarlyStopChangesNothing) {
  std::vector<float> weights = normalWeights(64, 9);
  BcqGroup all, single;
  all.load(weights);
  all.solveGreedy(3, /*refine=*/false);
  all.alternate(200);
  single.load(weights);
  single.solveGreedy(3, /*refine=*/false);
  for (unsigned round = 0; round < 200; ++round) {
    single.fitScales();
    single.assign();
  }
  EXPECT_EQ(all.scales(), single.scales());
  EXPECT_EQ(codesOf(all, 64), codesOf(single, 64));
}

TEST(Bcq, PlantedScalesAreFound) {
  const double planted[] = {1.0, 0.5, 0.1875};
  std::vector<float> weights;
  for (unsigned i = 0; i < 512; ++i)
    weights.push_back(float(level(planted, (i * 37 + i / 8) % 8)));
  BcqGroup group;
  group.load(weights);
  group.solveGreedy(3, /*refine=*/false);
  group.alternate(15);
  group.fitScales();
  for (unsigned p = 0; p < 3; ++p)
    EXPECT_NEAR(group.scales()[p], planted[p], 1e-9);
  EXPECT_LT(group.squaredError(), 1e-15);
}

// Scales that differ by ten orders of magnitude, and any permutation of the weights.
TEST(Bcq, OrderAndMagnitudeDoNotMatter) {
  std::vector<float> weights = normalWeights(100, 11), shuffled = weights, tiny = weights;
  std::shuffle(shuffled.begin(), shuffled.end(), std::mt19937(1));
  for (float &w : tiny)
    w *= 0x1p-100f;
  BcqGroup a, b, c;
  for (auto [group, data] : {std::pair(&a, &weights), std::pair(&b, &shuffled), std::pair(&c, &tiny)}) {
    group->load(*data);
    group->solveGreedy(3, /*refine=*/false);
    group->alternate(15);
  }
  EXPECT_EQ(a.scales(), b.scales());
  for (unsigned p = 0; p < 3; ++p)
    EXPECT_EQ(c.scales()[p], a.scales()[p] * 0x1p-100);
  EXPECT_EQ(codesOf(a, 100), codesOf(c, 100));
}
} // namespace
