//===- OnnxRuntime.cpp - Products of ONNX Runtime -------------------------===//
//
// The library is found at run time. Its interface is a table of functions whose order never changes; the few that are
// needed are declared here with their places in the table of version 1. All objects are opaque.
//
//===----------------------------------------------------------------------===//

#include "OnnxRuntime.h"
#include "OnnxModel.h"
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>

using namespace halftone::bench;

namespace {

using Handle = void *;

struct ApiBase {
  void *const *(*getApi)(uint32_t version);
  const char *(*getVersion)();
};

enum LogLevel { LogError = 3 };
enum { FloatElements = 1, DeviceAllocator = 0, DefaultMemory = 0 };

} // namespace

// X(result, name, place in the table, parameters). A result `Handle` is a status: null for success.
#define HALFTONE_ONNX(X)                                                                                               \
  X(const char *, GetErrorMessage, 2, (Handle))                                                                        \
  X(Handle, CreateEnv, 3, (int, const char *, Handle *))                                                               \
  X(Handle, CreateSessionFromArray, 8, (Handle, const void *, size_t, Handle, Handle *))                               \
  X(Handle, Run, 9,                                                                                                    \
    (Handle, Handle, const char *const *, const Handle *, size_t, const char *const *, size_t, Handle *))              \
  X(Handle, CreateSessionOptions, 10, (Handle *))                                                                      \
  X(Handle, SetIntraOpNumThreads, 24, (Handle, int))                                                                   \
  X(Handle, SetInterOpNumThreads, 25, (Handle, int))                                                                   \
  X(Handle, CreateTensorWithDataAsOrtValue, 49, (Handle, void *, size_t, const int64_t *, size_t, int, Handle *))      \
  X(Handle, CreateCpuMemoryInfo, 69, (int, int, Handle *))                                                             \
  X(void, ReleaseStatus, 93, (Handle))                                                                                 \
  X(void, ReleaseSession, 95, (Handle))                                                                                \
  X(void, ReleaseValue, 96, (Handle))                                                                                  \
  X(void, ReleaseSessionOptions, 100, (Handle))

struct halftone::bench::OnnxApi {
#define HALFTONE_DECLARE(result, name, place, parameters) result(*name) parameters = nullptr;
  HALFTONE_ONNX(HALFTONE_DECLARE)
#undef HALFTONE_DECLARE
  std::string version;
  Handle environment = nullptr, memory = nullptr;

  /// True for success; else prints why.
  bool succeeded(Handle status) const {
    if (!status)
      return true;
    std::fprintf(stderr, "peer-bench: ONNX Runtime: %s\n", GetErrorMessage(status));
    ReleaseStatus(status);
    return false;
  }
};

namespace {

/// All copies are nodes of one graph: several sessions would each have threads of their own that spin.
class OnnxProduct : public Contender {
public:
  OnnxProduct(const OnnxApi &api, int bits, const Problem &problem)
      : api(api), bits(bits), problem(problem), copies(problem.copies(copyBytes())),
        x(size_t(problem.tokens * problem.cols)), y(size_t(problem.tokens * problem.rows)) {
    for (size_t i = 0; i < x.size(); ++i)
      x[i] = float(int(i * 2654435761u >> 16) % 2001 - 1000) / 1000.0f;
  }
  ~OnnxProduct() override;
  /// False if the library cannot do it.
  bool prepare();

  std::string name() const override { return "ONNX Runtime, " + std::to_string(bits) + " bits"; }
  int64_t bytes() const override { return copyBytes(); }
  void begin(int count) override;
  void end() override;
  void pass(std::vector<double> &microseconds) override;

private:
  int64_t copyBytes() const {
    return problem.rows * problem.cols * bits / 8 + problem.rows * problem.cols / kOnnxBlock * 4;
  }
  bool open(int count);
  bool run() const {
    return api.succeeded(api.Run(session, nullptr, &inputName, &input, 1, outputNames.data(), outputNames.size(),
                                 const_cast<Handle *>(outputs.data())));
  }

