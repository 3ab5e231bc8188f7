// JSON for people and scripts (RFC 8259). One family a line:
//
//   {"families":[
//   {"name":"jobs_total","type":"counter","help":"Jobs done.","unit":"","series":[
//     {"labels":{"zone":"eu"},"value":3}]},
//   {"name":"wait_seconds","type":"histogram","help":"Waits.","unit":"seconds","series":[
//     {"labels":{},"count":3,"sum":0.5,"quantiles":{"p50":0.05,"p95":0.1,"p99":0.1},
//      "buckets":[{"bound":0.1,"count":2},{"bound":"+Inf","count":1}]}]}
//   ]}
//
// (Broken here to fit.) A `type` is counter, gauge, histogram, summary, info or stateset, a `unit` may be empty. A
// summary's series has `count` and `sum`, any other's a `value`. A bucket's count is its own: of the values above the
// bound before it, up to its own; they add up to `count`. Integers have all their 64 bits: a reader that holds numbers
// as doubles rounds those past 2^53. NaN and infinities are the strings "NaN", "+Inf" and "-Inf"; a quantile of nothing
// is "NaN". More members may be added. A counter's series and a bucket may hold an exemplar behind these:
//
//   "exemplar":{"trace_id":"0af7651916cd43dd8448eb211c80319c","span_id":"b7ad6b7169203331","value":0.07,
//    "timestamp":1520879607.789}
#ifndef VITALS_EXPOSE_JSON_HPP
#define VITALS_EXPOSE_JSON_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <vitals/expose/number.hpp>
#include <vitals/expose/page.hpp>
#include <vitals/expose/text.hpp>
#include <vitals/metric/family.hpp>

namespace vitals::inline v0 {

namespace detail {

/// Adds `text`, which is UTF-8, as it stands within a JSON string.
inline void append_json_escaped(std::string& out, std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::size_t done = 0;  // up to here it is added: what needs no escape at once
  for (std::size_t i = 0; i != text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte >= 0x20 && byte != '"' && byte != '\\') {
      continue;
    }
    out.append(text, done, i - done);
    done = i + 1;
    if (byte < 0x20) {
      out += "\\u00";
      out += digits[byte >> 4U];
      out += digits[byte & 0xFU];
    } else {
      out += '\\';
      out += text[i];
    }
  }
  out.append(text, done);
}

/// Adds it as a JSON string.
inline void append_json(std::string& out, std::string_view text) {
  out += '"';
  append_json_escaped(out, text);
  out += '"';
}

inline std::string json_string(std::string_view text) {
  std::string out;
  append_json(out, text);
  return out;
}

inline std::string json_labels(const source_ref& s, const family& f, std::uint32_t series) {
  std::string out = "{";
  each_label(s, f, series, [&out](std::string_view name, std::string_view value) {
    out += out.size() == 1 ? "" : ",";
    append_json(out, name);
    out += ':';
    append_json(out, value);
  });
  out += '}';
  return out;
}

inline void lay_json_exemplar(page_text& page, const family& f, std::uint32_t at) {
  if (f.exemplars.stride != 0) {
    page.number(slot::exemplar, at, 1);
  }
}

/// `exemplar` is the cell of the first bucket's exemplar.
inline void lay_json_buckets(page_text& page, const family& f, std::uint32_t first, std::uint32_t exemplar) {
  char bound[number_room];
  std::uint32_t at = 0;
  page.text(",\"buckets\":[");
  for (const double b : f.bounds) {
    const char* const end = write_json_real(bound, b);
    page.text("{\"bound\":").text({bound, static_cast<std::size_t>(end - bound)}).text(",\"count\":");
    const cell_range cells = f.bucket(at++);
    page.number(slot::total, first + cells.first, cells.count);
    lay_json_exemplar(page, f, exemplar);
    page.text("},");
    exemplar += f.exemplars.step;
  }
  page.text("{\"bound\":\"+Inf\",\"count\":").number(slot::unsigned_integer, first + f.bucket(at).first);
  lay_json_exemplar(page, f, exemplar);
  page.text("}]");
}

/// Lays down a family as JSON.
inline void lay_json(page_text& page, const source_ref& s, const family& f, std::uint32_t cell_base) {
  constexpr std::string_view types[] = {"counter", "gauge", "histogram", "summary", "info", "stateset"};
  page.number(slot::separator, 0).text("{\"name\":\"").text(s.prefix).text(f.name);
  page.text("\",\"type\":\"").text(types[static_cast<std::size_t>(f.type)]);
  page.text("\",\"help\":").text(json_string(f.help)).text(",\"unit\":").text(json_string(f.unit));
  page.text(",\"series\":[");
  const bool is_histogram = f.type == metric_type::histogram;
  const auto shown = [&](double q) { return is_histogram ? page.quantile_of(q, f.all_bounds()) : 0; };
  const std::uint32_t p50 = shown(0.5);
  const std::uint32_t p95 = shown(0.95);
  const std::uint32_t p99 = shown(0.99);
  std::string_view between;
  f.each_series([&](std::uint32_t i) {
    const std::uint32_t at = cell_base + f.cell_of(i);
    page.text(between).text("{\"labels\":").text(json_labels(s, f, i));
    between = ",";
    if (is_histogram || f.type == metric_type::summary) {
      page.text(",\"count\":").number(slot::total, at + 1, static_cast<std::uint32_t>(f.all_bounds().size()) + 1);
      page.text(",\"sum\":");
      page.number(f.kind == value_kind::duration_histogram ? slot::seconds : slot::json_real, at, f.width - 1);
    } else {
      page.text(",\"value\":");
      lay_value(page, f, i, at, slot::json_real);
      lay_json_exemplar(page, f, cell_base + f.exemplar_of(i));
    }
    if (is_histogram) {
      page.text(",\"quantiles\":{\"p50\":").number(slot::quantile, at + 1, p50);
      page.text(",\"p95\":").number(slot::quantile, at + 1, p95);
      page.text(",\"p99\":").number(slot::quantile, at + 1, p99).text("}");
      lay_json_buckets(page, f, at, cell_base + f.exemplar_of(i));
    }
    page.text("}");
  });
  page.text("]}");
}

}  // namespace detail

/// JSON, in the shape that stands at the top: its media type, and how its pages are laid.
struct json_text {
  static constexpr std::string_view content_type = "application/json";
  static constexpr detail::format format{.lay = &detail::lay_json, .beginning = "{\"families\":[", .ending = "\n]}\n"};
};

}  // namespace vitals::inline v0

#endif
