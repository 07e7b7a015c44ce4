//===- LlamaCpp.cpp - Whole models by llama.cpp's libraries ---------------===//
//
// The libraries are found at run time; the few entry points that are needed are declared here. Settings are passed by
// value: the structs below are larger than the library's, which fills in the defaults and reads its own part (settings
// of that size travel in memory, not in registers). Of the fields only those are touched whose place is checked.
//
//===----------------------------------------------------------------------===//

#include "ModelSides.h"
#include <algorithm>
#include <cctype>
#include <cstring>
#include <dirent.h>
#include <dlfcn.h>

using namespace halftone::bench;

namespace {

using Handle = void *;

struct ModelSettings {
  unsigned char opaque[1024];
};
struct ContextSettings {
  uint32_t tokens; ///< length of the longest sequence; 512 by default
  unsigned char opaque[1020];
};
struct QuantizeSettings {
  int32_t threads; ///< 0, all cores, by default
  int32_t type;    ///< Q8_0, number 7, by default; Q5_1, number 9, in older versions
  unsigned char opaque[1016];
};
struct Batch {
  int32_t count;
  unsigned char opaque[252];
};

/// Numbers of weight types in files.
const std::pair<const char *, int> kTypes[] = {{"F16", 1},     {"Q4_0", 2},    {"Q8_0", 7},    {"Q2_K", 10},
                                               {"Q3_K_S", 11}, {"Q3_K_M", 12}, {"Q4_K_S", 14}, {"Q4_K_M", 15},
                                               {"TQ1_0", 36},  {"TQ2_0", 37},  {"Q1_0", 40}};

} // namespace

// X(result, name, parameters)
#define HALFTONE_LLAMA(X)                                                                                              \
  X(void, llama_backend_init, ())                                                                                      \
  X(void, ggml_backend_load_all_from_path, (const char *))                                                             \
  X(void, llama_log_set, (void (*)(int, const char *, void *), void *))                                                \
  X(ModelSettings, llama_model_default_params, ())                                                                     \
  X(ContextSettings, llama_context_default_params, ())                                                                 \
  X(QuantizeSettings, llama_model_quantize_default_params, ())                                                         \
  X(uint32_t, llama_model_quantize, (const char *, const char *, const QuantizeSettings *))                            \
  X(Handle, llama_model_load_from_file, (const char *, ModelSettings))                                                 \
  X(void, llama_model_free, (Handle))                                                                                  \
  X(Handle, llama_model_get_vocab, (Handle))                                                                           \
  X(int32_t, llama_vocab_n_tokens, (Handle))                                                                           \
  X(Handle, llama_init_from_model, (Handle, ContextSettings))                                                          \
  X(void, llama_free, (Handle))                                                                                        \
  X(void, llama_set_n_threads, (Handle, int32_t, int32_t))                                                             \
  X(Handle, llama_get_memory, (Handle))                                                                                \
  X(void, llama_memory_clear, (Handle, bool))                                                                          \
  X(Batch, llama_batch_get_one, (const int32_t *, int32_t))                                                            \
  X(int32_t, llama_decode, (Handle, Batch))                                                                            \
  X(float *, llama_get_logits_ith, (Handle, int32_t))                                                                  \
  X(const char *, ggml_version, ())                                                                                    \
  X(const char *, ggml_commit, ())

namespace {

struct Api {
#define HALFTONE_DECLARE(result, name, parameters) result(*name) parameters = nullptr;
  HALFTONE_LLAMA(HALFTONE_DECLARE)
#undef HALFTONE_DECLARE
} api;

/// The file in the folder whose name begins so.
std::string findLibrary(const std::string &folder, const std::string &beginning) {
  std::string found;
  if (DIR *directory = opendir(folder.c_str())) {
    while (dirent *entry = readdir(directory))
      if (!std::strncmp(entry->d_name, beginning.c_str(), beginning.size()))
        found = folder + "/" + entry->d_name;
    closedir(directory);
  }
  return found;
}

class LlamaCppModel : public ModelSide {
public:
  LlamaCppModel(const std::string &path, int threads) {
    model = api.llama_model_load_from_file(path.c_str(), api.llama_model_default_params());
    if (!model)
      stop("llama.cpp cannot load '" + path + "'");
    ContextSettings settings = api.llama_context_default_params();
    if (settings.tokens != 512)
      stop("llama.cpp's settings of a context are not as expected");
    context = api.llama_init_from_model(model, settings);
    if (!context)
      stop("llama.cpp cannot make a context");
    api.llama_set_n_threads(context, threads, threads);
    words = api.llama_vocab_n_tokens(api.llama_model_get_vocab(model));
  }
  ~LlamaCppModel() override {
    api.llama_free(context);
    api.llama_model_free(model);
  }
  int64_t vocabulary() const override { return words; }
  void clear() override { api.llama_memory_clear(api.llama_get_memory(context), true); }
  void prefill(const int32_t *tokens, int64_t count) override {
    if (api.llama_decode(context, api.llama_batch_get_one(tokens, int32_t(count))) != 0)
      stop("llama_decode failed");
    logits(); // waits for the result
  }
  void decode(int32_t token) override { prefill(&token, 1); }
  const float *logits() override {
    const float *row = api.llama_get_logits_ith(context, -1);
    if (!row || !(row[0] == row[0]))
      stop("llama.cpp computes nothing");
    return row;
  }

private:
  Handle model = nullptr, context = nullptr;
  int64_t words = 0;
};

} // namespace

void halftone::bench::loadLibraries(const std::string &folder) {
  std::string path = findLibrary(folder, "libllama.");
  void *library = path.empty() ? nullptr : dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL);
  if (!library)
    stop(path.empty() ? "no libllama in '" + folder + "'" : dlerror());
#define HALFTONE_FIND(result, name, parameters)                                                                        \
  if (!(api.name = reinterpret_cast<decltype(api.name)>(dlsym(library, #name))))                                       \
    stop(folder + " lacks " #name);
  HALFTONE_LLAMA(HALFTONE_FIND)
#undef HALFTONE_FIND
  api.llama_log_set([](int, const char *, void *) {}, nullptr);
  api.ggml_backend_load_all_from_path(folder.c_str());
  api.llama_backend_init();
}

std::string halftone::bench::libraryVersion() {
  return std::string("ggml ") + api.ggml_version() + ", commit " + api.ggml_commit();
}

std::unique_ptr<ModelSide> halftone::bench::openLlamaCpp(const std::string &path, int threads) {
  return std::make_unique<LlamaCppModel>(path, threads);
}

void halftone::bench::quantizeGguf(const std::string &from, const std::string &to, const std::string &type) {
  auto known = std::find_if(std::begin(kTypes), std::end(kTypes), [&](auto &each) { return each.first == type; });
  if (known == std::end(kTypes))
    stop("unknown type '" + type + "'");
  QuantizeSettings settings = api.llama_model_quantize_default_params();
  if (settings.threads != 0 || (settings.type != 7 && settings.type != 9))
    stop("llama.cpp's settings of quantization are not as expected");
  settings.type = known->second;
  if (api.llama_model_quantize(from.c_str(), to.c_str(), &settings) != 0)
    stop("llama.cpp cannot quantize '" + from + "' to " + type);
}
