#include "results.h"

#include "error.h"
#include "file.h"
#include "node_words.h"
#include "text.h"
#include "xsite.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const report_measure_name[MEASURES] = {"internal", "external", "adapted", "ceiling"};

static const field summary_fields[] = {
    {"mean_internal_auc", offsetof(summary, internal.value)},
    {"mean_external_auc", offsetof(summary, external.value)},
    {"mean_adapted_auc", offsetof(summary, adapted.value)},
    {"average_salvage", offsetof(summary, average_salvage)},
    {"median_salvage", offsetof(summary, median_salvage)},
    {"mean_relative_gain", offsetof(summary, relative_gain)},
    {"mean_oracle_auc", offsetof(summary, oracle)},
    {"mean_regret", offsetof(summary, regret)},
    {"pairs_worse", offsetof(summary, worse)},
};
#define COUNT(a) ((int)(sizeof(a) / sizeof *(a)))

static const field gain_fields[] = {
    {"value", offsetof(summary, gain.value)},
    {"low", offsetof(summary, gain.low)},
    {"high", offsetof(summary, gain.high)},
    {"p", offsetof(summary, gain_p)},
};

static int read_summary(const json_t *j, const char *where, void *record) {
  summary *s = record;
  int status = fields_numbers(j, where, summary_fields, COUNT(summary_fields), s);
  const json_t *intervals = json_object_get(j, "mean_intervals");
  interval *const mean[] = {&s->internal, &s->external, &s->adapted};
  for (int k = 0; k < COUNT(mean) && !status; k++) {
    interval read;
    status = fields_interval(intervals, where, report_measure_name[k], &read);
    mean[k]->low = read.low;
    mean[k]->high = read.high;
  }
  if (status) return status;
  return fields_numbers_of(j, where, "mean_gain", gain_fields, COUNT(gain_fields), s);
}

static int read_pairs(const char *path, const char *where, results *r) {
  const json_t *pairs = json_object_get(r->root, "pairs");
  int status = json_is_array(pairs) ? 0 : fields_wrong_type(where, "pairs", "an array", pairs);
  if (status) return status;
  r->pair = fields_list(r->root, where, "pairs", sizeof *r->pair, pair_read, &r->n, &status);
  if (!status && r->n == 0) {
    return fail(XS_FAILED, "%s: pairs is empty, so there is nothing to report", path);
  }
  return status;
}

static int read_pooled_site(const json_t *j, const char *where, void *record) {
  pooled_site *s = record;
  int status = fields_name(j, where, "site", &s->site);
  return status ? status : measure_read(j, where, "measure", &s->m);
}

static int read_pooled(const json_t *j, const char *where, void *record) {
  pooled *p = record;
  int status = fields_number(j, where, "percent", &p->percent);
  if (!status) status = fields_text(j, where, "node", &p->node);
  if (!status) status = fields_number(j, where, "images", &p->images);
  if (!status) status = fields_number(j, where, "spread", &p->spread);
  if (!status) status = measure_read(j, where, "global", &p->global);
  p->site = fields_list(j, where, "sites", sizeof *p->site, read_pooled_site, &p->sites, &status);
  return status;
}

static int read_labelled(const json_t *j, const char *where, void *record) {
  labelled *l = record;
  int status = fields_name(j, where, "site", &l->site);
  if (!status) status = fields_text(j, where, "node", &l->node);
  if (!status) status = fields_number(j, where, "count", &l->count);
  return status ? status : measure_read(j, where, "measure", &l->m);
}

static int read_left_out(const json_t *j, const char *where, void *record) {
  left_out *l = record;
  int status = fields_name(j, where, "site", &l->site);
  l->images = json_object_get(j, "images");
  return status ? status : fields_number(j, where, "count", &l->count);
}

static const field training_fields[] = {
    {"steps", offsetof(classifier, steps)},
    {"epochs", offsetof(classifier, epochs)},
    {"best_epoch", offsetof(classifier, best_epoch)},
    {"train_auc", offsetof(classifier, train_auc)},
};

static int read_classifier(const json_t *j, const char *where, void *record) {
  classifier *c = record;
  int status = fields_name(j, where, "node", &c->node);
  if (!status) status = fields_numbers(j, where, training_fields, COUNT(training_fields), c);
  return status ? status : fields_text(j, where, "why", &c->why);
}

/* Why the node's classifier was not trained enough; NULL: it was, or nothing is known of it. */
static const char *explain_untrained(const results *r, const char *node) {
  for (int i = 0; i < r->classifiers && node; i++) {
    if (strcmp(r->classifier[i].node, node) == 0) return r->classifier[i].why;
  }
  return NULL;
}

/* Of a site's own classifier. */
static const char *find_untrained(const results *r, const char *site) {
  char *node = text_format("baseline-%s", site);
  const char *why = explain_untrained(r, node);
  free(node);
  return why;
}

static void note_pair_untrained(const results *r, pair *p) {
  p->source_untrained = find_untrained(r, p->source);
  p->target_untrained = find_untrained(r, p->target);
  for (int k = 0; k < r->classifiers && !p->folds_untrained; k++) {
    const classifier *c = &r->classifier[k];
    if (node_is_fold(c->node, p->target)) p->folds_untrained = c->why;
  }
  if (!p->folds_untrained) p->folds_untrained = p->target_untrained;
  p->verdict.better_untrained = explain_untrained(r, p->verdict.better_node);
  for (int k = 0; k < p->candidates; k++) {
    const candidate *c = &p->candidate[k];
    if (report_chosen(p, c)) p->adapted_untrained = explain_untrained(r, c->node);
  }
}

