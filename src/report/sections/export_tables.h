/* export_tables.h: the numbers of all pairs for other programs. */
#ifndef EXPORT_TABLES_H
#define EXPORT_TABLES_H

#include "buffer.h"
#include "report_files.h"
#include "results.h"

/* The tables of pairs and of data sets for LaTeX, which need the package booktabs. */
void export_tex(buffer *out, const results *r);
/* DIR/results.tex, DIR/results.csv (RFC 4180: a header line, a line per pair; numbers as they are
 * in results.json, empty where not known) and, where there are subgroups, DIR/subgroups.csv,
 * likewise a line per subgroup of each pair; DIR/sites.csv, what each site is as a data set.  0, or
 * non-zero with a message. */
int export_write(const results *r, report_files *files);

#endif
