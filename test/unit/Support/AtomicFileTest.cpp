#include "halftone/Support/AtomicFile.h"
#include "TempFolder.h"
#include "gtest/gtest.h"
#include <csignal>
#include <sys/resource.h>
#include <unistd.h>

using namespace halftone;
using namespace llvm;

namespace {
using Names = std::vector<std::string>;

TEST(AtomicFile, AppearsOnCommitOnly) {
  TempFolder folder;
  Expected<AtomicFile> file = AtomicFile::create(folder.path("out.o"));
  ASSERT_TRUE(bool(file));
  file->os() << "abc";
  EXPECT_EQ(folder.read("out.o"), "<none>");
  EXPECT_EQ(sys::path::parent_path(file->temporaryPath()), folder.root);
  ASSERT_FALSE(bool(file->commit()));
  EXPECT_EQ(folder.read("out.o"), "abc");
  EXPECT_EQ(folder.names(), Names{"out.o"});
}

TEST(AtomicFile, DiscardKeepsTheOldFile) {
  TempFolder folder;
  folder.write("out.o", "old");
  {
    Expected<AtomicFile> file = AtomicFile::create(folder.path("out.o"));
    ASSERT_TRUE(bool(file));
    file->os() << "new";
  }
  EXPECT_EQ(folder.read("out.o"), "old");
  EXPECT_EQ(folder.names(), Names{"out.o"});
}

TEST(AtomicFile, ReplacesAndSetsPermissions) {
  TempFolder folder;
  folder.write("run", "old");
  ASSERT_FALSE(bool(writeFileAtomically(folder.path("run"), "new", /*executable=*/true)));
  EXPECT_EQ(folder.read("run"), "new");
  EXPECT_EQ(access(folder.path("run").c_str(), X_OK), 0);
  ASSERT_FALSE(bool(writeFileAtomically(folder.path("run"), "data")));
  sys::fs::file_status status;
  ASSERT_FALSE(bool(sys::fs::status(folder.path("run"), status)));
  EXPECT_EQ(status.permissions() & sys::fs::all_exe, 0);
}

TEST(AtomicFile, TwoAtOnceAndOddNames) {
  TempFolder folder;
  Expected<AtomicFile> a = AtomicFile::create(folder.path("100%.o")), b = AtomicFile::create(folder.path("100%.o"));
  ASSERT_TRUE(a && b);
  a->os() << "a";
  b->os() << "b";
  EXPECT_NE(a->temporaryPath(), b->temporaryPath());
  EXPECT_FALSE(bool(b->commit()));
  EXPECT_FALSE(bool(a->commit()));
  EXPECT_EQ(folder.read("100%.o"), "a");
  EXPECT_EQ(folder.names(), Names{"100%.o"});
}

TEST(AtomicFile, FollowsSymbolicLinks) {
  TempFolder folder;
  folder.write("real", "old");
  ASSERT_EQ(symlink("real", folder.path("link").c_str()), 0);
  ASSERT_FALSE(bool(writeFileAtomically(folder.path("link"), "new")));
  EXPECT_EQ(folder.read("real"), "new");
  EXPECT_TRUE(sys::fs::is_symlink_file(folder.path("link")));
}

TEST(AtomicFile, NamesThePathInErrors) {
  TempFolder folder;
  std::string missing = folder.path("no/such/out.o");
  EXPECT_EQ(toString(writeFileAtomically(missing, "x")), "cannot write '" + missing + "': No such file or directory");
  EXPECT_EQ(toString(writeFileAtomically(folder.root, "x")), "cannot write '" + folder.root + "': Is a directory");
  EXPECT_EQ(toString(writeFileAtomically("", "x")), "cannot write '': No such file or directory");
  std::string inFile = folder.write("file", "") + "/out.o";
  EXPECT_EQ(toString(writeFileAtomically(inFile, "x")), "cannot write '" + inFile + "': Not a directory");
}

TEST(AtomicFile, FolderNotWritable) {
  TempFolder folder;
  std::string path = folder.path("out.o");
  ASSERT_FALSE(bool(sys::fs::setPermissions(folder.root, sys::fs::owner_read | sys::fs::owner_exe)));
  // Root may write everywhere: be somebody else for the moment.
  bool root = geteuid() == 0;
  if (root && seteuid(65534) != 0)
    GTEST_SKIP() << "cannot give up root's permissions";
  std::string message = toString(writeFileAtomically(path, "x"));
  if (root)
    ASSERT_EQ(seteuid(0), 0);
  (void)sys::fs::setPermissions(folder.root, sys::fs::owner_all);
  EXPECT_EQ(message, "cannot write '" + path + "': Permission denied");
}

TEST(AtomicFile, DiskFull) {
  if (!sys::fs::exists("/dev/full"))
    GTEST_SKIP() << "no /dev/full";
  EXPECT_EQ(toString(writeFileAtomically("/dev/full", "x")), "cannot write '/dev/full': No space left on device");
  EXPECT_EQ(toString(writeFileAtomically("/dev/full", std::string(1 << 20, 'x'))),
            "cannot write '/dev/full': No space left on device");
  EXPECT_FALSE(bool(writeFileAtomically("/dev/null", "x")));
  EXPECT_TRUE(sys::fs::exists("/dev/null"));
}

// A limit on file sizes makes writing fail half-way, as a full disk does.
TEST(AtomicFile, NothingIsLeftWhenWritingFails) {
  TempFolder folder;
  rlimit old;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &old), 0);
  auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit small = {1 << 16, old.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  std::string message = toString(writeFileAtomically(folder.path("out.o"), std::string(1 << 20, 'x')));
  setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(message, "cannot write '" + folder.path("out.o") + "': File too large");
  EXPECT_EQ(folder.names(), Names{});
}
} // namespace
