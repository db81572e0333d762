/* export_tables.h: the numbers of all pairs for other programs. */
#ifndef EXPORT_TABLES_H
#define EXPORT_TABLES_H

#include "buffer.h"
#include "report_files.h"
#include "results.h"

/* A table for LaTeX, which needs the package booktabs. */
void export_tex(buffer *out, const results *r);
/* A header line, a line per pair (RFC 4180); numbers as they are in results.json, empty where not
 * known. */
void export_csv(buffer *out, const results *r);
/* Likewise a line per subgroup of each pair. */
void export_subgroups(buffer *out, const results *r);
/* DIR/results.tex, DIR/results.csv and, where there are subgroups, DIR/subgroups.csv.  0, or
 * non-zero with a message. */
int export_write(const results *r, report_files *files);

#endif
