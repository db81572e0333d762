/* Images that show the same film: equal pixels, or equal but for scale, compression, brightness and
 * a narrow crop.  Sets are transitive. */
#include <stdlib.h>
#include <string.h>

#include "data_check.h"
#include "hash_index.h"
#include "memory.h"
#include "perceptual.h"
#include "text.h"
#include "union_find.h"

/* ---- equal pixels ---------------------------------------------------------------------------- */

static int compare_digests(const void *a, const void *b) {
  const image_stats *p = *(const image_stats *const *)a, *q = *(const image_stats *const *)b;
  const int order = memcmp(p->digest, q->digest, sizeof p->digest);
  return order ? order : (p > q) - (p < q);
}

static void join_equal(check *c) {
  const image_stats **s = memory_new(sizeof *s * (size_t)c->n);
  int64_t n = 0;
  for (int64_t i = 0; i < c->n; i++) {
    if (!c->sample[i].error) s[n++] = &c->sample[i];
  }
  qsort(s, (size_t)n, sizeof *s, compare_digests);
  for (int64_t i = 1; i < n; i++) {
    if (memcmp(s[i - 1]->digest, s[i]->digest, sizeof s[i]->digest) != 0) continue;
    sets_join(c->same, s[i - 1] - c->sample, s[i] - c->sample);
  }
  free(s);
}

/* ---- the same but for how it was stored ------------------------------------------------------ */

typedef struct pair {
  int64_t i, j; /* of the samples */
  int bits;
  bool mirrored; /* j from right to left */
  perceptual_view view;
  bool same;
} pair;

typedef struct search {
  const check *c;
  const int64_t *at; /* [taking] samples that take part */
  int64_t taking;
  pair *found; /* [n] whose small pictures match */
  int64_t n, candidates[HASH_INDEX_MOST + 1], confirmed[HASH_INDEX_MOST + 1];
} search;

/* Behind the hashes of the images are those of their mirror images.  Of two images either the one
 * or the other is mirrored. */
static void visit(void *context, int64_t i, int64_t j, int bits) {
  const double coarse = 0.05; /* small pictures may match by so much less */
  search *s = context;
  const bool mirrored = j >= s->taking;
  if (mirrored) j -= s->taking;
  if (mirrored && j <= i) return;
  pair p = {.i = s->at[i], .j = s->at[j], .bits = bits, .mirrored = mirrored};
  int8_t other[SMALL_PIXELS];
  memcpy(other, s->c->sample[p.j].small, sizeof other);
  if (mirrored) image_stats_mirror(SMALL, other);
  const bool alike = perceptual_match(s->c->sample[p.i].small, other, SMALL, &p.view) >=
                     s->c->o->near_match - coarse;
#pragma omp critical(check_pairs)
  {
    s->candidates[bits]++;
    if (alike) {
      if ((s->n & (s->n - 1)) == 0) { /* room doubles at powers of two */
        s->found = memory_grow(s->found, sizeof *s->found * (s->n ? 2 * (size_t)s->n : 1));
      }
      s->found[s->n++] = p;
    }
  }
}

/* A closer look, at the files again. */
static void confirm(search *s) {
#pragma omp parallel for schedule(dynamic)
  for (int64_t k = 0; k < s->n; k++) {
    int8_t a[FINE * FINE], b[FINE * FINE];
    pair *p = &s->found[k];
    const bool read = measure_images_detail(s->c, p->i, a) && measure_images_detail(s->c, p->j, b);
    if (read && p->mirrored) image_stats_mirror(FINE, b);
    p->same = read && perceptual_match(a, b, FINE, &p->view) >= s->c->o->near_match;
  }
  for (int64_t k = 0; k < s->n; k++) s->confirmed[s->found[k].bits] += s->found[k].same;
}

/* One image of each set of equal ones, if it has enough to be told by; their mirror images behind
 * all. */
static int64_t choose(const check *c, int64_t *at, uint64_t *hash) {
  int64_t n = 0;
  for (int64_t i = 0; i < c->n; i++) {
    if (!image_stats_is_detailed(&c->sample[i]) || sets_find(c->same, i) != i) continue;
    at[n] = i;
    hash[n++] = c->sample[i].hash;
  }
  for (int64_t k = 0; k < n; k++) hash[n + k] = c->sample[at[k]].mirrored_hash;
  return n;
}

static void tabulate(check *c, const search *s) {
  static const char *const head[] = {"Bits that differ", "Pairs of images", "Confirmed"};
  json_t *t = table_add(
      c, "distances",
      "Pairs whose perceptual hashes (64 bits) differ in few bits, and those of them whose fine "
      "structure agrees after one was moved and scaled onto the other, as it is or mirrored",
      head, 3);
  for (int b = 0; b <= c->o->near_bits; b++) {
    table_put(t,
              json_pack("[i, I, I]", b, (json_int_t)s->candidates[b], (json_int_t)s->confirmed[b]));
  }
}

