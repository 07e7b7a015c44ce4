//===- CostModel.cpp - How long a kernel takes ----------------------------===//
//
// Units: instructions on vector registers. A kernel's vector of 64 bytes takes
// `registers` of them. Kernels are bound by their instructions and by memory, and
// overlap the two imperfectly: time = sqrt(compute^2 + memory^2).
//
//===----------------------------------------------------------------------===//

#include "halftone/Plan/CostModel.h"
#include "halftone/Pack/Trits.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>
#include <cmath>

using namespace halftone;

llvm::StringRef halftone::layoutName(Layout layout) {
  switch (layout) {
  case Layout::Rows16:
    return "rows16";
  case Layout::Rows64:
    return "rows64";
  case Layout::Trits16:
    return "trits16";
  case Layout::Trits64:
    return "trits64";
  case Layout::Float16:
    break;
  }
  return "float16";
}

std::string ProductShape::name() const {
  std::string name = format.name() + " " + std::to_string(rows) + "x" + std::to_string(cols);
  if (rowsPerToken() > 1)
    name += " in " + std::to_string(groups) + (groups > 1 ? " groups of " : " group of ") + std::to_string(digits) +
            (digits > 1 ? " digits" : " digit");
  return name;
}

DotPlan DotTile::applyTo(DotPlan plan) const {
  plan.blocks = blocks ? blocks : plan.blocks;
  plan.columns = columns ? columns : plan.columns;
  return plan;
}

std::string Candidate::name() const {
  static constexpr const char *kinds[] = {"dot/", "lut/", "popcount/"};
  std::string name = kinds[size_t(kind)] + layoutName(layout).str();
  if (tile.blocks)
    name += "/blocks=" + std::to_string(tile.blocks);
  if (tile.columns)
    name += "/columns=" + std::to_string(tile.columns);
  return name;
}

llvm::SmallVector<Candidate> halftone::listCandidates(const ProductShape &product) {
  llvm::SmallVector<Candidate> candidates;
  const Format &format = product.format;
  if (format.kind == FormatKind::Float || format.planeScales)
    return candidates;
  candidates.push_back({KernelKind::Dot, Layout::Rows16});
  if (dotReads(Layout::Rows64, format))
    candidates.push_back({KernelKind::Dot, Layout::Rows64});
  if (layoutHolds(Layout::Rows64, format)) {
    candidates.push_back({KernelKind::Lut, Layout::Rows64});
    if (product.bits <= 8)
      candidates.push_back({KernelKind::Popcount, Layout::Rows64});
  }
  if (layoutHolds(Layout::Trits16, format))
    candidates.push_back({KernelKind::Dot, Layout::Trits16});
  if (layoutHolds(Layout::Trits64, format))
    candidates.push_back({KernelKind::Lut, Layout::Trits64});
  return candidates;
}

llvm::SmallVector<Candidate> halftone::listCandidates(const ProductShape &product, const TargetInfo &target,
                                                      int64_t columns) {
  llvm::SmallVector<Candidate> candidates;
  DotPlan plan = planDot(target, product.format);
  for (const Candidate &candidate : listCandidates(product)) {
    candidates.push_back(candidate);
    if (candidate.kind != KernelKind::Dot)
      continue;
    // Five trits to a byte have one block only; sums in 16 and in 32 bits of two blocks have no room in registers.
    if (columns * product.rowsPerToken() == 1 && product.bits <= 8 && candidate.layout == Layout::Rows16 &&
        plan.fastU > 16)
      candidates.push_back({candidate.kind, candidate.layout, {plan.blocks == 1 ? 2 : 1, 0}});
    if (columns > 1)
      for (int64_t tile : {plan.columns / 2, plan.columns * 2})
        if (tile >= 2 && tile <= 16)
          candidates.push_back({candidate.kind, candidate.layout, {0, tile}});
  }
  return candidates;
}

namespace {

/// Estimates of unusual tiles are less sure than those of the usual ones, which were chosen by measuring.
constexpr double kDoubtOfTiles = 1.1;

/// Time per instruction of one column with sums in 16 bits, relative to look-ups: 289 us against 329 for ternary
/// weights, 4096x4096, on Zen 4, whose counts are alike.
constexpr double kOneColumn = 0.88;

/// Instructions, and of these the dot products and the look-ups, which have ports of their own.
struct Work {
  double operations = 0, dots = 0, lookUps = 0;

