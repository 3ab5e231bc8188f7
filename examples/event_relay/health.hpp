// What the relay is made of, as far as its health goes.
#ifndef EVENT_RELAY_HEALTH_HPP
#define EVENT_RELAY_HEALTH_HPP

#include <chrono>

#include <vitals/vitals.hpp>

namespace parts {

using namespace std::chrono_literals;

/// The reader. It beats at every line, when it finds nothing new and while it waits for the queue, so only a reader
/// that hangs is silent: in a file system that does not answer, say. No other thread can mend that, but a restart may.
/// Without a file of its name ("missing"), or with one that it cannot open ("unreadable"), it is degraded: it goes on
/// with the file that it has, and neither a restart nor going without it would help. A rotation takes the name away for
/// a moment, hence `fall`: a second's worth of looks.
struct input : vitals::component<"input", vitals::critical, vitals::heartbeat<5s, vitals::restart_after<20s>>,
                                 vitals::fall<10>> {};

/// The server that takes the events: whether it takes connections, which is checked each second, with events to deliver
/// or without.
struct target : vitals::component<"target", vitals::critical, vitals::fall<2>, vitals::rise<3>> {};

/// The delivery, by each of its tries. One success is enough to be healthy again: there may be no second one for long.
struct delivery : vitals::component<"delivery", vitals::critical, vitals::fall<3>, vitals::depends_on<target>> {};

/// How many events wait, checked each second. A full queue makes the reader wait, and loses nothing.
struct queue : vitals::component<"queue", vitals::degrading, vitals::fall<3>, vitals::depends_on<delivery>> {};

}  // namespace parts

using relay_health = vitals::health<"relay", parts::input, parts::target, parts::delivery, parts::queue>;

#endif
