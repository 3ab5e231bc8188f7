// An event: what the relay hands on.
#ifndef EVENT_RELAY_EVENT_HPP
#define EVENT_RELAY_EVENT_HPP

#include <chrono>
#include <cstdint>
#include <string>

#include "json.hpp"
#include "rules.hpp"

struct event {
  event_type type;
  std::string text;         ///< the line, or its start
  std::uint64_t line_size;  ///< bytes of the whole line
  std::chrono::steady_clock::time_point read_at;
};

/// Appends the event as one line: {"type":"install","line":"..."}; with "line_bytes" where only the start was kept.
inline void append_json(std::string& out, const event& e) {
  out += R"({"type":)";
  json::append_string(out, name_of(e.type));
  out += R"(,"line":)";
  json::append_string(out, e.text);
  if (e.text.size() < e.line_size) {
    out += R"(,"line_bytes":)";
    out += std::to_string(e.line_size);
  }
  out += "}\n";
}

#endif
