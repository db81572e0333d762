/* bbse.h: class priors from predictions: what a single estimate and its bootstrap share. */
#ifndef BBSE_H
#define BBSE_H

#include "xsite.h"

typedef struct bbse_images { /* predictions of one site's images */
  int64_t n;
  int32_t *predicted; /* [n] */
  int32_t *label;     /* [n] at the source; NULL at the target */
  uint32_t *unit;     /* [n] group number */
  int64_t groups;
} bbse_images;

/* Both sites' images, checked.  Release in any case. */
xs_status bbse_open(const xs_labelled_outputs *source, const xs_outputs *target, bbse_images *s,
                    bbse_images *t);
void bbse_close(bbse_images *s, bbse_images *t);

typedef struct bbse_counts { /* all lent from one block, `joint` */
  int classes;
  double *joint;     /* [predicted][label] of source images */
  double *label;     /* [classes] of source images */
  double *predicted; /* [classes] of target images */
} bbse_counts;

bbse_counts bbse_counts_new(int classes);
void bbse_counts_free(bbse_counts *c);
/* Images of group u count weight[u] times; NULL: once. */
void bbse_count(const bbse_images *s, const uint32_t *source_weight, const bbse_images *t,
                const uint32_t *target_weight, bbse_counts *c);
/* Says why where the matrix cannot be solved reliably. */
xs_status bbse_check(const bbse_counts *c);
/* Shares of the classes at source and target, [classes] each; work [classes][classes + 1].  false
 * where a class has no source image or the matrix is singular. */
bool bbse_solve(const bbse_counts *c, double *work, double *source, double *target);

#endif
