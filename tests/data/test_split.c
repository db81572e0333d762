/* How a site's images are split: the same for the same seed, whole groups, every class its share.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

#include "random.h"
#include "xsite.h"

enum { MOST = 1200, CLASSES = 4 };

typedef struct example {
  xs_images x;
  uint64_t group[MOST];
  int32_t label[MOST];
  int classes;
} example;

typedef struct sides {
  int8_t of[MOST]; /* -1: none */
} sides;

static uint64_t pick(uint64_t site, uint64_t i, uint64_t n) {
  return random_below(site, random_stream("example"), 0, i, n);
}

/* Patients of one to four images, mostly of one class; a tenth of the images is unlabelled. */
static example make_example(uint64_t site, int classes, int patients) {
  example e = {.classes = classes, .x = {.split = {.kind = XS_SPLIT_STRATIFIED}}};
  uint64_t at = 0;
  for (int p = 0; p < patients; p++) {
    const uint64_t images = 1 + pick(site, at++, 4), usual = pick(site, at++, (uint64_t)classes);
    for (uint64_t i = 0; i < images; i++) {
      const uint64_t other = pick(site, at++, (uint64_t)classes), chance = pick(site, at++, 10);
      e.group[e.x.n] = 1000 * site + (uint64_t)p;
      e.label[e.x.n++] = chance == 0 ? -1 : (int32_t)(chance < 3 ? other : usual);
    }
  }
  return e;
}

/* The images carry pointers into the example. */
static void connect(example *e) { e->x.group = e->group; }

static sides split(const example *e, bool labelled, uint64_t seed, int fold) {
  sides s;
  memset(s.of, -1, sizeof s.of);
  for (int which = XS_TRAIN; which <= XS_TEST; which++) {
    int64_t *rows, n;
    const xs_status status = labelled
                                 ? xs_split_labelled(&e->x, e->label, e->classes, seed, false, fold,
                                                     (xs_split)which, &rows, &n)
                                 : xs_split_rows(&e->x, seed, false, (xs_split)which, &rows, &n);
    assert_int_equal(status, XS_OK);
    for (int64_t i = 0; i < n; i++) {
      assert_true(i == 0 || rows[i] > rows[i - 1]);
      assert_int_equal(s.of[rows[i]], -1);
      s.of[rows[i]] = (int8_t)which;
    }
    free(rows);
  }
  for (int64_t i = 0; i < e->x.n; i++) assert_true(s.of[i] >= 0);
  return s;
}

static void assert_whole_groups(const example *e, const sides *s) {
  for (int64_t i = 1; i < e->x.n; i++) {
    if (e->group[i] == e->group[i - 1]) assert_int_equal(s->of[i], s->of[i - 1]);
  }
}

static int64_t count(const example *e, const sides *s, int class, int side) {
  int64_t n = 0;
  for (int64_t i = 0; i < e->x.n; i++) {
    n += (class < 0 || e->label[i] == class) && (side < 0 || s->of[i] == side);
  }
  return n;
}

/* Patients whose rarest class it is are not counted here; those with an image of it are more. */
static int64_t patients_of(const example *e, int class) {
  int64_t n = 0;
  uint64_t last = UINT64_MAX;
  for (int64_t i = 0; i < e->x.n; i++) {
    if (e->label[i] != class || e->group[i] == last) continue;
    last = e->group[i];
    n++;
  }
  return n;
}

static void every_site_is_split_alike(void **state) {
  (void)state;
  for (uint64_t site = 0; site < 300; site++) {
    example e = make_example(site, 2 + (int)(site % 3), 12 + (int)(site % 7) * 30);
    connect(&e);
    const sides a = split(&e, true, site, 0), b = split(&e, true, site, 0);
    assert_memory_equal(&a, &b, sizeof a);
    assert_whole_groups(&e, &a);
    const sides open = split(&e, false, site, 0);
    assert_whole_groups(&e, &open);
    for (int side = XS_TRAIN; side <= XS_TEST; side++) {
      const double share = side == XS_TRAIN ? 0.8 : 0.1;
      assert_true(count(&e, &open, -1, side) > 0);
      assert_true(fabs((double)count(&e, &open, -1, side) - share * (double)e.x.n) <= 4.5);
      for (int k = 0; k < e.classes; k++) {
        if (patients_of(&e, k) >= 12) assert_true(count(&e, &a, k, side) > 0);
      }
    }
  }
}

