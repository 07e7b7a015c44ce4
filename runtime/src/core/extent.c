/*===- extent.c - Whether a description stays inside its object ------------===*\
|*
|* A description is numbers and addresses. Before any of them is followed, they
|* have to lie in the memory into which the loader put the object.
|*
\*===----------------------------------------------------------------------===*/
#include "internal.h"

#include <link.h>
#include <string.h>

typedef struct extent {
  uintptr_t begin, bytes;
  int executable;
} extent;

/** Looks for the loaded segment that holds `address`; bytes is 0 where there is none. */
static int find_segment(struct dl_phdr_info *info, size_t bytes, void *result) {
  (void)bytes;
  extent *e = result;
  for (unsigned i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
    uintptr_t first = info->dlpi_addr + segment->p_vaddr;
    if (segment->p_type != PT_LOAD || e->begin < first || e->begin - first >= segment->p_memsz)
      continue;
    e->bytes = segment->p_memsz - (e->begin - first);
    e->executable = (segment->p_flags & PF_X) != 0;
    return 1;
  }
  return 0;
}

static extent extent_from(const void *address) {
  extent result = {(uintptr_t)address, 0, 0};
  if (address)
    dl_iterate_phdr(find_segment, &result);
  return result;
}

static halftone_status refuse(const char *what) {
  return halftone_fail(HALFTONE_NOT_A_MODEL,
                       "the model's description is damaged: its %s is not inside the file; compile it again", what);
}

static int text_fits(const char *text) {
  extent e = extent_from(text);
  return e.bytes && memchr(text, 0, e.bytes);
}

halftone_status halftone_check_loaded(const halftone_model *m) {
  /* What is not there counts as zeros, which no check lets pass. */
  halftone_model present;
  uintptr_t bytes = extent_from(m).bytes;
  memset(&present, 0, sizeof present);
  memcpy(&present, m, bytes < sizeof present ? bytes : sizeof present);
  halftone_status status = halftone_check_model(&present);
  if (status)
    return status;
  if (bytes < sizeof present)
    return refuse("end");
  const struct {
    const char *what, *text;
  } texts[] = {
      {"name", m->name}, {"triple", m->triple}, {"cpu", m->cpu}, {"features", m->features}, {"report", m->report}};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; ++i)
    if (texts[i].text && !text_fits(texts[i].text))
      return refuse(texts[i].what);
  if (m->weight_bytes > 0 && extent_from(m->weights).bytes < (uint64_t)m->weight_bytes)
    return refuse("section of weights");
  if (m->tokenizer_bytes > 0 && extent_from(m->tokenizer).bytes < (uint64_t)m->tokenizer_bytes)
    return refuse("tokenizer");
  const struct {
    const char *what;
    const void *address;
  } functions[] = {{"decode", (const void *)(uintptr_t)m->decode},
                   {"prefill", (const void *)(uintptr_t)m->prefill},
                   {"head", (const void *)(uintptr_t)m->head}};
  for (size_t i = 0; i < sizeof functions / sizeof *functions; ++i)
    if (!extent_from(functions[i].address).executable)
      return refuse(functions[i].what);
  return HALFTONE_OK;
}
