/* number.h: numbers as people read them. */
#ifndef NUMBER_H
#define NUMBER_H

#include <stdbool.h>

typedef struct number {
  char text[32];
} number;

/* All give an en dash for NAN, and a true minus sign. */
number number_fixed(double v, int decimals);
number number_auc(double v); /* per cent: one decimal, two from 99.5 so that 99.97 is not 100 */
/* An AUC with its 95 % interval in a sentence: where the interval is wider than NUMBER_WIDE points,
 * or per cent, its ends instead, "between 52.9 and 77.5". */
enum { NUMBER_WIDE = 20 };
bool number_wide(double low, double high);
number number_measured(double v, double low, double high);
/* "75.2 (71.3 to 78.8)", or its ends as above. */
number number_with_interval(double v, double low, double high);
number number_points(double v); /* a difference of AUCs: one decimal, two below a tenth */
number number_signed(double v); /* the same with + */
number number_percent(double v, int decimals); /* number_fixed with " %" */
number number_count(double v);                 /* of images: whole from 10 */
number number_p(double p);                     /* "p = 0.032", "p < 0.001" */
number number_p_value(double p);               /* the same without "p =" */

#endif
