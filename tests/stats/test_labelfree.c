/* Choosing among classifiers and predicting their accuracy without labels, against scipy,
 * scikit-learn and numpy, and in cases that have one answer; what every function without labels
 * refuses. */
#include "labelfree_data.h"
#include "memory.h"
#include "random.h"

#include <omp.h>

/* ---- choosing -------------------------------------------------------------------------------- */

static void criteria_match(void **state) {
  (void)state;
  xs_choice_data d = {
      .target = outputs(TARGET), .source = source_outputs(), .training = outputs(TRAINING)};
  int n;
  const xs_criterion *c = xs_criteria(&n);
  for (int i = 0; i < n; i++) {
    double value;
    if (strcmp(c[i].name, "ensemble") == 0) continue; /* is not of one candidate alone */
    assert_int_equal(c[i].value(&d, &value), XS_OK);
    assert_near(value, expected(c[i].name), strcmp(c[i].name, "dev") ? 1e-10 : 1e-6);
    assert_ptr_equal(xs_criterion_find(c[i].name), &c[i]);
  }
  assert_null(xs_criterion_find("auc"));
  for (int i = 0; i < n; i++) assert_non_null(strstr(xs_message(), c[i].name));
}

/* The terms' mean is the criterion; of two classifiers the mean difference has the error of a
 * paired sample, checked against a bootstrap of the images. */
static void information_has_terms(void **state) {
  (void)state;
  const xs_outputs x = outputs(TARGET);
  float *other = malloc((size_t)(x.n * x.classes) * sizeof *other);
  double *a = malloc((size_t)x.n * sizeof *a), *b = malloc((size_t)x.n * sizeof *b), mean = 0, im;
  for (int64_t i = 0; i < x.n * x.classes; i++) other[i] = 0.5F * x.logit[i];
  const xs_outputs y = {.n = x.n, .classes = x.classes, .logit = other};
  assert_int_equal(xs_information_terms(&x, a), XS_OK);
  assert_int_equal(xs_information_terms(&y, b), XS_OK);
  assert_int_equal(xs_mutual_information(&x, &im), XS_OK);
  for (int64_t i = 0; i < x.n; i++) mean += a[i] / (double)x.n;
  assert_near(mean, im, 1e-12);
  assert_near(xs_paired_error(a, a, x.n), 0, 1e-15);
  assert_true(isinf(xs_paired_error(a, b, 1)));
  double squares = 0;
  uint64_t draw = 1;
  for (int r = 0; r < 4000; r++) {
    double d = 0;
    for (int64_t i = 0; i < x.n; i++) {
      draw = draw * 6364136223846793005U + 1442695040888963407U;
      const int64_t k = (int64_t)((draw >> 33) % (uint64_t)x.n);
      d += (a[k] - b[k]) / (double)x.n;
    }
    double gap = 0;
    for (int64_t i = 0; i < x.n; i++) gap += (a[i] - b[i]) / (double)x.n;
    squares += (d - gap) * (d - gap) / 4000;
  }
  assert_near(sqrt(squares) / xs_paired_error(a, b, x.n), 1, 0.05);
  free(b);
  free(a);
  free(other);
}

/* Two unsure voters are outweighed by a sure one, but not where they are sure, too. */
static void the_ensemble_sums_probabilities(void **state) {
  (void)state;
  const float a[] = {0.1F, 0, 4, 0}, b[] = {0.1F, 0, 4, 0}, c[] = {0, 5, 0, 5};
  const float *const voter[] = {a, b, c};
  const double right[] = {0.5, 0.5, 0.5};
  float sum[4] = {0};
  for (int i = 0; i < 3; i++) {
    const xs_outputs x = {.n = 2, .classes = 2, .logit = voter[i]};
    assert_int_equal(xs_ensemble_add(&x, sum), XS_OK);
  }
  assert_near(sum[0] + sum[1], 3, 1e-6);
  assert_true(sum[1] > sum[0] && sum[2] > sum[3]);
  for (int i = 0; i < 3; i++) {
    const xs_choice_data d = {.target = {.n = 2, .classes = 2, .logit = voter[i]}, .ensemble = sum};
    double value;
    assert_int_equal(xs_criterion_find("ensemble")->value(&d, &value), XS_OK);
    assert_near(value, right[i], 1e-12);
  }
}

