//===- Constants.cpp - The bytes of constants -----------------------------===//

#include "Constants.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;
using namespace halftone;

std::optional<std::vector<uint8_t>> halftone::constantBytes(ElementsAttr constant) {
  Type element = constant.getShapedType().getElementType();
  if (!element.isInteger(8) && !element.isF16() && !element.isF32())
    return std::nullopt;
  ArrayRef<char> raw;
  bool isSplat = false;
  if (auto dense = dyn_cast<DenseElementsAttr>(constant)) {
    raw = dense.getRawData();
    isSplat = dense.isSplat();
  } else if (auto resource = dyn_cast<DenseResourceElementsAttr>(constant)) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    if (!blob)
      return std::nullopt;
    raw = blob->getData();
  }
  size_t size = element.getIntOrFloatBitWidth() / 8, count = constant.getNumElements();
  if (raw.size() != (isSplat ? size : size * count))
    return std::nullopt;
  std::vector<uint8_t> bytes;
  bytes.reserve(size * count);
  for (size_t copies = isSplat ? count : 1; copies > 0; --copies)
    bytes.insert(bytes.end(), raw.begin(), raw.end());
  return bytes;
}
