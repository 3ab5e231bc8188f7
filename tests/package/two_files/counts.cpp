// Knows nothing of HTTP.
#include "counts.hpp"

#ifdef VITALS_HTTP_INCLUDED
#error "this file asked for no HTTP"
#endif

void count() {
  metrics::get<touches>(file::counts).inc();
  metrics::get<sizes>().observe(5);
}
