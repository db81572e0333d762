/* html_parts.h: tables and figures of the page. */
#ifndef HTML_PARTS_H
#define HTML_PARTS_H

#include "number.h"
#include "page.h"
#include "results.h"

/* Begins "Table N. CAPTION" with n column heads. */
void table_open(page *out, const char *caption, const char *const *head, int n);
void table_close(page *out);
void table_row(page *out, const char *head); /* opened; table_row_end closes it */
void table_pair_row(page *out, const pair *p);
void table_row_end(page *out);
void table_text(page *out, const char *text); /* a cell of words */
void table_number(page *out, number value);
/* value, and below it "low to high" in small print where known. */
void table_interval(page *out, number value, number low, number high);
/* The same of measured numbers; where the interval is wider than NUMBER_WIDE the value, which is
 * then hardly known, is left out. */
void table_auc(page *out, const measure *m); /* NULL: a dash */
/* Stands behind what is of a classifier that was not trained enough, or needs one. */
extern const char untrained_mark[];
/* A table_auc with the mark where untrained is not NULL. */
void table_auc_of(page *out, const measure *m, const char *untrained);
void cell_auc(page *out, const measure *m); /* what stands in the cell */
void table_per_cent(page *out, interval x); /* one decimal, no sign */
void table_plain(page *out, interval x);    /* of 0 to 1: three decimals */
void table_change(page *out, interval x);   /* signed points */
void cell_change(page *out, interval x);    /* what stands in the cell */
interval accuracy_of(const measure *m);
/* "Figure N. CAPTION"; svg is freed. */
void figure_show(page *out, char *svg, const char *caption);

#endif
