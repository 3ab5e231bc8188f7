// The process's own metrics, under the names that all of Prometheus' client libraries use.
// https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics
#ifndef VITALS_PROCESS_PROCESS_METRICS_HPP
#define VITALS_PROCESS_PROCESS_METRICS_HPP

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include <vitals/metric/family.hpp>
#include <vitals/metric/unit.hpp>
#include <vitals/process/proc.hpp>

namespace vitals::inline v0 {

namespace detail {

/// A family of the process's, and how a reading's number becomes its two cells: the value, and whether there is one.
struct process_number {
  std::string_view name;
  std::string_view help;
  value_kind kind;
  void (*store)(const process_reading&, std::uint64_t* cells) noexcept;
};

template <class T>
constexpr value_kind kind_of(std::optional<T> process_reading::*) noexcept {
  return std::same_as<T, double> ? value_kind::real : value_kind::unsigned_integer;
}

template <auto Member>
constexpr process_number number_from(std::string_view name, std::string_view help) noexcept {
  return {.name = name,
          .help = help,
          .kind = kind_of(Member),
          .store = [](const process_reading& reading, std::uint64_t* cells) noexcept {
            const auto& number = reading.*Member;
            cells[0] = number ? std::bit_cast<std::uint64_t>(*number) : 0;
            cells[1] = number ? 1 : 0;
          }};
}

inline constexpr std::array process_numbers{
    number_from<&process_reading::cpu_seconds>(
        "process_cpu_seconds_total", "Processor time that the process has used, user and system together, in seconds."),
    number_from<&process_reading::open_fds>("process_open_fds", "File descriptors that the process has open."),
    number_from<&process_reading::max_fds>(
        "process_max_fds", "File descriptors that the process may have open, +Inf where there is no limit."),
    number_from<&process_reading::virtual_memory_bytes>("process_virtual_memory_bytes",
                                                        "Address space of the process, in bytes."),
    number_from<&process_reading::virtual_memory_max_bytes>(
        "process_virtual_memory_max_bytes",
        "Address space that the process may have, in bytes, +Inf where there is no limit."),
    number_from<&process_reading::resident_memory_bytes>("process_resident_memory_bytes",
                                                         "Memory of the process that is in RAM, in bytes."),
    number_from<&process_reading::start_time_seconds>("process_start_time_seconds",
                                                      "When the process started, in seconds since 1970."),
    number_from<&process_reading::uptime_seconds>("process_uptime_seconds",
                                                  "Time since the process started, in seconds."),
    number_from<&process_reading::threads>("process_threads", "Threads of the process."),
    number_from<&process_reading::disk_read_bytes>(
        "process_disk_read_bytes_total",
        "Bytes read from storage for the process and the children that it has waited for."),
    number_from<&process_reading::disk_written_bytes>(
        "process_disk_written_bytes_total",
        "Bytes written, or soon to be written, to storage for the process and the children that it has waited for."),
    number_from<&process_reading::network_receive_bytes>(
        "process_network_receive_bytes_total",
        "Bytes of IP packets received in the process's network namespace, by whichever process, loopback included."),
    number_from<&process_reading::network_transmit_bytes>(
        "process_network_transmit_bytes_total",
        "Bytes of IP packets sent from the process's network namespace, by whichever process, loopback included."),
};

inline constexpr auto process_families = [] {
  std::array<family, process_numbers.size()> families{};
  for (std::size_t i = 0; i != families.size(); ++i) {
    const process_number& n = process_numbers[i];
    const auto first = static_cast<std::uint32_t>(2 * i);
    families[i] = {.name = n.name,
                   .help = n.help,
                   .unit = known_unit(n.name),
                   .type = n.name.ends_with("_total") ? metric_type::counter : metric_type::gauge,
                   .kind = n.kind,
                   .labels = {},
                   .bounds = {},
                   .first = first,
                   .series = 1,
                   .stride = 1,
                   .width = 1,
                   .present = first + 1};
  }
  return families;
}();

/// The calling process as a source of families, with the files that it is read from.
constexpr source_ref process_source(const proc_files& files) noexcept {
  return {.families = process_families,
          .cells = 2 * process_families.size(),
          .read =
              [](const void* self, std::uint64_t* out) noexcept {
                const process_reading reading = read_process(*static_cast<const proc_files*>(self));
                for (const process_number& n : process_numbers) {
                  n.store(reading, out);
                  out += 2;
                }
              },
          .self = &files};
}

}  // namespace detail

/// The calling process as a source: processor time, memory, file descriptors, threads, start time, disk and network
/// bytes. Expose it beside registries: `scrape<metrics, process_metrics>()`. A family that the system does not tell is
/// left out.
struct process_metrics {
  [[nodiscard]] static constexpr source_ref source() noexcept { return detail::process_source(files); }

 private:
  static constexpr detail::proc_files files{};
};

}  // namespace vitals::inline v0

#endif