static void join_near(check *c) {
  int64_t *at = memory_new(sizeof *at * (size_t)c->n);
  uint64_t *hash = memory_new(sizeof *hash * 2 * (size_t)c->n);
  search s = {.c = c, .at = at, .taking = choose(c, at, hash)};
  hash_index x;
  hash_index_make(&x, hash, 2 * s.taking);
#pragma omp parallel for schedule(dynamic, 64)
  for (int64_t i = 0; i < s.taking; i++) hash_index_near(&x, i, (int)c->o->near_bits, visit, &s);
  confirm(&s);
  for (int64_t k = 0; k < s.n; k++) {
    if (!s.found[k].same) continue;
    sets_join(c->same, s.found[k].i, s.found[k].j);
    if (s.found[k].mirrored) c->sample[s.found[k].j].mirrored = true;
  }
  if (s.taking > 1) tabulate(c, &s);
  hash_index_release(&x);
  free(s.found);
  free(hash);
  free(at);
}

/* ---- what a set means ------------------------------------------------------------------------ */

typedef struct member {
  int64_t set, image;
} member;

static int compare_members(const void *a, const void *b) {
  const member *p = a, *q = b;
  if (p->set != q->set) return p->set < q->set ? -1 : 1;
  return (p->image > q->image) - (p->image < q->image);
}

typedef struct kind { /* of a set of images, and how many there are of each */
  int64_t sets, images, equal, sides, sites;
  json_t *finding;
} kind;

static const char *class_of(const check *c, const image_stats *s) {
  return s->label < 0 ? "unknown" : c->site[s->site].d.classes.text[s->label];
}

static const char *side_of(const check *c, const image_stats *s) {
  return s->side < 0 ? "no side" : c->site[s->site].side[s->side];
}

typedef struct traits {
  bool patients, labels, sides, sites, equal;
} traits;

static traits compare_set(const check *c, const member *m, int64_t n) {
  const image_stats *first = &c->sample[m[0].image], *labelled = first;
  traits t = {.equal = true};
  for (int64_t i = 1; i < n; i++) {
    const image_stats *s = &c->sample[m[i].image];
    t.patients = t.patients || s->group != first->group;
    t.sites = t.sites || s->site != first->site;
    t.sides = t.sides || strcmp(side_of(c, s), side_of(c, first)) != 0;
    t.labels = t.labels || (s->label >= 0 && labelled->label >= 0 &&
                            strcmp(class_of(c, s), class_of(c, labelled)) != 0);
    if (s->label >= 0) labelled = s;
    t.equal = t.equal && !memcmp(s->digest, first->digest, sizeof s->digest);
  }
  return t;
}

static void count_set(check *c, const char *name, check_level level, const char *advice,
                      const member *m, int64_t n, const traits *t, kind *k) {
  if (!k->finding) k->finding = finding_add(c, name, level, NULL, 0, text_copy(""), advice);
  k->sets++;
  k->images += n;
  k->equal += t->equal;
  k->sides += t->sides;
  k->sites += t->sites;
  for (int64_t i = 0; i < n; i++) {
    const image_stats *s = &c->sample[m[i].image];
    finding_image(c, k->finding, m[i].image,
                  text_format("set %lld, patient %s, %s, %s%s", (long long)k->sets,
                              s->patient ? s->patient : "unknown", side_of(c, s), class_of(c, s),
                              s->mirrored ? ", mirrored" : ""));
  }
}

static void conclude(const kind *k, const char *what) {
  if (!k->finding) return;
  char *text = text_format(
      "%lld images in %lld set%s show the same film as another %s; %lld of the sets %s equal "
      "pixels, %lld cross the split, %lld cross sites.",
      (long long)k->images, (long long)k->sets, plural(k->sets), what, (long long)k->equal,
      k->equal == 1 ? "has" : "have", (long long)k->sides, (long long)k->sites);
  json_object_set_new(k->finding, "text", json_string(text));
  json_object_set_new(k->finding, "count", json_integer((json_int_t)k->sets));
  free(text);
}

static void judge_set(check *c, const member *m, int64_t n, kind *two, kind *apart, kind *repeat) {
  const traits t = compare_set(c, m, n);
  if (t.labels) {
    count_set(c, "two-labels", CHECK_FAULT,
              "One of the labels is wrong, or the label is not of the image: decide, or leave the "
              "images out.",
              m, n, &t, two);
  }
  if (t.patients) {
    count_set(c, "duplicates", CHECK_FAULT,
              "A split may separate them, so that a test image was trained on. Keep one of each "
              "set, or use the group files (--groups) as group_file of the domain files.",
              m, n, &t, apart);
  } else {
    count_set(c, "repeats", CHECK_NOTE,
              "No split by patient separates them; they count several times in every measure.", m,
              n, &t, repeat);
  }
}

static void judge(check *c) {
  member *m = memory_new(sizeof *m * (size_t)c->n);
  kind two = {0}, apart = {0}, repeat = {0};
  int64_t n = 0;
  for (int64_t i = 0; i < c->n; i++) {
    if (!c->sample[i].error) m[n++] = (member){sets_find(c->same, i), i};
  }
  qsort(m, (size_t)n, sizeof *m, compare_members);
  for (int64_t from = 0, to; from < n; from = to) {
    for (to = from + 1; to < n && m[to].set == m[from].set;) to++;
    if (to - from > 1) judge_set(c, m + from, to - from, &two, &apart, &repeat);
  }
  conclude(&two, "that has another label");
  conclude(&apart, "of another patient");
  conclude(&repeat, "of the same patient");
  free(m);
}

int find_duplicates(check *c) {
  c->same = sets_new(c->n);
  join_equal(c);
  if (c->o->near_bits >= 0) join_near(c);
  judge(c);
  return 0;
}
