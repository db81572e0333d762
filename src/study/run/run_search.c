/* run_search.c: which of several settings to use: those of the classifier by the source's
 * validation images, then those of the adaptation by a criterion without labels of the target. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "error.h"
#include "file.h"
#include "file_list.h"
#include "memory.h"
#include "node_inputs.h"
#include "run_folder.h"
#include "sealed_files.h"
#include "search.h"
#include "text.h"
#include "watch.h"

/* A round of successive halving goes on with the best third, with three times the budget; a ninth
 * is the least. */
enum { FACTOR = 3, LEAST_PART = 9 };

#define PAGE "report.html"

/* ---- one stage ----------------------------------------------------------------------------------
 */

static bool larger_is_better(const search *s, search_stage stage) {
  const char *name = s->study->settings.choice.criterion;
  return stage == SEARCH_CLASSIFIER || xs_criterion_find(name)->larger_is_better;
}

/* The first of the best by a number; NULL: none has it. */
static json_t *best_of(const json_t *trials, const char *key, bool larger) {
  json_t *best = NULL, *trial;
  size_t i;
  json_array_foreach(trials, i, trial) {
    const double value = trial_number(trial, key), most = trial_number(best, key);
    if (isnan(value)) continue;
    if (!best || (larger ? value > most : value < most)) best = trial;
  }
  return best;
}

/* Whether fewer than n trials are better; of equal ones the first. */
static bool is_among_best(const json_t *trials, size_t place, size_t n, bool larger) {
  const double own = trial_number(json_array_get(trials, place), "criterion");
  size_t i, better = 0;
  const json_t *trial;
  json_array_foreach(trials, i, trial) {
    const double value = trial_number(trial, "criterion");
    better += (larger ? value > own : value < own) || (value == own && i < place);
  }
  return !isnan(own) && better < n;
}

/* The best n by the criterion, in the order of the trials; newly made. */
static json_t *keep_best(const json_t *trials, size_t n, bool larger) {
  json_t *kept = json_array(), *trial;
  size_t i;
  json_array_foreach(trials, i, trial) {
    if (is_among_best(trials, i, n, larger)) json_array_append(kept, trial);
  }
  return kept;
}

/* The part of the budget that all begin with: so that the last round has at least one trial. */
static int first_part(const search *s, int trials) {
  int part = 1;
  while (s->options->halving && part < LEAST_PART && part * FACTOR <= trials) part *= FACTOR;
  return part;
}

/* Runs each with a part of the budget, and keeps the best; *kept: newly made. */
static xs_status run_round(search *s, search_stage stage, int part, json_t **kept) {
  json_t *run = json_array(), *trial;
  size_t i;
  xs_status status = XS_OK;
  json_array_foreach(*kept, i, trial) {
    json_t *mine = trial_new(stage, (int)json_integer_value(json_object_get(trial, "trial")), part,
                             json_incref(json_object_get(trial, "settings")));
    json_array_append_new(run, mine);
    json_array_append(s->trials, mine);
    if (!status) status = trial_judge(s, mine);
  }
  const size_t n = part > 1 ? json_array_size(run) / FACTOR : 1;
  json_decref(*kept);
  *kept = keep_best(run, n, larger_is_better(s, stage));
  if (!status && !json_array_size(*kept)) {
    status =
        (xs_status)fail(XS_FAILED, "%s: the criterion has no value for any of the trials", s->out);
  }
  json_decref(run);
  return status;
}

/* The trials of a stage before they are run; fixed: what was chosen before. */
static json_t *list_trials(const search *s, search_stage stage, json_t *fixed) {
  const int before = stage == SEARCH_CLASSIFIER ? 0 : s->points[SEARCH_CLASSIFIER];
  json_t *trials = json_array();
  for (int i = 0; i < s->points[stage]; i++) {
    json_t *settings = json_copy(fixed), *own = grid_settings(&s->grid, stage, s->point[stage][i]);
    json_object_update(settings, own);
    json_decref(own);
    json_array_append_new(trials, trial_new(stage, before + i + 1, 1, settings));
  }
  return trials;
}

/* *chosen: settings so far; become those of the best. */
static xs_status run_stage(search *s, search_stage stage, json_t **chosen, json_t **best) {
  xs_status status = XS_OK;
  if (!s->points[stage]) return status;
  json_t *left = list_trials(s, stage, *chosen);
  for (int part = first_part(s, s->points[stage]); part >= 1 && !status; part /= FACTOR) {
    status = run_round(s, stage, part, &left);
  }
  *best = json_incref(json_array_get(left, 0));
  json_t *settings = json_object_get(*best, "settings");
  if (settings) {
    json_decref(*chosen);
    *chosen = json_incref(settings);
  }
  json_decref(left);
  return status;
}

/* ---- what is written ----------------------------------------------------------------------------
 */

static json_t *trials_of(const search *s, search_stage stage) {
  json_t *own = json_array(), *trial;
  size_t i;
  json_array_foreach(s->trials, i, trial) {
    if (trial_is_of(trial, stage)) json_array_append(own, trial);
  }
  return own;
}

