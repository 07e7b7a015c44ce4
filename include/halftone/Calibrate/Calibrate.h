//===- Calibrate.h - Calibration as a user asks for it ----------*- C++ -*-===//
#ifndef HALFTONE_CALIBRATE_CALIBRATE_H
#define HALFTONE_CALIBRATE_CALIBRATE_H

#include "halftone/Calibrate/Statistics.h"

namespace halftone {

struct CalibrateOptions {
  std::string source;      ///< a text file, "-", or "self": text that the model writes; empty: no calibration
  int64_t tokens = 10240;  ///< most tokens of a text; as many are written by the model itself
  uint64_t seed = 1;       ///< of the text that the model writes
  std::string save;        ///< statistics file to write; empty: none
  std::string reuse;       ///< statistics file to read, instead of `source`; empty: none
  bool statistics = false; ///< gather statistics without Gram matrices also where none are saved

  bool isAsked() const { return !source.empty() || !reuse.empty(); }
};

struct Calibration {
  CalibrationData data;
  std::vector<SiteStatistics> sites; ///< where statistics are saved, reused or asked for
};

/// The tokens to calibrate the model on, and where wanted their statistics: from scratch, or from a file. Of `model`
/// the input, the threads and the progress count. Errors: those of CalibrationText.h and Statistics.h; statistics of
/// another model.
llvm::Expected<Calibration> calibrate(const CompileOptions &model, const CalibrateOptions &options);

/// For CompileOptions::channelMagnitudes: of each product's input the largest, or the mean magnitudes of the channels.
std::map<std::string, std::vector<float>> channelMagnitudes(llvm::ArrayRef<SiteStatistics> sites, bool means);

} // namespace halftone

#endif // HALFTONE_CALIBRATE_CALIBRATE_H
