// expect: duplicate metric in a registry
// shows: registry<size, count>
#include <vitals/vitals.hpp>

// A metric kind of one's own, which does not refuse the ending itself.
template <vitals::fixed_string Name>
struct named : vitals::gauge<"jobs", "Jobs."> {
  static constexpr std::string_view name = Name.view();
};

#ifdef FAIL
struct size : vitals::histogram<"job_bytes", "Size of a job.", vitals::buckets::of<1, 10>> {};
struct count : named<"job_bytes_count"> {};
#else
struct size : vitals::histogram<"job_bytes", "Size of a job.", vitals::buckets::of<1, 10>> {};
struct count : named<"job_bytes_number"> {};
#endif

using metrics = vitals::registry<size, count>;
void touch() {
  metrics::get<size>().observe(1);
}
