#include <vitals/expose/protobuf_families.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include <expose/read_protobuf.hpp>

#include <vitals/expose/protobuf.hpp>
#include <vitals/metric/family.hpp>

namespace protobuf_families_tests {

using namespace read_protobuf;

TEST_CASE("histograms and summaries may be absent too") {
  const double bounds[] = {1};
  cells = {0, 1, 0, 3, 0, 5, 6};
  vitals::family histogram_family = plain_family(vitals::value_kind::real_histogram, {});
  histogram_family.type = vitals::metric_type::histogram;
  histogram_family.bounds = bounds;
  histogram_family.width = 3;
  histogram_family.first = 2;
  histogram_family.present = 0;
  vitals::family summary_family = plain_family(vitals::value_kind::real_histogram, {});
  summary_family.name = "proto_other";
  summary_family.type = vitals::metric_type::summary;
  summary_family.width = 2;
  summary_family.first = 4;
  summary_family.present = 1;
  const vitals::family both[] = {histogram_family, summary_family};
  const vitals::source_ref source = source_of(both);
  vitals::protobuf_page page{{&source, 1}};
  const auto rendered = [&page] {
    std::string out;
    page.render(out);
    return shown_page(out);
  };
  const std::string first =
      "name:'proto_any' help:'Any.' type:4 metric{histogram{sample_count:3 sample_sum:0 bucket{cumulative_count:3 "
      "upper_bound:1}}}\n";
  const std::string second = "name:'proto_other' help:'Any.' type:2 metric{summary{sample_count:5 sample_sum:0}}\n";
  CHECK(rendered() == second);
  cells[0] = 1;
  CHECK(rendered() == first + second);
  cells[1] = 0;
  CHECK(rendered() == first);
  cells[0] = 0;
  CHECK(rendered().empty());
}

TEST_CASE("texts stand as they are, however long") {
  const std::string odd = "a \\ and a \"quote\"\nand a line, in caf\xC3\xA9s \xE2\x98\x83";
  const std::string ten_kilobytes(10240, 'x');
  const std::string_view values[] = {odd, "", ten_kilobytes};
  const vitals::label_family labels[] = {{.name = "text", .values = values}};
  cells = {0, 0, 0};
  for (const auto type : {vitals::metric_type::gauge, vitals::metric_type::summary}) {
    const bool is_gauge = type == vitals::metric_type::gauge;
    vitals::family f = plain_family(is_gauge ? vitals::value_kind::real : vitals::value_kind::real_histogram, labels);
    const std::string help = odd + ten_kilobytes;
    f.help = help;
    f.type = type;
    f.width = is_gauge ? 1 : 2;
    f.stride = 0;
    const std::string number = is_gauge ? " gauge{value:0}}" : " summary{sample_count:0 sample_sum:0}}";
    CHECK(shown_page(page_of(source_of({&f, 1}))) ==
          "name:'proto_any' help:'" + help + "' type:" + (is_gauge ? "1" : "2") +  //
              " metric{label{name:'text' value:'" + odd + "'}" + number +          //
              " metric{label{name:'text' value:''}" + number +                     //
              " metric{label{name:'text' value:'" + ten_kilobytes + "'}" + number + '\n');
  }
}

TEST_CASE("lengths of every size lead to the next message") {
  const double bounds[] = {1, 2};
  const std::array<std::uint64_t, 4> some_cells[] = {
      {0, 0, 0, 0}, {0, 1, 126, 1}, {0, 1, 127, 1}, {0, 1, std::uint64_t{1} << 62, std::uint64_t{1} << 62}};
  unsigned wrong = 0;
  for (std::size_t size = 0; size < 17000; size += size < 400 || (size > 16000 && size < 16500) ? 1 : 997) {
    const std::string text(size, 'x');
    const std::string_view values[] = {text};
    const vitals::label_family labels[] = {{.name = "text", .values = values}};
    vitals::family families[] = {plain_family(vitals::value_kind::real_histogram, labels),
                                 plain_family(vitals::value_kind::real, labels)};
    families[0].type = vitals::metric_type::histogram;
    families[0].bounds = bounds;
    families[0].width = 4;
    families[1].name = "proto_next";
    for (const auto& c : some_cells) {
      cells.assign(c.begin(), c.end());
      const std::string label = " metric{label{name:'text' value:'" + text + "'} ";
      const std::string wanted = "name:'proto_any' help:'Any.' type:4" + label +
                                 "histogram{sample_count:" + std::to_string(c[1] + c[2] + c[3]) +
                                 " sample_sum:0 bucket{cumulative_count:" + std::to_string(c[1]) +
                                 " upper_bound:1} bucket{cumulative_count:" + std::to_string(c[1] + c[2]) +
                                 " upper_bound:2}}}\nname:'proto_next' help:'Any.' type:1" + label +
                                 "gauge{value:0}}\n";
      wrong += shown_page(page_of(source_of(families))) == wanted ? 0U : 1U;
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("a page never needs more than its room, whatever its numbers are") {
  const double bounds[] = {1, 2, 3};
  constexpr auto most = std::numeric_limits<std::uint64_t>::max();
  vitals::family families[] = {plain_family(vitals::value_kind::real_histogram, {}),
                               plain_family(vitals::value_kind::real_histogram, {}),
                               plain_family(vitals::value_kind::unsigned_integer, {})};
  families[0].type = vitals::metric_type::histogram;
  families[0].bounds = bounds;
  families[0].width = 5;
  families[1].type = vitals::metric_type::summary;
  families[1].width = 2;
  vitals::source_ref dated{};
  dated.cells = 5;
  dated.created = [](const void*) noexcept { return most; };
  for (const vitals::source_ref& source : {vitals::source_ref{}, dated}) {
    vitals::detail::family_messages messages;
    for (const vitals::family& f : families) {
      messages.lay(source, f, 0);
    }
    cells = {most, most, 0, 0, 0, most};                             // the last one says since when they count
    const std::unique_ptr<char[]> exact{new char[messages.room()]};  // nothing behind it: a sanitizer sees more
    const char* const end = messages.fill(exact.get(), cells.data());
    CHECK(static_cast<std::size_t>(end - exact.get()) == messages.room());
    cells = {0, 0, 0, 0, 0, 0};
    const char* const less = messages.fill(exact.get(), cells.data());
    CHECK(less < end);
    CHECK(messages_of({exact.get(), static_cast<std::size_t>(less - exact.get())}).size() == 3);
  }
}

}  // namespace protobuf_families_tests
