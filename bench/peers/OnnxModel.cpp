//===- OnnxModel.cpp - ONNX models of quantized products ------------------===//
//
// A protobuf message is a list of fields: a key (number * 8 + kind), then a variable-length integer (kind 0) or a
// length and bytes (kind 2). Field numbers are those of onnx.proto3.
//
//===----------------------------------------------------------------------===//

#include "OnnxModel.h"

using namespace halftone::bench;

namespace {

class Message {
public:
  Message &integer(int field, uint64_t value) {
    variable(uint64_t(field) << 3);
    variable(value);
    return *this;
  }
  Message &bytes(int field, const std::string &value) {
    variable(uint64_t(field) << 3 | 2);
    variable(value.size());
    data += value;
    return *this;
  }
  Message &message(int field, const Message &value) { return bytes(field, value.data); }
  std::string data;

private:
  void variable(uint64_t value) {
    for (; value >= 128; value >>= 7)
      data += char(value | 128);
    data += char(value);
  }
};

enum ElementType { Float = 1, UInt8 = 2 };

} // namespace

static Message tensor(const std::string &name, ElementType type, const std::vector<int64_t> &shape,
                      const std::string &data) {
  Message result;
  for (int64_t size : shape)
    result.integer(1, size);
  return result.integer(2, type).bytes(8, name).bytes(9, data);
}

/// A float matrix that goes in or comes out.
static Message value(const std::string &name, int64_t rows, int64_t cols) {
  Message shape;
  for (int64_t size : {rows, cols})
    shape.message(1, Message().integer(1, size));
  Message tensorType = Message().integer(1, Float).message(2, shape);
  return Message().bytes(1, name).message(2, Message().message(1, tensorType));
}

static Message product(const std::string &number, int bits, const Problem &problem) {
  const int integerKind = 2;
  Message node = Message().bytes(1, "x").bytes(1, "w" + number).bytes(1, "s" + number).bytes(2, "y" + number);
  node.bytes(3, "product" + number).bytes(4, "MatMulNBits").bytes(7, "com.microsoft");
  const std::pair<const char *, int64_t> attributes[] = {
      {"K", problem.cols}, {"N", problem.rows}, {"bits", bits}, {"block_size", kOnnxBlock}, {"accuracy_level", 4}};
  for (auto &[name, number] : attributes)
    node.message(5, Message().bytes(1, name).integer(3, number).integer(20, integerKind));
  return node;
}

std::string halftone::bench::matMulNBitsModel(int bits, const Problem &problem, int64_t copies) {
  int64_t blocks = (problem.cols + kOnnxBlock - 1) / kOnnxBlock, blockBytes = kOnnxBlock * bits / 8;
  std::string codes(size_t(problem.rows * blocks * blockBytes), '\0');
  std::string scales(size_t(problem.rows * blocks) * sizeof(float), '\0');
  const float scale = 0.01f;
  for (size_t i = 0; i < scales.size(); i += sizeof scale)
    scales.replace(i, sizeof scale, reinterpret_cast<const char *>(&scale), sizeof scale);
  uint64_t state = 1;
  Message graph;
  graph.bytes(2, "products").message(11, value("x", problem.tokens, problem.cols));
  for (int64_t i = 0; i < copies; ++i) {
    for (char &code : codes)
      code = char((state = state * 6364136223846793005u + 1442695040888963407u) >> 56);
    std::string number = std::to_string(i);
    graph.message(1, product(number, bits, problem));
    graph.message(5, tensor("w" + number, UInt8, {problem.rows, blocks, blockBytes}, codes));
    graph.message(5, tensor("s" + number, Float, {problem.rows, blocks}, scales));
    graph.message(12, value("y" + number, problem.tokens, problem.rows));
  }
  auto operators = [](const char *domain, uint64_t version) { return Message().bytes(1, domain).integer(2, version); };
  return Message()
      .integer(1, 8)
      .message(7, graph)
      .message(8, operators("", 17))
      .message(8, operators("com.microsoft", 1))
      .data;
}
