//===- Format.h - Names and parameters of weight formats --------*- C++ -*-===//
//
// A weight format by its short name, as users write it: `bcq3g32`, `bcq3g32f`,
// `bcq3g32z`, `bcqgreedy3g32f`, `binaryg32`, `ternaryg64`, `ternaryg64a`,
// `rtn4g32`, `int4g32`, `int8t`, `vsq4v16s6`, `mxfp4`, `nvfp4`, `float`. Group 0
// is the whole row, t the whole tensor.
//
//===----------------------------------------------------------------------===//
#ifndef HALFTONE_QUANTIZE_FORMAT_H
#define HALFTONE_QUANTIZE_FORMAT_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <string>

namespace halftone {

enum class FormatKind {
  Float,   ///< 32-bit floats, not quantized
  Bcq,     ///< binary-coding quantization: sum of scaled +1/-1 planes
  Binary,  ///< -s, +s
  Ternary, ///< -s, 0, +s
  Rtn,     ///< uniform integers, round to nearest: -(2^(b-1)-1) .. 2^(b-1)-1, or with a zero point 0 .. 2^b-1
  Vsq      ///< VS-Quant: as Rtn, with an integer scale per vector and a float scale per row (arXiv 2102.04503)
};

/// Elements of formats of kind Vsq: integers, or floats of 4 bits (SmallFloat.h).
enum class VsqElement { Signed, Unsigned, E2M1 };

/// Their scales of vectors: unsigned integers times a float per row, floats, or floats of 8 bits: powers of two
/// (MXFP4), or E4M3 times a float per tensor (NVFP4).
enum class VsqScale { Integer, Float, E8M0, E4M3 };

/// How BCQ codes and scales are found (ALGORITHMS 1.2 names).
enum class BcqSolver { Greedy, Refined, Alternating };

/// A weight format with its parameters.
struct Format {
  FormatKind kind = FormatKind::Float;
  /// Planes of BCQ (1..8), bits of RTN and VS-Quant (2..8); 1 for binary, 2 for ternary, 32 for float.
  unsigned bits = 32;
  /// Elements that share a scale, along the reduction dimension; 0: the row. VS-Quant: the vector, 8..128.
  int64_t group = 0;
  /// BCQ only: one half-precision scale per plane instead of two-level scales.
  bool planeScales = false;
  /// Ternary only: -s, 0, +t with two half-precision scales per group instead of one (trained ternary).
  bool scalePerSign = false;
  /// BCQ: an offset z per group is added to the planes' sum. RTN: a zero point per group (names `int...`).
  bool offset = false;
  /// RTN only: one scale (and zero point) for the whole tensor; `group` is 0 then.
  bool perTensor = false;
  /// RTN only: 32-bit scales instead of half-precision ones.
  bool floatScales = false;
  /// VS-Quant only: bits of a vector scale (integers 3..10, float 32, else 8).
  unsigned scaleBits = 0;
  /// VS-Quant only. E2M1 with E8M0 scales and vectors of 32 is MXFP4, with E4M3 scales and vectors of 16 NVFP4; there
  /// are no other formats of these.
  VsqElement element = VsqElement::Signed;
  VsqScale vectorScale = VsqScale::Integer;
  BcqSolver solver = BcqSolver::Alternating;
  /// Rounds of the alternating solver.
  unsigned rounds = 15;

  /// The canonical short name, e.g. "bcq3g32".
  std::string name() const;
  /// Group size for rows of `cols` elements (group 0 or larger than the row: the row).
  int64_t groupSize(int64_t cols) const;
  /// Number of groups in a row of `cols` elements; the last may be short.
  int64_t groupCount(int64_t cols) const;
  /// Exact bits per weight of a rows x cols matrix with all scales counted:
  /// two-level BCQ (q*g + 16 + 8q)/g per group, plane scales (q*g + 16q)/g, an
  /// offset 8/g or 16/g more; binary (g + 16)/g, ternary (2g + 16)/g, per sign
  /// (2g + 32)/g, rtn (b*g + 16)/g, float scales 16/g and a zero point 8/g more
  /// (per tensor: once), VS-Quant b + M/V + 32/cols, with float
  /// vector scales b + 32/V, mxfp4 4.25, nvfp4 4.5 + 32/(rows*cols), float 32.
  double bitsPerWeight(int64_t rows, int64_t cols) const;

  bool operator==(const Format &o) const {
    return kind == o.kind && bits == o.bits && group == o.group && planeScales == o.planeScales &&
           scalePerSign == o.scalePerSign && offset == o.offset && perTensor == o.perTensor &&
           floatScales == o.floatScales && scaleBits == o.scaleBits && element == o.element &&
           vectorScale == o.vectorScale && solver == o.solver && rounds == o.rounds;
  }
  bool operator!=(const Format &o) const { return !(*this == o); }
};

/// Parses a format name; the error lists the nearest valid names.
llvm::Expected<Format> parseFormat(llvm::StringRef name);

} // namespace halftone

#endif // HALFTONE_QUANTIZE_FORMAT_H
