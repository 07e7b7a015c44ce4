//===- Ggml.cpp - Products of llama.cpp's CPU library ---------------------===//
//
// The libraries are found at run time; the few entry points that are needed are declared here. All objects are opaque.
//
//===----------------------------------------------------------------------===//

#include "Ggml.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include <cstring>
#include <dlfcn.h>
#include <random>
#include <sys/mman.h>

using namespace halftone::bench;

namespace {

using Handle = void *;

/// Numbers of weight types that every version with Q1_0 has; the library does not check the number when asked for a
/// name.
constexpr int kTypes = 42;

/// How much memory a context of tensor records gets, and whether tensor contents live elsewhere.
struct ContextSettings {
  size_t bytes;
  void *memory;
  bool contentsElsewhere;
};

/// Larger than the library's settings of a thread pool, which it fills in itself.
struct alignas(64) PoolSettings {
  unsigned char opaque[4096];
};

} // namespace

// X(result, name without "ggml_", parameters), in libggml-base.
#define HALFTONE_GGML_BASE(X)                                                                                          \
  X(Handle, init, (ContextSettings))                                                                                   \
  X(void, free, (Handle))                                                                                              \
  X(Handle, new_tensor_2d, (Handle, int, int64_t, int64_t))                                                            \
  X(Handle, mul_mat, (Handle, Handle, Handle))                                                                         \
  X(Handle, new_graph_custom, (Handle, size_t, bool))                                                                  \
  X(void, build_forward_expand, (Handle, Handle))                                                                      \
  X(size_t, tensor_overhead, ())                                                                                       \
  X(size_t, graph_overhead_custom, (size_t, bool))                                                                     \
  X(const char *, type_name, (int))                                                                                    \
  X(size_t, row_size, (int, int64_t))                                                                                  \
  X(size_t, nbytes, (Handle))                                                                                          \
  X(size_t, quantize_chunk, (int, const float *, void *, int64_t, int64_t, int64_t, const float *))                    \
  X(const char *, version, ())                                                                                         \
  X(void, log_set, (void (*)(int, const char *, void *), void *))                                                      \
  X(const char *, commit, ())                                                                                          \
  X(void, threadpool_params_init, (PoolSettings *, int))                                                               \
  X(Handle, backend_alloc_ctx_tensors_from_buft, (Handle, Handle))                                                     \
  X(void *, backend_buffer_get_base, (Handle))                                                                         \
  X(size_t, backend_buffer_get_size, (Handle))                                                                         \
  X(void, backend_buffer_free, (Handle))                                                                               \
  X(void, backend_tensor_set, (Handle, const void *, size_t, size_t))                                                  \
  X(void, backend_tensor_get, (Handle, void *, size_t, size_t))                                                        \
  X(int, backend_graph_compute, (Handle, Handle))                                                                      \
  X(Handle, backend_reg_dev_get, (Handle, size_t))                                                                     \
  X(Handle, backend_reg_get_proc_address, (Handle, const char *))                                                      \
  X(bool, backend_dev_supports_op, (Handle, Handle))                                                                   \
  X(Handle, backend_cpu_buffer_type, ())                                                                               \
  X(void, backend_free, (Handle))

// The same in the CPU library.
#define HALFTONE_GGML_CPU(X)                                                                                           \
  X(Handle, backend_init, ())                                                                                          \
  X(Handle, backend_cpu_init, ())                                                                                      \
  X(void, backend_cpu_set_n_threads, (Handle, int))                                                                    \
  X(void, backend_cpu_set_threadpool, (Handle, Handle))                                                                \
  X(Handle, threadpool_new, (PoolSettings *))                                                                          \
  X(void, threadpool_free, (Handle))

struct halftone::bench::GgmlApi {
#define HALFTONE_DECLARE(result, name, parameters) result(*name) parameters = nullptr;
  HALFTONE_GGML_BASE(HALFTONE_DECLARE)
  HALFTONE_GGML_CPU(HALFTONE_DECLARE)
#undef HALFTONE_DECLARE
  Handle device = nullptr, repackedBuffers = nullptr;
  std::string cpuLibrary;

  int typeNumber(const std::string &name) const {
    std::string lower;
    for (char c : name)
      lower += std::tolower(c);
    for (int type = 0; type < kTypes; ++type)
      if (const char *candidate = type_name(type))
        if (lower == llvm::StringRef(candidate).lower())
          return type;
    return -1;
  }
};

