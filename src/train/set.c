/* set.c: the labelled images of a site's splits. */
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "train.h"

split_rule split_rule_of(int64_t seed, const char *split_by) {
  return (split_rule){(uint64_t)seed, strcmp(split_by, "image") == 0};
}

xs_status train_set_open(const xs_site *s, split_rule rule, xs_split which, train_set *set) {
  int64_t *rows, n, kept = 0;
  *set = (train_set){.images = &s->images, .label = s->label};
  xs_status status = xs_split_rows(&s->images, rule.seed, rule.by_image, which, &rows, &n);
  if (status) return status;
  for (int64_t i = 0; i < n; i++) {
    if (s->label[rows[i]] >= 0) rows[kept++] = rows[i];
  }
  set->rows = rows;
  set->n = kept;
  return XS_OK;
}

void train_set_release(train_set *set) { free((void *)(uintptr_t)set->rows); }

static bool has_class(const train_set *set, int class) {
  for (int64_t i = 0; i < set->n; i++) {
    if (set->label[set->rows[i]] == class) return true;
  }
  return false;
}

static xs_status check_split(const xs_site *s, split_rule rule, xs_split which) {
  static const char *const word[] = {
      [XS_TRAIN] = "training", [XS_VALIDATION] = "validation", [XS_TEST] = "test"};
  train_set set;
  xs_status status = train_set_open(s, rule, which, &set);
  for (int k = 0; k < s->classes && !status; k++) {
    if (has_class(&set, k)) continue;
    status = (xs_status)fail(XS_FAILED,
                             "site %s has no image of class '%s' in its %s split: give it more "
                             "images of that class, or take another seed",
                             s->images.name, s->class_name[k], word[which]);
  }
  train_set_release(&set);
  return status;
}

bool site_is_labelled(const xs_site *s) {
  for (int64_t i = 0; i < s->images.n; i++) {
    if (s->label[i] >= 0) return true;
  }
  return false;
}

xs_status train_check_splits(const xs_site *s, split_rule rule) {
  xs_status status = XS_OK;
  if (!site_is_labelled(s)) {
    return (xs_status)fail(XS_FAILED,
                           "site %s has no labels, so that no classifier can be trained on it; "
                           "give its domain file `labels` and `classes`",
                           s->images.name);
  }
  for (int which = XS_TRAIN; which <= XS_TEST && !status; which++) {
    status = check_split(s, rule, (xs_split)which);
  }
  return status;
}
