"""The rows of the table: what is measured, what stands beside it, and the bars. A new subject is a row here."""

from dataclasses import dataclass

COMPILERS = ("g++", "clang++")


@dataclass(frozen=True)
class Beside:
    """A case that stands beside ours, as its floor or as its peer."""

    case: str
    name: str
    at_most: float | None = None  # the bar for how many times as much ours takes
    at_least: float | None = None  # the bar for how many times as much this one takes: how much faster ours is
    faster: bool = False  # without a bar: shown as for at_least
    scaled_by: tuple[str, str] | None = None  # two cases: the second one's time to the first one's multiplies this one

    def ratio(self, ours, beside):
        return beside / ours if self.faster or self.at_least is not None else ours / beside

    def gated(self):
        return self.at_most is not None or self.at_least is not None

    def meets(self, ratio):
        if self.at_most is not None:
            return ratio <= self.at_most
        return self.at_least is None or ratio >= self.at_least

    def bar(self):
        if self.at_most is not None:
            return f"<= {self.at_most:g}"
        return f">= {self.at_least:g}" if self.at_least is not None else ""


@dataclass(frozen=True)
class Row:
    """One line of the table: a subject, beside its floor and beside a peer."""

    what: str
    ours: str
    floor: Beside | None = None
    peer: Beside | None = None
    counter: str | None = None  # what is compared is this counter of the cases, not their time
    ceiling: float | None = None  # of a counter, without anything beside it: exact, so all rounds must hold
    if_there: bool = False  # left out where no program has such cases: more threads than cores, a case that is to come

    def sides(self):
        return [(side, beside) for side, beside in (("floor", self.floor), ("peer", self.peer)) if beside]


def peer(case, **bar):
    return Beside(case, "prometheus-cpp", **({"faster": True} | bar))


def plain(case, name="++"):
    return Beside(case, name)


def threads_rows(count):
    """`count` threads on the same series. Beside one thread of our own, scaled as ++ on memory of its own scales: what
    two halves of a core, a shared clock or a hypervisor take from any program is not ours."""
    one, many = "threads:1", f"threads:{count}"
    return [
        Row(f"++ on memory of its own, {count} threads", f"shared_inc/floor/{many}",
            Beside(f"shared_inc/floor/{one}", "1 thread", faster=True), if_there=count > 2),
        Row(f"inc, {count} threads on the same series", f"shared_inc/vitals/{many}",
            Beside(f"shared_inc/vitals/{one}", "1 thread, as ++", at_least=0.95,
                   scaled_by=(f"shared_inc/floor/{one}", f"shared_inc/floor/{many}")),
            peer(f"shared_inc/prometheus/{many}", at_least=35) if count == 2 else None, if_there=count > 2),
    ]


def observe_rows(bounds):
    """Histograms with other bounds than the 11 that the bars are for."""
    double, duration = f"observe_double/vitals/{bounds}", f"observe_duration/vitals/{bounds}"
    return [
        Row(f"observe a double, {bounds} bounds", double, peer=peer(f"observe_double/prometheus/{bounds}")),
        Row(f"observe a duration, {bounds} bounds", duration, plain(double, "a double")),
    ]


HOT_PATH = [
    Row("inc", "inc/vitals", plain("inc/floor"), peer("inc/prometheus")),
    Row("inc, label known at run time", "labelled_inc/vitals", plain("labelled_inc/floor"),
        peer("labelled_inc/prometheus")),
    Row("up_down add", "up_down_add/vitals", plain("up_down_add/floor", "+=")),
    Row("gauge set", "gauge_set/vitals", plain("gauge_set/floor", "a store")),
    Row("max_gauge observe", "peak_observe/vitals", Beside("peak_observe/floor", "clock, compare", at_most=1.5)),
    Row("observe a double, 11 bounds", "observe_double/vitals", plain("observe_double/floor", "++, +=, table"),
        peer("observe_double/prometheus", at_least=16)),
    Row("observe a duration, 11 bounds", "observe_duration/vitals",
        Beside("observe_double/vitals", "a double", at_most=1.1), peer("observe_double/prometheus", at_least=16)),
    *(row for bounds in (3, 12, 20, 40) for row in observe_rows(bounds)),
    Row("observe a double, 240 native buckets", "observe_native/vitals",
        Beside("observe_double/vitals", "11 bounds", at_most=1.5)),
    Row("observe a duration, 240 native buckets", "observe_native_duration/vitals",
        Beside("observe_native/vitals", "a double", at_most=1.5)),
    Row("observe with an exemplar", "observe_exemplar/vitals", plain("observe_exemplar/floor", "clock, copy")),
    Row("time() around nothing", "time/vitals", plain("time/floor", "clock, twice")),
    Row("time<tsc_clock>() around nothing", "time_tsc/vitals", plain("time_tsc/floor", "clock, twice")),
]

THREADS = [
    *threads_rows(2),
    *(row for count in (4, 8, 16, 32, 64, 128) for row in threads_rows(count)),
    Row("inc, 2 threads, one cell in a loop", "one_counter/vitals/threads:2",
        Beside("one_counter/vitals/threads:1", "1 thread", faster=True), peer("one_counter/prometheus/threads:2")),
    Row("observe, 2 threads on the same series", "shared_observe/vitals/threads:2",
        Beside("shared_observe/vitals/threads:1", "1 thread", faster=True),
        peer("shared_observe/prometheus/threads:2", at_least=40)),
    Row("observe, 2 threads, one series in a loop", "one_histogram/vitals/threads:2",
        Beside("one_histogram/vitals/threads:1", "1 thread", faster=True), peer("one_histogram/prometheus/threads:2")),
]

