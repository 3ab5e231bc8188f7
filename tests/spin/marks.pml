/*
 * How marks change a component's word (health/mark.hpp): load, compute, compare-exchange until nobody comes between; then
 * the flap word and the counters beside it, and the process's phase. Two threads report, one ticks, one drains;
 * with -DERRORS one has an error instead of draining.
 *
 *   spin -a marks.pml && cc -O2 -DSAFETY -o pan pan.c && ./pan -m1000000   (no errors: nothing is lost or stuck)
 *   spin -a -DREPORTS=3 marks.pml && cc -O2 -DNP -o pan pan.c && ./pan -m1000000 -l   (no errors: no endless circle)
 *   spin -a -DREPORTS=3 -DERRORS marks.pml && cc -O2 -DSAFETY -o pan pan.c && ./pan -m1000000   (no errors)
 *   spin -a -DBREAK=1 marks.pml && ...   (errors, and so with each other way to break it, 2 to 8; 7 and 8 with -DERRORS)
 *
 * run.py does all of that. Memory is sequentially consistent here, as the code asks for where it matters: the component's
 * word and the phase.
 */
#ifndef BREAK
#define BREAK 0
#endif
#ifndef REPORTS
#define REPORTS 4 /* of both reporters together: whatever they say */
#endif

#define REPORTERS 2
#define FALL 2
#define RISE 2
#define FLAPS 2 /* so many changes are flapping, until the ticker's window is over */

/* A word: its status, what was reported last, and two runs: of failures (or of none) and of successes (or of none). */
#define UNKNOWN 0
#define HEALTHY 1
#define DEGRADED 2
#define UNHEALTHY 3
#define SUCCESS 0
#define DEGRADATION 1
#define FAILURE 2
#define TICK 3
#define ERRED 3 /* in the place of what was reported last: a success, and errors since */
#define MOST 3 /* where a run stops */
#define WORD(status, last, failures, successes) ((status) | (last) << 2 | (failures) << 4 | (successes) << 6)
#define STATUS(word) ((word) & 3)
#define LAST(word) (((word) >> 2 & 3) % ERRED) /* an ERRED is a SUCCESS */
#define IS_STEADY(word) (((word) & 15) == (HEALTHY | SUCCESS << 2))
#define FAILURES(word) ((word) >> 4 & 3)
#define SUCCESSES(word) ((word) >> 6)

/* The process's phase. */
#define READY 0
#define IMPAIRED 1 /* ready, and degraded */
#define DRAINING 2
#define FOUND(word) (STATUS(word) == HEALTHY -> READY : IMPAIRED)

byte word = WORD(UNKNOWN, SUCCESS, 0, 0);
byte flaps = 0;
byte to_healthy = 0, to_degraded = 0, to_unhealthy = 0; /* the counters of entered statuses */
byte phase = IMPAIRED; /* a program that is ready, and of whose component nothing is known */

/* What must come out: the same reports applied one after the other, each at once. */
byte spec = WORD(UNKNOWN, SUCCESS, 0, 0);
byte spec_flaps = 0, spec_to_healthy = 0, spec_to_degraded = 0, spec_to_unhealthy = 0;
byte applied = 0;
bool drained = 0;
byte running = REPORTERS + 2;
byte in_a_row = 0; /* errors that no success has ended */

/* The status that a word's runs lead to. */
#define TARGET(word)                                                                                     \
  (STATUS(word) == UNKNOWN -> LAST(word) + 1 :                                                           \
  (LAST(word) == SUCCESS && SUCCESSES(word) >= RISE -> HEALTHY :                                         \
  (LAST(word) == FAILURE && FAILURES(word) >= FALL -> UNHEALTHY :                                        \
  (LAST(word) != SUCCESS && SUCCESSES(word) >= FALL && STATUS(word) == HEALTHY -> DEGRADED :             \
  (LAST(word) != FAILURE && FAILURES(word) >= RISE && STATUS(word) == UNHEALTHY -> DEGRADED :            \
  STATUS(word))))))
#define RUN(run, goes_on) ((goes_on) -> ((run) == MOST -> MOST : (run) + 1) : 1)
#define WITH(word, kind)                                                                                 \
  WORD(STATUS(word), kind, RUN(FAILURES(word), ((kind) == FAILURE) == (LAST(word) == FAILURE)),          \
       RUN(SUCCESSES(word), ((kind) == SUCCESS) == (LAST(word) == SUCCESS)))

/* out = the word after a report or a tick; `calm`: not flapping. Only within d_step. */
inline compute(out, from, kind, calm) {
  out = from;
  goal = TARGET(out);
  if
  :: STATUS(out) != UNKNOWN && goal < STATUS(out) && calm -> out = (out & 252) | goal /* what had to wait */
  :: else -> skip
  fi;
  if
  :: kind != TICK ->
       out = WITH(out, kind);
       goal = TARGET(out);
       if
       :: STATUS(out) == UNKNOWN || goal > STATUS(out) || calm -> out = (out & 252) | goal
       :: else -> skip
       fi
  :: else -> skip
  fi;
  goal = 0
}

/* The specification takes the report in the same step as the word does. */
inline apply_to_spec(kind, calm) {
  compute(made, spec, kind, calm);
  if
  :: STATUS(made) != STATUS(spec) ->
       if
       :: STATUS(spec) != UNKNOWN -> spec_flaps++
       :: else -> skip
       fi;
       if
       :: STATUS(made) == HEALTHY -> spec_to_healthy++
       :: STATUS(made) == DEGRADED -> spec_to_degraded++
       :: else -> spec_to_unhealthy++
       fi
  :: else -> skip
  fi;
  spec = made;
  made = 0;
  applied = applied + (kind != TICK -> 1 : 0);
  assert(spec == word)
}

