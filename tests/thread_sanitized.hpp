// Whether ThreadSanitizer is at work: it runs signal handlers when it sees fit (not within a call that waits, never for
// what a handler raises), and no threads in a forked child.
#ifndef VITALS_TESTS_THREAD_SANITIZED_HPP
#define VITALS_TESTS_THREAD_SANITIZED_HPP

#if defined(__SANITIZE_THREAD__)
inline constexpr bool is_thread_sanitized = true;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
inline constexpr bool is_thread_sanitized = true;
#else
inline constexpr bool is_thread_sanitized = false;
#endif
#else
inline constexpr bool is_thread_sanitized = false;
#endif

#endif
