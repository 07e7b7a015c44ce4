/*===- main.h - The command line of a model --------------------------------===*\
|*
|* What quant-run and every self-contained executable model share. Library
|* libhalftone_main.a; it also contains a main() for executables that link one
|* model under the name halftone_model_v1.
|*
\*===----------------------------------------------------------------------===*/
#ifndef HALFTONE_MAIN_H
#define HALFTONE_MAIN_H

#include "halftone/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Runs the command line: generate, score, benchmark, describe. With `linked` null the model is the first argument.
 * Returns the exit code: 0, or 1 for any error, after one message on standard error.
 */
int halftone_main(int argc, char **argv, const halftone_model *linked);

#ifdef __cplusplus
}
#endif

#endif /* HALFTONE_MAIN_H */
