// The fixed text of a page, laid down once, and the numbers that belong into it.
#ifndef VITALS_EXPOSE_PAGE_TEXT_HPP
#define VITALS_EXPOSE_PAGE_TEXT_HPP

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include <vitals/core/cell.hpp>
#include <vitals/core/dynamic_array.hpp>
#include <vitals/core/sum.hpp>
#include <vitals/core/view.hpp>
#include <vitals/expose/exemplars.hpp>
#include <vitals/expose/number.hpp>
#include <vitals/metric/quantile.hpp>

namespace vitals::inline v0::detail {

/// What number stands behind a piece of fixed text.
enum class slot : std::uint32_t {
  unsigned_integer,
  signed_integer,
  real,
  bucket,       ///< the count of this bucket and all before it in its series
  wide_bucket,  ///< the same, of one that `more` cells make up
  last_bucket,  ///< the same, of the last one
  count,        ///< what the last one was
  seconds,      ///< a wide total of nanoseconds: the cell is its low half, `more` cells further its high half
  time,         ///< nanoseconds since 1970, in seconds
  state,        ///< 1 where the cell is `more`, else 0
  present,      ///< no number: where the cell is 0, the next `more` pieces are left out
  json_real,    ///< a double as JSON has it: NaN and infinities as strings, the sign of a zero kept
  total,        ///< the sum of `more` cells
  quantile,     ///< of the buckets whose counts begin at the cell, as a json_real; `more` is what quantile_of gave
  separator,    ///< no number: a line feed, with a comma before it but for the first one on a page
  exemplar,     ///< no number: an exemplar, if the cells hold one; as a member of a JSON object where `more` is 1
  nothing,
};

/// Some fixed text, and the number behind it.
struct piece {
  std::uint32_t length;
  std::uint32_t cell;
  slot number;
  std::uint32_t more = 0;
};

/// A quantile that a page shows of some histogram, whose bounds outlive the page.
struct shown_quantile {
  double q;
  view<double> bounds;
};

/// Lays down a page's text. A format is a function that writes to one of these.
class page_text {
 public:
  page_text& text(std::string_view part) {
    text_ += part;
    return *this;
  }
  page_text& number(slot kind, std::uint32_t at, std::uint32_t more = 0) {
    pieces_.push_back({static_cast<std::uint32_t>(text_.size() - start_), at, kind, more});
    const std::size_t room = kind == slot::seconds    ? seconds_room
                             : kind == slot::exemplar ? exemplar_room
                                                      : std::size_t{number_room};
    room_ += room;
    const std::size_t all = text_.size() - start_ + room;
    largest_ = all < largest_ ? largest_ : all;
    start_ = text_.size();
    return *this;
  }

  /// How much is laid by now.
  struct size {
    std::size_t text;
    std::size_t pieces;
  };
  [[nodiscard]] size now() const noexcept { return {.text = text_.size(), .pieces = pieces_.size()}; }

  /// Takes room at once for `times` as much as was laid since `before`, where each piece has so much more text, and for
  /// a small family behind it.
  void expect(size before, std::size_t times, std::size_t more) {
    const std::size_t pieces = pieces_.size() - before.pieces;
    const std::size_t text = before.text + (text_.size() - before.text + pieces * more) * times;
    if (text > text_.capacity()) {
      text_.reserve(text + 1024);
      pieces_.reserve(before.pieces + pieces * times + 16);
    }
  }

  /// What `slot::quantile` takes; once for all series of a family.
  [[nodiscard]] std::uint32_t quantile_of(double q, view<double> bounds) {
    quantiles_.push_back({.q = q, .bounds = bounds});
    return static_cast<std::uint32_t>(quantiles_.size() - 1);
  }

  /// What stands between the two is left out of a page where the cell `present` is 0.
  void begin_optional(std::uint32_t present) {
    number(slot::present, present);
    optional_ = pieces_.size();
  }
  void end_optional() {
    number(slot::nothing, 0);
    pieces_[optional_ - 1].more = static_cast<std::uint32_t>(pieces_.size() - optional_);
  }

  /// Ends the text. Copies read and write beyond a piece's end by up to `slack`.
  void finish() {
    number(slot::nothing, 0);
    length_ = text_.size();
    text_.append(slack, '\0');
    if (text_.capacity() > text_.size() + text_.size() / 4) {
      text_.shrink_to_fit();
    }
  }

  /// The room that the page needs at most, slack included.
  [[nodiscard]] std::size_t room() const noexcept { return length_ + room_ + slack; }

  /// How long a page may well be.
  [[nodiscard]] std::size_t likely() const noexcept { return length_ + 8 * pieces_.size(); }

  /// How far a page is written.
  struct progress {
    const char* from;
    const piece* next;
    std::uint64_t below = 0;  ///< the counts of a histogram's buckets so far
    std::uint64_t total = 0;  ///< of all of them
    bool separated = false;
  };
  [[nodiscard]] progress beginning() const noexcept { return {.from = text_.data(), .next = pieces_.data()}; }
  [[nodiscard]] bool is_end(const progress& at) const noexcept { return at.next == pieces_.data() + pieces_.size(); }

  /// The room that what is written behind a given end may need.
  [[nodiscard]] std::size_t overhang() const noexcept { return largest_ + slack; }

