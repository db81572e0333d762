/* xsite/data.h: public data sets. */
#ifndef XSITE_DATA_H
#define XSITE_DATA_H

#include "xsite/types.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct xs_get_task {
  const char *data_dir;   /* NULL: XSITE_DATA */
  const char *mirror;     /* address of a folder that is asked first, or NULL */
  bool overwrite;         /* replace files that are there and are not the published ones */
  double connect_timeout; /* seconds for a connection */
  double stall_timeout;   /* seconds in which less than 1 kB comes */
  int64_t tries;          /* at one address that bring nothing, before the next is asked */
  double pause;           /* seconds before the second try; doubled for each further one */
  bool list;              /* of the program's verb: no meaning here */
} xs_get_task;
XS_API void xs_get_defaults(xs_get_task *t);

/* Brings public data sets into the data folder, as the domain files in examples/ name them: set is
 * "mnist", "usps", "bsds500" (photographs for MNIST-M), "mnistm" (mnist and bsds500) or "digits"
 * (all).  Files that are there and right are not asked for; a broken download is continued. */
XS_API xs_status xs_data_get(const char *set, const xs_get_task *o, const xs_watch *w);
/* What xs_data_get can bring: files, sizes, licences, addresses; allocated. */
XS_API char *xs_data_list(void);

/* Makes MNIST-M (method: Decision 2) from MNIST digits, BSDS500 photographs and, where it is there,
 * the official recipe under data_dir, as IDX files.  Digits that no recipe covers get a
 * patch drawn from seed; a note to w (may be NULL) says how many. */
typedef struct xs_mnistm_task {
  const char *data_dir; /* the data folder; NULL: XSITE_DATA */
  const char *out;      /* folder for the IDX files */
  int64_t seed;
} xs_mnistm_task;
XS_API void xs_mnistm_defaults(xs_mnistm_task *t);
XS_API xs_status xs_mnistm(const xs_mnistm_task *t, const xs_watch *w);

#ifdef __cplusplus
}
#endif

#endif
