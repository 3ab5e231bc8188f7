// The probes: a program's health behind the paths that orchestrators, load balancers and people know.
#ifndef VITALS_HTTP_HEALTH_ROUTES_HPP
#define VITALS_HTTP_HEALTH_ROUTES_HPP

#include <atomic>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <vitals/core/name.hpp>
#include <vitals/expose/health_json.hpp>
#include <vitals/health/errors.hpp>
#include <vitals/health/report.hpp>
#include <vitals/http/message.hpp>
#include <vitals/http/negotiate.hpp>
#include <vitals/http/query.hpp>
#include <vitals/http/router.hpp>

namespace vitals::inline v0::http {

/// Anything that is a program's health: `vitals::health<...>`.
template <class H>
concept health_source = requires {
  { H::ref() }
  noexcept->std::same_as<v0::detail::health_ref>;
};

/// A program's health behind its paths. The status code is the answer, 200 or 503; the body says why.
///
/// | path | question |
/// | `/livez` `/healthz` `/live` `/health/live` `/api/v1/health/live` | should it be restarted? |
/// | `/startupz` | is its start over? |
/// | `/readyz` `/ready` `/health/ready` `/api/v1/health/ready` | does it take work? |
/// | `/health` `/api/v1/health` | the same, with all components |
/// | `/status` `/api/v1/status` | always 200: all of it, with the metrics that the program chose |
///
/// `?exclude=name` leaves a component out of the question; `/readyz/name` and `/livez/name` ask for one alone. The body
/// is JSON, with `?verbose` Kubernetes' lines, application/health+json where that is accepted.
class health_routes {
 public:
  /// `json_of` gives some families as JSON, for `/status`.
  explicit health_routes(health_page_options options,
                         std::function<std::string(const std::vector<std::string>&)> json_of = {})
      : options_(std::move(options)),
        json_of_(std::move(json_of)) {
    make_utf8(options_.version);
    make_utf8(options_.environment);
  }

  /// Throws std::invalid_argument where another health is served already.
  void expose(const v0::detail::health_ref& of) {
    const std::lock_guard lock{mutex_};
    if (shown_.load(std::memory_order_relaxed) == nullptr) {
      of_ = of;
      shown_.store(&of_, std::memory_order_seq_cst);
    } else if (of_.facts != of.facts) {
      throw std::invalid_argument("vitals: cannot expose the health \"" + std::string{of.facts->name} +
                                  "\": a server has one health, and this one has \"" + std::string{of_.facts->name} +
                                  "\" already");
    }
  }
  /// Takes it away: once this returns, nothing reads it.
  void unexpose(const v0::detail::health_ref& of) {
    const std::lock_guard lock{mutex_};
    if (shown_.load(std::memory_order_relaxed) == nullptr || of_.facts != of.facts) {
      return;
    }
    shown_.store(nullptr, std::memory_order_seq_cst);
    while (readers_.load(std::memory_order_seq_cst) != 0) {  // each for as long as one answer takes
      std::this_thread::sleep_for(std::chrono::microseconds{100});
    }
  }

  /// For a forked child, before anything else there: who was reading is not there to leave.
  void mend_after_fork() noexcept { readers_.store(0, std::memory_order_relaxed); }

  /// Whether a path is one of those that probes ask, whatever health there is; or one of `/status`.
  [[nodiscard]] static constexpr bool is_probe(std::string_view path) noexcept {
    return path.starts_with("/readyz/") || path.starts_with("/livez/") || is_known(path, false);
  }
  [[nodiscard]] static constexpr bool is_status(std::string_view path) noexcept { return is_known(path, true); }

  /// Adds its paths to a router, which must not outlive it.
  void add_to(router& routes) {
    routes.add_group([this](std::string_view path) { return name_of_route(path); },
                     [this](const request& asked, response& out) { answer(asked, out); },
                     [this](overview& all) { list(all); });
  }

 private:
  /// JSON is UTF-8, and what a program took from its surroundings need not be.
  static void make_utf8(std::string& text) {
    if (!is_utf8(text)) {
      std::string clean(text.size(), '\0');
      clean.resize(v0::detail::copy_cleaned(clean.data(), clean.size(), text));
      text = std::move(clean);
    }
  }

  enum class question { live, started, ready, overall, everything };

