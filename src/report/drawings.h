/* drawings.h: the report's figures, each from the run's files to an SVG element. */
#ifndef DRAWINGS_H
#define DRAWINGS_H

#include "results.h"

/* AUC of every pair as bars (the paper's Figs 2A and 3A).  *svg is allocated; all functions give 0,
 * or non-zero with a message. */
int drawing_auc(const results *r, const char *dir, char **svg);
/* Training curves of a node.  Where they are missing or unreadable *svg is NULL, *why says so
 * (allocated), and the status is 0. */
int drawing_translator(const results *r, const char *dir, const char *node, char **svg, char **why);
int drawing_classifier(const results *r, const char *dir, const char *node, char **svg, char **why);
/* Least value of the axis of drawing_auc: 50, the AUC of guessing, or lower where a bar is lower.
 */
double drawing_auc_floor(const results *r);

#endif