static void note_untrained(results *r) {
  for (int i = 0; i < r->n; i++) note_pair_untrained(r, &r->pair[i]);
  for (int i = 0; i < r->pooleds; i++) {
    r->pooled[i].untrained = explain_untrained(r, r->pooled[i].node);
  }
  for (int i = 0; i < r->labelleds; i++) {
    r->labelled[i].untrained = explain_untrained(r, r->labelled[i].node);
  }
}

static const char *text_or_empty(const json_t *object, const char *name) {
  const char *s = json_string_value(json_object_get(object, name));
  return s ? s : "";
}

static int read_root(const char *path, results *r) {
  const json_t *schema = json_object_get(r->root, "schema");
  if (json_integer_value(schema) != 1) {
    char *found = schema ? json_dumps(schema, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
    fail(XS_FAILED,
         "%s: schema is %.20s, this version reads 1; make it again with `xsite study run`", path,
         found ? found : "missing");
    free(found);
    return XS_FAILED;
  }
  r->study = text_or_empty(r->root, "study");
  r->precision = text_or_empty(r->root, "precision");
  r->seed = json_integer_value(json_object_get(r->root, "seed"));
  char *where = text_format("%s: ", path);
  int status = read_pairs(path, where, r);
  r->pooled =
      fields_list(r->root, where, "pooled", sizeof *r->pooled, read_pooled, &r->pooleds, &status);
  r->labelled = fields_list(r->root, where, "labelled", sizeof *r->labelled, read_labelled,
                            &r->labelleds, &status);
  r->classifier = fields_list(r->root, where, "classifiers", sizeof *r->classifier, read_classifier,
                              &r->classifiers, &status);
  note_untrained(r);
  r->left_out = fields_list(r->root, where, "left_out", sizeof *r->left_out, read_left_out,
                            &r->left_outs, &status);
  if (!status) status = fields_object(r->root, where, "data_sets", data_sets_read, &r->data);
  if (!status) status = fields_object(r->root, where, "summary", read_summary, &r->summary);
  free(where);
  return status;
}

json_t *report_json(const char *path) {
  char *text;
  size_t size;
  if (file_read(path, &text, &size)) return NULL;
  json_error_t error;
  json_t *j = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
  free(text);
  if (!j) {
    fail(XS_FAILED, "%s:%d: not valid JSON (%s); make it again with `xsite study run`", path,
         error.line, error.text);
  }
  return j;
}

static json_t *read_settings(const char *dir) {
  char *path = file_join(dir, "study.json");
  json_t *j = file_exists(path) ? report_json(path) : NULL;
  free(path);
  return j;
}

int report_read(const char *dir, results *out) {
  *out = (results){.dir = text_copy(dir)};
  char *path = file_join(dir, "results.json");
  int status = XS_FAILED;
  if (!file_is_dir(dir)) {
    fail(XS_FAILED, "%s: no such run folder; give a folder that `xsite study run` has made", dir);
  } else if (!file_exists(path)) {
    fail(XS_FAILED, "%s: no results.json there; finish the run first: xsite study run --resume",
         dir);
  } else {
    out->root = report_json(path);
    if (out->root) status = read_root(path, out);
  }
  free(path);
  if (status) {
    report_free(out);
  } else {
    out->settings = read_settings(dir);
  }
  return status;
}

void report_free(results *r) {
  json_decref(r->root);
  json_decref(r->settings);
  for (int i = 0; i < r->n && r->pair; i++) pair_release(&r->pair[i]);
  for (int i = 0; i < r->pooleds; i++) free(r->pooled[i].site);
  free(r->pooled);
  free(r->labelled);
  free(r->classifier);
  free(r->left_out);
  data_sets_release(&r->data);
  free(r->pair);
  free(r->dir);
  *r = (results){0};
}

char *report_node_file(const results *r, const char *node, const char *file) {
  return text_format("%s/nodes/%s/%s", r->dir, node, file);
}

bool report_chosen(const pair *p, const candidate *c) {
  return p->choice.chosen && strcmp(c->method, p->choice.chosen) == 0;
}

bool report_measured(const pair *p) {
  return isfinite(p->m[EXTERNAL].auc) || isfinite(p->m[ADAPTED].auc) || isfinite(p->m[CEILING].auc);
}

bool report_any_measured(const results *r) {
  for (int i = 0; i < r->n; i++) {
    if (report_measured(&r->pair[i])) return true;
  }
  return false;
}

const char *report_translator(const pair *p) {
  const char *first = NULL;
  for (int i = 0; i < p->candidates; i++) {
    const candidate *c = &p->candidate[i];
    if (c->translator && report_chosen(p, c)) return c->translator;
    if (!first) first = c->translator;
  }
  return first;
}

double report_relative_change(const pair *p) {
  const double external = p->m[EXTERNAL].auc;
  return external > 0 ? 100 * (p->m[ADAPTED].auc - external) / external : NAN;
}

const json_t *report_setting(const results *r, const char *section, const char *name) {
  const json_t *in = section ? json_object_get(r->settings, section) : r->settings;
  return json_object_get(in, name);
}
