/* The parts of results.json from arrays alone, without a run: the numbers of scikit-learn, NumPy
 * and R's pROC (tests/golden) stand in them, each in its place. */
#include "result_parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "stats_file.h"

static const measure_settings settings = {
    .replicates = 2000, .seed = 7, .least_auc = 70, .margin = 5, .oracle = true};
static char *const class_name[] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};

/* Images of a golden test set, of whose groups every second is taken; which 2: all. */
static test_set images_of(const golden *g, const char *site, uint64_t which) {
  test_set t = {.site = site,
                .what = "test",
                .classes = g->classes,
                .label = memory_new((size_t)g->n * sizeof(int32_t)),
                .group = memory_new((size_t)g->n * sizeof(uint64_t))};
  for (int64_t i = 0; i < g->n; i++) {
    if (which < 2 && g->group[i] % 2 != which) continue;
    t.label[t.n] = g->label[i];
    t.group[t.n++] = g->group[i];
  }
  return t;
}

static test_answer answer_of(const golden *g, const char *node, const float *logit,
                             const test_set *t, uint64_t which) {
  const size_t row = (size_t)g->classes * sizeof(float);
  test_answer a = {.node = node, .on = t, .logit = memory_new((size_t)(g->n + 1) * row)};
  float *to = a.logit;
  for (int64_t i = 0; i < g->n; i++) {
    if (which < 2 && g->group[i] % 2 != which) continue;
    memcpy(to, logit + i * g->classes, row);
    to += g->classes;
  }
  assert_int_equal(answer_measure(&settings, &a), XS_OK);
  return a;
}

/* A pair whose unadapted classifier gives the logits a, and the adapted one b, as the ceiling does.
 */
typedef struct fixture {
  golden *g;
  test_set test;
  test_answer before, after, ceiling;
  pair_candidate candidate[2];
  pair_answers pair;
  pair_result result;
} fixture;

static void link_pair(fixture *f, json_t *choice) {
  f->candidate[0] = (pair_candidate){"none", "baseline-near", NULL, &f->before};
  f->candidate[1] = (pair_candidate){"shot", "adapted-shot-near-far", NULL, &f->after};
  f->pair = (pair_answers){.source = "near",
                           .target = "far",
                           .class_name = class_name,
                           .choice = choice,
                           .candidate = f->candidate,
                           .n = 2,
                           .chosen = 1,
                           .internal = &f->ceiling,
                           .external = &f->before,
                           .adapted = &f->after,
                           .external_test = &f->before,
                           .adapted_test = &f->after,
                           .ceiling = &f->ceiling,
                           .external_all = &f->before,
                           .labels = 1000,
                           .kept = NAN};
}

static void open_fixture(fixture *f, const char *name, int classes) {
  *f = (fixture){.g = load_golden(name, classes)};
  f->test = images_of(f->g, "far", 2);
  f->before = answer_of(f->g, "baseline-near", f->g->a, &f->test, 2);
  f->after = answer_of(f->g, "adapted-shot-near-far", f->g->b, &f->test, 2);
  f->ceiling = answer_of(f->g, "baseline-far", f->g->b, &f->test, 2);
  link_pair(f, json_pack("{s:f}", "temperature", 2.0));
}

static void close_fixture(fixture *f) {
  pair_result_release(&f->result);
  json_decref(f->pair.choice);
  answer_release(&f->before);
  answer_release(&f->after);
  answer_release(&f->ceiling);
  test_set_release(&f->test);
  free(f->g);
}

static json_t *measure(fixture *f, const measure_settings *s) {
  assert_int_equal(pairs_measure(s, &f->pair, 1, &f->result), XS_OK);
  return pair_json(s, &f->result);
}

/* The number at a path "external.auc"; NAN: it is null. */
static double get(const json_t *j, const char *path) {
  char *words = text_copy(path), *rest = NULL;
  for (char *word = strtok_r(words, ".", &rest); word; word = strtok_r(NULL, ".", &rest)) {
    j = json_is_array(j) ? json_array_get(j, (size_t)atoi(word)) : json_object_get(j, word);
    assert_non_null(j);
  }
  free(words);
  return json_is_number(j) ? json_number_value(j) : NAN;
}

static double expected(const char *name, const char *quantity) {
  return stats_expected("stats_expected", name, quantity);
}

