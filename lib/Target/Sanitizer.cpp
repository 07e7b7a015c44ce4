//===- Sanitizer.cpp - Generated code under AddressSanitizer --------------===//
//
// LLVM's pass instruments what the module holds. Weights are not in it: their
// section is a symbol of the assembler's. It gets room behind its bytes, and the
// module a constructor that tells AddressSanitizer of it as of a global variable,
// tensor by tensor where the caller left room between them.
//
//===----------------------------------------------------------------------===//

#include "halftone/Target/Sanitizer.h"
#include "Internal.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Module.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Transforms/Instrumentation/AddressSanitizer.h"
#include "llvm/Transforms/Utils/ModuleUtils.h"

#include <dlfcn.h>

using namespace halftone;
using namespace halftone::artifact;
using namespace llvm;

/// After AddressSanitizer's own constructor, which has priority 1.
static constexpr int kPriority = 2;

bool halftone::runsWithAddressSanitizer() { return dlsym(RTLD_DEFAULT, "__asan_init") != nullptr; }

void artifact::addAddressSanitizer(PassBuilder &builder) {
  AddressSanitizerOptions options;
  // Calls check every byte of a vector; inline code checks the first and the last, which may lie in two buffers.
  options.InstrumentationWithCallsThreshold = 0;
  builder.registerOptimizerLastEPCallback([options](ModulePassManager &passes, OptimizationLevel, ThinOrFullLTOPhase) {
    passes.addPass(AddressSanitizerPass(options, /*UseGlobalGC=*/false, /*UseOdrIndicator=*/false));
  });
}

/// A constant text without a name; AddressSanitizer is done, so that it has no redzone.
static Constant *addText(Module &module, StringRef text) {
  Constant *bytes = ConstantDataArray::getString(module.getContext(), text);
  auto *global = new GlobalVariable(module, bytes->getType(), /*isConstant=*/true, GlobalValue::PrivateLinkage, bytes,
                                    "halftone_redzone_text");
  global->setUnnamedAddr(GlobalValue::UnnamedAddr::Global);
  return global;
}

/// A function without arguments that calls `callee` on the table.
static Function *addCaller(Module &module, StringRef name, StringRef callee, GlobalVariable *table, uint64_t count) {
  LLVMContext &context = module.getContext();
  auto *function =
      Function::Create(FunctionType::get(Type::getVoidTy(context), false), GlobalValue::InternalLinkage, name, module);
  function->addFnAttr(Attribute::NoUnwind);
  IRBuilder<> builder(BasicBlock::Create(context, "", function));
  FunctionCallee target =
      module.getOrInsertFunction(callee, builder.getVoidTy(), builder.getInt64Ty(), builder.getInt64Ty());
  builder.CreateCall(target, {builder.CreatePtrToInt(table, builder.getInt64Ty()), builder.getInt64(count)});
  builder.CreateRetVoid();
  return function;
}

namespace {
/// What AddressSanitizer calls __asan_global: a variable and the memory behind it that nobody may touch.
class GlobalTable {
public:
  explicit GlobalTable(Module &module) : module(module), i64(Type::getInt64Ty(module.getContext())) {
    moduleName = toInteger(addText(module, "packed weights"));
  }

  /// `offset`, `bytes` and `end`, where the redzone ends, from the symbol.
  void add(StringRef symbol, StringRef name, uint64_t offset, uint64_t bytes, uint64_t end) {
    Constant *begin = ConstantExpr::getAdd(toInteger(declareBlob(module, symbol)), number(offset));
    Constant *fields[] = {
        begin,     number(bytes), number(end - offset), toInteger(addText(module, name)), moduleName, number(0),
        number(0), number(-1)}; // no initializer that runs, no place in the source, no search for twins
    rows.push_back(ConstantStruct::getAnon(fields));
  }

  void finish() {
    if (rows.empty())
      return;
    Constant *value = ConstantArray::get(ArrayType::get(rows.front()->getType(), rows.size()), rows);
    auto *table = new GlobalVariable(module, value->getType(), /*isConstant=*/false, GlobalValue::InternalLinkage,
                                     value, "halftone_redzones");
    appendToGlobalCtors(
        module, addCaller(module, "halftone_add_redzones", "__asan_register_globals", table, rows.size()), kPriority);
    appendToGlobalDtors(module,
                        addCaller(module, "halftone_remove_redzones", "__asan_unregister_globals", table, rows.size()),
                        kPriority);
  }

private:
  Constant *number(int64_t value) { return ConstantInt::getSigned(i64, value); }
  Constant *toInteger(Constant *pointer) { return ConstantExpr::getPtrToInt(pointer, i64); }
  Module &module;
  Type *i64;
  Constant *moduleName;
  SmallVector<Constant *> rows;
};
} // namespace

void artifact::addRedzones(Module &module, ArrayRef<Blob> blobs, ArrayRef<WeightTensor> tensors) {
  GlobalTable table(module);
  for (const Blob &blob : blobs) {
    uint64_t end = blob.bytes + blob.redzone;
    if (blob.symbol != "halftone_weights" || tensors.empty()) {
      table.add(blob.symbol, blob.symbol, 0, blob.bytes, end);
      continue;
    }
    for (size_t i = 0; i != tensors.size(); ++i)
      table.add(blob.symbol, tensors[i].name, tensors[i].offset, tensors[i].bytes,
                i + 1 == tensors.size() ? end : tensors[i + 1].offset);
  }
  table.finish();
}
