/* label_seal.c: who may see which labels; seal.jsonl. */
#include "label_seal.h"

#include <stdlib.h>
#include <string.h>

#include "answer_table.h"
#include "error.h"
#include "file.h"
#include "group_count.h"
#include "hash.h"
#include "memory.h"
#include "option.h"
#include "seal_log.h"
#include "sort.h"
#include "training_run.h"

struct seal {
  char *path; /* of seal.jsonl */
  split_rule rule;
  xs_site **site;
  int n;
};

seal *seal_new(const char *out, split_rule rule) {
  seal *s = memory_new(sizeof *s);
  *s = (seal){.path = file_join(out, SEAL_LOG), .rule = rule};
  return s;
}

void seal_free(seal *s) {
  if (!s) return;
  for (int i = 0; i < s->n; i++) xs_site_close(s->site[i]);
  free(s->site);
  free(s->path);
  free(s);
}

void seal_add(seal *s, xs_site *site) {
  s->site = memory_grow(s->site, (size_t)(s->n + 1) * sizeof *s->site);
  s->site[s->n++] = site;
}

const xs_images *seal_images(const seal *s, int site) { return &s->site[site]->images; }

int seal_classes(const seal *s, int site) { return s->site[site]->classes; }

char *const *seal_class_name(const seal *s, int site) { return s->site[site]->class_name; }

char *const *seal_patient(const seal *s, int site) { return s->site[site]->patient; }

xs_status seal_sides(const seal *s, int site, uint8_t **side) {
  return answer_sides(s->site[site], s->rule, side);
}

int64_t seal_skipped(const seal *s, int site, char *const **image) {
  *image = s->site[site]->skipped_image;
  return s->site[site]->skipped;
}

xs_status seal_check_splits(const seal *s, int site) {
  return train_check_splits(s->site[site], s->rule);
}

/* Adaptations take the images that are called training images without a look at labels. */
xs_status seal_check_target(const seal *s, int site) {
  const xs_images *x = &s->site[site]->images;
  int64_t *rows, n;
  xs_status status = xs_split_rows(x, s->rule.seed, s->rule.by_image, XS_TRAIN, &rows, &n);
  free(rows);
  if (status || n) return status;
  return (xs_status)fail(
      XS_FAILED,
      "site %s has no image in its training split, so that nothing can be adapted to it: of its "
      "%lld images the %s; give it images of more patients, or another split in its domain file",
      x->name, (long long)x->n,
      x->split.kind == XS_SPLIT_COLUMN ? "column of the split puts none there"
                                       : "seed puts none there (`split: stratified` does)");
}

typedef struct group_side {
  uint64_t group;
  bool test;
} group_side;

static int compare_group_sides(const void *a, const void *b) {
  const group_side *x = a, *y = b;
  return x->group < y->group ? -1 : x->group > y->group;
}

/* Of every image, by group; [n] images of the site. */
static group_side *sides_of(const seal *s, int site) {
  const xs_site *from = s->site[site];
  const int64_t n = from->images.n;
  group_side *side = memory_new((size_t)(n + 1) * sizeof *side);
  int64_t *rows, tests;
  for (int64_t i = 0; i < n; i++) side[i].group = from->images.group[i];
  xs_split_labelled(&from->images, from->label, from->classes, s->rule.seed, s->rule.by_image, 0,
                    XS_TEST, &rows, &tests);
  for (int64_t i = 0; i < tests; i++) side[rows[i]].test = true;
  free(rows);
  qsort(side, (size_t)n, sizeof *side, compare_group_sides);
  return side;
}

xs_status seal_check_shared(const seal *s, int a, int b) {
  const xs_images *x = &s->site[a]->images, *y = &s->site[b]->images;
  if (s->rule.by_image) return XS_OK;
  group_side *left = sides_of(s, a), *right = sides_of(s, b);
  int64_t torn = 0;
  for (int64_t i = 0, k = 0; i < x->n; i++) {
    while (k < y->n && right[k].group < left[i].group) k++;
    torn += k < y->n && right[k].group == left[i].group && right[k].test != left[i].test;
  }
  free(left);
  free(right);
  if (!torn) return XS_OK;
  return (xs_status)fail(
      XS_FAILED,
      "%lld images of %s are of groups (patients) that %s has too, on the test side at one site "
      "and not at the other: what is learnt of them at one would be measured at the other; give "
      "both domain files `split: hash` with the same shares",
      (long long)torn, x->name, y->name);
}

