//===- ContextTest.cpp - Sequences on the fake model -----------------------===//
#include "halftone/runtime.h"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <string>
#include <thread>
#include <vector>

extern "C" const halftone_model halftone_model_v1; // fake_model.c: vocabulary 32, context 40, chunk 8

namespace {

const int64_t vocabulary = 32;

/// The logits that fake_model.c promises after the last of `tokens`.
std::vector<float> expectedLogits(const std::vector<int32_t> &tokens) {
  int64_t sum = 0, position = int64_t(tokens.size()) - 1;
  for (int32_t token : tokens)
    sum += token;
  std::vector<float> logits;
  for (int64_t v = 0; v < vocabulary; ++v)
    logits.push_back(float((7 * v + 3 * tokens.back() + 5 * position + sum) % 11) / 4);
  return logits;
}

std::vector<int32_t> someTokens(int64_t n) {
  std::vector<int32_t> tokens;
  for (int64_t i = 0; i < n; ++i)
    tokens.push_back(int32_t((i * i * 7 + 3 * i + 1) % vocabulary));
  return tokens;
}

class ContextTest : public testing::Test {
protected:
  void SetUp() override {
    ASSERT_EQ(halftone_open_linked(&halftone_model_v1, &program), HALFTONE_OK) << halftone_last_error();
    context = make(1);
  }
  void TearDown() override {
    halftone_context_free(context);
    halftone_close(program);
  }
  halftone_context *make(int32_t threads) {
    halftone_context_options options = {sizeof(options), threads};
    halftone_context *result = nullptr;
    EXPECT_EQ(halftone_context_create(program, &options, &result), HALFTONE_OK) << halftone_last_error();
    return result;
  }
  std::vector<float> logits() const {
    const float *data = halftone_logits(context);
    return data ? std::vector<float>(data, data + vocabulary) : std::vector<float>();
  }

  halftone_program *program = nullptr;
  halftone_context *context = nullptr;
};

} // namespace

TEST_F(ContextTest, PrefillOfAnyLengthGivesTheLastLogits) {
  for (int64_t n : {1, 7, 8, 9, 16, 17, 40}) {
    std::vector<int32_t> tokens = someTokens(n);
    ASSERT_EQ(halftone_rewind(context, 0), HALFTONE_OK);
    EXPECT_EQ(halftone_logits(context), nullptr);
    ASSERT_EQ(halftone_prefill(context, tokens.data(), n), HALFTONE_OK) << halftone_last_error();
    EXPECT_EQ(halftone_position(context), n);
    EXPECT_EQ(logits(), expectedLogits(tokens)) << n << " tokens";
  }
}

TEST_F(ContextTest, DecodeContinuesPrefill) {
  std::vector<int32_t> tokens = someTokens(5);
  ASSERT_EQ(halftone_prefill(context, tokens.data(), 5), HALFTONE_OK);
  for (int32_t token : {3, 31, 0}) {
    tokens.push_back(token);
    ASSERT_EQ(halftone_decode(context, token), HALFTONE_OK);
    EXPECT_EQ(logits(), expectedLogits(tokens));
  }
}

TEST_F(ContextTest, EvaluateGivesAllLogits) {
  std::vector<int32_t> tokens = someTokens(19);
  std::vector<float> all(19 * vocabulary), expected;
  ASSERT_EQ(halftone_evaluate(context, tokens.data(), 19, all.data()), HALFTONE_OK);
  for (int64_t i = 1; i <= 19; ++i)
    for (float logit : expectedLogits({tokens.begin(), tokens.begin() + i}))
      expected.push_back(logit);
  EXPECT_EQ(all, expected);
  EXPECT_EQ(logits(), expectedLogits(tokens));
}

TEST_F(ContextTest, RewindForgetsTheRest) {
  std::vector<int32_t> tokens = someTokens(12);
  ASSERT_EQ(halftone_prefill(context, tokens.data(), 12), HALFTONE_OK);
  ASSERT_EQ(halftone_rewind(context, 4), HALFTONE_OK);
  tokens.resize(4);
  tokens.push_back(30);
  ASSERT_EQ(halftone_decode(context, 30), HALFTONE_OK);
  EXPECT_EQ(logits(), expectedLogits(tokens));
  EXPECT_EQ(halftone_rewind(context, 6), HALFTONE_INVALID_ARGUMENT);
  EXPECT_STREQ(halftone_last_error(), "cannot rewind to position 6: the sequence has 5 tokens");
}

TEST_F(ContextTest, WhatDoesNotFitIsRefusedAndChangesNothing) {
  std::vector<int32_t> tokens = someTokens(41);
  EXPECT_EQ(halftone_prefill(context, tokens.data(), 41), HALFTONE_CONTEXT_FULL);
  EXPECT_STREQ(halftone_last_error(), "41 tokens do not fit the model's context of 40; shorten the text");
  EXPECT_EQ(halftone_position(context), 0);
  ASSERT_EQ(halftone_prefill(context, tokens.data(), 40), HALFTONE_OK);
  EXPECT_EQ(halftone_decode(context, 1), HALFTONE_CONTEXT_FULL);
  EXPECT_STREQ(halftone_last_error(), "1 more tokens do not fit the model's context of 40, which holds 40 already");
  EXPECT_EQ(halftone_position(context), 40);
}

