#include "memory.h"
#include "sort.h"
#include "xsite.h"

#include <math.h>
#include <stdlib.h>

double xs_salvage(double external, double adapted, double ceiling) {
  double gap = ceiling - external;
  return gap == 0 ? NAN : (adapted - external) / gap;
}

/* Pairs with a number that is NAN are left out of every summary. */
double xs_average_salvage(const double *external, const double *adapted, const double *ceiling,
                          int n) {
  double gain = 0, gap = 0;
  for (int i = 0; i < n; i++) {
    if (isnan(external[i]) || isnan(adapted[i]) || isnan(ceiling[i])) continue;
    gain += adapted[i] - external[i];
    gap += ceiling[i] - external[i];
  }
  return gap == 0 ? NAN : gain / gap;
}

double xs_median_salvage(const double *external, const double *adapted, const double *ceiling,
                         int n) {
  double *salvage = memory_new((size_t)n * sizeof *salvage);
  int m = 0;
  for (int i = 0; i < n; i++) {
    double s = xs_salvage(external[i], adapted[i], ceiling[i]);
    if (!isnan(s)) salvage[m++] = s;
  }
  double median = sort_median(salvage, m);
  free(salvage);
  return median;
}

double xs_mean_relative_gain(const double *external, const double *adapted, int n) {
  double sum = 0;
  int m = 0;
  for (int i = 0; i < n; i++) {
    double relative = (adapted[i] - external[i]) / external[i];
    if (!isfinite(relative)) continue;
    sum += relative;
    m++;
  }
  return m ? sum / m : NAN;
}
