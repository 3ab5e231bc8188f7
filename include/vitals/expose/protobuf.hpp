// The Prometheus protobuf format: io.prometheus.client.MetricFamily messages, each behind its length.
// https://github.com/prometheus/client_model/blob/master/io/prometheus/client/metrics.proto
#ifndef VITALS_EXPOSE_PROTOBUF_HPP
#define VITALS_EXPOSE_PROTOBUF_HPP

#include <cstdint>
#include <string>
#include <string_view>

#include <vitals/core/mutex.hpp>
#include <vitals/core/view.hpp>
#include <vitals/expose/protobuf_families.hpp>
#include <vitals/expose/reading.hpp>
#include <vitals/metric/family.hpp>

namespace vitals::inline v0 {

/// Renders some sources as protobuf, again and again. Any thread may render; renderings of one page take turns. Nothing
/// is allocated once the buffer has grown to the page's size.
///
/// Values are doubles in this format: counts past 2^53 are rounded to the nearest one, but for those of histograms and
/// summaries, which are 64-bit integers. An info and a state set are gauges. A counter keeps its `_total`. What counts
/// says since when, where its source knows.
class protobuf_page {
 public:
  static constexpr std::string_view content_type =
      "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";

  /// Encodes what does not change. Throws std::invalid_argument where two sources offer the same family, where a prefix
  /// or a constant label's name is none, or where a family has a label of that name itself; and std::bad_alloc.
  /// Where `names` are given, the page has the families of these names alone (or of samples' names).
  explicit protobuf_page(view<source_ref> sources, view<std::string> names = {}) : reading_(sources, names) {
    messages_ = laid();
  }

  /// Replaces `out` with the page. Keeps its capacity, so a buffer that is used again is not allocated again. Throws
  /// std::bad_alloc, and then leaves `out` as it was.
  void render(std::string& out) {
    const std::lock_guard turn{mutex_};
    if (reading_.is_stale()) {
      messages_ = laid();
    }
    out.resize(messages_.room());
    const char* const end = messages_.fill(out.data(), reading_.take());
    out.resize(static_cast<std::size_t>(end - out.data()));
  }

  /// The same in parts, as a `page` does.
  void begin() {
    if (reading_.is_stale()) {
      messages_ = laid();
    }
    reading_.begin();
    at_ = {};
  }
  bool more(std::string& out, std::size_t bytes) {
    if (reading_.take_next()) {
      return false;
    }
    const std::size_t before = out.size();
    out.resize(before + bytes + messages_.overhang());
    char* const begin = out.data() + before;
    const char* const end = messages_.fill(out.data(), begin, begin + bytes, at_, reading_.cells());
    out.resize(static_cast<std::size_t>(end - out.data()));
    return messages_.is_end(at_);
  }

 private:
  detail::family_messages laid() {
    detail::family_messages messages;
    reading_.each_shown(
        [&messages](const source_ref& s, const family& f, std::uint32_t base) { messages.lay(s, f, base); });
    return messages;
  }

  detail::family_messages messages_;  ///< guarded by the mutex, as they are laid anew where a label's values change
  detail::reading reading_;           ///< guarded by the mutex
  detail::family_messages::progress at_{};  ///< of who renders in parts
  std::mutex mutex_;
};

}  // namespace vitals::inline v0

#endif
