/* catalogue.c: the table of public data sets, and the way from a name to files in the data folder.
 */
#include "catalogue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "file.h"
#include "numeral.h"
#include "text.h"
#include "watch.h"

/* ---- the table ---- */

#define MNIST_ROW(name, size, sum)                                                                 \
  {                                                                                                \
    .set = "mnist", .folder = "digits/mnist",                                                      \
    .licence = "CC BY-SA 3.0; Yann LeCun, Corinna Cortes, Christopher J. C. Burges",               \
    .file = {name,                                                                                 \
             {"https://ossci-datasets.s3.amazonaws.com/mnist",                                     \
              "https://storage.googleapis.com/cvdf-datasets/mnist"},                               \
             size,                                                                                 \
             sum},                                                                                 \
  }
#define USPS_ROW(name, size, sum, part, images, labels)                                            \
  {                                                                                                \
    .set = "usps", .folder = "digits/usps", .check = usps_check, .unpack = usps_unpack,            \
    .stem = part, .sha256 = {images, labels},                                                      \
    .licence = "none stated, used for research; J. J. Hull, IEEE PAMI 16(5), 1994",                \
    .file = {name,                                                                                 \
             {"https://www.csie.ntu.edu.tw/~cjlin/libsvmtools/datasets/multiclass",                \
              "http://www.csie.ntu.edu.tw/~cjlin/libsvmtools/datasets/multiclass"},                \
             size,                                                                                 \
             sum},                                                                                 \
  }

/* MD5 of MNIST and USPS: as torchvision (datasets/mnist.py, usps.py) states them.  BSDS500 has
 * none; the photographs' checksum is that of the files that give the official MNIST-M bit for bit.
 */
