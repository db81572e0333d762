/* measure_json.h: numbers as choice.json, results.json and `eval --json` have them. */
#ifndef MEASURE_JSON_H
#define MEASURE_JSON_H

#include <jansson.h>

#include "xsite.h"

enum { PER_CENT = 100 };

/* null where it is not a finite number. */
json_t *number_json(double x);
json_t *per_cent_json(double x);
json_t *interval_json(xs_interval x, double unit); /* unit: PER_CENT, or 1 */
json_t *difference_json(const xs_difference *d);   /* in per cent; p plain */
/* AUC and accuracy in per cent; null where nothing was measured. */
json_t *measure_json(const xs_measure *m);

#endif
