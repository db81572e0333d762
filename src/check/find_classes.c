/* Class balance, and sites that differ in prevalence. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "clustered_share.h"
#include "data_check.h"
#include "memory.h"
#include "text.h"

enum { MOST_SIDES = 8 };

/* ---- balance --------------------------------------------------------------------------------- */

static int64_t count_labelled(const check *c, const check_site *t, int label, int side) {
  int64_t n = 0;
  for (int64_t i = t->first; i < t->first + t->n; i++) {
    const image_stats *s = &c->sample[i];
    if (s->error || s->label < 0) continue;
    n += (label < 0 || s->label == label) && (side < 0 || s->side == side);
  }
  return n;
}

/* Classes are named, and every label is empty. */
static void check_unlabelled(check *c, const check_site *t) {
  if (c->o->ignore_labels || t->read || !t->d.classes.n || !t->d.labels.n) return;
  for (int64_t i = 0; i < t->l.n; i++) {
    if (t->l.entry[i].label >= 0) return;
  }
  char *text = t->d.mapping ? text_format("No image that %s keeps has a label.", t->d.mapping)
                            : text_format("Every cell of column \"%s\" in %s is empty.",
                                          t->d.label_column ? t->d.label_column : "label",
                                          t->d.labels.text[0]);
  finding_add(
      c, "classes", CHECK_FAULT, t->d.name, t->n, text,
      "To use it as an unlabelled target take out label_column and classes of the domain file, "
      "or say labels.cells: none in the mapping.");
}

static void check_class_counts(check *c, const check_site *t, int label, int64_t labelled) {
  const char *name = t->d.classes.text[label];
  const int64_t n = count_labelled(c, t, label, -1);
  if (n == 0) {
    finding_add(c, "classes", CHECK_FAULT, t->d.name, 1,
                text_format("No readable image of %s has the label %s.", t->d.name, name),
                "Correct `classes` of the domain file or the labels.");
    return;
  }
  if ((double)n < 0.05 * (double)labelled) {
    finding_add(c, "classes", CHECK_NOTE, t->d.name, n,
                text_format("%s is rare at %s: %lld of %lld labelled images.", name, t->d.name,
                            (long long)n, (long long)labelled),
                "Train with balanced batches and expect wide intervals.");
  }
  for (int k = 0; k < t->sides && k < MOST_SIDES; k++) {
    if (count_labelled(c, t, label, k)) continue;
    finding_add(
        c, "classes", CHECK_FAULT, t->d.name, 1,
        text_format("No image of %s with the label %s is on the side %s of the split.", t->d.name,
                    name, t->side[k]),
        "Label more of its patients: each side needs one. Where the split is by hash another "
        "--seed may do.");
  }
}

static share class_share(const check *c, const check_site *t, int label) {
  uint8_t *hit = memory_new((size_t)t->n + 1);
  uint64_t *group = memory_new(sizeof *group * (size_t)(t->n + 1));
  int64_t n = 0;
  for (int64_t i = t->first; i < t->first + t->n; i++) {
    const image_stats *s = &c->sample[i];
    if (s->error || s->label < 0) continue;
    hit[n] = s->label == label;
    group[n++] = s->group;
  }
  const share x = share_of(hit, group, n);
  free(hit);
  free(group);
  return x;
}

static void tabulate_classes(check *c) {
  static const char *const head[] = {"Site", "Class", "Images", "Share in %", "from", "to"};
  json_t *t = table_add(c, "classes",
                        "Readable labelled images of each class, with 95 % intervals of the share "
                        "(patients drawn)",
                        head, 6);
  for (int i = 0; i < c->sites; i++) {
    const check_site *site = &c->site[i];
    for (int k = 0; k < site->d.classes.n; k++) {
      const share x = class_share(c, site, k);
      if (!x.n) continue;
      const double half = isnan(x.error) ? 0 : 1.96 * x.error;
      table_put(t, json_pack("[s, s, I, f, f, f]", site->d.name, site->d.classes.text[k],
                             (json_int_t)count_labelled(c, site, k, -1), 100 * x.value,
                             100 * fmax(0, x.value - half), 100 * fmin(1, x.value + half)));
    }
  }
}

/* ---- prevalence ------------------------------------------------------------------------------ */

typedef struct contrast { /* of two sites in one class */
  int a, b, label;
  double value, error, p;
} contrast;

static int find_class(const check_site *t, const char *name) { return domain_class(&t->d, name); }

/* Of two classes one says it all. */
static int tested_classes(const check_site *t) { return t->d.classes.n == 2 ? 1 : t->d.classes.n; }

static contrast compare(const check *c, int a, int b, int label) {
  const char *name = c->site[a].d.classes.text[label];
  const share x = class_share(c, &c->site[a], label);
  const share y = class_share(c, &c->site[b], find_class(&c->site[b], name));
  contrast d = {a, b, label, y.value - x.value, hypot(x.error, y.error), NAN};
  if (d.error > 0) d.p = erfc(fabs(d.value / d.error) / sqrt(2));
  if (d.error == 0) d.p = d.value > 0 || d.value < 0 ? 0 : 1;
  return d;
}

static contrast *compare_all(const check *c, int *n) {
  contrast *d = NULL;
  *n = 0;
  for (int a = 0; a < c->sites; a++) {
    for (int b = a + 1; b < c->sites; b++) {
      const int first = c->site[a].d.classes.n == 2 ? 1 : 0;
      for (int k = 0; k < tested_classes(&c->site[a]); k++) {
        const int label = first + k;
        if (find_class(&c->site[b], c->site[a].d.classes.text[label]) < 0) continue;
        d = memory_grow(d, sizeof *d * (size_t)(*n + 1));
        d[*n] = compare(c, a, b, label);
        if (!isnan(d[*n].p)) (*n)++;
      }
    }
  }
  return d;
}

static void say(check *c, const contrast *d) {
  const char *a = c->site[d->a].d.name, *b = c->site[d->b].d.name;
  finding_add(c, "prevalence", CHECK_NOTE, NULL, 1,
              text_format("%s is %.1f points %s common at %s than at %s (95 %% interval %.1f to "
                          "%.1f, p %s%.2g after Holm).",
                          c->site[d->a].d.classes.text[d->label], fabs(100 * d->value),
                          d->value > 0 ? "more" : "less", b, a,
                          100 * (fabs(d->value) - 1.96 * d->error),
                          100 * (fabs(d->value) + 1.96 * d->error), d->p < 1e-9 ? "< " : "",
                          fmax(d->p, 1e-9)),
              "A translator between them may invent or delete the finding: watch label keeping and "
              "the class shares in the report.");
}

static int check_prevalence(check *c) {
  int n;
  contrast *d = compare_all(c, &n);
  double *p = memory_new(sizeof *p * (size_t)(n + 1));
  for (int i = 0; i < n; i++) p[i] = d[i].p;
  int status = (int)xs_holm(p, n, p);
  for (int i = 0; i < n && !status; i++) {
    d[i].p = p[i];
    if (p[i] < c->o->alpha) say(c, &d[i]);
  }
  free(p);
  free(d);
  return status;
}

int find_classes(check *c) {
  bool any = false;
  for (int i = 0; i < c->sites; i++) {
    const check_site *t = &c->site[i];
    const int64_t labelled = count_labelled(c, t, -1, -1);
    if (!labelled) check_unlabelled(c, t);
    if (!labelled) continue;
    any = true;
    for (int k = 0; k < t->d.classes.n; k++) check_class_counts(c, t, k, labelled);
  }
  if (!any) return 0;
  tabulate_classes(c);
  return check_prevalence(c);
}
