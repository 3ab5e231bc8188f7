/*
 * How marks change a component's word (health/mark.hpp): load, compute, compare-exchange until nobody comes between; then
 * the flap word and the counters beside it, and the process's phase. Two threads report, one ticks, one drains.
 *
 *   spin -a marks.pml && cc -O2 -DSAFETY -o pan pan.c && ./pan -m1000000   (no errors: nothing is lost or stuck)
 *   spin -a -DREPORTS=3 marks.pml && cc -O2 -DNP -o pan pan.c && ./pan -m1000000 -l   (no errors: no endless circle)
 *   spin -a -DBREAK=1 marks.pml && ...   (errors, and so with each other way to break it, 2 to 6)
 *
 * run.py does all of that. Memory is sequentially consistent here, as the code asks for where it matters: the component's
 * word and the phase.
 */
#ifndef BREAK
#define BREAK 0
#endif
#ifndef REPORTS
#define REPORTS 5 /* of both reporters together: whatever they say */
#endif

#define REPORTERS 2
#define FALL 2
#define RISE 2
#define FLAPS 2 /* so many changes are flapping, until the ticker's window is over */

/* A word: its status, what was reported last, and how often in a row. */
#define UNKNOWN 0
#define HEALTHY 1
#define UNHEALTHY 2
#define SUCCESS 0
#define FAILURE 1
#define TICK 2
#define WORD(status, last, row) ((status) | (last) << 2 | (row) << 3)
#define STATUS(word) ((word) & 3)
#define LAST(word) ((word) >> 2 & 1)
#define ROW(word) ((word) >> 3)

/* The process's phase. */
#define READY 0
#define DEGRADED 1
#define DRAINING 2
#define FOUND(word) (STATUS(word) == HEALTHY -> READY : DEGRADED)

byte word = WORD(UNKNOWN, SUCCESS, 0);
byte flaps = 0;
byte to_healthy = 0, to_unhealthy = 0; /* the counters of entered statuses */
byte phase = DEGRADED;                 /* a program that is ready, and of whose component nothing is known */

/* What must come out: the same reports applied one after the other, each at once. */
byte spec = WORD(UNKNOWN, SUCCESS, 0);
byte spec_flaps = 0, spec_to_healthy = 0, spec_to_unhealthy = 0;
byte applied = 0;
bool drained = 0;
byte running = REPORTERS + 2;

/* out = the word after a report or a tick; `calm`: not flapping. Only within d_step. */
#define ROW_AFTER(from, kind) ((ROW(from) == 0 || LAST(from) != (kind)) -> 1 : ROW(from) + 1)
inline compute(out, from, kind, calm) {
  if
  :: kind == TICK && STATUS(from) == UNHEALTHY && LAST(from) == SUCCESS && ROW(from) >= RISE && calm ->
       out = WORD(HEALTHY, SUCCESS, ROW(from))
  :: kind == TICK && !(STATUS(from) == UNHEALTHY && LAST(from) == SUCCESS && ROW(from) >= RISE && calm) ->
       out = from
  :: kind == SUCCESS && (STATUS(from) != UNHEALTHY || (ROW_AFTER(from, kind) >= RISE && calm)) ->
       out = WORD(HEALTHY, SUCCESS, ROW_AFTER(from, kind))
  :: kind == SUCCESS && !(STATUS(from) != UNHEALTHY || (ROW_AFTER(from, kind) >= RISE && calm)) ->
       out = WORD(UNHEALTHY, SUCCESS, ROW_AFTER(from, kind))
  :: kind == FAILURE && (STATUS(from) != HEALTHY || ROW_AFTER(from, kind) >= FALL) ->
       out = WORD(UNHEALTHY, FAILURE, ROW_AFTER(from, kind))
  :: kind == FAILURE && !(STATUS(from) != HEALTHY || ROW_AFTER(from, kind) >= FALL) ->
       out = WORD(HEALTHY, FAILURE, ROW_AFTER(from, kind))
  fi
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
       :: to == old -> break /* nothing to change: only a tick, a report counts at least */
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
       :: STATUS(to) == HEALTHY -> to_healthy++
       :: else -> to_unhealthy++
       fi;
       atomic { old = 0; to = 0; calm = 0; read = 0; won = 0 };
#if BREAK != 6
       reconcile()
#endif
  :: else -> skip
  fi;
  atomic { old = 0; to = 0; calm = 0; read = 0; won = 0 }
}

#define LOCALS byte old, to, read, seen, found, made; bool calm, won

active [REPORTERS] proctype reporter() {
  LOCALS;
  byte left = (_pid == 0 -> REPORTS / 2 : REPORTS - REPORTS / 2);
  do
  :: left > 0 -> left--; replace(FAILURE)
  :: left > 0 -> left--;
       d_step { /* mark_healthy: on the warm path a load, and nothing that changes */
         won = STATUS(word) == HEALTHY && LAST(word) == SUCCESS;
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

active proctype drainer() {
  if
  :: atomic { phase = DRAINING; drained = 1 }
  :: skip
  fi;
  running--
}

/* At the end nothing is lost, and nothing stuck. */
active proctype judge() {
  atomic {
    running == 0;
    assert(applied == REPORTS);
    assert(word == spec);
    assert(flaps == spec_flaps);
    assert(to_healthy == spec_to_healthy && to_unhealthy == spec_to_unhealthy);
    assert(phase == (drained -> DRAINING : FOUND(word)))
  }
}
