/* Black-box shift estimation (Lipton, Wang and Smola 2018).  With columns C[.][j] = P(predicted |
 * class j) the solution of C q = P(predicted at the target) is the target's prior itself.
 * The system is solved here, and not by LAPACK, for the sake of equal bytes: eigen.c has the
 * numbers.
 */
#include "bbse.h"

#include "eigen.h"
#include "error.h"
#include "memory.h"
#include "probability.h"
#include "resampling.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double least_singular_value = 0.01;

/* ---- predictions ----------------------------------------------------------------------------- */

/* Images with a known label; label NULL: all. */
static void predict(const xs_outputs *x, const int32_t *label, bbse_images *images) {
  size_t n = (size_t)x->n;
  images->predicted = memory_new(n * sizeof *images->predicted);
  images->unit = memory_new(n * sizeof *images->unit);
  if (label) images->label = memory_new(n * sizeof *images->label);
  int64_t *kept = memory_new(n * sizeof *kept);
  for (int64_t i = 0; i < x->n; i++) {
    if (label && !probability_known(label[i], x->classes)) continue;
    images->predicted[images->n] = probability_top(x->logit + i * x->classes, x->classes);
    if (label) images->label[images->n] = label[i];
    kept[images->n++] = i;
  }
  images->groups = resample_groups(x->group, kept, images->n, images->unit);
  free(kept);
}

xs_status bbse_open(const xs_labelled_outputs *source, const xs_outputs *target, bbse_images *s,
                    bbse_images *t) {
  *s = *t = (bbse_images){0};
  xs_status status = probability_check_labelled("source", source);
  if (!status) status = probability_check("target", target);
  if (!status && source->of.classes != target->classes) {
    status = fail(XS_USAGE, "no class priors: %d classes at the source, %d at the target",
                  source->of.classes, target->classes);
  }
  if (status) return status;
  predict(&source->of, source->label, s);
  predict(target, NULL, t);
  return XS_OK;
}

static void release(bbse_images *x) {
  free(x->predicted);
  free(x->label);
  free(x->unit);
}

void bbse_close(bbse_images *s, bbse_images *t) {
  release(s);
  release(t);
}

/* ---- counts ---------------------------------------------------------------------------------- */

static size_t count_values(int classes) { return (size_t)classes * ((size_t)classes + 2); }

bbse_counts bbse_counts_new(int classes) {
  bbse_counts c = {.classes = classes};
  c.joint = memory_new(count_values(classes) * sizeof *c.joint);
  c.label = c.joint + classes * classes;
  c.predicted = c.label + classes;
  return c;
}

void bbse_counts_free(bbse_counts *c) { free(c->joint); }

void bbse_count(const bbse_images *s, const uint32_t *source_weight, const bbse_images *t,
                const uint32_t *target_weight, bbse_counts *c) {
  memset(c->joint, 0, count_values(c->classes) * sizeof *c->joint);
  for (int64_t i = 0; i < s->n; i++) {
    double w = source_weight ? source_weight[s->unit[i]] : 1;
    c->joint[s->predicted[i] * c->classes + s->label[i]] += w;
    c->label[s->label[i]] += w;
  }
  for (int64_t i = 0; i < t->n; i++) {
    c->predicted[t->predicted[i]] += target_weight ? target_weight[t->unit[i]] : 1;
  }
}

/* ---- the linear system -----------------------------------------------------------------------
 */

static double sum_of(const double *x, int n) {
  double sum = 0;
  for (int k = 0; k < n; k++) sum += x[k];
  return sum;
}

static double entry(const bbse_counts *c, int i, int j) {
  return c->joint[i * c->classes + j] / c->label[j];
}

/* Expected Frobenius norm of C's sampling error, whose columns are multinomial shares.  No error
 * below C's smallest singular value makes it singular (Weyl). */
static double sampling_error(const bbse_counts *c) {
  double sum = 0;
  for (int j = 0; j < c->classes; j++) {
    double square = 0;
    for (int i = 0; i < c->classes; i++) square += entry(c, i, j) * entry(c, i, j);
    sum += (1 - square) / c->label[j];
  }
  return sqrt(fmax(sum, 0));
}

