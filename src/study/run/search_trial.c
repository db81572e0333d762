/* search_trial.c: one run of a search, and how good its settings are. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "file.h"
#include "file_list.h"
#include "measure_json.h"
#include "option_row.h"
#include "pair_choice.h"
#include "search.h"
#include "text.h"
#include "training_run.h"
#include "watch.h"

const char *stage_name(search_stage stage) {
  return stage == SEARCH_CLASSIFIER ? "classifier" : "adaptation";
}

static const char *text_of(const json_t *j, const char *key) {
  const char *text = json_string_value(json_object_get(j, key));
  return text ? text : "";
}

bool trial_is_of(const json_t *trial, search_stage stage) {
  return strcmp(text_of(trial, "stage"), stage_name(stage)) == 0;
}

json_t *trial_new(search_stage stage, int number, int budget, json_t *settings) {
  const char *part = budget == 1 ? "" : budget == 3 ? "-third" : "-ninth";
  char *folder = text_format("trial-%d%s", number, part);
  json_t *j = json_pack("{s:s, s:i, s:s, s:s, s:o}", "folder", folder, "trial", number, "stage",
                        stage_name(stage), "budget",
                        budget == 1   ? "1"
                        : budget == 3 ? "1/3"
                                      : "1/9",
                        "settings", settings);
  free(folder);
  return j;
}

/* ---- its study ----------------------------------------------------------------------------------
 */

static int budget_of(const json_t *trial) {
  const char *slash = strchr(text_of(trial, "budget"), '/');
  return slash ? slash[1] - '0' : 1;
}

/* Steps and epochs of a part of the study's, rounded up. */
static void add_budget(const search *s, const json_t *trial, xs_texts *set) {
  const int part = budget_of(trial);
  int n;
  const char *const *key = search_budget(
      trial_is_of(trial, SEARCH_CLASSIFIER) ? SEARCH_CLASSIFIER : SEARCH_ADAPTATION, &n);
  for (int i = 0; i < n && part > 1; i++) {
    const option *row = option_find_key(&settings_table, key[i]);
    const int64_t whole = *(const int64_t *)((const char *)&s->study->settings + row->offset);
    file_list_append(set, text_format("%s=%lld", key[i], (long long)((whole + part - 1) / part)));
  }
}

/* The classifier's settings are judged without any adaptation. */
static void add_alone(const json_t *trial, xs_texts *set) {
  static const char *const alone[] = {"portfolio=none", "pooled=", "label_counts="};
  for (int i = 0; i < 3 && trial_is_of(trial, SEARCH_CLASSIFIER); i++) {
    file_list_append(set, text_copy(alone[i]));
  }
}

xs_status trial_open(const search *s, const json_t *trial, xs_study **study) {
  xs_texts set = {0};
  const char *key;
  json_t *value;
  for (int i = 0; i < s->n_set; i++) file_list_append(&set, text_copy(s->set[i]));
  json_object_foreach(json_object_get(trial, "settings"), key, value) {
    file_list_append(&set, text_format("%s=%s", key, json_string_value(value)));
  }
  add_budget(s, trial, &set);
  add_alone(trial, &set);
  xs_status status = xs_study_open(s->path, set.n, (const char *const *)set.text, study);
  file_list_release(&set);
  return status;
}

/* An open trial. */
typedef struct opened {
  xs_study *study;
  study_nodes nodes;
  node_files files;
  char *out;
} opened;

static xs_status open_trial(const search *s, const json_t *trial, opened *x) {
  *x = (opened){.out = file_join(s->out, text_of(trial, "folder"))};
  xs_status status = trial_open(s, trial, &x->study);
  if (status) return status;
  nodes_list(x->study, &x->nodes);
  x->files = (node_files){.study = x->study, .list = &x->nodes, .out = x->out};
  return XS_OK;
}

static void close_trial(opened *x) {
  nodes_free(&x->nodes);
  xs_study_close(x->study);
  free(x->out);
}

static xs_status run_part_of(const search *s, const opened *x, run_part part) {
  xs_run_options o = *s->run;
  o.out = x->out;
  o.resume = true;
  o.nodes_of = s->donors;
  return study_make(x->study, &o, part, s->watch);
}

/* ---- its criterion ------------------------------------------------------------------------------
 */

typedef struct mean {
  double sum;
  int n;
} mean;

static void add(mean *m, double v) {
  m->sum += v;
  m->n++;
}

static json_t *mean_json(mean m) { return number_json(m.n ? m.sum / m.n : NAN); }

double trial_number(const json_t *j, const char *key) {
  const json_t *v = json_object_get(j, key);
  return json_is_number(v) ? json_number_value(v) : NAN;
}

static xs_status judge_site(const opened *x, int site, json_t *sites, mean *m) {
  char *dir = node_path(&x->files, nodes_start(x->study, &x->nodes, site), NULL);
  json_t *training = NULL;
  xs_status status = run_training(dir, &training);
  const double auc = 100 * trial_number(training, "validation_auc");
  if (!status && isnan(auc)) {
    status = (xs_status)fail(XS_FAILED,
                             "%s: has no validation AUC, by which settings of the classifier are "
                             "chosen: its site has no validation images of two classes",
                             dir);
  }
  json_array_append_new(
      sites, json_pack("{s:s, s:o}", "site", x->study->site[site].name, "value", number_json(auc)));
  add(m, auc);
  json_decref(training);
  free(dir);
  return status;
}

