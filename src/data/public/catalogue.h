/* catalogue.h: what can be downloaded, and what becomes of it in a data folder. */
#ifndef CATALOGUE_H
#define CATALOGUE_H

#include "download.h"

typedef struct get_row get_row;
struct get_row {
  const char *set; /* "mnist" */
  download file;
  const char *folder; /* where the file goes, below the data folder */
  /* *right: what the file is for is there already.  Something else in its place is an error,
   * unless it may be overwritten.  NULL, as unpack: the file itself is what is wanted. */
  int (*check)(const get_row *r, const char *data_dir, bool overwrite, bool *right);
  int (*unpack)(const get_row *r, const char *data_dir, const char *path, bool overwrite);
  const char *stem;      /* usps: of the files made; photographs: their folder in the archive */
  const char *sha256[2]; /* usps: of the images' and labels' content; photographs: see there */
  const char *licence;
};

/* The rows of a set; "digits": all, "mnistm": mnist and bsds500. */
int get_rows(const get_row *row, int n, const char *set, const xs_get_task *o, const xs_watch *w);

/* usps.c: IDX files r->folder/STEM-images-idx3-short.gz and STEM-labels-idx1-ubyte.gz */
int usps_check(const get_row *r, const char *data_dir, bool overwrite, bool *right);
int usps_unpack(const get_row *r, const char *data_dir, const char *path, bool overwrite);
/* bsds500.c: digits/bsds500-train/NAME.jpg, and their names in digits/mnistm */
int photographs_check(const get_row *r, const char *data_dir, bool overwrite, bool *right);
int photographs_unpack(const get_row *r, const char *data_dir, const char *path, bool overwrite);

/* xs_mnistm. */
xs_status mnistm_import(const char *data_dir, const char *out_dir, uint64_t seed,
                        const xs_watch *w);

#endif
