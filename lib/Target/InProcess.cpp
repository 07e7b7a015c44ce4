//===- InProcess.cpp - Code that runs in this process ---------------------===//

#include "halftone/Target/InProcess.h"
#include "Internal.h"
#include "halftone/Target/Sanitizer.h"
#include "llvm/ExecutionEngine/Orc/ExecutionUtils.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SmallVectorMemoryBuffer.h"
#include "llvm/Target/TargetMachine.h"

using namespace halftone;
using namespace halftone::artifact;
using namespace llvm;

struct InProcessCode::Implementation {
  std::unique_ptr<orc::LLJIT> jit;
};

InProcessCode::InProcessCode() : implementation(std::make_unique<Implementation>()) {}
InProcessCode::~InProcessCode() = default;

Expected<std::unique_ptr<InProcessCode>> InProcessCode::load(Module &module, ArtifactOptions options,
                                                             const void *weights) {
  Expected<std::unique_ptr<TargetMachine>> machine = createMachine(options.target, options.optLevel);
  if (!machine)
    return machine.takeError();
  // The weights' symbol is defined below instead of by a section.
  options.weightsFile = "memory";
  options.weightBytes = 1;
  options.sanitizeAddress |= runsWithAddressSanitizer();
  if (Error error = prepareModule(module, **machine, "halftone", ArtifactKind::Object, options))
    return std::move(error);
  SmallVector<char, 0> object;
  if (Error error = emitModule(module, **machine, /*assembly=*/false, object))
    return std::move(error);

  auto jit = orc::LLJITBuilder().create();
  if (!jit)
    return jit.takeError();
  auto process = orc::DynamicLibrarySearchGenerator::GetForCurrentProcess((*jit)->getDataLayout().getGlobalPrefix());
  if (!process)
    return process.takeError();
  orc::JITDylib &dylib = (*jit)->getMainJITDylib();
  dylib.addGenerator(std::move(*process));
  orc::ExecutorSymbolDef address(orc::ExecutorAddr::fromPtr(weights), JITSymbolFlags::Exported);
  if (Error error = dylib.define(orc::absoluteSymbols({{(*jit)->mangleAndIntern("halftone_weights"), address}})))
    return std::move(error);
  if (Error error = (*jit)->addObjectFile(std::make_unique<SmallVectorMemoryBuffer>(std::move(object), false)))
    return std::move(error);
  std::unique_ptr<InProcessCode> code(new InProcessCode());
  code->implementation->jit = std::move(*jit);
  return std::move(code);
}

Expected<void *> InProcessCode::lookup(StringRef function) {
  Expected<orc::ExecutorAddr> address = implementation->jit->lookup(function);
  if (!address)
    return address.takeError();
  return address->toPtr<void *>();
}
