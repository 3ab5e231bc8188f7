// Callbacks that are registered at run time: gauges and counters whose values functions give, as a source.
#ifndef VITALS_EXPOSE_CALLBACKS_HPP
#define VITALS_EXPOSE_CALLBACKS_HPP

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <vitals/core/cell.hpp>
#include <vitals/core/dynamic_array.hpp>
#include <vitals/core/name.hpp>
#include <vitals/metric/callback.hpp>
#include <vitals/metric/family.hpp>
#include <vitals/metric/lint.hpp>
#include <vitals/metric/unit.hpp>

namespace vitals::inline v0 {

/// An object with families of its own: `callbacks queue; queue.gauge("queue_depth", "Jobs that wait.", [&] { return
/// jobs.size(); });`. Add all, then expose it; it must outlive its exposure. For metrics that are known when compiling
/// `vitals::callback` does the same as a type.
///
/// A function returns a number, or a duration where the name ends in `_seconds`. It is called at each scrape, by any
/// thread that scrapes, and must not scrape itself. Where it throws, or gives a counter what is negative or no number,
/// its family is left out of that scrape and the failure counted in `vitals_callback_failures_total`.
class callbacks {
 public:
  callbacks() = default;
  callbacks(const callbacks&) = delete;
  callbacks& operator=(const callbacks&) = delete;
  ~callbacks() {
    while (first_ != nullptr) {
      delete std::exchange(first_, first_->next);
    }
  }

  /// Adds a gauge. Throws std::invalid_argument for an illegal name or help, and where the name is taken here;
  /// std::logic_error once `source` was asked for.
  template <class Function>
  void gauge(std::string name, std::string help, Function function) {
    add<false>(std::move(name), std::move(help), std::move(function));
  }

  /// Adds a counter, whose name ends in `_total`. Throws as `gauge` does.
  template <class Function>
  void counter(std::string name, std::string help, Function function) {
    add<true>(std::move(name), std::move(help), std::move(function));
  }

  /// What a page or a server takes. Nothing can be added after this.
  [[nodiscard]] source_ref source() const noexcept {
    exposed_.store(true, std::memory_order_relaxed);
    return {.families = families_, .cells = cells_a_family * families_.size(), .read = &read, .self = this};
  }

 private:
  static constexpr std::uint32_t cells_a_family = 3;  // whether it has a value, the value, its failures

  struct entry {
    entry(std::string its_name, std::string its_help) : name(std::move(its_name)), help(std::move(its_help)) {}
    entry(const entry&) = delete;
    entry& operator=(const entry&) = delete;
    virtual ~entry() = default;
    virtual bool call(std::uint64_t& out) const = 0;

    std::string name;
    std::string help;
    entry* next = nullptr;
    mutable detail::cell failures{0};  // relaxed read-modify-write by any scraping thread: it stands for itself alone
  };

  template <bool IsCounter, class Function>
  struct entry_of final : entry {
    entry_of(std::string its_name, std::string its_help, Function its_function)
        : entry(std::move(its_name), std::move(its_help)),
          function(std::move(its_function)) {}
    bool call(std::uint64_t& out) const override { return detail::store_result(function(), IsCounter, out); }

    mutable Function function;
  };

  template <bool IsCounter, class Function>
  void add(std::string name, std::string help, Function function) {
    using result = std::invoke_result_t<Function&>;
    static_assert(std::is_arithmetic_v<result> || detail::is_duration<result>,
                  "a callback's function takes nothing and returns a number or a duration");
    refuse(name, help, IsCounter, detail::is_duration<result>);
    families_.reserve(families_.size() + 1);
    *last_ = new entry_of<IsCounter, Function>(std::move(name), std::move(help), std::move(function));
    const entry& e = **last_;
    last_ = &(*last_)->next;
    const auto first = static_cast<std::uint32_t>(cells_a_family * families_.size());
    families_.push_back({.name = e.name,
                         .help = e.help,
                         .unit = detail::known_unit(e.name),
                         .type = IsCounter ? metric_type::counter : metric_type::gauge,
                         .kind = detail::kind_of_result<result>(),
                         .labels = {},
                         .bounds = {},
                         .first = first + 1,
                         .series = 1,
                         .stride = 1,
                         .width = 1,
                         .failures = {.first = first + 2, .count = 1},
                         .present = first});
  }

  void refuse(const std::string& name, const std::string& help, bool is_counter, bool is_duration) const {
    const auto check = [&name](bool good, const char* why) {
      if (!good) {
        throw std::invalid_argument("vitals::callbacks: cannot add \"" + name + "\": " + why);
      }
    };
    if (exposed_.load(std::memory_order_relaxed)) {
      throw std::logic_error("vitals::callbacks: cannot add \"" + name + "\" once they are exposed: add all first");
    }
    check(is_metric_name(name) && !detail::has_upper_case(name),
          "a name is made of a-z, 0-9 and _, and does not start with a digit");
    check(std::string_view{name}.ends_with("_total") == is_counter,
          is_counter ? "a counter's name ends in _total" : "only a counter's name ends in _total");
    check(!detail::ends_as_sample(name), "_bucket, _count, _sum and _created are a histogram's: choose another ending");
    check(!is_duration || detail::ends_in_unit(name, "seconds"),
          "its function returns a duration, which is in seconds: end the name in _seconds or _seconds_total");
    check(!help.empty() && is_utf8(help), "its help says in a sentence, as UTF-8 text, what is measured");
    for (const entry* e = first_; e != nullptr; e = e->next) {
      check(e->name != name, "that name is taken");
    }
  }

  static void read(const void* self, std::uint64_t* out) noexcept {
    for (const entry* e = static_cast<const callbacks*>(self)->first_; e != nullptr; e = e->next) {
      bool good = false;
      try {
        good = e->call(out[1]);
      } catch (...) {
      }
      out[0] = good ? 1 : 0;
      detail::common_add(e->failures, std::uint64_t{good ? 0U : 1U});
      out[2] = e->failures.load(std::memory_order_relaxed);
      out += cells_a_family;
    }
  }

  entry* first_ = nullptr;
  entry** last_ = &first_;  ///< where the next one is put
  detail::dynamic_array<family> families_;
  mutable std::atomic<bool> exposed_{false};  // relaxed: who adds and who exposes are one thread, or already in order
};

}  // namespace vitals::inline v0

#endif