static void best_follows_direction(void **state) {
  (void)state;
  const double value[] = {NAN, 2, 1, 2, 1};
  assert_int_equal(xs_criterion_best(xs_criterion_find("im"), value, 5), 1);
  assert_int_equal(xs_criterion_best(xs_criterion_find("entropy"), value, 5), 2);
  assert_int_equal(xs_criterion_best(xs_criterion_find("dev"), value, 1), -1);
}

/* Certain and balanced: log 2 of information and no entropy; all rows alike: none. */
static void criteria_of_extremes(void **state) {
  (void)state;
  float sure[64 * 2] = {0}, same[64 * 2] = {0};
  for (int i = 0; i < 64; i++) {
    sure[2 * i + i % 2] = 200;
    same[2 * i] = 1;
  }
  xs_outputs a = {.n = 64, .classes = 2, .logit = sure}, b = {.n = 64, .classes = 2, .logit = same};
  double value;
  xs_mutual_information(&a, &value);
  assert_near(value, log(2), 1e-12);
  xs_mean_entropy(&a, &value);
  assert_near(value, 0, 1e-12);
  xs_nuclear_norm(&a, &value);
  assert_near(value, 1, 1e-12);
  xs_neighbourhood_density(&a, false, 0, 1, &value);
  assert_near(value, log(31), 1e-6); /* the 31 others of its class */
  xs_mutual_information(&b, &value);
  assert_near(value, 0, 1e-12);
  xs_neighbourhood_density(&b, false, 0, 1, &value);
  assert_near(value, log(63), 1e-12);
  xs_outputs one = {.n = 1, .classes = 2, .logit = same};
  assert_int_equal(xs_mutual_information(&one, &value), XS_OK);
  assert_near(value, 0, 1e-15);
  assert_int_equal(xs_nuclear_norm(&one, &value), XS_OK);
  assert_int_equal(xs_neighbourhood_density(&one, false, 0, 1, &value), XS_USAGE);
}

static void density_is_the_same_for_any_threads(void **state) {
  (void)state;
  xs_outputs x = outputs(TARGET);
  double one, three;
  const int threads = omp_get_max_threads();
  omp_set_num_threads(1);
  xs_neighbourhood_density(&x, false, 0, 1, &one);
  omp_set_num_threads(3);
  xs_neighbourhood_density(&x, false, 0, 1, &three);
  omp_set_num_threads(threads);
  assert_true(one == three);
}

static void density_draws_rows(void **state) {
  (void)state;
  xs_outputs x = outputs(TARGET);
  double all, most, few, again, other;
  xs_neighbourhood_density(&x, true, 0, 1, &all);
  xs_neighbourhood_density(&x, true, 1000, 2, &most);
  xs_neighbourhood_density(&x, true, 30, 1, &few);
  xs_neighbourhood_density(&x, true, 30, 1, &again);
  xs_neighbourhood_density(&x, true, 30, 2, &other);
  assert_true(all == most && few == again && few != other && few < all);
}

/* Where both sites are one, every weight is 1 and the risk is the source's error. */
static void risk_without_shift_is_error(void **state) {
  (void)state;
  xs_labelled_outputs source = source_outputs();
  xs_outputs training = outputs(TRAINING);
  double risk,
      accuracy = xs_accuracy(source.of.logit, source.label, source.of.n, source.of.classes);
  assert_int_equal(xs_importance_weighted_risk(&source, &training, &training, 0, 1, &risk), XS_OK);
  assert_near(risk, 1 - accuracy, 1e-9);
  training.width = 3;
  assert_int_equal(xs_importance_weighted_risk(&source, &training, &training, 0, 1, &risk),
                   XS_USAGE);
  training.feature = NULL;
  assert_int_equal(xs_importance_weighted_risk(&source, &training, &training, 0, 1, &risk),
                   XS_USAGE);
}

/* ---- predicted accuracy ---------------------------------------------------------------------- */

static void predictions_match(void **state) {
  (void)state;
  xs_prediction_data d = {
      .target = outputs(TARGET), .second = golden[TARGET].second, .source = source_outputs()};
  int n;
  const xs_predictor *p = xs_predictors(&n);
  for (int i = 0; i < n; i++) {
    double value;
    assert_int_equal(p[i].accuracy(&d, &value), XS_OK);
    assert_near(value, expected(p[i].name), 1e-10);
    assert_ptr_equal(xs_predictor_find(p[i].name), &p[i]);
  }
  assert_null(xs_predictor_find("oracle"));
  for (int i = 0; i < n; i++) assert_non_null(strstr(xs_message(), p[i].name));
}

