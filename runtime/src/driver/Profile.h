//===- Profile.h - Where the time of a model goes --------------*- C++ -*-===//
#ifndef HALFTONE_RUNTIME_DRIVER_PROFILE_H
#define HALFTONE_RUNTIME_DRIVER_PROFILE_H

#include "Support.h"

#include <map>

namespace halftone::driver {

/// Adds up the time of launches, kernel by kernel, while it is attached to a context.
class Profile {
public:
  explicit Profile(halftone_context *context);
  ~Profile();
  Profile(const Profile &) = delete;

  struct Entry {
    std::string kernel; ///< name in the program's symbol table, or an address where there is none
    int64_t launches = 0;
    double seconds = 0;
  };
  /// The kernels, those that took longest first.
  std::vector<Entry> entries() const;
  /// Whether a kernel is a product with a weight matrix.
  static bool isProduct(const std::string &kernel);

private:
  static void add(void *self, const void *task, double seconds);
  halftone_context *context;
  std::map<const void *, Entry> tasks;
};

} // namespace halftone::driver

#endif // HALFTONE_RUNTIME_DRIVER_PROFILE_H
