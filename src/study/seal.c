/* seal.c: who may see which labels; seal.jsonl. */
#include "seal.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "file.h"
#include "hash.h"
#include "seal_log.h"

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

xs_status seal_check_splits(const seal *s, int site) {
  return train_check_splits(s->site[site], s->rule);
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
  if (q->role == SEAL_EVALUATION && q->split != XS_TEST) why = "only test labels measure";
  if (q->role == SEAL_SOURCE && q->split != XS_TRAIN && q->split != XS_VALIDATION) {
    why = "test labels are for measuring finished classifiers";
  }
  if (q->role == SEAL_SOURCE && q->target && strcmp(q->target, site) == 0) {
    why = "it adapts to this site, whose labels it may not see";
  }
  if (!why) return XS_OK;
  return (xs_status)fail(XS_FAILED, "%s asks for labels of %s: %s", q->node, site, why);
}

static json_t *access_json(const seal_request *q, const char *site, const train_set *set) {
  static const char *const split[] = {
      [XS_TRAIN] = "train", [XS_VALIDATION] = "validation", [XS_TEST] = "test"};
  static const char *const role[] = {[SEAL_SOURCE] = "source", [SEAL_EVALUATION] = "evaluation"};
  char labels[HASH_SHA256_TEXT];
  hash_sha256_text(set->label, (size_t)set->images->n * sizeof *set->label, labels);
  return json_pack("{s:s, s:s, s:s, s:s, s:s?, s:I, s:s}", "node", q->node, "opens", site, "split",
                   split[q->split], "role", role[q->role], "target", q->target, "images",
                   (json_int_t)set->n, "labels", labels);
}

xs_status seal_labels(seal *s, const seal_request *q, train_set *set) {
  const char *site = s->site[q->site]->images.name;
  *set = (train_set){0};
  xs_status status = check_request(q, site);
  if (!status) status = train_set_open(s->site[q->site], s->rule, q->split, set);
  if (!status) {
    json_t *line = access_json(q, site, set);
    status = seal_log_add(s->path, line);
    json_decref(line);
  }
  if (status) train_set_release(set);
  return status;
}

xs_status seal_made(seal *s, const char *node, const json_t *files) {
  json_t *line = json_pack("{s:s, s:O}", "node", node, "made", files);
  xs_status status = seal_log_add(s->path, line);
  json_decref(line);
  return status;
}
