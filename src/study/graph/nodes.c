/* nodes.c: the study as a graph of work. */
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "nodes.h"
#include "numeral.h"
#include "text.h"

typedef struct builder {
  const xs_study *study;
  study_nodes *list;
} builder;

int nodes_find(const study_nodes *l, const char *name) {
  for (int i = 0; i < l->n; i++) {
    if (strcmp(l->node[i].name, name) == 0) return i;
  }
  return -1;
}

static const char *site_name(const builder *b, int site) { return b->study->site[site].name; }

/* The place of the node, which is added if it is not there; takes over name and method. */
static int add(builder *b, study_node n) {
  int found = nodes_find(b->list, n.name);
  if (found >= 0) {
    free(n.name);
    free(n.method);
    return found;
  }
  study_nodes *l = b->list;
  l->node = memory_grow(l->node, (size_t)(l->n + 1) * sizeof *l->node);
  l->node[l->n] = n;
  return l->n++;
}

static void need(builder *b, int node, int needed) {
  study_node *n = &b->list->node[node];
  for (int i = 0; i < n->n_needs; i++) {
    if (n->needs[i] == needed) return;
  }
  n->needs = memory_grow(n->needs, (size_t)(n->n_needs + 1) * sizeof *n->needs);
  n->needs[n->n_needs++] = needed;
}

static int add_baseline(builder *b, int site) {
  return add(b, (study_node){.kind = NODE_BASELINE,
                             .name = text_format("baseline-%s", site_name(b, site)),
                             .source = site,
                             .target = -1,
                             .pair = -1});
}

/* Another training of a real site's classifier. */
static int add_source(builder *b, const char *method, int site) {
  return add(b, (study_node){.kind = NODE_SOURCE,
                             .name = text_format("%s-%s", method, site_name(b, site)),
                             .source = site,
                             .target = -1,
                             .pair = -1,
                             .method = text_copy(method)});
}

static char *pair_name(const builder *b, const char *kind, const char *method, int source,
                       int target) {
  return text_format("%s-%s-%s-%s", kind, method, site_name(b, source), site_name(b, target));
}

int nodes_choice(const xs_study *s, const study_nodes *l, int pair) {
  const study_pair *p = &s->pair[pair];
  char *name = text_format("choice-%s-%s", s->site[p->source].name, s->site[p->target].name);
  int found = nodes_find(l, name);
  free(name);
  return found;
}

/* Of a real site its baseline; of a derived one the choice that labels it, which is there. */
static int add_start(builder *b, int site) {
  const int pair = b->study->site[site].pair;
  return pair < 0 ? add_baseline(b, site) : nodes_choice(b->study, b->list, pair);
}

static int add_adapted(builder *b, const char *method, int source, int target, int pair);

/* One translator for all targets of a source. */
static int add_shared(builder *b, const char *method, int source, int start) {
  int node = add(b, (study_node){.kind = NODE_SHARED,
                                 .name = text_format("shared-%s-%s", method, site_name(b, source)),
                                 .source = source,
                                 .target = -1,
                                 .pair = -1,
                                 .method = text_copy(method)});
  need(b, node, start);
  return node;
}

/* Its labels and losses are those of the classifier that the steps before it give. */
static int add_translator(builder *b, const char *method, int source, int target, int pair) {
  char *before = method_before(method);
  int start = add_adapted(b, before, source, target, pair);
  free(before);
  const int shared = study_shares(b->study, method) ? add_shared(b, method, source, start) : -1;
  int node = add(b, (study_node){.kind = NODE_TRANSLATOR,
                                 .name = pair_name(b, "translator", method, source, target),
                                 .source = source,
                                 .target = target,
                                 .pair = pair,
                                 .method = text_copy(method)});
  need(b, node, start);
  if (shared >= 0) need(b, node, shared);
  return node;
}

