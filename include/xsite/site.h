/* xsite/site.h: images and labels of one site, and how they become what a network sees. */
#ifndef XSITE_SITE_H
#define XSITE_SITE_H

#include "xsite/types.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum xs_split { XS_TRAIN, XS_VALIDATION, XS_TEST, XS_ALL } xs_split;
typedef enum xs_resize {
  XS_NEAREST, /* by floor, as PyTorch's "nearest" */
  XS_BILINEAR,
  XS_NEAREST_EXACT /* by the pixel's middle, as Pillow's and PyTorch's "nearest-exact" */
} xs_resize;

typedef enum xs_range {                  /* which values of a file mean black and white */
                        XS_RANGE_FULL,   /* 0 and max_value, or the largest of the values' bytes */
                        XS_RANGE_STORED, /* 0 and the largest of the bits that the file says it
                                            stores */
                        XS_RANGE_PERCENTILES /* two percentiles of each image's own values */
} xs_range;

typedef struct xs_values { /* how a file's values become [0,1] */
  xs_range range;
  double low, high; /* the percentiles, 0 to 100 */
  bool window;      /* DICOM: the file's VOI table or window is applied before */
} xs_values;

typedef enum xs_split_kind {
  XS_SPLIT_HASH,       /* each group for itself, by its key alone: alike at every site */
  XS_SPLIT_STRATIFIED, /* each side has its share of the images, and of every class */
  XS_SPLIT_COLUMN      /* as a column of the site's files says */
} xs_split_kind;

/* What a site's domain file says of its split. */
typedef struct xs_split_plan {
  xs_split_kind kind;
  double validation, test; /* shares of the images; both 0: a tenth each */
  int folds;               /* of cross-fitting, the test side is the first; 0: none */
  uint8_t *side;           /* [n] an xs_split of each image, or NULL unless by a column */
} xs_split_plan;

/* How the pixels of an image come from its file.  With a size: values to black and white, the
 * central square, one resize, and one rounding to 8 bits (white 255) where the file has 8 bits and
 * its white is 255, else to 16 (white 65535).  The same for every image, whatever the others of its
 * site are. */
typedef struct xs_preprocessing {
  xs_resize resize;
  double max_value; /* the file's value that means 1.0; 0: by the range */
  bool center_crop; /* the central square is cut before resizing */
  xs_values values;
  int size; /* pixels per side; 0: as the file has them, without a rounding */
} xs_preprocessing;

/* The images of one site, without labels: all that an adapter may see of a target. */
typedef struct xs_images {
  char *name;
  int64_t n;
  int height, width, channels; /* as stored; channels 1 or 3 */
  int bytes;                   /* per value: 1 (uint8_t) or 2 (uint16_t) */
  double max_value;            /* the stored value that means 1.0 */
  xs_preprocessing how;        /* how the files became these pixels */
  void *pixels;                /* [n][height][width][channels] */
  void *map; /* the file of the cache that the pixels lie in, mapped; NULL: they are allocated */
  size_t map_bytes;
  uint64_t *group; /* [n] key of the digit id or patient: one group never crosses a split */
  char **file;     /* [n] image names, or NULL where images have none */
  xs_split_plan split;
  char *doubt; /* of xs_image_open: why the image may be darker or lighter than it was; or NULL */
} xs_images;

/* One thing that is known of the images beside their labels, for tables of subgroups and for data
 * checks.  It is no part of xs_images: training and adapting never see it. */
typedef struct xs_attribute {
  const char *name; /* "sex" (F, M), "age" (in years: "63", "0.5"), "view" or "scanner"; lent */
  int levels;
  char **level;   /* [levels] the values that occur, sorted, each once */
  int32_t *value; /* [n] an index of level, -1 where unknown */
} xs_attribute;

enum { XS_SKIPPED_NAMED = 1000 }; /* most images left out that are named */

/* A labelled site. */
typedef struct xs_site {
  xs_images images;
  int classes;
  char **class_name;    /* [classes] */
  int32_t *label;       /* [n] in 0 .. classes-1, or -1 where unknown */
  int64_t skipped;      /* images that could not be decoded and were left out, as asked */
  char **skipped_image; /* [least of skipped and XS_SKIPPED_NAMED] name and reason of each */
  int attributes;
  xs_attribute *attribute; /* [attributes] those for which the site's files have a column */
  char **patient;          /* [n] as the label file writes them, or NULL where it has none */
  char *unlike;            /* which images look unlike the others, one line, or NULL */
} xs_site;

typedef struct xs_site_options { /* zeros are the defaults */
  const char *data_dir; /* root of relative paths of a domain file that says `root: data`; NULL:
                         * XSITE_DATA */
  bool skip_unreadable; /* leave out images that cannot be decoded instead of failing */
  int64_t limit;        /* most images, 0 all: the first by a fixed hash of their group */
  int size; /* pixels per side at which images are kept: those of the network that shall see them,
             * so that there is one resize; 0: a folder's `size`, IDX images as they are */
  const char *cache; /* folder where decoded images are kept, or "off"; NULL: XSITE_CACHE, else the
                      * user's: docs/cache.md */
  const struct xs_watch *watch; /* follows the reading of images, or NULL */
} xs_site_options;

