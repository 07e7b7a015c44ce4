//===- JsonShape.cpp - What a JSON text is before it is parsed ------------===//

#include "halftone/Support/JsonShape.h"
#include <algorithm>

using namespace halftone;

JsonShape halftone::scanJson(llvm::StringRef text) {
  JsonShape shape;
  unsigned depth = 0;
  bool inString = false;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (inString) {
      if (c == '\\')
        ++i;
      else if (c == '"')
        inString = false;
    } else if (c == '"') {
      inString = true;
    } else if (c == ':') {
      ++shape.keys;
    } else if (c == '[' || c == '{') {
      shape.depth = std::max(shape.depth, ++depth);
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
  return shape;
}
