/*===- ModelMain.c - main() of a self-contained executable model -----------===*/
#include "halftone/main.h"

extern const halftone_model halftone_model_v1;

int main(int argc, char **argv) { return halftone_main(argc, argv, &halftone_model_v1); }
