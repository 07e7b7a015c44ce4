//===- ObservedProgram.cpp - A float model that shows its values ----------===//

#include "halftone/Calibrate/ObservedProgram.h"
#include "halftone/Target/Sanitizer.h"
#include "halftone/runtime.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Signals.h"
#include <cstring>
#include <sys/mman.h>

using namespace halftone;
using namespace llvm;

/// Rows of a block of the layout Float16.
static constexpr int64_t kBlockRows = 16;

template <typename... Ts>
static Error failure(const char *format, Ts &&...args) {
  return createStringError(formatv(format, std::forward<Ts>(args)...).str());
}

static Error toError(halftone_status status) {
  return status == HALFTONE_OK ? Error::success() : createStringError(halftone_last_error());
}

namespace {

/// A temporary file that exists for as long as this.
class TemporaryPath {
public:
  Error create() {
    if (std::error_code ec = sys::fs::createTemporaryFile("halftone-observed", "so", path))
      return failure("cannot write a temporary file: {0}", ec.message());
    sys::RemoveFileOnSignal(path);
    return Error::success();
  }
  ~TemporaryPath() {
    if (path.empty())
      return;
    sys::fs::remove(path);
    sys::DontRemoveFileOnSignal(path);
  }
  SmallString<128> path;
};

/// What an observer needs to know of the run that is going on.
struct Run {
  ObservedProgram::Observer observer;
  int64_t position = 0; ///< of the first row of the chunk
  bool headSites = true;
  std::optional<size_t> start, stop; ///< numbers of sites
  ArrayRef<float> startValues;
  bool active = true; ///< between start and stop
};

} // namespace

struct ObservedProgram::Impl {
  ~Impl() {
    halftone_context_free(context);
    halftone_close(program);
  }

  Error open(const CompileOptions &model, const ObserveOptions &options);
  void listProducts();
  const WeightPlace *find(StringRef name, unsigned &count) const;
  Expected<const WeightPlace *> place(StringRef name) const;
  std::optional<size_t> siteOf(StringRef weight, ObservedValue value) const;
  Error makeWritable();
  Error runChunk(ArrayRef<int32_t> tokens, Logits logits, Run &run);
  void observe(Run &run, size_t site, float *values, int64_t rows, int64_t cols);
  static void callback(void *self, int32_t site, float *values, int64_t rows, int64_t cols);

  halftone_program *program = nullptr;
  halftone_context *context = nullptr;
  const halftone_model *model = nullptr;
  std::vector<ObservedSite> sites;
  std::vector<WeightPlace> places;
  std::vector<Product> products;
  std::vector<float> logits; ///< of a chunk
  Run *current = nullptr;
  bool writable = false;
};

//===----------------------------------------------------------------------===//
// Compiling and loading
//===----------------------------------------------------------------------===//

Error ObservedProgram::Impl::open(const CompileOptions &model, const ObserveOptions &options) {
  TemporaryPath file;
  if (Error error = file.create())
    return error;
  CompileOptions compilation = model;
  compilation.output = file.path.str().str();
  compilation.format = compilation.embeddingFormat = "float";
  compilation.headFormat = "auto";
  compilation.tensorFormats.clear();
  compilation.activations = "f32";
  compilation.strategy = "auto";
  compilation.cpu = "native";
  compilation.sanitize = sanitizerOfProcess();
  compilation.compileTo.clear();
  compilation.reportFile.clear();
  // An imported module has its context already.
  compilation.context = sys::fs::is_directory(model.input) ? options.context : 0;
  compilation.chunk = options.chunk;
  compilation.threads = options.threads;
  compilation.choosesFormats = false;
  compilation.progress = options.progress;
  compilation.observe = options.values;
  Expected<CompileReport> report = halftone::compile(compilation);
  if (!report)
    return report.takeError();
  if (!report->isModel)
    return failure("'{0}' is no language model (its module has no attribute 'halftone.model'), so no text runs through "
                   "it",
                   model.input);
  sites = std::move(report->sites);
  places = std::move(report->places);
  if (Error error = toError(halftone_open(compilation.output.c_str(), &program)))
    return error;
  this->model = halftone_describe(program);
  halftone_context_options contextOptions = {sizeof contextOptions, int32_t(options.threads)};
  if (Error error = toError(halftone_context_create(program, &contextOptions, &context)))
    return error;
  listProducts();
  return Error::success();
}

void ObservedProgram::Impl::listProducts() {
  for (const ObservedSite &site : sites) {
    if (site.value != ObservedValue::Input)
      continue;
    for (const std::string &weight : site.weights) {
      unsigned count = 0;
      const WeightPlace *place = find(weight, count);
      if (place && place->shape.size() == 2)
        products.push_back(
            {weight, place->shape[0], place->shape[1], siteOf(weight, ObservedValue::Residual).has_value()});
    }
  }
}

