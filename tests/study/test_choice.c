/* Which adapted classifiers are struck out before a choice, and whether one was trained enough:
 * rules on numbers, in cases that have one answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "trained_enough.h"
#include "xsite.h"

enum { CLASSES = 2, ROOM = 3 * CLASSES + 3 };

static const double half[CLASSES] = {0.5, 0.5};

/* Nothing speaks against it. */
static xs_candidate_evidence sound(void) {
  return (xs_candidate_evidence){
      .classes = CLASSES, .share = half, .images = 100, .source = half, .em = half, .bbse = half};
}

static int strikes_of(xs_candidate_evidence e, xs_strike *strike) {
  memset(strike, 0, ROOM * sizeof *strike);
  return xs_strikes(&e, strike);
}

static void sound_ones_stay(void **state) {
  (void)state;
  xs_strike s[ROOM];
  xs_candidate_evidence e = sound();
  assert_int_equal(strikes_of(e, s), 0);
  const xs_interval kept[CLASSES] = {xs_wilson(0.6, 30), xs_wilson(0.45, 30)};
  e.keeping = e.recall = kept; /* 45 % of 30 may be half */
  assert_int_equal(strikes_of(e, s), 0);
  e.em = e.bbse = NULL;
  assert_int_equal(strikes_of(e, s), 0);
}

/* A translator that kept 0 of 29 labels of one class, and all 27 of the other. */
static void lost_class_strikes(void **state) {
  (void)state;
  xs_strike s[ROOM];
  const xs_interval kept[CLASSES] = {xs_wilson(0, 29), xs_wilson(1, 27)};
  xs_candidate_evidence e = sound();
  e.keeping = kept;
  assert_int_equal(strikes_of(e, s), 1);
  assert_true(s[0].kind == XS_STRIKE_KEEPING && s[0].of_class == 0);
  assert_true(s[0].seen.value < 1e-12 && s[0].seen.high > 0.11 && s[0].seen.high < 0.12);
  e.keeping = NULL;
  e.recall = kept;
  assert_int_equal(strikes_of(e, s), 1);
  assert_int_equal(s[0].kind, XS_STRIKE_RECALL);
  /* of ten classes 8 % may be guessing, and few images tell little */
  xs_interval ten[10];
  const double tenth[10] = {.1, .1, .1, .1, .1, .1, .1, .1, .1, .1};
  for (int k = 0; k < 10; k++) ten[k] = xs_wilson(0.08, 100);
  xs_strike many[32];
  e = (xs_candidate_evidence){
      .classes = 10, .keeping = ten, .share = tenth, .images = 100, .source = tenth};
  assert_int_equal(xs_strikes(&e, many), 0);
  ten[7] = xs_wilson(0.02, 100);
  assert_int_equal(xs_strikes(&e, many), 1);
  assert_int_equal(many[0].of_class, 7);
}

/* Every one of 54 images is called ill. */
static void empty_class_strikes(void **state) {
  (void)state;
  xs_strike s[ROOM];
  static const double ill[CLASSES] = {0, 1}, few_normal[CLASSES] = {0.05, 0.95},
                      some_normal[CLASSES] = {0.3, 0.7};
  xs_candidate_evidence e = sound();
  e.share = ill;
  e.images = 54;
  assert_int_equal(strikes_of(e, s), 1);
  assert_true(s[0].kind == XS_STRIKE_SHARE && s[0].of_class == 0);
  assert_true(s[0].seen.high < s[0].least && fabs(s[0].least - 0.125) < 1e-12);
  e.em = few_normal; /* one of two estimates says so: it may be */
  assert_int_equal(strikes_of(e, s), 0);
  e.em = some_normal;
  e.bbse = NULL;
  assert_int_equal(strikes_of(e, s), 1);
  e.images = 20; /* none of 20 may be one of eight */
  assert_int_equal(strikes_of(e, s), 0);
}

/* One whose method takes the shares to be those of the source; the others do not mind. */
static void other_shares_strike(void **state) {
  (void)state;
  xs_strike s[ROOM];
  const xs_interval distance = {0.3, 0.2, 0.4};
  xs_candidate_evidence e = sound();
  e.shifted = &distance;
  assert_int_equal(strikes_of(e, s), 1);
  assert_true(s[0].kind == XS_STRIKE_PRIORS && s[0].seen.low >= 0.2);
}

static void bounds_strike(void **state) {
  (void)state;
  xs_strike s[ROOM];
  xs_candidate_evidence e = sound();
  e.uncalibrated = e.untrained = true;
  assert_int_equal(strikes_of(e, s), 2);
  assert_int_equal(s[0].kind, XS_STRIKE_TEMPERATURE);
  assert_int_equal(s[1].kind, XS_STRIKE_TRAINING);
}

/* Answers that say the opposite of the labels have no temperature; others do. */
static void temperature_tells_its_bound(void **state) {
  (void)state;
  enum { N = 40 };
  float logit[2 * N];
  int32_t label[N];
  for (int i = 0; i < N; i++) {
    label[i] = i % 2;
    logit[2 * i] = 0;
    logit[2 * i + 1] = i % 2 ? -2 : 2;
  }
  xs_labelled_outputs x = {{.n = N, .classes = 2, .logit = logit}, label};
  xs_temperature t;
  assert_int_equal(xs_temperature_fit(&x, &t), XS_OK);
  assert_true(t.bounded && fabs(t.value - 100) < 1e-9);
  for (int i = 0; i < N; i++) label[i] = 1 - label[i];
  label[0] = 1 - label[0];
  label[1] = 1 - label[1];
  assert_int_equal(xs_temperature_fit(&x, &t), XS_OK);
  assert_true(!t.bounded && t.value < 100);
}

static void assert_trained(trained t, const char *complaint) {
  char *why = trained_complaint(&t);
  if (complaint) {
    assert_non_null(why);
    assert_non_null(strstr(why, complaint));
  } else {
    assert_null(why);
  }
  free(why);
}

static void training_is_judged(void **state) {
  (void)state;
  const trained sound_one = {.steps = 750, .epochs = 15, .best_epoch = 5, .train_auc = 0.95};
  assert_trained(sound_one, NULL);
  trained t = sound_one; /* 127 films, three steps an epoch, fifteen epochs */
  t.steps = 45;
  assert_trained(t, "45 updates");
  t.train_auc = 0.995; /* it knows its images */
  assert_trained(t, NULL);
  t = sound_one;
  t.best_epoch = 1;
  assert_trained(t, "first epoch");
  t.continued = true;
  assert_trained(t, NULL);
  t.train_auc = 0.6;
  assert_trained(t, "60.0");
  t = sound_one;
  t.train_auc = NAN;
  assert_trained(t, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sound_ones_stay),
      cmocka_unit_test(lost_class_strikes),
      cmocka_unit_test(empty_class_strikes),
      cmocka_unit_test(other_shares_strike),
      cmocka_unit_test(bounds_strike),
      cmocka_unit_test(training_is_judged),
      cmocka_unit_test(temperature_tells_its_bound),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
