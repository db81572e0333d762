/* Whether a classifier can be used at a site: the four verdicts and the number of images to label,
 * against a published standard error and rules worked out by hand. */
#include "xsite.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Hanley and McNeil 1982, their example: area 0.893 of 51 abnormal and 58 normal images has a
 * standard error of 0.032. */
static void width_is_the_published_one(void **state) {
  (void)state;
  const double error = xs_auc_half_width(0.893, 51.0 / 109, 109) / 1.959963984540054;
  assert_true(fabs(error - 0.032) < 0.001);
}

static void width_needs_both_classes(void **state) {
  (void)state;
  assert_true(isinf(xs_auc_half_width(0.8, 0.1, 9)));
  assert_true(isfinite(xs_auc_half_width(0.8, 0.1, 10)));
  assert_int_equal(xs_images_for_auc(1, 0.5, 0.05), 0);
  assert_int_equal(xs_images_for_auc(0.8, 0, 0.05), 0);
  assert_int_equal(xs_images_for_auc(0.8, 0.5, 0), 0);
  assert_int_equal(xs_images_for_auc(NAN, 0.5, 0.05), 0);
}

/* The least number: one image less is too few. */
static void images_are_the_least(void **state) {
  (void)state;
  for (double auc = 0.55; auc < 1; auc += 0.1) {
    for (double share = 0.05; share < 1; share += 0.2) {
      const int64_t n = xs_images_for_auc(auc, share, 0.05);
      assert_true(xs_auc_half_width(auc, share, (double)n) <= 0.05);
      assert_true(xs_auc_half_width(auc, share, (double)(n - 1)) > 0.05);
    }
  }
}

static xs_verdict_evidence measured(xs_interval internal, xs_interval external) {
  const xs_interval unknown = {NAN, NAN, NAN};
  return (xs_verdict_evidence){.internal = internal,
                               .external = {external, 0.6, 0.5},
                               .adapted = {unknown, NAN, NAN},
                               .gain = unknown,
                               .least = 0.7,
                               .margin = 0.05,
                               .images = 100,
                               .positive = 0.5};
}

static void adapt(xs_verdict_evidence *e, xs_interval auc, xs_interval gain) {
  e->adapted = (xs_verdict_classifier){auc, 0.6, 0.5};
  e->gain = gain;
}

static const xs_interval good = {0.95, 0.94, 0.96};

static void a_loss_within_the_margin_is_used(void **state) {
  (void)state;
  xs_verdict_evidence e = measured(good, (xs_interval){0.94, 0.92, 0.95});
  assert_int_equal(xs_verdict_of(&e).kind, XS_USE_IT); /* loss 0.01 (-0.004 to 0.032) */
  assert_int_equal(xs_verdict_of(&e).label, 0);
  e.external.auc.low = 0.88; /* 0.01 to 0.071 */
  assert_int_equal(xs_verdict_of(&e).kind, XS_CANNOT_TELL);
  assert_true(xs_verdict_of(&e).label > 100);
  /* 0.035 now; it falls with the root of their number, and is not the margin. */
  assert_true(fabs(xs_verdict_of(&e).within - 0.35 / sqrt((double)xs_verdict_of(&e).label)) < 1e-9);
}

static void a_loss_beyond_the_margin_is_not(void **state) {
  (void)state;
  xs_verdict_evidence e = measured(good, (xs_interval){0.77, 0.74, 0.80});
  assert_int_equal(xs_verdict_of(&e).kind, XS_DO_NOT_USE);
  assert_int_equal(xs_verdict_of(&e).label, 110); /* more than the 100 at hand */
  adapt(&e, (xs_interval){0.865, 0.85, 0.88}, (xs_interval){0.095, 0.08, 0.11});
  assert_int_equal(xs_verdict_of(&e).kind, XS_DO_NOT_USE); /* better, and still far off */
  adapt(&e, (xs_interval){0.945, 0.93, 0.955}, (xs_interval){0.175, 0.16, 0.19});
  assert_int_equal(xs_verdict_of(&e).kind, XS_USE_ADAPTED);
  adapt(&e, (xs_interval){0.91, 0.86, 0.95}, (xs_interval){0.14, 0.1, 0.18});
  assert_int_equal(xs_verdict_of(&e).kind, XS_CANNOT_TELL);
}

/* A classifier that is good enough as it is is not changed for a gain that may be chance. */
static void what_works_is_left(void **state) {
  (void)state;
  xs_verdict_evidence e = measured(good, (xs_interval){0.95, 0.93, 0.96});
  adapt(&e, (xs_interval){0.955, 0.94, 0.965}, (xs_interval){0.005, -0.004, 0.014});
  assert_int_equal(xs_verdict_of(&e).kind, XS_USE_IT);
  e.gain.low = 0.001;
  assert_int_equal(xs_verdict_of(&e).kind, XS_USE_ADAPTED);
}

static void one_class_is_no_classifier(void **state) {
  (void)state;
  xs_verdict_evidence e = measured(good, (xs_interval){0.95, 0.93, 0.96});
  e.external.one_class = 0.97;
  assert_true(xs_calls_one_class(&e.external));
  assert_int_equal(xs_verdict_of(&e).kind, XS_DO_NOT_USE);
  e.external.most_common = 0.96; /* as it is in truth */
  assert_false(xs_calls_one_class(&e.external));
  assert_int_equal(xs_verdict_of(&e).kind, XS_USE_IT);
}

/* As good as at home is not enough where it is no good at home. */
static void little_more_than_guessing_is_no_classifier(void **state) {
  (void)state;
  xs_verdict_evidence e = measured((xs_interval){0.6, 0.58, 0.62}, (xs_interval){0.6, 0.58, 0.62});
  assert_int_equal(xs_verdict_of(&e).kind, XS_DO_NOT_USE);
  e.external.auc = (xs_interval){0.69, 0.65, 0.73};
  assert_int_equal(xs_verdict_of(&e).kind, XS_CANNOT_TELL);
  e.internal = (xs_interval){0.75, 0.74, 0.76};
  e.external.auc = (xs_interval){0.74, 0.73, 0.75};
  assert_int_equal(xs_verdict_of(&e).kind, XS_USE_IT);
}

static void nothing_measured_cannot_be_told(void **state) {
  (void)state;
  const xs_interval unknown = {NAN, NAN, NAN};
  xs_verdict_evidence e = measured(good, unknown);
  e.images = 0;
  e.positive = NAN;
  assert_int_equal(xs_verdict_of(&e).kind, XS_CANNOT_TELL);
  assert_int_equal(xs_verdict_of(&e).label, 96); /* 48 of each class for 0.94 within 0.05 */
  e.internal = unknown;
  assert_int_equal(xs_verdict_of(&e).kind, XS_CANNOT_TELL);
  assert_true(xs_verdict_of(&e).label > 100);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(width_is_the_published_one),
      cmocka_unit_test(width_needs_both_classes),
      cmocka_unit_test(images_are_the_least),
      cmocka_unit_test(a_loss_within_the_margin_is_used),
      cmocka_unit_test(a_loss_beyond_the_margin_is_not),
      cmocka_unit_test(what_works_is_left),
      cmocka_unit_test(one_class_is_no_classifier),
      cmocka_unit_test(little_more_than_guessing_is_no_classifier),
      cmocka_unit_test(nothing_measured_cannot_be_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