/* What the target's labels would have taken, and what the choice falls short of it. */
static json_t *oracle_json(const search *s, search_stage stage, const json_t *chosen) {
  json_t *own = trials_of(s, stage);
  const json_t *best = best_of(own, "auc", true);
  json_t *j = NULL;
  if (best && s->study->settings.oracle) {
    j = json_pack("{s:O, s:f, s:f}", "folder", json_object_get(best, "folder"), "auc",
                  trial_number(best, "auc"), "regret",
                  trial_number(best, "auc") - trial_number(chosen, "auc"));
  }
  json_decref(own);
  return j;
}

static json_t *stage_json(const search *s, search_stage stage, const json_t *best) {
  const char *name =
      stage == SEARCH_CLASSIFIER ? "validation_auc" : s->study->settings.choice.criterion;
  json_t *j = json_pack("{s:s, s:s, s:b, s:O}", "stage", stage_name(stage), "criterion", name,
                        "larger_is_better", (int)larger_is_better(s, stage), "chosen",
                        json_object_get(best, "folder"));
  json_t *oracle = oracle_json(s, stage, best);
  if (oracle) json_object_set_new(j, "oracle", oracle);
  return j;
}

/* Sites whose labels judge a classifier, though others are adapted to them. */
static json_t *sources_and_targets(const xs_study *s) {
  json_t *names = json_array();
  for (int i = 0; i < s->n_sites; i++) {
    bool source = false, target = false;
    for (int k = 0; k < s->n_pairs; k++) {
      source |= s->pair[k].source == i;
      target |= s->pair[k].target == i;
    }
    if (source && target) json_array_append_new(names, json_string(s->site[i].name));
  }
  return names;
}

/* Before it is written. */
static xs_status seal_text(const search *s, const char *text) {
  seal *own = seal_new(s->out, study_split(s->study));
  json_t *files = json_object();
  sealed_note(files, SEARCH_RESULT, text, strlen(text));
  const xs_status status = seal_wrote(own, "search", files, json_array());
  seal_free(own);
  return status;
}

static xs_status write_search(const search *s, const json_t *settings, json_t *const *best) {
  json_t *stages = json_array();
  for (int i = 0; i < SEARCH_STAGES; i++) {
    if (best[i]) json_array_append_new(stages, stage_json(s, (search_stage)i, best[i]));
  }
  json_t *j = json_pack("{s:i, s:s, s:I, s:o, s:I, s:b, s:o, s:O, s:o, s:O}", "schema", 1, "study",
                        s->study->settings.name, "seed", (json_int_t)s->study->settings.seed,
                        "grid", option_text_json(s->options->grid), "random",
                        (json_int_t)s->options->random, "halving", (int)s->options->halving,
                        "sources_and_targets", sources_and_targets(s->study), "chosen", settings,
                        "stages", stages, "trials", s->trials);
  char *path = file_join(s->out, SEARCH_RESULT), *text = json_dumps(j, JSON_INDENT(1));
  xs_status status = seal_text(s, text);
  if (!status && file_write_atomic(path, text, strlen(text))) status = XS_FAILED;
  free(text);
  free(path);
  json_decref(j);
  return status;
}

/* As lines of a study file; a profile is read after them. */
static char *settings_lines(const json_t *settings, const char *profile) {
  buffer out = {0};
  const char *key, *other;
  json_t *value, *theirs;
  json_t *left = json_copy((json_t *)(uintptr_t)settings);
  json_object_foreach((json_t *)(uintptr_t)settings, key, value) {
    const size_t section = strcspn(key, ".") + 1;
    if (!json_object_get(left, key)) continue;
    buffer_add(&out, "%.*s:\n", (int)section - 1, key);
    json_object_foreach((json_t *)(uintptr_t)settings, other, theirs) {
      if (strncmp(key, other, section) != 0) continue;
      buffer_add(&out, "  %s: %s\n", other + section, json_string_value(theirs));
      json_object_del(left, other);
    }
  }
  json_decref(left);
  if (profile) {
    buffer_add(&out,
               "# What the profile %s sets holds before these lines: put them there, or give them "
               "with --set.\n",
               profile);
  }
  return buffer_take(&out);
}

/* ---- all of it ----------------------------------------------------------------------------------
 */

/* Every combination of settings goes together, as far as that can be seen before. */
static xs_status check_trials(const search *s) {
  json_t *fixed = json_object();
  xs_status status = XS_OK;
  for (int k = 0; k < SEARCH_STAGES && !status; k++) {
    json_t *trials = list_trials(s, (search_stage)k, fixed), *trial;
    size_t i;
    json_array_foreach(trials, i, trial) {
      xs_study *study = NULL;
      if (!status) status = trial_open(s, trial, &study);
      xs_study_close(study);
    }
    json_object_update(fixed, json_object_get(json_array_get(trials, 0), "settings"));
    json_decref(trials);
  }
  json_decref(fixed);
  return status;
}