static void check_pair(const char *name, int classes) {
  fixture f;
  open_fixture(&f, name, classes);
  json_t *j = measure(&f, &settings);
  const double before = expected(name, "auc"), after = expected(name, "auc_b");
  assert_near(get(j, "external.auc"), 100 * before, 1e-9);
  assert_near(get(j, "external.accuracy"), 100 * expected(name, "accuracy"), 1e-9);
  assert_near(get(j, "external.groups"), expected(name, "groups"), 0);
  assert_near(get(j, "adapted.auc"), 100 * after, 1e-9);
  assert_near(get(j, "gain.value"), 100 * (after - before), 1e-9);
  assert_near(get(j, "gain.p_holm"), get(j, "gain.p"), 0);
  assert_near(get(j, "salvage"), 100, 1e-9);
  assert_near(get(j, "candidates.0.measure.auc"), 100 * before, 1e-9);
  assert_near(get(j, "oracle.regret"), 0, 0);
  assert_near(get(j, "calibration.external.ece.value"), stats_expected("stats_tests", name, "ece"),
              1e-11);
  assert_near(get(j, "calibration.external.brier.value"),
              stats_expected("stats_tests", name, "brier"), 1e-11);
  assert_true(get(j, "calibration.adapted_scaled.ece.value") > 0);
  assert_int_equal(json_object_get(j, "delong") != NULL, classes == 2);
  assert_null(json_object_get(j, "operating_point"));
  assert_null(json_object_get(j, "subgroups"));
  json_decref(j);
  close_fixture(&f);
}

static void pairs_have_the_golden_numbers(void **state) {
  (void)state;
  check_pair("two", 2);
  check_pair("ten", 10);
}

/* pROC knows no groups. */
static void delong_is_of_proc(void **state) {
  (void)state;
  fixture f;
  open_fixture(&f, "two", 2);
  for (int64_t i = 0; i < f.test.n; i++) f.test.group[i] = (uint64_t)i;
  json_t *j = delong_json(&f.pair);
  assert_near(get(j, "external.low"), 100 * stats_expected("stats_proc", "a", "low"), 1e-9);
  assert_near(get(j, "adapted.high"), 100 * stats_expected("stats_proc", "b", "high"), 1e-9);
  assert_near(get(j, "p") / stats_expected("stats_proc", "test", "p"), 1, 1e-9);
  json_decref(j);
  close_fixture(&f);
}

static void thresholds_are_carried(void **state) {
  (void)state;
  static const char golden_name[] = "operating_two";
  measure_settings s = settings;
  s.positive = "1";
  s.sensitivity = 0.9;
  golden *g = load_golden("two", 2);
  test_set chosen = images_of(g, "near", 0), carried = images_of(g, "far", 1);
  test_answer source = answer_of(g, "x", g->b, &chosen, 0),
              target = answer_of(g, "x", g->b, &carried, 1);
  const pair_answers x = {.class_name = class_name,
                          .external = &target,
                          .adapted = &target,
                          .external_source = answer_outputs(&source),
                          .adapted_source = answer_outputs(&source)};
  json_t *j;
  assert_int_equal(operating_json(&s, &x, &j), XS_OK);
  assert_near(get(j, "threshold"), stats_expected("stats_tests", golden_name, "threshold"), 1e-10);
  assert_near(get(j, "source.sensitivity.value"),
              100 * stats_expected("stats_tests", golden_name, "chosen_sensitivity"), 1e-9);
  assert_near(get(j, "external.specificity.value"),
              100 * stats_expected("stats_tests", golden_name, "carried_specificity"), 1e-9);
  assert_near(get(j, "adapted.threshold"), get(j, "threshold"), 0);
  json_decref(j);
  answer_release(&source);
  answer_release(&target);
  test_set_release(&chosen);
  test_set_release(&carried);
  free(g);
}

