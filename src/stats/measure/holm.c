#include "error.h"
#include "memory.h"
#include "xsite.h"

#include <math.h>
#include <stdlib.h>

typedef struct ranked_p {
  double p;
  int at;
} ranked_p;

static int compare_p(const void *a, const void *b) {
  const ranked_p *x = a, *y = b;
  return x->p != y->p ? (x->p > y->p) - (x->p < y->p) : x->at - y->at;
}

xs_status xs_holm(const double *p, int n, double *adjusted) {
  for (int i = 0; i < n; i++) {
    if (p[i] < 0 || p[i] > 1) {
      return fail(XS_USAGE, "no Holm correction: p value %d is %g, outside 0 to 1", i, p[i]);
    }
  }
  ranked_p *ranked = memory_new((size_t)n * sizeof *ranked);
  int m = 0;
  for (int i = 0; i < n; i++) {
    adjusted[i] = p[i];
    if (!isnan(p[i])) ranked[m++] = (ranked_p){p[i], i};
  }
  if (m > 0) qsort(ranked, (size_t)m, sizeof *ranked, compare_p);
  double most = 0;
  for (int i = 0; i < m; i++) {
    most = fmax(most, fmin(1, (m - i) * ranked[i].p));
    adjusted[ranked[i].at] = most;
  }
  free(ranked);
  return XS_OK;
}
