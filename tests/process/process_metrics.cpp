#include <vitals/process/process_metrics.hpp>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <process/mallocs.hpp>
#include <scratch_folder.hpp>

#include <vitals/core/name.hpp>
#include <vitals/expose/openmetrics.hpp>
#include <vitals/expose/scrape.hpp>
#include <vitals/metric/counter.hpp>
#include <vitals/metric/lint.hpp>
#include <vitals/registry/registry.hpp>

namespace process_metrics_tests {

using vitals::process_metrics;

static_assert(vitals::source<process_metrics>);

/// The rules that a registry's metrics keep.
constexpr bool well_named() {
  for (const vitals::family& f : process_metrics::source().families) {
    if (!vitals::is_metric_name(f.name) || vitals::detail::names_other_unit(f.name) ||
        vitals::detail::names_type(f.name) || vitals::detail::has_upper_case(f.name) ||
        vitals::detail::ends_as_sample(f.name) || f.help.empty() || !f.help.ends_with('.')) {
      return false;
    }
  }
  return true;
}
static_assert(well_named());

/// A page of one source.
template <class Format = vitals::prometheus_text>
std::string page_of(const vitals::source_ref& source) {
  vitals::page page{Format::format, {&source, 1}};
  std::string out;
  page.render(out);
  return out;
}

/// The page with an N for each sample's number.
std::string without_numbers(const std::string& page) {
  std::string out;
  for (std::size_t at = 0; at < page.size();) {
    const std::size_t end = page.find('\n', at);
    const std::string line = page.substr(at, end - at);
    out += line[0] == '#' ? line : line.substr(0, line.find(' ')) + " N";
    out += '\n';
    at = end + 1;
  }
  return out;
}

double number_behind(const std::string& page, const std::string& name) {
  const std::size_t at = page.find('\n' + name + ' ');
  REQUIRE(at != std::string::npos);
  double number = 0;  // strtod would want the locale's comma
  const std::string_view text = std::string_view{page}.substr(at + name.size() + 2);
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

constexpr std::string_view by_calls_alone =
    "# HELP process_cpu_seconds_total Processor time that the process has used, user and system together, in seconds.\n"
    "# TYPE process_cpu_seconds_total counter\n"
    "process_cpu_seconds_total N\n"
    "# HELP process_max_fds File descriptors that the process may have open, +Inf where there is no limit.\n"
    "# TYPE process_max_fds gauge\n"
    "process_max_fds N\n"
    "# HELP process_virtual_memory_max_bytes Address space that the process may have, in bytes, +Inf where there is no "
    "limit.\n"
    "# TYPE process_virtual_memory_max_bytes gauge\n"
    "process_virtual_memory_max_bytes N\n";

TEST_CASE("the page of a process") {
  const std::string page = page_of(process_metrics::source());
  REQUIRE(page.find("process_disk_read_bytes_total") != std::string::npos);  // else this machine tells less
  CHECK(
      without_numbers(page) ==
      R"(# HELP process_cpu_seconds_total Processor time that the process has used, user and system together, in seconds.
# TYPE process_cpu_seconds_total counter
process_cpu_seconds_total N
# HELP process_open_fds File descriptors that the process has open.
# TYPE process_open_fds gauge
process_open_fds N
# HELP process_max_fds File descriptors that the process may have open, +Inf where there is no limit.
# TYPE process_max_fds gauge
process_max_fds N
# HELP process_virtual_memory_bytes Address space of the process, in bytes.
# TYPE process_virtual_memory_bytes gauge
process_virtual_memory_bytes N
# HELP process_virtual_memory_max_bytes Address space that the process may have, in bytes, +Inf where there is no limit.
# TYPE process_virtual_memory_max_bytes gauge
process_virtual_memory_max_bytes N
# HELP process_resident_memory_bytes Memory of the process that is in RAM, in bytes.
# TYPE process_resident_memory_bytes gauge
process_resident_memory_bytes N
# HELP process_start_time_seconds When the process started, in seconds since 1970.
# TYPE process_start_time_seconds gauge
process_start_time_seconds N
# HELP process_uptime_seconds Time since the process started, in seconds.
# TYPE process_uptime_seconds gauge
process_uptime_seconds N
# HELP process_threads Threads of the process.
# TYPE process_threads gauge
process_threads N
# HELP process_disk_read_bytes_total Bytes read from storage for the process and the children that it has waited for.
# TYPE process_disk_read_bytes_total counter
process_disk_read_bytes_total N
# HELP process_disk_written_bytes_total Bytes written, or soon to be written, to storage for the process and the children that it has waited for.
# TYPE process_disk_written_bytes_total counter
process_disk_written_bytes_total N
# HELP process_network_receive_bytes_total Bytes of IP packets received in the process's network namespace, by whichever process, loopback included.
# TYPE process_network_receive_bytes_total counter
process_network_receive_bytes_total N
# HELP process_network_transmit_bytes_total Bytes of IP packets sent from the process's network namespace, by whichever process, loopback included.
# TYPE process_network_transmit_bytes_total counter
process_network_transmit_bytes_total N
)");
}

TEST_CASE("OpenMetrics gives units too, and counters lose their ending") {
  const std::string page = page_of<vitals::openmetrics_text>(process_metrics::source());
  CHECK(page.starts_with("# TYPE process_cpu_seconds counter\n# UNIT process_cpu_seconds seconds\n# HELP "));
  CHECK(page.find("\n# UNIT process_resident_memory_bytes bytes\n") != std::string::npos);
  CHECK(page.find("\n# UNIT process_disk_read_bytes bytes\n") != std::string::npos);
  CHECK(page.find("\n# UNIT process_open_fds") == std::string::npos);
  CHECK(page.ends_with("\n# EOF\n"));
}

/// A folder of files as /proc/self has them.
class fake_proc {
 public:
  fake_proc() {
    for (std::size_t i = 0; i != names.size(); ++i) {
      paths_[i] = folder_ / names[i];
    }
  }

  void write(const std::string& name, std::string_view text) const { std::ofstream{folder_ / name} << text; }
  [[nodiscard]] vitals::detail::proc_files files() const {
    return {.stat = paths_[0].c_str(),
            .io = paths_[1].c_str(),
            .fd = paths_[2].c_str(),
            .netstat = paths_[3].c_str(),
            .snmp6 = paths_[4].c_str()};
  }

 private:
  static constexpr std::array names{"stat", "io", "fd", "netstat", "snmp6"};
  scratch_folder folder_;
  std::array<std::string, 5> paths_;
};

TEST_CASE("what the system does not tell is left out, family by family, and comes back") {
  const fake_proc proc;
  const vitals::detail::proc_files files = proc.files();
  const vitals::source_ref source = vitals::detail::process_source(files);
  vitals::page page{vitals::prometheus_text::format, {&source, 1}};
  std::string out;
  page.render(out);
  CHECK(without_numbers(out) == by_calls_alone);

  proc.write("io", "read_bytes: 18446744073709551615\n");
  page.render(out);
  CHECK(out.ends_with("\nprocess_disk_read_bytes_total 18446744073709551615\n"));
  CHECK(out.find("written") == std::string::npos);

  proc.write("stat", "1 (a) R (b) R 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 4611686018427387907 0 25\n");
  proc.write("io", "read_bytes: 1\nwrite_bytes: 2\n");
  proc.write("netstat", "IpExt: InOctets OutOctets\nIpExt: 30 40\n");
  proc.write("snmp6", "Ip6InOctets \t5\nIp6OutOctets \t6\n");
  page.render(out);
  for (const std::string_view line :
       {"process_threads 20", "process_virtual_memory_bytes 4611686018427387907", "process_resident_memory_bytes 0",
        "process_disk_read_bytes_total 1", "process_disk_written_bytes_total 2",
        "process_network_receive_bytes_total 35", "process_network_transmit_bytes_total 46"}) {
    CAPTURE(line);
    CHECK(out.find('\n' + std::string{line} + '\n') != std::string::npos);
  }
  CHECK(number_behind(out, "process_uptime_seconds") > 0);
  CHECK(number_behind(out, "process_start_time_seconds") > 0);
  CHECK(out.find("process_open_fds") == std::string::npos);

  for (const char* const name : {"stat", "io", "netstat", "snmp6"}) {
    proc.write(name, "");
  }
  page.render(out);
  CHECK(without_numbers(out) == by_calls_alone);
}

TEST_CASE("a scrape shows the process beside a registry") {
  struct jobs : vitals::counter<"process_tests_jobs_total", "Jobs."> {};
  using metrics = vitals::registry<jobs>;
  const auto open_fds = [] { return number_behind(vitals::scrape<metrics, process_metrics>(), "process_open_fds"); };
  const double before = open_fds();
  std::vector<int> opened;
  for (int i = 0; i != 10; ++i) {
    opened.push_back(open("/dev/null", O_RDONLY | O_CLOEXEC));
  }
  CHECK(open_fds() == before + 10);
  for (const int fd : opened) {
    close(fd);
  }
  CHECK(vitals::scrape<metrics, process_metrics>().starts_with("# HELP process_tests_jobs_total Jobs.\n"));
}

TEST_CASE("numbers that are no integers are those of a reading") {
  const std::string page = page_of(process_metrics::source());
  CHECK(number_behind(page, "process_start_time_seconds") == vitals::read_process().start_time_seconds);
  CHECK(number_behind(page, "process_uptime_seconds") <= vitals::read_process().uptime_seconds);
  CHECK(number_behind(page, "process_max_fds") == vitals::read_process().max_fds);
}

TEST_CASE("a reading has a value for each family, in its cell") {
  const vitals::source_ref source = process_metrics::source();
  CHECK(source.families.size() == 13);
  std::vector<std::uint64_t> cells(source.cells, 77);
  source.read(source.self, cells.data());
  std::vector<unsigned> uses(source.cells, 0);
  for (const vitals::family& f : source.families) {
    CAPTURE(f.name);
    ++uses.at(f.first);
    ++uses.at(f.present);
    CHECK(cells.at(f.present) == 1);
    CHECK(f.series == 1);
    CHECK(f.type == (f.name.ends_with("_total") ? vitals::metric_type::counter : vitals::metric_type::gauge));
  }
  CHECK(uses == std::vector<unsigned>(source.cells, 1));
}

#if VITALS_TESTS_COUNT_MALLOCS
TEST_CASE("a page that is rendered again takes nothing from the heap") {
  using process_tests::mallocs;
  const vitals::source_ref source = process_metrics::source();
  vitals::page page{vitals::prometheus_text::format, {&source, 1}};
  std::string out;
  const std::size_t cold = mallocs;
  page.render(out);
  CHECK(mallocs > cold);  // they are counted
  const std::size_t warm = mallocs;
  for (int i = 0; i != 10; ++i) {
    page.render(out);
  }
  CHECK(mallocs == warm);
}
#endif

}  // namespace process_metrics_tests
