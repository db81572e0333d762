/* fuzz_training.h: the smallest trainings that there are, on images of noise.  What they write are
 * the seeds of the targets that read models and checkpoints. */
#ifndef FUZZ_TRAINING_H
#define FUZZ_TRAINING_H

#include "align.h"
#include "file.h"
#include "fuzz.h"
#include "learn.h"
#include "model_file.h"

enum { FUZZ_IMAGES = 24, FUZZ_SIDE = 16, FUZZ_BATCH = 4 };

int LLVMFuzzerInitialize(int *argc, char ***argv);

typedef struct fuzz_training {
  uint8_t pixels[FUZZ_IMAGES * FUZZ_SIDE * FUZZ_SIDE];
  int32_t label[FUZZ_IMAGES];
  int64_t row[FUZZ_IMAGES];
  uint64_t group[FUZZ_IMAGES];
  xs_images images;
  train_set set;
  char *dir, *model, *checkpoint; /* of all trainings, in TMPDIR */
} fuzz_training;

static inline void fuzz_training_start(fuzz_training *t, const char *name) {
  static char name_of_images[] = "made";
  for (int i = 0; i < FUZZ_IMAGES; i++) {
    t->label[i] = i % 2;
    t->row[i] = i;
    t->group[i] = (uint64_t)i;
  }
  for (size_t i = 0; i < sizeof t->pixels; i++) t->pixels[i] = (uint8_t)(i * i * 7919 >> 8);
  t->images = (xs_images){.name = name_of_images,
                          .n = FUZZ_IMAGES,
                          .height = FUZZ_SIDE,
                          .width = FUZZ_SIDE,
                          .channels = 1,
                          .bytes = 1,
                          .max_value = 255,
                          .pixels = t->pixels,
                          .group = t->group};
  t->set = (train_set){&t->images, t->label, t->row, FUZZ_IMAGES};
  t->dir = file_join(getenv("TMPDIR"), name);
  if (file_make_dirs(t->dir)) abort();
  t->model = file_join(t->dir, "model.safetensors");
  t->checkpoint = file_join(t->dir, "checkpoint.safetensors");
}

static inline bool fuzz_stop(void *context) {
  (void)context;
  return true;
}

static const xs_watch fuzz_stopping = {.stop = fuzz_stop};

static inline train_job fuzz_job(const fuzz_training *t, const xs_watch *watch) {
  return (train_job){.task = "fit",
                     .dir = t->dir,
                     .seed = 1,
                     .device = tg_device_cpu(),
                     .checkpoint_every = 1000,
                     .watch = watch};
}

/* All end after a step, with a checkpoint where watch is fuzz_stopping. */

static inline xs_status fuzz_fit(const fuzz_training *t, const xs_watch *watch) {
  const train_job job = fuzz_job(t, watch);
  xs_classifier_options o = xs_classifier_defaults();
  o.architecture = (char[]){"lenet5"};
  o.batch = FUZZ_BATCH;
  o.epochs = o.patience = 1;
  o.steps_per_epoch = watch ? 2 : 1;
  char *const names[] = {(char[]){"dark"}, (char[]){"light"}};
  const fit_task task = {.options = &o,
                         .geometry = train_geometry_of(FUZZ_SIDE, 1, "half"),
                         .train = t->set,
                         .validation = t->set,
                         .classes = 2,
                         .class_name = names};
  return train_fit(&job, &task);
}

static inline xs_status fuzz_adapt(const fuzz_training *t, const char *classifier,
                                   const xs_watch *watch) {
  const train_job job = fuzz_job(t, watch);
  xs_adapter_options o = xs_adapter_defaults();
  o.channels = o.critic_layers = o.critic_steps = 1;
  o.blocks = 0;
  o.batch = FUZZ_BATCH;
  o.generator_steps = watch ? 2 : 1;
  o.semantic = (char[]){"off"};
  model_file start;
  if (model_open(classifier, "classifier", &start)) abort();
  const train_images target = {&t->images, t->row, FUZZ_IMAGES};
  const adapt_task task = {.options = &o,
                           .classifier = &start,
                           .source = t->set,
                           .validation = t->set,
                           .target = &target,
                           .targets = 1};
  const xs_status status = train_adapt(&job, &task);
  model_close(&start);
  return status;
}

static inline xs_status fuzz_align(const fuzz_training *t, const char *classifier,
                                   const xs_watch *watch) {
  const train_job job = fuzz_job(t, watch);
  xs_align_options o = xs_align_method_defaults("dann");
  o.steps = watch ? 2 : 1;
  o.batch = FUZZ_BATCH;
  model_file start;
  if (model_open(classifier, "classifier", &start)) abort();
  const align_task task = {.options = &o,
                           .start_from = &start,
                           .source = t->set,
                           .target = &t->images,
                           .target_rows = (int64_t *)(uintptr_t)t->row,
                           .target_n = FUZZ_IMAGES};
  const xs_status status = train_align(&job, &task);
  model_close(&start);
  return status;
}

static inline void fuzz_match(const fuzz_training *t, const char *method) {
  const train_job job = fuzz_job(t, NULL);
  xs_match_options o = xs_match_method_defaults(method);
  o.images = 2;
  o.mix = true;
  o.levels = 8;
  const train_images some = {&t->images, t->row, 4};
  const match_task task = {.options = &o,
                           .size = FUZZ_SIDE,
                           .channels = 1,
                           .source = some,
                           .target = some,
                           .examples = some};
  if (train_match(&job, &task)) abort();
}

/* Makes a file that was written a seed of this name, in TMPDIR/seeds. */
static inline void fuzz_seed(const char *from, const char *name) {
  char *dir = file_join(getenv("TMPDIR"), "seeds"), *to = file_join(dir, name);
  if (file_make_dirs(dir) || rename(from, to)) abort();
  free(to);
  free(dir);
}

#endif
