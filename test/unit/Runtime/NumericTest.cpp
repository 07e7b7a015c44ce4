//===- NumericTest.cpp - Exponent, logarithm, log-softmax ------------------===//
#include "src/core/internal.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

static const double infinity = std::numeric_limits<double>::infinity();

static double relativeError(double value, double expected) {
  return expected == 0 ? std::fabs(value) : std::fabs(value / expected - 1);
}

TEST(Numeric, ExpAgreesWithTheLibrary) {
  for (double x = -700; x < 700; x += 0.37)
    EXPECT_LT(relativeError(halftone_exp(x), std::exp(x)), 4e-16) << x;
  EXPECT_EQ(halftone_exp(0), 1);
  EXPECT_EQ(halftone_exp(-infinity), 0);
  EXPECT_EQ(halftone_exp(infinity), infinity);
  EXPECT_EQ(halftone_exp(710), infinity);
  EXPECT_TRUE(std::isnan(halftone_exp(NAN)));
}

TEST(Numeric, LogAgreesWithTheLibrary) {
  for (double x = 1e-300; x < 1e300; x *= 1.7)
    EXPECT_LT(relativeError(halftone_log(x), std::log(x)), 4e-16) << x;
  for (double x = 0.9; x < 1.1; x += 0.00137)
    EXPECT_LT(std::fabs(halftone_log(x) - std::log(x)), 1e-16) << x;
  EXPECT_EQ(halftone_log(1), 0);
  EXPECT_EQ(halftone_log(0), -infinity);
  EXPECT_EQ(halftone_log(infinity), infinity);
  EXPECT_TRUE(std::isnan(halftone_log(-1)));
}

TEST(Numeric, ScoresOfTwoLogitsAreTheSoftplus) {
  const std::vector<float> logits = {1.0f, 3.0f};
  EXPECT_NEAR(halftone_negative_log_probability(logits.data(), 2, 0), std::log1p(std::exp(2.0)), 1e-15);
  EXPECT_NEAR(halftone_negative_log_probability(logits.data(), 2, 1), std::log1p(std::exp(-2.0)), 1e-15);
}

TEST(Numeric, ScoresOfHugeLogitsDoNotOverflow) {
  const std::vector<float> logits = {3e38f, 3e38f, -3e38f};
  EXPECT_NEAR(halftone_negative_log_probability(logits.data(), 3, 1), std::log(2.0), 1e-15);
}

TEST(Numeric, ScoresOfBrokenLogitsAreNotFinite) {
  for (float broken : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    const std::vector<float> logits = {1.0f, broken};
    EXPECT_FALSE(std::isfinite(halftone_negative_log_probability(logits.data(), 2, 0)));
  }
}