/* The phase follows the component: whoever has changed one of them looks at both, and again after a step of its own. */
inline reconcile() {
  seen = phase;
  do
  :: seen == DRAINING -> break
  :: else ->
       found = FOUND(word);
       if
       :: found == seen -> break
       :: else -> skip
       fi;
#if BREAK == 4
       phase = found; /* without a compare: draining is lost */
       break
#else
       d_step {
         if
         :: phase == seen -> phase = found; won = 1
         :: else -> seen = phase; won = 0
         fi
       };
#if BREAK == 5
       if
       :: won -> break /* without a second look: what came between is not seen */
       :: else -> skip
       fi
#else
       if
       :: won -> seen = phase
       :: else -> skip
       fi
#endif
#endif
  od;
  atomic { seen = 0; found = 0; won = 0 }
}

/* replace_state and tell_component. */
inline replace(kind) {
  old = word;
#if BREAK == 2
  d_step { calm = flaps < FLAPS; compute(to, old, kind, calm) };
#endif
  do
  ::
#if BREAK != 2 /* else what was computed once is stored whatever came between */
       calm = flaps < FLAPS;
       d_step { compute(to, old, kind, calm) };
#endif
       if
       :: to == old -> /* nothing to change: a tick, or runs that have stopped where they stop */
            applied = applied + (kind != TICK -> 1 : 0);
            break
       :: else -> skip
       fi;
       d_step {
         if
#if BREAK == 1
         :: true -> word = to; apply_to_spec(kind, calm); won = 1 /* a store, without a compare */
#else
         :: word == old -> word = to; apply_to_spec(kind, calm); won = 1
         :: else -> old = word; won = 0
#endif
         fi
       };
       if
       :: won -> break
       :: else -> skip
       fi
  od;
  if
  :: won && STATUS(to) != STATUS(old) ->
       if
       :: STATUS(old) != UNKNOWN ->
#if BREAK == 3
            read = flaps;
            flaps = read + 1 /* a load and a store: another's is lost */
#else
            do
            :: read = flaps;
               d_step {
                 if
                 :: flaps == read -> flaps = read + 1; won = 1
                 :: else -> won = 0
                 fi
               };
               if
               :: won -> break
               :: else -> skip
               fi
            od
#endif
       :: else -> skip
       fi;
       if
       :: STATUS(to) == HEALTHY -> to_healthy++; in_a_row = 0
       :: STATUS(to) == DEGRADED -> to_degraded++
       :: else -> to_unhealthy++
       fi;
       atomic { old = 0; to = 0; calm = 0; read = 0; won = 0 };
#if BREAK != 6
       reconcile()
#endif
  :: else -> skip
  fi;
#ifdef ERRORS
  if
  :: kind == SUCCESS && IS_STEADY(word) -> in_a_row = 0
  :: else -> skip
  fi;
#endif
  atomic { old = 0; to = 0; calm = 0; read = 0; won = 0 }
}

#define LOCALS byte old, to, goal, read, seen, found, made; bool calm, won

active [REPORTERS] proctype reporter() {
  LOCALS;
  byte left = (_pid == 0 -> REPORTS / 2 : REPORTS - REPORTS / 2);
  do
  :: left > 0 -> left--; replace(FAILURE)
  :: left > 0 -> left--; replace(DEGRADATION)
  :: left > 0 -> left--;
       d_step { /* mark_healthy: on the warm path a load, and nothing that changes */
         won = IS_STEADY(word);
         applied = applied + (won -> 1 : 0)
       };
       if
       :: won -> won = 0
       :: else -> replace(SUCCESS)
       fi
  :: left == 0 -> break
  od;
  running--
}

#ifdef ERRORS
/* record_error: counts it, and has the next success looked at. */
active proctype erring() {
  byte old;
  bool won;
#if BREAK != 7
  in_a_row++;
#endif
  old = word;
  do
  :: !IS_STEADY(old) -> break
  :: else ->
       d_step {
         if
#if BREAK == 8
         :: true -> word = old | ERRED << 2; won = 1 /* a store, without a compare */
#else
         :: word == old -> word = old | ERRED << 2; won = 1
#endif
         :: else -> old = word; won = 0
         fi;
         if
         :: won && IS_STEADY(spec) -> spec = spec | ERRED << 2
         :: else -> skip
         fi;
         assert(spec == word)
       };
       if
       :: won -> break
       :: else -> skip
       fi
  od;
#if BREAK == 7
  in_a_row++; /* too late: a success between has looked already */
#endif
  atomic { old = 0; won = 0 };
  running--
}
#endif

active proctype ticker() {
  LOCALS;
  byte passed;
  replace(TICK);
  d_step { /* the window is over: what was counted is forgotten, by the specification too */
    passed = flaps;
    flaps = 0;
    spec_flaps = spec_flaps - passed;
    passed = 0
  };
  replace(TICK);
  running--
}

#ifndef ERRORS
active proctype drainer() {
  if
  :: atomic { phase = DRAINING; drained = 1 }
  :: skip
  fi;
  running--
}
#endif

/* At the end nothing is lost, and nothing stuck. */
active proctype judge() {
  atomic {
    running == 0;
    assert(applied == REPORTS);
    assert(word == spec);
    assert(!IS_STEADY(word) || in_a_row == 0);
    assert(flaps == spec_flaps);
    assert(to_healthy == spec_to_healthy && to_degraded == spec_to_degraded && to_unhealthy == spec_to_unhealthy);
    assert(phase == (drained -> DRAINING : FOUND(word)))
  }
}
