/* results_data_sets.c: `data_sets` of results.json. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "results.h"

static int read_level(const json_t *j, const char *where, void *record) {
  data_level *l = record;
  int status = fields_text(j, where, "value", &l->value);
  return status ? status : fields_number(j, where, "images", &l->images);
}

static int read_characteristic(const json_t *j, const char *where, void *record) {
  static const field number[] = {{"known", offsetof(characteristic, known)},
                                 {"mean", offsetof(characteristic, mean)},
                                 {"deviation", offsetof(characteristic, deviation)}};
  characteristic *c = record;
  int status = fields_name(j, where, "name", &c->name);
  if (!status) status = fields_numbers(j, where, number, 3, c);
  c->level = fields_list(j, where, "levels", sizeof *c->level, read_level, &c->levels, &status);
  return status;
}

static int read_side(const json_t *j, const char *where, void *record) {
  data_side *s = record;
  int status = fields_name(j, where, "side", &s->side);
  if (!status) status = fields_number(j, where, "images", &s->images);
  if (!status) status = fields_number(j, where, "groups", &s->groups);
  s->known = fields_list(j, where, "characteristics", sizeof *s->known, read_characteristic,
                         &s->characteristics, &status);
  return status;
}

static int read_site(const json_t *j, const char *where, void *record) {
  data_site *s = record;
  int status = fields_name(j, where, "site", &s->site);
  s->side = fields_list(j, where, "sides", sizeof *s->side, read_side, &s->sides, &status);
  return status;
}

static int read_test(const json_t *j, const char *where, void *record) {
  static const field number[] = {{"f", offsetof(data_test, f)},
                                 {"between", offsetof(data_test, between)},
                                 {"within", offsetof(data_test, within)},
                                 {"p", offsetof(data_test, p)}};
  data_test *t = record;
  int status = fields_name(j, where, "name", &t->name);
  if (!status) status = fields_text(j, where, "value", &t->value);
  return status ? status : fields_numbers(j, where, number, 4, t);
}

int data_sets_read(const json_t *j, const char *where, void *record) {
  data_sets *d = record;
  int status = fields_number(j, where, "shared_groups", &d->shared_groups);
  d->site = fields_list(j, where, "sites", sizeof *d->site, read_site, &d->sites, &status);
  d->test = fields_list(j, where, "anova", sizeof *d->test, read_test, &d->tests, &status);
  return status;
}

static void release_side(data_side *s) {
  for (int i = 0; i < s->characteristics && s->known; i++) free(s->known[i].level);
  free(s->known);
}

void data_sets_release(data_sets *d) {
  for (int i = 0; i < d->sites && d->site; i++) {
    data_site *s = &d->site[i];
    for (int k = 0; k < s->sides && s->side; k++) release_side(&s->side[k]);
    free(s->side);
  }
  free(d->site);
  free(d->test);
}

const data_side *data_site_all(const data_site *s) {
  for (int i = 0; i < s->sides; i++) {
    if (strcmp(s->side[i].side, "all") == 0) return &s->side[i];
  }
  return NULL;
}

const data_test *data_test_of(const data_sets *d, const char *name, const char *value) {
  for (int i = 0; i < d->tests; i++) {
    const data_test *t = &d->test[i];
    const bool same = t->value && value ? strcmp(t->value, value) == 0 : t->value == value;
    if (same && strcmp(t->name, name) == 0) return t;
  }
  return NULL;
}
