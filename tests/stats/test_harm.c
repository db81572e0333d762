/* Class priors, label keeping and the verdict on adapting, against scipy and numpy, published
 * intervals, and in cases that have one answer. */
#include "labelfree_data.h"
#include "memory.h"
#include "text.h"

#include <omp.h>

/* ---- class priors ---------------------------------------------------------------------------- */

static void priors_match(void **state) {
  (void)state;
  xs_labelled_outputs source = source_outputs();
  xs_outputs target = outputs(TARGET);
  double prior[CLASSES], bbse[CLASSES], em[CLASSES];
  assert_int_equal(xs_source_prior(&source, prior), XS_OK);
  assert_int_equal(xs_bbse(&source, &target, bbse), XS_OK);
  assert_int_equal(xs_prior_em(&target, prior, em), XS_OK);
  for (int k = 0; k < CLASSES; k++) {
    assert_near(prior[k], expected_of("source_prior", k), 1e-10);
    assert_near(bbse[k], expected_of("bbse", k), 1e-10);
    assert_near(em[k], expected_of("em", k), 1e-7);
  }
}

/* Source images repeated by class: the confusion stays, and the prior is found exactly. */
static void bbse_finds_repeated_classes(void **state) {
  (void)state;
  xs_labelled_outputs source = source_outputs();
  float *logit = memory_new(MOST * CLASSES * CLASSES * sizeof *logit);
  xs_outputs target = {.classes = CLASSES, .logit = logit};
  double count[CLASSES] = {0}, prior[CLASSES];
  for (int64_t i = 0; i < source.of.n; i++) {
    for (int r = 0; r <= source.label[i]; r++) {
      memcpy(logit + target.n++ * CLASSES, source.of.logit + i * CLASSES, CLASSES * sizeof *logit);
      count[source.label[i]]++;
    }
  }
  assert_int_equal(xs_bbse(&source, &target, prior), XS_OK);
  for (int k = 0; k < CLASSES; k++) assert_near(prior[k], count[k] / (double)target.n, 1e-12);
  free(logit);
}

static void prior_comparison_matches(void **state) {
  (void)state;
  xs_labelled_outputs source = source_outputs();
  xs_outputs target = outputs(TARGET);
  xs_interval d[CLASSES];
  xs_prior_mismatch m;
  assert_int_equal(xs_prior_compare(&source, &target, 20000, 3, d, &m), XS_OK);
  assert_near(m.chi_square, expected("chi_square"), 1e-10);
  assert_near(m.p, expected("mismatch_p"), 0.015);
  assert_false(m.mismatch);
  assert_near(m.distance.value, expected("distance"), 1e-10);
  assert_near(m.distance.high - m.distance.value, expected("distance_margin"), 0.008);
  assert_near(m.distance.low, 0, 0);
  assert_int_equal(m.largest, 0);
  for (int k = 0; k < CLASSES; k++) {
    assert_near(d[k].value, expected_of("difference", k), 1e-10);
    assert_near(d[k].low, expected_of("difference_low", k), 0.008);
    assert_near(d[k].high, expected_of("difference_high", k), 0.008);
  }
  assert_int_equal(xs_prior_compare(&source, &target, 1, 3, d, &m), XS_USAGE);
}

/* 400 images that are always right, of which the target has other shares. */
static void mismatch_is_seen(void **state) {
  (void)state;
  float logit[400 * 2] = {0}, shifted[400 * 2] = {0};
  int32_t label[400];
  for (int i = 0; i < 400; i++) {
    label[i] = i % 2;
    logit[2 * i + label[i]] = shifted[2 * i + (i % 5 == 0)] = 1;
  }
  xs_labelled_outputs source = {{.n = 400, .classes = 2, .logit = logit}, label};
  xs_outputs same = source.of, other = {.n = 400, .classes = 2, .logit = shifted};
  xs_interval d[2];
  xs_prior_mismatch m;
  assert_int_equal(xs_prior_compare(&source, &other, 999, 1, d, &m), XS_OK);
  assert_true(m.mismatch);
  assert_near(m.p, 0.001, 1e-15);
  assert_near(m.distance.value, 0.3, 1e-12);
  assert_true(d[1].high < 0 && d[0].low > 0 && m.distance.low > 0.2);
  assert_int_equal(xs_prior_compare(&source, &same, 999, 1, d, &m), XS_OK);
  assert_near(m.p, 1, 0);
}

