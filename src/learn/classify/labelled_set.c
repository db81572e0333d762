/* labelled_set.c: the labelled images of a site's splits. */
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "learn.h"
#include "memory.h"
#include "random.h"
#include "sort.h"
#include "text.h"

split_rule split_rule_of(int64_t seed, const char *split_by) {
  return (split_rule){.seed = (uint64_t)seed, .by_image = strcmp(split_by, "image") == 0};
}

/* Leaves the labelled ones of rows, which are taken over. */
static void keep_labelled(const xs_images *images, const int32_t *label, int64_t *rows, int64_t n,
                          train_set *set) {
  *set = (train_set){.images = images, .rows = rows};
  set->label = memory_new((size_t)(images->n + 1) * sizeof *set->label);
  memset(set->label, -1, (size_t)images->n * sizeof *set->label);
  for (int64_t i = 0; i < n; i++) {
    int64_t row = rows[i];
    if (label[row] < 0) continue;
    set->label[row] = label[row];
    set->rows[set->n++] = row;
  }
}

xs_status train_set_label(const xs_images *images, const int32_t *label, split_rule rule,
                          xs_split which, train_set *set) {
  int64_t *rows = NULL, n = 0;
  xs_status status = xs_split_rows(images, rule.seed, rule.by_image, which, &rows, &n);
  keep_labelled(images, label, rows, n, set);
  return status;
}

xs_status train_set_open(const xs_site *s, split_rule rule, xs_split which, train_set *set) {
  int64_t *rows = NULL, n = 0;
  xs_status status = xs_split_labelled(&s->images, s->label, s->classes, rule.seed, rule.by_image,
                                       rule.fold, which, &rows, &n);
  keep_labelled(&s->images, s->label, rows, n, set);
  return status;
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
  sort_integers(set->rows, n);
  set->n = n;
  free(order);
}

static bool has_class(const train_set *set, int class) {
  for (int64_t i = 0; i < set->n; i++) {
    if (set->label[set->rows[i]] == class) return true;
  }
  return false;
}

/* What to do where a class is missing on one side; allocated. */
static char *advise(const xs_site *s, int class) {
  const xs_split_kind kind = s->images.split.kind;
  int64_t images = 0;
  for (int64_t i = 0; i < s->images.n; i++) images += s->label[i] == class;
  if (kind == XS_SPLIT_HASH) {
    return text_format("of its %lld images of that class the seed puts none there: take another "
                       "seed, or, where no other site has its patients, `split: stratified` in its "
                       "domain file",
                       (long long)images);
  }
  return kind == XS_SPLIT_COLUMN
             ? text_format("correct its split_column, or take it out of the domain file")
             : text_format("its %lld images of that class are of fewer patients than the three "
                           "that training, validation and test need: give it more of them, or take "
                           "the class out of `classes`",
                           (long long)images);
}

static xs_status check_split(const xs_site *s, split_rule rule, xs_split which) {
  static const char *const word[] = {
      [XS_TRAIN] = "training", [XS_VALIDATION] = "validation", [XS_TEST] = "test"};
  train_set set;
  xs_status status = train_set_open(s, rule, which, &set);
  for (int k = 0; k < s->classes && !status; k++) {
    if (has_class(&set, k)) continue;
    char *advice = advise(s, k);
    status = (xs_status)fail(XS_FAILED, "site %s has no image of class '%s' in its %s split: %s",
                             s->images.name, s->class_name[k], word[which], advice);
    free(advice);
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

static xs_status refuse_unlabelled(const xs_site *s) {
  return (xs_status)fail(
      XS_FAILED, "site %s has no labels, so that no classifier can be trained on it; %s",
      s->images.name,
      s->classes ? "none of its images has one: fill in the label column, or take `classes` and "
                   "`label_column` out of its domain file to use it as a site without labels"
                 : "give its domain file `labels` and `classes`");
}

xs_status train_check_splits(const xs_site *s, split_rule rule) {
  xs_status status = site_is_labelled(s) ? XS_OK : refuse_unlabelled(s);
  for (int which = XS_TRAIN; which <= XS_TEST && !status; which++) {
    status = check_split(s, rule, (xs_split)which);
  }
  for (rule.fold = 1; rule.fold < s->images.split.folds && !status; rule.fold++) {
    for (int which = XS_TRAIN; which <= XS_TEST && !status; which++) {
      status = check_split(s, rule, (xs_split)which);
    }
  }
  return status;
}
