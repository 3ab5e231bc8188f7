// The command line.
#ifndef EVENT_RELAY_OPTIONS_HPP
#define EVENT_RELAY_OPTIONS_HPP

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

#include "target.hpp"

struct options {
  std::optional<std::string> input;
  std::optional<std::string> output;
  std::optional<target_url> target;
  std::string address = "127.0.0.1";
  std::uint16_t port = 9464;
  std::chrono::milliseconds drain = std::chrono::seconds{5};
  bool once = false;
  bool help = false;
};

inline constexpr std::string_view usage = R"(Usage: event_relay [INPUT] [OPTION]...

Follows the log file INPUT as it grows, is truncated or rotated; sorts its lines
into events, and serves its metrics and its health over HTTP until SIGINT or
SIGTERM. Then it is not ready any more, goes on for a while, and ends once what
the log holds is delivered.

INPUT is a log of dpkg: /var/log/dpkg.log by default, or where that is missing
or empty the sample that comes with this program.

  --output FILE      append the events to FILE, a line of JSON each (default: nowhere)
  --target URL       post the events to http://HOST:PORT/PATH, lines of JSON too;
                     what it does not take is tried again, at the end for 10 s
  --address ADDRESS  serve on this IP address (default: 127.0.0.1)
  --port N           serve on this port; 0 takes any free one (default: 9464)
  --drain SECONDS    go on for so long when asked to end (default: 5)
  --once             read INPUT to its end, print the metrics, and exit
  --help             print this, and exit
)";

/// What is wrong with a command line.
struct usage_error : std::runtime_error {
  using runtime_error::runtime_error;
};

/// dpkg's log where there is one, else the sample.
inline std::string default_input() {
  const std::string log = "/var/log/dpkg.log";
  struct stat facts {};
  const bool usable = ::stat(log.c_str(), &facts) == 0 && facts.st_size > 0 && ::access(log.c_str(), R_OK) == 0;
  return usable ? log : EVENT_RELAY_SAMPLE;
}

inline std::uint16_t parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size()) {
    throw usage_error("\"" + std::string(text) + "\" is no port: give a number from 0 to 65535");
  }
  return port;
}

inline std::chrono::milliseconds parse_seconds(std::string_view text) {
  double seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds, std::chars_format::fixed);
  if (error != std::errc{} || end != text.data() + text.size() || !(seconds >= 0 && seconds <= 3600)) {
    throw usage_error("\"" + std::string(text) + "\" is no time: give seconds from 0 to 3600");
  }
  return std::chrono::milliseconds{std::lround(seconds * 1000)};
}

/// Takes http://host[:port][/path][?query] apart; an IPv6 address stands in brackets.
inline target_url parse_target(std::string_view text) {
  constexpr std::string_view scheme = "http://";
  const usage_error wrong("\"" + std::string(text) + "\" is no target: write http://host:port/path");
  if (text.starts_with("https:")) {
    throw usage_error("--target speaks plain HTTP: for https put a proxy in front of " + std::string(text));
  }
  const bool clean = std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7F'; });
  if (!clean || !text.starts_with(scheme) || text.find('#') != text.npos) {
    throw wrong;
  }
  target_url result;
  result.text = text;
  text.remove_prefix(scheme.size());
  const std::string_view authority = text.substr(0, text.find_first_of("/?"));
  text.remove_prefix(authority.size());
  result.path = (text.starts_with('/') ? "" : "/") + std::string(text);
  const bool bracketed = authority.starts_with('[');
  const auto host_end = bracketed ? authority.find(']') : std::min(authority.find(':'), authority.size());
  if (host_end == authority.npos) {
    throw wrong;
  }
  result.host = authority.substr(bracketed ? 1 : 0, host_end - (bracketed ? 1 : 0));
  const std::string_view port = authority.substr(host_end + (bracketed ? 1 : 0));
  if (result.host.empty() || result.host.find_first_of("@[]\\") != std::string::npos ||
      (!port.empty() && !port.starts_with(':'))) {
    throw wrong;
  }
  if (!port.empty()) {
    result.port = parse_port(port.substr(1));
  }
  if (result.port == 0) {
    throw wrong;
  }
  return result;
}

/// Reads `--name value`, `--name=value` and INPUT, in any order; the last of two equal options counts. Throws
/// usage_error.
inline options parse_options(int count, char** arguments) {
  options result;
  for (int i = 1; i < count; ++i) {
    const std::string_view argument = arguments[i];
    const auto equals = argument.find('=');
    const std::string_view name = argument.substr(0, equals);
    const auto value = [&]() -> std::string {
      if (equals != argument.npos) {
        return std::string(argument.substr(equals + 1));
      }
      if (i + 1 == count) {
        throw usage_error(std::string(name) + " needs a value");
      }
      return arguments[++i];
    };
    if (argument == "--once") {
      result.once = true;
    } else if (argument == "--help") {
      result.help = true;
    } else if (name == "--output") {
      result.output = value();
    } else if (name == "--target") {
      result.target = parse_target(value());
    } else if (name == "--address") {
      result.address = value();
    } else if (name == "--port") {
      result.port = parse_port(value());
    } else if (name == "--drain") {
      result.drain = parse_seconds(value());
    } else if (argument.starts_with("-")) {
      throw usage_error("unknown option " + std::string(argument));
    } else if (result.input) {
      throw usage_error("one INPUT at a time: got " + *result.input + " and " + std::string(argument));
    } else {
      result.input = argument;
    }
  }
  return result;
}

#endif
