/* How often 95 % intervals of few images hold the true value: binormal scores with a fixed seed.
 * `test_coverage PART TRIALS` prints a table of bench/coverage.md instead. */
#include "auc_interval.h"
#include "memory.h"
#include "random.h"
#include "xsite.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_IMAGES = 1200, MOST_CLASSES = 3 };

typedef struct design { /* of a simulated test set */
  int patients, images; /* images of each patient */
  int classes;
  double share;      /* of patients (mixed: of images) with the finding; of several classes equal */
  bool mixed;        /* images of a patient have labels of their own */
  double auc, other; /* true; other: of a second classifier, 0: none */
  double within;     /* correlation of the scores of a patient's images, one label each */
} design;

typedef struct sample {
  int n;
  float a[MOST_IMAGES * MOST_CLASSES], b[MOST_IMAGES * MOST_CLASSES];
  int32_t label[MOST_IMAGES];
  uint64_t group[MOST_IMAGES];
} sample;

typedef struct outcome {
  int trials, below, above; /* the interval lies below the truth, above it */
  int newcombe;
  double width;
} outcome;

/* Standard normal, a pure function of its arguments. */
static double normal(uint64_t trial, uint64_t stream, uint64_t i) {
  const double u = 1 - (double)random_uniform(20, stream, trial, 2 * i);
  const double v = (double)random_uniform(20, stream, trial, 2 * i + 1);
  return sqrt(-2 * log(u)) * cos(2 * acos(-1) * v);
}

/* Of patient p's image i, in channel c: correlated within the patient. */
static double noise(const design *d, uint64_t trial, uint64_t c, int p, int i) {
  const uint64_t image = (uint64_t)(p * d->images + i);
  return sqrt(d->within) * normal(trial, 4 * c, (uint64_t)p) +
         sqrt(1 - d->within) * normal(trial, 4 * c + 1, image);
}

static double quantile(double p) { /* of the standard normal, by bisection */
  double low = -9, high = 9;
  for (int i = 0; i < 60; i++) {
    const double t = (low + high) / 2;
    *(erfc(-t / sqrt(2)) / 2 < p ? &low : &high) = t;
  }
  return low;
}

static int32_t label_of(const design *d, uint64_t trial, int p, int i) {
  const int few = (int)fmax(2, round(d->share * d->patients));
  if (d->classes > 2) return p % d->classes;
  if (!d->mixed) return p < few;
  const uint64_t image = (uint64_t)(p * d->images + i);
  return image < 2 ? (int32_t)image : random_uniform(21, 0, trial, image) < (float)d->share;
}

/* Two classes: a score's shift for the finding.  More: a logit's for its own class, so that of
 * every pair of classes' log odds none is exactly binormal; the truth is then simulated too. */
static void draw(const design *d, uint64_t trial, sample *s) {
  const double shift = sqrt(2) * quantile(d->auc);
  const double other = d->other > 0 ? sqrt(2) * quantile(d->other) : 0;
  const double shared = 0.6; /* of the two classifiers' noise */
  s->n = 0;
  for (int p = 0; p < d->patients; p++) {
    for (int i = 0; i < d->images; i++) {
      const int32_t label = s->label[s->n] = label_of(d, trial, p, i);
      s->group[s->n] = (uint64_t)p;
      for (int k = 0; k < d->classes; k++) {
        const bool moved = k == label && (k || d->classes > 2), still = !k && d->classes == 2;
        const double one = still ? 0 : noise(d, trial, (uint64_t)(3 * k), p, i);
        const double two = still ? 0 : noise(d, trial, (uint64_t)(3 * k + 1), p, i);
        s->a[s->n * d->classes + k] = (float)(one + (moved ? shift : 0));
        s->b[s->n * d->classes + k] =
            (float)(sqrt(shared) * one + sqrt(1 - shared) * two + (moved ? other : 0));
      }
      s->n++;
    }
  }
}

