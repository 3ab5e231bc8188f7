// What only the preprocessor can decide: attributes and the model of thread-local storage.
#ifndef VITALS_CORE_CONFIG_HPP
#define VITALS_CORE_CONFIG_HPP

#if !defined(__GNUC__)
#error "vitals needs g++ 12 or clang 14 or newer: it uses their attributes and __PRETTY_FUNCTION__"
#endif

// A step of the hot path: inlined even into debug builds, so that its symbol, which spells every metric of the
// registry, is never emitted.
#define VITALS_HOT [[gnu::always_inline]] inline

// The path that is taken once a thread, or never: kept out of line and away from the hot code.
#define VITALS_COLD [[gnu::cold, gnu::noinline]]

// Visible to every shared library of the process, whatever -fvisibility says.
#define VITALS_EXPORT [[gnu::visibility("default")]]

// The thread's pointer to its cells. An executable needs no help: its own thread-local storage is one instruction
// away. In a shared library the default model calls __tls_get_addr for each access; initial-exec takes a load instead
// and a few bytes of glibc's static TLS space (1.6 KB are left for libraries opened by dlopen: 200 registries).
// VITALS_TLS_DYNAMIC opts out, for a library that is opened where that space is short: an increment then costs
// 3 to 4 ns instead of 1. With either model an address of thread-local storage must not be kept across a switch of
// fibers that may resume on another thread; handles keep none, but a compiler may within one function.
#if defined(__GLIBC__) && defined(__PIC__) && !defined(__PIE__) && !defined(VITALS_TLS_DYNAMIC)
#define VITALS_TLS_MODEL [[gnu::tls_model("initial-exec")]]
#else
#define VITALS_TLS_MODEL
#endif

#endif
