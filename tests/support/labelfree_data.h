/* labelfree_data.h: the outputs of labelfree.tsv and what other programs make of them
 * (tests/golden/labelfree_golden.py). */
#ifndef LABELFREE_DATA_H
#define LABELFREE_DATA_H

#include "error.h" /* before cmocka.h, which has a macro of the name fail */
#include "file.h"
#include "text.h"
#include "xsite.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define assert_near(a, b, within) assert_true(fabs((double)(a) - (double)(b)) <= (double)(within))

enum { SOURCE, TARGET, TRAINING, SETS, CLASSES = 4, WIDTH = 5, MOST = 120 };

typedef struct golden_set {
  int64_t n;
  int32_t label[MOST];
  uint64_t group[MOST];
  float logit[MOST * CLASSES], second[MOST * CLASSES], feature[MOST * WIDTH];
} golden_set;

static golden_set golden[SETS];

static inline void read_values(char **at, int n, float *x) {
  for (int k = 0; k < n; k++) x[k] = strtof(*at, at);
}

static inline int load_golden(void **state) {
  (void)state;
  char *text = NULL;
  if (file_read(TEST_DATA "/golden/labelfree.tsv", &text, &(size_t){0})) return 1;
  for (char *p = strchr(text, '\n') + 1; *p; p = strchr(p, '\n') + 1) {
    char *at = p;
    golden_set *g = &golden[strtol(at, &at, 10)];
    g->label[g->n] = (int32_t)strtol(at, &at, 10);
    g->group[g->n] = strtoull(at, &at, 10);
    read_values(&at, CLASSES, g->logit + g->n * CLASSES);
    read_values(&at, CLASSES, g->second + g->n * CLASSES);
    read_values(&at, WIDTH, g->feature + g->n * WIDTH);
    g->n++;
  }
  free(text);
  return 0;
}

static inline double expected(const char *quantity) {
  char *text = NULL, *key = text_format("\n%s\t", quantity);
  assert_int_equal(file_read(TEST_DATA "/golden/labelfree_expected.tsv", &text, &(size_t){0}), 0);
  char *at = strstr(text, key);
  assert_non_null(at);
  double value = strtod(at + strlen(key), NULL);
  free(text);
  free(key);
  return value;
}

static inline double expected_of(const char *quantity, int k) {
  char *name = text_format("%s_%d", quantity, k);
  double value = expected(name);
  free(name);
  return value;
}

static inline xs_outputs outputs(int set) {
  const golden_set *g = &golden[set];
  return (xs_outputs){.n = g->n,
                      .classes = CLASSES,
                      .width = WIDTH,
                      .logit = g->logit,
                      .feature = g->feature,
                      .group = g->group};
}

static inline xs_labelled_outputs source_outputs(void) {
  return (xs_labelled_outputs){outputs(SOURCE), golden[SOURCE].label};
}

#endif
