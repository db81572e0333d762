/* attributes.h: what is known of an image beside its content, as levels that may tell the label. */
#ifndef ATTRIBUTES_H
#define ATTRIBUTES_H

#include "data_check.h"

typedef enum attribute_source {
  SOURCE_FILE,  /* size, shape, encoding */
  SOURCE_LABEL, /* columns of the label file: sex, age, view, scanner */
  SOURCE_EDGE   /* statistics of the border and the corners */
} attribute_source;

int attributes_count(void);
const char *attributes_name(int which); /* "aspect ratio" */
attribute_source attributes_source(int which);
bool attributes_is_number(int which);
/* NAN where unknown. */
double attributes_number(const check *c, int which, int64_t i);
/* The text of one that is no number, lent, or written into `room`; NULL where unknown. */
const char *attributes_text(const check *c, int which, int64_t i, char room[64]);

#endif
