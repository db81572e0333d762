/* figure_table.h: the table of a figure, and the names in its script. */
#ifndef FIGURE_TABLE_H
#define FIGURE_TABLE_H

#include "buffer.h"
#include "results.h"

/* A number, "nan" where it is not known; one that begins a column is led by a tab. */
void tsv_number(buffer *out, double v);
void tsv_column(buffer *out, double v);
void tsv_measure(buffer *out, const measure *m); /* three columns: auc, low, high */
void tsv_name(buffer *out, const char *name);    /* without tabs, line ends, quotes */
void tsv_pair(buffer *out, const pair *p);       /* "source → target" */
/* How many means follow the pairs, half a place to their right: of several pairs, and the paper's.
 */
int tsv_means(const results *r);
/* A name for single quotes in a script of gnuplot: without all that it would act on; allocated. */
char *tsv_quoted(const char *name);

#endif
