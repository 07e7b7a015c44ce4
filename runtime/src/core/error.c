/*===- error.c - Text of the last error ------------------------------------===*/
#include "internal.h"

#include <stdarg.h>
#include <stdio.h>

static _Thread_local char last_error[1024];

halftone_status halftone_fail(halftone_status status, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(last_error, sizeof last_error, format, arguments);
  va_end(arguments);
  return status;
}

const char *halftone_last_error(void) { return last_error; }

uint32_t halftone_runtime_version(void) { return HALFTONE_RUNTIME_VERSION; }
