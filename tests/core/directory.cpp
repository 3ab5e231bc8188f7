#include <vitals/core/directory.hpp>

#include <cstdint>
#include <type_traits>

#include <doctest/doctest.h>

namespace directory_tests {

namespace abi = vitals::detail::abi;

// Libraries built at other times share these: their layout is what the number in vitals_abi_3 stands for.
static_assert(sizeof(abi::cell) == 8);
static_assert(sizeof(abi::run) == 32);
static_assert(alignof(abi::block) == 128 && sizeof(abi::block) == 128);
static_assert(sizeof(abi::record) == 128);
static_assert(std::is_same_v<std::underlying_type_t<abi::summing>, std::uint32_t>);

// Any order of exit is safe: nothing runs at the end of the process.
static_assert(std::is_trivially_destructible_v<abi::block>);
static_assert(std::is_trivially_destructible_v<abi::record>);
static_assert(std::is_trivially_destructible_v<abi::directory>);

TEST_CASE("a block's cells follow it, on a cache line of their own") {
  alignas(abi::block) unsigned char memory[sizeof(abi::block) + 64] = {};
  auto* const block = reinterpret_cast<abi::block*>(memory);
  CHECK(reinterpret_cast<unsigned char*>(vitals::detail::cells_of(block)) == memory + 128);
}

}  // namespace directory_tests
