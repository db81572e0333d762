/* small_training.h: a classifier of two classes, dark and light images of 16x16, trained within a
 * moment into a folder of its own. */
#ifndef SMALL_TRAINING_H
#define SMALL_TRAINING_H

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "learn.h"
#include "random.h"

enum { SMALL_IMAGES = 32, SMALL_TRAINED = 24, SMALL_SIZE = 16, SMALL_BATCH = 8 };

/* ---- a classifier's training, stopped after its first epoch ------------------------------------
 */

typedef struct small_training {
  char dir[64], *checkpoint, *model;
  uint8_t pixels[SMALL_IMAGES * SMALL_SIZE * SMALL_SIZE];
  int32_t label[SMALL_IMAGES];
  int64_t row[SMALL_IMAGES];
  pthread_t caller;
  int foreign;    /* calls of the watch from another thread */
  int left;       /* steps until a stop is asked for */
  char said[600]; /* the first note of the last run */
  xs_images images;
} small_training;

static inline bool small_training_stop(void *context) {
  small_training *r = context;
  r->foreign += !pthread_equal(r->caller, pthread_self());
  return r->left-- == 0;
}

static inline void small_training_note(void *context, const char *line) {
  small_training *r = context;
  r->foreign += !pthread_equal(r->caller, pthread_self());
  if (!*r->said) snprintf(r->said, sizeof r->said, "%s", line);
}

static inline small_training *small_training_new(void) {
  small_training *r = calloc(1, sizeof *r);
  strcpy(r->dir, "small_training_XXXXXX");
  r->caller = pthread_self();
  if (!mkdtemp(r->dir)) abort();
  r->checkpoint = file_join(r->dir, "checkpoint.safetensors");
  r->model = file_join(r->dir, "model.safetensors");
  for (int i = 0; i < SMALL_IMAGES; i++) {
    r->label[i] = i % 2;
    r->row[i] = i;
    for (int k = 0; k < SMALL_SIZE * SMALL_SIZE; k++) {
      const float noise = random_uniform(1, 1, (uint64_t)i, (uint64_t)k);
      r->pixels[i * SMALL_SIZE * SMALL_SIZE + k] = (uint8_t)(155 * noise + (i % 2 ? 100 : 0));
    }
  }
  static char name[] = "made";
  r->images = (xs_images){.name = name,
                          .n = SMALL_IMAGES,
                          .height = SMALL_SIZE,
                          .width = SMALL_SIZE,
                          .channels = 1,
                          .bytes = 1,
                          .max_value = 255,
                          .pixels = r->pixels};
  return r;
}

/* Removes the folder; its status, or how often the watch was called from another thread. */
static inline int small_training_end(small_training *r) {
  const char *const made[] = {r->checkpoint, r->model};
  char *table = file_join(r->dir, "curve.tsv");
  for (int i = 0; i < 2; i++) unlink(made[i]);
  unlink(table);
  const int status = r->foreign ? r->foreign : rmdir(r->dir);
  free(table);
  free(r->checkpoint);
  free(r->model);
  free(r);
  return status;
}

/* Trains, or goes on, until it is done (XS_OK) or so many steps are (a checkpoint, XS_FAILED). */
static inline xs_status small_training_run(small_training *r, int steps) {
  const xs_watch watch = {.note = small_training_note, .stop = small_training_stop, .context = r};
  const train_job job = {.task = "fit",
                         .dir = r->dir,
                         .seed = 1,
                         .device = tg_device_cpu(),
                         .threads = 1,
                         .checkpoint_every = 1000,
                         .watch = &watch};
  const xs_classifier_options options = {.architecture = (char[]){"lenet"},
                                         .learning_rate = 1e-3,
                                         .batch = SMALL_BATCH,
                                         .epochs = 2,
                                         .patience = 2,
                                         .precision = (char[]){"f32"}};
  char *const names[] = {(char[]){"dark"}, (char[]){"light"}};
  const fit_task task = {
      .options = &options,
      .geometry = train_geometry_of(SMALL_SIZE, 1, "half"),
      .train = {&r->images, r->label, r->row, SMALL_TRAINED},
      .validation = {&r->images, r->label, r->row + SMALL_TRAINED, SMALL_IMAGES - SMALL_TRAINED},
      .classes = 2,
      .class_name = names};
  r->left = steps;
  *r->said = 0;
  return train_fit(&job, &task);
}

#endif
