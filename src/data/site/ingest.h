/* ingest.h: files of images, decoded and resized to one shape.  They are decoded some hundred at a
 * time, on all threads, so that memory does not grow with their number. */
#ifndef INGEST_H
#define INGEST_H

#include "domain.h"
#include "record_file.h"
#include "xsite.h"

typedef struct ingest {
  const domain *d; /* lent */
  xs_preprocessing how;
  int64_t n;
  const char **path;     /* [n] the texts are lent */
  const xs_watch *watch; /* or NULL */
  /* What comes of it. */
  char **error; /* [n] why it cannot be read, NULL: it can */
  /* Of the brightest file: the value that means 1, and its largest. */
  double white;
  int largest;
  int tone; /* prepare_tone of the first file, where all would come out nearly black or white */
} ingest;

/* With room for paths.  size: of the kept images, 0: the domain file's. */
ingest ingest_new(const domain *d, int size, int64_t n, const xs_watch *watch);
void ingest_release(ingest *g);
int64_t ingest_unreadable(const ingest *g);
const char *ingest_first_error(const ingest *g);
void ingest_forget_errors(ingest *g);
bool ingest_is_stopped(const ingest *g);

/* Reads all files: the readable ones become records of s, in their order, and *x their shape,
 * max_value and preprocessing.  An image that cannot be read is no failure. */
int ingest_read(ingest *g, record_file *s, xs_images *x);
/* Sets *x to the format of n records. */
void ingest_describe(const ingest *g, int64_t n, int channels, int bytes, xs_images *x);
/* Looks at an image again that was unreadable: is it still?  Then its error is set. */
bool ingest_still_unreadable(ingest *g, int64_t i);

#endif
