/* Sites of format folder: every image is decoded and prepared (prepare.h) when the site is opened,
 * or found so in the cache. */
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "image_cache.h"
#include "image_folder.h"
#include "memory.h"
#include "prepare.h"
#include "site_opening.h"
#include "text.h"
#include "watch.h"

/* text [n][ATTRIBUTES]: where the image's attributes are lent to. */
static void store_entry(entry *e, char **text, xs_site *s, int64_t row) {
  xs_images *x = &s->images;
  x->group[row] = e->group;
  if (x->split.side) x->split.side[row] = e->side;
  x->file[row] = e->file;
  memcpy(text + row * ATTRIBUTES, e->attribute, sizeof e->attribute);
  if (s->patient) s->patient[row] = e->patient;
  s->label[row] = e->label;
  e->file = e->patient = NULL;
}

static int check_readable(const ingest *g, bool skip) {
  const int64_t bad = ingest_unreadable(g);
  if (!bad || (skip && bad < g->n)) return 0;
  if (bad == g->n) {
    return fail(XS_FAILED, "%s: none of the %lld images can be read; the first: %s", g->d->path,
                (long long)g->n, ingest_first_error(g));
  }
  return fail(XS_FAILED,
              "%s (%lld of %lld images cannot be read; `xsite data check %s --out DIR` lists them; "
              "repair them, or leave them out with --skip-unreadable)",
              ingest_first_error(g), (long long)bad, (long long)g->n, g->d->path);
}

/* line is taken over. */
static void note_skipped(xs_site *s, char *line) {
  if (s->skipped < XS_SKIPPED_NAMED) {
    s->skipped_image[s->skipped] = line;
  } else {
    free(line);
  }
  s->skipped++;
}

static void note_missing(const domain *d, const listing *l, xs_site *s) {
  if (l->missing) note_skipped(s, text_copy(l->first_missing));
  for (int64_t i = l->n + 1; i < l->n + l->missing; i++) {
    const entry *e = &l->entry[i];
    note_skipped(s, text_format("%s:%lld: image \"%s\" is not there", d->labels.text[e->csv],
                                (long long)e->line, e->file));
  }
}

static void note_unreadable(const ingest *g, xs_site *s) {
  for (int64_t i = 0; i < g->n; i++) {
    if (g->error[i]) note_skipped(s, text_copy(g->error[i]));
  }
}

/* What the listing says of the readable images. */
static void store_entries(listing *l, const int64_t *rows, const ingest *g, xs_site *s) {
  xs_images *x = &s->images;
  const size_t n = (size_t)x->n;
  int64_t row = 0;
  x->group = memory_new(sizeof *x->group * n);
  x->file = memory_new(sizeof *x->file * n);
  s->label = memory_new(sizeof *s->label * n);
  if (x->split.kind == XS_SPLIT_COLUMN) x->split.side = memory_new(n);
  if (l->patients) s->patient = memory_new(sizeof *s->patient * n);
  char **text = memory_new(sizeof *text * n * ATTRIBUTES);
  for (int64_t i = 0; i < g->n; i++) {
    if (!g->error[i]) store_entry(&l->entry[rows[i]], text, s, row++);
  }
  attribute_store(text, l->present, s);
  free(text);
}

static int load_all(const domain *d, listing *l, const int64_t *rows, int64_t n,
                    const xs_site_options *o, xs_site *s) {
  ingest g = ingest_new(d, o->size, n, o->watch);
  uint8_t *fault = memory_new((size_t)n);
  for (int64_t i = 0; i < n; i++) g.path[i] = l->entry[rows[i]].path;
  int status = image_cache_read(o->cache, &g, &s->images, fault);
  if (!status) status = check_readable(&g, o->skip_unreadable);
  if (!status && d->max_value > 255) status = site_check_range(d, s->images.bytes, g.largest);
  if (!status && g.tone == PREPARE_NEAR_BLACK) status = site_refuse_dark(d, g.white, g.largest);
  if (!status && g.tone == PREPARE_NEAR_WHITE) status = site_refuse_pale(d);
  if (!status) {
    note_unreadable(&g, s);
    store_entries(l, rows, &g, s);
    s->unlike = site_name_faults(&s->images, fault);
  }
  free(fault);
  ingest_release(&g);
  return status;
}

