/* Images of a site that look unlike the others: a wrong range, a wrong tag, an empty film. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "site.h"

enum { LEAST_IMAGES = 8, NAMED = 3, LEVELS = 256 };

typedef enum fault { FLAT, DARK, SATURATED, INVERTED, FAULTS } fault;
static const char *const fault_name[] = {"flat", "dark", "saturated", "inverted"};

typedef struct look { /* of one image, values in [0,1] */
  double deviation;
  double top;   /* 99th percentile */
  double white; /* share of values at the top of the range */
  double alike; /* correlation with the mean image of the site */
} look;

static double value_at(const xs_images *x, int64_t i) {
  double v = x->bytes == 1 ? ((uint8_t *)x->pixels)[i] : ((uint16_t *)x->pixels)[i];
  return fmin(v / x->max_value, 1);
}

static int64_t values_of(const xs_images *x) { return (int64_t)x->height * x->width * x->channels; }

static double *mean_image(const xs_images *x) {
  int64_t each = values_of(x);
  double *mean = memory_new(sizeof *mean * (size_t)each);
  for (int64_t i = 0; i < x->n * each; i++) mean[i % each] += value_at(x, i) / (double)x->n;
  return mean;
}

static double correlate(const xs_images *x, int64_t row, const double *mean) {
  int64_t each = values_of(x);
  double n = (double)each, a = 0, b = 0, aa = 0, bb = 0, ab = 0;
  for (int64_t i = 0; i < each; i++) {
    double v = value_at(x, row * each + i), m = mean[i];
    a += v, b += m, aa += v * v, bb += m * m, ab += v * m;
  }
  double spread = (aa - a * a / n) * (bb - b * b / n);
  return spread > 1e-12 ? (ab - a * b / n) / sqrt(spread) : 0;
}

static look look_at(const xs_images *x, int64_t row, const double *mean) {
  int64_t each = values_of(x), count[LEVELS] = {0}, seen = 0;
  double sum = 0, squares = 0;
  for (int64_t i = 0; i < each; i++) {
    double v = value_at(x, row * each + i);
    sum += v;
    squares += v * v;
    count[(int)(v * (LEVELS - 1))]++;
  }
  look l = {.alike = correlate(x, row, mean)};
  int level = 0;
  while (100 * (seen += count[level]) < 99 * each) level++;
  l.top = level / (LEVELS - 1.0);
  l.white = (double)count[LEVELS - 1] / (double)each;
  l.deviation = sqrt(fmax(squares / (double)each - sum * sum / (double)(each * each), 0));
  return l;
}

static int compare(const void *a, const void *b) {
  double p = *(const double *)a, q = *(const double *)b;
  return p < q ? -1 : p > q;
}

static double median(double *v, int64_t n) {
  qsort(v, (size_t)n, sizeof *v, compare);
  return v[n / 2];
}

/* What half of the images are below, measure by measure. */
static look usual_look(const look *l, int64_t n) {
  double *v = memory_new(sizeof *v * (size_t)n);
  look usual = {0};
  for (int64_t i = 0; i < n; i++) v[i] = l[i].top;
  usual.top = median(v, n);
  for (int64_t i = 0; i < n; i++) v[i] = l[i].white;
  usual.white = median(v, n);
  for (int64_t i = 0; i < n; i++) v[i] = l[i].alike;
  usual.alike = median(v, n);
  free(v);
  return usual;
}

static fault fault_of(const look *l, const look *usual) {
  if (l->deviation < 0.01) return FLAT;
  if (l->top < usual->top / 4) return DARK;
  if (l->white > 0.5 && usual->white < 0.25) return SATURATED;
  if (l->alike < -0.3 && usual->alike > 0.3) return INVERTED;
  return FAULTS;
}

/* "2 inverted (a.png, b.png)" behind what is there already. */
static char *add_fault(char *text, const xs_images *x, const fault *f, fault which) {
  char *names = NULL;
  int64_t n = 0;
  for (int64_t i = 0; i < x->n; i++) {
    if (f[i] != which || n++ >= NAMED) continue;
    char *longer = text_format("%s%s%s", names ? names : "", names ? ", " : "", x->file[i]);
    free(names);
    names = longer;
  }
  if (!n) return text;
  char *longer = text_format("%s%s%lld %s (%s%s)", text ? text : "", text ? ", " : "", (long long)n,
                             fault_name[which], names, n > NAMED ? ", ..." : "");
  free(names);
  free(text);
  return longer;
}

char *site_find_unlike(const xs_images *x) {
  if (x->n < LEAST_IMAGES || !x->file) return NULL;
  size_t n = (size_t)x->n;
  double *mean = mean_image(x);
  look *l = memory_new(sizeof *l * n);
  fault *f = memory_new(sizeof *f * n);
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < x->n; i++) l[i] = look_at(x, i, mean);
  look usual = usual_look(l, x->n);
  char *text = NULL;
  for (int64_t i = 0; i < x->n; i++) f[i] = fault_of(&l[i], &usual);
  for (int k = FLAT; k < FAULTS; k++) text = add_fault(text, x, f, (fault)k);
  free(mean);
  free(l);
  free(f);
  return text;
}
