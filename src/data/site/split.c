/* split.c: on which side of a site's split each image is. */
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "random.h"
#include "xsite.h"

static const double TENTH = 0.1; /* a side that nobody has said more about */

typedef struct unit { /* a group, or an image where each is drawn for itself */
  double drawn;
  uint64_t key;
  int64_t first, n; /* its places in the order of rows */
  int64_t weight;   /* images that count: with a label where labels are used */
  int class;        /* -1: without labels */
  xs_split open;    /* its side without labels */
  xs_split side;
  int fold;
} unit;

typedef struct place {
  double drawn;
  uint64_t key;
  int64_t row;
} place;

typedef struct split {
  const xs_images *x;
  place *place; /* [x->n] in the order in which groups are drawn */
  unit *unit;   /* [n] in the same order */
  int64_t n;
} split;

static double draw(uint64_t seed, uint64_t group, uint64_t image) {
  return (double)random_uniform(seed, random_stream("split"), group, image);
}

static double share_of_validation(const xs_split_plan *p) {
  return p->validation > 0 || p->test > 0 ? p->validation : TENTH;
}

static double share_of_test(const xs_split_plan *p) {
  return p->validation > 0 || p->test > 0 ? p->test : TENTH;
}

/* ---- units --------------------------------------------------------------------------------------
 */

static int compare_places(const void *a, const void *b) {
  const place *p = a, *q = b;
  if (p->drawn != q->drawn) return p->drawn < q->drawn ? -1 : 1;
  if (p->key != q->key) return p->key < q->key ? -1 : 1;
  return p->row < q->row ? -1 : p->row > q->row;
}

static void open_units(const xs_images *x, uint64_t seed, bool by_image, split *s) {
  *s = (split){.x = x,
               .place = memory_new(sizeof *s->place * (size_t)(x->n + 1)),
               .unit = memory_new(sizeof *s->unit * (size_t)(x->n + 1))};
  for (int64_t i = 0; i < x->n; i++) {
    const uint64_t image = by_image ? (uint64_t)i + 1 : 0;
    s->place[i] = (place){draw(seed, x->group[i], image), by_image ? image : x->group[i], i};
  }
  qsort(s->place, (size_t)x->n, sizeof *s->place, compare_places);
  for (int64_t i = 0; i < x->n; i++) {
    const place *p = &s->place[i];
    unit *last = &s->unit[s->n - 1];
    if (!s->n || last->key != p->key || last->drawn != p->drawn) {
      last = &s->unit[s->n++];
      *last = (unit){.drawn = p->drawn, .key = p->key, .first = i, .class = -1};
    }
    last->weight = ++last->n;
  }
}

static void close_units(split *s) {
  free(s->place);
  free(s->unit);
}

/* A unit's class is the rarest of its labelled images'; label NULL: none. */
static void classify(split *s, const int32_t *label, int classes) {
  int64_t *count = memory_new(sizeof *count * (size_t)(classes + 1));
  for (int64_t i = 0; i < s->x->n; i++) count[label[i] < 0 ? classes : label[i]]++;
  for (int64_t i = 0; i < s->n; i++) {
    unit *u = &s->unit[i];
    u->weight = 0;
    for (int64_t k = u->first; k < u->first + u->n; k++) {
      const int32_t c = label[s->place[k].row];
      if (c < 0) continue;
      u->weight++;
      if (u->class < 0 || count[c] < count[u->class]) u->class = c;
    }
  }
  free(count);
}

/* ---- sides --------------------------------------------------------------------------------------
 */

/* Some of the units, in their order. */
typedef struct stratum {
  unit **unit;
  int64_t n;
} stratum;

static stratum gather(const split *s, bool (*belongs)(const unit *u, int what), int what) {
  stratum t = {.unit = memory_new(sizeof *t.unit * (size_t)(s->n + 1))};
  for (int64_t i = 0; i < s->n; i++) {
    if (belongs(&s->unit[i], what)) t.unit[t.n++] = &s->unit[i];
  }
  return t;
}

