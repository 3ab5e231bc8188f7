// The hot paths, each in a function of its own, for check.py to read and run.cpp to call.
#include <vitals/vitals.hpp>

#include <chrono>
#include <cstdint>

enum class method { get, post, put };
enum class outcome { ok, error };

struct plain : vitals::counter<"plain_total", "No label."> {};
struct by_method : vitals::counter<"by_method_total", "One label.", vitals::label<"method", method>> {};
struct by_flag : vitals::counter<"by_flag_total", "A label that has no wrong value.", vitals::label<"flag", bool>> {};
struct by_both : vitals::counter<"by_both_total", "Two labels.", vitals::label<"method", method>,
                                 vitals::label<"outcome", outcome>> {};
using server = vitals::slots<"server", 8>;
struct by_server : vitals::counter<"by_server_total", "A label whose values come at run time.", server> {};
struct common : vitals::counter<"common_total", "One cell for all threads.", vitals::shared> {};
struct depth : vitals::up_down<"depth", "Up and down."> {};
struct depth_by_method : vitals::up_down<"depth_by_method", "Up and down.", vitals::label<"method", method>> {};
struct heat : vitals::gauge<"heat_celsius", "The last value."> {};
struct peak : vitals::max_gauge<"peak", "The largest value of a while."> {};
struct peak_by_method : vitals::max_gauge<"peak_by_method_seconds", "Durations.", vitals::label<"method", method>> {};
struct size : vitals::histogram<"size_bytes", "Doubles.", vitals::buckets::of<1, 10, 100, 1000, 10000>> {};
struct latency : vitals::histogram<"latency_seconds", "Durations.", vitals::buckets::web> {};
struct latency_by_method : vitals::histogram<"latency_by_method_seconds", "Durations.", vitals::buckets::web,
                                             vitals::label<"method", method>> {};
struct traced : vitals::counter<"traced_total", "With exemplars.", vitals::exemplars> {};
struct traced_common : vitals::counter<"traced_common_total", "With exemplars.", vitals::shared, vitals::exemplars> {};
struct traced_latency
    : vitals::histogram<"traced_latency_seconds", "With exemplars.", vitals::buckets::web, vitals::exemplars> {};

struct store : vitals::component<"store", vitals::critical> {};
struct tailer : vitals::component<"tailer", vitals::critical, vitals::heartbeat<5.0>> {};
using health = vitals::health<"hot", store, tailer>;

using metrics =
    vitals::registry<plain, by_method, by_flag, by_both, by_server, common, depth, depth_by_method, heat, peak,
                     peak_by_method, size, latency, latency_by_method, traced, traced_common, traced_latency>;

#define HOT extern "C" [[gnu::visibility("default")]] void

HOT plain_inc() {
  metrics::get<plain>().inc();
}
HOT plain_inc_by(std::uint32_t n) {
  metrics::get<plain>().inc(n);
}
HOT constant_label_inc() {
  metrics::get<by_method>(method::post).inc();
}
HOT constant_labels_inc() {
  metrics::get<by_both>(method::put, outcome::error).inc();
}
HOT label_inc(method m) {
  metrics::get<by_method>(m).inc();
}
HOT flag_inc(bool f) {
  metrics::get<by_flag>(f).inc();
}
HOT slot_inc(server::value s) {
  metrics::get<by_server>(s).inc();
}
HOT labels_inc(method m, outcome o) {
  metrics::get<by_both>(m, o).inc();
}
HOT shared_inc() {
  metrics::get<common>().inc();
}
HOT up_down_inc() {
  metrics::get<depth>().inc();
}
HOT up_down_dec() {
  metrics::get<depth>().dec();
}
HOT up_down_add(std::int32_t n) {
  metrics::get<depth>().add(n);
}
HOT up_down_label_inc(method m) {
  metrics::get<depth_by_method>(m).inc();
}
HOT gauge_set(double v) {
  metrics::get<heat>().set(v);
}
HOT peak_observe(double v) {
  metrics::get<peak>().observe(v);
}
HOT peak_label_observe(method m, std::int64_t n) {
  metrics::get<peak_by_method>(m).observe(std::chrono::nanoseconds{n});
}
HOT observe_double(double v) {
  metrics::get<size>().observe(v);
}
HOT observe_seconds(double v) {
  metrics::get<latency>().observe(v);
}
HOT observe_nanoseconds(std::int64_t n) {
  metrics::get<latency>().observe(std::chrono::nanoseconds{n});
}
HOT observe_milliseconds(std::int64_t n) {
  metrics::get<latency>().observe(std::chrono::milliseconds{n});
}
HOT observe_label(method m, std::int64_t n) {
  metrics::get<latency_by_method>(m).observe(std::chrono::nanoseconds{n});
}
HOT traced_inc() {
  metrics::get<traced>().inc();
}
HOT exemplar_inc(const vitals::exemplar& e) {
  metrics::get<traced>().inc(e);
}
HOT exemplar_shared_inc(const vitals::exemplar& e) {
  metrics::get<traced_common>().inc(e);
}
HOT exemplar_observe(std::int64_t n, const vitals::exemplar& e) {
  metrics::get<traced_latency>().observe(std::chrono::nanoseconds{n}, e);
}

HOT mark_healthy() {
  health::mark_healthy<store>();
}
HOT beat() {
  health::beat<tailer>();
}

extern "C" [[gnu::visibility("default")]] const char* page() {
  static std::string text;
  vitals::scrape<metrics>(text);
  return text.c_str();
}