  struct known_path {
    std::string_view path;
    question asks;
    std::string_view what;
  };
  static constexpr known_path paths[] = {
      {"/livez", question::live, "whether it runs; 503 where it should be restarted"},
      {"/healthz", question::live, {}},
      {"/live", question::live, {}},
      {"/health/live", question::live, {}},
      {"/api/v1/health/live", question::live, {}},
      {"/startupz", question::started, "whether its start is over"},
      {"/readyz", question::ready, "whether it takes work"},
      {"/ready", question::ready, {}},
      {"/health/ready", question::ready, {}},
      {"/api/v1/health/ready", question::ready, {}},
      {"/health", question::overall, "whether it takes work, with all components"},
      {"/api/v1/health", question::overall, {}},
      {"/status", question::everything, "all that is known, always 200"},
      {"/api/v1/status", question::everything, {}},
  };

  static constexpr bool is_known(std::string_view path, bool as_status) noexcept {
    for (const known_path& known : paths) {
      if (path == known.path) {
        return (known.asks == question::everything) == as_status;
      }
    }
    return false;
  }

  /// What a path asks, and of which component where it asks of one alone.
  struct asked_for {
    question asks;
    std::optional<std::size_t> component{};
  };

  /// The health that is served, which is not taken away while this lives; none where there is none. Takes no lock.
  class reading {
   public:
    explicit reading(const health_routes& from) noexcept {
      if (from.shown_.load(std::memory_order_acquire) != nullptr) {  // or else none would be left to wait for
        from.readers_.fetch_add(1, std::memory_order_seq_cst);
        readers_ = &from.readers_;
        of_ = from.shown_.load(std::memory_order_seq_cst);
      }
    }
    reading(const reading&) = delete;
    reading& operator=(const reading&) = delete;
    ~reading() {
      if (readers_ != nullptr) {
        readers_->fetch_sub(1, std::memory_order_release);
      }
    }
    [[nodiscard]] const v0::detail::health_ref* get() const noexcept { return of_; }

   private:
    const v0::detail::health_ref* of_ = nullptr;
    std::atomic<std::uint32_t>* readers_ = nullptr;
  };

  [[nodiscard]] static std::optional<asked_for> find(const v0::detail::health_ref* of, std::string_view path) noexcept {
    if (of == nullptr) {
      return std::nullopt;
    }
    for (const known_path& known : paths) {
      if (path == known.path) {
        return asked_for{known.asks};
      }
    }
    const auto& all = of->facts->components;
    for (const auto& [before, asks] : {std::pair{std::string_view{"/readyz/"}, question::ready},
                                       std::pair{std::string_view{"/livez/"}, question::live}}) {
      for (std::size_t i = 0; path.starts_with(before) && i != all.size(); ++i) {
        if (all[i].name == path.substr(before.size())) {
          return asked_for{asks, i};
        }
      }
    }
    return std::nullopt;
  }

  /// That of one component is what all of them have in common.
  [[nodiscard]] std::string_view name_of_route(std::string_view path) const {
    const reading now{*this};
    const auto asked = find(now.get(), path);
    return !asked ? std::string_view{} : asked->component ? path.substr(0, path.rfind('/') + 1) : path;
  }

  void list(overview& all) const {
    const reading now{*this};
    if (now.get() != nullptr) {
      all.service = now.get()->facts->name;
      all.version = options_.version;
      all.environment = options_.environment;
      for (const known_path& known : paths) {
        if (!known.what.empty()) {
          all.endpoints.push_back({std::string{known.path}, std::string{known.what}});
        }
      }
    }
  }

  void answer(const request& asked, response& out) const {
    const reading now{*this};
    const std::optional<asked_for> wanted = find(now.get(), path_of(asked.target));
    if (!wanted) {  // taken away since it was looked for
      out.status = 404;
      out.body = "404 Not Found: GET / lists what is here\n";
      return;
    }
    const v0::detail::health_ref& of = *now.get();
    health_report r = v0::detail::report_of(of, of.clock.milliseconds());
    out.cache_control = "no-store";
    if (wanted->component) {
      answer_one(of, *wanted->component, wanted->asks == question::live, r, asked, out);
    } else {
      answer_all(of, wanted->asks, r, asked, out);
    }
  }

