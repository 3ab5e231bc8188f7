#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
