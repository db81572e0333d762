/* Images that are flat, dark, bright, saturated or inverted against the rest of their site. */
#include <stdlib.h>
#include <string.h>

#include "data_check.h"
#include "exposure.h"
#include "memory.h"
#include "text.h"

static exposure exposure_of(const image_stats *s) {
  exposure x = {.contrast = (double)s->value[CONTRAST],
                .white = (double)s->value[SATURATED],
                .mean = (double)s->value[MEAN]};
  _Static_assert(sizeof x.grey == sizeof s->grey, "both are 16 x 16");
  memcpy(x.grey, s->grey, sizeof x.grey);
  return x;
}

/* The readable images of a site and their samples; returns their number. */
static int64_t collect(const check *c, const check_site *t, exposure *x, int64_t *row) {
  int64_t n = 0;
  for (int64_t i = t->first; i < t->first + t->n; i++) {
    if (c->sample[i].error) continue;
    x[n] = exposure_of(&c->sample[i]);
    row[n++] = i;
  }
  return n;
}

/* The next image of a group from *at on, which moves behind it; -1: there is none. */
static int64_t next_of(bool opposite, const exposure_norm *m, const exposure *x, int64_t n,
                       int64_t *at) {
  while (*at < n && (exposure_judge(&x[*at], m) == EXPOSURE_INVERTED) != opposite) ++*at;
  return *at < n ? (*at)++ : -1;
}

/* With so many negatives it is not said that the others are right. */
static void ask_which(check *c, const check_site *t, const exposure_norm *m, const exposure *x,
                      const int64_t *row, int64_t n) {
  enum { SHOWN = 12, SHARE = 5 };
  int64_t at[2] = {0};
  if (m->opposite * SHARE < n) return;
  json_t *f = finding_add(
      c, "exposure", CHECK_FAULT, t->d.name, m->opposite,
      text_format("%lld image%s of %s look%s like negatives of the other %lld, or those of these: "
                  "which of the two groups is right?",
                  (long long)m->opposite, plural(m->opposite), t->d.name,
                  m->opposite == 1 ? "s" : "", (long long)(n - m->opposite)),
      "Both groups are on the contact sheet, by turns: bones are white in a film that is right. "
      "Turn "
      "the values of the wrong group (a second machine may export MONOCHROME1 films as they are "
      "stored).");
  for (int k = 0; k < 2 * SHOWN; k++) {
    const bool opposite = k % 2;
    const int64_t i = next_of(opposite, m, x, n, &at[opposite]);
    if (i < 0) continue;
    finding_image(c, f, row[i], text_copy(opposite ? "group 2, the fewer" : "group 1, the more"));
  }
}

/* Where the pictures have too little in common to tell a negative. */
static void say_not_aligned(check *c, const check_site *t) {
  finding_add(
      c, "exposure", CHECK_NOTE, t->d.name, 0,
      text_format("Whether images of %s are inverted was not judged: fewer than 90 %% of them "
                  "look like the others or their negatives.",
                  t->d.name),
      "Look at some of each machine and label.");
}

static json_t *add_finding(check *c, const check_site *t, int64_t odd) {
  return finding_add(
      c, "exposure", CHECK_FAULT, t->d.name, odd,
      text_format("%lld image%s of %s %s flat, dark, bright, saturated or inverted against "
                  "the rest of the site.",
                  (long long)odd, plural(odd), t->d.name, odd == 1 ? "is" : "are"),
      "Look at them: a wrong value range (range and max_value of the domain file), an inverted "
      "film (MONOCHROME1) or no film at all. Repair or remove them; --accept exposure if they are "
      "as they should.");
}

static void check_images(check *c, const check_site *t, const exposure *x, const int64_t *row,
                         int64_t n) {
  exposure_norm m;
  int64_t odd = 0;
  exposure_measure(x, n, &m);
  for (int64_t i = 0; i < n; i++) odd += exposure_judge(&x[i], &m) != EXPOSURE_RIGHT;
  if (m.aligned) {
    ask_which(c, t, &m, x, row, n);
  } else {
    say_not_aligned(c, t);
  }
  json_t *f = odd ? add_finding(c, t, odd) : NULL;
  for (int64_t i = 0; f && i < n; i++) {
    const exposure_fault fault = exposure_judge(&x[i], &m);
    if (fault == EXPOSURE_RIGHT) continue;
    finding_image(c, f, row[i], exposure_explain(fault, &x[i], &m));
  }
}

int find_exposure(check *c) {
  for (int i = 0; i < c->sites; i++) {
    const check_site *t = &c->site[i];
    exposure *x = memory_new(sizeof *x * (size_t)t->n);
    int64_t *row = memory_new(sizeof *row * (size_t)t->n), n = collect(c, t, x, row);
    if (n >= EXPOSURE_LEAST) check_images(c, t, x, row, n);
    free(x);
    free(row);
  }
  return 0;
}
