/* citations.h: works that the methods paragraph may cite, numbered as they first appear. */
#ifndef CITATIONS_H
#define CITATIONS_H

typedef enum work {
  WORK_PAPER,
  WORK_STARGAN,
  WORK_WGAN_GP,
  WORK_CYCADA,
  WORK_ADAM,
  WORK_LENET,
  WORK_DENSENET,
  WORK_HISTOGRAM,
  WORK_FOURIER,
  WORK_CORAL,
  WORK_DANN,
  WORK_SHOT,
  WORK_MEAN_TEACHER,
  WORK_IM,
  WORK_ENTROPY,
  WORK_SND,
  WORK_DEV,
  WORK_BNM,
  WORK_ENSEMBLE,
  WORK_CONFIDENCE,
  WORK_CONFIDENCE_DIFFERENCE,
  WORK_ATC,
  WORK_CONFORMAL,
  WORK_BBSE,
  WORK_DELONG,
  WORK_HOLM,
  WORK_NEWCOMBE,
  WORK_MOVER,
  WORK_ECE,
  WORKS
} work;

typedef struct citations {
  work order[WORKS]; /* [n] */
  int n;
} citations;

/* The number of a work, given to it now where it has none. */
int citation(citations *c, work w);
const char *citation_text(work w);

#endif
