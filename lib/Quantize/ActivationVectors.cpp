//===- ActivationVectors.cpp - VS-Quant on activations --------------------===//

#include "halftone/Quantize/ActivationVectors.h"
#include "halftone/Quantize/Quantize.h"
#include <algorithm>

using namespace halftone;
using llvm::StringRef;

std::string ActivationVectors::name() const {
  std::string text = "vsq" + std::to_string(bits) + (isUnsigned ? "u" : "") + "v" + std::to_string(vector) + "s" +
                     (floatScales ? "f" : std::to_string(scaleBits));
  return productBits ? text + "p" + std::to_string(productBits) : text;
}

std::string ActivationVectors::problem() const {
  auto text = [](const char *what, unsigned number) { return std::string(what) + ", not " + std::to_string(number); };
  if (isUnsigned && (bits < 2 || bits > 7))
    return text("unsigned elements have 2 to 7 bits", bits);
  if (bits < 2 || bits > 8)
    return text("bits must be in 2..8", bits);
  if (vector < 8 || vector > 128)
    return text("vector must be in 8..128", unsigned(vector));
  if (floatScales ? scaleBits != 32 : scaleBits < 3 || scaleBits > 10)
    return text(floatScales ? "float scales have 32 bits" : "scale_bits must be in 3..10", scaleBits);
  if (productBits > 20)
    return text("product_bits must be in 0..20", productBits);
  return productBits && floatScales ? "products of float scales are not rounded" : "";
}

bool ActivationVectors::sumsIntegers(const Format &weights) const {
  return !floatScales && weights.vectorScale == VsqScale::Integer;
}

unsigned ActivationVectors::droppedBits(const Format &weights) const {
  unsigned exact = weights.scaleBits + scaleBits;
  return productBits && productBits < exact ? exact - productBits : 0;
}

bool ActivationVectors::sumsFitWord(const Format &weights, int64_t cols) const {
  unsigned dropped = droppedBits(weights);
  int64_t product = ((int64_t(1) << weights.scaleBits) - 1) * largestScale();
  if (dropped)
    product = (product + (int64_t(1) << (dropped - 1))) >> dropped;
  // Codes that no quantizer makes, such as -8 in 4 bits, count, too.
  int64_t element = std::max(largestElement(weights), elementOffset(weights));
  return cols <= INT32_MAX / (product * element * (limit() + 1));
}

bool halftone::namesActivationVectors(StringRef name) { return name.starts_with("vsq"); }

llvm::Expected<ActivationVectors> halftone::parseActivationVectors(StringRef name) {
  auto [base, product] = name.split('p');
  llvm::Expected<Format> format = parseFormat(base);
  if (!format)
    return llvm::createStringError("activations '" + name + "': " + llvm::toString(format.takeError()));
  if (format->kind != FormatKind::Vsq || format->element == VsqElement::E2M1)
    return llvm::createStringError("activations '" + name +
                                   "': expected integer elements, as in vsq4v16s4, vsq4uv16s4 or vsq4v16sf");
  ActivationVectors result{format->bits,
                           format->group,
                           format->scaleBits,
                           0,
                           format->element == VsqElement::Unsigned,
                           format->vectorScale == VsqScale::Float};
  bool rounds = name.contains('p');
  if (rounds && (product.getAsInteger(10, result.productBits) || result.productBits < 1 || result.productBits > 20))
    return llvm::createStringError("activations '" + name +
                                   "': products of scales have 1 to 20 bits, as in vsq4v16s4p6");
  if (std::string problem = result.problem(); !problem.empty())
    return llvm::createStringError("activations '" + name + "': " + problem);
  return result;
}

bool halftone::matchVectors(const Format &weights, int64_t vector) {
  return weights.kind == FormatKind::Vsq && weights.element != VsqElement::E2M1 && weights.group == vector;
}
