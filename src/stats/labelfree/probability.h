/* probability.h: softmax outputs of checked logits, in double precision. */
#ifndef PROBABILITY_H
#define PROBABILITY_H

#include "xsite.h"

/* At least one image, two classes, and logits that are finite.  what: "target", for the message. */
xs_status probability_check(const char *what, const xs_outputs *x);
/* The same, and at least one known label. */
xs_status probability_check_labelled(const char *what, const xs_labelled_outputs *x);
/* Features of some width that are finite. */
xs_status probability_check_features(const char *what, const xs_outputs *x);

void probability_softmax(const float *row, int classes, double *p);
double probability_entropy(const double *p, int classes);
int probability_top(const float *row, int classes); /* class of the largest, the first of equals */
/* Logarithm of softmax output k: exact where the output itself would round to 1. */
double probability_log(const float *row, int classes, int k);
bool probability_known(int32_t label, int classes);

#endif
