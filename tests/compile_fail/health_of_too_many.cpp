// expect: a program's health has at most 64 components: join some
// shows: of_all
#include <utility>

#include <vitals/vitals.hpp>

template <std::size_t I>
constexpr char text[4] = {'c', '0' + I / 10, '0' + I % 10, 0};
template <std::size_t I>
struct one : vitals::component<vitals::fixed_string<4>{text<I>}> {};

template <std::size_t... I>
auto of_all(std::index_sequence<I...>) {
  return vitals::health<"app", one<I>...>::report();
}

#ifdef FAIL
constexpr std::size_t components = 65;
#else
constexpr std::size_t components = 64;
#endif
bool touch() {
  return of_all(std::make_index_sequence<components>{}).ready;
}
