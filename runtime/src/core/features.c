/*===- features.c - What this CPU can do, under LLVM's feature names -------===*/
#include "internal.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(__aarch64__)
#define HOW_TO_RECOMPILE "for this CPU, or for many with --target aarch64-linux-gnu --mcpu=cortex-a76 or generic"
#else
#define HOW_TO_RECOMPILE "on this machine with --mcpu=native, or for many machines with --mcpu=x86-64-v3 or x86-64"
#endif

/** Calls `visit` with each name of a comma separated list; stops when it returns something else than 0. */
static int for_each_name(const char *list, int (*visit)(const char *name, void *state), void *state) {
  while (*list) {
    char name[64];
    size_t length = strcspn(list, ",");
    const char *begin = list;
    list += length + (list[length] == ',');
    for (; length && *begin == ' '; --length)
      ++begin;
    while (length && begin[length - 1] == ' ')
      --length;
    if (length == 0)
      continue;
    snprintf(name, sizeof name, "%.*s", (int)(length < sizeof name ? length : sizeof name - 1), begin);
    int result = visit(name, state);
    if (result)
      return result;
  }
  return 0;
}

static int same_name(const char *name, void *wanted) { return strcmp(name, wanted) == 0; }

static int is_hidden(const char *name) {
  const char *hidden = getenv("HALFTONE_HIDE_CPU_FEATURES");
  return hidden && for_each_name(hidden, same_name, (void *)(uintptr_t)name);
}

int halftone_cpu_has(const char *name) {
  if (!name)
    return -1;
  int answer = halftone_ask_cpu(name);
  return answer == 1 && is_hidden(name) ? 0 : answer;
}

/** Names found missing so far, separated by ", ". */
typedef struct missing_names {
  char missing[512], unknown[64];
} missing_names;

static int collect_missing(const char *name, void *state) {
  missing_names *names = state;
  int answer = halftone_cpu_has(name);
  if (answer < 0)
    snprintf(names->unknown, sizeof names->unknown, "%s", name);
  if (answer == 0) {
    size_t used = strlen(names->missing);
    snprintf(names->missing + used, sizeof names->missing - used, "%s%s", used ? ", " : "", name);
  }
  return answer < 0;
}

halftone_status halftone_check_features(const char *features) {
  missing_names names = {{0}, {0}};
  for_each_name(features, collect_missing, &names);
  if (names.unknown[0])
    return halftone_fail(HALFTONE_WRONG_CPU,
                         "the model needs the CPU feature '%s', which this runtime does not know; rebuild the runtime "
                         "from the version that compiled the model, or recompile the model for another CPU",
                         names.unknown);
  if (names.missing[0])
    return halftone_fail(HALFTONE_WRONG_CPU,
                         "the model needs %s, which this CPU does not have; recompile it " HOW_TO_RECOMPILE,
                         names.missing);
  return HALFTONE_OK;
}

int32_t halftone_cpu_count(void) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0)
    return CPU_COUNT(&set);
  long online = sysconf(_SC_NPROCESSORS_ONLN);
  return online > 0 && online < 1024 ? (int32_t)online : 1;
}