/* Permuting the labels moves no image between the sides that adaptation uses. */
static void labels_do_not_reach_adaptation(void **state) {
  (void)state;
  example e = make_example(3, 2, 80), other;
  connect(&e);
  other = e;
  connect(&other);
  for (int64_t i = 0; i < e.x.n; i++) other.label[i] = e.label[e.x.n - 1 - i];
  const sides open = split(&e, false, 5, 0), same = split(&other, false, 5, 0);
  assert_memory_equal(&open, &same, sizeof open);
  const sides a = split(&e, true, 5, 0), b = split(&other, true, 5, 0);
  assert_memory_not_equal(&a, &b, sizeof a);
}

/* Nor does a row's place: only group keys and labels decide. */
static void order_does_not_matter(void **state) {
  (void)state;
  example e = make_example(4, 3, 90), turned = e;
  connect(&e);
  connect(&turned);
  for (int64_t i = 0; i < e.x.n; i++) {
    turned.group[i] = e.group[e.x.n - 1 - i];
    turned.label[i] = e.label[e.x.n - 1 - i];
  }
  const sides a = split(&e, true, 2, 0), b = split(&turned, true, 2, 0);
  for (int64_t i = 0; i < e.x.n; i++) assert_int_equal(a.of[i], b.of[e.x.n - 1 - i]);
}

/* Test images are hardly ever among those that an adaptation to the site sees. */
static void test_images_are_spared(void **state) {
  (void)state;
  int64_t seen = 0, all = 0;
  for (uint64_t seed = 0; seed < 100; seed++) {
    example e = make_example(seed, 2, 60);
    connect(&e);
    const sides own = split(&e, true, seed, 0), open = split(&e, false, seed, 0);
    for (int64_t i = 0; i < e.x.n; i++) {
      if (e.label[i] < 0 || own.of[i] != XS_TEST) continue;
      all++;
      seen += open.of[i] == XS_TRAIN;
    }
  }
  assert_true(all > 1000);
  assert_true(seen * 100 < all);
}

static void shares_are_kept(void **state) {
  (void)state;
  example e = make_example(8, 2, 300);
  connect(&e);
  e.x.split.validation = 0.2;
  e.x.split.test = 0.3;
  const sides a = split(&e, true, 1, 0);
  for (int k = 0; k < 2; k++) {
    const double n = (double)count(&e, &a, k, -1);
    assert_true(fabs((double)count(&e, &a, k, XS_TRAIN) - 0.5 * n) < 0.05 * n);
    assert_true(fabs((double)count(&e, &a, k, XS_VALIDATION) - 0.2 * n) < 0.05 * n);
    assert_true(fabs((double)count(&e, &a, k, XS_TEST) - 0.3 * n) < 0.05 * n);
  }
}

/* Three patients with a rare class are one on each side, two are to train and to test. */
static void rare_classes_are_on_every_side(void **state) {
  (void)state;
  for (int rare = 1; rare <= 3; rare++) {
    for (uint64_t seed = 0; seed < 100; seed++) {
      example e = {.classes = 2, .x = {.n = 60, .split = {.kind = XS_SPLIT_STRATIFIED}}};
      connect(&e);
      for (int i = 0; i < 60; i++) {
        e.group[i] = (uint64_t)i;
        e.label[i] = i < rare;
      }
      const sides s = split(&e, true, seed, 0);
      assert_int_equal(count(&e, &s, 1, XS_TRAIN), 1);
      assert_int_equal(count(&e, &s, 1, XS_TEST), rare > 1);
      assert_int_equal(count(&e, &s, 1, XS_VALIDATION), rare > 2);
    }
  }
}

