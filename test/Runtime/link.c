/*
 * A C program with a model linked in needs the core library only, and no C++. The headers are C11 and C++.
 *
 * RUN: %fake-object -o %t.o
 * RUN: %cc -std=c11 -Wall -Wextra -Werror -pedantic %runtime-include %s %t.o %core-libraries -o %t
 * RUN: %t | FileCheck %s
 * RUN: for h in abi runtime tokenizer main; do \
 * RUN:   echo "#include \"halftone/$h.h\"" | %cc -std=c11 -Werror -pedantic -fsyntax-only %runtime-include -x c - && \
 * RUN:   echo "#include \"halftone/$h.h\"" | %cc -std=c++17 -Werror -pedantic -fsyntax-only %runtime-include -x c++ - || exit 1; \
 * RUN: done
 */
#include "halftone/runtime.h"

#include <stdio.h>

extern const halftone_model halftone_model_v1;

static int failed(const char *what) {
  printf("%s: %s\n", what, halftone_last_error());
  return 1;
}

int main(void) {
  halftone_program *program;
  halftone_context *context;
  const int32_t tokens[] = {1, 5, 6};
  int32_t next;
  halftone_sampler *sampler;
  if (halftone_open_linked(&halftone_model_v1, &program))
    return failed("open");
  printf("%s, %d layer\n", halftone_describe(program)->name, (int)halftone_describe(program)->layers);
  if (halftone_context_create(program, NULL, &context))
    return failed("context");
  if (halftone_sampler_create(halftone_describe(program)->vocabulary, NULL, &sampler))
    return failed("sampler");
  if (halftone_prefill(context, tokens, 3))
    return failed("prefill");
  for (int i = 0; i < 4; ++i) {
    if (halftone_sample(sampler, halftone_logits(context), &next))
      return failed("sample");
    printf(" %d", (int)next);
    if (halftone_decode(context, next))
      return failed("decode");
  }
  printf("\nruntime %u, %d tokens\n", (unsigned)halftone_runtime_version(), (int)halftone_position(context));
  halftone_sampler_free(sampler);
  halftone_context_free(context);
  halftone_close(program);
  return 0;
}
/*
 * CHECK: fake "model", 1 layer
 * CHECK-NEXT: {{^ 2 9 4 8$}}
 * CHECK-NEXT: runtime 1, 7 tokens
 */
