// A page: the exposition of some sources in one format. Its fixed text is laid down once; a scrape copies it and fills
// in the numbers.
#ifndef VITALS_EXPOSE_PAGE_HPP
#define VITALS_EXPOSE_PAGE_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <vitals/core/mutex.hpp>
#include <vitals/core/view.hpp>
#include <vitals/expose/page_text.hpp>
#include <vitals/expose/reading.hpp>
#include <vitals/metric/family.hpp>

namespace vitals::inline v0 {

namespace detail {

/// A format: lays down the text of a source's family, whose cells are numbered from `cell_base` on, and begins and ends
/// a page.
struct format {
  void (*lay)(page_text&, const source_ref&, const family&, std::uint32_t cell_base);
  std::string_view beginning{};
  std::string_view ending{};
};

}  // namespace detail

/// Renders some sources in one text format, again and again. Any thread may render; renderings of one page take turns.
/// Nothing is allocated once the buffer has grown to the page's size, but where a label with slots got or lost a value.
class page {
 public:
  /// Lays down the fixed text of all sources. Throws std::invalid_argument where two of them offer the same family,
  /// where a prefix or a constant label's name is none, or where a family has a label of that name itself; and
  /// std::bad_alloc. Where `names` are given, the page has the families of these names alone (or of samples' names).
  page(const detail::format& format, view<source_ref> sources, view<std::string> names = {})
      : format_(format),
        reading_(sources, names) {
    text_ = laid();
    likely_ = text_.likely();
  }

  /// Replaces `out` with the page. Keeps its capacity, so a buffer that is used again is not allocated again. Throws
  /// std::bad_alloc, and then leaves `out` as it was.
  void render(std::string& out) {
    const std::lock_guard turn{mutex_};
    if (reading_.is_stale()) {
      text_ = laid();
    }
    const std::uint64_t* const cells = reading_.take();
    out.reserve(text_.room());
    // resize() fills what it adds with zeros: only as much as the last page took, and the rest of the room if need be.
    const std::size_t likely = likely_ + text_.overhang();
    out.resize(likely < text_.room() ? likely : text_.room());
    auto at = text_.beginning();
    const char* end = text_.fill(out.data(), out.data() + out.size() - text_.overhang(), at, cells);
    if (!text_.is_end(at)) [[unlikely]] {
      const auto written = static_cast<std::size_t>(end - out.data());
      out.resize(text_.room());
      end = text_.fill(out.data() + written, out.data() + out.size(), at, cells);
    }
    likely_ = static_cast<std::size_t>(end - out.data());
    out.resize(likely_);
  }

  /// The same in parts, by one thread at a time, and not while another renders. Begins: with the sources as they are
  /// now, which are read one at a part.
  void begin() {
    if (reading_.is_stale()) {
      text_ = laid();
    }
    reading_.begin();
    at_ = text_.beginning();
  }
  /// Reads the next source, or appends about `bytes` of the page to `out`, which is empty at first. True at the page's
  /// end.
  bool more(std::string& out, std::size_t bytes) {
    if (reading_.take_next()) {
      return false;
    }
    const std::size_t before = out.size();
    out.resize(before + bytes + text_.overhang());
    char* const begin = out.data() + before;
    const char* const end = text_.fill(begin, begin + bytes, at_, reading_.cells());
    out.resize(static_cast<std::size_t>(end - out.data()));
    return text_.is_end(at_);
  }

 private:
  detail::page_text laid() {
    detail::page_text text;
    text.text(format_.beginning);
    reading_.each_shown([&](const source_ref& s, const family& f, std::uint32_t base) {
      if (f.present == family::always) {
        format_.lay(text, s, f, base);
      } else {
        text.begin_optional(base + f.present);
        format_.lay(text, s, f, base);
        text.end_optional();
      }
    });
    text.text(format_.ending).finish();
    return text;
  }

  detail::format format_;
  detail::page_text text_;            ///< guarded by the mutex, as it is laid anew where a label's values change
  detail::reading reading_;           ///< guarded by the mutex
  std::size_t likely_ = 0;            ///< how long a page is: as the last one; guarded by the mutex
  detail::page_text::progress at_{};  ///< of who renders in parts
  std::mutex mutex_;
};

}  // namespace vitals::inline v0

#endif
