#include <vitals/process/parse.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

namespace parse_tests {

using namespace vitals::detail;
constexpr auto none = std::nullopt;
constexpr std::uint64_t all_bits = std::numeric_limits<std::uint64_t>::max();

/// /proc/self/stat of a program of this name.
std::string stat_of(std::string_view name) {
  return "1234 (" + std::string{name} +
         ") R 1 1234 1234 34816 1234 4194304 106 0 0 0 15 7 0 0 20 0 21 0 815099 5795840 575 18446744073709551615 "
         "94186 94189 140725 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0 94190 94191 94200 140726 140726 140726 140727 0\n";
}

bool same(const stat_numbers& a, const stat_numbers& b) {
  return a.threads == b.threads && a.start_ticks == b.start_ticks && a.virtual_bytes == b.virtual_bytes &&
         a.resident_pages == b.resident_pages;
}
constexpr stat_numbers as_in_stat_of{
    .threads = 21, .start_ticks = 815099, .virtual_bytes = 5795840, .resident_pages = 575};

TEST_CASE("a number is all of its word, and has 64 bits at most") {
  CHECK(number_of("0") == 0U);
  CHECK(number_of("0042") == 42U);
  CHECK(number_of("18446744073709551615") == all_bits);
  CHECK(number_of("18446744073709551616") == none);
  CHECK(number_of("99999999999999999999") == none);
  CHECK(number_of("100000000000000000000000000000000000000000") == none);
  for (const std::string_view word : {"", "-1", "+1", " 1", "1 ", "1x", "x1", "0x10", "1.5", "1e3", "1,000", "-"}) {
    CAPTURE(word);
    CHECK(number_of(word) == none);
  }
  CHECK(number_of(std::string_view{"1\0", 2}) == none);
  CHECK(number_of(std::string_view{}) == none);
}

TEST_CASE("words are taken one by one, lines only whole") {
  std::string_view text = "  one\ttwo  \n";
  CHECK(take_word(text) == "one");
  CHECK(take_word(text) == "two");
  CHECK(take_word(text).empty());
  CHECK(take_word(text).empty());
  text = "first\n\nthird\ncut";
  CHECK(take_line(text) == "first");
  CHECK(take_line(text) == "");
  CHECK(take_line(text) == "third");
  CHECK(take_line(text) == none);
  CHECK(text == "cut");
}

TEST_CASE("stat: a program's name may hold anything") {
  for (const std::string_view name :
       {"cat", "", " ", ")", "(", "a) R (b", "a) R 1 2 3 4 5", "))))", ") ) ) )", "line\nend", "\n", "(sd-pam)",
        "12 34", "\xff\xfe", "a) R 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 99 1 98 97 96 (b"}) {
    CAPTURE(name);
    CHECK(same(parse_stat(stat_of(name)), as_in_stat_of));
  }
}

TEST_CASE("stat: of a text that is cut anywhere, each number is absent or right") {
  const std::string whole = stat_of("a) R (b");
  unsigned wrong = 0;
  unsigned seen = 0;
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    const stat_numbers part = parse_stat(std::string_view{whole}.substr(0, size));
    const auto fits = [](const auto& value, const auto& expected) { return !value || value == expected; };
    wrong += fits(part.threads, as_in_stat_of.threads) && fits(part.start_ticks, as_in_stat_of.start_ticks) &&
                     fits(part.virtual_bytes, as_in_stat_of.virtual_bytes) &&
                     fits(part.resident_pages, as_in_stat_of.resident_pages)
                 ? 0U
                 : 1U;
    seen += part.resident_pages ? 1U : 0U;
  }
  CHECK(wrong == 0);
  CHECK(seen > 100);
}

TEST_CASE("stat: what is no stat has no numbers") {
  for (const std::string_view text : {"", "\n", ")", "()", ") ", ")\n", "1 (cat", "1 cat R 1 2", "1 (cat) R\n",
                                      "1 (cat) R 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n"}) {
    CAPTURE(text);
    CHECK(same(parse_stat(text), {}));
  }
  CHECK(same(parse_stat("1 cat R 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27\n"), {}));
  const std::string zeros = "1 (cat) R 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 ";
  CHECK(same(parse_stat(zeros + "-3 21 -4 x 18446744073709551616\n"), {}));
  CHECK(same(parse_stat(zeros + "20 21 99999999999999999999 18446744073709551615 24 25\n"),
             {.threads = 20, .start_ticks = none, .virtual_bytes = all_bits, .resident_pages = 24}));
}

constexpr std::string_view io =
    "rchar: 6976\nwchar: 11\nsyscr: 10\nsyscw: 0\nread_bytes: 4096\nwrite_bytes: 18446744073709551615\n"
    "cancelled_write_bytes: 77\n";