static void same_for_any_threads(void **state) {
  (void)state;
  xs_labelled_outputs source = source_outputs();
  xs_outputs target = outputs(TARGET);
  xs_interval d[2][CLASSES];
  xs_prior_mismatch m[2];
  const int threads = omp_get_max_threads();
  for (int i = 0; i < 2; i++) {
    omp_set_num_threads(i ? 3 : 1);
    memset(&m[i], 0, sizeof m[i]);
    xs_prior_compare(&source, &target, 200, 3, d[i], &m[i]);
  }
  omp_set_num_threads(threads);
  assert_memory_equal(d[0], d[1], sizeof d[0]);
  assert_true(m[0].p == m[1].p && m[0].distance.high == m[1].distance.high);
}

static void singular_confusion_is_refused(void **state) {
  (void)state;
  float one[40 * 2] = {0}, chance[40 * 2] = {0};
  int32_t label[40];
  for (int i = 0; i < 40; i++) {
    label[i] = i % 2;
    one[2 * i] = 1;
    chance[2 * i + (i / 2 + i / 8) % 2] = 1;
  }
  double prior[2];
  xs_labelled_outputs source = {{.n = 40, .classes = 2, .logit = one}, label};
  assert_int_equal(xs_bbse(&source, &source.of, prior), XS_FAILED);
  assert_non_null(strstr(xs_message(), "near singular"));
  source.of.logit = chance;
  assert_int_equal(xs_bbse(&source, &source.of, prior), XS_FAILED);
  assert_non_null(strstr(xs_message(), "near singular"));
  source.of.n = 1;
  assert_int_equal(xs_bbse(&source, &source.of, prior), XS_FAILED);
  assert_non_null(strstr(xs_message(), "class 1 has no image"));
  xs_source_prior(&source, prior);
  assert_int_equal(xs_prior_em(&source.of, prior, prior), XS_FAILED);
}

/* Two of three right is not known to be better than chance from 3 images a class, but from 300. */
static void few_source_images_are_refused(void **state) {
  (void)state;
  float logit[600 * 2] = {0};
  int32_t label[600];
  for (int i = 0; i < 600; i++) {
    label[i] = i % 2;
    logit[2 * i + (i / 2 % 3 == 0 ? 1 - i % 2 : i % 2)] = 1;
  }
  double prior[2];
  xs_labelled_outputs source = {{.n = 6, .classes = 2, .logit = logit}, label};
  assert_int_equal(xs_bbse(&source, &source.of, prior), XS_FAILED);
  source.of.n = 600;
  assert_int_equal(xs_bbse(&source, &source.of, prior), XS_OK);
  assert_near(prior[0], 0.5, 1e-12);
}

/* ---- label keeping --------------------------------------------------------------------------- */

static void keeping_matches(void **state) {
  (void)state;
  xs_labelled_outputs source = source_outputs();
  xs_interval kept[CLASSES + 1];
  assert_int_equal(xs_label_keeping(&source, &kept[0], kept + 1), XS_OK);
  for (int k = 0; k <= CLASSES; k++) {
    assert_near(kept[k].value, expected_of("kept", k - 1), 1e-10);
    assert_near(kept[k].low, expected_of("kept_low", k - 1), 1e-10);
    assert_near(kept[k].high, expected_of("kept_high", k - 1), 1e-10);
  }
  int64_t index[5], found;
  double loss[5];
  assert_int_equal(xs_worst_images(&source, 5, index, loss, &found), XS_OK);
  assert_int_equal(found, 5);
  for (int i = 0; i < 5; i++) {
    assert_int_equal(index[i], expected_of("worst", i));
    assert_near(loss[i], expected_of("worst_loss", i), 1e-10);
  }
}