static void a_target_without_labels_has_no_numbers(void **state) {
  (void)state;
  fixture f;
  open_fixture(&f, "two", 2);
  f.candidate[0].answer = f.candidate[1].answer = NULL;
  f.pair = (pair_answers){.source = "near",
                          .target = "far",
                          .class_name = class_name,
                          .choice = f.pair.choice,
                          .candidate = f.candidate,
                          .n = 2,
                          .chosen = 1,
                          .internal = &f.ceiling,
                          .kept = 0.5};
  json_t *j = measure(&f, &settings), *verdict = json_object_get(j, "verdict");
  assert_near(get(j, "internal.auc"), 100 * expected("two", "auc_b"), 1e-9);
  assert_near(get(j, "keeps_label"), 50, 0);
  assert_true(json_is_null(json_object_get(j, "external")));
  assert_true(json_is_null(json_object_get(j, "gain")) && isnan(get(j, "salvage")));
  assert_string_equal(json_string_value(json_object_get(verdict, "word")),
                      xs_verdict_word(XS_CANNOT_TELL));
  assert_non_null(
      strstr(json_string_value(json_object_get(verdict, "reason")), "No image of far has a label"));
  json_decref(j);
  close_fixture(&f);
}

/* The ceiling answers as the adapted classifier does: labels would train nothing better. */
static void verdicts_have_their_reason(void **state) {
  (void)state;
  fixture f;
  open_fixture(&f, "two", 2);
  json_t *j = measure(&f, &settings), *verdict = json_object_get(j, "verdict");
  const char *reason = json_string_value(json_object_get(verdict, "reason"));
  assert_non_null(strstr(reason, "AUC at far is between "));
  assert_non_null(strstr(reason, "The adapted one's AUC at far is "));
  assert_true(json_is_null(json_object_get(verdict, "better")));
  json_decref(j);
  close_fixture(&f);
}

static void subgroups_are_parts(void **state) {
  (void)state;
  static char *level[] = {"17", "18", "90"};
  static const char *const band[] = {"0-17", "18-39", "80+", NULL};
  enum { ODD_ONE = 3 };
  fixture f;
  open_fixture(&f, "two", 2);
  xs_attribute age = {.name = "age", .levels = 3, .level = level};
  age.value = memory_new((size_t)f.test.n * sizeof *age.value);
  for (int64_t i = 0; i < f.test.n; i++) age.value[i] = f.test.group[i] % 2 ? 0 : 1;
  age.value[0] = 2;
  age.value[1] = -1;
  f.test.attribute = &age;
  f.test.attributes = 1;
  json_t *j, *one;
  size_t i;
  int64_t n = 0;
  assert_int_equal(subgroups_json(&settings, &f.pair, &j), XS_OK);
  assert_int_equal(json_array_size(j), 4);
  json_array_foreach(j, i, one) {
    const char *value = json_string_value(json_object_get(one, "value"));
    n += (int64_t)get(one, "n");
    assert_true(i == ODD_ONE ? !value : !strcmp(value, band[i]));
    assert_int_equal(json_is_null(json_object_get(one, "gain")), i >= 2); /* of a single image */
  }
  assert_int_equal(n, f.test.n);
  assert_near(get(j, "0.gain.value"), get(j, "0.adapted.auc") - get(j, "0.external.auc"), 1e-9);
  json_decref(j);
  free(age.value);
  close_fixture(&f);
}

/* Even and odd groups as two sites: together they are the golden test set. */
static void pooled_sites_are_the_whole(void **state) {
  (void)state;
  golden *g = load_golden("ten", 10);
  test_set half[2] = {images_of(g, "near", 0), images_of(g, "far", 1)};
  test_answer a[2] = {answer_of(g, "pooled-100", g->a, &half[0], 0),
                      answer_of(g, "pooled-100", g->a, &half[1], 1)};
  test_answer *const each[2] = {&a[0], &a[1]};
  const pooled_classifier p = {"pooled-100", 100, 77, each, 2};
  json_t *j;
  assert_int_equal(pooled_json(&settings, &p, &j), XS_OK);
  assert_near(get(j, "global.auc"), 100 * expected("ten", "auc"), 1e-9);
  assert_near(get(j, "global.n"), expected("ten", "n"), 0);
  assert_near(get(j, "images"), 77, 0);
  const double distance = get(j, "sites.0.measure.auc") - get(j, "sites.1.measure.auc");
  assert_near(get(j, "spread"), distance * distance / 4, 1e-9);
  json_decref(j);
  for (int i = 0; i < 2; i++) answer_release(&a[i]);
  for (int i = 0; i < 2; i++) test_set_release(&half[i]);
  free(g);
}

