//===- Header.cpp - The C header of an object -----------------------------===//

#include "Internal.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace halftone;
using namespace llvm;

/// Text that cannot end a C comment.
static std::string commentText(StringRef text) {
  std::string result;
  for (char c : text) {
    if (c == '/' && !result.empty() && result.back() == '*')
      result += ' ';
    result += (static_cast<unsigned char>(c) < 0x20) ? ' ' : c;
  }
  // A backslash at the end of a line would join it with the next one; "??/" is one, too.
  std::replace(result.begin(), result.end(), '\\', '/');
  return result;
}

static std::string modelText(StringRef prefix, const ArtifactOptions &options) {
  const ModelDescription &model = *options.model;
  std::string symbol = artifact::modelSymbol(prefix, ArtifactKind::Object);
  std::string text;
  raw_string_ostream os(text);
  os << "#include \"halftone/abi.h\"\n\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n/**\n";
  os << " * Model '" << commentText(model.name) << "', compiled for " << commentText(options.target.cpu) << " ("
     << commentText(options.target.triple) << ").\n";
  os << formatv(" * {0} layers, hidden size {1}, {2} attention heads ({3} for keys and values) of size {4},\n",
                model.layers, model.hidden, model.heads, model.kvHeads, model.headSize);
  os << formatv(" * vocabulary of {0} tokens, context of {1} tokens, prefill in chunks of up to {2} tokens.\n",
                model.vocabulary, model.context, model.chunk);
  os << formatv(" * Weights: {0} bytes, read-only, inside the object.\n", options.weightBytes);
  os << " *\n * Shapes of the functions that it describes (row-major, n tokens):\n"
     << formatv(" *   decode, prefill: tokens int32_t [n] -> hidden float [n][{0}]\n", model.hidden)
     << formatv(" *   head:            hidden float [n][{0}] -> logits float [n][{1}]\n", model.hidden,
                model.vocabulary)
     << formatv(" *   keys {0} bytes, values {1} bytes, scratch {2} bytes, each 64-byte aligned\n", model.keyCacheBytes,
                model.valueCacheBytes, model.scratchBytes);
  os << " *\n * With the Halftone runtime:\n *\n"
     << " *   #include \"halftone/runtime.h\"\n"
     << " *   halftone_program *program;\n"
     << " *   if (halftone_open_linked(&" << symbol << ", &program))\n"
     << " *     puts(halftone_last_error());\n *\n"
     << " * The code needs these CPU features, which the runtime checks:\n *   "
     << (options.target.requiredFeatures.empty() ? "none" : join(options.target.requiredFeatures, ", ")) << "\n */\n";
  os << "extern const halftone_model " << symbol << ";\n";
  return text;
}

static std::string functionText(const CFunction &function) {
  std::string text;
  raw_string_ostream os(text);
  os << "/**\n";
  if (!function.comment.empty())
    os << " * " << commentText(function.comment) << '\n';
  for (const CParameter &parameter : function.parameters) {
    os << " * " << parameter.name << ": " << parameter.element;
    if (!parameter.shape.empty())
      os << ' ' << commentText(parameter.shape);
    if (parameter.isPointer)
      os << (parameter.isConst ? ", read" : ", written");
    os << '\n';
  }
  os << " * exec: threads to run on; null for the calling thread. Returns 0 for success.\n */\n";
  os << "int32_t " << function.name << "(const struct halftone_exec *exec";
  for (const CParameter &parameter : function.parameters)
    os << ", " << (parameter.isPointer && parameter.isConst ? "const " : "") << parameter.element << ' '
       << (parameter.isPointer ? "*" : "") << parameter.name;
  os << ");\n";
  return text;
}

std::string halftone::headerText(StringRef prefix, const ArtifactOptions &options) {
  std::string guard = "HALFTONE_GENERATED_" + prefix.upper() + "_H";
  std::string text;
  raw_string_ostream os(text);
  os << "/* Written by Halftone together with the object of the same name. */\n";
  os << "#ifndef " << guard << "\n#define " << guard << "\n\n";
  if (options.model) {
    os << modelText(prefix, options);
  } else {
    os << "#include <stdint.h>\n\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n"
       << "/* Threads for the functions below; halftone/abi.h defines it. */\nstruct halftone_exec;\n";
    for (const CFunction &function : options.functions)
      os << '\n' << functionText(function);
  }
  os << "\n#ifdef __cplusplus\n}\n#endif\n\n#endif /* " << guard << " */\n";
  return text;
}