  Work &operator+=(const Work &o) {
    operations += o.operations;
    dots += o.dots;
    lookUps += o.lookUps;
    return *this;
  }
  Work operator*(double factor) const { return {operations * factor, dots * factor, lookUps * factor}; }
};

/// The work of one product, as its kernels are made in lib/Conversion/Kernels.
class KernelWork {
public:
  KernelWork(const TargetInfo &target, const CpuModel &cpu, const ProductShape &product, const Candidate &candidate,
             int64_t columns)
      : cpu(cpu), product(product), format(product.format), groups(format, product.cols),
        packed(format, product.rows, product.cols, candidate.layout), layout(candidate.layout),
        plan(DotTile{0, candidate.tile.columns}.applyTo(planDot(target, format))), columns(double(columns)),
        registers(cpu.registers), fileSize(target.avx512 || target.aarch64 ? 32 : 16) {}

  Work of(KernelKind kind) const {
    Work total = quantize();
    switch (kind) {
    case KernelKind::Dot:
      total += dot();
      break;
    case KernelKind::Lut:
      total += lut();
      break;
    case KernelKind::Popcount:
      total += popcount();
      break;
    }
    return total;
  }

  double bytes() const { return double(packed.bytes); }
  double blockBytes() const { return double(packed.blockCodes); }
  double rowBlocks() const { return double(packed.rowBlocks); }
  /// Columns that share one reading of the weights.
  double sharedColumns(KernelKind kind) const {
    if (kind == KernelKind::Dot)
      return usesPanels() ? std::min(columns, double(kPanelColumns)) : tileColumns();
    return std::min(columns, kind == KernelKind::Popcount ? 4.0 : 1.0);
  }

private:
  bool oneColumn() const { return columns == 1; }
  /// Columns side by side in a dot kernel.
  double tileColumns() const { return std::min(columns, double(plan.columns)); }
  bool fromPlanes() const { return layout == Layout::Rows64; }
  /// Weights are unpacked to memory before they are multiplied.
  bool usesPanels() const {
    bool many = columns > double(kUnpackingTiles * plan.columns) && layout != Layout::Trits64;
    return fromPlanes() || (many && !format.scalePerSign);
  }
  bool isTwoLevel() const { return format.kind == FormatKind::Bcq && !format.planeScales; }
  bool usesTables() const { return isTwoLevel() && plan.width >= 128 && !fromPlanes(); }
  /// Products of one plane each, added up apart.
  bool byPlanes() const { return isTwoLevel() && !usesTables() && plan.fastU <= 16 && oneColumn() && !fromPlanes(); }

  /// Activations to integers: two passes over floats, four vectors of them for one of bytes.
  Work quantize() const { return {columns * double(groups.paddedCols()) / 16 * 8 * registers}; }

  //===--- dot: chunks of 16 rows x 4 elements ------------------------------===//

  Work dot() const {
    double blocksOf16 = double(llvm::divideCeil(product.rows, 16));
    double chunks = double(groups.paddedCols()) / 4 * blocksOf16;
    double tile = tileColumns(), shared = sharedColumns(KernelKind::Dot);
    double blocks = oneColumn() && !usesPanels() ? double(plan.blocks) : 1;
    Work work;
    // Vectors that are loaded and prefetched, four bytes of activations that are repeated.
    double loads = layout == Layout::Trits16 ? 1 / double(kTrits) : codeBits(format) / 8.0;
    work.operations = ((registers + 1) * loads + unpack() * registers) / shared;
    if (usesPanels())
      work.operations += registers / shared + registers / tile; // stored once, loaded for every tile
    work.operations += spills(tile);
    double parts = dotParts();
    if (byPairs()) {
      // Of two columns and chunks: two loads of activations, one product; chunks are put side by side once per tile.
      work.operations += 0.5 + registers / tile;
      work += Work{parts * cpu.matrixDot * registers, parts * registers} * 0.5;
    } else {
      if (!cpu.maskedAdd || blocks > 1) // else the instruction repeats what it reads
        work.operations += 1 / blocks;
      work += Work{parts * dotInstructions(), parts * registers};
    }
    if (cpu.chainedDot > 0 && oneColumn() && !usesPanels())
      work.operations *= kOneColumn;
    if (usesTables())
      work.lookUps = registers / shared;
    Work total = work * (chunks * columns);
    total += Work{groupEnd(shared) * double(groups.count) * blocksOf16 * columns};
    return total;
  }

  bool byPairs() const { return plan.columnPairs && !oneColumn() && (layout != Layout::Trits16 || usesPanels()); }

