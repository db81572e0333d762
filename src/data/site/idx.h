/* idx.h: IDX files (LeCun's MNIST format), plain or gzipped: big-endian magic 00 00 TYPE RANK, one
 * 32-bit size per dimension, values. */
#ifndef IDX_H
#define IDX_H

#include <stdint.h>

enum { IDX_MAX_RANK = 4 };

typedef struct idx {
  int rank;                  /* 1 .. 4 */
  int64_t dim[IDX_MAX_RANK]; /* each at least 1 */
  int64_t count;             /* product of dim */
  int bytes;                 /* per value: 1 (type 0x08, uint8_t) or 2 (type 0x0B, as uint16_t) */
  void *data;
} idx;

/* Reads and checks a whole file.  Negative 16-bit values are an error.  Release *out in any case.
 */
int idx_read(const char *path, idx *out);
void idx_release(idx *x);
/* Writes a plain file of bytes (x->bytes is 1).  A file that is there already is left alone where
 * it holds the same, and an error where it does not. */
int idx_write(const char *path, const idx *x);

#endif
