//===- TextTest.cpp - UTF-8, white space, spelling, JSON, options ----------===//
#include "src/driver/Options.h"
#include "src/driver/Support.h"

#include <gtest/gtest.h>

using namespace halftone::driver;

TEST(Text, Utf8IsChecked) {
  EXPECT_EQ(findInvalidUtf8("plain, \u00e9, \u20ac, \U0001F600"), std::string::npos);
  EXPECT_EQ(findInvalidUtf8(std::string_view("a\0b", 3)), std::string::npos);
  EXPECT_EQ(findInvalidUtf8("ab\xff"), 2u);
  EXPECT_EQ(findInvalidUtf8("\xc0\xaf"), 0u);         // long spelling
  EXPECT_EQ(findInvalidUtf8("\xed\xa0\x80"), 0u);     // surrogate
  EXPECT_EQ(findInvalidUtf8("\xf4\x90\x80\x80"), 0u); // above 0x10ffff
  EXPECT_EQ(findInvalidUtf8("x\xe2\x82"), 1u);        // cut off
}

TEST(Text, StripRemovesUnicodeSpaces) {
  EXPECT_EQ(strip(" \t\n\u00a0\u3000 a b \u2028\r\n"), "a b");
  EXPECT_EQ(strip("\u00e9"), "\u00e9");
  EXPECT_EQ(strip(" \n "), "");
  EXPECT_EQ(strip(""), "");
}

TEST(Text, NewlinesBecomeOne) { EXPECT_EQ(normalizeNewlines("a\r\nb\rc\n\r\n"), "a\nb\nc\n\n"); }

TEST(Text, NearestFindsTypos) {
  const std::vector<std::string> names = {"--prompt", "--perplexity", "--predict"};
  EXPECT_EQ(nearest("--promt", names), "--prompt");
  EXPECT_EQ(nearest("--perplexty", names), "--perplexity");
  EXPECT_EQ(nearest("--zzzzzzzzzz", names), "");
}

TEST(Text, StreamsKeepIncompleteCharacters) {
  Utf8Stream stream;
  EXPECT_EQ(stream.push("a\xe2\x82"), "a");
  EXPECT_EQ(stream.push("\xac!"), "\u20ac!");
  EXPECT_EQ(stream.push("\xff"), "\ufffd");
  EXPECT_EQ(stream.push("\xf0\x9f"), "");
  EXPECT_EQ(stream.finish(), "\ufffd");
  EXPECT_EQ(stream.finish(), "");
}

TEST(Text, JsonEscapesAndNests) {
  Json json;
  json.beginObject().text("a\"b", "x\\\n\x01\xff").beginArray("list").integer(nullptr, -3).number(nullptr, 0.5);
  json.number(nullptr, 1.0 / 0.0).endArray().boolean("yes", true).endObject();
  EXPECT_EQ(json.take(), "{\"a\\\"b\": \"x\\\\\\n\\u0001\ufffd\", \"list\": [-3, 0.5, null], \"yes\": true}\n");
}

static std::string errorOf(const std::vector<std::string> &arguments, bool linked = false) {
  try {
    parseOptions(arguments, linked);
    return "";
  } catch (const Failure &failure) {
    return failure.what();
  }
}

TEST(Options, ShortPIsATextOrALength) {
  EXPECT_EQ(parseOptions({"m.so", "-p", "12"}, false).prompt, "12");
  Options bench = parseOptions({"m.so", "--bench", "-p", "12,16", "-n", "0"}, false);
  EXPECT_EQ(bench.benchPrompt, (std::vector<int64_t>{12, 16}));
  EXPECT_EQ(bench.benchGenerate, std::vector<int64_t>{0});
  EXPECT_EQ(errorOf({"m.so", "--bench", "-p", "Once"}),
            "-p Once: expected whole numbers from 0 on, separated by commas");
}

TEST(Options, NumbersAreStrict) {
  EXPECT_EQ(errorOf({"m.so", "-p", "x", "-n", "-5"}),
            "-n -5: expected a number of tokens from 0 on (or -1: to the end of the context)");
  EXPECT_NE(errorOf({"m.so", "-p", "x", "-n", "5x"}), "");
  EXPECT_NE(errorOf({"m.so", "-p", "x", "-n", "99999999999999999999"}), "");
  EXPECT_NE(errorOf({"m.so", "-p", "x", "-t", "0"}), "");
  EXPECT_NE(errorOf({"m.so", "-p", "x", "--temp", "nan"}), "");
  EXPECT_NE(errorOf({"m.so", "-p", "x", "--top-p", "0"}), "");
  EXPECT_NE(errorOf({"m.so", "-p", "x", "--seed", "-1"}), "");
  EXPECT_NE(errorOf({"m.so", "--tokens", "1,,2"}), "");
  EXPECT_EQ(parseOptions({"m.so", "--tokens", "1,2", "--seed=18446744073709551615"}, false).seed, UINT64_MAX);
}

TEST(Options, ExactlyOneTask) {
  EXPECT_EQ(errorOf({"m.so"}), "nothing to do; give --prompt, --perplexity, --bench or --info (--help shows more)");
  EXPECT_EQ(errorOf({"m.so", "--bench", "--info"}), "--bench and --info do not go together; choose one");
  EXPECT_EQ(parseOptions({"--bench", "--help"}, false).task, Task::Help);
}

TEST(Options, ModelIsTheFirstArgument) {
  EXPECT_EQ(parseOptions({"-n", "3", "m.so", "-p", "x"}, false).model, "m.so");
  EXPECT_EQ(parseOptions({"-m", "m.so", "-p", "x"}, false).model, "m.so");
  EXPECT_EQ(errorOf({"-p", "x"}).substr(0, 8), "no model");
  EXPECT_EQ(errorOf({"m.so", "Once"}), "unexpected argument 'Once'; a text to continue goes after --prompt");
  EXPECT_EQ(errorOf({"Once"}, true), "unexpected argument 'Once'; a text to continue goes after --prompt");
  EXPECT_EQ(errorOf({"-m", "m.so", "--info"}, true),
            "this program contains its model; --model is an option of quant-run");
}

TEST(Options, UnknownOnesGetASuggestion) {
  EXPECT_EQ(errorOf({"m.so", "--promt", "x"}), "unknown option '--promt'; did you mean '--prompt'?");
  EXPECT_EQ(errorOf({"m.so", "-z"}), "unknown option '-z'; --help lists them all");
  EXPECT_EQ(errorOf({"m.so", "--prompt"}), "--prompt needs a value: TEXT");
  EXPECT_EQ(errorOf({"m.so", "--json=1"}), "--json takes no value");
}
