//===- SampleTest.cpp - Choosing tokens ------------------------------------===//
#include "halftone/runtime.h"
#include "src/core/internal.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <random>
#include <string>
#include <vector>

namespace {

class Sampler {
public:
  Sampler(int64_t vocabulary, const halftone_sampling &options) {
    EXPECT_EQ(halftone_sampler_create(vocabulary, &options, &sampler), HALFTONE_OK) << halftone_last_error();
  }
  ~Sampler() { halftone_sampler_free(sampler); }
  int32_t next(const std::vector<float> &logits) {
    int32_t token = -1;
    EXPECT_EQ(halftone_sample(sampler, logits.data(), &token), HALFTONE_OK) << halftone_last_error();
    return token;
  }

private:
  halftone_sampler *sampler = nullptr;
};

halftone_sampling options(float temperature, int32_t topK = 0, float topP = 1, float minP = 0, uint64_t seed = 1) {
  halftone_sampling result = halftone_sampling_default();
  result.temperature = temperature;
  result.top_k = topK;
  result.top_p = topP;
  result.min_p = minP;
  result.seed = seed;
  return result;
}

std::vector<int32_t> draw(const halftone_sampling &settings, const std::vector<float> &logits, int n) {
  Sampler sampler(int64_t(logits.size()), settings);
  std::vector<int32_t> tokens;
  for (int i = 0; i < n; ++i)
    tokens.push_back(sampler.next(logits));
  return tokens;
}

/// The ids that the filters keep, by sorting: what the sampler does with a heap.
std::vector<int32_t> keptIds(const halftone_sampling &o, const std::vector<float> &logits) {
  std::vector<int32_t> ids(logits.size());
  std::iota(ids.begin(), ids.end(), 0);
  std::sort(ids.begin(), ids.end(),
            [&](int32_t a, int32_t b) { return logits[a] > logits[b] || (logits[a] == logits[b] && a < b); });
  if (o.top_k && size_t(o.top_k) < ids.size())
    ids.resize(o.top_k);
  double total = 0, reached = 0;
  for (int32_t id : ids)
    total += std::exp(double(logits[id]) - logits[ids[0]]);
  size_t kept = 0;
  while (kept < ids.size() && (kept == 0 || std::exp(double(logits[ids[kept]]) - logits[ids[0]]) >= o.min_p)) {
    reached += std::exp(double(logits[ids[kept++]]) - logits[ids[0]]);
    if (o.top_p < 1 && reached >= o.top_p * total)
      break;
  }
  ids.resize(kept);
  std::sort(ids.begin(), ids.end());
  return ids;
}

} // namespace

TEST(Sample, GreedyTakesTheFirstOfEquals) {
  Sampler sampler(5, halftone_sampling_default());
  EXPECT_EQ(sampler.next({1, 4, 2, 4, 0}), 1);
  EXPECT_EQ(sampler.next({-1, -1, -1, -1, -1}), 0);
}

TEST(Sample, TheSameSeedGivesTheSameTokens) {
  const std::vector<float> logits = {0.1f, 0.2f, 0.3f, 0.4f, 0.5f, 0.6f, 0.7f};
  EXPECT_EQ(draw(options(1, 5, 0.9f), logits, 200), draw(options(1, 5, 0.9f), logits, 200));
  EXPECT_NE(draw(options(1, 0, 1, 0, 1), logits, 200), draw(options(1, 0, 1, 0, 2), logits, 200));
}

// SplitMix64 with seed 0 starts with 0xe220a8397b1dcdaf = 0.8833 of 2^64 (its published test vector).
TEST(Sample, TheGeneratorIsSplitMix64) {
  const std::vector<float> equal(10000, 0.0f);
  EXPECT_EQ(draw(options(1, 0, 1, 0, 0), equal, 1)[0], int32_t(double(0xe220a8397b1dcdafu >> 11) * 0x1p-53 * 10000));
}

TEST(Sample, FrequenciesFollowTheProbabilities) {
  const std::vector<float> logits = {0.0f, std::log(2.0f), std::log(5.0f)};
  std::map<int32_t, int> counts;
  for (int32_t token : draw(options(1), logits, 80000))
    ++counts[token];
  EXPECT_NEAR(counts[0], 10000, 400);
  EXPECT_NEAR(counts[1], 20000, 500);
  EXPECT_NEAR(counts[2], 50000, 600);
}

TEST(Sample, TemperatureSharpensAndFlattens) {
  const std::vector<float> logits = {0.0f, 1.0f};
  auto ones = [&](float temperature) {
    std::vector<int32_t> tokens = draw(options(temperature), logits, 20000);
    return std::count(tokens.begin(), tokens.end(), 1) / 20000.0;
  };
  for (float temperature : {0.5f, 1.0f, 4.0f})
    EXPECT_NEAR(ones(temperature), 1 / (1 + std::exp(-1 / temperature)), 0.015) << temperature;
  EXPECT_EQ(ones(1e-6f), 1);
}

TEST(Sample, FiltersKeepWhatSortingKeeps) {
  std::mt19937 random(7);
  for (int round = 0; round < 60; ++round) {
    std::vector<float> logits(1 + random() % 30);
    for (float &logit : logits)
      logit = float(int(random() % 9)) / 2; // many equals
    halftone_sampling o = options(1.5f, int32_t(random() % 12), 0.2f + float(random() % 9) / 10, (random() % 3) * 0.1f);
    std::vector<int32_t> tokens = draw(o, logits, 3000);
    std::sort(tokens.begin(), tokens.end());
    tokens.erase(std::unique(tokens.begin(), tokens.end()), tokens.end());
    EXPECT_EQ(tokens, keptIds(o, logits)) << "round " << round << ", k " << o.top_k << ", p " << o.top_p;
  }
}

TEST(Sample, TopOneIsGreedy) {
  for (int32_t token : draw(options(10, 1), {0.5f, 0.6f, 0.6f, 0.1f}, 50))
    EXPECT_EQ(token, 1);
}

TEST(Sample, RefusesLogitsThatAreNoNumbers) {
  halftone_sampling settings = options(1);
  halftone_sampler *sampler;
  ASSERT_EQ(halftone_sampler_create(3, &settings, &sampler), HALFTONE_OK);
  int32_t token;
  const float notANumber[] = {0, NAN, 0}, infinite[] = {0, 0, -INFINITY};
  EXPECT_EQ(halftone_sample(sampler, notANumber, &token), HALFTONE_FAILED);
  EXPECT_STREQ(halftone_last_error(), "the logit of token 1 is nan");
  EXPECT_EQ(halftone_sample(sampler, infinite, &token), HALFTONE_FAILED);
  EXPECT_STREQ(halftone_last_error(), "the logit of token 2 is -inf");
  halftone_sampler_free(sampler);
}

TEST(Sample, RefusesSettingsOutOfRange) {
  halftone_sampler *sampler;
  for (const halftone_sampling &bad : {options(-1), options(NAN), options(1, -1), options(1, 0, 0), options(1, 0, 1.5f),
                                       options(1, 0, 1, -0.1f), options(1, 0, 1, 2)}) {
    EXPECT_EQ(halftone_sampler_create(8, &bad, &sampler), HALFTONE_INVALID_ARGUMENT);
    EXPECT_EQ(sampler, nullptr);
  }
  EXPECT_EQ(halftone_sampler_create(0, nullptr, &sampler), HALFTONE_INVALID_ARGUMENT);
}
