#include "bench_verb.h"

BENCH_VERB(classifier, "Time a training step of a classifier.")
