/*===- model.c - Opening and checking a compiled model ---------------------===*/
#include "internal.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct halftone_program {
  const halftone_model *model;
  void *library; /* of dlopen; null for a linked model */
};

/* Bounds that no sane model exceeds; products of a few of them stay far below 2^63. */
enum { MAX_SMALL = 1 << 16, MAX_WIDE = 1 << 24 };
static const int64_t max_bytes = INT64_C(1) << 44;

static halftone_status check_range(const char *what, int64_t value, int64_t least, int64_t most) {
  if (value >= least && value <= most)
    return HALFTONE_OK;
  return halftone_fail(HALFTONE_NOT_A_MODEL,
                       "the model's description is damaged: %s is %lld, expected %lld to %lld; compile it again", what,
                       (long long)value, (long long)least, (long long)most);
}

static halftone_status check_sizes(const halftone_model *m) {
  int64_t last_token = m->vocabulary > 0 ? m->vocabulary - 1 : 0;
  const struct {
    const char *what;
    int64_t value, least, most;
  } sizes[] = {
      {"vocabulary", m->vocabulary, 1, MAX_WIDE},
      {"hidden", m->hidden, 1, MAX_WIDE},
      {"layers", m->layers, 1, MAX_SMALL},
      {"heads", m->heads, 1, MAX_SMALL},
      {"kv_heads", m->kv_heads, 1, MAX_SMALL},
      {"head_size", m->head_size, 1, MAX_SMALL},
      {"context", m->context, 1, INT32_MAX},
      {"chunk", m->chunk, 1, MAX_WIDE},
      {"key_cache_bytes", m->key_cache_bytes, 1, max_bytes},
      {"value_cache_bytes", m->value_cache_bytes, 1, max_bytes},
      {"scratch_bytes", m->scratch_bytes, 0, max_bytes},
      {"bos", m->bos, -1, last_token},
      {"eos", m->eos, -1, last_token},
      {"weight_bytes", m->weight_bytes, 0, INT64_C(1) << 48},
      {"tokenizer_bytes", m->tokenizer_bytes, 0, INT64_C(1) << 30},
  };
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; ++i) {
    halftone_status status = check_range(sizes[i].what, sizes[i].value, sizes[i].least, sizes[i].most);
    if (status)
      return status;
  }
  return HALFTONE_OK;
}

static halftone_status check_pointers(const halftone_model *m) {
  const struct {
    const char *what;
    int present;
  } parts[] = {
      {"name", m->name != NULL},
      {"triple", m->triple != NULL},
      {"cpu", m->cpu != NULL},
      {"features", m->features != NULL},
      {"weights", m->weights != NULL || m->weight_bytes == 0},
      {"tokenizer", m->tokenizer != NULL || m->tokenizer_bytes == 0},
      {"decode", m->decode != NULL},
      {"prefill", m->prefill != NULL},
      {"head", m->head != NULL},
  };
  for (size_t i = 0; i < sizeof parts / sizeof *parts; ++i)
    if (!parts[i].present)
      return halftone_fail(HALFTONE_NOT_A_MODEL, "the model's description is damaged: it has no %s; compile it again",
                           parts[i].what);
  return HALFTONE_OK;
}

halftone_status halftone_check_model(const halftone_model *model) {
  if (model->magic != HALFTONE_MODEL_MAGIC)
    return halftone_fail(HALFTONE_NOT_A_MODEL, "it is not a Halftone model: its description starts with 0x%08x",
                         (unsigned)model->magic);
  if (model->abi_version != HALFTONE_ABI_VERSION)
    return halftone_fail(HALFTONE_WRONG_VERSION,
                         "the model was built for ABI %u, this runtime speaks ABI %u; recompile it with this version's "
                         "quant-compile",
                         (unsigned)model->abi_version, (unsigned)HALFTONE_ABI_VERSION);
  /* Later fields may be appended under the same version; fewer than we know is a contradiction. */
  if (model->struct_bytes < sizeof *model)
    return halftone_fail(HALFTONE_WRONG_VERSION,
                         "the model's description has %llu bytes, this runtime expects %zu; recompile it with this "
                         "version's quant-compile",
                         (unsigned long long)model->struct_bytes, sizeof *model);
  halftone_status status = check_sizes(model);
  if (!status)
    status = check_pointers(model);
  if (!status)
    status = check_range("heads modulo kv_heads", model->heads % model->kv_heads, 0, 0);
  return status;
}

