//===- quant-run.cpp - Generate, score and benchmark a compiled model ------===//
#include "halftone/main.h"

int main(int argc, char **argv) { return halftone_main(argc, argv, nullptr); }
