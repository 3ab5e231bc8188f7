// The command line.
#ifndef EVENT_RELAY_OPTIONS_HPP
#define EVENT_RELAY_OPTIONS_HPP

#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

struct options {
  std::optional<std::string> input;
  std::optional<std::string> output;
  std::string address = "127.0.0.1";
  std::uint16_t port = 9464;
  bool once = false;
  bool help = false;
};

inline constexpr std::string_view usage = R"(Usage: event_relay [INPUT] [OPTION]...

Follows the log file INPUT as it grows, is truncated or rotated; sorts its lines
into events, and serves its metrics over HTTP until SIGINT or SIGTERM.

INPUT is a log of dpkg: /var/log/dpkg.log by default, or where that is missing
or empty the sample that comes with this program.

  --output FILE      append the events to FILE, a line of JSON each (default: nowhere)
  --address ADDRESS  serve on this IP address (default: 127.0.0.1)
  --port N           serve on this port; 0 takes any free one (default: 9464)
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
    } else if (name == "--address") {
      result.address = value();
    } else if (name == "--port") {
      result.port = parse_port(value());
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
