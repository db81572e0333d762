/* label_summary.h: what a mapping made of label files, in numbers. */
#ifndef LABEL_SUMMARY_H
#define LABEL_SUMMARY_H

#include <jansson.h>

#include "labels.h"

/* The members are described in docs/labels.md. */
json_t *label_summary(const mapping *m, const xs_texts *csv, const labels *x);

#endif