  /// Sums that the registers do not hold are loaded and stored for every product, or for every chunk where sums in 16
  /// bits are those of a step: instructions per chunk and column.
  double spills(double tile) const {
    if (oneColumn())
      return 0;
    double sums = tile * registers * dotParts() * (cpu.chainedDot > 0 ? 2 : 1);
    // Weights and activations of the product at hand; pairs have weights of two chunks, before and after.
    double others = cpu.chainedDot > 0 ? 0 : (byPairs() ? 4 : 2) * registers;
    return 2 * std::max(0.0, sums + others - fileSize) / tile / (byPairs() ? 2 : 1);
  }

  /// Instructions on 64 bytes that make the bytes of a chunk of its fields.
  double unpack() const {
    double sum = 0;
    if (layout == Layout::Trits16) // two comparisons, a sum, a triple; with several columns on average two triples more
      return (oneColumn() ? 6 : usesPanels() ? 12 : 10) + (format.scalePerSign ? 2 : 0);
    if (fromPlanes()) // every byte four times, a mask of its bits, a masked addition
      return planeCount(format) * (cpu.maskedAdd ? 4 : 6);
    if (isTwoLevel()) {
      if (byPlanes())
        return 1.75 * format.bits;
      unsigned inTable = usesTables() ? std::min(format.bits, 3u) : 0;
      for (CodeField field : codeFields(format))
        if (field.shift < inTable)
          sum += 1.75; // shift, and mask and insert in one instruction
      return sum + (inTable ? 1 : 0) + (format.bits - inTable) * (cpu.maskedAdd ? 2 : 4);
    }
    bool inPlace = plan.fastU <= 16 && oneColumn();
    if (codeBits(format) == 8)
      return inPlace ? 3 : 0; // two halves of a byte
    for (CodeField field : codeFields(format)) {
      // Every field but the lowest of a byte is shifted, then masked; further fields are moved and added.
      double shifts = inPlace ? 0.5 : 1 - field.width / 8.0;
      sum += shifts + 1 + (field.shift ? 2 : 0);
    }
    if (format.kind == FormatKind::Binary)
      sum += oneColumn() ? 0 : 1;
    return sum + (format.scalePerSign ? 2 : 0);
  }

  /// Dot products per chunk and column.
  double dotParts() const {
    if (byPlanes())
      return format.bits;
    if (format.scalePerSign || (codeBits(format) == 8 && plan.fastU <= 16 && oneColumn()))
      return 2;
    return 1;
  }

  /// The largest unsigned byte of a product.
  double largest() const {
    if (isTwoLevel() && fromPlanes())
      return format.bits == 1 ? 1 : 127;
    if (isTwoLevel())
      return usesTables() || plan.fastU == 255 ? 255 : byPlanes() ? 8 : 127;
    if (format.kind == FormatKind::Ternary || format.kind == FormatKind::Binary)
      return oneColumn() ? std::min<double>(16, double(plan.fastU)) : 2;
    double all = double((1 << codeBits(format)) - 1);
    return codeBits(format) == 8 && oneColumn() ? 15 : all;
  }

  double dotInstructions() const {
    double u = largest();
    if (u > 128)
      return cpu.wideDot * registers;
    // Sums in 16 bits are widened before they overflow, and at the end of a block of code.
    double chain = cpu.chainedDot > 0 ? std::clamp(std::floor(128 / u), 1.0, oneColumn() ? 16.0 : 8.0) : 1;
    return (cpu.smallDot + cpu.chainedDot / chain - (cpu.chainedDot > 0 && chain == 1 ? 1 : 0)) * registers;
  }

  /// Scales, the exact sum, one multiply-add for 16 rows of a group.
  double groupEnd(double shared) const {
    double perBlock = 6.0 * scalesPerGroup(format) + 3.0 * multipliersPerGroup(format);
    if (usesTables())
      perBlock += 8.0 * (1 << std::min(format.bits, 3u)) / 4;
    else if (isTwoLevel() && !byPlanes())
      perBlock += 3.0 * format.bits;
    double perColumn = 5 + 2 * dotParts() + (byPlanes() ? 2.0 * format.bits : 0);
    if (format.kind == FormatKind::Vsq) // the sum of activations times the offset, the product of scale and sum
      perColumn = (usesPanels() ? 3.0 : 6.0) * vectorsPerGroup(format);
    return (perBlock / shared + perColumn) * registers;
  }

  //===--- lut: slices of 8 elements of 64 rows ------------------------------===//

  /// What 64 bytes of codes take beside look-ups of 128 entries. Half tables: complement and negation of the index and
  /// the sums, copies of what vpermi2b overwrites; then bytes to words, two additions. Entries of one byte are added as
  /// words. Five trits need no complement of the index.
  static double besideWideLookUps(bool trits, bool areBytes) {
    if (areBytes)
      return trits ? 13 : 15;
    return trits ? 21 : 25;
  }

