#include "seeds.h"

#include "error.h"
#include "file.h"
#include "file_list.h"
#include "json_difference.h"
#include "memory.h"
#include "report_files.h"
#include "run_folder.h"
#include "text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- reading ----------------------------------------------------------------------------------
 */

bool seeds_are_in(const char *dir) {
  xs_texts names = {0};
  bool found = false;
  if (file_is_dir(dir) && file_list(dir, &names) == 0) {
    for (int i = 0; i < names.n; i++) found = found || folder_is_seed(names.text[i]);
  }
  file_list_release(&names);
  return found;
}

static int by_seed(const void *a, const void *b) {
  const int64_t x = ((const results *)a)->seed, y = ((const results *)b)->seed;
  return (x > y) - (x < y);
}

static int add_run(const char *dir, const char *name, seeds *out) {
  char *path = file_join(dir, name);
  int status = report_read(path, &out->run[out->n]);
  if (!status) {
    out->n++; /* from now on to be freed */
    status = report_files_check(path);
  }
  free(path);
  return status;
}

static bool same_pairs(const results *a, const results *b) {
  if (a->n != b->n) return false;
  for (int i = 0; i < a->n; i++) {
    const pair *p = &a->pair[i], *q = &b->pair[i];
    if (strcmp(p->source, q->source) || strcmp(p->target, q->target)) return false;
  }
  return true;
}

/* The first setting that two runs do not share, but for the seed, or NULL; allocated. */
static char *other_setting(const results *a, const results *b) {
  json_t *x = json_copy(a->settings), *y = json_copy(b->settings);
  json_object_del(x, "seed");
  json_object_del(y, "seed");
  char *key = json_difference(x, y);
  json_decref(x);
  json_decref(y);
  return key;
}

/* The images of a site, and its labels: its split is another under every seed. */
static bool same_site(const results *a, const results *b, const char *name) {
  static const char *const key[] = {"images", "all_labels"};
  json_t *x = folder_site(a->dir, name), *y = folder_site(b->dir, name);
  bool same = true;
  for (int i = 0; i < 2; i++) {
    same = same && json_equal(json_object_get(x, key[i]), json_object_get(y, key[i]));
  }
  json_decref(x);
  json_decref(y);
  return same;
}

static char *other_site(const results *a, const results *b) {
  for (int i = 0; i < a->n; i++) {
    const char *const end[] = {a->pair[i].source, a->pair[i].target};
    for (int k = 0; k < 2; k++) {
      if (!same_site(a, b, end[k])) return text_format("the data of %s", end[k]);
    }
  }
  return NULL;
}

/* The spread is that of the seeds alone. */
static int check_same(const results *a, const results *b) {
  if (!same_pairs(a, b)) {
    return fail(XS_FAILED, "%s: is of other pairs than %s: they are not runs of one study", b->dir,
                a->dir);
  }
  char *what = other_setting(a, b);
  if (!what) what = other_site(a, b);
  if (!what) return 0;
  const int status =
      fail(XS_FAILED,
           "%s: %s differs from what %s has: their spread would not be that of the seeds; run all "
           "seeds alike (`xsite study run --seeds N --resume`), or take this folder away",
           b->dir, what, a->dir);
  free(what);
  return status;
}

static int check_runs(const seeds *s) {
  int status = 0;
  for (int i = 1; i < s->n && !status; i++) status = check_same(&s->run[0], &s->run[i]);
  return status;
}

int seeds_read(const char *dir, seeds *out) {
  xs_texts names = {0};
  int status = file_list(dir, &names);
  *out = (seeds){.run = memory_new(((size_t)names.n + 1) * sizeof *out->run)};
  for (int i = 0; i < names.n && !status; i++) {
    if (folder_is_seed(names.text[i])) status = add_run(dir, names.text[i], out);
  }
  file_list_release(&names);
  if (!status && out->n) {
    qsort(out->run, (size_t)out->n, sizeof *out->run, by_seed);
    status = check_runs(out);
  }
  if (status) seeds_free(out);
  return status;
}

void seeds_free(seeds *s) {
  for (int i = 0; i < s->n; i++) report_free(&s->run[i]);
  free(s->run);
  *s = (seeds){0};
}

/* ---- values -----------------------------------------------------------------------------------
 */

enum { FIXED = 4 };
static const char *const fixed[FIXED] = {"external", "adapted", "oracle", "ceiling"};

const char *seeds_name(const seeds *s, int i, int k) {
  const pair *p = &s->run[0].pair[i];
  if (k < FIXED) return fixed[k];
  return k - FIXED < p->candidates ? p->candidate[k - FIXED].method : NULL;
}

static seed_value of_measure(const measure *m) { return (seed_value){m->auc, m->accuracy}; }

seed_value seeds_value(const seeds *s, int i, const char *name, int seed) {
  const pair *p = &s->run[seed].pair[i];
  if (strcmp(name, "external") == 0) return of_measure(&p->m[EXTERNAL]);
  if (strcmp(name, "adapted") == 0) return of_measure(&p->m[ADAPTED]);
  if (strcmp(name, "ceiling") == 0) return of_measure(&p->m[CEILING]);
  if (strcmp(name, "oracle") == 0) name = p->oracle.method ? p->oracle.method : "";
  for (int k = 0; k < p->candidates; k++) {
    if (strcmp(p->candidate[k].method, name) == 0) return of_measure(&p->candidate[k].m);
  }
  return (seed_value){NAN, NAN};
}

static bool has_all(const seeds *s, int i, const char *name) {
  for (int k = 0; k < s->n; k++) {
    if (isnan(seeds_value(s, i, name, k).auc)) return false;
  }
  return true;
}

seed_value seeds_mean(const seeds *s, const char *name, int seed) {
  seed_value sum = {0, 0};
  int n = 0;
  for (int i = 0; i < s->run[0].n; i++) {
    if (!has_all(s, i, name)) continue;
    const seed_value v = seeds_value(s, i, name, seed);
    sum.auc += v.auc;
    sum.accuracy += v.accuracy;
    n++;
  }
  return n ? (seed_value){sum.auc / n, sum.accuracy / n} : (seed_value){NAN, NAN};
}

spread spread_of(const double *value, int n) {
  spread s = {0, 0, INFINITY, -INFINITY};
  int known = 0;
  for (int i = 0; i < n; i++) {
    if (isnan(value[i])) continue;
    s.mean += value[i];
    s.least = fmin(s.least, value[i]);
    s.largest = fmax(s.largest, value[i]);
    known++;
  }
  if (!known) return (spread){NAN, NAN, NAN, NAN};
  s.mean /= known;
  for (int i = 0; i < n; i++) {
    if (!isnan(value[i])) s.deviation += (value[i] - s.mean) * (value[i] - s.mean);
  }
  s.deviation = known > 1 ? sqrt(s.deviation / (known - 1)) : NAN;
  return s;
}

int seeds_worse(const seeds *s, int *of) {
  int worse = 0;
  *of = 0;
  for (int i = 0; i < s->run[0].n; i++) {
    for (int k = 0; k < s->n; k++) {
      const double before = seeds_value(s, i, "external", k).auc,
                   after = seeds_value(s, i, "adapted", k).auc;
      if (isnan(before) || isnan(after)) continue;
      ++*of;
      worse += after < before;
    }
  }
  return worse;
}
