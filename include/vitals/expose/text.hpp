// What the two text formats have in common: Prometheus text 0.0.4 and OpenMetrics 1.0. JSON takes labels and values
// from here too.
#ifndef VITALS_EXPOSE_TEXT_HPP
#define VITALS_EXPOSE_TEXT_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <vitals/expose/labels.hpp>
#include <vitals/expose/number.hpp>
#include <vitals/expose/page_text.hpp>
#include <vitals/metric/family.hpp>

namespace vitals::inline v0::detail {

/// Appends `text` with `\` and line feeds escaped, and quotes where asked for.
inline void append_escaped(std::string& out, std::string_view text, bool quotes_too) {
  std::size_t plain = 0;  // where what is not yet appended begins
  for (std::size_t i = 0; i != text.size(); ++i) {
    const char c = text[i];
    if (c == '\\' || c == '\n' || (c == '"' && quotes_too)) {
      out.append(text, plain, i - plain).append(1, '\\').append(1, c == '\n' ? 'n' : c);
      plain = i + 1;
    }
  }
  out.append(text, plain);
}

inline std::string escaped(std::string_view text, bool quotes_too) {
  std::string out;
  append_escaped(out, text, quotes_too);
  return out;
}

/// The labels of a family's series, `method="get",outcome="ok"`, without braces. Series are asked for one after
/// another: what differs from the one before is the last label, but for the first series with a new value of another.
class series_label_text {
 public:
  series_label_text(const source_ref& s, const family& f)
      : source_(&s),
        family_(&f),
        last_values_(f.labels.empty() ? 1 : f.labels.back().size()) {}

  /// Until the next call.
  std::string_view of(std::uint32_t series) {
    const std::uint32_t block = series / last_values_;
    if (block == block_ && !family_->labels.empty()) {
      kept_ = last_;
      text_.resize(last_);
      append_escaped(text_, family_->labels.back().text(series % last_values_), true);
      text_ += '"';
    } else {
      kept_ = 0;
      text_.clear();
      each_label(*source_, *family_, series, [this](std::string_view name, std::string_view value) {
        text_.append(text_.empty() ? "" : ",").append(name).append("=\"");
        last_ = text_.size();
        append_escaped(text_, value, true);
        text_ += '"';
      });
      block_ = block;
    }
    return text_;
  }

  /// How much of the last text is as it was in the one before.
  [[nodiscard]] std::size_t kept() const noexcept { return kept_; }

