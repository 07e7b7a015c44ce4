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

Value halftone::fourTimes(KernelBuilder &k, Value rows) {
  // By multiplication: as a shuffle, LLVM 22 never ends legalizing it where a matrix has a single row.
  Value wide = arith::ExtUIOp::create(k.b, k.loc, k.words(), rows);
  return k.bitcast(k.mulI(wide, k.splat(k.words(), 0x01010101)), k.bytes());
}
