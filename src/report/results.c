#include "results.h"

#include "error.h"
#include "file.h"
#include "xsite.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const report_measure_name[MEASURES] = {"internal", "external", "adapted", "ceiling"};

typedef struct field {
  const char *name;
  size_t offset; /* of a double */
} field;

static const field measure_fields[] = {
    {"auc", offsetof(measure, auc)},
    {"low", offsetof(measure, low)},
    {"high", offsetof(measure, high)},
    {"paper_mean", offsetof(measure, paper_mean)},
    {"paper_low", offsetof(measure, paper_low)},
    {"paper_high", offsetof(measure, paper_high)},
    {"accuracy", offsetof(measure, accuracy)},
    {"n", offsetof(measure, n)},
};
static const field gain_fields[] = {
    {"value", offsetof(pair, gain)},
    {"low", offsetof(pair, low)},
    {"high", offsetof(pair, high)},
    {"p", offsetof(pair, p)},
};
static const field pair_fields[] = {
    {"salvage", offsetof(pair, salvage)},
    {"keeps_label", offsetof(pair, keeps_label)},
};
static const field summary_fields[] = {
    {"mean_internal_auc", offsetof(summary, internal)},
    {"mean_external_auc", offsetof(summary, external)},
    {"mean_adapted_auc", offsetof(summary, adapted)},
    {"average_salvage", offsetof(summary, average_salvage)},
    {"median_salvage", offsetof(summary, median_salvage)},
    {"mean_relative_gain", offsetof(summary, relative_gain)},
};
#define COUNT(a) ((int)(sizeof(a) / sizeof *(a)))

static const char *type_name(const json_t *j) {
  static const char *const name[] = {"an object", "an array", "a text", "a number",
                                     "a number",  "true",     "false",  "null"};
  return j ? name[json_typeof(j)] : "nothing";
}

static int wrong_type(const char *where, const char *name, const char *wanted, const json_t *j) {
  return fail(XS_FAILED, "%s%s is %s, expected %s; make it again with `xsite study run`", where,
              name, type_name(j), wanted);
}

/* object may be NULL or null: then every number is NAN. */
static int read_numbers(const json_t *object, const char *where, const field *f, int n,
                        void *record) {
  if (object && !json_is_object(object) && !json_is_null(object)) {
    return wrong_type(where, "", "an object of numbers", object);
  }
  for (int i = 0; i < n; i++) {
    const json_t *j = json_object_get(object, f[i].name);
    if (j && !json_is_number(j) && !json_is_null(j)) {
      return wrong_type(where, f[i].name, "a number or null", j);
    }
    double v = json_is_number(j) ? json_number_value(j) : NAN;
    memcpy((char *)record + f[i].offset, &v, sizeof v);
  }
  return 0;
}

/* A text that is part of a folder's name. */
static int read_name(const json_t *object, const char *where, const char *name, const char **out) {
  const json_t *j = json_object_get(object, name);
  if (!json_is_string(j)) return wrong_type(where, name, "a name", j);
  *out = json_string_value(j);
  if (!**out || strchr(*out, '/')) {
    return fail(XS_FAILED, "%s%s is \"%s\", which cannot be a name here", where, name, *out);
  }
  return 0;
}

static int read_measure(const json_t *object, const char *where, const char *name, measure *m) {
  char *inner = text_format("%s%s.", where, name);
  int status =
      read_numbers(json_object_get(object, name), inner, measure_fields, COUNT(measure_fields), m);
  free(inner);
  return status;
}

static int read_candidate(const json_t *j, const char *where, candidate *c) {
  int status = json_is_object(j) ? 0 : wrong_type(where, "", "an object", j);
  const json_t *translator = json_object_get(j, "translator");
  if (!status) status = read_name(j, where, "method", &c->method);
  if (!status) status = read_name(j, where, "node", &c->node);
  if (!status && translator && !json_is_null(translator)) {
    status = read_name(j, where, "translator", &c->translator);
  }
  return status ? status : read_measure(j, where, "measure", &c->m);
}

static int read_candidates(const json_t *list, const char *where, pair *p) {
  int status = !list || json_is_array(list) ? 0 : wrong_type(where, "candidates", "an array", list);
  if (status) return status;
  p->candidates = (int)json_array_size(list);
  p->candidate = memory_new(((size_t)p->candidates + 1) * sizeof *p->candidate);
  for (int i = 0; i < p->candidates && !status; i++) {
    char *inner = text_format("%scandidates[%d].", where, i);
    status = read_candidate(json_array_get(list, (size_t)i), inner, &p->candidate[i]);
    free(inner);
  }
  return status;
}

static int read_pair(const json_t *j, const char *where, pair *p) {
  int status = json_is_object(j) ? 0 : wrong_type(where, "", "an object", j);
  if (!status) status = read_name(j, where, "source", &p->source);
  if (!status) status = read_name(j, where, "target", &p->target);
  for (int m = 0; m < MEASURES && !status; m++) {
    status = read_measure(j, where, report_measure_name[m], &p->m[m]);
  }
  if (!status) status = read_candidates(json_object_get(j, "candidates"), where, p);
  if (status) return status;
  char *inner = text_format("%sgain.", where);
  status = read_numbers(json_object_get(j, "gain"), inner, gain_fields, COUNT(gain_fields), p);
  free(inner);
  return status ? status : read_numbers(j, where, pair_fields, COUNT(pair_fields), p);
}

static int read_pairs(const char *path, results *r) {
  const json_t *pairs = json_object_get(r->root, "pairs");
  char *where = text_format("%s: ", path);
  int status = json_is_array(pairs) ? 0 : wrong_type(where, "pairs", "an array", pairs);
  free(where);
  if (status) return status;
  r->n = (int)json_array_size(pairs);
  if (r->n == 0) return fail(XS_FAILED, "%s: pairs is empty, so there is nothing to report", path);
  r->pair = memory_new((size_t)r->n * sizeof *r->pair);
  for (int i = 0; i < r->n && !status; i++) {
    where = text_format("%s: pairs[%d].", path, i);
    status = read_pair(json_array_get(pairs, (size_t)i), where, &r->pair[i]);
    free(where);
  }
  return status;
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
  int status = read_pairs(path, r);
  if (status) return status;
  char *where = text_format("%s: summary.", path);
  status = read_numbers(json_object_get(r->root, "summary"), where, summary_fields,
                        COUNT(summary_fields), &r->summary);
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
  for (int i = 0; i < r->n && r->pair; i++) free(r->pair[i].candidate);
  free(r->pair);
  free(r->dir);
  *r = (results){0};
}

char *report_node_file(const results *r, const char *node, const char *file) {
  return text_format("%s/nodes/%s/%s", r->dir, node, file);
}

const char *report_translator(const pair *p) {
  for (int i = 0; i < p->candidates; i++) {
    if (p->candidate[i].translator) return p->candidate[i].translator;
  }
  return NULL;
}
