// The rules: which lines are events, and of what type.
#ifndef EVENT_RELAY_RULES_HPP
#define EVENT_RELAY_RULES_HPP

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

/// What dpkg writes in its log. The enumerators' names are the values of the label `type`.
enum class event_type { startup, install, upgrade, configure, trigproc, disappear, remove, purge, status, conffile };

/// A line of this type starts with a time stamp, followed by `start`.
struct rule {
  event_type type;
  std::string_view start;
};

/// How every event starts; # stands for a digit.
inline constexpr std::string_view stamp = "####-##-## ##:##:## ";

inline constexpr std::array rules{
    rule{event_type::startup, "startup "},   rule{event_type::install, "install "},
    rule{event_type::upgrade, "upgrade "},   rule{event_type::configure, "configure "},
    rule{event_type::trigproc, "trigproc "}, rule{event_type::disappear, "disappear "},
    rule{event_type::remove, "remove "},     rule{event_type::purge, "purge "},
    rule{event_type::status, "status "},     rule{event_type::conffile, "conffile "},
};

constexpr bool starts_with_stamp(std::string_view line) noexcept {
  if (line.size() < stamp.size()) {
    return false;
  }
  for (std::size_t i = 0; i != stamp.size(); ++i) {
    const char c = line[i];
    if (stamp[i] == '#' ? c < '0' || c > '9' : c != stamp[i]) {
      return false;
    }
  }
  return true;
}

/// The type of the event that a line tells of, if it is one.
constexpr std::optional<event_type> classify(std::string_view line) noexcept {
  if (starts_with_stamp(line)) {
    line.remove_prefix(stamp.size());
    for (const rule& r : rules) {
      if (line.starts_with(r.start)) {
        return r.type;
      }
    }
  }
  return std::nullopt;
}

/// The name of a type: the word that its lines carry.
constexpr std::string_view name_of(event_type type) noexcept {
  for (const rule& r : rules) {
    if (r.type == type) {
      return r.start.substr(0, r.start.size() - 1);
    }
  }
  return {};
}

#endif
