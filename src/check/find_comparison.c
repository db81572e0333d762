/* The sites compared as data sets: one-way ANOVA (Fisher 1925) of each measure. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "data_check.h"
#include "error.h"
#include "memory.h"
#include "numeral.h"
#include "text.h"

typedef enum measure {
  MEASURE_AGE,
  MEASURE_SEX,   /* 1 for a woman */
  MEASURE_CLASS, /* 1 for the class `which`, by name */
  MEASURE_WIDTH,
  MEASURE_HEIGHT,
  MEASURE_ASPECT,
  MEASURE_STATISTIC
} measure;

typedef struct row {
  measure kind;
  int which;
  char *name;
} row;

typedef struct comparison {
  double *value; /* of all sites that know it, one after the other */
  int64_t *size; /* [samples] */
  int *site;     /* [samples] */
  int samples;
  xs_anova anova;
} comparison;

/* ---- values ---------------------------------------------------------------------------------- */

static double class_value(const check *c, const image_stats *s, int which) {
  if (s->label < 0) return NAN;
  const domain *d = &c->site[s->site].d;
  const int wanted = domain_class(d, check_class(c, which));
  return wanted < 0 ? NAN : s->label == wanted;
}

static double value_of(const check *c, const image_stats *s, const row *r) {
  const check_site *t = &c->site[s->site];
  const char *const *column = t->read ? NULL : (const char *const *)t->l.entry[s->row].attribute;
  switch (r->kind) {
  case MEASURE_AGE:
    return column && column[ATTRIBUTE_AGE] ? numeral_read(column[ATTRIBUTE_AGE], NULL) : NAN;
  case MEASURE_SEX:
    return column && column[ATTRIBUTE_SEX] ? !strcmp(column[ATTRIBUTE_SEX], "F") : NAN;
  case MEASURE_CLASS:
    return class_value(c, s, r->which);
  case MEASURE_WIDTH:
    return s->width;
  case MEASURE_HEIGHT:
    return s->height;
  case MEASURE_ASPECT:
    return (double)s->width / s->height;
  case MEASURE_STATISTIC:
    return (double)s->value[r->which];
  }
  return NAN;
}

static void collect(const check *c, const row *r, comparison *x) {
  int64_t n = 0;
  x->value = memory_new(sizeof *x->value * (size_t)c->n);
  x->size = memory_new(sizeof *x->size * (size_t)c->sites);
  x->site = memory_new(sizeof *x->site * (size_t)c->sites);
  for (int k = 0; k < c->sites; k++) {
    const int64_t before = n;
    for (int64_t i = c->site[k].first; i < c->site[k].first + c->site[k].n; i++) {
      const double v = c->sample[i].error ? NAN : value_of(c, &c->sample[i], r);
      if (!isnan(v)) x->value[n++] = v;
    }
    if (n == before) continue;
    x->site[x->samples] = k;
    x->size[x->samples++] = n - before;
  }
}

static void comparison_release(comparison *x) {
  free(x->value);
  free(x->size);
  free(x->site);
}

/* ---- rows ------------------------------------------------------------------------------------ */

static int make_rows(const check *c, row *r) {
  static const struct {
    measure kind;
    int which;
    const char *name;
  } fixed[] = {{MEASURE_AGE, 0, "age in years"},
               {MEASURE_SEX, 0, "share of women"},
               {MEASURE_WIDTH, 0, "width in pixels"},
               {MEASURE_HEIGHT, 0, "height in pixels"},
               {MEASURE_ASPECT, 0, "aspect ratio"},
               {MEASURE_STATISTIC, MEAN, "mean brightness"},
               {MEASURE_STATISTIC, DEVIATION, "deviation of brightness"},
               {MEASURE_STATISTIC, CONTRAST, "contrast"},
               {MEASURE_STATISTIC, SATURATED, "share of white pixels"},
               {MEASURE_STATISTIC, BORDER, "constant border"}};
  int n = 0;
  for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) {
    r[n++] = (row){fixed[i].kind, fixed[i].which, text_copy(fixed[i].name)};
  }
  const int classes = c->site[0].d.classes.n;
  for (int k = classes == 2 ? 1 : 0; k < classes; k++) {
    r[n++] = (row){MEASURE_CLASS, k, text_format("share of %s", c->site[0].d.classes.text[k])};
  }
  return n;
}

/* ---- what is said ---------------------------------------------------------------------------- */

static char *describe(const check *c, const comparison *x) {
  buffer text = {0};
  const double *v = x->value;
  for (int k = 0; k < x->samples; k++) {
    double sum = 0, square = 0, n = (double)x->size[k];
    for (int64_t i = 0; i < x->size[k]; i++) sum += v[i] / n;
    for (int64_t i = 0; i < x->size[k]; i++) square += (v[i] - sum) * (v[i] - sum);
    buffer_between(&text, "; ");
    buffer_add(&text, "%s %.4g ± %.3g (%lld)", c->site[x->site[k]].d.name, sum,
               n > 1 ? sqrt(square / (n - 1)) : 0.0, (long long)x->size[k]);
    v += x->size[k];
  }
  return buffer_take(&text);
}

static void say(check *c, const row *r, const comparison *x, const double *p, int n) {
  static const char *const head[] = {"Measure", "F", "p", "p (Holm)", "Mean ± deviation (images)"};
  json_t *t = table_add(c, "comparison",
                        "The sites compared, one-way analysis of variance over images; measures "
                        "that only one site knows, or that never vary, are left out",
                        head, 5);
  buffer list = {0};
  int differ = 0;
  for (int i = 0; i < n; i++) {
    if (isnan(p[i])) continue;
    char *means = describe(c, &x[i]);
    table_put(t, json_pack("[s, o, f, f, s]", r[i].name,
                           isfinite(x[i].anova.f) ? json_real(x[i].anova.f) : json_null(),
                           x[i].anova.p, p[i], means));
    free(means);
    if (!(p[i] < c->o->alpha)) continue;
    buffer_between(&list, ", ");
    buffer_text(&list, r[i].name);
    differ++;
  }
  if (differ) {
    finding_add(
        c, "sites-differ", CHECK_NOTE, NULL, differ,
        text_format("The sites differ in %s (ANOVA, alpha %g after Holm).", list.text, c->o->alpha),
        "Expect a classifier from one to lose at the other; report the differences.");
  }
  buffer_free(&list);
}

int find_comparison(check *c) {
  if (c->sites < 2) return 0;
  row *r = memory_new(sizeof *r * (size_t)(c->site[0].d.classes.n + 16));
  const int n = make_rows(c, r);
  comparison *x = memory_new(sizeof *x * (size_t)n);
  double *p = memory_new(sizeof *p * (size_t)n);
  for (int i = 0; i < n; i++) {
    collect(c, &r[i], &x[i]);
    const bool tested =
        x[i].samples > 1 && !xs_anova_test(x[i].value, x[i].size, x[i].samples, &x[i].anova);
    p[i] = tested ? x[i].anova.p : NAN;
  }
  const int status = (int)xs_holm(p, n, p);
  if (!status) say(c, r, x, p, n);
  for (int i = 0; i < n; i++) {
    comparison_release(&x[i]);
    free(r[i].name);
  }
  free(p);
  free(x);
  free(r);
  return status;
}
