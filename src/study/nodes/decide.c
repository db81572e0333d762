/* decide.c: which of a pair's candidates to use, by the careful or the bold rule. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "choice.h"
#include "error.h"
#include "memory.h"
#include "probability.h"

static int criterion_place(const char *name) {
  int n, k = 0;
  const xs_criterion *criterion = xs_criteria(&n);
  while (strcmp(criterion[k].name, name) != 0) k++;
  return k;
}

/* Of the candidates that are not out, by the study's criterion; -1: none has a value. */
static int best(const chooser *c, const bool *out) {
  int n;
  const int place = criterion_place(c->options->criterion);
  double *value = memory_new((size_t)c->n * sizeof *value);
  for (int i = 0; i < c->n; i++) value[i] = out[i] ? NAN : c->fact[i].value[place];
  int chosen = xs_criterion_best(&xs_criteria(&n)[place], value, c->n);
  free(value);
  return chosen;
}

/* Softmax outputs of the candidates that are not out, added up. */
static xs_status add_up(const chooser *c, const bool *out, float **sum) {
  xs_status status = XS_OK;
  *sum = memory_new((size_t)(c->n_rows + 1) * (size_t)c->classes * sizeof **sum);
  for (int i = 0; i < c->n && !status; i++) {
    const xs_outputs x = {.n = c->n_rows, .classes = c->classes, .logit = c->fact[i].logit};
    if (!out[i]) status = xs_ensemble_add(&x, *sum);
  }
  return status;
}

/* Who of those that are tied agrees most with all that are not out. */
static xs_status most_agreeing(const chooser *c, const bool *out, const bool *tied, int *chosen) {
  float *sum;
  double most = -1;
  xs_status status = add_up(c, out, &sum);
  for (int i = 0; i < c->n && !status; i++) {
    const xs_outputs x = {.n = c->n_rows, .classes = c->classes, .logit = c->fact[i].logit};
    double agreement;
    if (!tied[i]) continue;
    status = xs_agreement(&x, sum, &agreement);
    if (!status && agreement > most) *chosen = i;
    if (!status) most = fmax(most, agreement);
  }
  free(sum);
  return status;
}

/* Methods that end alike maximise im alike: where the best is not better than others by more than
 * the difference's 95 % error, im does not decide, and the ensemble's agreement does. */
static xs_status settle_ties(const chooser *c, const bool *out, int leader, int *chosen) {
  bool *tied = memory_new((size_t)c->n * sizeof *tied);
  const double *first = c->fact[leader].information;
  for (int i = 0; i < c->n; i++) {
    const double *other = c->fact[i].information;
    double gap = 0;
    for (int64_t k = 0; k < c->n_rows; k++) gap += (first[k] - other[k]) / (double)c->n_rows;
    tied[i] = !out[i] && (i == leader || gap <= 1.96 * xs_paired_error(first, other, c->n_rows));
  }
  xs_status status = most_agreeing(c, out, tied, chosen);
  free(tied);
  return status;
}

static bool settles_ties(const chooser *c) {
  return !strcmp(c->options->criterion, "im") && !strcmp(c->options->ties, "ensemble");
}

static xs_status take_best(const chooser *c, const bool *out, decision *d) {
  const int leader = best(c, out);
  *d = (decision){.chosen = leader};
  if (leader < 0) {
    return (xs_status)fail(XS_FAILED, "%s: criterion %s has no value for any candidate",
                           c->job->train->task, c->options->criterion);
  }
  if (!settles_ties(c)) return XS_OK;
  xs_status status = settle_ties(c, out, leader, &d->chosen);
  d->settled = d->chosen != leader;
  return status;
}

xs_status decide_boldly(const chooser *c, decision *d) {
  bool *out = memory_new((size_t)c->n * sizeof *out);
  for (int i = 0; i < c->n; i++) out[i] = !c->candidate[i].listed;
  xs_status status = take_best(c, out, d);
  free(out);
  return status;
}

/* Whether all of the portfolio together, struck out or not, agree with the chosen one more than
 * with the classifier that is not adapted, by more than the difference's 95 % error; a patient's
 * images count as one. */
static bool is_supported(const chooser *c, int chosen) {
  const double n = (double)c->n_rows;
  double *a = memory_new((size_t)(2 * c->n_rows + 1) * sizeof *a), *b = a + c->n_rows, gap = 0;
  for (int64_t i = 0; i < c->n_rows; i++) {
    const int64_t at = i * c->classes;
    const int all = probability_top(c->ensemble + at, c->classes);
    a[i] = probability_top(c->fact[chosen].logit + at, c->classes) == all;
    b[i] = probability_top(c->fact[c->none].logit + at, c->classes) == all;
    gap += (a[i] - b[i]) / n;
  }
  const double error = sqrt(n / c->groups) * xs_paired_error(a, b, c->n_rows);
  free(a);
  return gap > 1.96 * error;
}

static decision leave(const chooser *c, const char *reason) {
  return (decision){.chosen = c->none, .reason = reason};
}

xs_status decide_carefully(const chooser *c, decision *d) {
  if (c->n_rows < JUDGED_LEAST) {
    *d = leave(c, "fewer than 50 images of the target can decide");
    return XS_OK;
  }
  bool *out = memory_new((size_t)c->n * sizeof *out);
  bool any = false;
  for (int i = 0; i < c->n; i++) {
    out[i] = c->fact[i].strikes > 0 || (i != c->none && !facts_settle(c, i));
    any |= i != c->none && !out[i];
  }
  xs_status status = take_best(c, out, d);
  free(out);
  if (status) return status;
  if (!any && c->n > 1) {
    *d = leave(c, "every adapted classifier is struck out");
  } else if (d->chosen != c->none && !is_supported(c, d->chosen)) {
    *d = leave(c, "the best of the adapted ones agrees with all candidates together no more than "
                  "the classifier as it is does, within the error");
  }
  return XS_OK;
}
