// What the relay tells of itself. Each metric is a type, and the registry lists them.
#ifndef EVENT_RELAY_METRICS_HPP
#define EVENT_RELAY_METRICS_HPP

#include <chrono>

#include <vitals/vitals.hpp>

#include "rules.hpp"

namespace relay_buckets {
using namespace std::chrono_literals;
using parse = vitals::buckets::of<50ns, 100ns, 200ns, 500ns, 1us, 2us, 5us, 10us, 100us, 1ms>;
using delivery = vitals::buckets::of<10us, 100us, 1ms, 5ms, 10ms, 50ms, 100ms, 500ms, 1s, 5s>;
using line_size = vitals::buckets::exponential<16, 4, 11>;  // 16 bytes to 16 MiB
}  // namespace relay_buckets

// The input. `rotated`: another file took the name. `truncated`: the file was emptied or overwritten.
enum class input_change { rotated, truncated };

struct read_bytes : vitals::counter<"relay_read_bytes_total", "Bytes read from the input."> {};
struct lines : vitals::counter<"relay_lines_total", "Lines read; what follows the last newline of a file is one."> {};
struct line_size
    : vitals::histogram<"relay_line_size_bytes", "Length of a line, without its newline.", relay_buckets::line_size> {};
struct oversized_lines
    : vitals::counter<"relay_oversized_lines_total", "Lines longer than 16 KiB, of which only the start is kept."> {};
struct input_changes : vitals::counter<"relay_input_changes_total", "Times the input was rotated or truncated.",
                                       vitals::label<"change", input_change>> {};
struct input_errors : vitals::counter<"relay_input_errors_total", "Failed attempts to open a rotated input."> {};
struct input_present : vitals::gauge<"relay_input_present", "Whether there is a file of the input's name (1 or 0)."> {};

// The rules.
struct events : vitals::counter<"relay_events_total", "Lines that fit a rule, by the type of their event.",
                                vitals::label<"type", event_type>> {};
struct unmatched_lines : vitals::counter<"relay_unmatched_lines_total", "Lines that fit no rule."> {};
struct parse_duration
    : vitals::histogram<"relay_parse_duration_seconds", "Time to sort one line by the rules.", relay_buckets::parse> {};

// The queue. One thread adds and another takes away: `shared` keeps one count for both, so that no scrape sees the one
// without the other.
struct queue_depth : vitals::up_down<"relay_queue_depth", "Events that wait for delivery or for a place in the queue.",
                                     vitals::shared> {};
struct queue_capacity : vitals::gauge<"relay_queue_capacity", "Events that the queue can hold."> {};
struct queue_full_waits
    : vitals::counter<"relay_queue_full_waits_total", "Times the reader waited for a place in the full queue."> {};

// The delivery.
using target_answers = vitals::one_of<"ok", "connection_failed", "timeout", "bad_status">;

struct delivered_events : vitals::counter<"relay_delivered_events_total", "Events delivered."> {};
struct undelivered_events
    : vitals::counter<"relay_undelivered_events_total", "Events that were given up as the program ended."> {};
struct target_requests : vitals::counter<"relay_target_requests_total", "Posts to the target, by what came of them.",
                                         vitals::label<"outcome", target_answers>> {};
struct written_bytes : vitals::counter<"relay_written_bytes_total", "Bytes written to the output."> {};
struct delivery_duration
    : vitals::histogram<"relay_delivery_duration_seconds", "Time from a line's reading to its event's delivery.",
                        relay_buckets::delivery> {};

using metrics =
    vitals::registry<read_bytes, lines, line_size, oversized_lines, input_changes, input_errors, input_present, events,
                     unmatched_lines, parse_duration, queue_depth, queue_capacity, queue_full_waits, delivered_events,
                     undelivered_events, target_requests, written_bytes, delivery_duration>;

#endif
