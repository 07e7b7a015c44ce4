#include "TempFolder.h"
#include "halftone/Support/SafeTensors.h"
#include "gtest/gtest.h"
#include <csignal>
#include <sys/resource.h>

using namespace halftone;
using namespace llvm;

namespace {
using Names = std::vector<std::string>;

TensorToWrite tensor(StringRef name, ElementKind kind, std::vector<int64_t> shape, std::string bytes) {
  return {name.str(), kind, std::move(shape), [bytes](raw_ostream &os) {
            os << bytes;
            return Error::success();
          }};
}

TEST(SafeTensorsWrite, RoundTrip) {
  TempFolder folder;
  std::string path = folder.path("m.safetensors"), ones("\0\0\x80\x3f\0\0\x80\x3f", 8);
  std::vector<TensorToWrite> tensors = {tensor("z \"quoted\" \xc3\xa9", ElementKind::F32, {2, 1}, ones),
                                        tensor("none", ElementKind::BF16, {0, 7}, ""),
                                        tensor("scalar", ElementKind::U8, {}, "\x05")};
  ASSERT_FALSE(bool(writeSafeTensors(path, tensors)));
  EXPECT_EQ(folder.names(), Names{"m.safetensors"});
  EXPECT_EQ((folder.read("m.safetensors").size() - 9) % 8, 0u) << "data begins at a multiple of 8";

  Expected<TensorStore> store = TensorStore::openFile(path);
  ASSERT_TRUE(bool(store)) << toString(store.takeError());
  for (const TensorToWrite &written : tensors) {
    const TensorEntry *entry = store->find(written.name);
    ASSERT_NE(entry, nullptr) << written.name;
    EXPECT_EQ(entry->kind, written.kind);
    EXPECT_EQ(entry->shape, written.shape);
  }
  EXPECT_EQ(cantFail(store->readFloats(*store->find(tensors[0].name))), (std::vector<float>{1, 1}));
  EXPECT_EQ(store->bytes(*store->find("scalar"))[0], 5);

  std::string first = folder.read("m.safetensors");
  ASSERT_FALSE(bool(writeSafeTensors(path, tensors)));
  EXPECT_EQ(folder.read("m.safetensors"), first);
}

TEST(SafeTensorsWrite, EveryKind) {
  TempFolder folder;
  std::vector<TensorToWrite> tensors;
  for (int kind = 0; kind <= int(ElementKind::Bool); ++kind)
    tensors.push_back(tensor(elementName(ElementKind(kind)), ElementKind(kind), {3},
                             std::string(3 * elementBytes(ElementKind(kind)), '\1')));
  ASSERT_FALSE(bool(writeSafeTensors(folder.path("m"), tensors)));
  TensorStore store = cantFail(TensorStore::openFile(folder.path("m")));
  for (const TensorToWrite &written : tensors)
    EXPECT_EQ(store.find(written.name)->kind, written.kind);
}

TEST(SafeTensorsWrite, WrongSizeLeavesNothing) {
  TempFolder folder;
  std::string path = folder.path("m");
  EXPECT_EQ(toString(writeSafeTensors(path, {tensor("w", ElementKind::F32, {2}, "abc")})),
            "cannot write '" + path + "': tensor 'w' gave 3 bytes instead of 8");
  TensorToWrite failing{"w", ElementKind::F32, {2}, [](raw_ostream &) { return createStringError("no data"); }};
  EXPECT_EQ(toString(writeSafeTensors(path, {failing})), "no data");
  EXPECT_EQ(folder.names(), Names{});
}

TEST(SafeTensorsWrite, BadNamesAndShapes) {
  TempFolder folder;
  std::string path = folder.path("m");
  TensorToWrite w = tensor("w", ElementKind::U8, {1}, "a");
  std::string reserved = "is used twice, reserved or not UTF-8";
  EXPECT_NE(toString(writeSafeTensors(path, {w, w})).find("tensor name 'w' " + reserved), std::string::npos);
  EXPECT_NE(toString(writeSafeTensors(path, {tensor("__metadata__", ElementKind::U8, {1}, "a")})).find(reserved),
            std::string::npos);
  EXPECT_NE(toString(writeSafeTensors(path, {tensor("\xff", ElementKind::U8, {1}, "a")})).find(reserved),
            std::string::npos);
  std::string shape = "cannot write '" + path + "': tensor 'w' has an impossible shape";
  EXPECT_EQ(toString(writeSafeTensors(path, {tensor("w", ElementKind::U8, {-1}, "")})), shape);
  EXPECT_EQ(toString(writeSafeTensors(path, {tensor("w", ElementKind::F32, {1ll << 62, 4}, "")})), shape);
  EXPECT_EQ(folder.names(), Names{});
}

TEST(SafeTensorsWrite, DiskFull) {
  TempFolder folder;
  std::vector<TensorToWrite> tensors = {tensor("w", ElementKind::U8, {1 << 20}, std::string(1 << 20, 'x'))};
  if (sys::fs::exists("/dev/full"))
    EXPECT_EQ(toString(writeSafeTensors("/dev/full", tensors)), "cannot write '/dev/full': No space left on device");
  rlimit old;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &old), 0);
  auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit small = {1 << 16, old.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  std::string message = toString(writeSafeTensors(folder.path("m"), tensors));
  setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(message, "cannot write '" + folder.path("m") + "': File too large");
  EXPECT_EQ(folder.names(), Names{});
}

TEST(SafeTensorsWrite, MissingFolder) {
  TempFolder folder;
  std::string path = folder.path("no/m");
  EXPECT_EQ(toString(writeSafeTensors(path, {})), "cannot write '" + path + "': No such file or directory");
}
} // namespace
