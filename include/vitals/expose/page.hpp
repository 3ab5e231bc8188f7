// A page: the exposition of some sources in one format. Its fixed text is laid down once; a scrape copies it and fills
// in the numbers.
#ifndef VITALS_EXPOSE_PAGE_HPP
#define VITALS_EXPOSE_PAGE_HPP

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <vitals/core/name.hpp>
#include <vitals/core/sum.hpp>
#include <vitals/core/unique.hpp>
#include <vitals/expose/number.hpp>
#include <vitals/metric/family.hpp>

namespace vitals::inline v0 {

namespace detail {

/// What number stands behind a piece of fixed text.
enum class slot : std::uint32_t {
  unsigned_integer,
  signed_integer,
  real,
  bucket,   ///< the count of this bucket and all before it in its series
  count,    ///< the last bucket again, and the end of the series
  seconds,  ///< a wide total of nanoseconds: the cell is its low half, `high` cells further its high half
  nothing,
};

/// Some fixed text, and the number behind it.
struct piece {
  std::uint32_t length;
  std::uint32_t cell;
  slot number;
  std::uint32_t high = 0;
};

/// Lays down a page's text. A format is a function that writes to one of these.
class page_text {
 public:
  page_text& text(std::string_view part) {
    text_ += part;
    return *this;
  }
  page_text& number(slot kind, std::uint32_t at, std::uint32_t high = 0) {
    pieces_.push_back({static_cast<std::uint32_t>(text_.size() - start_), at, kind, high});
    room_ += kind == slot::seconds ? seconds_room : number_room;
    start_ = text_.size();
    return *this;
  }

  /// Ends the text. Copies read and write beyond a piece's end by up to `slack`.
  void finish() {
    number(slot::nothing, 0);
    length_ = text_.size();
    text_.append(slack, '\0');
  }

  /// The room that the page needs at most, slack included.
  [[nodiscard]] std::size_t room() const noexcept { return length_ + room_ + slack; }

  /// Writes the page with the numbers of a reading to `out`, which has room. Returns its end.
  char* fill(char* out, const std::uint64_t* cells) const noexcept {
    const char* from = text_.data();
    std::uint64_t below = 0;  // the counts of a histogram's buckets so far
    for (const piece& p : pieces_) {
      for (std::size_t done = 0; done < p.length; done += slack) {
        std::memcpy(out + done, from + done, slack);
      }
      out += p.length;
      from += p.length;
      const std::uint64_t value = cells[p.cell];
      switch (p.number) {
        case slot::unsigned_integer:
          out = write_unsigned(out, value);
          break;
        case slot::signed_integer:
          out = write_signed(out, static_cast<std::int64_t>(value));
          break;
        case slot::real:
          out = write_real(out, std::bit_cast<double>(value));
          break;
        case slot::bucket:
          below += value;
          out = write_unsigned(out, below);
          break;
        case slot::count:
          out = write_unsigned(out, below);
          below = 0;
          break;
        case slot::seconds:
          out = write_seconds(out, plain_wide(value, cells[p.cell + p.high]));
          break;
        case slot::nothing:
          break;
      }
    }
    return out;
  }

 private:
  static constexpr std::size_t slack = 32;  // one vector register's copy
  std::string text_;
  std::vector<piece> pieces_;
  std::size_t start_ = 0;
  std::size_t length_ = 0;
  std::size_t room_ = 0;  // for the numbers
};

/// A format: lays down the text of `families`, whose cells are numbered from `cell_base` on.
using layer = void (*)(page_text&, std::span<const family> families, std::uint32_t cell_base);

}  // namespace detail

/// Renders some sources in one format, again and again. Any thread may render; renderings of one page take turns.
/// Nothing is allocated once the buffer has grown to the page's size.
class page {
 public:
  /// Lays down the fixed text of all sources. Throws std::invalid_argument where two of them offer the same family,
  /// and std::bad_alloc.
  page(detail::layer format, std::span<const source_ref> sources) {
    refuse_repeated(sources);
    std::uint32_t base = 0;
    for (const source_ref& s : sources) {
      format(text_, s.families, base);
      sources_.push_back({s, base});
      base += static_cast<std::uint32_t>(s.cells);
    }
    lay_drops(format, base);
    text_.finish();
    cells_.resize(std::size_t{base} + drop_cells);
  }

  /// Replaces `out` with the page. Keeps its capacity, so a buffer that is used again is not allocated again. Throws
  /// std::bad_alloc, and then leaves `out` as it was.
  void render(std::string& out) {
    const std::scoped_lock turn{mutex_};
    out.resize(text_.room());
    for (const auto& [s, base] : sources_) {
      s.read(cells_.data() + base);
    }
    add_drops();
    const char* const end = text_.fill(out.data(), cells_.data());
    out.resize(static_cast<std::size_t>(end - out.data()));
  }

 private:
  static constexpr std::size_t drop_cells = 2;

  struct placed_source {
    source_ref source;
    std::uint32_t base;
  };

  static void refuse_repeated(std::span<const source_ref> sources) {
    std::vector<std::uint64_t> names;
    for (const source_ref& s : sources) {
      for (const family& f : s.families) {
        names.push_back(detail::hash(f.name));
      }
    }
    const std::uint64_t* const twice = detail::repeated_among(names.data(), names.size());
    for (const source_ref& s : sources) {
      for (const family& f : s.families) {
        if (twice != nullptr && detail::hash(f.name) == *twice) {
          throw std::invalid_argument("vitals: two sources offer the family " + std::string{f.name} +
                                      ": rename one, or expose it once");
        }
      }
    }
  }

  /// One family of the page's own: what its sources dropped, by reason. Left out where nothing can be dropped.
  void lay_drops(detail::layer format, std::uint32_t base) {
    bool any = false;
    for (const auto& [s, unused] : sources_) {
      for (const family& f : s.families) {
        any = any || f.label_drops.count != 0 || f.value_drops.count != 0;
      }
    }
    if (any) {
      static constexpr std::string_view reasons[] = {"label", "value"};
      static constexpr label_family labels[] = {{.name = "reason", .values = reasons}};
      const family f{.name = "vitals_dropped_total",
                     .help = "Updates dropped: a label outside its values, NaN, or a negative value where none may be.",
                     .type = metric_type::counter,
                     .kind = value_kind::unsigned_integer,
                     .labels = labels,
                     .bounds = {},
                     .first = 0,
                     .series = drop_cells,
                     .stride = 1,
                     .width = 1,
                     .label_drops = {},
                     .value_drops = {}};
      format(text_, {&f, 1}, base);
    }
  }

  void add_drops() noexcept {
    std::uint64_t* const drops = cells_.data() + (cells_.size() - drop_cells);
    drops[0] = drops[1] = 0;
    for (const auto& [s, base] : sources_) {
      const auto sum = [cells = cells_.data() + base](cell_range range) {
        std::uint64_t total = 0;
        for (std::uint32_t i = 0; i != range.count; ++i) {
          total += cells[range.first + i];
        }
        return total;
      };
      for (const family& f : s.families) {
        drops[0] += sum(f.label_drops);
        drops[1] += sum(f.value_drops);
      }
    }
  }

  detail::page_text text_;
  std::vector<placed_source> sources_;
  std::vector<std::uint64_t> cells_;  ///< a reading; guarded by the mutex
  std::mutex mutex_;
};

}  // namespace vitals::inline v0

#endif
