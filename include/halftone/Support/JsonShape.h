//===- JsonShape.h - What a JSON text is before it is parsed ----*- C++ -*-===//
#ifndef HALFTONE_SUPPORT_JSONSHAPE_H
#define HALFTONE_SUPPORT_JSONSHAPE_H

#include "llvm/ADT/StringRef.h"
#include <cstddef>

namespace halftone {

struct JsonShape {
  unsigned depth = 0; ///< deepest nesting of brackets outside of strings
  size_t keys = 0;    ///< colons outside of strings: in valid JSON, the keys of all objects
};

/// Looks at a text that need not be valid. llvm::json recurses into whatever nesting it is given, and keeps one of
/// equal keys without a word; both can be refused by what this finds.
JsonShape scanJson(llvm::StringRef text);

} // namespace halftone

#endif // HALFTONE_SUPPORT_JSONSHAPE_H
