/* trained_enough.h: whether a classifier was trained long enough. */
#ifndef TRAINED_ENOUGH_H
#define TRAINED_ENOUGH_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct trained {
  int64_t steps;      /* updates */
  int64_t epochs;     /* of which best_epoch was kept */
  int64_t best_epoch; /* the last where there were no validation images */
  double train_auc;   /* at that epoch, on training images, in [0,1]; NAN: not defined */
  bool continued;     /* it began with a classifier that had been trained for the same classes */
} trained;

/* Why the training was not enough, allocated: NULL, it was.  A continued one, and one
 * whose train_auc is 0.99 or more, need not make many updates, and may be at its best after the
 * first epoch. */
char *trained_complaint(const trained *t);
/* Adds steps, epochs, best_epoch, train_auc, trained_enough and, where it was not enough, why. */
void trained_describe(const trained *t, json_t *to);

#endif
