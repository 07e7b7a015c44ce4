//===- ActivationKind.cpp - Names of activation formats -------------------===//

#include "halftone/Quantize/ActivationKind.h"

using namespace halftone;
using llvm::StringRef;

std::string ActivationKind::name() const {
  switch (kind) {
  case Float:
    return "f32";
  case PerToken:
    return "i" + std::to_string(bits);
  case Vectors:
    return vectors.name();
  case Static:
    break;
  }
  if (sorted)
    return "peg" + std::to_string(groups);
  return groups == 1 ? "static" + std::to_string(bits) : "grouped" + std::to_string(groups);
}

llvm::Expected<ActivationKind> halftone::parseActivationKind(StringRef name) {
  ActivationKind kind;
  if (name == "f32")
    return kind;
  if (name == "i8" || name == "i16") {
    kind.kind = ActivationKind::PerToken;
    kind.bits = name == "i8" ? 8 : 16;
    return kind;
  }
  if (namesActivationVectors(name)) {
    llvm::Expected<ActivationVectors> vectors = parseActivationVectors(name);
    if (!vectors)
      return vectors.takeError();
    kind.kind = ActivationKind::Vectors;
    kind.bits = vectors->bits;
    kind.vectors = *vectors;
    return kind;
  }
  kind.kind = ActivationKind::Static;
  kind.bits = 8;
  StringRef rest = name;
  if (rest.consume_front("static")) {
    if (rest.getAsInteger(10, kind.bits) || kind.bits < 2 || kind.bits > 16)
      return llvm::createStringError("'" + name + "': static activations have 2 to 16 bits, as in static8");
    return kind;
  }
  kind.sorted = rest.consume_front("peg");
  if (!kind.sorted && !rest.consume_front("grouped"))
    return llvm::createStringError("unknown kind of activation '" + name +
                                   "', expected f32, i8, i16, static<bits>, grouped<groups>, peg<groups> or "
                                   "vsq<bits>v<vector>s<scale bits>");
  if (rest.getAsInteger(10, kind.groups) || kind.groups < 1)
    return llvm::createStringError("'" + name + "': the number of groups is missing, as in peg6");
  return kind;
}
