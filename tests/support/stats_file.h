/* stats_file.h: test sets of tests/golden/stats_*.tsv and the numbers expected of them. */
#ifndef STATS_FILE_H
#define STATS_FILE_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#undef fail /* cmocka's, in the way of error.h */
#include "error.h"
#include "file.h"
#include "memory.h"
#include "text.h"
#include "xsite.h"

#define assert_near(a, b, within) assert_true(fabs((double)(a) - (double)(b)) <= (double)(within))

typedef struct golden {
  int classes;
  int64_t n;
  int32_t label[256];
  uint64_t group[256];
  float a[256 * 10], b[256 * 10]; /* [n][classes] */
} golden;

static inline golden *load_golden(const char *name, int classes) {
  char *path = text_format("%s/golden/stats_%s.tsv", TEST_DATA, name), *text = NULL;
  assert_int_equal(file_read(path, &text, &(size_t){0}), 0);
  golden *g = memory_new(sizeof *g);
  g->classes = classes;
  for (char *p = strchr(text, '\n') + 1; *p; p = strchr(p, '\n') + 1) {
    char *end = p;
    g->label[g->n] = (int32_t)strtol(end, &end, 10);
    g->group[g->n] = strtoull(end, &end, 10);
    for (int k = 0; k < classes; k++) g->a[g->n * classes + k] = strtof(end, &end);
    for (int k = 0; k < classes; k++) g->b[g->n * classes + k] = strtof(end, &end);
    g->n++;
  }
  free(text);
  free(path);
  return g;
}

static inline xs_labelled_outputs outputs_of(const float *logit, const int32_t *label,
                                             const uint64_t *group, int64_t n, int classes) {
  return (xs_labelled_outputs){{.n = n, .classes = classes, .logit = logit, .group = group}, label};
}

/* Of a file of lines "case <tab> quantity <tab> value". */
static inline double stats_expected(const char *file, const char *name, const char *quantity) {
  char *path = text_format("%s/golden/%s.tsv", TEST_DATA, file), *text = NULL;
  char *key = text_format("\n%s\t%s\t", name, quantity);
  assert_int_equal(file_read(path, &text, &(size_t){0}), 0);
  char *at = strstr(text, key);
  assert_non_null(at);
  double value = strtod(at + strlen(key), NULL);
  free(text);
  free(key);
  free(path);
  return value;
}

#endif
