/* image_stats.h: what a check keeps of one image: some numbers and a small picture, never the
 * pixels. */
#ifndef IMAGE_STATS_H
#define IMAGE_STATS_H

#include <stdbool.h>
#include <stdint.h>

#include "encoding.h"

enum { /* sides of the small picture that is kept, and of one that is made again for a comparison */
       SMALL = 32,
       SMALL_PIXELS = SMALL * SMALL,
       FINE = 96
};

typedef enum statistic {
  /* of the whole image, in shares of the largest value that its depth can mean */
  MEAN,
  DEVIATION,
  CONTRAST,  /* from the 1st to the 99th percentile */
  SATURATED, /* share of pixels within 0.5 % of the largest possible value */
  /* of its edge, where nothing of the patient should be decided; grey values in shares of CONTRAST
   */
  BORDER,          /* share of the area in rows and columns at the edge that are of one value */
  FRAME_MEAN,      /* mean of the outer twentieth */
  FRAME_BRIGHT,    /* share of its pixels above the 99th percentile */
  CORNER_TOP_LEFT, /* share of a corner's pixels that are strokes: bright, with a steep edge */
  CORNER_TOP_RIGHT,
  CORNER_BOTTOM_LEFT,
  CORNER_BOTTOM_RIGHT,
  STATISTICS
} statistic;

typedef struct image_stats {
  int site;
  int64_t row;         /* of the site's listing */
  const char *file;    /* lent by the listing, or NULL */
  const char *path;    /* likewise */
  const char *patient; /* as the CSV file names it, lent, or NULL where it names none */
  uint64_t group;
  int32_t label;
  int side;     /* of the split, an index of the site's side names; -1 none */
  bool untried; /* the machine gave no process to read it */
  char *error;  /* why it cannot be read, and nothing below is set */
  int height, width;
  char encoding[ENCODING_TEXT]; /* "PNG 8-bit gray" */
  uint64_t digest[2];           /* of size, depth and pixels: equal images, equal digest */
  uint64_t hash;          /* perceptual, for images that near duplicates are looked for among */
  uint64_t mirrored_hash; /* of the picture from right to left */
  bool mirrored;          /* it shows another image of its set from right to left */
  float value[STATISTICS];
  int border[4];              /* rows and columns of one value: at the top, bottom, left, right */
  int8_t small[SMALL_PIXELS]; /* fine structure, deviation 32 */
  uint8_t grey[SMALL_PIXELS / 4]; /* brightness, 16 x 16, 0 to 255 over CONTRAST */
} image_stats;

/* Fills what is known from the pixels.  white: the value that means 1.0. */
struct picture;
void image_stats_measure(const struct picture *p, double white, image_stats *s);
/* For qsort, of pointers: by group, then by place. */
int image_stats_compare_groups(const void *a, const void *b);
/* Takes the border out of a detail [side][side], and the pixels beside it that its edge reaches:
 * two pictures with the same edge are not alike for that. */
void image_stats_hide_border(const image_stats *s, int side, int margin, int8_t *detail);
/* Can near duplicates be told from images that just look alike? */
bool image_stats_is_detailed(const image_stats *s);
/* Turns each row of a detail [side][side] round. */
void image_stats_mirror(int side, int8_t *detail);

#endif