TEST_F(ContextTest, TokensOutsideTheVocabularyAreNamed) {
  const std::vector<int32_t> tokens = {1, 32};
  EXPECT_EQ(halftone_prefill(context, tokens.data(), 2), HALFTONE_INVALID_ARGUMENT);
  EXPECT_STREQ(halftone_last_error(), "token 1 is 32, expected 0 to 31");
  EXPECT_EQ(halftone_decode(context, -1), HALFTONE_INVALID_ARGUMENT);
  EXPECT_EQ(halftone_prefill(context, tokens.data(), 0), HALFTONE_INVALID_ARGUMENT);
  EXPECT_EQ(halftone_prefill(context, nullptr, 2), HALFTONE_INVALID_ARGUMENT);
  EXPECT_EQ(halftone_prefill(nullptr, tokens.data(), 2), HALFTONE_INVALID_ARGUMENT);
}

TEST_F(ContextTest, ScoreIsTheSumOverTheTokens) {
  for (int64_t n : {1, 2, 9, 10, 41}) { // 41 tokens: 40 are read, the last one is only predicted
    std::vector<int32_t> tokens = someTokens(n);
    double sum = -1, expected = 0;
    ASSERT_EQ(halftone_score(context, tokens.data(), n, &sum), HALFTONE_OK) << halftone_last_error();
    for (int64_t i = 1; i < n; ++i) {
      double total = 0;
      std::vector<float> logits = expectedLogits({tokens.begin(), tokens.begin() + i});
      for (float logit : logits)
        total += std::exp(double(logit));
      expected += std::log(total) - logits[tokens[i]];
    }
    EXPECT_NEAR(sum, expected, 1e-12 * double(n)) << n << " tokens";
  }
  EXPECT_EQ(halftone_score(context, someTokens(42).data(), 42, nullptr), HALFTONE_INVALID_ARGUMENT);
  double sum;
  EXPECT_EQ(halftone_score(context, someTokens(42).data(), 42, &sum), HALFTONE_CONTEXT_FULL);
  EXPECT_EQ(halftone_score(context, std::vector<int32_t>{1, 99}.data(), 2, &sum), HALFTONE_INVALID_ARGUMENT);
}

TEST_F(ContextTest, ThreadsDoNotChangeResults) {
  std::vector<int32_t> tokens = someTokens(23);
  for (int32_t threads : {1, 2, 3, 5}) {
    ASSERT_EQ(halftone_set_threads(context, threads), HALFTONE_OK);
    EXPECT_EQ(halftone_threads(context), threads);
    ASSERT_EQ(halftone_rewind(context, 0), HALFTONE_OK);
    ASSERT_EQ(halftone_prefill(context, tokens.data(), 23), HALFTONE_OK) << halftone_last_error();
    EXPECT_EQ(logits(), expectedLogits(tokens));
  }
  EXPECT_EQ(halftone_set_threads(context, -1), HALFTONE_INVALID_ARGUMENT);
  EXPECT_EQ(halftone_set_threads(context, 1025), HALFTONE_INVALID_ARGUMENT);
  EXPECT_EQ(halftone_threads(context), 5);
}

TEST_F(ContextTest, ContextsOfOneProgramRunAtTheSameTime) {
  std::vector<std::thread> workers;
  std::vector<int> wrong(4);
  for (int w = 0; w < 4; ++w)
    workers.emplace_back([&, w] {
      halftone_context *own = make(1 + w % 2);
      std::vector<int32_t> tokens = {w};
      halftone_prefill(own, tokens.data(), 1);
      for (int32_t i = 0; i < 30; ++i) {
        tokens.push_back((w * 5 + i) % int32_t(vocabulary));
        halftone_decode(own, tokens.back());
        std::vector<float> expected = expectedLogits(tokens);
        wrong[w] += !std::equal(expected.begin(), expected.end(), halftone_logits(own));
      }
      halftone_decode(own, 1000 + w); // the error text is of this thread
      wrong[w] += std::string(halftone_last_error()).find(std::to_string(1000 + w)) == std::string::npos;
      halftone_context_free(own);
    });
  for (std::thread &worker : workers)
    worker.join();
  EXPECT_EQ(wrong, std::vector<int>(4));
}

TEST_F(ContextTest, OptionsAreChecked) {
  halftone_context *other;
  halftone_context_options options = {0, 1};
  EXPECT_EQ(halftone_context_create(program, &options, &other), HALFTONE_INVALID_ARGUMENT);
  EXPECT_EQ(halftone_context_create(nullptr, nullptr, &other), HALFTONE_INVALID_ARGUMENT);
  ASSERT_EQ(halftone_context_create(program, nullptr, &other), HALFTONE_OK);
  EXPECT_EQ(halftone_threads(other), halftone_cpu_count());
  EXPECT_EQ(halftone_context_program(other), program);
  halftone_context_free(other);
}

TEST_F(ContextTest, TooMuchMemoryIsAnError) {
  halftone_model model = halftone_model_v1;
  model.chunk = 1 << 24;
  model.hidden = 1 << 24; // 2^50 bytes of hidden states
  halftone_program *huge;
  ASSERT_EQ(halftone_open_linked(&model, &huge), HALFTONE_OK);
  halftone_context *none;
  EXPECT_EQ(halftone_context_create(huge, nullptr, &none), HALFTONE_NO_MEMORY);
  EXPECT_EQ(none, nullptr);
  halftone_close(huge);
}