  void answer_all(const v0::detail::health_ref& of, question asks, health_report& r, const request& asked,
                  response& out) const {
    for (const std::string& name : query_values(asked.target, "exclude")) {
      v0::detail::exclude(r, name);
    }
    const bool good = asks == question::live         ? r.live
                      : asks == question::started    ? r.started
                      : asks == question::everything ? true
                                                     : r.ready;
    out.status = good ? 200 : 503;
    if (has_flag(asked, "verbose")) {
      write_lines(out.body, asks, r, good);
    } else if (asks != question::everything && accepts_health_json(asked.accept)) {
      out.content_type = "application/health+json";
      v0::detail::append_health_check(out.body, of, r, options_);
    } else {
      out.content_type = "application/json";
      const bool whole = asks == question::ready || asks == question::overall || asks == question::everything;
      v0::detail::append_health(out.body, of, r, options_, whole);
      if (asks == question::everything) {
        append_needs(out.body, of);
        out.body += ",\"metrics\":";
        out.body += json_of_ && !options_.metrics.empty() ? json_of_(options_.metrics) : "{}";
      }
      out.body += "}\n";
    }
    out.vary = "Accept";
  }

  void answer_one(const v0::detail::health_ref& of, std::size_t index, bool live, const health_report& r,
                  const request& asked, response& out) const {
    const component_report& c = r.all[index];
    const bool good = live ? !c.is_stuck : is_working(c);
    out.status = good ? 200 : 503;
    if (has_flag(asked, "verbose")) {
      v0::detail::append_check_line(out.body, c.name, good, why(c));
    } else {
      out.content_type = "application/json";
      out.body = "{";
      v0::detail::append_component(out.body, of, r, v0::detail::error_index{of}, index, options_.show_errors);
      out.body += "}\n";
    }
  }

  static bool is_working(const component_report& c) noexcept {
    return c.now == status::healthy || c.now == status::degraded;
  }
  static std::string_view why(const component_report& c) noexcept {
    return c.reason.empty() ? name_of(c.now) : c.reason;
  }

  static void write_lines(std::string& out, question asks, const health_report& r, bool good) {
    using v0::detail::append_check_line;
    if (asks == question::live) {
      append_check_line(out, "process", is_alive(r.now), name_of(r.now));
    } else if (asks == question::started) {
      append_check_line(out, "process", r.started, name_of(r.now));
    } else {
      append_check_line(out, "process", takes_work(r.now), name_of(r.now));
    }
    for (const component_report& c : r.components()) {
      if (asks == question::live) {
        append_check_line(out, c.name, !c.is_stuck, "silent for too long", c.is_excluded);
      } else if (asks != question::started) {
        append_check_line(out, c.name, is_working(c), why(c), c.is_excluded);
      }
    }
    constexpr std::string_view names[] = {"livez", "startupz", "readyz", "healthz", "status"};
    out.append(names[static_cast<std::size_t>(asks)]).append(good ? " check passed\n" : " check failed\n");
  }

  static void append_needs(std::string& out, const v0::detail::health_ref& of) {
    const auto& all = of.facts->components;
    out += ",\"dependencies\":{";
    for (std::size_t i = 0; i != all.size(); ++i) {
      out.append(i == 0 ? "\"" : ",\"").append(all[i].name).append("\":[");
      std::string_view between;
      for (const std::uint8_t need : all[i].needs) {
        out.append(between).append("\"").append(all[need].name).append("\"");
        between = ",";
      }
      out += ']';
    }
    out += '}';
  }

  static bool has_flag(const request& asked, std::string_view name) {
    return !query_values(asked.target, name).empty();
  }

  static bool accepts_health_json(std::string_view accept) {
    return prefers(accept, "application", "health+json", "json");
  }

  std::mutex mutex_;           // of who exposes and unexposes
  v0::detail::health_ref of_;  // written under the mutex, while it is not shown and nobody reads it
  /// Null, or where `of_` is. A reader counts itself and then looks here; who takes the health away clears this and
  /// then looks whether somebody reads: one of the two sees the other, as all of it is sequentially consistent. A
  /// reader leaves with release, so that what it read was read before.
  std::atomic<const v0::detail::health_ref*> shown_{nullptr};
  mutable std::atomic<std::uint32_t> readers_{0};
  health_page_options options_;
  std::function<std::string(const std::vector<std::string>&)> json_of_;
};

}  // namespace vitals::inline v0::http

#endif
