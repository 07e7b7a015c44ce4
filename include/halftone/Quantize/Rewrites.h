//===- Rewrites.h - Numerics of exact rewrites ------------------*- C++ -*-===//
//
// Changes of basis that leave what a model computes and make its numbers easier to
// round: scales per channel that move between a layer and the next, and rotations.
// Formulas and measurements: docs/PostTraining.md.
//
//===----------------------------------------------------------------------===//
#ifndef HALFTONE_QUANTIZE_REWRITES_H
#define HALFTONE_QUANTIZE_REWRITES_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <vector>

namespace halftone {

/// Exponents of equalizingScales(), and whether inputs are measured by the mean of their magnitudes, not the largest.
struct Equalization {
  double alpha = 0.5, beta = 0.5;
  bool means = false;
  bool search = false; ///< alpha is to be searched on calibration text, where there is some
};

/// Reads `<alpha>` (SmoothQuant), `awq` (a search) or `awq:<alpha>`, alpha from 0 to 1; the empty text is 0.5.
llvm::Expected<Equalization> parseEqualization(llvm::StringRef text);

/// What channel j of some inputs is divided by, and what column j of the weights behind is multiplied with:
///
///   s_j = inputs_j^alpha / weights_j^beta, divided by the geometric mean of all
///
/// With beta = 1 - alpha and the largest magnitudes this is SmoothQuant (Xiao et al., ICML 2023); with beta = 0 and
/// mean magnitudes AWQ (Lin et al., MLSys 2024). 1 where either magnitude is 0. Sizes must agree.
std::vector<float> equalizingScales(llvm::ArrayRef<double> inputs, llvm::ArrayRef<double> weights, double alpha,
                                    double beta);

/// A random orthogonal matrix R = D (Q x H / sqrt(p)): random signs D, the Hadamard matrix H of the largest power of
/// two p that divides the size, and a random orthogonal Q (Gram-Schmidt of a matrix of random numbers) of what is left;
/// x is the Kronecker product. Depends on nothing but size and seed. Sizes have p = 1 at worst: then R is D Q, and
/// dense.
class Rotation {
public:
  /// `size` is positive. Work: the cube of the size's odd part.
  Rotation(int64_t size, uint64_t seed);
  int64_t size() const { return int64_t(signs.size()); }
  /// x <- x R for a row vector.
  void apply(llvm::MutableArrayRef<double> x) const;

private:
  int64_t power = 1, odd = 1;
  std::vector<double> signs, dense; ///< D / sqrt(p); Q, row-major
};

/// Floats of a matrix, row-major.
struct MatrixView {
  llvm::MutableArrayRef<float> values;
  int64_t rows = 0, cols = 0;
};

/// Raises magnitudes[j] to the largest one in the columns, or rows, that belong to channel j: c belongs to channel
/// c / (repeat * block) * block + c mod block. Sizes must agree.
void noteMagnitudes(const MatrixView &matrix, bool columns, int64_t repeat, int64_t block,
                    llvm::MutableArrayRef<double> magnitudes);
/// Multiplies columns, or rows, with the scales of their channels, or divides them.
void scaleChannels(const MatrixView &matrix, bool columns, int64_t repeat, int64_t block, bool inverse,
                   llvm::ArrayRef<float> scales);
/// W R for columns, R^T W for rows, in blocks of `block` (0: one) of them.
void rotateChannels(const MatrixView &matrix, bool columns, int64_t block, uint64_t seed, unsigned threads = 0);

/// What a layer's bias must change by so that the mean of its outputs stays, (W - W') mean(x), for weights of
/// rows x means.size() and what they became (Nagel et al., "Data-free quantization through weight equalization and bias
/// correction", ICCV 2019). Sizes must agree.
std::vector<float> biasCorrection(llvm::ArrayRef<float> weights, llvm::ArrayRef<float> approximation,
                                  llvm::ArrayRef<double> means);

/// The fourth central moment over the squared variance: 3 for normal values, 0 for constant ones.
double kurtosis(llvm::ArrayRef<float> values);

} // namespace halftone

#endif // HALFTONE_QUANTIZE_REWRITES_H