/** The first model of the chain whose code this CPU can run; otherwise the error of the last, which needs least.
 * `loaded`: they lie in an object that the loader mapped. */
static halftone_status choose_variant(const halftone_model **model, int loaded) {
  halftone_status status = HALFTONE_OK;
  int variants = 0;
  for (const halftone_model *m = *model; m; m = m->next) {
    status = loaded ? halftone_check_loaded(m) : halftone_check_model(m);
    if (status)
      return status;
    if (++variants > 64)
      return halftone_fail(HALFTONE_NOT_A_MODEL, "the model's description is damaged: it goes round in a circle");
    status = halftone_check_features(m->features);
    if (!status) {
      *model = m;
      return HALFTONE_OK;
    }
  }
  return status;
}

static halftone_status open_checked(const halftone_model *model, void *library, halftone_program **program) {
  halftone_status status = choose_variant(&model, library != NULL);
  if (status)
    return status;
  halftone_program *result = malloc(sizeof *result);
  if (!result)
    return halftone_fail(HALFTONE_NO_MEMORY, "out of memory");
  result->model = model;
  result->library = library;
  *program = result;
  return HALFTONE_OK;
}

halftone_status halftone_open_linked(const halftone_model *model, halftone_program **program) {
  if (!model || !program)
    return halftone_fail(HALFTONE_INVALID_ARGUMENT, "halftone_open_linked: null argument");
  *program = NULL;
  return open_checked(model, NULL, program);
}

/** Puts the path before the last error's text, unless it is there. */
static halftone_status name_file(const char *path, halftone_status status) {
  char text[1024];
  snprintf(text, sizeof text, "%s", halftone_last_error());
  return halftone_fail(status, "'%s': %s", path, text);
}

static halftone_status open_library(const char *path, halftone_program **program) {
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    const char *reason = dlerror();
    if (reason && strstr(reason, "__asan_"))
      return halftone_fail(HALFTONE_CANNOT_OPEN,
                           "'%s' was compiled with --sanitize address, and this program has no AddressSanitizer; "
                           "preload it: LD_PRELOAD=$(gcc -print-file-name=libasan.so)",
                           path);
    return halftone_fail(HALFTONE_CANNOT_OPEN, "cannot load '%s': %s", path, reason ? reason : "unknown reason");
  }
  halftone_status status;
  const halftone_model *model = dlsym(library, HALFTONE_MODEL_SYMBOL);
  if (model)
    status = open_checked(model, library, program);
  else
    status = halftone_fail(HALFTONE_NOT_A_MODEL, "it is not a Halftone model: it has no symbol " HALFTONE_MODEL_SYMBOL);
  if (!status)
    return HALFTONE_OK;
  dlclose(library);
  return name_file(path, status);
}

halftone_status halftone_open(const char *path, halftone_program **program) {
  if (!path || !program)
    return halftone_fail(HALFTONE_INVALID_ARGUMENT, "halftone_open: null argument");
  *program = NULL;
  halftone_status status = halftone_check_shared_object(path);
  if (status)
    return status;
  if (strchr(path, '/'))
    return open_library(path, program);
  /* Without a slash the loader would search the system's library folders. */
  size_t bytes = strlen(path) + 3;
  char *local = malloc(bytes);
  if (!local)
    return halftone_fail(HALFTONE_NO_MEMORY, "out of memory");
  snprintf(local, bytes, "./%s", path);
  status = open_library(local, program);
  free(local);
  return status;
}

const halftone_model *halftone_describe(const halftone_program *program) { return program ? program->model : NULL; }

void halftone_close(halftone_program *program) {
  if (!program)
    return;
  if (program->library)
    dlclose(program->library);
  free(program);
}
