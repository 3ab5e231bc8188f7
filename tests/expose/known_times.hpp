// A registry as a source whose exemplars are of known times, so that documents can be compared in full.
#ifndef TESTS_EXPOSE_KNOWN_TIMES_HPP
#define TESTS_EXPOSE_KNOWN_TIMES_HPP

#include <cstdint>

#include <vitals/metric/family.hpp>

/// Each exemplar's time is a second later than that of the one before it on the page.
template <class Metrics>
struct known_times {
  static constexpr std::uint64_t start = 1'520'879'607'089;

  static void read(const void* self, std::uint64_t* out) noexcept {
    const vitals::source_ref source = Metrics::source();
    source.read(self, out);
    std::uint64_t time = start;
    for (const vitals::family& f : source.families) {
      if (f.exemplars.stride == 0) {
        continue;
      }
      for (std::uint32_t at = f.exemplars.first; at != f.exemplar_of(f.series); at += f.exemplars.step) {
        if (out[at] != 0) {
          out[at] = time;
          time += 1000;
        }
      }
    }
  }
  static constexpr vitals::source_ref source() noexcept {
    vitals::source_ref s = Metrics::source();
    s.read = &read;
    return s;
  }
};

#endif
