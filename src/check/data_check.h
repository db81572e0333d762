/* data_check.h: a data check in work.  What it finds is JSON, from which the page is made:
 * docs/data-check.md describes it. */
#ifndef DATA_CHECK_H
#define DATA_CHECK_H

#include <jansson.h>

#include "image_folder.h"
#include "image_stats.h"
#include "xsite.h"

typedef struct check_site {
  const char *path; /* of the domain file, lent */
  domain d;
  listing l;        /* of a site of format folder */
  xs_site *read;    /* of a site of format idx, whose images are small */
  int64_t first, n; /* its samples */
  int sides;
  char **side; /* [sides] names of the sides of the split */
} check_site;

typedef struct check {
  const xs_check_task *o;
  const xs_watch *w;
  check_site *site; /* [sites] */
  int sites;
  image_stats *sample; /* [n], site after site */
  int64_t n;
  int64_t *same;             /* [n] sets of images that show the same film (union_find.h) */
  json_t *findings, *tables; /* lists */
} check;

/* ---- measure_images.c, split_sides.c: the images
 * ----------------------------------------------------------- */

int measure_images(check *c); /* reads all sites and measures their images */
void measure_images_release(check *c);
/* The pixels of a sample again, as bytes [side][side], its aspect kept between black bars; false
 * where it can no longer be read. */
bool measure_images_draw(const check *c, int64_t i, int side, uint8_t *grey);
/* Its fine structure, [FINE][FINE]; false likewise. */
bool measure_images_detail(const check *c, int64_t i, int8_t *detail);
int sides_find(check *c); /* on which side of the split each image is */

/* ---- finding.c: what is said ----------------------------------------------------------------- */

typedef enum check_level { CHECK_NOTE, CHECK_FAULT } check_level;

/* A new finding, lent.  kind: its name in docs/data-check.md; site NULL: of several sites; text: a
 * sentence, freed; advice: what to do. */
json_t *finding_add(check *c, const char *kind, check_level level, const char *site, int64_t count,
                    char *text, const char *advice);
/* An image of the finding, the worst first; note, freed, says what is wrong with it. */
void finding_image(const check *c, json_t *finding, int64_t i, char *note);
/* The same of a file that is no image of the check: a site's, as its label file names it. */
void finding_file(json_t *finding, const char *site, const char *file, char *note);
/* A table of the page; rows are lists of texts, whole and real numbers and null. */
json_t *table_add(check *c, const char *name, const char *caption, const char *const *head, int n);
void table_put(json_t *table, json_t *row);     /* takes row over */
const char *check_class(const check *c, int k); /* of the first site that has class k */
const char *plural(int64_t n);                  /* "" or "s" */
int check_kinds(const char *const **name);      /* all kinds of finding; their number */

/* ---- find_*.c: one kind of finding each ------------------------------------------------------ */

typedef int check_finder(check *c); /* 0, or non-zero and a message */
check_finder find_unreadable, find_patients, find_duplicates, find_views, find_exposure,
    find_classes, find_shortcuts, find_comparison;

int groups_write(const check *c); /* OUT/groups-SITE.csv: what no split is to separate */

/* ---- check_page.c
 * ---------------------------------------------------------------------------------- */

int check_page_write(const check *c, const json_t *root); /* check.html and its contact sheets */

/* Whether the split is by image, not by group. */
bool check_by_image(const xs_check_task *o);

#endif
