/* What tells the label, or the site, without a look at the patient. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "attributes.h"
#include "buffer.h"
#include "chance.h"
#include "data_check.h"
#include "error.h"
#include "memory.h"
#include "resampling.h"
#include "target_encoding.h"
#include "text.h"

enum {
  FEWEST = 10, /* images of a class, or of a level that is named */
  SHOWN = 8    /* images of a level that are shown */
};

/* Below this error of chance's AUC no attribute that tells nothing comes near shortcut_auc. */
static const double SURE = 0.02;

typedef struct question { /* what is to be told */
  const check_site *site; /* whose label, or NULL: the site */
  int64_t n;
  int64_t *image;  /* [n] */
  int32_t *answer; /* [n] */
  uint64_t *group; /* [n] */
  int answers;
  double chance; /* error of the AUC of what tells nothing */
} question;

typedef struct extreme { /* a level with the least or the greatest share */
  char *name;
  int64_t image[SHOWN];
  int images;
} extreme;

typedef struct told { /* by one attribute */
  const question *q;
  int which;
  double auc, low, high, p; /* p: one-sided, of an AUC above one half; then Holm's */
  char *extremes;           /* a sentence on the two of them, or NULL */
  extreme least, most;
} told;

typedef struct tolds {
  told *item;
  int n;
} tolds;

/* ---- questions ------------------------------------------------------------------------------- */

static bool answer_of(const check *c, const check_site *t, int64_t i, int32_t *answer) {
  *answer = t ? c->sample[i].label : c->sample[i].site;
  return !c->sample[i].error && *answer >= 0;
}

/* False where there are too few images of two classes. */
static bool ask(const check *c, const check_site *t, question *q) {
  const int64_t first = t ? t->first : 0, end = t ? t->first + t->n : c->n;
  *q = (question){.site = t, .answers = t ? t->d.classes.n : c->sites};
  q->image = memory_new(sizeof *q->image * (size_t)(end - first + 1));
  q->answer = memory_new(sizeof *q->answer * (size_t)(end - first + 1));
  q->group = memory_new(sizeof *q->group * (size_t)(end - first + 1));
  int64_t *count = memory_new(sizeof *count * (size_t)(q->answers + 1));
  for (int64_t i = first; i < end; i++) {
    if (!answer_of(c, t, i, &q->answer[q->n])) continue;
    count[q->answer[q->n]]++;
    q->group[q->n] = c->sample[i].group;
    q->image[q->n++] = i;
  }
  int enough = 0;
  for (int k = 0; k < q->answers; k++) enough += count[k] >= FEWEST;
  free(count);
  q->chance = chance_error(q->answer, q->group, q->n, q->answers);
  return enough >= 2;
}

static void question_release(question *q) {
  free(q->image);
  free(q->answer);
  free(q->group);
}

/* ---- answers --------------------------------------------------------------------------------- */

static target_encoding number_levels(const check *c, const question *q, int which) {
  double *value = memory_new(sizeof *value * (size_t)q->n);
  for (int64_t i = 0; i < q->n; i++) value[i] = attributes_number(c, which, q->image[i]);
  const target_encoding x = target_encoding_of_numbers(value, q->n);
  free(value);
  return x;
}

static target_encoding text_levels(const check *c, const question *q, int which) {
  const char **text = memory_new(sizeof *text * (size_t)q->n);
  char(*room)[64] = memory_new(sizeof *room * (size_t)q->n);
  for (int64_t i = 0; i < q->n; i++) text[i] = attributes_text(c, which, q->image[i], room[i]);
  const target_encoding x = target_encoding_of_texts(text, q->n);
  free(room);
  free(text);
  return x;
}

/* An attribute that a site does not have at all would tell it trivially. */
static bool is_known_everywhere(const check *c, const question *q, int which) {
  if (q->site || attributes_source(which) != SOURCE_LABEL) return true;
  char room[64];
  for (int k = 0; k < c->sites; k++) {
    bool known = false;
    for (int64_t i = c->site[k].first; i < c->site[k].first + c->site[k].n && !known; i++) {
      known = attributes_is_number(which) ? !isnan(attributes_number(c, which, i))
                                          : attributes_text(c, which, i, room) != NULL;
    }
    if (!known) return false;
  }
  return true;
}

static void keep_level(const question *q, const target_encoding *x, int32_t level, extreme *e) {
  e->name = text_copy(x->name[level]);
  for (int64_t i = 0; i < x->n && e->images < SHOWN; i++) {
    if (x->level[i] == level) e->image[e->images++] = q->image[i];
  }
}