static double smallest_singular_value(const bbse_counts *c) {
  int n = c->classes;
  double *square = memory_new((size_t)n * ((size_t)n + 1) * sizeof *square);
  double *value = square + n * n, least = INFINITY;
  for (int a = 0; a < n; a++) {
    for (int b = 0; b < n; b++) {
      for (int i = 0; i < n; i++) square[a * n + b] += entry(c, i, a) * entry(c, i, b);
    }
  }
  eigen_values(square, n, value);
  for (int k = 0; k < n; k++) least = fmin(least, value[k]);
  free(square);
  return sqrt(fmax(least, 0));
}

xs_status bbse_check(const bbse_counts *c) {
  for (int k = 0; k < c->classes; k++) {
    if (c->label[k] > 0) continue;
    return fail(XS_FAILED, "no class priors: class %d has no image among the source's", k);
  }
  double least = smallest_singular_value(c), error = sampling_error(c);
  if (least > fmax(error, least_singular_value)) return XS_OK;
  return fail(XS_FAILED,
              "no class priors: the source's confusion matrix is near singular (smallest singular "
              "value %.3g, its sampling error %.3g): the classifier confuses classes too often, or "
              "there are too few source images",
              least, error);
}

/* Largest entry of column k from row k down. */
static int pivot_row(const double *a, int n, int k) {
  int best = k;
  for (int i = k + 1; i < n; i++) {
    if (fabs(a[i * (n + 1) + k]) > fabs(a[best * (n + 1) + k])) best = i;
  }
  return best;
}

static void swap_rows(double *a, int n, int i, int k) {
  for (int j = 0; j <= n && i != k; j++) {
    double t = a[i * (n + 1) + j];
    a[i * (n + 1) + j] = a[k * (n + 1) + j];
    a[k * (n + 1) + j] = t;
  }
}

/* Gauss and Jordan's elimination of a [n][n + 1]; the last column becomes the solution. */
static bool eliminate(double *a, int n) {
  for (int k = 0; k < n; k++) {
    swap_rows(a, n, pivot_row(a, n, k), k);
    double pivot = a[k * (n + 1) + k];
    if (fabs(pivot) < 1e-9) return false;
    for (int j = k; j <= n; j++) a[k * (n + 1) + j] /= pivot;
    for (int i = 0; i < n; i++) {
      double factor = i == k ? 0 : a[i * (n + 1) + k];
      for (int j = k; j <= n && factor != 0; j++) {
        a[i * (n + 1) + j] -= factor * a[k * (n + 1) + j];
      }
    }
  }
  return true;
}

bool bbse_solve(const bbse_counts *c, double *work, double *source, double *target) {
  int n = c->classes;
  double images = sum_of(c->label, n), targets = sum_of(c->predicted, n), sum = 0;
  for (int i = 0; i < n; i++) {
    if (!(c->label[i] > 0)) return false;
    for (int j = 0; j < n; j++) work[i * (n + 1) + j] = c->label[j] > 0 ? entry(c, i, j) : 0;
    work[i * (n + 1) + n] = c->predicted[i] / targets;
  }
  if (!eliminate(work, n)) return false;
  for (int k = 0; k < n; k++) sum += target[k] = fmax(work[k * (n + 1) + n], 0);
  for (int k = 0; k < n; k++) target[k] /= sum;
  for (int k = 0; k < n; k++) source[k] = c->label[k] / images;
  return true;
}

xs_status xs_bbse(const xs_labelled_outputs *source, const xs_outputs *target, double *prior) {
  bbse_images s, t;
  xs_status status = bbse_open(source, target, &s, &t);
  if (!status) {
    int classes = target->classes;
    bbse_counts c = bbse_counts_new(classes);
    bbse_count(&s, NULL, &t, NULL, &c);
    status = bbse_check(&c);
    double *work = memory_new((size_t)classes * ((size_t)classes + 2) * sizeof *work);
    if (!status) bbse_solve(&c, work, work + classes * (classes + 1), prior);
    free(work);
    bbse_counts_free(&c);
  }
  bbse_close(&s, &t);
  return status;
}
