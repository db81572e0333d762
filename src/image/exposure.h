/* exposure.h: images that are flat, inverted, saturated, dark or bright against the rest of their
 * site; one rule for opening a site and for checking data. */
#ifndef EXPOSURE_H
#define EXPOSURE_H

#include <stdbool.h>
#include <stdint.h>

enum {
  EXPOSURE_SIDE = 16, /* of the small picture */
  EXPOSURE_PIXELS = EXPOSURE_SIDE * EXPOSURE_SIDE,
  EXPOSURE_TWICE = 2 * EXPOSURE_SIDE,
  EXPOSURE_LEAST = 20 /* images that make a rest of the site */
};

typedef struct exposure { /* of one image, in shares of the largest value that can be meant */
  double contrast;        /* from the 1st to the 99th percentile */
  double white;           /* share of pixels within 0.5 % of the largest value */
  double mean;
  uint8_t grey[EXPOSURE_PIXELS]; /* the small picture, 0 to 255 over the contrast */
} exposure;

typedef struct exposure_usual { /* of a site */
  double median, spread;        /* spread: 1.4826 median absolute deviation */
} exposure_usual;

typedef struct exposure_norm { /* of a site */
  exposure_usual contrast, white, mean;
  double axis[EXPOSURE_PIXELS]; /* what the small pictures have most in common, but for the sign,
                                 * and with the sign that most of them have */
  double least;                 /* 5th percentile of the images' likeness to it or its negative */
  bool aligned;     /* nearly all images look like it or its negative: which of both can be told */
  int64_t opposite; /* images that look like its negative, where aligned */
} exposure_norm;

typedef enum exposure_fault {
  EXPOSURE_FLAT,
  EXPOSURE_INVERTED,
  EXPOSURE_SATURATED,
  EXPOSURE_DARK,
  EXPOSURE_BRIGHT,
  EXPOSURE_RIGHT
} exposure_fault;

extern const char *const exposure_name[EXPOSURE_RIGHT]; /* "flat", ... */

/* The least level of a histogram, count [levels], at or below which there is more than this share
 * of all n. */
int exposure_level(const int64_t *count, int levels, int64_t n, double share);
/* The small picture of an exposure, from one of EXPOSURE_TWICE a side (resample_gray) whose values
 * low to high become 0 to 255. */
void exposure_shrink(const float *small, double low, double high, uint8_t *grey);
/* x [n], n at least 1. */
void exposure_measure(const exposure *x, int64_t n, exposure_norm *out);
/* The first fault that x has. */
exposure_fault exposure_judge(const exposure *x, const exposure_norm *m);
/* The fault in words, with x's number and the site's: "dark: mean 0.10, ..."; allocated. */
char *exposure_explain(exposure_fault fault, const exposure *x, const exposure_norm *m);

#endif