ObservedProgram::ObservedProgram(std::unique_ptr<Impl> impl) : impl(std::move(impl)) {}
ObservedProgram::~ObservedProgram() = default;

Expected<std::unique_ptr<ObservedProgram>> ObservedProgram::compile(const CompileOptions &model,
                                                                    const ObserveOptions &options) {
  auto impl = std::make_unique<Impl>();
  if (Error error = impl->open(model, options))
    return std::move(error);
  return std::unique_ptr<ObservedProgram>(new ObservedProgram(std::move(impl)));
}

Expected<std::unique_ptr<ObservedProgram>> ObservedProgram::compile(StringRef input, const ObserveOptions &options) {
  CompileOptions model;
  model.input = input.str();
  return compile(model, options);
}

ArrayRef<ObservedSite> ObservedProgram::sites() const { return impl->sites; }
ArrayRef<ObservedProgram::Product> ObservedProgram::products() const { return impl->products; }
int64_t ObservedProgram::vocabulary() const { return impl->model->vocabulary; }
int64_t ObservedProgram::context() const { return impl->model->context; }
int32_t ObservedProgram::bos() const { return impl->model->bos; }
int32_t ObservedProgram::eos() const { return impl->model->eos; }
const halftone_program *ObservedProgram::program() const { return impl->program; }

//===----------------------------------------------------------------------===//
// Running
//===----------------------------------------------------------------------===//

std::optional<size_t> ObservedProgram::Impl::siteOf(StringRef weight, ObservedValue value) const {
  for (auto [number, site] : enumerate(sites))
    if (site.value == value && is_contained(site.weights, weight))
      return number;
  return std::nullopt;
}

void ObservedProgram::Impl::callback(void *self, int32_t site, float *values, int64_t rows, int64_t cols) {
  auto *impl = static_cast<Impl *>(self);
  impl->observe(*impl->current, size_t(site), values, rows, cols);
}

void ObservedProgram::Impl::observe(Run &run, size_t site, float *values, int64_t rows, int64_t cols) {
  if (run.start == site && !run.active) {
    std::memcpy(values, run.startValues.data() + run.position * cols, size_t(rows * cols) * sizeof(float));
    run.active = true;
    halftone_set_skip(context, 0);
  }
  if (!run.active || (sites[site].inHead && !run.headSites))
    return;
  if (run.observer)
    run.observer({sites[site], site, ArrayRef<float>(values, size_t(rows * cols)), rows, cols, run.position});
  if (run.stop == site) {
    run.active = false;
    halftone_set_skip(context, 1);
  }
}

/// Runs at most a chunk of tokens from run.position on.
Error ObservedProgram::Impl::runChunk(ArrayRef<int32_t> tokens, Logits onLogits, Run &run) {
  run.active = !run.start;
  halftone_set_skip(context, run.active ? 0 : 1);
  int64_t rows = int64_t(tokens.size());
  if (!onLogits && !run.headSites)
    return toError(halftone_prefill(context, tokens.data(), rows));
  logits.resize(size_t(model->chunk * model->vocabulary));
  if (Error error = toError(halftone_evaluate(context, tokens.data(), rows, logits.data())))
    return error;
  if (onLogits)
    onLogits(ArrayRef<float>(logits.data(), size_t(rows * model->vocabulary)), rows, run.position);
  return Error::success();
}

Error ObservedProgram::run(ArrayRef<int32_t> tokens, Observer observer, Logits logits, const RunRange &range) {
  Run run;
  run.observer = observer;
  run.headSites = observer && any_of(impl->sites, [](const ObservedSite &site) { return site.inHead; });
  if (!range.stop.empty()) {
    run.stop = impl->siteOf(range.stop, range.stopValue);
    if (!run.stop)
      return failure("there is no observation of tensor '{0}' to stop at", range.stop);
    run.headSites &= impl->sites[*run.stop].inHead;
    if (logits)
      return failure("a run that stops at tensor '{0}' has no logits", range.stop);
  }
  if (!range.start.empty()) {
    run.start = impl->siteOf(range.start, ObservedValue::Residual);
    if (!run.start)
      return failure("there is no observation of what tensor '{0}' is added to, to start at", range.start);
    if (int64_t(range.startValues.size()) != int64_t(tokens.size()) * impl->sites[*run.start].cols)
      return failure("a run that starts at tensor '{0}' needs {1} values for each of {2} tokens, not {3} in all",
                     range.start, impl->sites[*run.start].cols, tokens.size(), range.startValues.size());
    run.startValues = range.startValues;
  }
  if (Error error = toError(halftone_rewind(impl->context, 0)))
    return error;
  impl->current = &run;
  halftone_set_observer(impl->context, Impl::callback, impl.get());
  Error error = Error::success();
  if (tokens.empty())
    error = joinErrors(std::move(error), failure("a sequence without tokens cannot be run"));
  for (size_t done = 0; done < tokens.size() && !error;) {
    ArrayRef<int32_t> chunk = tokens.slice(done, std::min<size_t>(impl->model->chunk, tokens.size() - done));
    run.position = int64_t(done);
    error = impl->runChunk(chunk, logits, run);
    done += chunk.size();
  }
  halftone_set_observer(impl->context, nullptr, nullptr);
  halftone_set_skip(impl->context, 0);
  impl->current = nullptr;
  return error;
}

