/* Images that are flat, dark, bright, saturated or inverted against the rest of their site. */
#include <math.h>
#include <stdlib.h>

#include "check.h"
#include "file.h"

enum { GREYS = SMALL_PIXELS / 4, FEWEST = 20 }; /* images that make a rest of the site */

typedef struct norm {                            /* of a site */
  double median[STATISTICS], spread[STATISTICS]; /* spread: 1.4826 median absolute deviation */
  double grey[GREYS];                            /* the mean small picture */
  double least;                                  /* 5th percentile of the images' likeness to it */
  bool aligned; /* nearly all images look like it, so that one that looks opposite is wrong */
} norm;

static int compare_doubles(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Sorts v. */
static double median(double *v, int64_t n) {
  qsort(v, (size_t)n, sizeof *v, compare_doubles);
  return (v[(n - 1) / 2] + v[n / 2]) / 2;
}

static void measure_spread(const check *c, const check_site *t, int k, double *work, norm *out) {
  int64_t n = 0;
  for (int64_t i = t->first; i < t->first + t->n; i++) {
    if (!c->sample[i].error) work[n++] = (double)c->sample[i].value[k];
  }
  out->median[k] = median(work, n);
  for (int64_t i = 0; i < n; i++) work[i] = fabs(work[i] - out->median[k]);
  out->spread[k] = 1.4826 * median(work, n);
}

static void measure_grey(const check *c, const check_site *t, norm *out) {
  double n = 0;
  for (int k = 0; k < GREYS; k++) out->grey[k] = 0;
  for (int64_t i = t->first; i < t->first + t->n; i++) {
    if (c->sample[i].error) continue;
    n++;
    for (int k = 0; k < GREYS; k++) {
      out->grey[k] += (c->sample[i].grey[k] - out->grey[k]) / n;
    }
  }
}

static double likeness(const sample *s, const norm *m) {
  double a = 0, b = 0, aa = 0, bb = 0, ab = 0;
  for (int k = 0; k < GREYS; k++) {
    const double x = s->grey[k], y = m->grey[k];
    a += x;
    b += y;
    aa += x * x;
    bb += y * y;
    ab += x * y;
  }
  const double va = aa - a * a / GREYS, vb = bb - b * b / GREYS;
  return va > 0 && vb > 0 ? (ab - a * b / GREYS) / sqrt(va * vb) : 0;
}

static void measure_likeness(const check *c, const check_site *t, double *work, norm *out) {
  int64_t n = 0, alike = 0;
  for (int64_t i = t->first; i < t->first + t->n; i++) {
    if (c->sample[i].error) continue;
    work[n] = likeness(&c->sample[i], out);
    alike += work[n++] > 0.2;
  }
  median(work, n);
  out->least = work[n / 20];
  out->aligned = (double)alike > 0.9 * (double)n;
}

static int64_t measure_site(const check *c, const check_site *t, norm *out) {
  double *work = memory_new(sizeof *work * (size_t)(t->n + 1));
  int64_t n = 0;
  for (int64_t i = t->first; i < t->first + t->n; i++) n += !c->sample[i].error;
  if (n >= FEWEST) {
    for (int k = 0; k <= SATURATED; k++) measure_spread(c, t, k, work, out);
    measure_grey(c, t, out);
    measure_likeness(c, t, work, out);
  }
  free(work);
  return n;
}

/* Far outside in robust deviations, and by enough to be seen. */
static bool is_above(const sample *s, const norm *m, statistic k, double least) {
  return (double)s->value[k] > m->median[k] + fmax(least, 6 * m->spread[k]);
}

static bool is_below(const sample *s, const norm *m, statistic k, double least) {
  return (double)s->value[k] < m->median[k] - fmax(least, 6 * m->spread[k]);
}

static char *judge(const sample *s, const norm *m) {
  if (s->value[CONTRAST] < 0.02f || (double)s->value[CONTRAST] < m->median[CONTRAST] / 5) {
    return text_format("flat: contrast %.3f, the site's median is %.2f", (double)s->value[CONTRAST],
                       m->median[CONTRAST]);
  }
  if (m->aligned && -likeness(s, m) > fmax(0.2, m->least)) {
    return text_format("inverted: correlation with the site's mean image %.2f", likeness(s, m));
  }
  if (is_above(s, m, SATURATED, 0.15)) {
    return text_format("saturated: %.0f %% of the pixels are white, the site's median is %.0f %%",
                       100 * (double)s->value[SATURATED], 100 * m->median[SATURATED]);
  }
  if (is_below(s, m, MEAN, m->median[MEAN] / 2)) {
    return text_format("dark: mean %.2f, the site's median is %.2f", (double)s->value[MEAN],
                       m->median[MEAN]);
  }
  if (is_above(s, m, MEAN, (1 - m->median[MEAN]) / 2)) {
    return text_format("bright: mean %.2f, the site's median is %.2f", (double)s->value[MEAN],
                       m->median[MEAN]);
  }
  return NULL;
}

static void check_images(check *c, const check_site *t, const norm *m) {
  json_t *f = NULL;
  int64_t odd = 0;
  for (int64_t i = t->first; i < t->first + t->n; i++) {
    char *why = c->sample[i].error ? NULL : judge(&c->sample[i], m);
    if (!why) continue;
    if (!odd++) {
      f = finding_add(
          c, "exposure", CHECK_FAULT, t->d.name, 0, text_copy(""),
          "Look at them: a wrong value range, an inverted film (MONOCHROME1) or no film "
          "at all. Repair or remove them; --accept exposure if they are as they should.");
    }
    finding_image(c, f, i, why);
  }
  if (!f) return;
  char *text =
      text_format("%lld image%s of %s %s flat, dark, bright, saturated or inverted against "
                  "the rest of the site.",
                  (long long)odd, plural(odd), t->d.name, odd == 1 ? "is" : "are");
  json_object_set_new(f, "text", json_string(text));
  json_object_set_new(f, "count", json_integer((json_int_t)odd));
  free(text);
}

int find_exposure(check *c) {
  for (int i = 0; i < c->sites; i++) {
    norm m = {0};
    if (measure_site(c, &c->site[i], &m) >= FEWEST) check_images(c, &c->site[i], &m);
  }
  return 0;
}