static xs_status prepare(search *s) {
  const xs_search_options *q = s->options;
  xs_status status = grid_read(s->study, q->grid ? q->grid : "", q->halving, &s->grid);
  for (int k = 0; k < SEARCH_STAGES && !status; k++) {
    status = grid_points(&s->grid, (search_stage)k, q->random, (uint64_t)s->study->settings.seed,
                         &s->point[k], &s->points[k]);
  }
  const int first = s->points[SEARCH_CLASSIFIER], second = s->points[SEARCH_ADAPTATION];
  if (!status && first < 2 && second < 2) {
    status = (xs_status)fail(XS_USAGE, "--grid: there is nothing to choose among: give a key "
                                       "several values, as in adapter.cycle=5,10");
  }
  if (!status && first + second > SEARCH_MOST) {
    status = (xs_status)fail(XS_USAGE,
                             "--grid: asks for %d trials; at most %d are run: give fewer "
                             "values, or --random N",
                             first + second, SEARCH_MOST);
  }
  return status ? status : check_trials(s);
}

static void note_plan(const search *s) {
  watch_note(s->watch, "%d trials", s->points[SEARCH_CLASSIFIER] + s->points[SEARCH_ADAPTATION]);
  for (int k = 0; k < SEARCH_STAGES; k++) {
    const int part = first_part(s, s->points[k]);
    watch_note(s->watch, "%d setting%s of the %s%s", s->points[k], s->points[k] > 1 ? "s" : "",
               stage_name((search_stage)k),
               part == 1   ? ""
               : part == 3 ? ": first with a third of the budget, the best third with all of it"
                           : ": first with a ninth of the budget, the best third with a third, and "
                             "the best third of those with all of it");
  }
}

/* The choice stands before a test label is opened. */
static xs_status measure(search *s, const json_t *settings, json_t *const *best) {
  const bool all = s->study->settings.oracle;
  json_t *trial;
  size_t i;
  xs_status status = write_search(s, settings, best);
  bool harms = false;
  json_array_foreach(s->trials, i, trial) {
    const bool chosen = trial == best[SEARCH_ADAPTATION];
    if (status || !(all || chosen)) continue;
    status = trial_measure(s, trial);
    harms |= chosen && status == XS_HARM;
    if (status == XS_HARM) status = XS_OK;
  }
  if (!status) status = write_search(s, settings, best);
  if (!status) status = xs_report_write(s->out);
  if (status || !harms) return status;
  return (xs_status)fail(XS_HARM,
                         "%s: with the chosen settings an adaptation is predicted to hurt; the "
                         "report of the trial names the pairs",
                         s->out);
}

static xs_status run_stages(search *s, char **lines) {
  json_t *settings = json_object(), *best[SEARCH_STAGES] = {0};
  xs_status status = XS_OK;
  for (int k = 0; k < SEARCH_STAGES && !status; k++) {
    status = run_stage(s, (search_stage)k, &settings, &best[k]);
  }
  if (!status) status = measure(s, settings, best);
  if (!status || status == XS_HARM) *lines = settings_lines(settings, s->study->settings.profile);
  for (int k = 0; k < SEARCH_STAGES; k++) json_decref(best[k]);
  json_decref(settings);
  return status;
}

/* Its page is written last: where it is there, the search is finished.  Then all trials are
 * compared with their seals, and what is written is written again. */
static xs_status claim(search *s) {
  bool finished = false;
  json_t *identity = NULL;
  xs_status status = study_identity(s->study, &identity);
  if (!status) {
    json_t *mine = json_pack("{s:s, s:I, s:O, s:o, s:I, s:b}", "task", "search", "seed",
                             (json_int_t)s->study->settings.seed, "study", identity, "grid",
                             option_text_json(s->options->grid), "random",
                             (json_int_t)s->options->random, "halving", (int)s->options->halving);
    status = folder_claim(s->out, mine, PAGE, s->run->resume, &finished, NULL, &s->lock);
    if (!status && finished) status = folder_reopen(s->out, mine, PAGE, &s->lock);
    json_decref(mine);
  }
  json_decref(identity);
  return status;
}

static xs_status run_search(search *s, char **lines) {
  xs_status status = prepare(s);
  if (!status) status = claim(s);
  if (status) return status;
  note_plan(s);
  return run_stages(s, lines);
}

static void close_search(search *s) {
  folder_unlock(s->lock);
  for (int k = 0; k < SEARCH_STAGES; k++) free(s->point[k]);
  grid_free(&s->grid);
  file_list_release(&s->donors);
  json_decref(s->trials);
  free(s->out);
  xs_study_close(s->study);
}

xs_status xs_study_search(const char *path, int n_set, const char *const *set,
                          const xs_search_options *q, const xs_run_options *o, const xs_watch *w,
                          char **lines) {
  search s = {
      .path = path, .n_set = n_set, .set = set, .options = q, .run = o, .watch = w, .lock = -1};
  *lines = NULL;
  xs_status status = xs_study_open(path, n_set, set, &s.study);
  if (status) return status;
  s.out = o->out ? text_copy(o->out) : text_format("runs/%s-search", s.study->settings.name);
  s.trials = json_array();
  for (int i = 0; i < o->nodes_of.n; i++) {
    file_list_append(&s.donors, text_copy(o->nodes_of.text[i]));
  }
  status = run_search(&s, lines);
  close_search(&s);
  return status;
}
