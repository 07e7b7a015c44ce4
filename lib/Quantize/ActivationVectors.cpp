//===- ActivationVectors.cpp - VS-Quant on activations --------------------===//

#include "halftone/Quantize/ActivationVectors.h"
#include "halftone/Quantize/Quantize.h"
#include <algorithm>

using namespace halftone;
using llvm::StringRef;

std::string ActivationVectors::name() const {
  std::string text = "vsq" + std::to_string(bits) + "v" + std::to_string(vector) + "s" + std::to_string(scaleBits);
  return productBits ? text + "p" + std::to_string(productBits) : text;
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
  if (format->kind != FormatKind::Vsq || format->vectorScale != VsqScale::Integer ||
      format->element != VsqElement::Signed)
    return llvm::createStringError("activations '" + name +
                                   "': expected signed elements with integer scales, as in vsq4v16s4");
  ActivationVectors result{format->bits, format->group, format->scaleBits, 0};
  bool rounds = name.contains('p');
  if (rounds && (product.getAsInteger(10, result.productBits) || result.productBits < 1 || result.productBits > 20))
    return llvm::createStringError("activations '" + name +
                                   "': products of scales have 1 to 20 bits, as in vsq4v16s4p6");
  return result;
}

bool halftone::matchVectors(const Format &weights, int64_t vector) {
  return weights.kind == FormatKind::Vsq && weights.vectorScale == VsqScale::Integer && weights.group == vector;
}