static xs_difference interval_of(const design *d, const sample *s) {
  labelled t;
  assert_int_equal(labelled_make(&t, "AUC", s->label, s->group, s->n, d->classes), XS_OK);
  ranking_set a, b;
  ranking_set_make(&a, s->a, s->label, d->classes, t.kept, t.n, t.unit);
  ranking_set_make(&b, s->b, s->label, d->classes, t.kept, t.n, t.unit);
  const xs_difference x = auc_interval(&t, &a, d->other > 0 ? &b : NULL, 300, 1);
  ranking_set_release(&a);
  ranking_set_release(&b);
  labelled_release(&t);
  return x;
}

/* The mean of many large samples where no formula is at hand. */
static double truth_of(const design *d) {
  if (d->classes == 2) return d->other > 0 ? d->other - d->auc : d->auc;
  design large = *d;
  large.patients = 399;
  large.images = 1;
  sample *s = memory_new(sizeof *s);
  double sum = 0;
  for (uint64_t i = 0; i < 200; i++) {
    draw(&large, 1000000 + i, s);
    const double a = xs_auc(s->a, s->label, s->n, d->classes);
    sum += d->other > 0 ? xs_auc(s->b, s->label, s->n, d->classes) - a : a;
  }
  free(s);
  return sum / 200;
}

static outcome simulate(const design *d, int trials) {
  outcome o = {.trials = trials};
  const double truth = truth_of(d);
  sample *s = memory_new(sizeof *s);
  for (int i = 0; i < trials; i++) {
    draw(d, (uint64_t)i, s);
    const xs_difference x = interval_of(d, s);
    assert_true(x.low <= x.value && x.value <= x.high);
    o.below += x.high < truth;
    o.above += x.low > truth;
    o.newcombe += x.interval == XS_NEWCOMBE;
    o.width += (x.high - x.low) / trials;
  }
  free(s);
  return o;
}

static double coverage(const outcome *o) { return 100 - 100.0 * (o->below + o->above) / o->trials; }

/* ---- the table ---------------------------------------------------------------------------------
 */

static void print_row(const design *d, int trials) {
  const outcome o = simulate(d, trials);
  printf("| %d | %d | %s | %s | %g | %g%s", d->patients, d->images,
         d->classes > 2  ? "three classes"
         : d->share > .4 ? "half"
         : d->share > .2 ? "a quarter"
                         : "a tenth",
         d->mixed ? "own" : "one", d->within, 100 * d->auc, "");
  if (d->other > 0) printf(" against %g", 100 * d->other);
  printf(" | %.1f | %.1f | %.1f | %.1f | %.0f |\n", coverage(&o), 100.0 * o.below / trials,
         100.0 * o.above / trials, 100 * o.width, 100.0 * o.newcombe / trials);
  fflush(stdout);
}

static void print_table(const char *part, int trials) {
  static const int patients[] = {20, 40, 100, 200, 400};
  static const double auc[] = {0.7, 0.9, 0.97, 0.99}, other[] = {0.8, 0.9, 0.9, 0.97};
  static const double share[] = {0.5, 0.1};
  static const struct {
    int images;
    bool mixed;
    double within;
  } shape[] = {{1, false, 0}, {3, false, 0}, {3, false, 0.5}, {3, false, 0.9}, {3, true, 0.5}};
  puts("| patients | images each | with the finding | labels of a patient | correlation | AUC | "
       "coverage | too low | too high | width | Newcombe |\n"
       "|---|---|---|---|---|---|---|---|---|---|---|");
  for (int p = 0; p < 5 && strcmp(part, "classes") != 0; p++) {
    for (int s = 0; s < 5; s++) {
      for (int h = 0; h < 2; h++) {
        for (int a = 0; a < 4; a++) {
          if (patients[p] == 400 && s > 0) continue;
          print_row(&(design){patients[p], shape[s].images, 2, share[h], shape[s].mixed, auc[a],
                              strcmp(part, "pairs") == 0 ? other[a] : 0, shape[s].within},
                    trials);
        }
      }
    }
  }
  for (int p = 0; p < 4 && strcmp(part, "classes") == 0; p++) {
    for (int a = 0; a < 8; a++) {
      print_row(&(design){patients[p], 1 + 2 * (p % 2), 3, 0.33, false, auc[a / 2],
                          a % 2 ? auc[a / 2] - 0.05 : 0, 0.5},
                trials);
    }
  }
}

