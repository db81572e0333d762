/* labels.h: label files as a mapping reads them: a class for every image, or why it has none. */
#ifndef LABELS_H
#define LABELS_H

#include "attribute.h"
#include "mapping.h"
#include "text_set.h"

typedef enum label_outcome { /* the first that holds, in the order behind LABEL_POSITIVE */
                             LABEL_NEGATIVE,
                             LABEL_POSITIVE,
                             LABEL_UNLISTED,  /* not in the list of names */
                             LABEL_BROKEN,    /* known to be broken */
                             LABEL_WHERE,     /* a condition of keep.where does not hold */
                             LABEL_VIEW,      /* another projection */
                             LABEL_AGE,       /* another age */
                             LABEL_EXCLUDED,  /* has a term that excludes it */
                             LABEL_NONE,      /* has no label at all */
                             LABEL_UNCERTAIN, /* an uncertain finding, which policy.uncertain
                                                 ignores */
                             LABEL_SILENT, /* nothing that policy.negatives and policy.blank take as
                                              negative */
                             LABEL_TIED,   /* as many rows say one class as the other */
                             LABEL_OUTCOMES
} label_outcome;

typedef struct label_row {        /* one image */
  char *image;                    /* path below a folder of images */
  char *patient, *study, *reader; /* NULL without such a column */
  char *split;                    /* likewise, of an official split */
  char *attribute[ATTRIBUTES];
  char *
      evidence; /* what its label cells say; of the first LABEL_EXAMPLES of an outcome, else NULL */
  label_outcome outcome;
  int file; /* of the CSV files */
  int64_t line;
} label_row;

enum { LABEL_EXAMPLES = 3 };

typedef struct label_count { /* rows in which a finding is ... */
  int64_t positive, negative, uncertain, blank;
} label_count;

typedef enum label_role {
  ROLE_POSITIVE,
  ROLE_NEGATIVE,
  ROLE_OTHER,
  ROLE_EXCLUDE,
  ROLE_SILENT
} label_role;

typedef struct labels {
  label_row *row; /* one an image, where the mapping says how several rows become one */
  int64_t n, room;
  int64_t read;      /* rows that were read */
  int64_t several;   /* images of several rows, which became one ... */
  int64_t differing; /* and those of them whose rows come to different outcomes */
  text_set term;     /* those of the mapping */
  label_role *role;
  label_count *count;     /* [term.n] */
  int64_t *last;          /* [term.n] row that had it last */
  text_set unmapped;      /* terms of the files that the mapping does not have; of a finding's
                           * column "finding = cell" */
  int64_t *unmapped_rows; /* [unmapped.n] */
  char *first_unmapped;   /* "FILE:LINE" of the first */
  int64_t strange_ages;   /* cells that are no age from 0 to OLDEST */
  char *first_strange;    /* "FILE:LINE: TEXT" */
  int64_t joined_away;    /* rows of joined files that belong to no image */
  /* rows that keep.* and labels.exclude leave ... */
  int64_t blank_rows;     /* with a column for every finding and all of them empty */
  int64_t uncertain_only; /* whose positive findings are uncertain: policy.uncertain decides */
  int64_t unsaid;         /* without a positive or negative finding: policy.negatives decides */
  int64_t contradicting;  /* with both: they are positive */
  int64_t examples[LABEL_OUTCOMES];
  bool patients, studies, present[ATTRIBUTES]; /* whether the mapping has a column for them */
  int64_t listed;                              /* names in the list, -1 without one */
  int64_t missing;                             /* names in the list that no row has */
  char *first_missing;                         /* or NULL */
} labels;

/* Reads label files by a mapping.  only: a file of image names, one a line, outside of which images
 * are left out; NULL for none.  Release *out in any case. */
int labels_read(const mapping *m, const xs_texts *csv, const char *only, labels *out);
void labels_release(labels *x);
void label_row_release(label_row *row);
/* Of several rows of an image one, by m->rows, which is not NULL.  csv: for messages. */
int labels_merge_rows(const mapping *m, const xs_texts *csv, labels *x);
/* Whether an image of this outcome belongs to the site. */
bool labels_keeps(const mapping *m, label_outcome outcome);
/* Fails where a term is unmapped and the mapping does not say that this is right. */
int labels_check_terms(const mapping *m, const labels *x);
/* The term of the mapping that an unmapped one may mean; NULL: none, as for a value of a column. */
const char *labels_nearest(const mapping *m, const labels *x, const char *unmapped);

#endif
