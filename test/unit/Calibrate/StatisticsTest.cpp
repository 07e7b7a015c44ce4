//===- StatisticsTest.cpp - Statistics and their files --------------------===//

#include "halftone/Calibrate/Statistics.h"
#include "ObservedModel.h"
#include "halftone/Support/AtomicFile.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include <array>
#include <cmath>
#include <map>
#include <random>

using namespace halftone;
using llvm::StringRef;

namespace {

const std::string q0 = "model.layers.0.self_attn.q_proj.weight", v0 = "model.layers.0.self_attn.v_proj.weight";
const std::string down5 = "model.layers.5.mlp.down_proj.weight";

class Statistics : public testing::Test {
protected:
  void SetUp() override {
    program = observedModel();
    ASSERT_NE(program, nullptr);
    ASSERT_FALSE(llvm::sys::fs::createTemporaryFile("halftone-test", "statistics", path));
    data.source = "test";
    for (int32_t length : {5, 40, 33}) {
      data.sequences.emplace_back();
      for (int32_t i = 0; i < length; ++i)
        data.sequences.back().push_back((i * 61 + length) % 1000);
    }
  }
  void TearDown() override { llvm::sys::fs::remove(path); }

  /// Writes the file and returns its bytes.
  std::string write(const StatisticsOptions &options = {}) {
    llvm::Error error = writeStatistics(path, *program, data, "abc", options);
    EXPECT_FALSE(bool(error)) << message(std::move(error));
    return bytes();
  }
  std::string bytes() const {
    auto buffer = llvm::MemoryBuffer::getFile(path);
    return buffer ? (*buffer)->getBuffer().str() : "";
  }
  /// The message of opening a file with other bytes, its name as "x".
  std::string openMessage(StringRef contents) const {
    EXPECT_FALSE(bool(writeFileAtomically(path, contents)));
    llvm::Expected<StatisticsFile> file = StatisticsFile::open(path);
    if (file)
      return "";
    std::string text = message(file.takeError());
    size_t at = text.find(path.str());
    return at == std::string::npos ? text : text.replace(at, path.size(), "x");
  }
  StatisticsFile open() const {
    llvm::Expected<StatisticsFile> file = StatisticsFile::open(path);
    if (!file)
      llvm::report_fatal_error(file.takeError());
    return std::move(*file);
  }