/* ---- cells of it -------------------------------------------------------------------------------
 */

enum { TRIALS = 300 };

/* At least 93 % but for what chance takes away in so few trials; at most `most`. */
static void check_cell(const design *d, double most) {
  const outcome o = simulate(d, TRIALS);
  const double found = coverage(&o), least = 93 - 2.6 * sqrt(93.0 * 7 / TRIALS);
  if (found < least || found > most) {
    print_error("%d patients, %d images each, AUC %g against %g: coverage %.1f\n", d->patients,
                d->images, d->auc, d->other, found);
  }
  assert_true(found >= least && found <= most);
}

static void few_patients(void **state) {
  (void)state;
  static const double auc[] = {0.7, 0.9, 0.97, 0.99}, share[] = {0.5, 0.1};
  static const int patients[] = {20, 60, 100};
  for (int p = 0; p < 3; p++) {
    for (int h = 0; h < 2; h++) {
      for (int a = 0; a < 4; a++) {
        check_cell(&(design){patients[p], 1, 2, share[h], false, auc[a], 0, 0}, 99.7);
      }
    }
  }
}

static void several_images_a_patient(void **state) {
  (void)state;
  static const double auc[] = {0.7, 0.9, 0.97, 0.99}, within[] = {0, 0.9};
  for (int a = 0; a < 4; a++) {
    for (int w = 0; w < 2; w++) {
      check_cell(&(design){20 + 20 * w, 3, 2, a % 2 ? 0.5 : 0.1, false, auc[a], 0, within[w]},
                 99.7);
    }
    check_cell(&(design){40, 3, 2, 0.5, true, auc[a], 0, 0.5}, 99.7);
  }
}

/* Where neither classifier errs, as is usual in samples of few, no interval leaves the truth out.
 */
static void differences(void **state) {
  (void)state;
  static const double auc[] = {0.7, 0.9, 0.97, 0.99}, other[] = {0.8, 0.9, 0.9, 0.97};
  for (int a = 0; a < 4; a++) {
    check_cell(&(design){20, 1, 2, 0.5, false, auc[a], other[a], 0}, 100);
    check_cell(&(design){40, 3, 2, 0.5, false, auc[a], other[a], 0.5}, 100);
    check_cell(&(design){60, 1, 2, 0.1, false, auc[a], other[a], 0}, 100);
  }
}

static void several_classes(void **state) {
  (void)state;
  static const double auc[] = {0.7, 0.9, 0.99};
  for (int a = 0; a < 3; a++) {
    check_cell(&(design){30, 1, 3, 0.33, false, auc[a], 0, 0}, 99.7);
    check_cell(&(design){30, 3, 3, 0.33, false, auc[a], auc[a] - 0.05, 0.5}, 100);
  }
}

/* Above the switch: percentiles. */
static void many_patients(void **state) {
  (void)state;
  check_cell(&(design){400, 1, 2, 0.5, false, 0.7, 0, 0}, 99.7);
  check_cell(&(design){400, 1, 2, 0.5, false, 0.9, 0, 0}, 99.7);
  check_cell(&(design){400, 1, 2, 0.5, false, 0.7, 0.8, 0}, 99.7);
}

int main(int argc, char **argv) {
  if (argc > 2) {
    print_table(argv[1], atoi(argv[2]));
    return 0;
  }
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(few_patients),  cmocka_unit_test(several_images_a_patient),
      cmocka_unit_test(differences),   cmocka_unit_test(several_classes),
      cmocka_unit_test(many_patients),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
