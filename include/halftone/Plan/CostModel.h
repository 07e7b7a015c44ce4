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
  unsigned bits = 8;       ///< of the integer activations
  unsigned tableBits = 16; ///< of the entries of tables for look-ups of planes: 16 or 8

  bool operator==(const ProductShape &o) const {
    return format == o.format && rows == o.rows && cols == o.cols && bits == o.bits && tableBits == o.tableBits;
  }
};

enum class KernelKind { Dot, Lut, Popcount };

/// A kernel for a product and the layout of the weights that it reads.
struct Candidate {
  KernelKind kind = KernelKind::Dot;
  Layout layout = Layout::Rows16;

  bool operator==(const Candidate &o) const { return kind == o.kind && layout == o.layout; }
  /// "dot/rows16"
  std::string name() const;
};

/// "rows16"
llvm::StringRef layoutName(Layout layout);

/// The kernels that compute a product with integer activations, in a fixed order: dot first.
llvm::SmallVector<Candidate> listCandidates(const ProductShape &product);

/// Where times come from: the cost model, or measurements.
class KernelTimes {
public:
  virtual ~KernelTimes() = default;
  /// Microseconds of one product with `columns` columns on one core, quantization of the activations and what the
  /// kernel makes of them included, weights in memory. None if unknown.
  virtual std::optional<double> microseconds(const ProductShape &product, const Candidate &candidate,
                                             int64_t columns) const = 0;
};

class CostModel : public KernelTimes {
public:
  explicit CostModel(const TargetInfo &target) : target(target), cpu(describeCpu(target)) {}
  std::optional<double> microseconds(const ProductShape &product, const Candidate &candidate,
                                     int64_t columns) const override;

private:
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

/// The kernel on a layout that needs the least time for a workload.
KernelKind chooseKernel(const KernelTimes &times, const ProductShape &product, Layout layout, const Workload &workload);

} // namespace halftone

#endif // HALFTONE_PLAN_COSTMODEL_H
