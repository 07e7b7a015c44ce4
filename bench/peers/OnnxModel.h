//===- OnnxModel.h - ONNX models of quantized products ----------*- C++ -*-===//
#ifndef HALFTONE_BENCH_PEERS_ONNXMODEL_H
#define HALFTONE_BENCH_PEERS_ONNXMODEL_H

#include "Contender.h"

namespace halftone::bench {

/// Weights that share a scale in MatMulNBits.
constexpr int64_t kOnnxBlock = 64;

/// An ONNX model, as bytes of its protobuf: `copies` products y<i> = x w<i>^T by MatMulNBits, each with random weights
/// of its own.
std::string matMulNBitsModel(int bits, const Problem &problem, int64_t copies);

} // namespace halftone::bench

#endif // HALFTONE_BENCH_PEERS_ONNXMODEL_H