/* Reads a domain file (YAML) and the images and labels that it names.  The pixels of a folder's
 * images lie in a file of the cache, if it can be used, else in memory. */
XS_API xs_status xs_site_open(const char *domain_file, const xs_site_options *o, xs_site **out);

/* What a site in memory is made of; all of it is copied. */
typedef struct xs_arrays {
  const char *name;
  int64_t n;
  int height, width, channels; /* channels 1 or 3 */
  int bytes;                   /* per value: 1 (uint8_t) or 2 (uint16_t) */
  const void *pixels;          /* [n][height][width][channels] */
  double max_value;            /* the value that means 1.0; 0: 255 or 65535 */
  int size;                    /* pixels per side at which they are kept; 0: as they are */
  xs_resize resize;            /* how they become that size */
  bool center_crop;            /* the central square is cut before */
  const uint64_t *group;       /* [n] equal for images of one patient; NULL: each is one */
  const char *const *file;     /* [n] names; NULL: they have none */
  int classes;
  const char *const *class_name; /* [classes] */
  const int32_t *label;          /* [n] in 0 .. classes-1, -1 unknown; NULL: all unknown */
  xs_split_kind split;           /* XS_SPLIT_HASH or XS_SPLIT_STRATIFIED */
  double validation, test;       /* shares of the images; both 0: a tenth each */
} xs_arrays;
/* A site of arrays, with the same pixels as one that is opened from files of these values.
 * XS_USAGE and a message that names the field and the image: a value above max_value, a label that
 * is no class, a class without an image among the labelled ones, an impossible shape. */
XS_API xs_status xs_site_new(const xs_arrays *a, xs_site **out);
XS_API void xs_site_close(xs_site *s);
/* The attribute of this name, or NULL where the site has none. */
XS_API const xs_attribute *xs_site_attribute(const xs_site *s, const char *name);

/* Rows of one split, ascending, drawn without labels; *rows is newly allocated.  A group draws a
 * number from 0 to 1, a pure function of (seed, group key).  XS_SPLIT_HASH: below 0.8 train, below
 * 0.9 validation, else test (or as the plan's shares say), so that the same digit or patient is on
 * the same side at every site.  XS_SPLIT_STRATIFIED: the groups in the order of these numbers, the
 * first to train, until each side has its share.  by_image: split images, not groups (Decision
 * 1 of docs/method.md says why groups are). */
XS_API xs_status xs_split_rows(const xs_images *x, uint64_t seed, bool by_image, xs_split which,
                               int64_t **rows, int64_t *n);
/* The same where the site's own labels are used.  XS_SPLIT_STRATIFIED: the same order within each
 * class, so that each side has its share of every class; a group's class is the rarest of its
 * images'.  A class of three groups or more is on every side.  Test are images that xs_split_rows
 * does not call train, where the class has any.  label [n], -1 unknown: a group without a label is
 * where xs_split_rows puts it.  fold: 0; or, up to plan.folds - 1, the part that is test instead:
 * every labelled image is in one. */
XS_API xs_status xs_split_labelled(const xs_images *x, const int32_t *label, int classes,
                                   uint64_t seed, bool by_image, int fold, xs_split which,
                                   int64_t **rows, int64_t *n);

typedef struct xs_normalisation {
  double mean[3], deviation[3]; /* of values in [0,1]; 0.5 and 0.5 give [-1,1] */
} xs_normalisation;

/* The n images of rows (NULL: the first n), channels 1 -> 3 repeated or 3 -> 1 averaged, scaled to
 * [0,1] by max_value and normalised: x [n][size][size][channels].  Images of another size are
 * resized as images->how says: a second time, where they were already when they were opened, and so
 * not bit for bit what opening them with this size gives. */
XS_API void xs_images_fetch(const xs_images *images, const int64_t *rows, int64_t n, int size,
                            int channels, const xs_normalisation *norm, float *x);

/* What a domain file says of the way from its files to pixels; size is the file's, 0 for IDX. */
XS_API xs_status xs_preprocessing_of(const char *domain_file, xs_preprocessing *out);

/* Reads one image file as a site of one image (for predict): the pixels that the same file has in a
 * site that is opened with the same preprocessing.  p NULL: bilinear, the depth's largest value, no
 * cut, the file's own size.  A file with values above max_value is refused.  A 16-bit one that is
 * near black where nothing says what white is may be a dark film of a site that is read, or one of
 * a site that xs_site_open refuses, where all are like it: it is read, and `doubt` says so. */
XS_API xs_status xs_image_open(const char *path, const xs_preprocessing *p, xs_images **out);

/* For files from a source that is not trusted: from now on, for the whole process, every image file
 * is decoded in a process of its own that can open no file and start no process, as DICOM files
 * always are.  Call it before images are read.  What that costs, and where the program
 * xsite-decoder, which makes these processes, is looked for: docs/images.md. */
XS_API void xs_isolate(bool all);
XS_API bool xs_is_isolated(void);
/* Ends the processes xsite-decoder that wait for more files: one for each thread that has decoded
 * at the same time.  Without it they end with this process; wait() of any child would wait for
 * them. */
XS_API void xs_decoders_end(void);
XS_API void xs_images_close(xs_images *x);

#ifdef __cplusplus
}
#endif

#endif
