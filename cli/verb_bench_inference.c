#include "bench_verb.h"

BENCH_VERB(inference, "Time a network's answer.")