/* The classifier after all steps of a method. */
static int add_adapted(builder *b, const char *method, int source, int target, int pair) {
  if (strcmp(method, "none") == 0) return add_start(b, source);
  if (method_last(method) == METHOD_SOURCE) return add_source(b, method, source);
  char *before = method_before(method), *first = method_translator(method);
  int start = add_adapted(b, before, source, target, pair), images = -1;
  if (first) images = add_translator(b, first, source, target, pair);
  int node = add(b, (study_node){.kind = NODE_ADAPTED,
                                 .name = pair_name(b, "adapted", method, source, target),
                                 .source = source,
                                 .target = target,
                                 .pair = pair,
                                 .method = text_copy(method)});
  need(b, node, start);
  if (images >= 0) need(b, node, images);
  free(before);
  free(first);
  return node;
}

/* ---- candidates -------------------------------------------------------------------------------
 */

static void add_candidate(builder *b, int source, int pair, const char *method,
                          study_candidate **list, int *n) {
  const study_pair *p = &b->study->pair[pair];
  char *first = method_translator(method);
  study_candidate c = {
      .node = add_adapted(b, method, source, p->target, pair), .translator = -1, .listed = true};
  if (first) c.translator = add_translator(b, first, source, p->target, pair);
  c.method = source == p->source
                 ? text_copy(method)
                 : text_format("%s via %s", method, site_name(b, b->study->site[source].images_of));
  *list = memory_grow(*list, (size_t)(*n + 1) * sizeof **list);
  (*list)[(*n)++] = c;
  free(first);
}

static bool has_none(const study_candidate *c, int n) {
  for (int i = 0; i < n; i++) {
    if (strcmp(c[i].method, "none") == 0) return true;
  }
  return false;
}

/* Not to adapt can always be chosen. */
static study_candidate *add_candidates(builder *b, int pair, int *n) {
  const study_pair *p = &b->study->pair[pair];
  const xs_texts *portfolio = &p->settings.portfolio;
  study_candidate *c = NULL;
  *n = 0;
  for (int i = 0; i < portfolio->n; i++) {
    add_candidate(b, p->source, pair, portfolio->text[i], &c, n);
  }
  for (int i = 0; i < portfolio->n && p->via >= 0; i++) {
    if (method_retrains(portfolio->text[i]))
      continue; /* a derived site has no training of its own */
    add_candidate(b, p->via, pair, portfolio->text[i], &c, n);
  }
  if (!has_none(c, *n)) {
    add_candidate(b, p->source, pair, "none", &c, n);
    c[*n - 1].listed = false;
  }
  return c;
}

study_candidate *nodes_candidates(const xs_study *s, const study_nodes *l, int pair, int *n) {
  study_nodes complete = *l; /* every node is there: nothing is added */
  builder b = {s, &complete};
  return add_candidates(&b, pair, n);
}

void nodes_candidates_free(study_candidate *c, int n) {
  for (int i = 0; i < n; i++) free(c[i].method);
  free(c);
}

int nodes_start(const xs_study *s, const study_nodes *l, int site) {
  study_nodes complete = *l;
  builder b = {s, &complete};
  return add_start(&b, site);
}

/* ---- the whole graph --------------------------------------------------------------------------
 */

/* A pair that goes by way of a third site comes after the pair that leads there. */
static int add_choice(builder *b, int pair) {
  const study_pair *p = &b->study->pair[pair];
  int n;
  if (p->via >= 0) add_choice(b, b->study->site[p->via].pair);
  study_candidate *c = add_candidates(b, pair, &n);
  int node = add(b, (study_node){.kind = NODE_CHOICE,
                                 .name = text_format("choice-%s-%s", site_name(b, p->source),
                                                     site_name(b, p->target)),
                                 .source = p->source,
                                 .target = p->target,
                                 .pair = pair});
  need(b, node, add_baseline(b, p->source));
  for (int i = 0; i < n; i++) {
    need(b, node, c[i].node);
    if (c[i].translator >= 0) need(b, node, c[i].translator);
  }
  nodes_candidates_free(c, n);
  return node;
}