void seal_count_class(const seal *s, int site, xs_split split, int class, int64_t *images,
                      int64_t *groups) {
  const xs_site *from = s->site[site];
  uint64_t *key = memory_new((size_t)(from->images.n + 1) * sizeof *key);
  train_set set;
  *images = *groups = 0;
  if (!train_set_open(from, s->rule, split, &set)) {
    for (int64_t i = 0; i < set.n; i++) {
      const int64_t row = set.rows[i];
      if (set.label[row] == class) key[(*images)++] = from->images.group[row];
    }
  }
  *groups = group_count(key, *images);
  train_set_release(&set);
  free(key);
}

int64_t seal_count(const seal *s, int site, xs_split split) {
  train_set set;
  int64_t n = train_set_open(s->site[site], s->rule, split, &set) ? 0 : set.n;
  train_set_release(&set);
  return n;
}

/* Test labels are for measuring finished classifiers, and nothing else is. */
static xs_status check_request(const seal_request *q, const char *site) {
  const char *why = NULL;
  if (q->role == SEAL_EVALUATION && q->split != XS_TEST && q->split != XS_ALL) {
    why = "only test labels measure, or all";
  }
  if (q->role == SEAL_SOURCE && q->split != XS_TRAIN && q->split != XS_VALIDATION) {
    why = "test labels are for measuring finished classifiers";
  }
  if (q->role == SEAL_SOURCE && q->target && strcmp(q->target, site) == 0) {
    why = "it adapts to this site, whose labels it may not see";
  }
  if (!why) return XS_OK;
  return (xs_status)fail(XS_FAILED, "%s asks for labels of %s: %s", q->node, site, why);
}

static split_rule rule_of(const seal *s, const seal_request *q) {
  split_rule rule = s->rule;
  rule.fold = q->fold;
  return rule;
}

static json_t *access_json(const seal_request *q, const char *site, int64_t images) {
  static const char *const split[] = {
      [XS_TRAIN] = "train", [XS_VALIDATION] = "validation", [XS_TEST] = "test", [XS_ALL] = "all"};
  static const char *const role[] = {[SEAL_SOURCE] = "source", [SEAL_EVALUATION] = "evaluation"};
  json_t *line = json_pack("{s:s, s:s, s:s, s:s, s:s?, s:I}", "node", q->node, "opens", site,
                           "split", split[q->split], "role", role[q->role], "target", q->target,
                           "images", (json_int_t)images);
  if (q->fold) json_object_set_new(line, "fold", json_integer(q->fold));
  return line;
}

static json_t *hash_json(const int32_t *x, int64_t n) {
  char hex[HASH_SHA256_TEXT];
  hash_sha256_text(x, (size_t)n * sizeof *x, hex);
  return json_string(hex);
}

static xs_status record_labels(const seal *s, const seal_request *q, const train_set *set) {
  json_t *line = access_json(q, set->images->name, set->n);
  json_object_set_new(line, "labels", hash_json(set->label, set->images->n));
  xs_status status = seal_log_add(s->path, line);
  json_decref(line);
  return status;
}

xs_status seal_labels(seal *s, const seal_request *q, train_set *set) {
  *set = (train_set){0};
  xs_status status = check_request(q, s->site[q->site]->images.name);
  if (!status) status = train_set_open(s->site[q->site], rule_of(s, q), q->split, set);
  if (!status) status = record_labels(s, q, set);
  if (status) train_set_release(set);
  return status;
}

/* The groups of a site's training and validation images, ascending. */
static uint64_t *learnt_groups(const seal *s, int site, int64_t *n) {
  const xs_site *from = s->site[site];
  uint64_t *key = memory_new((size_t)(from->images.n + 1) * sizeof *key);
  *n = 0;
  for (int k = XS_TRAIN; k <= XS_VALIDATION; k++) {
    train_set set;
    if (!train_set_open(from, s->rule, (xs_split)k, &set)) {
      for (int64_t i = 0; i < set.n; i++) key[(*n)++] = from->images.group[set.rows[i]];
    }
    train_set_release(&set);
  }
  sort_keys(key, *n);
  return key;
}

void seal_leave_out_learnt(const seal *s, int site, train_set *set) {
  int64_t keys, n = 0;
  uint64_t *key = learnt_groups(s, site, &keys);
  for (int64_t i = 0; i < set->n; i++) {
    const int64_t row = set->rows[i];
    if (bsearch(&set->images->group[row], key, (size_t)keys, sizeof *key, sort_compare_keys)) {
      set->label[row] = -1;
    } else {
      set->rows[n++] = row;
    }
  }
  set->n = n;
  free(key);
}