static int64_t clamp(int64_t x, int64_t low, int64_t high) {
  return x < low ? low : x > high ? high : x;
}

/* The first unit whose middle lies in the last `share` of all images. */
static int64_t find_cut(const stratum *t, double share) {
  double all = 0, before = 0;
  for (int64_t i = 0; i < t->n; i++) all += (double)t->unit[i]->weight;
  for (int64_t i = 0; i < t->n; i++) {
    const double size = (double)t->unit[i]->weight;
    if (before + size / 2 >= (1 - share) * all) return i;
    before += size;
  }
  return t->n;
}

/* The first units to train, then validation, the last to test; each side has a unit where there are
 * as many, training and test first. */
static void cut(const stratum *t, double validation, double test) {
  int64_t b = test > 0 ? find_cut(t, test) : t->n, a = find_cut(t, validation + test);
  if (test > 0 && t->n > 1) b = clamp(b, t->n > 2 ? 2 : 1, t->n - 1);
  a = clamp(a, 1, b > 1 ? b - (validation > 0) : 1);
  for (int64_t i = 0; i < t->n; i++) {
    t->unit[i]->side = i < a ? XS_TRAIN : i < b ? XS_VALIDATION : XS_TEST;
  }
}

static bool is_any(const unit *u, int what) {
  (void)u;
  (void)what;
  return true;
}

static bool is_of_class(const unit *u, int what) { return u->class == what; }
static bool is_on_side(const unit *u, int what) { return (int)u->side == what; }
static bool is_training_of_class(const unit *u, int what) {
  return u->class == what && u->side == XS_TRAIN;
}

static xs_split hash_side(const xs_split_plan *p, double drawn) {
  const double validation = share_of_validation(p), test = share_of_test(p);
  return drawn < 1 - test - validation ? XS_TRAIN : drawn < 1 - test ? XS_VALIDATION : XS_TEST;
}

/* A column that names no validation leaves it to be drawn from its training images. */
static bool lacks_validation(const split *s) {
  const uint8_t *side = s->x->split.side;
  return !memchr(side, XS_VALIDATION, (size_t)s->x->n);
}

static void take_column(split *s) {
  for (int64_t i = 0; i < s->n; i++) {
    unit *u = &s->unit[i];
    u->side = (xs_split)s->x->split.side[s->place[u->first].row];
  }
}

/* Every unit's side without labels. */
static void draw_open(split *s) {
  const xs_split_plan *p = &s->x->split;
  stratum t = {0};
  if (p->kind == XS_SPLIT_STRATIFIED) {
    t = gather(s, is_any, 0);
    cut(&t, share_of_validation(p), share_of_test(p));
  } else if (p->kind == XS_SPLIT_COLUMN) {
    take_column(s);
    t = gather(s, is_on_side, XS_TRAIN);
    if (lacks_validation(s)) cut(&t, TENTH, 0);
  } else {
    for (int64_t i = 0; i < s->n; i++) s->unit[i].side = hash_side(p, s->unit[i].drawn);
  }
  free(t.unit);
  for (int64_t i = 0; i < s->n; i++) s->unit[i].open = s->unit[i].side;
}

/* ---- sides where labels are used ----------------------------------------------------------------
 */

/* Images that an adaptation to the site may see are no test images where the class has others. */
static void spare_open(const stratum *t) {
  bool others = false;
  for (int64_t i = 0; i < t->n; i++) {
    others |= t->unit[i]->side == XS_TEST && t->unit[i]->open != XS_TRAIN;
  }
  for (int64_t i = 0; others && i < t->n; i++) {
    if (t->unit[i]->side == XS_TEST && t->unit[i]->open == XS_TRAIN) {
      t->unit[i]->side = XS_VALIDATION;
    }
  }
}

