//===- Sanitizer.h - Generated code under AddressSanitizer ------*- C++ -*-===//
#ifndef HALFTONE_TARGET_SANITIZER_H
#define HALFTONE_TARGET_SANITIZER_H

namespace halftone {

/// True in a process that has AddressSanitizer's runtime, linked in or preloaded. Code that such a process loads into
/// itself should be instrumented, too.
bool runsWithAddressSanitizer();

/// The same as CompileOptions::sanitize names it: "address" or "".
inline const char *sanitizerOfProcess() { return runsWithAddressSanitizer() ? "address" : ""; }

} // namespace halftone

#endif // HALFTONE_TARGET_SANITIZER_H