/* The other parts of a cross-fitted ceiling: the first is the baseline's. */
static void add_folds(builder *b) {
  const xs_study *s = b->study;
  for (int i = 0; i < s->n_pairs; i++) {
    const int site = s->pair[i].target;
    for (int f = 1; f < s->site[site].folds && s->site[site].labelled; f++) {
      add(b, (study_node){.kind = NODE_FOLD,
                          .name = text_format("fold-%s-%d", site_name(b, site), f),
                          .source = site,
                          .target = -1,
                          .pair = -1,
                          .amount = f});
    }
  }
}

static void add_baselines(builder *b) {
  const xs_study *s = b->study;
  for (int i = 0; i < s->n_pairs; i++) {
    add_baseline(b, s->pair[i].source);
    if (s->site[s->pair[i].target].labelled) add_baseline(b, s->pair[i].target);
  }
}

static void add_pooled(builder *b) {
  const xs_texts *part = &b->study->settings.pooled;
  for (int i = 0; i < part->n; i++) {
    add(b, (study_node){.kind = NODE_POOLED,
                        .name = text_format("pooled-%s", part->text[i]),
                        .source = -1,
                        .target = -1,
                        .pair = -1,
                        .amount = numeral_read(part->text[i], NULL)});
  }
}

/* The targets' own learning curves. */
static void add_labelled(builder *b) {
  const xs_study *s = b->study;
  const xs_texts *count = &s->settings.label_counts;
  for (int i = 0; i < s->n_pairs; i++) {
    int site = s->pair[i].target;
    for (int k = 0; k < count->n && s->site[site].labelled; k++) {
      add(b, (study_node){.kind = NODE_LABELLED,
                          .name = text_format("labelled-%s-%s", site_name(b, site), count->text[k]),
                          .source = site,
                          .target = -1,
                          .pair = -1,
                          .amount = numeral_read(count->text[k], NULL)});
    }
  }
}

static void add_results(builder *b) {
  int before = b->list->n;
  int node = add(b, (study_node){.kind = NODE_RESULTS,
                                 .name = text_copy("results"),
                                 .source = -1,
                                 .target = -1,
                                 .pair = -1});
  for (int i = 0; i < before; i++) need(b, node, i);
}

void nodes_list(const xs_study *s, study_nodes *out) {
  builder b = {s, out};
  *out = (study_nodes){0};
  add_baselines(&b);
  for (int i = 0; i < s->n_pairs; i++) add_choice(&b, i);
  add_pooled(&b);
  add_labelled(&b);
  add_folds(&b);
  add_results(&b);
}

void nodes_free(study_nodes *l) {
  for (int i = 0; i < l->n; i++) {
    free(l->node[i].name);
    free(l->node[i].method);
    free(l->node[i].needs);
  }
  free(l->node);
  *l = (study_nodes){0};
}

const char *node_purpose(const study_node *n) {
  static const char *const purpose[] = {
      [NODE_BASELINE] = "train a classifier on the site's own labels",
      [NODE_SOURCE] = "train a classifier that travels on the site's own labels",
      [NODE_POOLED] = "train one classifier on all sites' labels",
      [NODE_LABELLED] = "train a classifier on some of the site's own labels",
      [NODE_FOLD] = "train a classifier on the site's own labels but one part's",
      [NODE_SHARED] = "learn to give source images the appearance of each target",
      [NODE_TRANSLATOR] = "learn to give source images the target's appearance",
      [NODE_ADAPTED] = "adapt the source classifier to the target",
      [NODE_CHOICE] = "choose among the adapted classifiers without labels",
      [NODE_RESULTS] = "measure everything with the test labels",
  };
  return purpose[n->kind];
}

const study_settings *node_settings(const xs_study *s, const study_node *n) {
  return n->pair < 0 ? &s->settings : &s->pair[n->pair].settings;
}

bool node_is_translator(const study_node *n) {
  return n->kind == NODE_TRANSLATOR || n->kind == NODE_SHARED;
}

bool node_is_published(const study_node *n) {
  return n->kind == NODE_BASELINE || n->kind == NODE_CHOICE;
}

char *node_path(const node_files *f, int node, const char *file) {
  const char *name = f->list->node[node].name;
  return file ? text_format("%s/nodes/%s/%s", f->out, name, file)
              : text_format("%s/nodes/%s", f->out, name);
}
