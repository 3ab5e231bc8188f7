// A function that is what it says and no more: not inlined, copied, or merged with another of the same code.
#ifndef VITALS_TESTS_COUNTED_ROW_HPP
#define VITALS_TESTS_COUNTED_ROW_HPP

#if defined(__clang__)
#define ROW(name) extern "C" [[gnu::noinline]] void row_##name
#else
#define ROW(name) extern "C" [[gnu::noipa]] void row_##name
#endif

#endif
