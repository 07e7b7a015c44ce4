//===- CostModel.h - How long a kernel takes --------------------*- C++ -*-===//
//
// Estimates for every kernel that computes the same bits, and the choice among
// them. The formulas count the instructions of the generated loops; docs/CostModel.md
// has them and how far they are from what is measured.
//
//===----------------------------------------------------------------------===//
#ifndef HALFTONE_PLAN_COSTMODEL_H
#define HALFTONE_PLAN_COSTMODEL_H

#include "halftone/Pack/Layout.h"
#include "halftone/Plan/KernelPlan.h"
#include "halftone/Target/CpuModel.h"
#include "llvm/ADT/ArrayRef.h"
#include <optional>

namespace halftone {

/// What a product y = x w^T computes: [columns][cols] activations by [rows][cols] weights.
struct ProductShape {
  Format format;
  int64_t rows = 0, cols = 0;
  unsigned bits = 8;       ///< of the integer activations: 1 to 8, or 16, whose halves are rows of 8 bits
  unsigned tableBits = 16; ///< of the entries of tables for look-ups: 16 or 8
  int64_t groups = 1;      ///< of columns with rows of codes of their own (static activations)
  int64_t digits = 1;      ///< rows of codes per token and group

  /// Rows of codes that a token takes.
  int64_t rowsPerToken() const { return groups * digits; }

  /// "bcq2g32 64x32", "bcq2g32 64x32 in 2 groups of 3 digits"
  std::string name() const;

  bool operator==(const ProductShape &o) const {
    return format == o.format && rows == o.rows && cols == o.cols && bits == o.bits && tableBits == o.tableBits &&
           groups == o.groups && digits == o.digits;
  }
};

enum class KernelKind { Dot, Lut, Popcount };

/// What a dot kernel's tile has otherwise than planDot() says; 0: as that.
struct DotTile {
  int64_t blocks = 0;  ///< of 16 rows, with one column
  int64_t columns = 0; ///< with several

  bool operator==(const DotTile &o) const { return blocks == o.blocks && columns == o.columns; }
  DotPlan applyTo(DotPlan plan) const;
};

/// A kernel for a product, the layout of the weights that it reads, and its tile.
struct Candidate {
  KernelKind kind = KernelKind::Dot;
  Layout layout = Layout::Rows16;
  DotTile tile = {};

  bool operator==(const Candidate &o) const { return kind == o.kind && layout == o.layout && tile == o.tile; }
  /// "dot/rows16", "dot/rows16/blocks=1", "dot/rows16/columns=4"
  std::string name() const;
};

/// "rows16"
llvm::StringRef layoutName(Layout layout);

/// The kernels that compute a product with integer activations, in a fixed order: dot first. All with their usual tile.
llvm::SmallVector<Candidate> listCandidates(const ProductShape &product);

/// The same, those of dot followed by the other tiles that they can have for a number of columns: half and twice as
/// many columns as usual, or with one column one block of rows instead of two, or two instead of one.
llvm::SmallVector<Candidate> listCandidates(const ProductShape &product, const TargetInfo &target, int64_t columns);

/// Whether a product of static groups is one product per group.
bool skipsGroups(const ProductShape &product, const Candidate &candidate);

/// Where times come from: the cost model, or measurements.
class KernelTimes {
public:
  virtual ~KernelTimes() = default;
  /// What may be chosen for a number of columns.
  virtual llvm::SmallVector<Candidate> candidates(const ProductShape &product, int64_t columns) const {
    return listCandidates(product);
  }
  /// Microseconds of one product with `columns` columns on one core, quantization of the activations and what the
  /// kernel makes of them included, weights in memory. None if unknown.
  virtual std::optional<double> microseconds(const ProductShape &product, const Candidate &candidate,
                                             int64_t columns) const = 0;
};

class CostModel : public KernelTimes {
public:
  explicit CostModel(const TargetInfo &target) : target(target), cpu(describeCpu(target)) {}
  llvm::SmallVector<Candidate> candidates(const ProductShape &product, int64_t columns) const override {
    return listCandidates(product, target, columns);
  }
  std::optional<double> microseconds(const ProductShape &product, const Candidate &candidate,
                                     int64_t columns) const override;

private:
  /// Microseconds without memory, for 8-bit rows.
  double computeTime(const ProductShape &product, const Candidate &candidate, int64_t columns) const;
  const TargetInfo &target;
  CpuModel cpu;
};

/// Numbers of columns that a choice is made for, and how often each occurs.
struct Workload {
  struct Item {
    int64_t columns;
    double count;
  };
  /// A prompt of 128 tokens and 128 tokens of answer.
  llvm::SmallVector<Item, 2> items{{1, 128}, {128, 1}};
};

/// The layout whose best kernels need the least time for the workload, one packed copy of the weights for all of it;
/// the first of listCandidates() among equals. `layouts`: those allowed, none for all. With several times (of CPUs that
/// share the packed weights) the sum of the times relative to each CPU's best layout is least. Layouts of which a time
/// is not known are left out; if that leaves none, it is that of the first candidate allowed.
Layout chooseLayout(llvm::ArrayRef<const KernelTimes *> times, const ProductShape &product, const Workload &workload,
                    llvm::ArrayRef<Layout> layouts = {});

/// The kernel on a layout that needs the least time for a workload, with its tile for the most columns in it.
Candidate chooseKernel(const KernelTimes &times, const ProductShape &product, Layout layout, const Workload &workload);

/// The candidates for `columns` that are worth measuring: estimated at no more than `ratio` times the best of their
/// layout, on layouts whose best ones take no more than `ratio` times the best layout's time for the usual workload.
llvm::SmallVector<Candidate> plausibleCandidates(const KernelTimes &estimates, const ProductShape &product,
                                                 int64_t columns, double ratio = 1.5);

} // namespace halftone

#endif // HALFTONE_PLAN_COSTMODEL_H