/* Ten copies of every image in one group carry no more information than one. */
static void copies_do_not_narrow(void **state) {
  (void)state;
  float logit[400 * 2] = {0};
  int32_t label[400] = {0};
  uint64_t group[400];
  for (int i = 0; i < 400; i++) {
    logit[2 * i + (i % 40 < 12)] = 1;
    group[i] = (uint64_t)(i % 40) * 31;
  }
  xs_labelled_outputs x = {{.n = 400, .classes = 2, .logit = logit, .group = group}, label};
  xs_interval grouped, single, class[2];
  assert_int_equal(xs_label_keeping(&x, &grouped, class), XS_OK);
  assert_true(isnan(class[1].value) && isnan(class[1].low));
  x.of.n = 40;
  assert_int_equal(xs_label_keeping(&x, &single, class), XS_OK);
  assert_near(single.low, xs_wilson(0.7, 40).low, 1e-12);
  assert_near(grouped.low, single.low, 0.003);
  assert_near(grouped.high, single.high, 0.003);
}

/* Equal losses by index, unknown labels left out, fewer images than asked for. */
static void worst_of_few(void **state) {
  (void)state;
  const float logit[] = {0, 1, 0, 9, 0, 1, 0, 5};
  const int32_t label[] = {0, -1, 0, 0};
  xs_labelled_outputs x = {{.n = 4, .classes = 2, .logit = logit}, label};
  int64_t index[9], found;
  assert_int_equal(xs_worst_images(&x, 9, index, NULL, &found), XS_OK);
  assert_int_equal(found, 3);
  assert_true(index[0] == 3 && index[1] == 0 && index[2] == 2);
}

/* scipy, and Newcombe 1998 (Statistics in Medicine 17:857), table I: 81 of 263. */
static void wilson_intervals(void **state) {
  (void)state;
  const int k[] = {15, 0, 29}, n[] = {148, 20, 29};
  for (int i = 0; i < 3; i++) {
    xs_interval w = xs_wilson((double)k[i] / n[i], n[i]);
    char *low = text_format("wilson_low_%d_%d", k[i], n[i]);
    char *high = text_format("wilson_high_%d_%d", k[i], n[i]);
    assert_near(w.low, expected(low), 1e-10);
    assert_near(w.high, expected(high), 1e-10);
    free(low);
    free(high);
  }
  for (int m = 1; m < 200; m++) {
    assert_true(xs_wilson(0, m).low == 0);
    assert_true(xs_wilson(1, m).high == 1);
  }
  assert_near(xs_wilson(81.0 / 263, 263).low, 0.2553, 0.00005);
  assert_near(xs_wilson(81.0 / 263, 263).high, 0.3662, 0.00005);
}

/* ---- the verdict ----------------------------------------------------------------------------- */

static const xs_interval unknown = {NAN, NAN, NAN};

static xs_judgement judge(xs_interval before, xs_interval after, xs_interval keeping,
                          xs_interval worst, const xs_prior_mismatch *priors) {
  xs_judgement j;
  xs_evidence e = {before, after, unknown, keeping, worst, priors, 0};
  xs_status status = xs_judge(&e, &j);
  assert_int_equal(status, j.outlook == XS_HURTS ? XS_HARM : XS_OK);
  return j;
}

static bool has(const xs_judgement *j, xs_reason r) {
  for (int i = 0; i < j->reasons; i++) {
    if (j->reason[i] == r) return true;
  }
  return false;
}

/* Newcombe 1998 (Statistics in Medicine 17:873), table II, method 10: 56 of 70 and 48 of 80. */
static void interval_of_change(void **state) {
  (void)state;
  xs_judgement j =
      judge(xs_wilson(48.0 / 80, 80), xs_wilson(56.0 / 70, 70), unknown, unknown, NULL);
  assert_near(j.change.value, 0.2, 1e-12);
  assert_near(j.change.low, 0.0524, 0.00005);
  assert_near(j.change.high, 0.3339, 0.00005);
}