  /// Nibbles: two indices, four look-ups; bytes to words and two additions. Entries of one byte: half the look-ups.
  Work lut() const {
    bool isWide = cpu.wideLookUp > 0, trits = layout == Layout::Trits64;
    double planes = trits ? 1 : planeCount(format);
    double slices = trits ? double(TritSlices(groups).total) : double(groups.paddedCols()) / 8;
    bool areBytes = product.tableBits == 8;
    double blocks = rowBlocks() > 1 && planes <= (isWide ? 2 : 1) ? 2 : 1;
    if (trits && rowBlocks() >= 4)
      blocks = 4;
    double lookUps = (isWide ? 2 * cpu.wideLookUp : 4 * cpu.lookUp) / (areBytes ? 2 : 1);
    double others = isWide ? besideWideLookUps(trits, areBytes) : areBytes ? 8 : 12;
    double shuffles = areBytes ? 0 : isWide ? 2 : 4;
    Work slice{(others + lookUps) * registers, 0, (lookUps + shuffles) * registers};
    slice.operations += (areBytes ? 2 : 4) / blocks / planes; // loads of the tables
    Work total = slice * (slices * planes * rowBlocks() * columns);
    double end = 4 * (8 + 6.0 * scalesPerGroup(format) + (isTwoLevel() ? 5.0 : 3.0) * planes);
    total += Work{end * registers * double(groups.count) * rowBlocks() * columns};
    total += Work{slices * columns * (isWide ? 8 * 2 * 4 * registers + 16 : 60)}; // the tables
    return total;
  }

  //===--- popcount: slices of 8 elements of 64 rows -------------------------===//

  Work popcount() const {
    double planes = planeCount(format), slices = double(groups.paddedCols()) / 8, bits = product.bits;
    double one = cpu.countBits * registers;
    Work total{one * slices * planes * bits * rowBlocks() * columns};
    // Per group: every count to 16 bits and added, every plane times its multiplier, the sum to float.
    double segments = double(llvm::divideCeil(groups.steps, 7));
    double end = bits * planes * 10 * segments + planes * 12 + 24 + 6.0 * scalesPerGroup(format);
    total += Work{end * registers * double(groups.count) * rowBlocks() * columns};
    total += Work{slices / 4 * bits * 3 * columns};
    return total;
  }

  const CpuModel &cpu;
  const ProductShape &product;
  const Format &format;
  GroupShape groups;
  PackedShape packed;
  Layout layout;
  DotPlan plan;
  double columns, registers;
  double fileSize; ///< vector registers that the CPU has
};

} // namespace

bool halftone::skipsGroups(const ProductShape &product, const Candidate &candidate) {
  return candidate.kind == KernelKind::Dot && dotSkipsGroups(candidate.layout, product.format);
}

std::optional<double> CostModel::microseconds(const ProductShape &product, const Candidate &candidate,
                                              int64_t columns) const {
  if (!llvm::is_contained(listCandidates(product), Candidate{candidate.kind, candidate.layout}) ||
      (candidate.layout == Layout::Trits64 && cpu.wideLookUp == 0)) // no such kernel
    return std::nullopt;
  if (product.bits > 8 || product.rowsPerToken() > 1) {
    ProductShape rows = product;
    rows.bits = std::min(product.bits, 8u);
    rows.groups = rows.digits = 1;
    // A dot kernel passes over the weights of other groups.
    bool skips = skipsGroups(product, candidate);
    int64_t halves = product.bits > 8 && product.digits == 1 ? 2 : 1;
    return microseconds(rows, candidate, columns * halves * product.digits * (skips ? 1 : product.groups));
  }
  double compute = computeTime(product, candidate, columns);
  if (candidate.tile.columns && columns > 1) {
    // A number of columns stands for all near it: what tiles leave over is multiplied column by column.
    double more = double(candidate.tile.columns - planDot(target, product.format).columns) / 2;
    compute += more * (computeTime(product, candidate, 1) - compute / double(columns));
  }
  double bytes = double(PackedShape(product.format, product.rows, product.cols, candidate.layout).bytes);
  double memory = bytes / (cpu.memory * 1000);
  double time = std::sqrt(compute * compute + memory * memory);
  return candidate.tile == DotTile() ? time : kDoubtOfTiles * time;
}

double CostModel::computeTime(const ProductShape &product, const Candidate &candidate, int64_t columns) const {
  KernelWork kernel(target, cpu, product, candidate, columns);
  Work work = kernel.of(candidate.kind);
  double cycles = std::max({work.operations / cpu.operations, work.dots / cpu.dots, work.lookUps / cpu.lookUps});
  // Weights that the first cache does not hold come from the second for all further columns.
  double tiles = std::ceil(double(columns) / kernel.sharedColumns(candidate.kind));
  double again = kernel.blockBytes() > double(cpu.level1Bytes) ? (tiles - 1) * kernel.bytes() / cpu.level2 : 0;
  return std::max(cycles, again) / (cpu.clock * 1000);
}

