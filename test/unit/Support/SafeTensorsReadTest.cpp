#include "TempFolder.h"
#include "halftone/Support/SafeTensors.h"
#include "llvm/Support/Endian.h"
#include "gtest/gtest.h"
#include <fstream>
#include <random>

using namespace halftone;
using namespace llvm;
using namespace std::string_literals;

namespace {
/// Header length, header, data.
std::string image(StringRef header, StringRef data) {
  char length[8];
  support::endian::write64le(length, header.size());
  return (StringRef(length, 8) + header + data).str();
}

std::string entry(StringRef name, StringRef dtype, StringRef shape, StringRef offsets) {
  return ("\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":[" + shape + "],\"data_offsets\":[" + offsets + "]}")
      .str();
}

/// The message for a file with these contents, without the path; "" if it opens.
std::string errorOf(StringRef contents) {
  TempFolder folder;
  std::string path = folder.write("m.safetensors", contents);
  Expected<TensorStore> store = TensorStore::openFile(path);
  if (store)
    return "";
  std::string message = toString(store.takeError());
  EXPECT_EQ(message.find("'" + path + "': "), 0u) << message;
  return message.substr(path.size() + 4);
}

/// The message for one file with 4 tensors' header texts and 16 bytes of data.
std::string headerError(StringRef header) { return errorOf(image(header, std::string(16, '\1'))); }

TEST(SafeTensorsRead, TensorsInFileOrder) {
  TempFolder folder;
  std::string header = "{\"__metadata__\":{\"format\":\"pt\"}," + entry("b", "F32", "1,2", "8,16") + "," +
                       entry("a", "I64", "", "0,8") + "," + entry("empty", "F16", "3,0", "8,8") + "}   ";
  Expected<TensorStore> store =
      TensorStore::openFile(folder.write("m", image(header, StringRef("\1\0\0\0\0\0\0\0\0\0\x80\x3f\0\0\0\xc0", 16))));
  ASSERT_TRUE(bool(store)) << toString(store.takeError());
  ASSERT_EQ(store->entries().size(), 3u);
  EXPECT_EQ(store->entries()[0].name, "a");
  EXPECT_EQ(store->entries()[1].name, "empty");
  EXPECT_EQ(store->entries()[2].name, "b");
  EXPECT_EQ(store->find("missing"), nullptr);
  const TensorEntry *b = store->find("b");
  ASSERT_NE(b, nullptr);
  EXPECT_EQ(b->shape, (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(store->bytes(*b).size(), 8u);
  EXPECT_EQ(cantFail(store->readFloats(*b)), (std::vector<float>{1, -2}));
  EXPECT_TRUE(cantFail(store->readFloats(*store->find("empty"))).empty());
  std::string error = toString(store->readFloats(*store->find("a")).takeError());
  EXPECT_NE(error.find("tensor 'a': dtype I64 is no float"), std::string::npos) << error;
}

TEST(SafeTensorsRead, HalfAndBfloatAndDouble) {
  TempFolder folder;
  std::string header = "{" + entry("h", "F16", "2", "0,4") + "," + entry("b", "BF16", "2", "4,8") + "," +
                       entry("d", "F64", "1", "8,16") + "}";
  std::string data("\x00\x3c\x01\x80\x80\x3f\x40\xc0\0\0\0\0\0\0\xe0\xbf", 16);
  TensorStore store = cantFail(TensorStore::openFile(folder.write("m", image(header, data))));
  EXPECT_EQ(cantFail(store.readFloats(*store.find("h"))), (std::vector<float>{1, -0x1p-24f}));
  EXPECT_EQ(cantFail(store.readFloats(*store.find("b"))), (std::vector<float>{1, -3}));
  EXPECT_EQ(cantFail(store.readFloats(*store.find("d"))), (std::vector<float>{-0.5f}));
}

TEST(SafeTensorsRead, MissingFile) {
  EXPECT_EQ(toString(TensorStore::openFile("/no/such/file").takeError()),
            "cannot read '/no/such/file': No such file or directory");
}

TEST(SafeTensorsRead, ForeignFiles) {
  EXPECT_EQ(errorOf(""), "the file is empty");
  EXPECT_EQ(errorOf("abc"), "the file is too short for safetensors (3 bytes)");
  EXPECT_EQ(errorOf("<!DOCTYPE html><html>404</html>"), "an HTML page, not a safetensors file: download it again");
  EXPECT_EQ(errorOf("\n <HTML><head>"), "an HTML page, not a safetensors file: download it again");
  EXPECT_EQ(errorOf("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n"),
            "a git-LFS pointer, not the tensors: fetch the file with 'git lfs pull'");
  EXPECT_EQ(errorOf("{\"a\": 1, \"b\": 2}"), "JSON text, not a safetensors file");
  EXPECT_EQ(errorOf("GGUF\3\0\0\0abcdefgh"), "a GGUF file, not a safetensors file");
  EXPECT_EQ(errorOf("PK\x03\x04 pickle inside"), "a PyTorch or zip archive, not a safetensors file: convert it first");
  EXPECT_EQ(errorOf("\x01\xe1\xf5\x05\0\0\0\0{}"s),
            "not a safetensors file: a header of 100000001 bytes (limit 100000000)");
}

TEST(SafeTensorsRead, Truncated) {
  std::string whole = image("{" + entry("w", "F32", "4", "0,16") + "}", std::string(16, '\0'));
  ASSERT_EQ(errorOf(whole), "");
  for (size_t size = 0; size < whole.size(); ++size)
    ASSERT_NE(errorOf(StringRef(whole).take_front(size)), "") << size;
  EXPECT_EQ(errorOf(StringRef(whole).drop_back(1)),
            "tensor 'w': data offsets 0 to 16 leave the file, which has 15 bytes of data: the file is truncated");
  EXPECT_EQ(errorOf(StringRef(whole).take_front(20)),
            "the header (55 bytes) is longer than the file (20 bytes): the file is truncated");
}

TEST(SafeTensorsRead, BadHeaders) {
  EXPECT_EQ(headerError("[]"), "not a safetensors file: the header does not begin with '{'");
  EXPECT_EQ(headerError("{\"a\":}").find("the header is not valid JSON: "), 0u);
  EXPECT_EQ(headerError("{\"a\":" + std::string(100000, '[')), "JSON nested deeper than 16");
  EXPECT_EQ(headerError("{}"), "16 bytes behind the last tensor belong to none");
  EXPECT_EQ(headerError("{\"w\":3}"), "tensor 'w': the entry is not an object");
  EXPECT_EQ(headerError("{\"w\":{\"shape\":[4]}}"), "tensor 'w': 'dtype' is missing or no string");
  EXPECT_EQ(headerError("{" + entry("w", "F31", "4", "0,16") + "}"), "tensor 'w': unknown dtype 'F31'");
  EXPECT_EQ(headerError("{\"w\":{\"dtype\":\"F32\"}}"), "tensor 'w': 'shape' is missing or no list");
  EXPECT_EQ(headerError("{\"w\":{\"dtype\":\"F32\",\"shape\":[4]}}"),
            "tensor 'w': 'data_offsets' is not a list of two integers from 0 on");
}

TEST(SafeTensorsRead, BadShapes) {
  std::string dimension = "tensor 'w': a dimension of 'shape' is no integer from 0 on";
  EXPECT_EQ(headerError("{" + entry("w", "F32", "-4", "0,16") + "}"), dimension);
  EXPECT_EQ(headerError("{" + entry("w", "F32", "1.5", "0,16") + "}"), dimension);
  EXPECT_EQ(headerError("{" + entry("w", "F32", "\"4\"", "0,16") + "}"), dimension);
  EXPECT_EQ(headerError("{" + entry("w", "F32", "99999999999999999999", "0,16") + "}"), dimension);
  EXPECT_EQ(headerError("{" + entry("w", "F32", "4294967296,4294967296", "0,16") + "}"),
            "tensor 'w': the shape's size overflows");
  EXPECT_EQ(headerError("{" + entry("w", "F32", "4611686018427387904", "0,16") + "}"),
            "tensor 'w': the shape's size overflows");
  EXPECT_EQ(headerError("{" + entry("w", "F32", "3", "0,16") + "}"),
            "tensor 'w': shape and dtype need 12 bytes, data offsets give 16");
}

TEST(SafeTensorsRead, BadOffsets) {
  std::string list = "tensor 'w': 'data_offsets' is not a list of two integers from 0 on";
  EXPECT_EQ(headerError("{" + entry("w", "F32", "4", "0") + "}"), list);
  EXPECT_EQ(headerError("{" + entry("w", "F32", "4", "-16,0") + "}"), list);
  EXPECT_EQ(headerError("{" + entry("w", "F32", "4", "0,1e99") + "}"), list);
  EXPECT_EQ(headerError("{" + entry("w", "F32", "4", "16,0") + "}"),
            "tensor 'w': data offsets run backwards (16 to 0)");
  EXPECT_EQ(headerError("{" + entry("w", "F32", "4", "8,24") + "}"),
            "tensor 'w': data offsets 8 to 24 leave the file, which has 16 bytes of data: the file is truncated");
  EXPECT_EQ(headerError("{" + entry("w", "F32", "4", "18446744073709551600,18446744073709551615") + "}")
                .find("tensor 'w': data offsets"),
            0u);
  EXPECT_EQ(headerError("{" + entry("a", "F32", "2", "0,8") + "," + entry("w", "F32", "3", "4,16") + "}"),
            "tensor 'w': data overlaps that of tensor 'a'");
  EXPECT_EQ(headerError("{" + entry("a", "F32", "2", "0,8") + "," + entry("w", "F32", "1", "12,16") + "}"),
            "tensor 'w': a gap of 4 bytes before its data");
  EXPECT_EQ(headerError("{" + entry("w", "F32", "3", "4,16") + "}"), "tensor 'w': a gap of 4 bytes before its data");
  EXPECT_EQ(headerError("{" + entry("w", "F32", "3", "0,12") + "}"), "4 bytes behind the last tensor belong to none");
}

TEST(SafeTensorsRead, Duplicates) {
  EXPECT_EQ(headerError("{" + entry("w", "F32", "4", "0,16") + "," + entry("w", "F32", "4", "0,16") + "}"),
            "duplicate entry 'w'");
  // The same name, once with an escape.
  EXPECT_EQ(headerError("{" + entry("w", "F32", "2", "0,8") + "," + entry("\\u0077", "F32", "2", "8,16") + "}"),
            "duplicate entry 'w'");
  EXPECT_EQ(headerError("{\"w\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}}"),
            "the header has an object with a duplicate key");
  EXPECT_EQ(headerError("{" + entry("a:{\\\"b", "F32", "4", "0,16") + "}"), "") << "punctuation inside a name";
}

// Whatever the bytes, an error or a store whose tensors lie in the file.
TEST(SafeTensorsRead, SurvivesMutations) {
  std::string good =
      image("{" + entry("a", "F32", "2", "0,8") + "," + entry("b", "F16", "2,2", "8,16") + "}", std::string(16, '\1'));
  std::mt19937 random(1);
  TempFolder folder;
  unsigned opened = 0;
  for (unsigned round = 0; round < 200; ++round) {
    std::string bytes = good;
    for (unsigned i = 0, n = 1 + random() % 3; i < n; ++i)
      bytes[random() % bytes.size()] = random() % 4 ? "0123456789{}[]:,\""[random() % 17] : char(random());
    Expected<TensorStore> store = TensorStore::openFile(folder.write("m", bytes));
    if (!store) {
      consumeError(store.takeError());
      continue;
    }
    ++opened;
    for (const TensorEntry &tensor : store->entries())
      ASSERT_EQ(store->bytes(tensor).size(), tensor.bytes);
  }
  EXPECT_GT(opened, 0u);
}

//===----------------------------------------------------------------------===//
// Folders
//===----------------------------------------------------------------------===//

std::string shard(StringRef tensor) {
  return image("{" + entry(tensor, "F32", "1", "0,4") + "}", StringRef("\0\0\x80\x3f", 4));
}

/// The message of opening a folder with this index and shards 1.st (tensor a), 2.st (tensor b).
std::string folderError(StringRef index) {
  TempFolder folder;
  folder.write("1.st", shard("a"));
  folder.write("2.st", shard("b"));
  folder.write("model.safetensors.index.json", index);
  Expected<TensorStore> store = TensorStore::openFolder(folder.root);
  if (store)
    return "";
  std::string message = toString(store.takeError()), prefix = "'" + folder.root + "/";
  EXPECT_EQ(message.find(prefix), 0u) << message;
  return message.substr(prefix.size());
}

TEST(SafeTensorsRead, Shards) {
  TempFolder folder;
  folder.write("1.st", shard("a"));
  folder.write("2.st", shard("b"));
  folder.write("model.safetensors.index.json",
               "{\"metadata\":{\"total_size\":8},\"weight_map\":{\"b\":\"2.st\",\"a\":\"1.st\"}}");
  Expected<TensorStore> store = TensorStore::openFolder(folder.root);
  ASSERT_TRUE(bool(store)) << toString(store.takeError());
  EXPECT_EQ(store->files().size(), 2u);
  EXPECT_EQ(store->find("b")->file, 1u);
  EXPECT_EQ(cantFail(store->readFloats(*store->find("b"))), std::vector<float>{1});
  // A whole file goes before the index.
  folder.write("model.safetensors", shard("c"));
  EXPECT_NE(cantFail(TensorStore::openFolder(folder.root)).find("c"), nullptr);
}

TEST(SafeTensorsRead, BadFolders) {
  TempFolder folder;
  EXPECT_EQ(toString(TensorStore::openFolder(folder.path("none")).takeError()),
            "cannot read '" + folder.path("none") + "': no such folder");
  EXPECT_EQ(toString(TensorStore::openFolder(folder.root).takeError()),
            "'" + folder.root + "': neither model.safetensors nor model.safetensors.index.json in the folder");
}

/// Bytes of mapped files in this process's memory.
size_t mappedFileBytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (StringRef(line).consume_front("RssFile:"))
      return std::stoull(line.substr(8)) * 1024;
  return 0;
}

TEST(SafeTensorsRead, KeepsNoFileInMemory) {
  constexpr size_t bytes = 32 << 20;
  TempFolder folder;
  std::string path =
      folder.write("m", image("{" + entry("a", "F32", "8388608", "0,33554432") + "}", std::string(bytes, '\0')));
  Expected<TensorStore> store = TensorStore::openFile(path);
  ASSERT_TRUE(bool(store)) << toString(store.takeError());
  size_t before = mappedFileBytes();
  ASSERT_GT(before, 0u);
  EXPECT_EQ(cantFail(store->readFloats(*store->find("a"))).size(), bytes / 4);
  EXPECT_LT(mappedFileBytes(), before + bytes / 4);
}

TEST(SafeTensorsRead, BadIndex) {
  std::string file = "model.safetensors.index.json': ";
  EXPECT_EQ(folderError("{}"), file + "no 'weight_map', or an empty one");
  EXPECT_EQ(folderError("[]"), file + "the index is not a JSON object");
  EXPECT_EQ(folderError("{").find(file + "the index is not valid JSON: "), 0u);
  EXPECT_EQ(folderError("{\"weight_map\":{\"a\":1}}"), file + "tensor 'a': its shard is no string");
  EXPECT_EQ(folderError("{\"weight_map\":{\"a\":\"3.st\"}}"), file + "shard '3.st' is missing in the folder");
  EXPECT_EQ(folderError("{\"weight_map\":{\"c\":\"1.st\"}}"), file + "tensor 'c': not in shard '1.st'");
  EXPECT_EQ(folderError("{\"weight_map\":{\"a\":\"2.st\",\"b\":\"1.st\"}}"), file + "tensor 'a': not in shard '2.st'");
  for (StringRef name : {"../1.st", "/etc/passwd", "x\\\\1.st", "..", ".", "", "1.st\\u0000"})
    EXPECT_NE(folderError(("{\"weight_map\":{\"a\":\"" + name + "\"}}").str()).find("is not a plain file name"),
              std::string::npos)
        << name.str();
}

TEST(SafeTensorsRead, TensorInTwoShards) {
  TempFolder folder;
  folder.write("1.st", shard("a"));
  folder.write("2.st", shard("a"));
  folder.write("3.st", shard("b"));
  folder.write("model.safetensors.index.json", "{\"weight_map\":{\"a\":\"1.st\",\"b\":\"2.st\"}}");
  EXPECT_EQ(toString(TensorStore::openFolder(folder.root).takeError()),
            "'" + folder.path("2.st") + "': tensor 'a': is also in '" + folder.path("1.st") + "'");
}
} // namespace
