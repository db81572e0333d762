/* pair_choice.c: what a choice node has written. */
#include <stdlib.h>
#include <string.h>

#include "choice.h"
#include "error.h"
#include "text.h"

int pair_choice_node(const study_run *r, int pair) {
  const study_pair *p = &r->study->pair[pair];
  char *name =
      text_format("choice-%s-%s", r->study->site[p->source].name, r->study->site[p->target].name);
  int node = nodes_find(&r->nodes, name);
  free(name);
  return node;
}

static xs_status find_chosen(const char *path, pair_choice *c) {
  const char *method = json_string_value(json_object_get(c->json, "chosen"));
  for (int i = 0; i < c->n && method; i++) {
    c->chosen = i;
    if (strcmp(c->candidate[i].method, method) == 0) return XS_OK;
  }
  return (xs_status)fail(XS_FAILED, "%s: chosen is '%s', which is no candidate of the pair", path,
                         method ? method : "");
}

xs_status pair_choice_open(const study_run *r, int pair, pair_choice *c) {
  char *path = run_node_path(r, pair_choice_node(r, pair), "choice.json");
  json_error_t error;
  *c = (pair_choice){.json = json_load_file(path, 0, &error)};
  c->candidate = nodes_candidates(r->study, &r->nodes, pair, &c->n);
  xs_status status = XS_OK;
  if (!c->json) status = (xs_status)fail(XS_FAILED, "%s: %s", path, error.text);
  if (!status) status = find_chosen(path, c);
  free(path);
  return status;
}

void pair_choice_release(pair_choice *c) {
  json_decref(c->json);
  nodes_candidates_free(c->candidate, c->n);
}

xs_status choice_model(const study_run *r, int node, int *model) {
  xs_status status = XS_OK;
  while (!status && r->nodes.node[node].kind == NODE_CHOICE) {
    pair_choice c;
    status = pair_choice_open(r, r->nodes.node[node].pair, &c);
    if (!status) node = c.candidate[c.chosen].node;
    pair_choice_release(&c);
  }
  *model = node;
  return status;
}
