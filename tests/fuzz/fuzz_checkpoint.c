/* A checkpoint of each of the trainings, which go on for a step. */
#include <string.h>

#include "checkpoint.h"
#include "file.h"
#include "fuzz_tensors.h"
#include "fuzz_training.h"
#include "memory.h"

static fuzz_training training;
static char *classifier;

/* A training that stopped, whose checkpoint becomes a seed. */
static void keep(xs_status status, const char *name) {
  FUZZ_REQUIRE(status && strstr(fail_message(), "continue with --resume"));
  fuzz_seed(training.checkpoint, name);
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc, (void)argv;
  fuzz_training_start(&training, "trained");
  FUZZ_REQUIRE(!fuzz_fit(&training, NULL));
  classifier = file_join(training.dir, "classifier");
  FUZZ_REQUIRE(!rename(training.model, classifier));
  keep(fuzz_fit(&training, &fuzz_stopping), "fit");
  keep(fuzz_adapt(&training, classifier, &fuzz_stopping), "adapt");
  keep(fuzz_align(&training, classifier, &fuzz_stopping), "align");
  return 0;
}

/* The training that has these counters in its state. */
static xs_status go_on(const json_t *state) {
  if (json_object_get(state, "gate")) return fuzz_adapt(&training, classifier, &fuzz_stopping);
  if (json_object_get(state, "epoch")) return fuzz_fit(&training, &fuzz_stopping);
  return fuzz_align(&training, classifier, &fuzz_stopping);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  uint8_t *copy = memory_new(size + 1);
  memcpy(copy, data, size);
  fuzz_rehash(copy, size);
  fuzz_named("trained/checkpoint.safetensors", copy, size);
  json_t *state = NULL;
  if (checkpoint_state(training.checkpoint, &state) || go_on(state)) {
    fuzz_outcome(fail_message());
  }
  json_decref(state);
  free(copy);
  return 0;
}