Expected<ArrayRef<float>> ObservedProgram::step(int32_t token, bool restart) {
  if (restart)
    if (Error error = toError(halftone_rewind(impl->context, 0)))
      return std::move(error);
  if (Error error = toError(halftone_decode(impl->context, token)))
    return std::move(error);
  return ArrayRef<float>(halftone_logits(impl->context), size_t(vocabulary()));
}

//===----------------------------------------------------------------------===//
// Weights
//===----------------------------------------------------------------------===//

const WeightPlace *ObservedProgram::Impl::find(StringRef name, unsigned &count) const {
  const WeightPlace *found = nullptr;
  count = 0;
  for (const WeightPlace &place : places)
    if (place.name == name) {
      found = &place;
      ++count;
    }
  return found;
}

Expected<const WeightPlace *> ObservedProgram::Impl::place(StringRef name) const {
  unsigned count = 0;
  const WeightPlace *place = find(name, count);
  if (!place)
    return failure("the observed program has no tensor '{0}'", name);
  if (count > 1)
    return failure("the observed program holds tensor '{0}' in {1} forms", name, count);
  return place;
}

static int64_t elements(const WeightPlace &place) {
  int64_t count = 1;
  for (int64_t size : place.shape)
    count *= size;
  return count;
}

/// Calls `visit(index, position)` for each element: its row-major index and where it lies, in floats.
template <typename Visit>
static void visitElements(const WeightPlace &place, Visit visit) {
  if (!place.interleaved) {
    for (int64_t i = 0, end = elements(place); i < end; ++i)
      visit(i, i);
    return;
  }
  int64_t rows = place.shape[0], cols = place.shape[1];
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t col = 0; col < cols; ++col)
      visit(row * cols + col, (row / kBlockRows * cols + col) * kBlockRows + row % kBlockRows);
}

Expected<std::vector<float>> ObservedProgram::weight(StringRef name) const {
  Expected<const WeightPlace *> place = impl->place(name);
  if (!place)
    return place.takeError();
  auto *source = reinterpret_cast<const float *>(static_cast<const char *>(impl->model->weights) + (*place)->offset);
  std::vector<float> values(size_t(elements(**place)));
  visitElements(**place, [&](int64_t index, int64_t position) { values[size_t(index)] = source[position]; });
  return values;
}

/// The mapping of the shared object is private: what is written stays in this process, page by page.
Error ObservedProgram::Impl::makeWritable() {
  if (writable)
    return Error::success();
  uintptr_t page = sys::Process::getPageSizeEstimate();
  uintptr_t begin = alignDown(reinterpret_cast<uintptr_t>(model->weights), page);
  uintptr_t end = alignTo(reinterpret_cast<uintptr_t>(model->weights) + uintptr_t(model->weight_bytes), page);
  if (mprotect(reinterpret_cast<void *>(begin), end - begin, PROT_READ | PROT_WRITE) != 0)
    return failure("cannot make the weights of the observed program writable: {0}", std::strerror(errno));
  writable = true;
  return Error::success();
}

Error ObservedProgram::setWeight(StringRef name, ArrayRef<float> values) {
  Expected<const WeightPlace *> place = impl->place(name);
  if (!place)
    return place.takeError();
  if (int64_t(values.size()) != elements(**place))
    return failure("tensor '{0}' has {1} values, not {2}", name, elements(**place), values.size());
  if (Error error = impl->makeWritable())
    return error;
  char *weights = static_cast<char *>(const_cast<void *>(impl->model->weights));
  auto *target = reinterpret_cast<float *>(weights + (*place)->offset);
  visitElements(**place, [&](int64_t index, int64_t position) { target[position] = values[size_t(index)]; });
  return Error::success();
}
