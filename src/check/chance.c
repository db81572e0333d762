#include "chance.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "group_count.h"
#include "memory.h"
#include "random.h"
#include "xsite.h"

/* ---- the rank sum test ----------------------------------------------------------------------- */

/* Groups of the images with this answer, or of the others. */
static double count_groups(const int32_t *answer, const uint64_t *group, int64_t n, int32_t which,
                           bool others) {
  uint64_t *of = memory_new(sizeof *of * (size_t)(n + 1));
  int64_t images = 0;
  for (int64_t i = 0; i < n; i++) {
    if ((answer[i] != which) == others) of[images++] = group[i];
  }
  const double groups = (double)group_count(of, images);
  free(of);
  return groups;
}

double chance_error(const int32_t *answer, const uint64_t *group, int64_t n, int answers) {
  double sum = 0;
  int asked = 0;
  for (int k = 0; k < answers; k++) {
    const double p = count_groups(answer, group, n, k, false),
                 rest = count_groups(answer, group, n, k, true);
    if (p < 1 || rest < 1) continue;
    sum += sqrt((p + rest + 1) / (12 * p * rest));
    asked++;
  }
  return asked ? sum / asked : INFINITY;
}

/* ---- answers exchanged ----------------------------------------------------------------------- */

enum { DRAWS = 200 };

typedef struct place { /* of an image in the order of groups */
  uint64_t group;
  int64_t image;
} place;

typedef struct block { /* the images of a group: places first .. first + n */
  double drawn;
  int64_t first, n;
} block;

typedef struct exchange {
  const int32_t *answer;
  int64_t n, blocks;
  place *place;     /* [n] */
  block *block;     /* [blocks] */
  int32_t *another; /* [n] answers of an exchange, by image */
} exchange;

static int by_group(const void *a, const void *b) {
  const place *x = a, *y = b;
  if (x->group != y->group) return x->group < y->group ? -1 : 1;
  return (x->image > y->image) - (x->image < y->image);
}

static int by_draw(const void *a, const void *b) {
  const block *x = a, *y = b;
  if (x->drawn != y->drawn) return x->drawn < y->drawn ? -1 : 1;
  return (x->first > y->first) - (x->first < y->first);
}

static exchange exchange_open(const int32_t *answer, const uint64_t *group, int64_t n) {
  exchange e = {.answer = answer,
                .n = n,
                .place = memory_new(sizeof *e.place * (size_t)(n + 1)),
                .block = memory_new(sizeof *e.block * (size_t)(n + 1)),
                .another = memory_new(sizeof *e.another * (size_t)(n + 1))};
  for (int64_t i = 0; i < n; i++) e.place[i] = (place){group[i], i};
  qsort(e.place, (size_t)n, sizeof *e.place, by_group);
  for (int64_t i = 0; i < n; i++) {
    if (!i || e.place[i].group != e.place[i - 1].group) e.block[e.blocks++] = (block){.first = i};
    e.block[e.blocks - 1].n++;
  }
  return e;
}

static void exchange_close(exchange *e) {
  free(e->place);
  free(e->block);
  free(e->another);
}

/* The answers of all groups, group after group in a drawn order, are dealt out to the images in the
 * order of their groups: those of one group stay together, but where the next has another size. */
static void draw(exchange *e, uint64_t seed, uint64_t step) {
  const uint64_t stream = random_stream("check chance");
  int64_t to = 0;
  for (int64_t i = 0; i < e->blocks; i++) {
    e->block[i].drawn = (double)random_uniform(seed, stream, step, (uint64_t)e->block[i].first);
  }
  qsort(e->block, (size_t)e->blocks, sizeof *e->block, by_draw);
  for (int64_t i = 0; i < e->blocks; i++) {
    for (int64_t k = 0; k < e->block[i].n; k++) {
      e->another[e->place[to++].image] = e->answer[e->place[e->block[i].first + k].image];
    }
  }
}

chance chance_drawn(const target_encoding *x, const int32_t *answer, const uint64_t *group,
                    int answers, uint64_t seed) {
  exchange e = exchange_open(answer, group, x->n);
  float *logit = memory_new(sizeof *logit * (size_t)(x->n * answers + 1));
  double sum = 0, square = 0;
  for (int i = 0; i < DRAWS; i++) {
    draw(&e, seed, (uint64_t)i);
    target_encoding_apply(x, e.another, group, answers, seed, logit);
    const double auc = xs_auc(logit, e.another, x->n, answers);
    sum += auc;
    square += auc * auc;
  }
  free(logit);
  exchange_close(&e);
  const double mean = sum / DRAWS;
  return (chance){mean, sqrt(fmax(0, square / DRAWS - mean * mean) * DRAWS / (DRAWS - 1))};
}
