// event_relay: follows a log, sorts its lines into events and hands them on, and tells how it is doing.
#include <atomic>
#include <chrono>
#include <csignal>
#include <exception>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>

#include <vitals/vitals.hpp>

#include "delivery.hpp"
#include "event.hpp"
#include "log_follower.hpp"
#include "metrics.hpp"
#include "options.hpp"
#include "rules.hpp"

namespace {

std::atomic<bool> stop_asked{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler sets it");

/// SIGINT and SIGTERM ask for a clean end; a second one ends the program at once.
void stop_on_signals() {
  struct sigaction action {};
  action.sa_handler = [](int) { stop_asked.store(true, std::memory_order_relaxed); };
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

/// Sorts a line, and hands it on if it is an event.
void relay(const line& l, delivery& out) {
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
      {.type = *type, .text = std::string(l.text), .line_size = l.size, .read_at = std::chrono::steady_clock::now()});
}

std::string url_of(const options& chosen, std::uint16_t port) {
  const bool v6 = chosen.address.find(':') != std::string::npos;
  return "http://" + (v6 ? "[" + chosen.address + "]" : chosen.address) + ":" + std::to_string(port) + "/metrics";
}

void start(vitals::http::server& server, const options& chosen) {
  std::error_code error;
  server.start(error);
  if (error) {
    throw std::runtime_error("cannot serve on " + url_of(chosen, chosen.port) + ": " + error.message() +
                             "; choose another --port (0 takes any free one) or --address");
  }
}

void run(const options& chosen) {
  const std::string input = chosen.input ? *chosen.input : default_input();
  log_follower log(input);
  std::optional<output_file> output;
  if (chosen.output) {
    output.emplace(*chosen.output);
    if (output->identity() == log.identity()) {
      throw std::runtime_error("the output is the input: choose another --output");
    }
  }
  vitals::http::server server({.address = chosen.address, .port = chosen.port});
  server.expose<metrics, vitals::process_metrics>();
  if (!chosen.once) {
    start(server, chosen);
    stop_on_signals();
    std::cerr << "event_relay: following " << input << ", metrics at " << url_of(chosen, server.port()) << std::endl;
  }

  delivery out(std::move(output));
  const auto on_line = [&](const line& l) { relay(l, out); };
  while (!chosen.once && !stop_asked.load(std::memory_order_relaxed) && !out.has_failed()) {
    if (!log.read(on_line)) {
      std::this_thread::sleep_for(std::chrono::milliseconds{100});
    }
  }
  log.finish(on_line);
  out.finish();

  if (!chosen.once) {
    std::cerr << "event_relay: stopped after " << metrics::get<lines>().value() << " lines\n";
  } else if (!(std::cout << vitals::scrape<metrics>() << std::flush)) {
    throw std::runtime_error("cannot print the metrics");
  }
}

}  // namespace

int main(int count, char** arguments) {
  std::signal(SIGPIPE, SIG_IGN);  // a reader that goes away is a failed write
  try {
    const options chosen = parse_options(count, arguments);
    if (chosen.help) {
      std::cout << usage;
    } else {
      run(chosen);
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