/* On the source itself the threshold gives the source's accuracy, with any ties. */
static void atc_of_source_is_accuracy(void **state) {
  (void)state;
  xs_labelled_outputs x = source_outputs();
  float *tied = memory_new((size_t)(x.of.n * CLASSES) * sizeof *tied);
  for (int64_t i = 0; i < x.of.n * CLASSES; i++) tied[i] = roundf(x.of.logit[i] / 4) * 100;
  const float *logits[] = {x.of.logit, tied};
  for (int k = 0; k < 2; k++) {
    x.of.logit = logits[k];
    double accuracy = xs_accuracy(x.of.logit, x.label, x.of.n, CLASSES), value;
    for (int score = XS_ATC_CONFIDENCE; score <= XS_ATC_ENTROPY; score++) {
      assert_int_equal(xs_atc(&x, &x.of, (xs_atc_score)score, &value), XS_OK);
      assert_near(value, accuracy, 1e-12);
    }
    assert_int_equal(xs_confidence_difference(&x, &x.of, &value), XS_OK);
    assert_near(value, accuracy, 1e-12);
  }
  free(tied);
}

/* A source that is right though unsure, and a target that is sure: no more than all right. */
static void confidence_difference_is_a_share(void **state) {
  (void)state;
  const float unsure[] = {0, 0}, sure[] = {9, 0};
  xs_labelled_outputs source = {{.n = 1, .classes = 2, .logit = unsure}, (int32_t[]){0}};
  xs_outputs target = {.n = 1, .classes = 2, .logit = sure};
  double value;
  assert_int_equal(xs_confidence_difference(&source, &target, &value), XS_OK);
  assert_near(value, 1, 0);
}

/* Largest softmax outputs that both round to 1 still have an order. */
static void atc_of_saturated_outputs(void **state) {
  (void)state;
  const float source[] = {50, 0, 60, 0, 70, 0, 80, 0}, target[] = {65, 0, 75, 0, 85, 0, 55, 0};
  const int32_t label[] = {1, 1, 0, 0};
  xs_labelled_outputs s = {{.n = 4, .classes = 2, .logit = source}, label};
  xs_outputs t = {.n = 4, .classes = 2, .logit = target};
  double value;
  xs_atc(&s, &t, XS_ATC_CONFIDENCE, &value);
  assert_near(value, 0.5, 0);
  xs_atc(&s, &t, XS_ATC_ENTROPY, &value);
  assert_near(value, 0.5, 0);
  const int32_t wrong[] = {1, 1, 1, 1};
  s.label = wrong;
  xs_atc(&s, &t, XS_ATC_CONFIDENCE, &value);
  assert_near(value, 0, 0);
}

static void prediction_errors(void **state) {
  (void)state;
  double predicted[39], measured[39];
  for (int i = 0; i < 39; i++) {
    measured[i] = 0.5;
    predicted[i] = 0.5 + (i % 2 ? 0.01 : -0.01) * (i + 1); /* errors 0.01 .. 0.39 */
  }
  xs_prediction_error e;
  assert_int_equal(xs_prediction_calibrate(predicted, measured, 39, &e), XS_OK);
  assert_near(e.mean_absolute, 0.2, 1e-12);
  assert_near(e.margin, 0.38, 1e-12); /* the ceil(0.95 40) = 38-th of 39 */
  xs_interval i = xs_accuracy_interval(&e, 0.9);
  assert_near(i.low, 0.52, 1e-12);
  assert_near(i.high, 1, 0);
  i = xs_change_interval(&e, -0.8);
  assert_near(i.low, -1, 0);
  assert_near(i.high, -0.42, 1e-12);
  xs_prediction_calibrate(predicted, measured, 19, &e);
  assert_near(e.margin, 0.19, 1e-12);
  xs_prediction_calibrate(predicted, measured, 18, &e);
  assert_true(isinf(e.margin));
  assert_true(xs_change_interval(&e, 0.5).low <= -1 && xs_accuracy_interval(&e, 0.5).low <= 0);
  assert_int_equal(xs_prediction_calibrate(predicted, measured, 0, &e), XS_USAGE);
  predicted[3] = NAN;
  assert_int_equal(xs_prediction_calibrate(predicted, measured, 39, &e), XS_FAILED);
}

