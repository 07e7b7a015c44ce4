/*===- hugepages.c - Weights in huge pages ---------------------------------===*\
|*
|* Generated code reads the weights at the address where the object was loaded,
|* through a constant of its own, so the copy has to appear at that address:
|* it is made elsewhere and moved over the old pages in one step. Only whole
|* huge pages inside the weights are replaced; less than one at either end
|* stays where it was.
|*
\*===----------------------------------------------------------------------===*/
#include "internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

static const char settings[] = "/sys/kernel/mm/transparent_hugepage/";

/** Bytes of a huge page; 0 if the kernel has none to give on request. */
static uintptr_t huge_page_bytes(void) {
  char path[96], text[96] = "";
  snprintf(path, sizeof path, "%senabled", settings);
  FILE *file = fopen(path, "r");
  if (!file)
    return 0;
  int usable = fgets(text, sizeof text, file) && !strstr(text, "[never]");
  fclose(file);
  if (!usable)
    return 0;
  unsigned long long bytes = 0;
  snprintf(path, sizeof path, "%shpage_pmd_size", settings);
  file = fopen(path, "r");
  if (!file)
    return 0;
  int known = fscanf(file, "%llu", &bytes) == 1 && bytes >= 4096 && (bytes & (bytes - 1)) == 0;
  fclose(file);
  return known ? (uintptr_t)bytes : 0;
}

/** Bytes of [begin, end) that are in huge pages now, by the kernel's own account. */
static int64_t count_huge_bytes(uintptr_t begin, uintptr_t end) {
  FILE *file = fopen("/proc/self/smaps", "r");
  if (!file)
    return 0;
  char line[512];
  int inside = 0;
  int64_t bytes = 0;
  while (fgets(line, sizeof line, file)) {
    uintptr_t first, last;
    long long kilobytes;
    if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " ", &first, &last) == 2)
      inside = first >= begin && last <= end;
    else if (inside && sscanf(line, "AnonHugePages: %lld kB", &kilobytes) == 1)
      bytes += kilobytes * 1024;
  }
  fclose(file);
  return bytes;
}

/** Makes a read-only copy of [begin, begin + bytes), which starts at a multiple of `page`, in a mapping that asks for
 * huge pages, and moves it there. */
static halftone_status replace_pages(void *begin, size_t bytes, uintptr_t page) {
  /* The kernel moves whole huge pages only if both addresses are multiples of them. */
  char *reserved = mmap(NULL, bytes + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (reserved == MAP_FAILED)
    return halftone_fail(HALFTONE_NO_MEMORY, "no memory for a copy of the weights in huge pages: %s", strerror(errno));
  size_t before = (page - (uintptr_t)reserved % page) % page;
  char *copy = reserved + before;
  if (before)
    munmap(reserved, before);
  if (before < page)
    munmap(copy + bytes, page - before);
  int error = 0;
  if (madvise(copy, bytes, MADV_HUGEPAGE) != 0)
    error = errno;
  if (!error) {
    memcpy(copy, begin, bytes);
    if (mprotect(copy, bytes, PROT_READ) != 0 ||
        mremap(copy, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, begin) == MAP_FAILED)
      error = errno;
  }
  if (!error)
    return HALFTONE_OK;
  munmap(copy, bytes);
  return halftone_fail(HALFTONE_FAILED, "the kernel gives no huge pages for the weights: %s", strerror(error));
}

halftone_status halftone_use_huge_pages(const halftone_program *program, int64_t *bytes) {
  if (!program || !bytes)
    return halftone_fail(HALFTONE_INVALID_ARGUMENT, "halftone_use_huge_pages: null argument");
  *bytes = 0;
  const halftone_model *model = halftone_describe(program);
  uintptr_t page = huge_page_bytes();
  if (!page)
    return halftone_fail(HALFTONE_FAILED, "the kernel has no huge pages on request (see %senabled)", settings);
  uintptr_t begin = (uintptr_t)model->weights, end = begin + (uintptr_t)model->weight_bytes;
  begin = (begin + page - 1) / page * page;
  end = end / page * page;
  if (begin >= end)
    return halftone_fail(HALFTONE_FAILED, "the weights, %lld bytes, contain no whole huge page of %llu bytes",
                         (long long)model->weight_bytes, (unsigned long long)page);
  halftone_status status = replace_pages((void *)begin, end - begin, page);
  if (!status)
    *bytes = count_huge_bytes(begin, end);
  if (!status && *bytes == 0)
    return halftone_fail(HALFTONE_NO_MEMORY, "the kernel found no free huge pages for the weights");
  return status;
}
