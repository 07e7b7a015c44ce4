//===- CostModelTest.cpp - The order of kernels by estimated time ---------===//
//
// What was measured (docs/CostModel.md), as an order: estimates may drift, these
// must not.
//
//===----------------------------------------------------------------------===//
#include "halftone/Plan/CostModel.h"

#include "llvm/ADT/STLExtras.h"
#include "gtest/gtest.h"
#include <map>

using namespace halftone;

namespace {

constexpr Candidate dot{KernelKind::Dot, Layout::Rows16}, dotPlanes{KernelKind::Dot, Layout::Rows64},
    lut{KernelKind::Lut, Layout::Rows64}, popcount{KernelKind::Popcount, Layout::Rows64};

struct Cpu {
  explicit Cpu(llvm::StringRef name, llvm::StringRef triple = "x86_64-unknown-linux-gnu")
      : target(llvm::cantFail(TargetInfo::get(name, triple))), model(target) {}
  Layout layout(const ProductShape &product, llvm::ArrayRef<Layout> layouts = {}) const {
    return chooseLayout({&model}, product, Workload(), layouts);
  }
  double time(const ProductShape &product, const Candidate &candidate, int64_t columns) const {
    return *model.microseconds(product, candidate, columns);
  }
  TargetInfo target;
  CostModel model;
};

ProductShape square(llvm::StringRef format, int64_t size, unsigned bits = 8) {
  return {llvm::cantFail(parseFormat(format)), size, size, bits};
}

/// Times by name; what has none is unknown.
struct GivenTimes : KernelTimes {
  std::map<std::pair<std::string, int64_t>, double> times;
  llvm::SmallVector<Candidate> list; ///< empty: with the usual tiles
  llvm::SmallVector<Candidate> candidates(const ProductShape &product, int64_t) const override {
    return list.empty() ? listCandidates(product) : list;
  }
  std::optional<double> microseconds(const ProductShape &, const Candidate &candidate, int64_t columns) const override {
    auto found = times.find({candidate.name(), columns});
    return found == times.end() ? std::nullopt : std::optional<double>(found->second);
  }
};

TEST(CostModel, KernelsOfAFormat) {
  using List = llvm::SmallVector<Candidate>;
  EXPECT_EQ(listCandidates(square("bcq2g32", 64)), (List{dot, dotPlanes, lut, popcount}));
  EXPECT_EQ(
      listCandidates(square("ternaryg32", 64)),
      (List{dot, dotPlanes, lut, popcount, {KernelKind::Dot, Layout::Trits16}, {KernelKind::Lut, Layout::Trits64}}));
  EXPECT_EQ(listCandidates(square("ternaryg32a", 64)), (List{dot, lut, popcount, {KernelKind::Dot, Layout::Trits16}}));
  EXPECT_EQ(listCandidates(square("vsq4v16s6", 64)), List{dot});
  EXPECT_EQ(listCandidates(square("bcq2g32f", 64)), List{});
  EXPECT_EQ(listCandidates(square("float", 64)), List{});
  EXPECT_EQ(dot.name(), "dot/rows16");
  EXPECT_EQ(popcount.name(), "popcount/rows64");
}

TEST(CostModel, WithADotInstructionUnpackingBeatsLookingUp) {
  for (const char *name : {"znver5", "znver4", "icelake-server", "sapphirerapids"})
    for (const char *format : {"ternaryg128", "bcq1g128", "bcq2g128", "bcq3g32", "bcq4g128", "rtn4g128", "rtn8g0"})
      EXPECT_EQ(Cpu(name).layout(square(format, 4096)), Layout::Rows16) << name << " " << format;
  Cpu arm("neoverse-v1", "aarch64-unknown-linux-gnu");
  EXPECT_EQ(arm.layout(square("ternaryg128", 2048)), Layout::Rows16);
}

TEST(CostModel, WithoutOneLookingUpBeatsPlanes) {
  Cpu cpu("x86-64-v3");
  for (const char *format : {"bcq1g128", "bcq2g128", "bcq3g128"}) {
    ProductShape product = square(format, 4096);
    EXPECT_LT(cpu.time(product, lut, 1), cpu.time(product, dot, 1)) << format;
    EXPECT_EQ(cpu.layout(product), Layout::Rows64) << format;
  }
  for (const char *format : {"ternaryg128", "rtn4g128", "rtn8g0"}) {
    ProductShape product = square(format, 4096);
    EXPECT_LT(cpu.time(product, dot, 128), cpu.time(product, lut, 128)) << format;
    EXPECT_EQ(cpu.layout(product), Layout::Rows16) << format;
  }
}

TEST(CostModel, TritsNeedWideLookUps) {
  ProductShape product = square("ternaryg128", 4096);
  EXPECT_EQ(Cpu("x86-64-v3").model.microseconds(product, {KernelKind::Lut, Layout::Trits64}, 1), std::nullopt);
  EXPECT_LT(Cpu("znver5").time(product, {KernelKind::Lut, Layout::Trits64}, 1), Cpu("znver5").time(product, lut, 1));
}

/// Look-ups with one column, and with many what other CPUs do: the same bytes serve both.
TEST(CostModel, PlanesAreUnpackedForManyColumns) {
  Workload prefill;
  prefill.items = {{128, 1}};
  for (const char *format : {"bcq2g128", "bcq3g128", "bcq4g128"})
    EXPECT_EQ(chooseKernel(Cpu("x86-64-v3").model, square(format, 4096), Layout::Rows64, prefill), dotPlanes) << format;
  EXPECT_GT(Cpu("x86-64-v3").time(square("bcq2g128", 4096), dotPlanes, 1),
            Cpu("x86-64-v3").time(square("bcq2g128", 4096), lut, 1));
}

TEST(CostModel, FewBitsAreCounted) {
  for (const char *name : {"x86-64-v3", "znver5"}) {
    Cpu cpu(name);
    for (const char *format : {"bcq1g128", "ternaryg128", "bcq2g128"}) {
      ProductShape product = square(format, 4096, 1);
      EXPECT_EQ(cpu.layout(product), Layout::Rows64) << name << " " << format;
      EXPECT_EQ(chooseKernel(cpu.model, product, Layout::Rows64, Workload()), popcount);
    }
    EXPECT_LT(cpu.time(square("bcq1g128", 4096, 8), lut, 1), cpu.time(square("bcq1g128", 4096, 8), popcount, 1));
  }
}

TEST(CostModel, TablesOfBytesAreFaster) {
  ProductShape exact = square("bcq2g128", 512), bytes = exact;
  bytes.tableBits = 8;
  for (const char *name : {"x86-64-v3", "x86-64-v4", "znver5"})
    EXPECT_LT(Cpu(name).time(bytes, lut, 1), 0.95 * Cpu(name).time(exact, lut, 1)) << name;
  EXPECT_EQ(Cpu("x86-64-v3").time(bytes, dot, 1), Cpu("x86-64-v3").time(exact, dot, 1));

  // Those of five trits at once, too, and more than those of two planes where rows enough share the longer tables.
  exact = bytes = square("ternaryg128", 4096);
  bytes.tableBits = 8;
  const Candidate trits{KernelKind::Lut, Layout::Trits64};
  for (const char *name : {"znver5", "icelake-server"}) {
    EXPECT_LT(Cpu(name).time(bytes, trits, 1), 0.85 * Cpu(name).time(exact, trits, 1)) << name;
    EXPECT_LT(Cpu(name).time(bytes, trits, 1), 0.85 * Cpu(name).time(bytes, lut, 1)) << name;
  }
}

TEST(CostModel, TimesGrowWithTheWork) {
  for (const char *name : {"x86-64", "x86-64-v3", "znver5"}) {
    Cpu cpu(name);
    for (const Candidate &candidate : {dot, lut, popcount}) {
      double last = 0;
      for (int64_t columns : {1, 8, 32, 128, 512}) {
        double time = cpu.time(square("bcq2g128", 1024), candidate, columns);
        EXPECT_GT(time, last) << name << " " << candidate.name() << " " << columns;
        EXPECT_LT(time, cpu.time(square("bcq3g128", 1024), candidate, columns));
        EXPECT_LT(time, cpu.time(square("bcq2g128", 2048), candidate, columns));
        last = time;
      }
    }
  }
}

TEST(CostModel, RowsThatDoNotFillABlockCount) {
  // 8 rows are half a block of rows16 and an eighth of one of rows64.
  ProductShape product{llvm::cantFail(parseFormat("bcq1g128")), 8, 4096, 8};
  EXPECT_EQ(Cpu("x86-64-v3").layout(product), Layout::Rows16);
}

TEST(CostModel, LayoutsMayBeRestricted) {
  EXPECT_EQ(Cpu("x86-64-v3").layout(square("bcq1g128", 4096), {Layout::Rows16}), Layout::Rows16);
}

TEST(CostModel, CpusThatShareWeightsAgree) {
  ProductShape product = square("bcq1g128", 4096);
  Cpu wide("znver5"), narrow("x86-64-v3");
  EXPECT_NE(wide.layout(product), narrow.layout(product));
  Layout both = chooseLayout({&wide.model, &narrow.model}, product, Workload());
  EXPECT_EQ(both, chooseLayout({&narrow.model, &wide.model}, product, Workload()));
}

TEST(CostModel, TheWorkloadDecides) {
  GivenTimes times;
  times.times = {
      {{"dot/rows16", 1}, 10}, {{"dot/rows16", 128}, 100}, {{"lut/rows64", 1}, 9}, {{"lut/rows64", 128}, 900}};
  ProductShape product = square("bcq1g128", 64);
  Workload decode, mixed;
  decode.items = {{1, 1}};
  EXPECT_EQ(chooseLayout({&times}, product, decode), Layout::Rows64);
  EXPECT_EQ(chooseLayout({&times}, product, mixed), Layout::Rows16);
  // Kernels may differ on one layout.
  times.times[{"popcount/rows64", 1}] = 20;
  times.times[{"popcount/rows64", 128}] = 90;
  EXPECT_EQ(chooseLayout({&times}, product, mixed), Layout::Rows64);
  EXPECT_EQ(chooseKernel(times, product, Layout::Rows64, decode), lut);
  Workload prefill;
  prefill.items = {{128, 1}};
  EXPECT_EQ(chooseKernel(times, product, Layout::Rows64, prefill), popcount);
}

TEST(CostModel, TilesAreCandidates) {
  Cpu vnni("znver5"), narrow("x86-64-v3");
  ProductShape product = square("bcq2g128", 1024);
  using List = llvm::SmallVector<Candidate>;
  Candidate oneBlock{KernelKind::Dot, Layout::Rows16, {1, 0}}, four{KernelKind::Dot, Layout::Rows16, {0, 4}},
      sixteen{KernelKind::Dot, Layout::Rows16, {0, 16}}, planes4{KernelKind::Dot, Layout::Rows64, {0, 4}},
      planes16{KernelKind::Dot, Layout::Rows64, {0, 16}};
  EXPECT_EQ(listCandidates(product, vnni.target, 1), (List{dot, oneBlock, dotPlanes, lut, popcount}));
  EXPECT_EQ(listCandidates(product, vnni.target, 128),
            (List{dot, four, sixteen, dotPlanes, planes4, planes16, lut, popcount}));
  EXPECT_EQ(listCandidates(product, narrow.target, 1), (List{dot, dotPlanes, lut, popcount}));
  EXPECT_EQ(oneBlock.name(), "dot/rows16/blocks=1");
  EXPECT_EQ(sixteen.name(), "dot/rows16/columns=16");
  // Nothing but the number of columns that it is about depends on a tile.
  EXPECT_EQ(four.tile.applyTo(planDot(vnni.target, product.format)).columns, 4);
  EXPECT_EQ(DotTile().applyTo(planDot(vnni.target, product.format)), planDot(vnni.target, product.format));
}

/// The sums of 8 columns take all 16 registers of 256 bits: 284 instructions for 128 dot products of bytes of 8 bits, as
/// against 124 for 64 with 4 columns. So it is for what takes long to unpack, which many tiles share.
TEST(CostModel, TilesThatSpillAreSlower) {
  Cpu cpu("alderlake");
  Workload prefill;
  prefill.items = {{128, 1}};
  EXPECT_EQ(chooseKernel(cpu.model, square("rtn8g0", 4096), Layout::Rows16, prefill).tile, (DotTile{0, 4}));
  EXPECT_EQ(chooseKernel(cpu.model, square("bcq3g128", 4096), Layout::Rows16, prefill).tile, (DotTile{0, 4}));
  prefill.items = {{1, 1}};
  EXPECT_EQ(chooseKernel(cpu.model, square("rtn8g0", 4096), Layout::Rows16, prefill).tile, DotTile());
}

TEST(CostModel, MeasuredTilesAreTaken) {
  GivenTimes times;
  ProductShape product = square("rtn4g128", 64);
  times.list = listCandidates(product, Cpu("znver5").target, 128);
  times.times = {{{"dot/rows16", 1}, 10}, {{"dot/rows16", 128}, 100}, {{"dot/rows16/columns=4", 128}, 90}};
  // A kernel for any number of columns takes the time of the usual tile with one.
  EXPECT_EQ(chooseKernel(times, product, Layout::Rows16, Workload()).tile, (DotTile{0, 4}));
}

TEST(CostModel, OnlyPlausibleCandidatesAreMeasured) {
  GivenTimes times;
  ProductShape product = square("bcq1g128", 64);
  times.times = {{{"dot/rows16", 1}, 10},    {{"dot/rows16", 128}, 100},   {{"lut/rows64", 1}, 9},
                 {{"lut/rows64", 128}, 900}, {{"popcount/rows64", 1}, 20}, {{"popcount/rows64", 128}, 110}};
  using List = llvm::SmallVector<Candidate>;
  EXPECT_EQ(plausibleCandidates(times, product, 1), (List{dot, lut}));
  EXPECT_EQ(plausibleCandidates(times, product, 128), (List{dot, popcount}));
  // Ten times as slow a layout is left out altogether, though its kernels are each other's equals.
  times.times[{"lut/rows64", 1}] = times.times[{"popcount/rows64", 1}] = 100;
  EXPECT_EQ(plausibleCandidates(times, product, 1), List{dot});
  EXPECT_EQ(plausibleCandidates(times, product, 128), List{dot});
}

TEST(CostModel, RowsPerTokenCount) {
  Cpu cpu("x86-64-v3");
  ProductShape product = square("bcq2g128", 1024), digits = product, groups = product;
  digits.digits = 2;
  groups.groups = 6;
  EXPECT_EQ(cpu.time(digits, dot, 4), cpu.time(product, dot, 8));
  EXPECT_EQ(cpu.time(groups, lut, 4), cpu.time(product, lut, 24));
  // A dot product of groups passes over the weights of all others.
  EXPECT_EQ(cpu.time(groups, dot, 4), cpu.time(product, dot, 4));
}

TEST(CostModel, WhatIsNotKnownIsNotChosen) {
  GivenTimes times;
  times.times = {{{"lut/rows64", 1}, 9}, {{"lut/rows64", 128}, 900}};
  EXPECT_EQ(chooseLayout({&times}, square("bcq1g128", 64), Workload()), Layout::Rows64);
  times.times.erase({"lut/rows64", 1});
  EXPECT_EQ(chooseLayout({&times}, square("bcq1g128", 64), Workload()), Layout::Rows16);
}

TEST(CpuModel, UnknownCpusHaveTheRatesOfTheirWidth) {
  EXPECT_EQ(Cpu("x86-64-v4").target.vectorBits, 512u);
  EXPECT_GT(describeCpu(Cpu("znver5").target).memory, describeCpu(Cpu("x86-64-v4").target).memory);
  EXPECT_EQ(describeCpu(Cpu("knl").target).operations, describeCpu(Cpu("x86-64-v3").target).operations);
  CpuModel arm = describeCpu(Cpu("neoverse-n1", "aarch64-unknown-linux-gnu").target);
  EXPECT_EQ(arm.registers, 4);
  EXPECT_EQ(arm.smallDot, 1);
  EXPECT_EQ(arm.matrixDot, 0);
  EXPECT_EQ(describeCpu(Cpu("neoverse-n2", "aarch64-unknown-linux-gnu").target).matrixDot, 1);
}

} // namespace