  const OnnxApi &api;
  int bits;
  Problem problem;
  int64_t copies;
  std::vector<float> x, y;
  int threads = 0;
  Handle session = nullptr, input = nullptr;
  std::vector<Handle> outputs; ///< all in the same memory
  const char *inputName = "x";
  std::vector<std::string> names;
  std::vector<const char *> outputNames;
};

} // namespace

OnnxProduct::~OnnxProduct() {
  if (session)
    api.ReleaseSession(session);
  for (Handle value : outputs)
    api.ReleaseValue(value);
  if (input)
    api.ReleaseValue(input);
}

bool OnnxProduct::prepare() {
  auto wrap = [&](std::vector<float> &data, int64_t cols, Handle *value) {
    const int64_t shape[] = {problem.tokens, cols};
    return api.succeeded(api.CreateTensorWithDataAsOrtValue(api.memory, data.data(), data.size() * sizeof(float), shape,
                                                            2, FloatElements, value));
  };
  if (!wrap(x, problem.cols, &input))
    return false;
  outputs.resize(size_t(copies));
  for (int64_t i = 0; i < copies; ++i) {
    if (!wrap(y, problem.rows, &outputs[size_t(i)]))
      return false;
    names.push_back("y" + std::to_string(i));
  }
  for (const std::string &name : names)
    outputNames.push_back(name.c_str());
  return open(1);
}

/// Sessions have their threads for life.
bool OnnxProduct::open(int count) {
  if (threads == count)
    return true;
  if (session)
    api.ReleaseSession(session);
  session = nullptr;
  threads = count;
  Handle options = nullptr;
  std::string model = matMulNBitsModel(bits, problem, copies);
  bool done = api.succeeded(api.CreateSessionOptions(&options)) &&
              api.succeeded(api.SetIntraOpNumThreads(options, count)) &&
              api.succeeded(api.SetInterOpNumThreads(options, 1)) &&
              api.succeeded(api.CreateSessionFromArray(api.environment, model.data(), model.size(), options, &session));
  if (options)
    api.ReleaseSessionOptions(options);
  return done && run();
}

void OnnxProduct::begin(int count) {
  if (!open(count) || !run())
    std::exit(1);
}

void OnnxProduct::end() {
  if (!std::isfinite(y[0]) || y[0] == 0) {
    std::fprintf(stderr, "peer-bench: %s computes nothing\n", name().c_str());
    std::exit(1);
  }
}

void OnnxProduct::pass(std::vector<double> &microseconds) {
  double start = clockMicroseconds(threads);
  if (!run())
    std::exit(1);
  microseconds.push_back((clockMicroseconds(threads) - start) / double(copies));
}

OnnxLibrary::OnnxLibrary() : api(std::make_unique<OnnxApi>()) {}
OnnxLibrary::~OnnxLibrary() = default;

std::unique_ptr<OnnxLibrary> OnnxLibrary::load(const std::string &path, std::string &error) {
  void *library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  auto base = library ? reinterpret_cast<const ApiBase *(*)()>(dlsym(library, "OrtGetApiBase")) : nullptr;
  if (!base) {
    error = library ? path + " is not ONNX Runtime" : dlerror();
    return nullptr;
  }
  std::unique_ptr<OnnxLibrary> result(new OnnxLibrary);
  OnnxApi &api = *result->api;
  void *const *table = base()->getApi(1);
  if (!table) {
    error = path + " no longer has version 1 of its interface";
    return nullptr;
  }
#define HALFTONE_TAKE(result, name, place, parameters) api.name = reinterpret_cast<decltype(api.name)>(table[place]);
  HALFTONE_ONNX(HALFTONE_TAKE)
#undef HALFTONE_TAKE
  api.version = base()->getVersion();
  if (!api.succeeded(api.CreateEnv(LogError, "peer-bench", &api.environment)) ||
      !api.succeeded(api.CreateCpuMemoryInfo(DeviceAllocator, DefaultMemory, &api.memory))) {
    error = path + " does not start";
    return nullptr;
  }
  return result;
}

std::string OnnxLibrary::version() const { return api->version; }

std::unique_ptr<Contender> OnnxLibrary::product(int bits, const Problem &problem) const {
  auto result = std::make_unique<OnnxProduct>(*api, bits, problem);
  if (!result->prepare())
    return nullptr;
  return result;
}
