//===- LoadMlir.h - Reading MLIR text that nobody vouches for ---*- C++ -*-===//
#ifndef HALFTONE_IMPORT_LOADMLIR_H
#define HALFTONE_IMPORT_LOADMLIR_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <string>

namespace halftone {

/// Diagnostics as MLIR prints them: `file:line:col: error: message`, the source line and a caret.
class DiagnosticsError : public llvm::ErrorInfo<DiagnosticsError> {
public:
  static char ID;
  explicit DiagnosticsError(std::string text) : text(std::move(text)) {}
  void log(llvm::raw_ostream &os) const override { os << text; }
  std::error_code convertToErrorCode() const override { return llvm::inconvertibleErrorCode(); }

private:
  std::string text;
};

/// Parses and verifies an MLIR text file ("-": standard input). Bytecode is refused, because its reader does not
/// survive malformed input; so is text nested so deeply that the parser's recursion would not end well.
/// Parse and verification errors are a DiagnosticsError.
llvm::Expected<mlir::OwningOpRef<mlir::ModuleOp>> loadMlir(mlir::MLIRContext &context, llvm::StringRef path);

/// Prints an error of a tool on standard error: diagnostics as they are, anything else as "<tool>: error: <message>".
void reportError(llvm::StringRef tool, llvm::Error error);

} // namespace halftone

#endif // HALFTONE_IMPORT_LOADMLIR_H