SCRAPE = [
    Row("scrape 1,000 counters", "scrape_counters/vitals", Beside("scrape_counters/memcpy", "memcpy", at_most=7.5),
        peer("scrape_counters/prometheus", at_least=180)),
    Row("scrape 1,000 counters: allocations", "scrape_counters/vitals", counter="allocations", ceiling=0),
    Row("scrape 1,000 counters, none changed", "scrape_idle/vitals", plain("scrape_idle/memcpy", "memcpy"),
        peer("scrape_idle/prometheus")),
    Row("scrape 100 gauges with doubles", "scrape_gauges/vitals", plain("scrape_gauges/memcpy", "memcpy"),
        peer("scrape_gauges/prometheus")),
    Row("scrape 100 histograms of durations", "scrape_histograms/vitals", plain("scrape_histograms/memcpy", "memcpy"),
        peer("scrape_histograms/prometheus", at_least=55)),
    Row("scrape 100 histograms: allocations", "scrape_histograms/vitals", counter="allocations", ceiling=0),
    Row("scrape 100 histograms of doubles", "scrape_double_histograms/vitals",
        plain("scrape_double_histograms/memcpy", "memcpy"), peer("scrape_histograms/prometheus", at_least=55)),
    *(Row(f"scrape 1,000 counters as {name}", f"format_{case}/vitals", plain(f"format_{case}/memcpy", "memcpy"),
          Beside("format_text/vitals", "ours, as text"))
      for name, case in (("OpenMetrics", "openmetrics"), ("protobuf", "protobuf"), ("JSON", "json"))),
    # Beside 1,000 series, scaled as memcpy of both pages: the growth of the ratio to memcpy.
    Row("scrape 1,000,000 counters", "scrape_growth/vitals/1000000",
        Beside("scrape_growth/vitals/1000", "1,000, as memcpy", at_most=0.75,
               scaled_by=("scrape_growth/memcpy/1000", "scrape_growth/memcpy/1000000"))),
    Row("scrape 1,000 counters, 1,000 threads", "scrape_threads/vitals/1000",
        plain("scrape_threads/add/1000", "adding up")),
    *(Row(f"a thread {what} while 1,000 others are scraped", f"mutex_wait/{case}/scraped",
          plain(f"mutex_wait/{case}/alone", "not scraped"))
      for what, case in (("comes", "attach"), ("goes", "exit"))),
    Row("first page, 1,000 series", "first_page/vitals", peer=peer("first_page/prometheus", at_least=10)),
    Row("bytes of a counter series", "bytes_per_series/vitals", counter="bytes",
        peer=peer("bytes_per_series/prometheus", at_least=4)),
]

HEALTH = [
    Row("readiness probe, 20 components", "probe/vitals", Beside("probe/fmt", "fmt::format_to", at_most=1)),
    Row("beat", "beat/vitals", Beside("beat/floor", "tsc, a store", at_most=1.5)),
    Row("mark_healthy, no change", "mark_healthy/vitals", plain("mark_healthy/floor")),
    Row("mark that changes a status", "change/vitals", plain("change/floor", "compare-exchange")),
]

LOAD = [
    Row("scrape of 1,000 series, 64 connections", "load_scrape/vitals",
        peer=Beside("load_scrape/exposer", "Exposer", at_least=25)),
    Row("scrape, 64 connections: errors", "load_scrape/vitals", counter="errors", ceiling=0),
    Row("probe, 64 connections", "load_probe/vitals", Beside("load_probe/beast", "Beast", at_least=0.7)),
    Row("probe, 64 connections: errors", "load_probe/vitals", counter="errors", ceiling=0),
    Row("inc, 64 connections scraping", "count_beside/vitals/loaded",
        Beside("count_beside/vitals/quiet", "none", at_least=0.95)),
    Row("++, 64 connections scraping", "count_beside/floor/loaded",
        Beside("count_beside/floor/quiet", "none", faster=True)),
]

COMPILING = [
    *(Row(f"compile the header, {compiler}", f"compile/vitals/{compiler}",
          peer=Beside(f"compile/prometheus/{compiler}", "its headers", at_most=1.1))
      for compiler in COMPILERS),
    *(Row(f"compile {what}, {compiler}", f"compile_{case}/vitals/{compiler}",
          peer=Beside(f"compile_{case}/{beside}/{compiler}", name, **bar), if_there=True)
      for what, case, beside, name, bar in (
          ("1,000 series, a statement each", "statements", "prometheus", "prometheus-cpp", {"at_most": 1}),
          ("1,000 series in 100 loops", "loops", "prometheus", "prometheus-cpp", {}),
          ("VITALS_HTTP", "http", "beast", "Beast's headers", {}),
          ("a serving program", "server", "beast", "a Beast server", {}))
      for compiler in COMPILERS),
]


def rows(without_compiling):
    return [*HOT_PATH, *THREADS, *SCRAPE, *HEALTH, *LOAD, *([] if without_compiling else COMPILING)]
