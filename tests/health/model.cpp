// Health against a model: a million random steps, and no difference. The model is written from what the headers
// promise.
#include <vitals/health/health.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include <health/set_clock.hpp>
#include <vitals/health/component.hpp>

namespace model_tests {

using namespace std::chrono_literals;
using vitals::component;
using vitals::phase;
using vitals::report;
using vitals::status;
using vitals::detail::component_cell;
using vitals::detail::process_cell;

struct plain : component<"plain"> {};
struct counted : component<"counted", vitals::degrading, vitals::fall<3>, vitals::rise<2>, vitals::depends_on<plain>> {
};
struct dwells : component<"dwells", vitals::critical, vitals::dwell<5s>> {};
struct flaps : component<"flaps", vitals::informational, vitals::flapping<4, 20s>> {};
struct starts : component<"starts", vitals::critical, vitals::grace<10s>,
                          vitals::heartbeat<2s, vitals::restart_after<8s>>, vitals::depends_on<counted>> {};
struct has_all : component<"has_all", vitals::degrading, vitals::fall<2>, vitals::rise<3>, vitals::dwell<3s>,
                           vitals::grace<5s>, vitals::flapping<3, 10s>, vitals::depends_on<dwells, starts>> {};
struct beats : component<"beats", vitals::degrading, vitals::heartbeat<1s>, vitals::depends_on<has_all, plain>> {};
struct odd : component<"odd", vitals::critical, vitals::rise<2>, vitals::dwell<4s>, vitals::flapping<2, 7001ms>,
                       vitals::heartbeat<3s>, vitals::depends_on<beats, flaps>> {};
using health = vitals::basic_health<set_clock, "m_model", plain, counted, dwells, flaps, starts, has_all, beats, odd>;

using ms = std::int64_t;

/// The same once more, in the model's own words.
struct policy {
  std::string_view name;
  char matters = 'c';
  std::size_t fall = 1, rise = 1;
  ms dwell = 0, grace = 0;
  std::size_t flap_limit = 0;
  ms flap_window = 0, silence = 0, restart = 0;
  std::vector<std::size_t> needs{};
};
const std::vector<policy> policies{
    {.name = "plain"},
    {.name = "counted", .matters = 'd', .fall = 3, .rise = 2, .needs = {0}},
    {.name = "dwells", .dwell = 5000},
    {.name = "flaps", .matters = 'i', .flap_limit = 4, .flap_window = 20'000},
    {.name = "starts", .grace = 10'000, .silence = 2000, .restart = 8000, .needs = {1}},
    {.name = "has_all",
     .matters = 'd',
     .fall = 2,
     .rise = 3,
     .dwell = 3000,
     .grace = 5000,
     .flap_limit = 3,
     .flap_window = 10'000,
     .needs = {2, 4}},
    {.name = "beats", .matters = 'd', .silence = 1000, .needs = {5, 0}},
    {.name = "odd", .rise = 2, .dwell = 4000, .flap_limit = 2, .flap_window = 7001, .silence = 3000, .needs = {6, 3}}};

constexpr ms none = -1;
ms ago(ms then, ms now) {  // a clock that stepped back: no time has passed
  return std::max<ms>(now - then, 0);
}

/// The changes of one component, by the quarter of the window in which they were.
struct flap_model {
  std::vector<ms> changes;
  bool latched = false;

  static ms quarter(ms t, const policy& p) { return t / ((p.flap_window + 3) / 4); }
  /// The quarter that a time counts for: up to four back are taken for the latest, from further back all is forgotten.
  ms seen(ms t, const policy& p) const {
    const ms q = quarter(t, p);
    return changes.empty() || q >= changes.back() || q < changes.back() - 4 ? q : changes.back();
  }
  /// How many are within the five quarters that end with `q`.
  std::size_t within(ms q) const {
    std::size_t n = 0;
    for (auto at = changes.rbegin(); at != changes.rend() && *at >= q - 4; ++at) {
      ++n;
    }
    return n;
  }
  /// Since when it is calm at a time; none: it is flapping.
  ms calm_since(ms t, const policy& p) const {
    if (!latched) {
      return 0;
    }
    const ms q = seen(t, p);
    if (q < changes.back()) {
      return 0;
    }
    for (ms calm = changes.back(); calm <= q; ++calm) {
      if (within(calm) * 2 <= p.flap_limit) {
        return calm * ((p.flap_window + 3) / 4);
      }
      if (calm > changes.back() + 5) {
        break;
      }
    }
    return none;
  }
  void change(ms t, const policy& p) {
    if (p.flap_limit == 0) {
      return;
    }
    latched = latched && calm_since(t, p) == none;
    const ms q = seen(t, p);
    if (!changes.empty() && q < changes.back()) {
      changes.clear();
    }
    changes.push_back(q);
    latched = latched || within(q) >= p.flap_limit;
  }
};

struct component_model {
  struct said {
    report what;
    std::string reason;
  };
  std::vector<said> reports;  ///< all of them
  status now = status::unknown;
  ms since = 0;
  flap_model flapping;
  std::array<std::uint64_t, 4> entered{};
  ms beat = none;

  static status meant(report r) {
    return r == report::success ? status::healthy : r == report::degradation ? status::degraded : status::unhealthy;
  }
  static bool succeeds(const said& s) { return s.what == report::success; }
  static bool fails(const said& s) { return s.what == report::failure; }
  bool last_are(std::size_t n, bool (*as)(const said&), bool so = true) const {
    return reports.size() >= n && std::all_of(reports.end() - static_cast<std::ptrdiff_t>(n), reports.end(),
                                              [&](const said& s) { return as(s) == so; });
  }
  /// Where the reports lead, but for what an improvement has to wait for.
  status said_to_be(const policy& p) const {
    if (last_are(p.fall, fails)) {
      return status::unhealthy;
    }
    if (last_are(p.rise, succeeds)) {
      return status::healthy;
    }
    if (now == status::healthy && last_are(p.fall, succeeds, false)) {
      return status::degraded;
    }
    if (now == status::unhealthy && last_are(p.rise, fails, false)) {
      return status::degraded;
    }
    return now;
  }
  void become(status to, ms at, const policy& p) {
    if (now != status::unknown) {
      flapping.change(at, p);
    }
    now = to;
    since = at;
    ++entered[static_cast<std::size_t>(to)];
  }
  /// Somebody looks: what has waited long enough is believed.
  void look(ms t, const policy& p) {
    const ms calm = flapping.calm_since(t, p);
    if (now != status::unknown && said_to_be(p) < now && calm != none && std::abs(t - since) >= p.dwell) {
      become(said_to_be(p), std::min(std::max(since + p.dwell, calm), t), p);
    }
  }
  void hear(report what, const std::string& reason, ms t, bool in_grace, const policy& p) {
    look(t, p);
    reports.push_back({what, reason});
    const status to = said_to_be(p);
    if (now == status::unknown) {
      if (what != report::failure || !in_grace) {
        become(meant(what), t, p);
      }
    } else if (to > now) {
      become(to, t, p);
    } else if (to < now && flapping.calm_since(t, p) != none && std::abs(t - since) >= p.dwell) {
      become(to, t, p);
    }
  }
  std::string reason() const {
    for (auto at = reports.rbegin(); at != reports.rend(); ++at) {
      if (at->what != report::success) {
        return now == status::healthy ? "" : at->reason;
      }
    }
    return "";
  }
};

/// What the program should look like.
struct expected_component {
  status now;
  std::string reason;
  ms age;
  bool stuck = false;
  bool flapping = false;
  std::size_t cause;
};

struct program_model {
  std::vector<component_model> components = std::vector<component_model>(policies.size());
  int stage = 0;  ///< unstarted, initializing, live, ready, draining, stopped
  ms start = none;
  std::uint64_t refused = 0;
  std::array<std::uint64_t, 6> entered{};

  /// An event leads to a stage; it is illegal where the program is past that.
  void event(int to, ms t) {
    start = start == none ? t : start;
    if (to < stage) {
      ++refused;
    } else if (to != stage) {
      stage = to;
      ++entered[static_cast<std::size_t>(to)];
    }
  }
  void hear(std::size_t i, report what, const std::string& reason, ms t) {
    const policy& p = policies[i];
    components[i].hear(what, reason, t, p.grace != 0 && (start == none || ago(start, t) < p.grace), p);
  }
  std::vector<expected_component> expected(ms t) const {
    std::vector<expected_component> all;
    for (std::size_t i = 0; i != policies.size(); ++i) {
      const policy& p = policies[i];
      component_model c = components[i];
      c.look(t, p);
      const ms up = start == none ? 0 : ago(start, t);
      expected_component e{.now = c.now,
                           .reason = c.reason(),
                           .age = c.now == status::unknown ? up : ago(c.since, t),
                           .flapping = c.flapping.calm_since(t, p) == none,
                           .cause = i};
      if (p.silence != 0) {
        const ms silence = c.beat == none ? up : ago(c.beat, t);
        const ms allowed = c.beat == none ? p.grace : 0;
        if (c.beat != none && c.reports.empty()) {
          e.now = status::healthy;
        }
        if (silence > p.silence + allowed) {
          const ms missing = silence - p.silence - allowed;
          e.age = e.now == status::unhealthy ? std::max(e.age, missing) : missing;
          e.now = status::unhealthy;
          e.reason = "heartbeat_missed";
        }
        e.stuck = p.restart != 0 && silence > p.restart + allowed;
      }
      all.push_back(e);
    }
    for (std::size_t i = 0; i != policies.size(); ++i) {
      if (all[i].now == status::unhealthy) {
        all[i].cause = cause(all, i);
      }
    }
    return all;
  }
  static std::size_t cause(const std::vector<expected_component>& all, std::size_t of) {
    for (const std::size_t need : policies[of].needs) {
      if (all[need].now == status::unhealthy) {
        return cause(all, need);
      }
    }
    return of;
  }
};

/// The first 30 reasons of each component are kept, for as long as the process lives.
struct reason_model {
  std::array<std::vector<std::string>, 8> kept;
  std::string of(std::size_t i, const std::string& text) {
    auto& here = kept[i];
    if (text.empty() || text == "other" || std::find(here.begin(), here.end(), text) != here.end()) {
      return text;
    }
    if (here.size() == 30 || text.size() > 1024) {
      return "other";
    }
    here.push_back(text);
    return text;
  }
};

struct random_numbers {
  std::uint64_t state;
  std::uint64_t next() {  // splitmix64
    std::uint64_t z = state += 0x9E3779B97F4A7C15;
    z = (z ^ z >> 30U) * 0xBF58476D1CE4E5B9;
    z = (z ^ z >> 27U) * 0x94D049BB133111EB;
    return z ^ z >> 31U;
  }
  std::uint64_t below(std::uint64_t n) { return next() % n; }
  bool one_in(std::uint64_t n) { return below(n) == 0; }
};

/// Where each told change left off: the next one of the same must begin there.
std::array<std::string, 9> told_last;
std::uint64_t told_breaks;
std::uint64_t told_changes;
std::uint64_t told_refused;

void listen(const vitals::health_change& change) noexcept {
  std::size_t i = 0;
  while (i != policies.size() && policies[i].name != change.component) {
    ++i;
  }
  told_breaks += told_last[i] != change.from ? 1U : 0U;
  if (change.refused) {
    ++told_refused;
    return;
  }
  ++told_changes;
  told_last[i] = change.to;
}

template <class Do>
void with_component(std::size_t i, Do run) {
  switch (i) {
    case 0:
      return run.template operator()<plain>();
    case 1:
      return run.template operator()<counted>();
    case 2:
      return run.template operator()<dwells>();
    case 3:
      return run.template operator()<flaps>();
    case 4:
      return run.template operator()<starts>();
    case 5:
      return run.template operator()<has_all>();
    case 6:
      return run.template operator()<beats>();
    default:
      return run.template operator()<odd>();
  }
}

reason_model reasons;

/// One program's life of some steps. False, and told, at the first difference.
bool live_through(random_numbers& random, std::size_t steps) {
  const auto ref = health::ref();
  for (std::uint32_t i = 0; i != health::image.shared_cells; ++i) {
    if (i < static_cast<std::uint32_t>(process_cell::listener) ||
        i >= static_cast<std::uint32_t>(process_cell::entered)) {
      ref.cells[i] = 0;
    }
  }
  told_last.fill("unknown");
  told_last.back() = "unstarted";
  told_changes = told_refused = told_breaks = 0;
  program_model model;
  ms now = static_cast<ms>(1'000'000 + random.below(1'000'000'000));
  // Most of what happens is bad or good for a while; events of the process come all the time, or only late.
  std::uint64_t bad = random.below(10);
  const std::uint64_t event_every = random.one_in(4) ? 10 : 300;
  const int last_stage = random.one_in(8) ? 5 : random.one_in(4) ? 4 : 3;

  for (std::size_t step = 0; step != steps; ++step) {
    // Time
    switch (random.below(60)) {
      case 0:
        now += static_cast<ms>(random.below(100'000));
        break;
      case 1:
        now -= static_cast<ms>(random.below(3000));
        break;
      case 2:
        now += random.one_in(10) ? static_cast<ms>(random.below(50'000'000'000)) : 0;
        break;
      case 3:
        now -= random.one_in(10) ? static_cast<ms>(random.below(static_cast<std::uint64_t>(now))) : 0;
        break;
      default:
        now += random.one_in(2) ? 0 : static_cast<ms>(random.below(random.one_in(3) ? 3000 : 100));
        break;
    }
    now = std::clamp<ms>(now, 1, (ms{1} << 38U) - 1);
    set_clock::now = static_cast<std::uint64_t>(now);
    bad = random.one_in(40) ? random.below(10) : bad;

    // What happens
    const std::size_t i = random.below(policies.size());
    component_model& c = model.components[i];
    bool ticked = false;
    if (random.one_in(event_every)) {
      const int to = 1 + static_cast<int>(random.below(static_cast<std::uint64_t>(last_stage)));
      switch (to) {
        case 1:
          health::mark_initializing();
          break;
        case 2:
          health::mark_live();
          break;
        case 3:
          health::mark_ready();
          break;
        case 4:
          health::mark_draining();
          break;
        default:
          health::mark_stopped();
          break;
      }
      model.event(to, now);
    } else if (random.one_in(8)) {
      ticked = true;
      for (std::size_t k = 0; k != policies.size(); ++k) {
        vitals::detail::settle_component(ref, k, static_cast<std::uint64_t>(now));
        model.components[k].look(now, policies[k]);
      }
      vitals::detail::reconcile(ref, static_cast<std::uint64_t>(now));
    } else if (policies[i].silence != 0 && random.one_in(2)) {
      switch (i) {
        case 4:
          health::beat<starts>();
          break;
        case 6:
          health::beat<beats>();
          break;
        default:
          health::beat<odd>();
          break;
      }
      c.beat = now;
    } else if (random.below(10) >= bad) {
      // On the warm path nobody looks, and nothing is kept: for the model that is a report like any other.
      with_component(i, []<class C>() { health::mark_healthy<C>(); });
      model.hear(i, report::success, "", now);
    } else {
      std::string reason = random.one_in(5) ? "" : "reason_" + std::to_string(random.below(random.one_in(50) ? 60 : 8));
      reason = random.one_in(500) ? std::string(2000, 'x') : random.one_in(500) ? "other" : reason;
      const bool failure = random.below(3) != 0;
      with_component(
          i, [&]<class C>() { failure ? health::mark_unhealthy<C>(reason) : health::mark_degraded<C>(reason); });
      model.hear(i, failure ? report::failure : report::degradation, reasons.of(i, reason), now);
    }

    // No difference
    const auto found = health::report();
    const auto expected = model.expected(now);
    INFO("step " << step << " at " << now);
    bool live = model.stage != 0 && model.stage != 5;
    bool ready = model.stage == 3;
    bool worse = false;
    for (std::size_t k = 0; k != expected.size(); ++k) {
      const expected_component& e = expected[k];
      const auto& f = found.all[k];
      INFO(policies[k].name << ": " << static_cast<int>(f.now) << " '" << f.reason << "' " << f.age << ", not "
                            << static_cast<int>(e.now) << " '" << e.reason << "' " << e.age);
      if (f.now != e.now || f.reason != e.reason || f.age != static_cast<std::uint64_t>(e.age) ||
          f.is_stuck != e.stuck || f.is_flapping != e.flapping || f.cause != e.cause) {
        CHECK(f.is_stuck == e.stuck);
        CHECK(f.is_flapping == e.flapping);
        CHECK(static_cast<std::size_t>(f.cause) == e.cause);
        FAIL_CHECK("a component differs");
        return false;
      }
      live = live && !e.stuck;
      ready = ready && (policies[k].matters != 'c' || e.now == status::healthy || e.now == status::degraded);
      worse = worse || (policies[k].matters != 'i' && e.now != status::healthy);
    }
    constexpr std::array shown{phase::unstarted, phase::initializing, phase::live,
                               phase::ready,     phase::draining,     phase::stopped};
    const phase at = model.stage == 3 && worse ? phase::degraded : shown[static_cast<std::size_t>(model.stage)];
    bool same = found.now == at && found.live == live && found.ready == ready &&
                found.uptime == static_cast<std::uint64_t>(model.start == none ? 0 : ago(model.start, now)) &&
                found.started == (model.stage >= 2 && model.stage <= 4) &&
                ref.at(process_cell::refused) == model.refused && told_refused == model.refused && told_breaks == 0;
    if (ticked) {
      same = same && static_cast<phase>(ref.at(process_cell::phase) & 0xFFU) == at;
      std::uint64_t changes = 0;
      for (std::size_t k = 0; k != expected.size(); ++k) {
        for (std::size_t s = 0; s != 4; ++s) {
          same = same && ref.at(k, component_cell::entered, s) == model.components[k].entered[s];
          changes += model.components[k].entered[s];
        }
      }
      for (std::size_t s = 0; s != shown.size(); ++s) {
        const std::uint64_t times = ref.at(process_cell::entered, static_cast<std::size_t>(shown[s]));
        same = same && (s == 3 ? times >= model.entered[s] : times == model.entered[s]);
        changes += times;
      }
      changes += ref.at(process_cell::entered, static_cast<std::size_t>(phase::degraded));
      same = same && changes == told_changes;
    }
    if (!same) {
      CHECK(found.now == at);
      CHECK(found.live == live);
      CHECK(found.ready == ready);
      FAIL_CHECK("the program differs");
      return false;
    }
  }
  return true;
}

// A tenth of them where the compiler does not optimize: those builds are for a sanitizer, which sees as much in these.
#ifdef __OPTIMIZE__
constexpr int lives = 1000;
#else
constexpr int lives = 100;
#endif

TEST_CASE("a million random steps: no difference from the model") {
  static const bool listens = health::on_change(listen);
  CHECK(listens);
  // VITALS_HEALTH_SEEDS=100 goes through the first hundred.
  const char* const more = std::getenv("VITALS_HEALTH_SEEDS");
  const std::uint64_t seeds = more != nullptr ? std::strtoull(more, nullptr, 10) : 1;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    random_numbers random{seed};
    INFO("seed " << seed);
    for (int life = 0; life != lives; ++life) {
      INFO("life " << life);
      REQUIRE(live_through(random, 1000));
    }
  }
}

}  // namespace model_tests