/// A tile says something either about one column or about several.
static Candidate forColumns(Candidate candidate, int64_t columns) {
  (columns == 1 ? candidate.tile.columns : candidate.tile.blocks) = 0;
  return candidate;
}

/// The least time of a layout's kernels for some columns; none if it is not known.
static std::optional<double> leastTime(const KernelTimes &times, const ProductShape &product, Layout layout,
                                       int64_t columns) {
  std::optional<double> best;
  for (const Candidate &candidate : times.candidates(product, columns))
    if (candidate.layout == layout)
      if (std::optional<double> time = times.microseconds(product, candidate, columns))
        best = std::min(best.value_or(*time), *time);
  return best;
}

/// The same for a workload.
static std::optional<double> workloadTime(const KernelTimes &times, const ProductShape &product, Layout layout,
                                          const Workload &workload) {
  double total = 0;
  for (const Workload::Item &item : workload.items) {
    std::optional<double> best = leastTime(times, product, layout, item.columns);
    if (!best)
      return std::nullopt;
    total += item.count * *best;
  }
  return total;
}

Layout halftone::chooseLayout(llvm::ArrayRef<const KernelTimes *> times, const ProductShape &product,
                              const Workload &workload, llvm::ArrayRef<Layout> layouts) {
  llvm::SmallVector<Layout> allowed;
  for (const Candidate &candidate : listCandidates(product))
    if ((layouts.empty() || llvm::is_contained(layouts, candidate.layout)) &&
        !llvm::is_contained(allowed, candidate.layout))
      allowed.push_back(candidate.layout);
  llvm::SmallVector<std::optional<double>> relative(allowed.size(), 0.0);
  for (const KernelTimes *each : times) {
    llvm::SmallVector<std::optional<double>> totals;
    std::optional<double> best;
    for (Layout layout : allowed) {
      totals.push_back(workloadTime(*each, product, layout, workload));
      if (totals.back())
        best = std::min(best.value_or(*totals.back()), *totals.back());
    }
    for (auto [sum, total] : llvm::zip_equal(relative, totals))
      sum = sum && total ? std::optional<double>(*sum + *total / *best) : std::nullopt;
  }
  Layout chosen = allowed.empty() ? Layout::Rows16 : allowed.front();
  std::optional<double> least;
  for (auto [layout, sum] : llvm::zip_equal(allowed, relative))
    if (sum && (!least || *sum < *least)) {
      least = sum;
      chosen = layout;
    }
  return chosen;
}

Candidate halftone::chooseKernel(const KernelTimes &times, const ProductShape &product, Layout layout,
                                 const Workload &workload) {
  int64_t most = 1;
  for (const Workload::Item &item : workload.items)
    most = std::max(most, item.columns);
  std::optional<Candidate> chosen;
  std::optional<double> least;
  for (const Candidate &candidate : times.candidates(product, most)) {
    if (candidate.layout != layout)
      continue;
    std::optional<double> total = 0;
    for (const Workload::Item &item : workload.items) {
      std::optional<double> time = times.microseconds(product, forColumns(candidate, item.columns), item.columns);
      total = total && time ? std::optional<double>(*total + item.count * *time) : std::nullopt;
    }
    if (!chosen || (total && (!least || *total < *least))) {
      chosen = candidate;
      least = total;
    }
  }
  return chosen.value_or(Candidate{KernelKind::Dot, layout});
}

llvm::SmallVector<Candidate> halftone::plausibleCandidates(const KernelTimes &estimates, const ProductShape &product,
                                                           int64_t columns, double ratio) {
  llvm::SmallVector<Candidate> all = estimates.candidates(product, columns), plausible;
  auto totalOf = [&](Layout layout) { return workloadTime(estimates, product, layout, Workload()); };
  std::optional<double> least;
  for (const Candidate &candidate : all)
    if (std::optional<double> total = totalOf(candidate.layout))
      least = std::min(least.value_or(*total), *total);
  for (const Candidate &candidate : all) {
    std::optional<double> total = totalOf(candidate.layout), time = estimates.microseconds(product, candidate, columns);
    if (total && time && *total <= ratio * *least &&
        *time <= ratio * *leastTime(estimates, product, candidate.layout, columns))
      plausible.push_back(candidate);
  }
  return plausible;
}
