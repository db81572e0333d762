/* Which adapted classifiers must not be chosen, whatever a criterion says of them. */
#include "xsite.h"

#include <math.h>

/* Of the smallest share that anything says a class has. */
static const double almost_empty = 0.25;

static int add_below(const xs_interval *seen, int classes, double least, xs_strike_kind kind,
                     xs_strike *strike) {
  int n = 0;
  for (int k = 0; k < classes && seen; k++) {
    if (seen[k].high < least) strike[n++] = (xs_strike){kind, k, seen[k], least};
  }
  return n;
}

static double least_share(const xs_candidate_evidence *e, int k) {
  double least = e->source[k];
  if (e->em) least = fmin(least, e->em[k]);
  if (e->bbse) least = fmin(least, e->bbse[k]);
  return least;
}

static int add_empty(const xs_candidate_evidence *e, xs_strike *strike) {
  int n = 0;
  for (int k = 0; k < e->classes; k++) {
    const xs_interval share = xs_wilson(e->share[k], e->images);
    const double least = almost_empty * least_share(e, k);
    if (share.high < least) strike[n++] = (xs_strike){XS_STRIKE_SHARE, k, share, least};
  }
  return n;
}

int xs_strikes(const xs_candidate_evidence *e, xs_strike *strike) {
  const double guessing = 1.0 / e->classes;
  int n = add_below(e->keeping, e->classes, guessing, XS_STRIKE_KEEPING, strike);
  n += add_below(e->recall, e->classes, guessing, XS_STRIKE_RECALL, strike + n);
  n += add_empty(e, strike + n);
  if (e->shifted) strike[n++] = (xs_strike){.kind = XS_STRIKE_PRIORS, .seen = *e->shifted};
  if (e->uncalibrated) strike[n++] = (xs_strike){.kind = XS_STRIKE_TEMPERATURE};
  if (e->untrained) strike[n++] = (xs_strike){.kind = XS_STRIKE_TRAINING};
  return n;
}
