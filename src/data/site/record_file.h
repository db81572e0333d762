/* record_file.h: records of one size, which may become larger, in memory or in a file. */
#ifndef RECORD_FILE_H
#define RECORD_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct record_file {
  const char *path; /* of the file, lent; NULL: in memory */
  int fd;           /* of the file */
  int64_t first;    /* byte of the file where record 0 begins */
  char *memory;     /* [most][size], to be freed */
  int64_t most, n;  /* records: room for them, written */
  size_t size;      /* of a record, bytes; 0: none yet */
  bool failed;      /* the file could not be written or read */
} record_file;

/* Makes records larger; those that are there keep their bytes at their beginning.  A disk without
 * room for `most` of them is found out here. */
int record_file_widen(record_file *s, size_t size);
int record_file_write(record_file *s, int64_t i, const void *record, size_t bytes); /* i <= n */
/* Bytes of the file that belong to no record. */
int record_file_write_at(record_file *s, const void *data, size_t bytes, int64_t at);
int record_file_read(record_file *s, int64_t i, void *record, size_t bytes);

#endif
