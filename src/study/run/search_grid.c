#include "search_grid.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "file_list.h"
#include "memory.h"
#include "nodes.h"
#include "option_row.h"
#include "random.h"
#include "run.h"
#include "text.h"

enum { MOST_POINTS = 1000000 };

const char *const *search_budget(search_stage stage, int *n) {
  static const char *const classifier[] = {"classifier.epochs"};
  static const char *const adaptation[] = {
      "adapter.generator_steps",
#define ALIGN(id, ...) #id ".steps",
#define STATISTICS(...)
#include "xsite/methods.def"
  };
  const bool first = stage == SEARCH_CLASSIFIER;
  *n = first ? 1 : (int)(sizeof adaptation / sizeof *adaptation);
  return first ? classifier : adaptation;
}

/* ---- which keys ---------------------------------------------------------------------------------
 */

typedef struct reader {
  const xs_study *study;
  study_settings scratch;
  bool halving;
  search_grid *grid;
} reader;

/* Whether a node of the study works by this section. */
static bool is_read(const xs_study *s, const char *section) {
  study_nodes nodes;
  bool found = false;
  nodes_list(s, &nodes);
  for (int i = 0; i < nodes.n && !found; i++) {
    const study_node *n = &nodes.node[i];
    found = n->kind != NODE_RESULTS && strcmp(node_section(n), section) == 0;
  }
  nodes_free(&nodes);
  return found;
}

static bool is_budget(search_stage stage, const char *name) {
  int n;
  const char *const *key = search_budget(stage, &n);
  for (int i = 0; i < n; i++) {
    if (strcmp(key[i], name) == 0) return true;
  }
  return false;
}

/* Whether two settings have one value of an option. */
static bool has_same(const study_settings *a, const study_settings *b, const option *row) {
  json_t *x = option_json(&settings_table, a), *y = option_json(&settings_table, b);
  const bool same = json_equal(json_object_get(json_object_get(x, row->section), row->name),
                               json_object_get(json_object_get(y, row->section), row->name));
  json_decref(x);
  json_decref(y);
  return same;
}

static xs_status check_key(const reader *r, const option *row, const grid_key *key) {
  const char *section = row->section, *name = key->name;
  if (!section || (strcmp(section, "classifier") && !study_section_adapts(section))) {
    return (xs_status)fail(
        XS_USAGE,
        "--grid: %s cannot be searched: with other images, pairs, choices or measures "
        "the criteria of two settings would not be comparable; classifier.*, "
        "adapter.*, tune.* and the methods' own sections can",
        name);
  }
  if (!is_read(r->study, section)) {
    return (xs_status)fail(XS_USAGE,
                           "--grid: %s: nothing in this study reads the section %s; put its method "
                           "in the portfolio, or leave the key out",
                           name, section);
  }
  for (int i = 0; i < r->study->n_pairs; i++) {
    const study_pair *p = &r->study->pair[i];
    if (has_same(&r->study->settings, &p->settings, row)) continue;
    return (xs_status)fail(XS_USAGE,
                           "--grid: %s: the pair '%s -> %s' sets it for itself, so that it would "
                           "not be searched there; take it out of `pairs`",
                           name, r->study->site[p->source].name, r->study->site[p->target].name);
  }
  if (r->halving && is_budget(key->stage, name)) {
    return (xs_status)fail(XS_USAGE,
                           "--grid: %s is what --halving shortens: leave out one of the two", name);
  }
  return XS_OK;
}

static xs_status check_twice(const search_grid *g, const grid_key *key) {
  for (int i = 0; i < g->n; i++) {
    if (strcmp(g->key[i].name, key->name) == 0) {
      return (xs_status)fail(XS_USAGE, "--grid: %s is there twice: give all its values at once",
                             key->name);
    }
  }
  for (int i = 0; i < key->value.n; i++) {
    for (int k = 0; k < i; k++) {
      if (strcmp(key->value.text[i], key->value.text[k]) == 0) {
        return (xs_status)fail(XS_USAGE, "--grid: %s has the value %s twice", key->name,
                               key->value.text[i]);
      }
    }
  }
  return XS_OK;
}

