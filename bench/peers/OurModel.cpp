//===- OurModel.cpp - A compiled model as a side of a comparison ----------===//

#include "ModelSides.h"
#include "halftone/runtime.h"
#include <cstdio>
#include <cstdlib>

using namespace halftone::bench;

void halftone::bench::stop(const std::string &message) {
  std::fprintf(stderr, "model-bench: %s\n", message.c_str());
  std::exit(1);
}

static void check(halftone_status status) {
  if (status)
    stop(halftone_last_error());
}

namespace {

class OurModel : public ModelSide {
public:
  OurModel(const std::string &path, int threads) {
    check(halftone_open(path.c_str(), &program));
    halftone_context_options settings = {sizeof settings, threads};
    check(halftone_context_create(program, &settings, &context));
  }
  ~OurModel() override {
    halftone_context_free(context);
    halftone_close(program);
  }
  int64_t vocabulary() const override { return halftone_describe(program)->vocabulary; }
  void clear() override { check(halftone_rewind(context, 0)); }
  void prefill(const int32_t *tokens, int64_t count) override { check(halftone_prefill(context, tokens, count)); }
  void decode(int32_t token) override { check(halftone_decode(context, token)); }
  const float *logits() override { return halftone_logits(context); }

private:
  halftone_program *program = nullptr;
  halftone_context *context = nullptr;
};

} // namespace

std::unique_ptr<ModelSide> halftone::bench::openOurs(const std::string &path, int threads) {
  return std::make_unique<OurModel>(path, threads);
}
