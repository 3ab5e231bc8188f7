// A small reader of protobuf pages. It is strict: what it does not know, or cannot be, throws.
#ifndef VITALS_TESTS_EXPOSE_READ_PROTOBUF_HPP
#define VITALS_TESTS_EXPOSE_READ_PROTOBUF_HPP

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <vitals/expose/number.hpp>
#include <vitals/expose/protobuf.hpp>
#include <vitals/expose/reading.hpp>
#include <vitals/metric/family.hpp>

namespace read_protobuf {

struct bytes_reader {
  std::string_view left;

  std::uint64_t varint() {
    std::uint64_t n = 0;
    for (unsigned shift = 0; shift != 70; shift += 7) {
      const auto byte = static_cast<unsigned char>(take(1).front());
      n |= std::uint64_t{byte & 0x7FU} << shift;
      if (byte < 0x80) {
        return n;
      }
    }
    throw std::runtime_error{"a varint of more than ten bytes"};
  }
  double fixed64() {
    std::uint64_t bits = 0;
    for (unsigned shift = 0; const char c : take(8)) {
      bits |= std::uint64_t{static_cast<unsigned char>(c)} << shift;
      shift += 8;
    }
    return std::bit_cast<double>(bits);
  }
  std::string_view take(std::uint64_t size) {
    if (size > left.size()) {
      throw std::runtime_error{"cut off"};
    }
    const std::string_view taken = left.substr(0, size);
    left.remove_prefix(size);
    return taken;
  }
};

struct message_type;
struct field_type {
  std::uint64_t number;
  std::string_view name;
  unsigned wire_type;
  const message_type* message = nullptr;
};
struct message_type {
  std::vector<field_type> fields;
};

inline const message_type value{{{1, "value", 1}}};
inline const message_type pair{{{1, "name", 2}, {2, "value", 2}}};
inline const message_type timestamp{{{1, "seconds", 0}, {2, "nanos", 0}}};
inline const message_type exemplar{{{1, "label", 2, &pair}, {2, "value", 1}, {3, "timestamp", 2, &timestamp}}};
inline const message_type counter{
    {{1, "value", 1}, {2, "exemplar", 2, &exemplar}, {3, "created_timestamp", 2, &timestamp}}};
inline const message_type bucket{{{1, "cumulative_count", 0}, {2, "upper_bound", 1}, {3, "exemplar", 2, &exemplar}}};
inline const message_type summary{
    {{1, "sample_count", 0}, {2, "sample_sum", 1}, {4, "created_timestamp", 2, &timestamp}}};
inline const message_type span{{{1, "offset", 0}, {2, "length", 0}}};
inline const message_type histogram{{{1, "sample_count", 0},
                                     {2, "sample_sum", 1},
                                     {3, "bucket", 2, &bucket},
                                     {5, "schema", 0},
                                     {6, "zero_threshold", 1},
                                     {7, "zero_count", 0},
                                     {12, "positive_span", 2, &span},
                                     {13, "positive_delta", 0},
                                     {15, "created_timestamp", 2, &timestamp},
                                     {16, "exemplars", 2, &exemplar}}};
inline const message_type metric{{{1, "label", 2, &pair},
                                  {2, "gauge", 2, &value},
                                  {3, "counter", 2, &counter},
                                  {4, "summary", 2, &summary},
                                  {7, "histogram", 2, &histogram}}};
inline const message_type family{
    {{1, "name", 2}, {2, "help", 2}, {3, "type", 0}, {4, "metric", 2, &metric}, {5, "unit", 2}}};

inline std::string real(double v) {
  char text[vitals::detail::number_room];
  return {text, vitals::detail::write_real(text, v)};
}

/// A message as text, its fields in the order in which they stand.
inline std::string shown(std::string_view message, const message_type& type) {
  std::string out;
  bytes_reader from{message};
  while (!from.left.empty()) {
    const std::uint64_t tag = from.varint();
    const field_type* known = nullptr;
    for (const field_type& f : type.fields) {
      known = f.number == tag >> 3U && f.wire_type == (tag & 7U) ? &f : known;
    }
    if (known == nullptr) {
      throw std::runtime_error{"an unknown field"};
    }
    out += (out.empty() ? "" : " ") + std::string{known->name};
    if (known->message != nullptr) {
      out += '{' + shown(from.take(from.varint()), *known->message) + '}';
    } else if (known->wire_type == 2) {
      out += ":'" + std::string{from.take(from.varint())} + '\'';
    } else {
      out += ':' + (known->wire_type == 0 ? std::to_string(from.varint()) : real(from.fixed64()));
    }
  }
  return out;
}

/// The messages of a page, without the lengths in front of them.
inline std::vector<std::string> messages_of(std::string_view page) {
  std::vector<std::string> all;
  for (bytes_reader from{page}; !from.left.empty();) {
    all.emplace_back(from.take(from.varint()));
  }
  return all;
}

inline std::string page_of(std::span<const vitals::source_ref> sources) {
  vitals::protobuf_page page{sources};
  std::string out;
  page.render(out);
  return out;
}
/// Without the times of creation, which no two runs have alike.
inline std::string page_of(vitals::source_ref source) {
  source.created = nullptr;
  return page_of({&source, 1});
}

/// A page as text, a line for each family.
inline std::string shown_page(std::string_view page) {
  std::string out;
  for (const std::string& m : messages_of(page)) {
    out += shown(m, family) + '\n';
  }
  return out;
}

/// Sources of any families, over the cells that stand here.
inline std::vector<std::uint64_t> cells;
inline vitals::source_ref source_of(std::span<const vitals::family> families) {
  return {.families = families, .cells = cells.size(), .read = [](const void*, std::uint64_t* out) noexcept {
            std::memcpy(out, cells.data(), 8 * cells.size());
          }};
}

inline constexpr std::string_view any_value[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"};

/// A family of one cell for each of `series` values of a label.
inline vitals::family plain_family(vitals::value_kind kind, std::span<const vitals::label_family> labels) {
  const auto series = static_cast<std::uint32_t>(labels.empty() ? 1 : labels[0].values.size());
  return {.name = "proto_any",
          .help = "Any.",
          .unit = {},
          .type = vitals::metric_type::gauge,
          .kind = kind,
          .labels = labels,
          .bounds = {},
          .first = 0,
          .series = series,
          .stride = 1,
          .width = 1};
}

}  // namespace read_protobuf

#endif