namespace {

class GgmlProduct : public Contender {
public:
  GgmlProduct(const GgmlApi &api, std::string type, bool repacked, const Problem &problem)
      : api(api), type(std::move(type)), repacked(repacked), problem(problem) {}
  ~GgmlProduct() override;
  /// False if the library cannot do it.
  bool prepare();

  std::string name() const override { return "llama.cpp " + type + (repacked ? " (repacked)" : ""); }
  int64_t bytes() const override { return copyBytes; }
  void begin(int count) override;
  void end() override;
  void pass(std::vector<double> &microseconds) override;

private:
  void setWeights(int number);
  void setInput();

  const GgmlApi &api;
  std::string type;
  bool repacked;
  Problem problem;
  int64_t copyBytes = 0;
  int threads = 1;
  Handle weightContext = nullptr, context = nullptr, weightBuffer = nullptr, buffer = nullptr, backend = nullptr,
         pool = nullptr, input = nullptr;
  std::vector<Handle> weights, products, graphs;
};

} // namespace

GgmlProduct::~GgmlProduct() {
  if (backend)
    api.backend_free(backend);
  for (Handle each : {buffer, weightBuffer})
    if (each)
      api.backend_buffer_free(each);
  for (Handle each : {context, weightContext})
    if (each)
      api.free(each);
}

bool GgmlProduct::prepare() {
  int number = api.typeNumber(type), floats = api.typeNumber("f32");
  if (number < 0 || floats < 0 || (repacked && !api.repackedBuffers))
    return false;
  copyBytes = api.row_size(number, problem.cols) * problem.rows;
  int64_t copies = problem.copies(copyBytes), perGraph = problem.perSample();
  size_t records = (2 * copies + 8) * api.tensor_overhead();
  weightContext = api.init({records, nullptr, true});
  context = api.init({records + copies * api.graph_overhead_custom(perGraph + 8, false), nullptr, true});
  for (int64_t i = 0; i < copies; ++i)
    weights.push_back(api.new_tensor_2d(weightContext, number, problem.cols, problem.rows));
  weightBuffer = api.backend_alloc_ctx_tensors_from_buft(weightContext, repacked ? api.repackedBuffers
                                                                                 : api.backend_cpu_buffer_type());
  if (!weightBuffer)
    return false;
  uintptr_t base = (reinterpret_cast<uintptr_t>(api.backend_buffer_get_base(weightBuffer)) + 4095) & ~uintptr_t(4095);
  madvise(reinterpret_cast<void *>(base), api.backend_buffer_get_size(weightBuffer) & ~size_t(4095), MADV_HUGEPAGE);
  input = api.new_tensor_2d(context, floats, problem.cols, problem.tokens);
  for (int64_t i = 0; i < copies; ++i) {
    products.push_back(api.mul_mat(context, weights[i], input));
    if (!api.backend_dev_supports_op(api.device, products.back()))
      return false;
    if (i % perGraph == 0)
      graphs.push_back(api.new_graph_custom(context, perGraph + 8, false));
    api.build_forward_expand(graphs.back(), products.back());
  }
  buffer = api.backend_alloc_ctx_tensors_from_buft(context, api.backend_cpu_buffer_type());
  backend = api.backend_cpu_init();
  if (!buffer || !backend)
    return false;
  setWeights(number);
  setInput();
  return true;
}

/// A few random rows, quantized by the library, repeated over all rows of all copies.
void GgmlProduct::setWeights(int number) {
  const int64_t some = 16;
  std::mt19937 engine(1);
  std::normal_distribution<float> normal(0.0f, 0.02f);
  std::vector<float> values(some * problem.cols);
  for (float &value : values)
    value = normal(engine);
  std::vector<unsigned char> packed(copyBytes);
  size_t block = api.quantize_chunk(number, values.data(), packed.data(), 0, some, problem.cols, nullptr);
  for (size_t at = block; at < packed.size(); at += block)
    std::memcpy(packed.data() + at, packed.data(), std::min(block, packed.size() - at));
  for (Handle weight : weights)
    api.backend_tensor_set(weight, packed.data(), 0, packed.size());
}

void GgmlProduct::setInput() {
  std::vector<float> x(problem.cols * problem.tokens);
  for (size_t i = 0; i < x.size(); ++i)
    x[i] = float(int(i * 2654435761u >> 16) % 2001 - 1000) / 1000.0f;
  api.backend_tensor_set(input, x.data(), 0, x.size() * sizeof(float));
}