static void a_column_is_followed(void **state) {
  (void)state;
  example e = make_example(11, 2, 100);
  connect(&e);
  uint8_t side[MOST];
  for (int64_t i = 0; i < e.x.n; i++) {
    side[i] = e.group[i] % 5 == 0 ? XS_TEST : e.group[i] % 5 == 1 ? XS_VALIDATION : XS_TRAIN;
  }
  e.x.split = (xs_split_plan){.kind = XS_SPLIT_COLUMN, .side = side};
  sides own = split(&e, true, 1, 0);
  assert_memory_equal(own.of, side, (size_t)e.x.n);
  own = split(&e, false, 9, 0);
  assert_memory_equal(own.of, side, (size_t)e.x.n);
  for (int64_t i = 0; i < e.x.n; i++) side[i] = e.group[i] % 5 ? XS_TRAIN : XS_TEST;
  own = split(&e, true, 1, 0);
  const sides open = split(&e, false, 1, 0);
  assert_whole_groups(&e, &own);
  for (int64_t i = 0; i < e.x.n; i++) {
    assert_int_equal(own.of[i] == XS_TEST, side[i] == XS_TEST);
    assert_int_equal(open.of[i] == XS_TEST, side[i] == XS_TEST);
  }
  for (int k = 0; k < 2; k++) assert_true(count(&e, &own, k, XS_VALIDATION) > 3);
  assert_true(count(&e, &open, -1, XS_VALIDATION) > 3);
}

/* Of cross-fitting: every labelled image is in one fold's test side, in no other. */
static void folds_cover_all(void **state) {
  (void)state;
  for (int folds = 2; folds < 8; folds++) {
    example e = make_example((uint64_t)folds, 2 + folds % 3, 120);
    connect(&e);
    e.x.split.folds = folds;
    e.x.split.test = 1. / folds;
    e.x.split.validation = 0.1;
    int tested[MOST] = {0};
    for (int f = 0; f < folds; f++) {
      const sides s = split(&e, true, 3, f);
      assert_whole_groups(&e, &s);
      for (int64_t i = 0; i < e.x.n; i++) tested[i] += s.of[i] == XS_TEST;
      for (int k = 0; k < e.classes; k++) {
        const double n = (double)count(&e, &s, k, -1);
        assert_true(fabs((double)count(&e, &s, k, XS_TEST) - n / folds) < 8);
        assert_true(count(&e, &s, k, XS_VALIDATION) > 0);
      }
    }
    for (int64_t i = 0; i < e.x.n; i++) {
      if (e.label[i] >= 0) assert_int_equal(tested[i], 1);
    }
  }
}

/* ---- scikit-learn -------------------------------------------------------------------------------
 */

/* The largest difference, in images, between a class's number in a fold of ten and its share. */
static double worst_fold(example *e) {
  double sum = 0;
  e->x.split.folds = 10;
  e->x.split.test = e->x.split.validation = 0.1;
  for (int f = 0; f < 10; f++) {
    const sides s = split(e, true, 1, f);
    double worst = 0;
    for (int k = 0; k < e->classes; k++) {
      const double n = (double)count(e, &s, k, -1), here = (double)count(e, &s, k, XS_TEST);
      worst = fmax(worst, fabs(here - n / 10));
    }
    sum += worst / 10;
  }
  return sum;
}

/* tests/golden/split_golden.py: how even StratifiedGroupKFold's folds are. */
static void folds_are_even(void **state) {
  (void)state;
  FILE *f = fopen(REPOSITORY "/tests/golden/split.tsv", "r");
  char line[64];
  example e = {0};
  double theirs = 0, ours = 0, next;
  int sites = 0, classes;
  assert_non_null(f);
  while (true) {
    const char *more = fgets(line, sizeof line, f);
    if (more && strncmp(line, "site", 4) != 0) {
      unsigned long group;
      assert_int_equal(sscanf(line, "%lu\t%d", &group, &e.label[e.x.n]), 2);
      e.group[e.x.n++] = group;
      continue;
    }
    connect(&e);
    if (e.x.n) ours += worst_fold(&e);
    if (!more) break;
    assert_int_equal(sscanf(line, "site\t%*d\t%d\t%lf", &classes, &next), 2);
    e = (example){.classes = classes, .x = {.split = {.kind = XS_SPLIT_STRATIFIED}}};
    theirs += next;
    sites++;
  }
  fclose(f);
  assert_int_equal(sites, 12);
  print_message("images by which a class differs from its share: %.2f, of scikit-learn %.2f\n",
                ours / sites, theirs / sites);
  assert_true(ours / sites < theirs / sites + 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_site_is_split_alike),
      cmocka_unit_test(labels_do_not_reach_adaptation),
      cmocka_unit_test(order_does_not_matter),
      cmocka_unit_test(test_images_are_spared),
      cmocka_unit_test(shares_are_kept),
      cmocka_unit_test(rare_classes_are_on_every_side),
      cmocka_unit_test(a_column_is_followed),
      cmocka_unit_test(folds_cover_all),
      cmocka_unit_test(folds_are_even),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