static bool is_first_of_source(const xs_study *s, int pair) {
  for (int i = 0; i < pair; i++) {
    if (s->pair[i].source == s->pair[pair].source) return false;
  }
  return true;
}

static xs_status judge_sources(const opened *x, json_t *trial) {
  json_t *sites = json_array();
  mean m = {0};
  xs_status status = XS_OK;
  for (int i = 0; i < x->study->n_pairs && !status; i++) {
    if (is_first_of_source(x->study, i)) {
      status = judge_site(x, x->study->pair[i].source, sites, &m);
    }
  }
  json_object_set_new(trial, "criterion", mean_json(m));
  json_object_set_new(trial, "sites", sites);
  return status;
}

static const json_t *find_candidate(const json_t *choice, const char *method) {
  size_t i;
  const json_t *c;
  json_array_foreach(json_object_get(choice, "candidates"), i, c) {
    if (strcmp(text_of(c, "method"), method) == 0) return c;
  }
  return NULL;
}

static int count_struck(const json_t *choice) {
  int n = 0;
  size_t i;
  const json_t *c;
  json_array_foreach(json_object_get(choice, "candidates"), i, c) {
    n += json_array_size(json_object_get(c, "struck")) > 0;
  }
  return n;
}

/* What the careful rule takes: never a candidate that is struck out. */
static xs_status judge_pair(const opened *x, int pair, json_t *to, mean *m) {
  pair_choice c;
  xs_status status = pair_choice_open(&x->files, pair, &c);
  const char *careful = text_of(c.json, "careful");
  const double value = trial_number(json_object_get(find_candidate(c.json, careful), "criteria"),
                                    text_of(c.json, "criterion"));
  json_object_set_new(to, "careful", json_string(careful));
  json_object_set_new(to, "value", number_json(value));
  json_object_set_new(to, "struck", json_integer(count_struck(c.json)));
  json_object_set_new(to, "keeping",
                      number_json(trial_number(json_object_get(c.json, "keeping"), "value")));
  json_object_set_new(to, "kept_by", json_string(text_of(c.json, "kept_by")));
  add(m, value);
  pair_choice_release(&c);
  return status;
}

static json_t *pairs_json(const xs_study *s) {
  json_t *pairs = json_array();
  for (int i = 0; i < s->n_pairs; i++) {
    json_array_append_new(pairs, json_pack("{s:s, s:s}", "source", s->site[s->pair[i].source].name,
                                           "target", s->site[s->pair[i].target].name));
  }
  return pairs;
}

static xs_status judge_pairs(const opened *x, json_t *trial) {
  json_t *pairs = json_object_get(trial, "pairs");
  mean m = {0};
  xs_status status = XS_OK;
  for (int i = 0; i < x->study->n_pairs && !status; i++) {
    status = judge_pair(x, i, json_array_get(pairs, (size_t)i), &m);
  }
  json_object_set_new(trial, "criterion", mean_json(m));
  return status;
}

xs_status trial_judge(search *s, json_t *trial) {
  const bool first = trial_is_of(trial, SEARCH_CLASSIFIER);
  opened x;
  xs_status status = open_trial(s, trial, &x);
  watch_note(s->watch, "%s", x.out);
  if (!status) status = run_part_of(s, &x, first ? RUN_SOURCES : RUN_CHOICES);
  if (!status) json_object_set_new(trial, "pairs", pairs_json(x.study));
  if (!status) status = (first ? judge_sources : judge_pairs)(&x, trial);
  if (!status) file_list_append(&s->donors, text_copy(x.out));
  close_trial(&x);
  return status;
}

/* ---- with labels --------------------------------------------------------------------------------
 */

/* The measured AUC of a method at the target. */
static double auc_of(const json_t *pair, const char *method) {
  if (strcmp(method, "none") == 0) return trial_number(json_object_get(pair, "external"), "auc");
  return trial_number(json_object_get(find_candidate(pair, method), "measure"), "auc");
}

static xs_status take_auc(const opened *x, json_t *trial) {
  char *path = file_join(x->out, "results.json");
  json_error_t error;
  json_t *results = json_load_file(path, 0, &error), *pair;
  mean m = {0};
  size_t i;
  xs_status status = results ? XS_OK : (xs_status)fail(XS_FAILED, "%s: %s", path, error.text);
  json_array_foreach(json_object_get(trial, "pairs"), i, pair) {
    const json_t *measured = json_array_get(json_object_get(results, "pairs"), i);
    const char *careful = text_of(pair, "careful");
    const double auc = auc_of(measured, *careful ? careful : "none");
    json_object_set_new(pair, "auc", number_json(auc));
    if (!isnan(auc)) add(&m, auc);
  }
  json_object_set_new(trial, "auc", mean_json(m));
  json_decref(results);
  free(path);
  return status;
}

xs_status trial_measure(search *s, json_t *trial) {
  opened x;
  xs_status status = open_trial(s, trial, &x);
  watch_note(s->watch, "%s", x.out);
  if (!status) status = run_part_of(s, &x, RUN_ALL);
  const bool harms = status == XS_HARM;
  if (!status || harms) status = take_auc(&x, trial);
  close_trial(&x);
  return status ? status : harms ? XS_HARM : XS_OK;
}
