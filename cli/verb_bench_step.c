#include "bench_verb.h"

BENCH_VERB(step, "Time a critic step and a generator step of an adapter.")
