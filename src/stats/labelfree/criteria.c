/* The table of criteria by which a candidate is chosen without target labels. */
#include "error.h"
#include "xsite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static xs_status information(const xs_choice_data *d, double *out) {
  return xs_mutual_information(&d->target, out);
}

static xs_status entropy(const xs_choice_data *d, double *out) {
  return xs_mean_entropy(&d->target, out);
}

static xs_status density(const xs_choice_data *d, double *out) {
  return xs_neighbourhood_density(&d->target, false, d->rows, d->seed, out);
}

static xs_status feature_density(const xs_choice_data *d, double *out) {
  return xs_neighbourhood_density(&d->target, true, d->rows, d->seed, out);
}

static xs_status validation(const xs_choice_data *d, double *out) {
  return xs_importance_weighted_risk(&d->source, &d->training, &d->target, d->rows, d->seed, out);
}

static xs_status nuclear_norm(const xs_choice_data *d, double *out) {
  return xs_nuclear_norm(&d->target, out);
}

static xs_status ensemble(const xs_choice_data *d, double *out) {
  return xs_agreement(&d->target, d->ensemble, out);
}

static const xs_criterion table[] = {
    {.name = "im",
     .larger_is_better = true,
     .value = information,
     .title = "information maximisation",
     .citation = "Krause, Perona and Gomes 2010; Shi and Sha 2012"},
    {.name = "entropy",
     .value = entropy,
     .title = "mean entropy",
     .citation = "Morerio, Cavazza and Murino 2018"},
    {.name = "snd",
     .larger_is_better = true,
     .value = density,
     .title = "soft neighbourhood density of softmax outputs",
     .citation = "Saito et al. 2021"},
    {.name = "snd-features",
     .larger_is_better = true,
     .needs_features = true,
     .value = feature_density,
     .title = "soft neighbourhood density of features",
     .citation = "Saito et al. 2021"},
    {.name = "dev",
     .needs_features = true,
     .needs_source = true,
     .value = validation,
     .title = "importance-weighted validation",
     .citation = "You et al. 2019"},
    {.name = "bnm",
     .larger_is_better = true,
     .value = nuclear_norm,
     .title = "nuclear norm",
     .citation = "Cui et al. 2020"},
    {.name = "ensemble",
     .larger_is_better = true,
     .value = ensemble,
     .title = "agreement with the ensemble of all candidates",
     .citation = "Hu, Luo, Liang and Foo 2024"},
};

enum { ROWS = sizeof table / sizeof *table };

const xs_criterion *xs_criteria(int *n) {
  *n = ROWS;
  return table;
}

const xs_criterion *xs_criterion_find(const char *name) {
  for (int i = 0; i < ROWS; i++) {
    if (!strcmp(table[i].name, name)) return &table[i];
  }
  fail(XS_USAGE,
       "\"%s\" is no criterion; there are im, entropy, snd, snd-features, dev, bnm, ensemble",
       name);
  return NULL;
}

int xs_criterion_best(const xs_criterion *c, const double *value, int n) {
  int best = -1;
  for (int i = 0; i < n; i++) {
    if (isnan(value[i])) continue;
    double gain = best < 0 ? 1 : value[i] - value[best];
    if ((c->larger_is_better ? gain : -gain) > 0 || best < 0) best = i;
  }
  return best;
}
