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
#include <vitals/expose/page.hpp>
#include <vitals/metric/family.hpp>

namespace vitals::inline v0::detail {

/// `text` with `\` and line feeds escaped, and quotes where asked for.
inline std::string escaped(std::string_view text, bool quotes_too) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '\n' || (c == '"' && quotes_too)) {
      out += '\\';
    }
    out += c == '\n' ? 'n' : c;
  }
  return out;
}

inline void append_label(std::string& out, std::string_view name, std::string_view value) {
  out += out.empty() ? "" : ",";
  out += name;
  out += "=\"";
  out += escaped(value, true);
  out += '"';
}

/// The labels of a family's series, `method="get",outcome="ok"`, without braces.
inline std::string series_labels(const source_ref& s, const family& f, std::uint32_t series) {
  std::string out;
  each_label(s, f, series, [&out](std::string_view name, std::string_view value) { append_label(out, name, value); });
  return out;
}

inline std::string in_braces(const std::string& labels) {
  return labels.empty() ? labels : '{' + labels + '}';
}

inline void lay_sum_and_count(page_text& page, const std::string& name, const family& f, const std::string& labels,
                              std::uint32_t first) {
  page.text(name).text("_sum").text(in_braces(labels)).text(" ");
  page.number(f.kind == value_kind::duration_histogram ? slot::seconds : slot::real, first, f.width - 1).text("\n");
  page.text(name).text("_count").text(in_braces(labels)).text(" ");
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
inline void lay_buckets(page_text& page, const std::string& name, const family& f, const std::string& labels,
                        std::uint32_t first, bool has_exemplars, std::uint32_t exemplar) {
  const std::string before_bound = name + "_bucket{" + labels + (labels.empty() ? "" : ",") + "le=\"";
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
  f.each_series([&](std::uint32_t i) {
    const std::string labels = series_labels(s, f, i);
    const std::uint32_t at = cell_base + f.cell_of(i);
    if (f.type == metric_type::histogram) {
      lay_buckets(page, name, f, labels, at, has_exemplars, cell_base + f.exemplar_of(i));
    }
    if (f.type == metric_type::histogram || f.type == metric_type::summary) {
      if (has_sum) {
        lay_sum_and_count(page, name, f, labels, at);
      }
    } else {
      page.text(name).text(in_braces(labels)).text(" ");
      lay_value(page, f, i, at, slot::real);
      end_sample(page, has_exemplars, cell_base + f.exemplar_of(i));
    }
    if (has_created) {
      page.text(s.prefix).text(f.stem()).text("_created").text(in_braces(labels)).text(" ");
      page.number(slot::time, cell_base + static_cast<std::uint32_t>(s.cells)).text("\n");
    }
  });
}

}  // namespace vitals::inline v0::detail

#endif
