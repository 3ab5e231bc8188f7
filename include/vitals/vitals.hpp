// vitals: a program's vital signs. This header is all that a program needs to count and to print a scrape; with
// VITALS_HTTP defined before it, to serve one too (that takes fmt and Boost headers), with what only the file that
// serves needs: JSON, protobuf, and the process's own metrics. VITALS_TLS adds a server over TLS to that (OpenSSL),
// VITALS_CRYPT the check of passwords (libcrypt). VITALS_RESPONDER is for a program that has an HTTP server already: what
// answers requests, with fmt and without Boost.
#ifndef VITALS_VITALS_HPP
#define VITALS_VITALS_HPP

#include <vitals/core/clock.hpp>
#include <vitals/expose/audit.hpp>
#include <vitals/expose/callbacks.hpp>
#include <vitals/expose/openmetrics.hpp>
#include <vitals/expose/prometheus.hpp>
#include <vitals/expose/ratio.hpp>
#include <vitals/expose/reference.hpp>
#include <vitals/expose/scrape.hpp>
#include <vitals/health/health.hpp>
#include <vitals/metric/buckets.hpp>
#include <vitals/metric/callback.hpp>
#include <vitals/metric/counter.hpp>
#include <vitals/metric/exemplar.hpp>
#include <vitals/metric/gauge.hpp>
#include <vitals/metric/histogram.hpp>
#include <vitals/metric/info.hpp>
#include <vitals/metric/label.hpp>
#include <vitals/metric/max_gauge.hpp>
#include <vitals/metric/native_histogram.hpp>
#include <vitals/metric/quantile.hpp>
#include <vitals/metric/real_counter.hpp>
#include <vitals/metric/slots.hpp>
#include <vitals/metric/state_set.hpp>
#include <vitals/metric/summary.hpp>
#include <vitals/metric/up_down.hpp>
#include <vitals/registry/registry.hpp>
#include <vitals/version.hpp>

#endif

#if (defined(VITALS_TLS) || defined(VITALS_CRYPT)) && !defined(VITALS_HTTP)
#define VITALS_HTTP
#endif
#if defined(VITALS_HTTP) && !defined(VITALS_RESPONDER)
#define VITALS_RESPONDER
#endif

// Outside the guard: a file may include this header, define VITALS_HTTP, and include it again.
#if defined(VITALS_RESPONDER) && !defined(VITALS_RESPONDER_INCLUDED)
#define VITALS_RESPONDER_INCLUDED
#include <vitals/http/responder.hpp>
#endif

#if defined(VITALS_RESPONDER) && defined(VITALS_HTTP) && !defined(VITALS_HTTP_INCLUDED)
#define VITALS_HTTP_INCLUDED
#include <vitals/expose/textfile.hpp>
#include <vitals/health/checks.hpp>
#include <vitals/health/drain.hpp>
#include <vitals/health/monitor.hpp>
#include <vitals/http/checks.hpp>
#include <vitals/http/environment.hpp>
#include <vitals/http/push.hpp>
#include <vitals/http/server.hpp>
#include <vitals/process/process_metrics.hpp>
#endif

#if defined(VITALS_HTTP) && defined(VITALS_CRYPT) && !defined(VITALS_CRYPT_INCLUDED)
#define VITALS_CRYPT_INCLUDED
#include <vitals/http/crypt.hpp>
#endif

#if defined(VITALS_HTTP) && defined(VITALS_TLS) && !defined(VITALS_TLS_INCLUDED)
#define VITALS_TLS_INCLUDED
#include <vitals/http/tls.hpp>
#endif
