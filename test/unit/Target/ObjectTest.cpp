//===- ObjectTest.cpp - What lies inside an object ------------------------===//

#include "ArtifactFixture.h"
#include "llvm/ADT/StringSet.h"

using namespace halftone;
using namespace halftone::test;
using namespace llvm;

namespace {
class ObjectTest : public ArtifactFixture {
protected:
  static std::unique_ptr<object::ObjectFile> open(const MemoryBuffer &buffer) {
    return cantFail(object::ObjectFile::createObjectFile(buffer.getMemBufferRef()));
  }

  /// Relocation types of references to the weights, and how many there are in code.
  struct References {
    StringSet<> types;
    unsigned inCode = 0;
  };
  static References weightReferences(const object::ObjectFile &file) {
    References result;
    for (const object::SectionRef &section : file.sections()) {
      Expected<object::section_iterator> relocated = section.getRelocatedSection();
      if (!relocated || *relocated == file.section_end())
        continue;
      for (const object::RelocationRef &relocation : section.relocations()) {
        object::symbol_iterator symbol = relocation.getSymbol();
        Expected<object::section_iterator> home = symbol->getSection();
        if (!home || *home == file.section_end() || !cantFail((*home)->getName()).contains("halftone.weights"))
          continue;
        SmallString<32> type;
        relocation.getTypeName(type);
        result.types.insert(type);
        result.inCode += (*relocated)->isText();
      }
    }
    return result;
  }

  static std::unique_ptr<MemoryBuffer> load(const std::string &path) {
    return cantFail(errorOrToExpected(MemoryBuffer::getFile(path)));
  }
};
} // namespace

TEST_F(ObjectTest, WeightsHaveTheirOwnSection) {
  ASSERT_EQ(write(modelModule(), at("m.o"), modelOptions()), "");
  std::unique_ptr<MemoryBuffer> buffer = load(at("m.o"));
  std::unique_ptr<object::ObjectFile> file = open(*buffer);
  unsigned found = 0;
  for (const object::SectionRef &section : file->sections()) {
    object::ELFSectionRef elf(section);
    if (cantFail(section.getName()) != ".halftone.weights")
      continue;
    ++found;
    EXPECT_EQ(elf.getFlags(), uint64_t(ELF::SHF_ALLOC)); // neither writable nor executable
    EXPECT_EQ(elf.getType(), unsigned(ELF::SHT_PROGBITS));
    EXPECT_EQ(elf.getAlignment(), Align(4096));
    EXPECT_EQ(cantFail(section.getContents()), weightBytes());
  }
  EXPECT_EQ(found, 1u);
}

TEST_F(ObjectTest, OnlyTheDescriptionIsPublic) {
  ASSERT_EQ(write(modelModule(), at("m.o"), modelOptions()), "");
  std::unique_ptr<MemoryBuffer> buffer = load(at("m.o"));
  std::vector<std::string> names;
  std::unique_ptr<object::ObjectFile> file = open(*buffer);
  for (const object::SymbolRef &symbol : file->symbols())
    if (cantFail(symbol.getFlags()) & object::SymbolRef::SF_Global)
      names.push_back(cantFail(symbol.getName()).str());
  EXPECT_EQ(names, std::vector<std::string>{"m_halftone_model"});
}

TEST_F(ObjectTest, WeightsAreReferredToByFullAddresses) {
  ASSERT_EQ(write(modelModule(), at("m.o"), modelOptions()), "");
  std::unique_ptr<MemoryBuffer> buffer = load(at("m.o"));
  References references = weightReferences(*open(*buffer));
  EXPECT_EQ(references.inCode, 0u);
  EXPECT_EQ(references.types.size(), 1u);
  EXPECT_TRUE(references.types.contains("R_X86_64_64"));
}

TEST_F(ObjectTest, FurtherOptimizationKeepsFullAddresses) {
  // The text output is optimized once more, as by `clang -O3 m.ll`.
  ASSERT_EQ(write(modelModule(), at("m.ll"), modelOptions()), "");
  std::string clang = shell("command -v clang-22 || command -v clang");
  if (clang.find('[') != std::string::npos)
    GTEST_SKIP() << "no clang";
  clang.pop_back();
  ASSERT_EQ(shell("'" + clang + "' -O3 -fPIC -c m.ll -o m.o"), "");
  std::unique_ptr<MemoryBuffer> buffer = load(at("m.o"));
  References references = weightReferences(*open(*buffer));
  EXPECT_EQ(references.inCode, 0u);
  EXPECT_TRUE(references.types.contains("R_X86_64_64"));
}

TEST_F(ObjectTest, SameInputSameBytes) {
  ArtifactOptions options = modelOptions();
  ASSERT_EQ(write(modelModule(), at("m.o"), options), "");
  // Another folder, other file names, another time.
  ASSERT_FALSE(sys::fs::create_directory(at("sub")));
  options.weightsFile = writeFile("sub/another-name", weightBytes());
  ASSERT_EQ(write(modelModule(), at("sub/m.o"), options), "");
  EXPECT_TRUE(readFile(at("m.o")) == readFile(at("sub/m.o")));
  EXPECT_EQ(readFile(at("m.h")), readFile(at("sub/m.h")));
  std::string object = readFile(at("m.o"));
  for (const char *secret : {"packed-weights", "halftone-target", "/tmp", "/home", "LLVMDialect"})
    EXPECT_EQ(object.find(secret), std::string::npos) << secret;
}

TEST_F(ObjectTest, ObjectOfAnotherArchitecture) {
  ArtifactOptions options = modelOptions();
  options.target = target("cortex-a76", "aarch64-linux-gnu");
  ASSERT_EQ(write(modelModule(), at("m.o"), options), "");
  std::unique_ptr<MemoryBuffer> buffer = load(at("m.o"));
  std::unique_ptr<object::ObjectFile> file = open(*buffer);
  EXPECT_EQ(file->getArch(), Triple::aarch64);
  EXPECT_TRUE(weightReferences(*file).types.contains("R_AARCH64_ABS64"));
  ASSERT_EQ(write(modelModule(), at("m.s"), options), "");
  EXPECT_NE(readFile(at("m.s")).find("ucvtf"), std::string::npos);
}

TEST_F(ObjectTest, UnusedWeightsPointerIsNoError) {
  ArtifactOptions options = pickOptions();
  options.weightsFile.clear();
  options.weightBytes = 0;
  EXPECT_EQ(write("@halftone_weights_base = external constant ptr\n"
                  "define i32 @pick(ptr %a, ptr %b, ptr %c) { ret i32 0 }",
                  at("m.o"), options),
            "");
}