/* Of two answers the levels with the least and the greatest share of the second. */
static void find_extremes(const check *c, const question *q, const target_encoding *x, told *t) {
  int64_t *n = memory_new(sizeof *n * (size_t)x->count);
  int64_t *hit = memory_new(sizeof *hit * (size_t)x->count);
  for (int64_t i = 0; i < x->n; i++) {
    n[x->level[i]]++;
    hit[x->level[i]] += q->answer[i] == 1;
  }
  int32_t least = -1, most = -1;
  for (int32_t k = 0; k < x->count; k++) {
    if (n[k] < FEWEST) continue;
    if (least < 0 || hit[k] * n[least] < hit[least] * n[k]) least = k;
    if (most < 0 || hit[k] * n[most] > hit[most] * n[k]) most = k;
  }
  if (least >= 0 && least != most && q->answers == 2) {
    keep_level(q, x, least, &t->least);
    keep_level(q, x, most, &t->most);
    t->extremes =
        text_format("%s: %.0f %% %s of %lld; %s: %.0f %% of %lld", x->name[least],
                    100.0 * (double)hit[least] / (double)n[least],
                    q->site ? q->site->d.classes.text[1] : c->site[1].d.name, (long long)n[least],
                    x->name[most], 100.0 * (double)hit[most] / (double)n[most], (long long)n[most]);
  }
  free(n);
  free(hit);
}

static bool is_told(const check *c, const told *t) {
  return t->auc >= c->o->shortcut_auc && t->p < c->o->alpha;
}

/* One-sided, of an AUC with a bootstrap's error above that of what tells nothing. */
static double find_p(double auc, double error, chance none) {
  return erfc((auc - none.auc) / fmax(error, none.error) / sqrt(2)) / 2;
}

/* By drawing, which takes its time, where the rank sum test's chance would do for a finding. */
static double find_p_drawn(const check *c, const question *q, const target_encoding *x, double auc,
                           double error) {
  const chance drawn = chance_drawn(x, q->answer, q->group, q->answers, (uint64_t)c->o->seed);
  return find_p(auc, error, (chance){fmax(drawn.auc, 0.5), fmax(drawn.error, q->chance)});
}

/* Interval and p from replicates that draw groups.  Of few images replicates differ too little, at
 * an AUC of 1 not at all: p is that of the larger error. */
static int measure(const check *c, const question *q, const target_encoding *levels_of,
                   const float *logit, told *t) {
  const int replicates = (int)c->o->replicates;
  const xs_labelled_outputs x = {
      .of = {.n = q->n, .classes = q->answers, .logit = logit, .group = q->group},
      .label = q->answer};
  double *value = memory_new(sizeof *value * (size_t)replicates), sum = 0, square = 0;
  int status = (int)xs_auc_replicates(&x, replicates, (uint64_t)c->o->seed, value);
  if (!status) {
    t->auc = t->low = t->high = xs_auc(logit, q->answer, q->n, q->answers);
    const int n = resample_interval(value, replicates, &t->low, &t->high);
    for (int i = 0; i < n; i++) sum += value[i] / n;
    for (int i = 0; i < n; i++) square += (value[i] - sum) * (value[i] - sum) / (n - 1);
    t->p = n > 1 ? find_p(t->auc, sqrt(square), (chance){0.5, q->chance}) : 1;
    if (is_told(c, t) && q->chance >= SURE) {
      t->p = find_p_drawn(c, q, levels_of, t->auc, sqrt(square));
    }
  }
  free(value);
  return status;
}

static int try_attribute(const check *c, const question *q, int which, tolds *all) {
  if (!is_known_everywhere(c, q, which)) return 0;
  target_encoding x =
      attributes_is_number(which) ? number_levels(c, q, which) : text_levels(c, q, which);
  int status = 0;
  if (x.count > 1) {
    float *logit = memory_new(sizeof *logit * (size_t)(q->n * q->answers));
    all->item = memory_grow(all->item, sizeof *all->item * (size_t)(all->n + 1));
    told *t = &all->item[all->n++];
    *t = (told){.q = q, .which = which};
    target_encoding_apply(&x, q->answer, q->group, q->answers, (uint64_t)c->o->seed, logit);
    status = measure(c, q, &x, logit, t);
    find_extremes(c, q, &x, t);
    free(logit);
  }
  target_encoding_release(&x);
  return status;
}

/* ---- what is said ---------------------------------------------------------------------------- */

static void show(const check *c, json_t *finding, const told *t, const extreme *e) {
  for (int i = 0; i < e->images; i++) {
    const image_stats *s = &c->sample[e->image[i]];
    finding_image(c, finding, e->image[i],
                  text_format("%s %s, %s", attributes_name(t->which), e->name,
                              c->site[s->site].d.classes.text[s->label]));
  }
}

