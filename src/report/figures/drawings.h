/* drawings.h: the report's figures, each from the run's files to an SVG element. */
#ifndef DRAWINGS_H
#define DRAWINGS_H

#include "report_files.h"
#include "results.h"
#include "search_file.h"

/* *svg is allocated; all functions give 0, or non-zero with a message. */
int drawing_auc(const results *r, report_files *files, char **svg);
int drawing_change(const results *r, report_files *files, char **svg);
int drawing_pooled(const results *r, report_files *files, char **svg); /* pooleds > 0 */
int drawing_labels(const results *r, report_files *files, char **svg); /* labelleds > 0 */
int drawing_reliability(const results *r, report_files *files,
                        char **svg); /* NULL: nothing measured */
/* Training curves of a node.  Where they are missing or unreadable *svg is NULL, *why says so
 * (allocated), and the status is 0. */
int drawing_translator(const results *r, report_files *files, const char *node, char **svg,
                       char **why);
int drawing_classifier(const results *r, report_files *files, const char *node, char **svg,
                       char **why);
int drawing_search(const search_results *r, report_files *files, char **svg);
/* Least value of the axis of drawing_auc: 50, the AUC of guessing, or lower where a bar is lower.
 */
double drawing_auc_floor(const results *r);

/* Images of a bin of a reliability curve that is drawn, at least. */
enum { RELIABILITY_FEWEST = 10 };

#endif
