//===- PanelReader.cpp - Packed weights of 16 rows as bytes ---------------===//

#include "PanelReader.h"

using namespace mlir;
using namespace halftone;

Value PanelReader::Terms::apply(KernelBuilder &k, Value sum, Value activationSum) const {
  sum = k.shlI(sum, shift);
  if (factor)
    sum = k.mulI(sum, factor);
  Value subtrahend =
      zeros ? k.mulI(zeros, k.broadcast(activationSum)) : k.broadcast(k.mulI(activationSum, k.i32(zero)));
  return k.subI(sum, subtrahend);
}
