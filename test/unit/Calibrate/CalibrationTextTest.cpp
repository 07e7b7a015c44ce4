//===- CalibrationTextTest.cpp - Tokens to calibrate on -------------------===//

#include "halftone/Calibrate/CalibrationText.h"
#include "ObservedModel.h"
#include "halftone/Support/AtomicFile.h"
#include "llvm/Support/FileSystem.h"

using namespace halftone;

namespace {

/// A file in the folder for temporary files, removed at the end.
class TextFile {
public:
  explicit TextFile(llvm::StringRef contents) {
    EXPECT_FALSE(llvm::sys::fs::createTemporaryFile("halftone-test", "txt", path));
    EXPECT_FALSE(bool(writeFileAtomically(path, contents)));
  }
  ~TextFile() { llvm::sys::fs::remove(path); }
  llvm::SmallString<128> path;
};

std::string readMessage(llvm::StringRef contents) {
  TextFile file(contents);
  std::string text = message(readCalibrationText(file.path).takeError());
  size_t at = text.find(file.path.str());
  return at == std::string::npos ? text : text.replace(at, file.path.size(), "x.txt");
}

TEST(CalibrationText, IsRead) {
  TextFile file("one\r\ntwo\rthree\n");
  llvm::Expected<std::string> text = readCalibrationText(file.path);
  ASSERT_TRUE(bool(text)) << message(text.takeError());
  EXPECT_EQ(*text, "one\ntwo\nthree\n");
}

TEST(CalibrationText, IsRefused) {
  EXPECT_EQ(message(readCalibrationText("/no/such.txt").takeError()),
            "cannot read the calibration text '/no/such.txt': No such file or directory");
  EXPECT_EQ(message(readCalibrationText("/").takeError()), "'/' is a folder, expected a text file to calibrate on");
  EXPECT_EQ(readMessage(""), "the calibration text 'x.txt' is empty");
  EXPECT_EQ(readMessage(" \n\t"), "the calibration text 'x.txt' is empty");
  EXPECT_EQ(readMessage("caf\xe9 noir"),
            "the calibration text 'x.txt' is not UTF-8: byte 0xe9 at offset 3; convert it, "
            "for example with iconv");
}

TEST(CalibrationText, IsCutIntoSequences) {
  ObservedProgram *program = observedModel();
  ASSERT_NE(program, nullptr);
  std::string document;
  for (int i = 0; i < 60; ++i)
    document += "ROMEO: what light is that, and who speaks? ";
  llvm::Expected<CalibrationData> data =
      tokenizeCalibrationText(*program, document + "<|endoftext|>\n\n<|endoftext|>A short one.", "x.txt", 1 << 20);
  ASSERT_TRUE(bool(data)) << message(data.takeError());
  ASSERT_GT(data->sequences.size(), 3u);
  for (const std::vector<int32_t> &sequence : data->sequences) {
    EXPECT_EQ(sequence.front(), program->bos());
    EXPECT_LE(int64_t(sequence.size()), program->context());
    EXPECT_GE(sequence.size(), 2u);
  }
  EXPECT_EQ(int64_t(data->sequences.front().size()), program->context());
  EXPECT_LT(int64_t(data->sequences.back().size()), program->context());
  // The begin tokens count.
  llvm::Expected<CalibrationData> part = tokenizeCalibrationText(*program, document, "x.txt", 150);
  ASSERT_TRUE(bool(part)) << message(part.takeError());
  EXPECT_EQ(part->tokens(), 150);
  EXPECT_EQ(part->sequences.front(), data->sequences.front());
  EXPECT_NE(part->hash(), data->hash());
  std::string refused = message(tokenizeCalibrationText(*program, "Hark!", "x.txt", 1000).takeError());
  EXPECT_TRUE(llvm::StringRef(refused).starts_with("the calibration text 'x.txt' is too short: it has "));
  EXPECT_TRUE(llvm::StringRef(refused).ends_with(" tokens, at least 128 are needed")) << refused;
}

TEST(CalibrationText, IsWrittenByTheModel) {
  ObservedProgram *program = observedModel();
  ASSERT_NE(program, nullptr);
  int64_t told = 0;
  auto generate = [&](uint64_t seed) {
    llvm::Expected<CalibrationData> data =
        generateCalibrationText(*program, seed, 200, [&](int64_t tokens) { told = tokens; });
    EXPECT_TRUE(bool(data)) << message(data.takeError());
    return data ? *data : CalibrationData();
  };
  CalibrationData data = generate(4);
  EXPECT_EQ(data.tokens(), 200);
  EXPECT_EQ(told, 200);
  EXPECT_EQ(data.source, "self, seed 4");
  for (const std::vector<int32_t> &sequence : data.sequences) {
    EXPECT_EQ(sequence.front(), program->bos());
    EXPECT_LE(int64_t(sequence.size()), program->context());
  }
  EXPECT_EQ(generate(4).sequences, data.sequences);
  EXPECT_NE(generate(5).sequences, data.sequences);
  EXPECT_EQ(message(generateCalibrationText(*program, 4, 100).takeError()),
            "100 tokens are too few to calibrate on; at least 128 are needed");
}

} // namespace