  /// Writes the page with the numbers of a reading to `out`, from where the writing is to `stop`, or `overhang` beyond
  /// it. Returns the end.
  char* fill(char* out, const char* stop, progress& at, const std::uint64_t* cells) const noexcept {
    auto [from, next, below, total, separated] = at;
    for (const piece* const end = pieces_.data() + pieces_.size(); next != end && out < stop; ++next) {
      if (next->number == slot::unsigned_integer || next->number == slot::bucket) {
        out = fill_counts(out, stop, from, next, below, cells);
        continue;
      }
      const piece& p = *next;
      copy_text(out, from, p.length);
      out += p.length;
      from += p.length;
      const std::uint64_t value = cells[p.cell];
      switch (p.number) {
        case slot::unsigned_integer:
        case slot::bucket:
          break;  // above
        case slot::signed_integer:
          out = static_cast<std::int64_t>(value) >= 0 ? write_whole(out, p.length, from, value)
                                                      : write_signed(out, static_cast<std::int64_t>(value));
          break;
        case slot::real:
          out = write_real(out, std::bit_cast<double>(value));
          break;
        case slot::wide_bucket:
          for (std::uint32_t i = 0; i != p.more; ++i) {
            below += cells[p.cell + i];
          }
          out = write_whole(out, p.length, from, below);
          break;
        case slot::last_bucket:
          total = below + value;
          below = 0;
          out = write_whole(out, p.length, from, total);
          break;
        case slot::count:
          out = write_whole(out, p.length, from, total);
          break;
        case slot::seconds:
          out = write_seconds(out, plain_wide(value, cells[p.cell + p.more]));
          break;
        case slot::time:
          out = write_seconds(out, static_cast<wide>(value));
          break;
        case slot::state:
          *out++ = value == p.more ? '1' : '0';
          break;
        case slot::present:
          for (std::uint32_t left = value == 0 ? p.more : 0; left != 0; --left) {
            from += (++next)->length;
          }
          break;
        case slot::json_real:
          out = write_json_real(out, std::bit_cast<double>(value));
          break;
        case slot::total:
          out = write_whole(out, p.length, from, sum_of({cells + p.cell, p.more}));
          break;
        case slot::quantile:
          out = write_json_real(out, quantile_at(p.more, cells + p.cell));
          break;
        case slot::separator:
          *out = ',';
          out += separated ? 1 : 0;
          *out++ = '\n';
          separated = true;
          break;
        case slot::exemplar:
          out = p.more == 0 ? write_exemplar(out, cells + p.cell) : write_json_exemplar(out, cells + p.cell);
          break;
        case slot::nothing:
          break;
      }
    }
    at = {from, next, below, total, separated};
    return out;
  }

 private:
  static constexpr std::size_t slack = 96;  // most pieces are no longer: copied without a loop

  /// Copies the text of a piece, and up to `slack` beyond it.
  static void copy_text(char* out, const char* from, std::size_t length) noexcept {
    std::memcpy(out, from, slack);
    for (std::size_t done = slack; done < length; done += slack / 3) {
      std::memcpy(out + done, from + done, slack / 3);
    }
  }

  /// Writes a number behind a piece of text of `length`, which ends at `from`.
  static char* write_whole(char* out, std::size_t length, const char* from, std::uint64_t n) noexcept {
    return length >= 16 ? write_unsigned_behind(out, from, n) : write_unsigned(out, n);
  }

  /// Writes counters, or buckets, of which pages mostly consist: all that are alike from `next` on, which is the last
  /// of them then. A function of its own, since all that it needs fits into registers.
  [[gnu::noinline]] static char* fill_counts(char* out, const char* stop, const char*& from, const piece*& next,
                                             std::uint64_t& below, const std::uint64_t* cells) noexcept {
    const char* text = from;
    const piece* p = next;
    const slot kind = p->number;
    std::uint64_t sum = below;
    const std::uint64_t kept = kind == slot::bucket ? ~std::uint64_t{0} : 0;  // of the sum
    do {
      const std::size_t length = p->length;
      sum = (sum & kept) + cells[p->cell];
      ++p;
      copy_text(out, text, length);
      text += length;
      out = write_whole(out + length, length, text, sum);
    } while (p->number == kind && out < stop);  // the last piece of all is none
    from = text;
    next = p - 1;
    below = kind == slot::bucket ? sum : below;
    return out;
  }

  static std::uint64_t sum_of(view<std::uint64_t> cells) noexcept {
    std::uint64_t sum = 0;
    for (const std::uint64_t value : cells) {
      sum += value;
    }
    return sum;
  }
  [[nodiscard]] double quantile_at(std::uint32_t index, const std::uint64_t* counts) const noexcept {
    const auto& [q, bounds] = quantiles_[index];
    return quantile(q, {counts, bounds.size() + 1}, bounds);
  }

  std::string text_;
  dynamic_array<piece> pieces_;
  dynamic_array<shown_quantile> quantiles_;
  std::size_t start_ = 0;
  std::size_t length_ = 0;
  std::size_t room_ = 0;      // for the numbers
  std::size_t largest_ = 0;   // that a piece and its number need
  std::size_t optional_ = 0;  // the first piece that may be left out
};

}  // namespace vitals::inline v0::detail

#endif
