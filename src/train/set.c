/* set.c: the labelled images of a site's splits. */
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "file.h"
#include "random.h"
#include "train.h"

split_rule split_rule_of(int64_t seed, const char *split_by) {
  return (split_rule){(uint64_t)seed, strcmp(split_by, "image") == 0};
}

xs_status train_set_label(const xs_images *images, const int32_t *label, split_rule rule,
                          xs_split which, train_set *set) {
  int64_t n;
  *set = (train_set){.images = images};
  xs_status status = xs_split_rows(images, rule.seed, rule.by_image, which, &set->rows, &n);
  if (status) return status;
  set->label = memory_new((size_t)(images->n + 1) * sizeof *set->label);
  memset(set->label, -1, (size_t)images->n * sizeof *set->label);
  for (int64_t i = 0; i < n; i++) {
    int64_t row = set->rows[i];
    if (label[row] < 0) continue;
    set->label[row] = label[row];
    set->rows[set->n++] = row;
  }
  return XS_OK;
}

xs_status train_set_open(const xs_site *s, split_rule rule, xs_split which, train_set *set) {
  return train_set_label(&s->images, s->label, rule, which, set);
}

void train_set_release(train_set *set) {
  free(set->rows);
  free(set->label);
  *set = (train_set){0};
}

void train_set_made(const train_set *from, const xs_images *made, train_set *set) {
  *set = (train_set){.images = made,
                     .label = memory_new((size_t)(from->n + 1) * sizeof(int32_t)),
                     .rows = memory_new((size_t)(from->n + 1) * sizeof(int64_t)),
                     .n = from->n};
  for (int64_t i = 0; i < from->n; i++) {
    set->label[i] = from->label[from->rows[i]];
    set->rows[i] = i;
  }
}

typedef struct place {
  uint64_t key;
  int64_t row;
} place;

static int by_key(const void *a, const void *b) {
  const place *x = a, *y = b;
  if (x->key != y->key) return x->key < y->key ? -1 : 1;
  return x->row < y->row ? -1 : x->row > y->row;
}

static int by_row(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return x < y ? -1 : x > y;
}

void train_set_limit(train_set *set, uint64_t seed, int64_t n) {
  if (n >= set->n) return;
  const uint64_t stream = random_stream("limit");
  place *order = memory_new((size_t)set->n * sizeof *order);
  for (int64_t i = 0; i < set->n; i++) {
    uint64_t group = set->images->group[set->rows[i]];
    uint64_t high = random_u32(seed, stream, group, 0), low = random_u32(seed, stream, group, 1);
    order[i] = (place){high << 32 | low, set->rows[i]};
  }
  qsort(order, (size_t)set->n, sizeof *order, by_key);
  for (int64_t i = n; i < set->n; i++) set->label[order[i].row] = -1;
  for (int64_t i = 0; i < n; i++) set->rows[i] = order[i].row;
  qsort(set->rows, (size_t)n, sizeof *set->rows, by_row);
  set->n = n;
  free(order);
}

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