/* The interval covers 95 % of further errors of the same kind. */
static void margin_covers(void **state) {
  (void)state;
  int covered = 0;
  enum { TRIALS = 4000, N = 24 };
  for (uint64_t t = 0; t < TRIALS; t++) {
    double error[N + 1], truth[N] = {0};
    for (uint64_t i = 0; i <= N; i++) error[i] = pow(random_uniform(1, 2, t, i) - 0.5, 3);
    xs_prediction_error e;
    xs_prediction_calibrate(error, truth, N, &e);
    covered += fabs(error[N]) <= e.margin;
  }
  assert_near((double)covered / TRIALS, 24.0 / 25, 0.012); /* ceil(0.95 25) / 25; 4 sd */
}

/* ---- refusals -------------------------------------------------------------------------------- */

static void refuse(const float *logit, int64_t n, int classes, xs_status status) {
  const int32_t label[] = {0, 1};
  xs_labelled_outputs source = {{.n = n, .classes = classes, .width = 1, .logit = logit}, label};
  const float feature[] = {0, 1};
  source.of.feature = feature;
  xs_choice_data c = {
      .target = source.of, .source = source, .training = source.of, .ensemble = logit};
  xs_prediction_data p = {.target = source.of, .second = logit, .source = source};
  xs_interval kept, class[2];
  int64_t index, found, rows;
  int count;
  double value[2];
  const xs_criterion *criterion = xs_criteria(&count);
  for (rows = 0; rows < count; rows++) {
    if (strcmp(criterion[rows].name, "snd-features") == 0) continue; /* sees no logit */
    assert_int_equal(criterion[rows].value(&c, value), status);
  }
  const xs_predictor *predictor = xs_predictors(&count);
  for (rows = 0; rows < count; rows++) {
    assert_int_equal(predictor[rows].accuracy(&p, value), status);
  }
  assert_int_equal(xs_bbse(&source, &source.of, value), status);
  assert_int_equal(xs_source_prior(&source, value), status);
  assert_int_equal(xs_prior_em(&source.of, (double[]){0.5, 0.5}, value), status);
  assert_int_equal(xs_label_keeping(&source, &kept, class), status);
  assert_int_equal(xs_worst_images(&source, 1, &index, value, &found), status);
}

static void bad_input_is_refused(void **state) {
  (void)state;
  refuse((float[]){0, 1, INFINITY, 1}, 2, 2, XS_FAILED);
  assert_non_null(strstr(xs_message(), "image 1: logit 0"));
  refuse((float[]){0, NAN, 0, 1}, 2, 2, XS_FAILED);
  refuse((float[]){0, 1}, 2, 1, XS_USAGE);
  refuse((float[]){0, 1}, 0, 2, XS_USAGE);
  refuse(NULL, 2, 2, XS_USAGE);
  xs_outputs x = {.n = 2, .classes = 2, .width = 1, .feature = (float[]){0, -INFINITY}};
  double value;
  assert_int_equal(xs_neighbourhood_density(&x, true, 0, 1, &value), XS_FAILED);
  assert_non_null(strstr(xs_message(), "feature 0"));
  xs_labelled_outputs none = {outputs(SOURCE), NULL};
  assert_int_equal(xs_source_prior(&none, &value), XS_FAILED);
  assert_non_null(strstr(xs_message(), "known label"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(criteria_match),
      cmocka_unit_test(information_has_terms),
      cmocka_unit_test(the_ensemble_sums_probabilities),
      cmocka_unit_test(best_follows_direction),
      cmocka_unit_test(criteria_of_extremes),
      cmocka_unit_test(density_draws_rows),
      cmocka_unit_test(density_is_the_same_for_any_threads),
      cmocka_unit_test(risk_without_shift_is_error),
      cmocka_unit_test(predictions_match),
      cmocka_unit_test(atc_of_source_is_accuracy),
      cmocka_unit_test(confidence_difference_is_a_share),
      cmocka_unit_test(atc_of_saturated_outputs),
      cmocka_unit_test(prediction_errors),
      cmocka_unit_test(margin_covers),
      cmocka_unit_test(bad_input_is_refused),
  };
  return cmocka_run_group_tests(tests, load_golden, NULL);
}
