// event_relay: follows a log, sorts its lines into events and hands them on, and tells how it is doing.
#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <exception>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include <vitals/vitals.hpp>

#include "delivery.hpp"
#include "event.hpp"
#include "health.hpp"
#include "log_follower.hpp"
#include "metrics.hpp"
#include "options.hpp"
#include "rules.hpp"
#include "target.hpp"

namespace {

/// Sorts a line, and hands it on if it is an event. Calls `while_waiting` where the queue is full.
template <class WhileWaiting>
void relay(const line& l, delivery& out, const WhileWaiting& while_waiting) {
  relay_health::beat<parts::input>();
  metrics::get<lines>().inc();
  metrics::get<line_size>().observe(l.size);
  if (l.is_cut()) {
    metrics::get<oversized_lines>().inc();
  }
  auto timing = metrics::get<parse_duration>().time();
  const std::optional<event_type> type = classify(l.text);
  timing.stop();
  if (!type) {
    metrics::get<unmatched_lines>().inc();
    return;
  }
  metrics::get<events>(*type).inc();
  out.push(
      {.type = *type, .text = std::string(l.text), .line_size = l.size, .read_at = std::chrono::steady_clock::now()},
      while_waiting);
}

std::string input_of(const options& chosen) {
  return chosen.input ? *chosen.input : default_input();
}

std::optional<output_file> output_of(const options& chosen, const log_follower& log) {
  std::optional<output_file> output;
  if (chosen.output) {
    output.emplace(*chosen.output);
    if (output->identity() == log.identity()) {
      throw std::runtime_error("the output is the input: choose another --output");
    }
  }
  return output;
}

std::optional<target> target_of(const options& chosen) {
  return chosen.target ? std::optional<target>(*chosen.target) : std::nullopt;
}

/// An end at which not everything is delivered is a failure.
void expect_none(std::uint64_t given_up, const options& chosen) {
  if (given_up != 0) {
    throw std::runtime_error(std::to_string(given_up) + " events could not be delivered to " + chosen.target->text);
  }
}

/// --once: reads the log to its end and prints the metrics.
void replay(const options& chosen) {
  log_follower log(input_of(chosen));
  delivery out(output_of(chosen, log), target_of(chosen));
  out.hurry();
  log.finish([&](const line& l) { relay(l, out, [] {}); });
  const std::uint64_t given_up = out.finish([] {});
  if (!(std::cout << vitals::scrape<metrics>() << std::flush)) {
    throw std::runtime_error("cannot print the metrics");
  }
  expect_none(given_up, chosen);
}

std::string url_of(const options& chosen, std::uint16_t port) {
  const bool v6 = chosen.address.find(':') != std::string::npos;
  return "http://" + (v6 ? "[" + chosen.address + "]" : chosen.address) + ":" + std::to_string(port) + "/metrics";
}

vitals::http::server_options server_options_of(const options& chosen) {
  constexpr auto v = vitals::version;
  return {.address = chosen.address,
          .port = chosen.port,
          .health = {.version = fmt::format("{}.{}.{}", v.major, v.minor, v.patch),
                     .metrics = {"relay_lines_total", "relay_delivered_events_total", "relay_queue_depth"}}};
}

void start(vitals::http::server& server, const options& chosen) {
  std::error_code error;
  server.start(error);
  if (error) {
    throw std::runtime_error("cannot serve on " + url_of(chosen, chosen.port) + ": " + error.message() +
                             "; choose another --port (0 takes any free one) or --address");
  }
}

/// What no other code comes by.
void add_checks(vitals::monitor& checks, const options& chosen) {
  const vitals::check_timing each_second{.period = std::chrono::seconds{1}};
  if (chosen.target) {
    checks.add<relay_health, parts::target>(
        vitals::http::connect_check{{.host = chosen.target->host, .port = chosen.target->port}}, each_second);
  } else {
    relay_health::mark_healthy<parts::target>();  // there is none that could fail
  }
  checks.add<relay_health, parts::queue>(
      vitals::lag_check{[] { return metrics::get<queue_depth>().value(); },
                        {.failed = static_cast<std::int64_t>(delivery::capacity), .reason = "full"}},
      each_second);
}

/// Relays what the log comes to hold, until the program was asked to end and the delay for it is over; or until the
/// output fails. How many events were given up.
std::uint64_t follow(log_follower& log, delivery& out, const vitals::drain<relay_health>& end, const options& chosen) {
  const auto while_waiting = [&] {
    relay_health::beat<parts::input>();  // it is not the reader that is at fault
    if (end.is_over()) {
      out.hurry();
    }
  };
  const auto on_line = [&](const line& l) { relay(l, out, while_waiting); };
  for (bool told = false; !end.is_over() && !out.has_failed();) {
    if (end.has_begun() && !std::exchange(told, true)) {
      std::cerr << fmt::format("event_relay: asked to end: going on for {} s\n",
                               std::chrono::duration<double>(chosen.drain).count());
    }
    relay_health::beat<parts::input>();
    if (!log.read(on_line)) {
      std::this_thread::sleep_for(std::chrono::milliseconds{100});
    }
  }
  out.hurry();
  log.finish(on_line);
  return out.finish(while_waiting);
}

void serve(const options& chosen) {
  relay_health::mark_initializing();
  const std::string input = input_of(chosen);
  log_follower log(input);
  std::optional<output_file> output = output_of(chosen, log);
  vitals::http::server server(server_options_of(chosen));
  server.expose<metrics, vitals::process_metrics, relay_health>();
  start(server, chosen);
  vitals::drain<relay_health> end({.delay = chosen.drain, .on_sigint = true});
  relay_health::mark_live();
  std::cerr << "event_relay: following " << input << ", metrics at " << url_of(chosen, server.port()) << std::endl;

  vitals::monitor checks;
  add_checks(checks, chosen);
  checks.start();
  delivery out(std::move(output), target_of(chosen));
  relay_health::mark_ready();
  const std::uint64_t given_up = follow(log, out, end, chosen);
  std::signal(SIGTERM, SIG_IGN);  // the drain gives the signals back when it goes, and even then they change nothing
  std::signal(SIGINT, SIG_IGN);
  std::cerr << "event_relay: stopped after " << metrics::get<lines>().value() << " lines\n";
  expect_none(given_up, chosen);
}

}  // namespace

int main(int count, char** arguments) {
  std::signal(SIGPIPE, SIG_IGN);  // a reader that goes away is a failed write
  try {
    const options chosen = parse_options(count, arguments);
    if (chosen.help) {
      std::cout << usage;
    } else if (chosen.once) {
      replay(chosen);
    } else {
      serve(chosen);
    }
    return 0;
  } catch (const usage_error& error) {
    std::cerr << "event_relay: " << error.what() << "; see --help\n";
    return 2;
  } catch (const std::exception& error) {
    std::cerr << "event_relay: " << error.what() << '\n';
    return 1;
  }
}
