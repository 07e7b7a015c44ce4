//===- LoadMlir.cpp - Reading MLIR text that nobody vouches for -----------===//
#include "halftone/Import/LoadMlir.h"

#include "Json.h"

#include "mlir/Bytecode/BytecodeReader.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/WithColor.h"

using namespace llvm;

namespace halftone {

char DiagnosticsError::ID = 0;

// The parser's frames for one level of nesting stay far below 8 kB, and a stack has 8 MB.
static constexpr unsigned maxTextDepth = 500;

/// True if brackets are nested deeper than the parser should follow. Strings and comments do not count; the
/// signs of `->`, `>=` and `<=` are no brackets.
static bool nestsTooDeep(StringRef text) {
  unsigned depth = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    char next = i + 1 < text.size() ? text[i + 1] : '\0';
    switch (text[i]) {
    case '"':
      for (++i; i < text.size() && text[i] != '"' && text[i] != '\n'; ++i)
        if (text[i] == '\\')
          ++i;
      break;
    case '/':
      if (next == '/')
        i = std::min(text.find('\n', i), text.size());
      break;
    case '-':
      if (next == '>')
        ++i;
      break;
    case '<':
    case '(':
    case '[':
    case '{':
      if (next != '=' && ++depth > maxTextDepth)
        return true;
      break;
    case '>':
    case ')':
    case ']':
    case '}':
      if (next != '=' && depth > 0)
        --depth;
      break;
    }
  }
  return false;
}

Expected<mlir::OwningOpRef<mlir::ModuleOp>> loadMlir(mlir::MLIRContext &context, StringRef path) {
  auto buffer = MemoryBuffer::getFileOrSTDIN(path);
  if (!buffer)
    return fileError(path, buffer.getError().message());
  if (mlir::isBytecode(**buffer))
    return fileError(path, "MLIR bytecode is not accepted, because malformed bytecode can crash its reader; "
                           "convert it to text with 'mlir-opt' first");
  if (nestsTooDeep((*buffer)->getBuffer()))
    return fileError(path, "brackets nested more than " + Twine(maxTextDepth) + " levels deep");

  auto sources = std::make_shared<SourceMgr>();
  sources->AddNewSourceBuffer(std::move(*buffer), SMLoc());
  std::string text;
  raw_string_ostream diagnostics(text);
  mlir::SourceMgrDiagnosticHandler handler(*sources, &context, diagnostics);
  auto module = mlir::parseSourceFile<mlir::ModuleOp>(sources, mlir::ParserConfig(&context));
  if (!module)
    return make_error<DiagnosticsError>(std::move(text));
  errs() << text; // warnings
  return std::move(module);
}

void reportError(StringRef tool, Error error) {
  handleAllErrors(
      std::move(error), [](const DiagnosticsError &diagnostics) { diagnostics.log(errs()); },
      [&](const ErrorInfoBase &other) { WithColor::error(errs(), tool) << other.message() << '\n'; });
}

} // namespace halftone