/* Films are measured whole. */
static const char *advice(bool edge, bool cropped) {
  if (edge) {
    return cropped ? "Something at the edge of the whole film gives the label away, of which "
                     "center_crop leaves the middle: look at its corners, crop or mask them at "
                     "every site alike."
                   : "Something at the edge of the film gives the label away: look at the corners, "
                     "crop or mask them at every site alike.";
  }
  return cropped ? "A classifier may learn it instead of the finding: balance or match the classes "
                   "on it, or leave images out. The shape of the whole film is hidden by "
                   "center_crop: --accept shortcut where nothing else is found."
                 : "A classifier may learn it instead of the finding: crop to a square "
                   "(center_crop), balance or match the classes on it, or leave images out.";
}

static void say_label(check *c, const told *t) {
  const bool edge = attributes_source(t->which) == SOURCE_EDGE;
  json_t *f = finding_add(
      c, edge ? "artefact" : "shortcut", CHECK_FAULT, t->q->site->d.name, 1,
      text_format("At %s %s alone predicts the label: AUC %.1f (95 %% interval %.1f to %.1f)%s%s.",
                  t->q->site->d.name, attributes_name(t->which), 100 * t->auc, 100 * t->low,
                  100 * t->high, t->extremes ? "; " : "", t->extremes ? t->extremes : ""),
      advice(edge, t->q->site->d.center_crop));
  show(c, f, t, &t->least);
  show(c, f, t, &t->most);
}

/* Sites differ in much; what matters is which way they can be told. */
static void say_sites(check *c, const tolds *all) {
  buffer list = {0};
  int n = 0;
  for (int i = 0; i < all->n; i++) {
    const told *t = &all->item[i];
    if (t->q->site || !is_told(c, t)) continue;
    buffer_between(&list, ", ");
    buffer_add(&list, "%s (AUC %.1f)", attributes_name(t->which), 100 * t->auc);
    n++;
  }
  if (n) {
    finding_add(
        c, "site-recognisable", CHECK_NOTE, NULL, n,
        text_format("These give the site away, without a look at the patient: %s.", list.text),
        "A pooled classifier may use it where the sites differ in prevalence, and a "
        "translator will learn it first; crop all sites alike.");
  }
  buffer_free(&list);
}

static void tabulate(check *c, const tolds *all) {
  static const char *const head[] = {"Site", "Told from", "AUC in %", "from",
                                     "to",   "p (Holm)",  "Extremes"};
  json_t *t = table_add(c, "shortcuts",
                        "How well each attribute alone tells the label (of a site) or the site (of "
                        "all images): cross-validated AUC with 95 % interval (patients drawn); 50 "
                        "is guessing",
                        head, 7);
  for (int i = 0; i < all->n; i++) {
    const told *x = &all->item[i];
    table_put(t, json_pack("[s, s, f, f, f, f, s?]", x->q->site ? x->q->site->d.name : "which site",
                           attributes_name(x->which), 100 * x->auc, 100 * x->low, 100 * x->high,
                           x->p, x->extremes));
  }
}

static int adjust(tolds *all) {
  double *p = memory_new(sizeof *p * (size_t)(all->n + 1));
  for (int i = 0; i < all->n; i++) p[i] = all->item[i].p;
  const int status = (int)xs_holm(p, all->n, p);
  for (int i = 0; i < all->n; i++) all->item[i].p = p[i];
  free(p);
  return status;
}

static int try_all(check *c, question *q, tolds *all) {
  for (int i = 0; i <= c->sites; i++) {
    const check_site *t = i < c->sites ? &c->site[i] : NULL;
    if ((!t && c->sites < 2) || (t && t->d.classes.n < 2) || !ask(c, t, &q[i])) continue;
    for (int which = 0; which < attributes_count(); which++) {
      const int status = try_attribute(c, &q[i], which, all);
      if (status) return status;
    }
  }
  return adjust(all);
}

int find_shortcuts(check *c) {
  question *q = memory_new(sizeof *q * (size_t)(c->sites + 1));
  tolds all = {0};
  const int status = try_all(c, q, &all);
  for (int i = 0; i < all.n && !status; i++) {
    if (all.item[i].q->site && is_told(c, &all.item[i])) say_label(c, &all.item[i]);
  }
  if (!status && all.n) {
    say_sites(c, &all);
    tabulate(c, &all);
  }
  for (int i = 0; i < all.n; i++) {
    free(all.item[i].extremes);
    free(all.item[i].least.name);
    free(all.item[i].most.name);
  }
  for (int i = 0; i <= c->sites; i++) question_release(&q[i]);
  free(all.item);
  free(q);
  return status;
}