TEST_CASE("a number stands behind its key, and the key before its line") {
  CHECK(number_behind("read_bytes:", io) == 4096U);
  CHECK(number_behind("write_bytes:", io) == all_bits);
  CHECK(number_behind("cancelled_write_bytes:", io) == 77U);
  CHECK(number_behind("bytes:", io) == none);
  CHECK(number_behind("read_bytes", io) == none);
  CHECK(number_behind("write_bytes:", "cancelled_write_bytes: 77\n") == none);
  CHECK(number_behind("write_bytes:", "cancelled_write_bytes: 77\nwrite_bytes: 5\n") == 5U);
  CHECK(number_behind("read_bytes:", "") == none);
  CHECK(number_behind("read_bytes:", "read_bytes:\n") == none);
  CHECK(number_behind("read_bytes:", "read_bytes:\nwrite_bytes: 5\n") == none);
  CHECK(number_behind("read_bytes:", "read_bytes: -5\n") == none);
  CHECK(number_behind("read_bytes:", "read_bytes: 123") == none);  // cut: 1234 may have been meant
  CHECK(number_behind("read_bytes:", "read_bytes: 99999999999999999999\n") == none);
}

// As it is, but for TcpExt, which has more columns: one of them is called InOctets here, to mislead.
constexpr std::string_view netstat =
    "TcpExt: SyncookiesSent InOctets OutOctets\nTcpExt: 0 1 2\n"
    "IpExt: InNoRoutes InTruncatedPkts InMcastPkts OutMcastPkts InBcastPkts OutBcastPkts InOctets OutOctets "
    "InMcastOctets OutMcastOctets\n"
    "IpExt: 0 0 0 0 0 0 333831203 91749317 3 4\n"
    "MPTcpExt: MPCapableSYNRX InOctets\nMPTcpExt: 0 5\n";

TEST_CASE("netstat: the bytes of IPv4 stand below their names") {
  const octets found = parse_netstat(netstat);
  CHECK(found.received == 333831203U);
  CHECK(found.transmitted == 91749317U);
  const octets swapped = parse_netstat("IpExt: OutOctets InOctets\nIpExt: 1 2\n");
  CHECK(swapped.received == 2U);
  CHECK(swapped.transmitted == 1U);
}

TEST_CASE("netstat: what is missing or no number is absent") {
  const auto nothing = [](std::string_view text) {
    const octets found = parse_netstat(text);
    return !found.received && !found.transmitted;
  };
  CHECK(nothing(""));
  CHECK(nothing("IpExt: InOctets OutOctets\n"));
  CHECK(nothing("IpExt: InOctets OutOctets\n\nIpExt: 1 2\n"));
  CHECK(nothing("IpExt: InOctets OutOctets\nTcpExt: 1 2\n"));
  CHECK(nothing("TcpExt: InOctets OutOctets\nTcpExt: 1 2\n"));
  CHECK(nothing("IpExt: InOctets OutOctets\nIpExt: -1 18446744073709551616\n"));
  CHECK(nothing("IpExt: InOctets OutOctets\nIpExt: 1 2"));
  CHECK(nothing("IpExt: InPkts\nIpExt: 1\n"));
  const octets first_only = parse_netstat("IpExt: InOctets OutOctets\nIpExt: 1\n");
  CHECK(first_only.received == 1U);
  CHECK(first_only.transmitted == none);
  for (std::size_t size = 0; size != netstat.find("MPTcp"); ++size) {
    CHECK(nothing(netstat.substr(0, size)));
  }
}

TEST_CASE("snmp6: the bytes of IPv6 stand behind their names") {
  const octets found = parse_snmp6(
      "Ip6InReceives                   \t4312\nIp6InOctets                     \t773727\n"
      "Ip6OutOctets                    \t774631\nIp6InMcastOctets                \t1\n");
  CHECK(found.received == 773727U);
  CHECK(found.transmitted == 774631U);
  CHECK(parse_snmp6("").received == none);
  CHECK(parse_snmp6("Ip6InOctets\t1\n").transmitted == none);
}

TEST_CASE("damaged texts: every number that is found stands in the text") {
  std::mt19937 random{3};
  const std::string_view texts[] = {io, netstat};
  const std::string stat = stat_of("a) R (b");
  constexpr std::string_view damage = "() \n\t:0123456789-xIE";
  unsigned wrong = 0;
  for (int i = 0; i != 20'000; ++i) {
    std::string text{i % 3 == 2 ? std::string_view{stat} : texts[i % 3]};
    for (unsigned hits = random() % 8; hits != 0; --hits) {
      const char c = damage[random() % damage.size()];
      switch (const std::size_t at = random() % text.size(); random() % 3) {
        case 0:
          text[at] = c;
          break;
        case 1:
          text.erase(at, random() % 20);
          break;
        default:
          text.insert(at, 1 + random() % 4, c);
      }
      text.resize(text.empty() ? 1 : text.size(), ' ');
    }
    const stat_numbers numbers = parse_stat(text);
    const octets bytes = parse_netstat(text);
    for (const auto& found : {numbers.threads, numbers.start_ticks, numbers.virtual_bytes, numbers.resident_pages,
                              bytes.received, bytes.transmitted, number_behind("read_bytes:", text)}) {
      wrong += found && text.find(std::to_string(*found)) == std::string::npos ? 1U : 0U;
    }
  }
  CHECK(wrong == 0);
}

}  // namespace parse_tests
