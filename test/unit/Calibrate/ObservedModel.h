//===- ObservedModel.h - The bundled model, observed, for tests -*- C++ -*-===//
#ifndef HALFTONE_TEST_UNIT_CALIBRATE_OBSERVEDMODEL_H
#define HALFTONE_TEST_UNIT_CALIBRATE_OBSERVEDMODEL_H

#include "halftone/Calibrate/ObservedProgram.h"
#include "gtest/gtest.h"

/// The bundled model with all its observations, compiled once per process. Null if that failed.
inline halftone::ObservedProgram *observedModel() {
  static std::unique_ptr<halftone::ObservedProgram> program = [] {
    halftone::ObserveOptions options;
    options.values = {true, true, true, true};
    options.chunk = 16;
    options.context = 64;
    auto compiled = halftone::ObservedProgram::compile(HALFTONE_BUNDLED_MODEL, options);
    if (!compiled) {
      ADD_FAILURE() << llvm::toString(compiled.takeError());
      return std::unique_ptr<halftone::ObservedProgram>();
    }
    return std::move(*compiled);
  }();
  return program.get();
}

inline std::string message(llvm::Error error) { return llvm::toString(std::move(error)); }

#endif // HALFTONE_TEST_UNIT_CALIBRATE_OBSERVEDMODEL_H