static const get_row table[] = {
    MNIST_ROW("train-images-idx3-ubyte.gz", 9912422, "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
    MNIST_ROW("train-labels-idx1-ubyte.gz", 28881, "d53e105ee54ea40749a09fcbcd1e9432"),
    MNIST_ROW("t10k-images-idx3-ubyte.gz", 1648877, "9fb629c4189551a2d022fa330f9573f3"),
    MNIST_ROW("t10k-labels-idx1-ubyte.gz", 4542, "ec29112dd5afa0611ce80d1b7f02629c"),
    USPS_ROW("usps.bz2", 6579383, "ec16c51db3855ca6c91edd34d0e9b197", "usps-train",
             "9f74b7cdfeec4071fdbe3a3633a96fbf3635df588afbb9e0345b02954a2a5ddb",
             "ca21dd4e5a91233d38069e4f468988d3b56f6ce37e1a579a5ad1bd02395488c6"),
    USPS_ROW("usps.t.bz2", 1831726, "8ea070ee2aca1ac39742fdd1ef5ed118", "usps-test",
             "d7b46770e1e432788dd26dc68edd9134117fd4ea994da7b47a6afe77bb6d0913",
             "9d60836db74a1ffe67829f9a2546bd594d5d321f778dbca1578c041da94483a2"),
    {.set = "bsds500",
     .folder = "digits/bsds500-train",
     .check = photographs_check,
     .unpack = photographs_unpack,
     .stem = "BSR/BSDS500/data/images/train/",
     .sha256 = {"9de25bdaf5db109f390ba0166233ad92ef1e27696c0f60e43d2ce424e0e7061b"},
     .licence =
         "non-commercial research and education; P. Arbelaez, M. Maire, C. Fowlkes, J. Malik, "
         "IEEE PAMI 33(5), 2011",
     .file = {"BSR_bsds500.tgz",
              {"https://www2.eecs.berkeley.edu/Research/Projects/CS/vision/grouping/BSR",
               "http://www.eecs.berkeley.edu/Research/Projects/CS/vision/grouping/BSR"},
              70763455,
              NULL}},
};
enum { ROWS = sizeof table / sizeof *table };

static void list_addresses(FILE *f, const get_row *r) {
  enum { FOLDERS = sizeof r->file.folder / sizeof *r->file.folder };
  fprintf(f, "%s: licence: %s\n", r->set, r->licence);
  for (int k = 0; k < FOLDERS && r->file.folder[k]; k++) {
    fprintf(f, "  from %s\n", r->file.folder[k]);
  }
}

char *xs_data_list(void) {
  char *text;
  size_t size;
  FILE *f = text_open(&text, &size);
  for (int i = 0; i < ROWS; i++) {
    const get_row *r = &table[i];
    if (i == 0 || strcmp(r->set, table[i - 1].set) != 0) list_addresses(f, r);
    numeral_put(f, "  %-27s %8.0f kB  %s\n", r->file.name, (double)r->file.bytes * 1e-3,
                r->file.md5 ? r->file.md5 : "no MD5 is published; what is unpacked is checked");
  }
  text_close(f);
  return text;
}

/* ---- one row ---- */

/* Once for the rows of a set that follow each other. */
static void tell_licence(const get_row *r, const char **told, const xs_watch *w) {
  if (!*told || strcmp(*told, r->set) != 0) {
    watch_note(w, "%s: licence: %s", r->set, r->licence);
  }
  *told = r->set;
}

/* Downloads, unpacks, and removes what only came for that. */
static int bring(const get_row *r, const char *data_dir, const char *path, const xs_get_task *o,
                 const xs_watch *w) {
  bool own = file_exists(path); /* put there by the user */
  int status = download_file(&r->file, path, o, w);
  if (!status && r->unpack) {
    watch_note(w, "%s: unpacking", r->file.name);
    status = r->unpack(r, data_dir, path, o->overwrite);
    if (!own && !status) status = file_remove(path);
  }
  return status;
}

static int check_plain(const get_row *r, const char *path, bool *right) {
  *right = file_exists(path) && download_check(&r->file, path) == 0;
  return 0; /* a wrong file is the download's to refuse */
}

static int get_one(const get_row *r, const char *data_dir, const xs_get_task *o, const xs_watch *w,
                   const char **told) {
  char *dir = file_join(data_dir, r->folder), *path = file_join(dir, r->file.name);
  bool right = false;
  int status =
      r->check ? r->check(r, data_dir, o->overwrite, &right) : check_plain(r, path, &right);
  if (!status && right) watch_note(w, "%s: there already, and right", r->file.name);
  if (!status && !right) {
    tell_licence(r, told, w);
    status = bring(r, data_dir, path, o, w);
  }
  free(path);
  free(dir);
  return status;
}

/* ---- a set ---- */

static bool is_wanted(const get_row *r, const char *set) {
  if (strcmp(set, "digits") == 0 || strcmp(set, r->set) == 0) return true;
  return strcmp(set, "mnistm") == 0 && strcmp(r->set, "usps") != 0;
}

static int check_set(const char *set) {
  static const char *const sets[] = {"digits", "mnist", "usps", "bsds500", "mnistm"};
  enum { SETS = sizeof sets / sizeof *sets };
  for (int i = 0; i < SETS; i++) {
    if (strcmp(set, sets[i]) == 0) return 0;
  }
  const char *near = text_nearest(set, sets, SETS);
  return fail(XS_USAGE, "'%s' is no data set%s%s%s; there are digits, mnist, usps, bsds500, mnistm",
              set, near ? ", did you mean '" : "", near ? near : "", near ? "'" : "");
}

static int check_options(const xs_get_task *o) {
  const char *m = o->mirror;
  if (!m || !*m || strncmp(m, "http://", 7) == 0 || strncmp(m, "https://", 8) == 0) return 0;
  return fail(XS_USAGE, "--mirror '%s': an address that begins with http:// or https:// is needed",
              m);
}

int get_rows(const get_row *row, int n, const char *set, const xs_get_task *o, const xs_watch *w) {
  const char *dir = o->data_dir ? o->data_dir : getenv("XSITE_DATA"), *told = NULL;
  if (!dir || !*dir) {
    return fail(XS_USAGE, "no data folder is given: pass --data-dir DIR or set XSITE_DATA");
  }
  int status = check_options(o);
  for (int i = 0; i < n && !status; i++) {
    if (is_wanted(&row[i], set)) status = get_one(&row[i], dir, o, w, &told);
  }
  return status;
}

xs_status xs_data_get(const char *set, const xs_get_task *o, const xs_watch *w) {
  int status = check_set(set);
  return (xs_status)(status ? status : get_rows(table, ROWS, set, o, w));
}