/* Fold 0 is the test side; the other units go to the other folds, in their order. */
static void deal_folds(const stratum *t, int folds) {
  double all = 0, before = 0;
  for (int64_t i = 0; i < t->n; i++) {
    if (t->unit[i]->side != XS_TEST) all += (double)t->unit[i]->weight;
  }
  for (int64_t i = 0; i < t->n; i++) {
    unit *u = t->unit[i];
    if (u->side == XS_TEST) continue;
    const double middle = before + (double)u->weight / 2;
    u->fold = 1 + (int)clamp((int64_t)((folds - 1) * middle / all), 0, folds - 2);
    before += (double)u->weight;
  }
}

static bool is_outside_fold(const unit *u, int what) { return u->class >= 0 && u->fold != what; }

/* The fold is test; of the others each class gives its last units to validation. */
static void take_fold(split *s, int fold, int classes) {
  const xs_split_plan *p = &s->x->split;
  const double validation = share_of_validation(p) / (1 - share_of_test(p));
  stratum all = gather(s, is_outside_fold, fold);
  for (int64_t i = 0; i < s->n; i++) {
    if (s->unit[i].class >= 0) s->unit[i].side = XS_TEST;
  }
  for (int k = 0; k < classes; k++) {
    stratum t = {.unit = memory_new(sizeof *t.unit * (size_t)(all.n + 1))};
    for (int64_t i = 0; i < all.n; i++) {
      if (all.unit[i]->class == k) t.unit[t.n++] = all.unit[i];
    }
    cut(&t, validation, 0);
    free(t.unit);
  }
  free(all.unit);
}

static void stratify(split *s, int classes) {
  const xs_split_plan *p = &s->x->split;
  for (int k = 0; k < classes; k++) {
    stratum t = gather(s, is_of_class, k);
    cut(&t, share_of_validation(p), share_of_test(p));
    spare_open(&t);
    if (p->folds) deal_folds(&t, p->folds);
    free(t.unit);
  }
}

static void stratify_validation(split *s, int classes) {
  for (int64_t i = 0; i < s->n; i++) {
    if (s->unit[i].class >= 0 && s->unit[i].side == XS_VALIDATION) s->unit[i].side = XS_TRAIN;
  }
  for (int k = 0; k < classes; k++) {
    stratum t = gather(s, is_training_of_class, k);
    cut(&t, TENTH, 0);
    free(t.unit);
  }
}

static void draw_labelled(split *s, const int32_t *label, int classes, int fold) {
  classify(s, label, classes);
  if (s->x->split.kind == XS_SPLIT_STRATIFIED) {
    stratify(s, classes);
    if (fold) take_fold(s, fold, classes);
  } else if (s->x->split.kind == XS_SPLIT_COLUMN && lacks_validation(s)) {
    stratify_validation(s, classes);
  }
}

/* ---- rows ---------------------------------------------------------------------------------------
 */

static void take_rows(const split *s, xs_split which, int64_t **rows, int64_t *n) {
  uint8_t *wanted = memory_new((size_t)s->x->n + 1);
  for (int64_t i = 0; i < s->n; i++) {
    const unit *u = &s->unit[i];
    for (int64_t k = u->first; k < u->first + u->n; k++) {
      wanted[s->place[k].row] = which == XS_ALL || u->side == which;
    }
  }
  *rows = memory_new(sizeof **rows * (size_t)(s->x->n + 1));
  *n = 0;
  for (int64_t i = 0; i < s->x->n; i++) {
    if (wanted[i]) (*rows)[(*n)++] = i;
  }
  free(wanted);
}

xs_status xs_split_labelled(const xs_images *x, const int32_t *label, int classes, uint64_t seed,
                            bool by_image, int fold, xs_split which, int64_t **rows, int64_t *n) {
  split s;
  open_units(x, seed, by_image, &s);
  draw_open(&s);
  if (label) draw_labelled(&s, label, classes, fold);
  take_rows(&s, which, rows, n);
  close_units(&s);
  return XS_OK;
}

xs_status xs_split_rows(const xs_images *x, uint64_t seed, bool by_image, xs_split which,
                        int64_t **rows, int64_t *n) {
  return xs_split_labelled(x, NULL, 0, seed, by_image, 0, which, rows, n);
}