  ObservedProgram *program = nullptr;
  llvm::SmallString<128> path;
  CalibrationData data;
};

// All inputs of one site, by hand.
TEST_F(Statistics, AreThoseOfPlainLoops) {
  write();
  StatisticsFile file = open();
  EXPECT_EQ(file.sites().size(), (6u * 4 + 1) + (6u * 7 + 1) + 6u * 2);
  for (const std::string &weight : {q0, down5}) {
    std::vector<float> x;
    for (const std::vector<int32_t> &sequence : data.sequences)
      EXPECT_FALSE(bool(program->run(sequence, [&](const Observation &observation) {
        if (observation.site.value == ObservedValue::Input && llvm::is_contained(observation.site.weights, weight))
          x.insert(x.end(), observation.data.begin(), observation.data.end());
      })));
    const SiteStatistics *site = file.find(weight);
    ASSERT_NE(site, nullptr);
    size_t cols = size_t(site->cols), rows = x.size() / cols;
    EXPECT_EQ(site->tokens, 78);
    ASSERT_EQ(rows, 78u);
    Histogram histogram;
    histogram.add(x);
    EXPECT_EQ(site->histogram.counts(), histogram.counts());
    EXPECT_EQ(site->histogram.range(), histogram.range());
    llvm::Expected<std::vector<float>> gram = file.gram(weight);
    ASSERT_TRUE(bool(gram)) << message(gram.takeError());
    ASSERT_EQ(gram->size(), cols * cols);
    for (size_t i = 0; i < cols; ++i) {
      double sum = 0, magnitudes = 0, squares = 0;
      float least = x[i], most = x[i];
      for (size_t t = 0; t < rows; ++t) {
        float value = x[t * cols + i];
        least = std::min(least, value);
        most = std::max(most, value);
        sum += value;
        magnitudes += std::abs(value);
        squares += double(value) * value;
      }
      ASSERT_EQ(site->min[i], least);
      ASSERT_EQ(site->max[i], most);
      ASSERT_EQ(site->sum[i], sum);
      ASSERT_EQ(site->sumMagnitudes[i], magnitudes);
      ASSERT_EQ(site->sumSquares[i], squares);
      for (size_t j = 0; j < cols; ++j) {
        double product = 0, size = 0;
        for (size_t t = 0; t < rows; ++t) {
          product += double(x[t * cols + i]) * x[t * cols + j];
          size += std::abs(double(x[t * cols + i]) * x[t * cols + j]);
        }
        ASSERT_NEAR((*gram)[i * cols + j], product, 4e-6 * size);
      }
    }
  }
}

// Outputs and sums, and the moving average of their ranges over the sequences.
TEST_F(Statistics, OfOutputsAndSums) {
  write();
  StatisticsFile file = open();
  for (ObservedValue value : {ObservedValue::Output, ObservedValue::Sum}) {
    float least = INFINITY, most = -INFINITY;
    double low = 0, high = 0;
    for (const std::vector<int32_t> &sequence : data.sequences) {
      std::vector<float> y;
      EXPECT_FALSE(bool(program->run(sequence, [&](const Observation &observation) {
        if (observation.site.value == value && observation.site.weights.front() == down5)
          y.insert(y.end(), observation.data.begin(), observation.data.end());
      })));
      auto [first, last] = std::minmax_element(y.begin(), y.end());
      least = std::min(least, *first);
      most = std::max(most, *last);
      bool isFirst = &sequence == &data.sequences.front();
      low = isFirst ? *first : 0.9 * low + 0.1 * *first;
      high = isFirst ? *last : 0.9 * high + 0.1 * *last;
    }
    const SiteStatistics *site = file.find(down5, value);
    ASSERT_NE(site, nullptr);
    EXPECT_EQ(*std::min_element(site->min.begin(), site->min.end()), least);
    EXPECT_EQ(*std::max_element(site->max.begin(), site->max.end()), most);
    EXPECT_FLOAT_EQ(site->running.low, float(low));
    EXPECT_FLOAT_EQ(site->running.high, float(high));
  }
}

// The names of policies; every weight that shares an input has one.
TEST_F(Statistics, ByNamesOfActivations) {
  llvm::Expected<std::vector<SiteStatistics>> sites = gatherStatistics(*program, data, {});
  ASSERT_TRUE(bool(sites)) << message(sites.takeError());
  std::map<std::string, ActivationStatistics> named;
  for (ActivationStatistics &each : toActivationStatistics(*sites))
    named[each.name] = each;
  EXPECT_EQ(named.size(), 2 * (6u * 7 + 1) + 6u * 2);
  EXPECT_EQ(named["in:" + q0].mins, named["in:" + v0].mins);
  EXPECT_NE(named["out:" + q0].mins, named["out:" + v0].mins);
  ASSERT_TRUE(named.count("sum:" + down5));
  const ActivationStatistics &sum = named["sum:" + down5];
  EXPECT_LT(std::abs(sum.mean), sum.deviation);
  EXPECT_GT(sum.deviation, 0);
  EXPECT_LT(sum.deviation, *std::max_element(sum.maxs.begin(), sum.maxs.end()));
}

TEST_F(Statistics, SharedInputsAreOneSite) {
  write();
  StatisticsFile file = open();
  ASSERT_NE(file.find(q0), nullptr);
  EXPECT_EQ(file.find(q0), file.find(v0));
  EXPECT_EQ(file.find("absent"), nullptr);
  EXPECT_EQ(file.data().sequences, data.sequences);
  EXPECT_EQ(file.data().source, "test");
}

// Neither threads nor the number of runs that memory asks for change a byte.
TEST_F(Statistics, AreReproducible) {
  StatisticsOptions options;
  size_t done = 0, total = 0;
  options.progress = [&](size_t d, size_t t) {
    EXPECT_EQ(d, done + 1);
    done = d;
    total = t;
  };
  options.threads = 1;
  std::string once = write(options);
  EXPECT_EQ(total, 3u);
  EXPECT_EQ(done, total);
  options.threads = 3;
  options.gramBytes = 1;
  done = 0;
  EXPECT_EQ(write(options), once);
  EXPECT_EQ(total, 25u * 3);
  EXPECT_EQ(done, total);
}

TEST_F(Statistics, WithoutGrams) {
  StatisticsOptions options;
  options.grams = false;
  write(options);
  std::string text = message(open().gram(q0).takeError());
  EXPECT_TRUE(StringRef(text).ends_with("' was made without Gram matrices; calibrate again")) << text;
}

TEST_F(Statistics, OfAnotherModelAreRefused) {
  write();
  StatisticsFile file = open();
  EXPECT_FALSE(bool(file.checkModel("abc", "my-model")));
  EXPECT_EQ(message(file.checkModel("abd", "my-model")),
            ("'" + path + "' holds statistics of another model (abc) than 'my-model' (abd); calibrate again").str());
  std::string text = message(file.gram("absent").takeError());
  EXPECT_TRUE(StringRef(text).ends_with("' holds no statistics of the input of tensor 'absent'")) << text;
}

TEST_F(Statistics, DamagedFilesAreRefused) {
  std::string good = write();
  EXPECT_EQ(openMessage(good), "");
  auto with = [&](StringRef from, StringRef to) {
    std::string bad = good;
    EXPECT_EQ(from.size(), to.size());
    size_t at = bad.find(from.str());
    EXPECT_NE(at, std::string::npos) << from.str();
    return bad.replace(at, from.size(), to.str());
  };
  EXPECT_EQ(openMessage(with("halftone statistics 2", "halftone statistics 3")),
            "'x' is of the format 'halftone statistics 3', expected 'halftone statistics 2'; calibrate again");
  EXPECT_EQ(openMessage(with("halftone statistics 2", "something else entire")),
            "'x' holds no statistics of a model's inputs");
  EXPECT_EQ(openMessage(with("\"model\":\"abc\"", "\"modem\":\"abc\"")),
            "'x': damaged statistics: its metadata are incomplete; calibrate again");
  EXPECT_EQ(openMessage(with("\"sites\":\"[{", "\"sites\":\"{{")),
            "'x': damaged statistics: its metadata are no list of sites; calibrate again");
  EXPECT_EQ(openMessage(with("\\\"value\\\":\\\"sum", "\\\"value\\\":\\\"sun")),
            "'x': damaged statistics: the description of a site in the metadata is incomplete; calibrate again");
  EXPECT_EQ(openMessage(with("\\\"cols\\\":128", "\\\"cols\\\":-12")),
            "'x': damaged statistics: the description of a site in the metadata is incomplete; calibrate again");
  EXPECT_EQ(openMessage(with("\\\"cols\\\":128", "\\\"cols\\\":129")),
            "'x': damaged statistics: tensor '" + q0 +
                "/min' has another type or shape than the metadata says; calibrate again");
  EXPECT_EQ(openMessage(with(q0 + "/sum_squares", q0 + "/sum_squabbl")),
            "'x': damaged statistics: tensor '" + q0 + "/sum_squares' is missing; calibrate again");
}

TEST_F(Statistics, DamagedValuesAreRefused) {
  std::string good = write();
  llvm::Expected<TensorStore> opened = TensorStore::openFile(path);
  ASSERT_TRUE(bool(opened)) << message(opened.takeError());
  const TensorStore &store = *opened;
  const TensorEntry &last = store.entries().back();
  size_t dataStart = good.size() - size_t(last.offset + last.bytes);
  auto damage = [&](StringRef tensor, std::array<unsigned char, 8> value) {
    const TensorEntry *entry = store.find(tensor);
    EXPECT_NE(entry, nullptr);
    std::string bad = good;
    size_t bytes = elementBytes(entry->kind);
    for (size_t i = 0; i < bytes; ++i)
      bad[dataStart + entry->offset + i] = char(value[i]);
    return openMessage(bad);
  };
  EXPECT_EQ(damage("calibration/tokens", {9}),
            "'x': damaged statistics: its tokens are not those that it was made of; calibrate again");
  EXPECT_EQ(damage("calibration/lengths", {200}),
            "'x': damaged statistics: the lengths of its sequences do not add up to its tokens; calibrate again");
  EXPECT_EQ(damage(q0 + "/max", {0, 0, 0x80, 0x7f}),
            "'x': damaged statistics: tensor '" + q0 + "/max' holds a value that is not finite; calibrate again");
  EXPECT_EQ(damage(q0 + "/histogram", {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}),
            "'x': damaged statistics: tensor '" + q0 + "/histogram' holds a negative count; calibrate again");
}

// Random bytes of the header change; the file is refused or read, and nothing crashes.
TEST_F(Statistics, SurviveMutations) {
  StatisticsOptions options;
  options.grams = false;
  std::string good = write(options);
  std::mt19937 random(3);
  for (int i = 0; i < 300; ++i) {
    std::string bad = good;
    for (int change = 0; change < 3; ++change)
      bad[random() % 6000] = char(random());
    openMessage(bad);
    openMessage(StringRef(good).take_front(random() % good.size()));
  }
}

TEST_F(Statistics, WhereTheyCannotBeWritten) {
  std::string text = message(writeStatistics("/no/such/folder/x", *program, data, "abc", {}));
  EXPECT_EQ(text, "cannot write '/no/such/folder/x': No such file or directory");
}

TEST(HashModel, TellsModelsApart) {
  llvm::Expected<std::string> hash = hashModel(HALFTONE_BUNDLED_MODEL), again = hashModel(HALFTONE_BUNDLED_MODEL);
  ASSERT_TRUE(bool(hash)) << message(hash.takeError());
  ASSERT_TRUE(bool(again)) << message(again.takeError());
  EXPECT_EQ(*hash, *again);
  EXPECT_EQ(hash->size(), 32u);
  EXPECT_EQ(message(hashModel("/no/such").takeError()), "cannot read '/no/such': No such file or directory");
}

} // namespace
