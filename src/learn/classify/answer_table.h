/* answer_table.h: what a classifier says of images, as the columns of a CSV file. */
#ifndef ANSWER_TABLE_H
#define ANSWER_TABLE_H

#include "csv_writer.h"
#include "learn.h"

/* One classifier's columns: logit_CLASS, p_CLASS, calibrated_CLASS of each class, decision. */
typedef struct answer_columns {
  const xs_classifier *classifier;
  const xs_decision *decision;
  const char *prefix; /* of the columns' names: "", "adapted_" */
} answer_columns;

/* softmax(logit / temperature), p [n]. */
void answer_softmax(const float *logit, int n, double temperature, double *p);
void answer_put_names(csv_writer *f, const answer_columns *a);
/* logit NULL: there is no answer, all cells are empty; so are calibrated_ of a classifier without a
 * temperature. */
void answer_put(csv_writer *f, const answer_columns *a, const float *logit);

#define ANSWER_IMAGE "image,patient,split,label"
/* The cells of ANSWER_IMAGE; NULL: an empty one. */
void answer_put_image(csv_writer *f, const char *image, const char *patient, const char *split,
                      const char *label);
/* The same of one of a site's images, by its number from 0 where it has no name; patient [n] may be
 * NULL; side: an xs_split. */
void answer_put_row(csv_writer *f, const xs_images *x, char *const *patient, int64_t row, int side,
                    const char *label);
/* The side [n] of each image of a site, as xs_split. */
xs_status answer_sides(const xs_site *s, split_rule rule, uint8_t **side);

#endif
