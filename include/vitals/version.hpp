// The version of vitals: the only place where it is written. CMake and the amalgamation read it here.
#ifndef VITALS_VERSION_HPP
#define VITALS_VERSION_HPP

#define VITALS_VERSION_MAJOR 0
#define VITALS_VERSION_MINOR 1
#define VITALS_VERSION_PATCH 0

namespace vitals::inline v0 {

/// The library's version, as `major.minor.patch` (https://semver.org).
struct version_number {
  int major;
  int minor;
  int patch;
};

/// The version of the headers that this file was compiled with.
inline constexpr version_number version{VITALS_VERSION_MAJOR, VITALS_VERSION_MINOR, VITALS_VERSION_PATCH};

}  // namespace vitals::inline v0

#endif