/* "5,10"; each is tried, so that a wrong one is found before anything runs. */
static xs_status read_values(reader *r, const char *values, grid_key *key) {
  xs_status status = XS_OK;
  for (const char *v = values; v && !status; v = strchr(v, ',') ? strchr(v, ',') + 1 : NULL) {
    char *value = text_format("%.*s", (int)strcspn(v, ","), v);
    status = (xs_status)option_set(&settings_table, &r->scratch, key->name, value, "--grid");
    file_list_append(&key->value, value);
  }
  return status;
}

/* A word KEY=VALUES of the grid. */
static int read_key(void *context, const char *name, const char *values, const char *where) {
  reader *r = context;
  const option *row = option_find_key(&settings_table, name);
  if (!row) return option_set(&settings_table, &r->scratch, name, values, where);
  search_grid *g = r->grid;
  grid_key key = {.name = option_row_key(row)};
  const bool first = row->section && strcmp(row->section, "classifier") == 0;
  key.stage = first ? SEARCH_CLASSIFIER : SEARCH_ADAPTATION;
  xs_status status = check_key(r, row, &key);
  if (!status) status = read_values(r, values, &key);
  if (!status) status = check_twice(g, &key);
  g->key = memory_grow(g->key, ((size_t)g->n + 1) * sizeof *g->key);
  g->key[g->n++] = key;
  return status;
}

xs_status grid_read(const xs_study *s, const char *text, bool halving, search_grid *g) {
  reader r = {s, settings_copy(&s->settings), halving, g};
  *g = (search_grid){0};
  xs_status status = (xs_status)settings_words(text, "--grid", read_key, &r);
  if (!status && !g->n) {
    status = (xs_status)fail(XS_USAGE, "--grid: names no setting; give it as in "
                                       "\"classifier.learning_rate=1e-3,3e-4 adapter.cycle=5,10\"");
  }
  option_release(&settings_table, &r.scratch);
  return status;
}

void grid_free(search_grid *g) {
  for (int i = 0; i < g->n; i++) {
    free(g->key[i].name);
    file_list_release(&g->key[i].value);
  }
  free(g->key);
  *g = (search_grid){0};
}

/* ---- its points ---------------------------------------------------------------------------------
 */

static int compare(const void *a, const void *b) {
  const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

xs_status grid_points(const search_grid *g, search_stage stage, int64_t random, uint64_t seed,
                      int64_t **point, int *n) {
  int64_t all = 1;
  bool any = stage == SEARCH_ADAPTATION;
  *point = NULL;
  *n = 0;
  for (int i = 0; i < g->n && all <= MOST_POINTS; i++) {
    if (g->key[i].stage != stage) continue;
    all *= g->key[i].value.n;
    any = true;
  }
  if (!any) return XS_OK;
  const int64_t tried = random > 0 && random < all ? random : all;
  if (all > MOST_POINTS || tried > SEARCH_MOST) {
    return (xs_status)fail(XS_USAGE,
                           "--grid: has more than %d points; give fewer values, or --random N, "
                           "which tries N of up to %d",
                           SEARCH_MOST, MOST_POINTS);
  }
  *point = memory_new((size_t)all * sizeof **point);
  for (int64_t i = 0; i < all; i++) (*point)[i] = i;
  if (tried < all) {
    random_permutation(seed, random_stream("search"), (uint64_t)stage, all, *point);
  }
  *n = (int)tried;
  qsort(*point, (size_t)tried, sizeof **point, compare);
  return XS_OK;
}

json_t *grid_settings(const search_grid *g, search_stage stage, int64_t point) {
  int *place = memory_new((size_t)(g->n + 1) * sizeof *place);
  json_t *settings = json_object();
  for (int i = g->n - 1; i >= 0; i--) {
    if (g->key[i].stage != stage) continue;
    place[i] = (int)(point % g->key[i].value.n);
    point /= g->key[i].value.n;
  }
  for (int i = 0; i < g->n; i++) {
    const grid_key *key = &g->key[i];
    if (key->stage == stage) {
      json_object_set_new(settings, key->name, option_text_json(key->value.text[place[i]]));
    }
  }
  free(place);
  return settings;
}