static void folds_are_averaged(void **state) {
  (void)state;
  const xs_measure fold[] = {
      {.auc = 0.9, .low = 0.87, .high = 0.93, .accuracy = 0.5, .n = 30, .groups = 3},
      {.auc = 0.8, .low = 0.76, .high = 0.84, .accuracy = 0.9, .n = 10, .groups = 1}};
  json_t *j = crossed_json(fold, 2);
  assert_near(get(j, "auc"), 85, 1e-9);
  assert_near(get(j, "low"), 82.5, 1e-9); /* the root of 3^2 + 4^2, over two */
  assert_near(get(j, "high"), 87.5, 1e-9);
  assert_near(get(j, "accuracy"), 60, 1e-9);
  assert_near(get(j, "fold_auc.1"), 80, 1e-9);
  assert_near(get(j, "n"), 40, 0);
  json_decref(j);
}

/* What is worth as many labels as the last classifier of the curve, in any order. */
static void equivalents_are_on_the_curve(void **state) {
  (void)state;
  fixture f;
  open_fixture(&f, "two", 2);
  const labelled_classifier curve[] = {
      {"far", 40, &f.ceiling}, {"far", 10, &f.before}, {"far", 40, &f.before}};
  f.pair.curve = curve;
  f.pair.points = 3;
  json_t *j, *list = labelled_json(curve, 3);
  assert_int_equal(equivalent_json(&settings, &f.pair, &j), XS_OK);
  assert_near(get(j, "value"), 40, 1e-9);
  assert_near(get(list, "1.count"), 10, 0);
  assert_near(get(list, "0.measure.auc"), 100 * expected("two", "auc_b"), 1e-9);
  json_decref(list);
  json_decref(j);
  close_fixture(&f);
}

/* Of two pairs, one of which has no labels. */
static void summaries_are_of_what_was_measured(void **state) {
  (void)state;
  fixture f;
  open_fixture(&f, "two", 2);
  const pair_answers pair[2] = {f.pair,
                                {.source = "near",
                                 .target = "bare",
                                 .choice = f.pair.choice,
                                 .candidate = f.candidate,
                                 .n = 2,
                                 .internal = &f.before}};
  pair_result result[2];
  json_t *j;
  assert_int_equal(pairs_measure(&settings, pair, 2, result), XS_OK);
  assert_int_equal(summary_json(&settings, result, 2, &j), XS_OK);
  const double before = expected("two", "auc"), after = expected("two", "auc_b");
  assert_near(get(j, "mean_internal_auc"), 50 * (before + after), 1e-9);
  assert_near(get(j, "mean_external_auc"), 100 * before, 1e-9);
  assert_near(get(j, "mean_adapted_auc"), 100 * after, 1e-9);
  assert_near(get(j, "mean_oracle_auc"), 100 * after, 1e-9);
  assert_near(get(j, "mean_relative_gain"), 100 * (after - before) / before, 1e-9);
  assert_near(get(j, "mean_gain.value"), 100 * (after - before), 1e-9);
  assert_near(get(j, "pairs_worse"), 0, 0);
  json_decref(j);
  for (int i = 0; i < 2; i++) pair_result_release(&result[i]);
  close_fixture(&f);
}

static void training_is_told(void **state) {
  (void)state;
  json_t *said = json_pack("{s:i, s:b, s:f, s:s}", "steps", 12, "trained_enough", 0, "train_auc",
                           0.75, "other", "x");
  json_t *j = training_json("baseline-near", said);
  assert_near(get(j, "train_auc"), 75, 1e-9);
  assert_near(get(j, "steps"), 12, 0);
  assert_true(json_is_false(json_object_get(j, "trained_enough")));
  assert_null(json_object_get(j, "other"));
  json_decref(j);
  json_decref(said);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(pairs_have_the_golden_numbers),
      cmocka_unit_test(delong_is_of_proc),
      cmocka_unit_test(thresholds_are_carried),
      cmocka_unit_test(a_target_without_labels_has_no_numbers),
      cmocka_unit_test(verdicts_have_their_reason),
      cmocka_unit_test(subgroups_are_parts),
      cmocka_unit_test(pooled_sites_are_the_whole),
      cmocka_unit_test(folds_are_averaged),
      cmocka_unit_test(equivalents_are_on_the_curve),
      cmocka_unit_test(summaries_are_of_what_was_measured),
      cmocka_unit_test(training_is_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
