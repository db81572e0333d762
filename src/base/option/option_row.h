/* option_row.h: one row of an option table, for the files option*.c. */
#ifndef OPTION_ROW_H
#define OPTION_ROW_H

#include "option.h"

/* label: how a message names the option and its place: "--batch", "study.yaml:3: adapter.batch". */
int option_row_set(const option *row, void *record, const char *value, const char *label);
/* Adds one text to a list. */
void option_row_append(const option *row, void *record, const char *value);
void option_row_clear(const option *row, void *record);         /* frees its texts, leaves none */
bool option_row_missing(const option *row, const void *record); /* a text or list not given */
char *option_row_allowed(const option *row); /* "a whole number from 1 to 64"; allocated */
char *option_row_key(const option *row);     /* "section.name"; allocated */

bool option_same(const char *a, const char *b); /* names; - and _ are the same */
/* The row of a section (NULL: top level), or NULL. */
const option *option_find(const option_table *t, const char *section, const char *name);
/* The row that a bare value of this section sets, or NULL. */
const option *option_find_short(const option_table *t, const char *section);
const option *option_find_key(const option_table *t, const char *key); /* "section.name" or NULL */

#endif
