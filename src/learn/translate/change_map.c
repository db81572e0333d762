/* change_map.c: where a translator changes images. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "example_strips.h"
#include "file.h"
#include "memory.h"

enum { PER_CENT_OF_RANGE = 100 };

typedef struct change {
  const train_geometry *g;
  int classes;
  int64_t pixels;
  double *sum;    /* [classes][pixels] of absolute changes, means over channels */
  int64_t *count; /* [classes] images */
} change;

static void add_image(change *c, const float *before, const float *after, int class) {
  double *sum = c->sum + class * c->pixels;
  const int channels = c->g->channels;
  for (int64_t i = 0; i < c->pixels; i++) {
    double all = 0;
    for (int k = 0; k < channels; k++) {
      all += fabs((double)after[i * channels + k] - (double)before[i * channels + k]);
    }
    sum[i] += all / channels;
  }
  c->count[class]++;
}

static void add_all(change *c, const train_set *from, const xs_images *made) {
  for (int64_t i = 0; i < from->n; i++) {
    float *before = example_strips_values(from->images, &from->rows[i], 1, c->g);
    float *after = example_strips_values(made, &i, 1, c->g);
    add_image(c, before, after, from->label[from->rows[i]]);
    free(after);
    free(before);
  }
  for (int64_t i = 0; i < c->classes * c->pixels; i++) {
    const int64_t n = c->count[i / c->pixels];
    c->sum[i] = n ? c->sum[i] / (double)n : 0;
  }
}

static double largest(const change *c) {
  double most = 0;
  for (int64_t i = 0; i < c->classes * c->pixels; i++) most = fmax(most, c->sum[i]);
  return most;
}

/* One scale for all classes, so that they can be compared: white is the largest mean change. */
static int write_squares(const change *c, const char *dir) {
  const train_geometry gray = {.size = c->g->size, .channels = 1};
  const double most = largest(c);
  float *x = memory_new((size_t)(c->classes * c->pixels) * sizeof *x);
  for (int64_t i = 0; i < c->classes * c->pixels; i++) {
    x[i] = most > 0 ? (float)(c->sum[i] / most) : 0;
  }
  int status = example_strips_write_values(dir, "change.png", x, c->classes, &gray);
  free(x);
  return status;
}

static json_t *class_json(const change *c, int class, const char *name) {
  double sum = 0;
  for (int64_t i = 0; i < c->pixels; i++) sum += c->sum[class * c->pixels + i];
  return json_pack("{s:s, s:I, s:f}", "class", name, "images", (json_int_t)c->count[class], "mean",
                   PER_CENT_OF_RANGE * sum / (double)c->pixels);
}

static int write_numbers(const change *c, const char *dir, char *const *class_name) {
  json_t *list = json_array();
  for (int k = 0; k < c->classes; k++) json_array_append_new(list, class_json(c, k, class_name[k]));
  json_t *j = json_pack("{s:f, s:o}", "white", PER_CENT_OF_RANGE * largest(c), "classes", list);
  char *path = file_join(dir, "change.json"), *text = json_dumps(j, JSON_INDENT(2));
  int status = file_write_atomic(path, text, strlen(text));
  free(text);
  free(path);
  json_decref(j);
  return status;
}

int example_strips_write_change(const char *dir, const train_set *from, const xs_images *made,
                                int classes, char *const *class_name, const train_geometry *g) {
  change c = {.g = g, .classes = classes, .pixels = (int64_t)g->size * g->size};
  c.sum = memory_new((size_t)(classes * c.pixels) * sizeof *c.sum);
  c.count = memory_new((size_t)classes * sizeof *c.count);
  add_all(&c, from, made);
  int status = write_squares(&c, dir);
  if (!status) status = write_numbers(&c, dir, class_name);
  free(c.count);
  free(c.sum);
  return status;
}