static bool has_two_classes(const train_set *set) {
  for (int64_t i = 1; i < set->n; i++) {
    if (set->label[set->rows[i]] != set->label[set->rows[0]]) return true;
  }
  return false;
}

xs_status seal_check_measured(const seal *s, int source, int target) {
  const char *from = s->site[source]->images.name, *at = s->site[target]->images.name;
  train_set all;
  xs_status status = train_set_open(s->site[target], s->rule, XS_ALL, &all);
  const int64_t labelled = all.n;
  if (!status) seal_leave_out_learnt(s, source, &all);
  if (!status && all.n < labelled && !has_two_classes(&all)) {
    status = (xs_status)fail(
        XS_FAILED,
        "a classifier of %s cannot be measured at %s: %lld of the %lld labelled images of %s are "
        "of groups (patients) whose images at %s train it, and the rest are %s; %stake the shared "
        "groups out of one of the two sites",
        from, at, (long long)(labelled - all.n), (long long)labelled, at, from,
        all.n ? "of one class" : "none",
        s->rule.by_image ? "use `split_by: group`, which has a group on one side, or " : "");
  }
  train_set_release(&all);
  return status;
}

/* ---- attributes ---- */

static xs_status check_measures(const seal_request *q, const char *site) {
  if (q->role == SEAL_EVALUATION) return check_request(q, site);
  return (xs_status)fail(
      XS_FAILED, "%s asks for attributes of %s: they are for measuring finished classifiers",
      q->node, site);
}

static xs_attribute copy_rows(const xs_attribute *a, const train_set *set) {
  xs_attribute copy = *a;
  copy.value = memory_new((size_t)(set->n + 1) * sizeof *copy.value);
  for (int64_t i = 0; i < set->n; i++) copy.value[i] = a->value[set->rows[i]];
  return copy;
}

static xs_status record_attributes(const seal *s, const seal_request *q, const train_set *set,
                                   const xs_attribute *attribute, int n) {
  json_t *line = access_json(q, set->images->name, set->n), *hash = json_object();
  for (int i = 0; i < n; i++) {
    json_object_set_new(hash, attribute[i].name, hash_json(attribute[i].value, set->n));
  }
  json_object_set_new(line, "attributes", hash);
  xs_status status = seal_log_add(s->path, line);
  json_decref(line);
  return status;
}

xs_status seal_attributes(seal *s, const seal_request *q, const train_set *set,
                          xs_attribute **attribute, int *n) {
  const xs_site *site = s->site[q->site];
  *attribute = NULL;
  *n = 0;
  xs_status status = check_measures(q, site->images.name);
  if (status || !site->attributes) return status;
  *attribute = memory_new((size_t)site->attributes * sizeof **attribute);
  for (; *n < site->attributes; ++*n) (*attribute)[*n] = copy_rows(&site->attribute[*n], set);
  return record_attributes(s, q, set, *attribute, *n);
}

void seal_attributes_release(xs_attribute *attribute, int n) {
  for (int i = 0; i < n; i++) free(attribute[i].value);
  free(attribute);
}

xs_status seal_made(seal *s, const char *node, json_t *sites, const json_t *record,
                    const char *from) {
  char hex[HASH_SHA256_TEXT], *text = run_record_text(record);
  hash_sha256_text(text, strlen(text), hex);
  json_t *line = json_pack("{s:s, s:o, s:O, s:s, s:O?}", "node", node, "sites", sites, "made",
                           json_object_get(record, "files"), "record", hex, "weights",
                           json_object_get(record, "weights"));
  if (from) json_object_set_new(line, SEAL_FROM, option_text_json(from));
  xs_status status = seal_log_add(s->path, line);
  json_decref(line);
  free(text);
  return status;
}

xs_status seal_wrote(seal *s, const char *node, json_t *files, json_t *nodes) {
  json_t *line = json_pack("{s:s, s:o, s:o}", "node", node, "wrote", files, "nodes", nodes);
  xs_status status = seal_log_add(s->path, line);
  json_decref(line);
  return status;
}

xs_status seal_extended(const char *out, const char *what) {
  char *path = file_join(out, SEAL_LOG);
  json_t *line = json_pack("{s:s}", "extended", what);
  xs_status status = file_exists(path) ? seal_log_add(path, line) : XS_OK;
  json_decref(line);
  free(path);
  return status;
}
