/* The profile `paper` of the two studies against section 5.3 of Valliani et al. 2022, value by
 * value; what the paper leaves open is a Decision of docs/method.md. */
#include "study_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

typedef struct published {
  const char *section, *option; /* section NULL: of the study */
  const char *digits, *chest;   /* as a study file says it */
} published;

static const published section_5_3[] = {
    /* 5.2: images; 5.3.1: the task networks */
    {NULL, "size", "32", "224"},
    {NULL, "image_channels", "3", "3"},
    {NULL, "normalisation", "half", "half"},
    {NULL, "split_by", "group", "group"}, /* Decision 1 */
    {"classifier", "architecture", "lenet", "densenet121"},
    {"classifier", "learning_rate", "0.001", "0.0002"},
    {"classifier", "weight_decay", "0", "0.0005"},
    {"classifier", "batch", "128", "50"},
    {"classifier", "epochs", "200", "200"},
    {"classifier", "patience", "10", "10"},
    {"classifier", "balanced", "no", "yes"},
    {"classifier", "dropout", "0.5", "0.5"},
    {"classifier", "flips", "no", "yes"},
    {"classifier", "rotation", "0",
     "10"}, /* that there is one; how large it is the paper does not say */
    {"classifier", "shift", "0", "0.05"}, /* likewise */
    {"classifier", "robust", "no", "no"},
    {"classifier", "robust_without", "nothing", "nothing"},
    {"classifier", "precision", "f32", "f32"},
    /* 5.3.2, 5.3.3: StarGAN, its losses and their weights */
    {"adapter", "channels", "64", "64"},
    {"adapter", "blocks", "4", "9"},
    {"adapter", "critic_layers", "0", "0"}, /* six, or as many as the size allows: Decision 5 */
    {"adapter", "gradient_penalty", "10", "10"},
    {"adapter", "classification", "1", "1"},
    {"adapter", "cycle", "10", "10"},
    {"adapter", "semantic", "paper", "paper"},
    {"adapter", "semantic_cycle", "1", "1"},
    {"adapter", "semantic_target", "1", "1"},
    {"adapter", "semantic_pseudo", "1", "1"},
    {"adapter", "pseudo_threshold", "1", "1"},  /* of CyCADA's code: Decision 7 */
    {"adapter", "translate", "other", "other"}, /* Decision 9 */
    {"adapter", "flips", "no", "no"},           /* Decision 10 */
    {"adapter", "balanced", "no", "yes"},
    /* the schedule */
    {"adapter", "batch", "200", "20"},
    {"adapter", "generator_steps", "40000", "40000"}, /* 200,000 critic updates: Decision 8 */
    {"adapter", "critic_steps", "5", "5"},
    {"adapter", "learning_rate", "0.0001", "0.0001"},
    {"adapter", "decay_start", "0.5", "0.5"},
    {"adapter", "beta1", "0.5", "0.5"},
    {"adapter", "beta2", "0.999", "0.999"},
    {"adapter", "target_learning_rate", "0.0001", "0.0001"}, /* of "all models": Decision 12 */
    {"adapter", "target_decay_start", "0.5", "0.5"},
    {"adapter", "target_beta1", "0.5", "0.5"},
    {"adapter", "target_every", "1", "1"},
    {"adapter", "source_every", "1", "1"}, /* "the task networks were updated": Decision 13 */
    {"adapter", "target_mode", "evaluation", "evaluation"}, /* Decision 14 */
    {"adapter", "generator_batch", "own", "own"},           /* Decision 15 */
    {"adapter", "precision", "f32", "f32"},
    /* fine-tuning, as the first training: Decision 17 */
    {"tune", "architecture", "lenet", "densenet121"},
    {"tune", "learning_rate", "0.001", "0.0002"},
    {"tune", "weight_decay", "0", "0.0005"},
    {"tune", "batch", "128", "50"},
    {"tune", "epochs", "200", "200"},
    {"tune", "patience", "10", "10"},
    {"tune", "balanced", "no", "yes"},
    {"tune", "dropout", "0.5", "0.5"},
    {"tune", "flips", "no", "yes"},
    {"tune", "rotation", "0", "10"},
    {"tune", "shift", "0", "0.05"},
    {"tune", "robust", "no", "no"},
    {"tune", "robust_without", "nothing", "nothing"},
    {"tune", "precision", "f32", "f32"},
};
enum { PUBLISHED = sizeof section_5_3 / sizeof *section_5_3 };

static xs_study *open_profile(const char *file) {
  static const char *const profile[] = {"profile=paper"};
  xs_study *s = NULL;
  if (xs_study_open(file, 1, profile, &s)) fail_msg("%s", xs_message());
  return s;
}

/* The options of a study, with one of them set as a study file says it. */
static json_t *options_with(const study_settings *s, const published *p, const char *value) {
  study_settings copy = settings_copy(s);
  char key[80];
  snprintf(key, sizeof key, "%s%s%s", p->section ? p->section : "", p->section ? "." : "",
           p->option);
  if (option_set(&settings_table, &copy, key, value, "test")) fail_msg("%s", xs_message());
  json_t *j = option_json(&settings_table, &copy);
  option_release(&settings_table, &copy);
  return j;
}

static void check_profile(const char *file, bool chest) {
  xs_study *s = open_profile(file);
  for (int i = 0; i < PUBLISHED; i++) {
    const published *p = &section_5_3[i];
    const char *value = chest ? p->chest : p->digits;
    json_t *is = option_json(&settings_table, &s->settings),
           *wanted = options_with(&s->settings, p, value);
    if (!json_equal(is, wanted))
      fail_msg("%s: %s.%s is not %s", file, p->section, p->option, value);
    json_decref(is);
    json_decref(wanted);
  }
  xs_study_close(s);
}

static void both_profiles(void **state) {
  (void)state;
  check_profile(REPOSITORY "/examples/digits.yaml", false);
  check_profile(REPOSITORY "/examples/chest.yaml", true);
}

/* "except MNIST-M to USPS: every tenth" */
static void one_pair_differs(void **state) {
  (void)state;
  xs_study *s = open_profile(REPOSITORY "/examples/digits.yaml");
  assert_int_equal(s->n_pairs, 6);
  for (int i = 0; i < 6; i++) {
    const study_pair *p = &s->pair[i];
    const bool differs =
        !strcmp(s->site[p->source].name, "mnistm") && !strcmp(s->site[p->target].name, "usps");
    assert_int_equal(p->settings.adapter.target_every, differs ? 10 : 1);
  }
  xs_study_close(s);
}

static bool is_listed(const option *row) {
  for (int k = 0; k < PUBLISHED; k++) {
    const published *p = &section_5_3[k];
    if (p->section && !strcmp(p->section, row->section) && !strcmp(p->option, row->name))
      return true;
  }
  return false;
}

/* Every option of the three sections is in the table: a new one needs the paper's value. */
static void nothing_is_left_out(void **state) {
  (void)state;
  static const char all[] = " classifier tune adapter ";
  static const char silent[] =
      " init steps_per_epoch penalty_epsilon target_dropout "; /* the paper is silent */
  for (int i = 0; i < settings_table.n; i++) {
    const option *row = &settings_table.row[i];
    if (!row->section || !strstr(all, row->section) || strstr(silent, row->name)) continue;
    if (!is_listed(row)) fail_msg("%s.%s: what does the paper say?", row->section, row->name);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(both_profiles),
                                     cmocka_unit_test(one_pair_differs),
                                     cmocka_unit_test(nothing_is_left_out)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