typedef struct sided { /* by group: two entries of one that are on different sides */
  const entry *e;
} sided;

static int compare_groups(const void *a, const void *b) {
  const entry *p = ((const sided *)a)->e, *q = ((const sided *)b)->e;
  if (p->group != q->group) return p->group < q->group ? -1 : 1;
  return (p->side > q->side) - (p->side < q->side);
}

/* An official split that separates a patient's images measures what was learnt by heart. */
static int check_column(const domain *d, const listing *l) {
  static const char *const word[] = {"train", "validation", "test"};
  if (d->plan.kind != XS_SPLIT_COLUMN) return 0;
  sided *all = memory_new(sizeof *all * (size_t)(l->n + 1));
  int status = 0;
  for (int64_t i = 0; i < l->n; i++) all[i].e = &l->entry[i];
  qsort(all, (size_t)l->n, sizeof *all, compare_groups);
  for (int64_t i = 1; i < l->n && !status; i++) {
    const entry *p = all[i - 1].e, *q = all[i].e;
    if (p->group != q->group || p->side == q->side) continue;
    status = fail(XS_FAILED,
                  "%s: split_column: %s of patient %s is in %s, %s in %s; correct the column, or "
                  "take it out so that patients are kept on one side",
                  d->path, p->file, p->patient ? p->patient : "?", word[p->side], q->file,
                  word[q->side]);
  }
  free(all);
  return status;
}

/* Classes are named, and no image has one. */
static int refuse_unlabelled(const domain *d, int64_t n) {
  if (d->mapping) {
    return fail(
        XS_FAILED,
        "%s: none of the %lld images that %s keeps has a label; say labels.cells: none there "
        "to use them as an unlabelled target",
        d->path, (long long)n, d->mapping);
  }
  return fail(XS_FAILED,
              "%s: every cell of column \"%s\" in %s is empty; take out label_column and classes "
              "to use it as an unlabelled target",
              d->path, d->label_column ? d->label_column : "label", d->labels.text[0]);
}

static int check_listing(const domain *d, const listing *l) {
  int32_t *label = memory_new(sizeof *label * (size_t)l->n);
  int64_t known = 0;
  for (int64_t i = 0; i < l->n; i++) {
    label[i] = l->entry[i].label;
    known += label[i] >= 0;
  }
  const bool named = d->classes.n && d->labels.n;
  int status = named && !known
                   ? refuse_unlabelled(d, l->n)
                   : site_check_classes(d, label, l->n, "correct `classes` or the labels");
  free(label);
  return status;
}

/* The rows to load, newly allocated; returns their number. */
static int64_t choose_rows(const listing *l, int64_t limit, int64_t **rows) {
  uint64_t *group = memory_new(sizeof *group * (size_t)l->n);
  *rows = memory_new(sizeof **rows * (size_t)l->n);
  for (int64_t i = 0; i < l->n; i++) group[i] = l->entry[i].group;
  int64_t n = site_limit_rows(group, l->n, limit, *rows);
  free(group);
  return n;
}

int site_load_folder(const domain *d, const xs_site_options *o, xs_site *s) {
  listing l;
  int status = listing_read(d, o->skip_unreadable, &l);
  if (!status && l.unlisted) watch_note(o->watch, "%s", l.unlisted);
  if (!status) status = check_column(d, &l);
  if (!status) status = check_listing(d, &l);
  if (!status) {
    s->skipped_image = memory_new(sizeof *s->skipped_image * XS_SKIPPED_NAMED);
    note_missing(d, &l, s);
    int64_t *rows, n = choose_rows(&l, o->limit, &rows);
    status = load_all(d, &l, rows, n, o, s);
    free(rows);
  }
  if (!status) {
    status = site_check_classes(d, s->label, s->images.n,
                                "raise the limit or repair the unreadable images");
  }
  listing_release(&l);
  return status;
}