void GgmlProduct::begin(int count) {
  threads = count;
  PoolSettings settings;
  api.threadpool_params_init(&settings, threads);
  pool = api.threadpool_new(&settings);
  api.backend_cpu_set_n_threads(backend, threads);
  api.backend_cpu_set_threadpool(backend, pool);
  api.backend_graph_compute(backend, graphs.back());
}

void GgmlProduct::end() {
  float value = 0;
  api.backend_tensor_get(products.back(), &value, 0, sizeof value);
  if (!(value == value && value != 0)) {
    llvm::errs() << "peer-bench: " << name() << " computes nothing\n";
    std::exit(1);
  }
  api.backend_cpu_set_threadpool(backend, nullptr);
  api.threadpool_free(pool);
}

void GgmlProduct::pass(std::vector<double> &microseconds) {
  for (Handle graph : graphs) {
    double start = clockMicroseconds(threads);
    api.backend_graph_compute(backend, graph);
    microseconds.push_back((clockMicroseconds(threads) - start) / problem.perSample());
  }
}

GgmlLibrary::GgmlLibrary() : api(std::make_unique<GgmlApi>()) {}
GgmlLibrary::~GgmlLibrary() = default;

/// The CPU library of the folder with the highest score, or an empty path.
static std::string bestCpuLibrary(const std::string &folder) {
  std::string best;
  int bestScore = 0;
  std::error_code code;
  for (llvm::sys::fs::directory_iterator at(folder, code), end; at != end && !code; at.increment(code)) {
    if (!llvm::sys::path::filename(at->path()).starts_with("libggml-cpu"))
      continue;
    void *library = dlopen(at->path().c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!library)
      continue;
    auto score = reinterpret_cast<int (*)()>(dlsym(library, "ggml_backend_score"));
    if (score && score() > bestScore) {
      bestScore = score();
      best = at->path();
    }
    dlclose(library);
  }
  return best;
}

/// The buffer type whose layout the CPU library chooses for speed, or null.
static Handle findRepackedBuffers(const GgmlApi &api, Handle registry) {
  auto list = reinterpret_cast<Handle *(*)(Handle)>(
      api.backend_reg_get_proc_address(registry, "ggml_backend_dev_get_extra_bufts"));
  auto nameOf = reinterpret_cast<const char *(*)(Handle)>(dlsym(RTLD_DEFAULT, "ggml_backend_buft_name"));
  if (!list || !nameOf)
    return nullptr;
  for (Handle *types = list(api.device); types && *types; ++types)
    if (llvm::StringRef(nameOf(*types)).contains_insensitive("repack"))
      return *types;
  return nullptr;
}

std::unique_ptr<GgmlLibrary> GgmlLibrary::load(const std::string &folder, std::string &error) {
  void *base = dlopen((folder + "/libggml-base.so").c_str(), RTLD_NOW | RTLD_GLOBAL);
  if (!base) {
    error = dlerror();
    return nullptr;
  }
  std::string path = bestCpuLibrary(folder);
  void *cpu = path.empty() ? nullptr : dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!cpu) {
    error = "no CPU library of " + folder + " runs here";
    return nullptr;
  }
  std::unique_ptr<GgmlLibrary> result(new GgmlLibrary);
  GgmlApi &api = *result->api;
#define HALFTONE_FIND(library, name)                                                                                   \
  if (!(api.name = reinterpret_cast<decltype(api.name)>(dlsym(library, "ggml_" #name)))) {                             \
    error = folder + " lacks ggml_" #name;                                                                             \
    return nullptr;                                                                                                    \
  }
#define HALFTONE_FIND_BASE(result, name, parameters) HALFTONE_FIND(base, name)
#define HALFTONE_FIND_CPU(result, name, parameters) HALFTONE_FIND(cpu, name)
  HALFTONE_GGML_BASE(HALFTONE_FIND_BASE)
  HALFTONE_GGML_CPU(HALFTONE_FIND_CPU)
  api.log_set([](int, const char *, void *) {}, nullptr);
  Handle registry = api.backend_init();
  api.device = api.backend_reg_dev_get(registry, 0);
  api.repackedBuffers = findRepackedBuffers(api, registry);
  api.cpuLibrary = llvm::sys::path::filename(path).str();
  return result;
}

std::string GgmlLibrary::description() const {
  return std::string("ggml ") + api->version() + ", commit " + api->commit() + ", " + api->cpuLibrary;
}

std::unique_ptr<Contender> GgmlLibrary::product(const std::string &type, bool repacked, const Problem &problem) const {
  auto result = std::make_unique<GgmlProduct>(*api, type, repacked, problem);
  if (!result->prepare())
    return nullptr;
  return result;
}