static void verdicts(void **state) {
  (void)state;
  const xs_interval low = {0.6, 0.55, 0.65}, high = {0.9, 0.85, 0.95}, few = {0.4, 0.35, 0.5};
  const xs_interval rare = {0.1, 0, 0.2};
  const xs_prior_mismatch small = {.distance = {0.1, 0, 0.2}, .mismatch = true};
  const xs_prior_mismatch large = {.distance = {0.3, 0.2, 0.4}, .mismatch = true};
  const xs_prior_mismatch none = {.distance = {0.3, 0, 0.6}, .mismatch = false};
  const struct {
    xs_interval before, after, keeping, worst;
    const xs_prior_mismatch *priors;
    xs_outlook outlook;
    int reasons;
    xs_reason reason;
  } row[] = {
      {low, high, unknown, unknown, NULL, XS_HELPS, 1, XS_PREDICTED_GAIN},
      {high, low, unknown, unknown, NULL, XS_HURTS, 1, XS_PREDICTED_LOSS},
      {low, low, high, unknown, NULL, XS_UNCLEAR, 1, XS_NO_CLEAR_CHANGE},
      {low, high, few, unknown, NULL, XS_UNCLEAR, 2, XS_LABELS_LOST},
      {low, low, few, unknown, NULL, XS_HURTS, 2, XS_LABELS_LOST},
      {low, high, high, rare, NULL, XS_UNCLEAR, 2, XS_CLASS_LOST},
      {low, low, high, rare, NULL, XS_UNCLEAR, 2, XS_CLASS_LOST},
      {low, high, high, few, NULL, XS_HELPS, 1, XS_PREDICTED_GAIN},
      {low, high, high, low, &small, XS_HELPS, 2, XS_PRIORS_DIFFER},
      {low, high, high, low, &large, XS_UNCLEAR, 3, XS_PRIORS_OUTWEIGH},
      {low, high, high, low, &none, XS_HELPS, 1, XS_PREDICTED_GAIN},
      {high, low, few, rare, &large, XS_HURTS, 4, XS_PRIORS_DIFFER},
  };
  for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
    xs_judgement j =
        judge(row[i].before, row[i].after, row[i].keeping, row[i].worst, row[i].priors);
    assert_int_equal(j.outlook, row[i].outlook);
    assert_int_equal(j.reasons, row[i].reasons);
    assert_true(has(&j, row[i].reason));
    for (int k = 0; k < j.reasons && j.outlook == XS_HURTS; k++) {
      assert_non_null(strstr(xs_message(), xs_reason_text(j.reason[k])));
    }
  }
  xs_judgement j;
  xs_evidence e = {low, low, {0.1, 0.05, 0.15}, unknown, unknown, NULL, 0};
  assert_int_equal(xs_judge(&e, &j), XS_OK);
  assert_true(j.outlook == XS_HELPS && j.change.low > 0);
  e = (xs_evidence){unknown, high, unknown, unknown, unknown, NULL, 0};
  assert_int_equal(xs_judge(&e, &j), XS_USAGE);
  assert_non_null(strstr(xs_message(), "before"));
  e = (xs_evidence){low, high, unknown, unknown, unknown, NULL, 1}; /* a gain, but struck out */
  assert_int_equal(xs_judge(&e, &j), XS_HARM);
  assert_true(has(&j, XS_STRUCK_OUT) && has(&j, XS_PREDICTED_GAIN));
  assert_string_equal(xs_outlook_word(XS_HURTS), "hurts");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(priors_match),
      cmocka_unit_test(bbse_finds_repeated_classes),
      cmocka_unit_test(prior_comparison_matches),
      cmocka_unit_test(mismatch_is_seen),
      cmocka_unit_test(same_for_any_threads),
      cmocka_unit_test(singular_confusion_is_refused),
      cmocka_unit_test(few_source_images_are_refused),
      cmocka_unit_test(keeping_matches),
      cmocka_unit_test(copies_do_not_narrow),
      cmocka_unit_test(worst_of_few),
      cmocka_unit_test(wilson_intervals),
      cmocka_unit_test(interval_of_change),
      cmocka_unit_test(verdicts),
  };
  return cmocka_run_group_tests(tests, load_golden, NULL);
}