 private:
  const source_ref* source_;
  const family* family_;
  std::uint32_t last_values_;
  std::uint32_t block_ = ~std::uint32_t{0};  // which values the labels before the last one have
  std::string text_{};
  std::size_t last_ = 0;  // where the last value begins
  std::size_t kept_ = 0;
};

inline std::string series_labels(const source_ref& s, const family& f, std::uint32_t series) {
  return std::string{series_label_text{s, f}.of(series)};
}

inline std::string in_braces(std::string_view labels) {
  return labels.empty() ? std::string{} : std::string{'{'}.append(labels).append(1, '}');
}

/// Begins a sample's line: all before its number.
inline void begin_sample(page_text& page, std::string_view name, std::string_view ending, std::string_view labels) {
  page.text(name).text(ending);
  if (labels.empty()) {
    page.text(" ");
  } else {
    page.text("{").text(labels).text("} ");
  }
}

inline void lay_sum_and_count(page_text& page, std::string_view name, const family& f, std::string_view labels,
                              std::uint32_t first) {
  begin_sample(page, name, "_sum", labels);
  page.number(f.kind == value_kind::duration_histogram ? slot::seconds : slot::real, first, f.width - 1).text("\n");
  begin_sample(page, name, "_count", labels);
  page.number(f.type == metric_type::summary ? slot::unsigned_integer : slot::count, first + 1).text("\n");
}

/// Ends a sample's line: behind its number stands the exemplar, which begins at a cell, where the family has any.
inline void end_sample(page_text& page, bool has_exemplars, std::uint32_t at) {
  if (has_exemplars) {
    page.number(slot::exemplar, at);
  }
  page.text("\n");
}

/// `exemplar` is the cell of the first bucket's exemplar.
inline void lay_buckets(page_text& page, std::string_view name, const family& f, std::string_view labels,
                        std::uint32_t first, bool has_exemplars, std::uint32_t exemplar) {
  std::string before_bound{name};
  before_bound.append("_bucket{").append(labels).append(labels.empty() ? "" : ",").append("le=\"");
  char bound[seconds_room];
  std::uint32_t at = 0;
  for (const double b : f.bounds) {
    const char* const end = write_bound(bound, b);
    page.text(before_bound).text({bound, static_cast<std::size_t>(end - bound)}).text("\"} ");
    const cell_range cells = f.bucket(at++);
    page.number(cells.count == 1 ? slot::bucket : slot::wide_bucket, first + cells.first, cells.count);
    end_sample(page, has_exemplars, exemplar);
    exemplar += f.exemplars.step;
  }
  page.text(before_bound).text("+Inf\"} ").number(slot::last_bucket, first + f.bucket(at).first);
  end_sample(page, has_exemplars, exemplar);
}

/// The value of a family's series that is one number; `real` is how the format writes doubles.
inline void lay_value(page_text& page, const family& f, std::uint32_t series, std::uint32_t at, slot real) {
  switch (f.kind) {
    case value_kind::unsigned_integer:
      page.number(slot::unsigned_integer, at);
      break;
    case value_kind::signed_integer:
      page.number(slot::signed_integer, at);
      break;
    case value_kind::state:
      page.number(slot::state, at, f.state_of(series).state);
      break;
    case value_kind::one:
      page.text("1");
      break;
    default:
      page.number(real, at);
      break;
  }
}

/// How much longer the labels of a family's series are than the first one's: the mean, rounded up.
inline std::size_t mean_growth(const family& f) noexcept {
  std::size_t growth = 0;
  for (const label_family& l : f.labels) {
    std::size_t all = 0;
    for (std::uint32_t i = 0; i != l.size(); ++i) {
      all += l.text(i).size();
    }
    const std::size_t first = l.size() * l.text(0).size();
    growth += all > first ? (all - first) / l.size() + 1 : 0;
  }
  return growth;
}

/// What a text format makes of samples.
struct sample_rules {
  bool falling_sums;  ///< histograms with negative bounds have a sum
  bool created;       ///< what counts says since when, where that is known
  bool exemplars;     ///< samples may have exemplars
};

/// The samples of a family, which both formats write alike but for these rules.
inline void lay_samples(page_text& page, const source_ref& s, const family& f, std::uint32_t cell_base,
                        sample_rules rules) {
  const bool has_sum = rules.falling_sums || f.bounds.empty() || f.bounds.front() >= 0;
  // A function that is called at a scrape, and may be absent from one, gives values that began some other time.
  const bool has_created = rules.created && s.created != nullptr && !f.endings().empty() && f.present == family::always;
  const bool has_exemplars = rules.exemplars && f.exemplars.stride != 0;
  const std::string name = std::string{s.prefix} + std::string{f.name};
  series_label_text all_labels{s, f};
  std::string line = name;  // of one sample a series: all before its number
  const page_text::size before = page.now();
  f.each_series([&](std::uint32_t i) {
    const std::string_view labels = all_labels.of(i);
    const std::uint32_t at = cell_base + f.cell_of(i);
    if (f.type == metric_type::histogram) {
      lay_buckets(page, name, f, labels, at, has_exemplars, cell_base + f.exemplar_of(i));
    }
    if (f.type == metric_type::histogram || f.type == metric_type::summary) {
      if (has_sum) {
        lay_sum_and_count(page, name, f, labels, at);
      }
    } else {
      line.resize(name.size() + (all_labels.kept() == 0 ? 0 : 1 + all_labels.kept()));
      if (labels.empty()) {
        line += ' ';
      } else {
        line.append(all_labels.kept() == 0 ? "{" : "").append(labels.substr(all_labels.kept())).append("} ");
      }
      page.text(line);
      lay_value(page, f, i, at, slot::real);
      end_sample(page, has_exemplars, cell_base + f.exemplar_of(i));
    }
    if (has_created) {
      page.text(s.prefix);
      begin_sample(page, f.stem(), "_created", labels);
      page.number(slot::time, cell_base + static_cast<std::uint32_t>(s.cells)).text("\n");
    }
    if (i == 0 && !f.has_slots()) {
      page.expect(before, f.series, mean_growth(f));
    }
  });
}

}  // namespace vitals::inline v0::detail

#endif
