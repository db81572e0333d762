/* label_reader.h: judges the label cells of one row: a class, or why there is none. */
#ifndef LABEL_READER_H
#define LABEL_READER_H

#include "joined_tables.h"
#include "labels.h"

typedef struct label_evidence {   /* of one row */
  int positive, uncertain, blank; /* findings that make an image positive */
  int negative;                   /* findings that say that there is none */
  bool excluded;
  bool says;  /* there is anything but silent terms */
  bool there; /* the row has label cells at all: not where a joined file lacks it */
} label_evidence;

typedef struct label_reader {
  const mapping *m;
  const joined_tables *s;
  labels *out;           /* counts and unmapped terms go there */
  joined_column *column; /* of the one cell; of findings [out->term.n] */
  label_evidence last;   /* of the row that was judged last */
  char *copy;            /* of a cell, to take apart */
  size_t room;
} label_reader;

int label_reader_open(const mapping *m, const joined_tables *s, labels *out, label_reader *r);
void label_reader_close(label_reader *r);
/* Sets *outcome to a class, LABEL_EXCLUDED, or a later one. */
int label_reader_judge(label_reader *r, int64_t row, label_outcome *outcome);
/* Counts what the policies had to decide for the row that was judged last. */
void label_reader_count(label_reader *r);
/* What the row's label cells say, for people; allocated. */
char *label_reader_evidence(const label_reader *r, int64_t row);

#endif
