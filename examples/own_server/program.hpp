// What both servers tell about the program that they are a part of.
#ifndef OWN_SERVER_PROGRAM_HPP
#define OWN_SERVER_PROGRAM_HPP

#include <vitals/vitals.hpp>

struct greetings : vitals::counter<"greetings_total", "Greetings said."> {};
struct voice : vitals::component<"voice", vitals::critical> {};
using counts = vitals::registry<greetings>;
using program = vitals::health<"greeter", voice>;

#endif
