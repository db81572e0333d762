/* attribute.h: what label files say of an image beside its label, in one way of writing. */
#ifndef ATTRIBUTE_H
#define ATTRIBUTE_H

#include "xsite.h"

typedef enum attribute_kind {
  ATTRIBUTE_SEX,
  ATTRIBUTE_AGE,
  ATTRIBUTE_VIEW,
  ATTRIBUTE_SCANNER,
  ATTRIBUTES
} attribute_kind;

enum { OLDEST = 100 }; /* years; ages above are mistakes of the archive */

/* Years, of "63", "63.0", "063Y", "018M", "003W" or "010D" (DICOM's age string); -1 where there is
 * none: empty, 0, not a number, or above OLDEST. */
double attribute_age(const char *text);
/* The text of a number of years, with at most two decimals; NULL below 0; allocated. */
char *attribute_age_text(double years);
/* "F" or "M" of any spelling; NULL for "unknown" and empty; any other text as it is; allocated. */
char *attribute_sex(const char *text);
/* A cell in the way of writing of its kind, NULL where it says nothing; allocated. */
char *attribute_read(attribute_kind kind, const char *text);

/* Makes s->attribute of texts [s->images.n][ATTRIBUTES], NULL where unknown, of the kinds that are
 * present. */
void attribute_store(char *const *text, const bool present[ATTRIBUTES], xs_site *s);
void attribute_release(xs_site *s);

#endif
