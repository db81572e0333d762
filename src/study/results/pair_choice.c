/* pair_choice.c: what was chosen for a pair. */
#include "pair_choice.h"

#include <stdlib.h>

#include "choice.h"
#include "memory.h"

xs_status pair_choice_open(const node_files *f, int pair, pair_choice *c) {
  char *dir = node_path(f, nodes_choice(f->study, f->list, pair), NULL);
  *c = (pair_choice){0};
  c->candidate = nodes_candidates(f->study, f->list, pair, &c->n);
  const char **method = memory_new((size_t)c->n * sizeof *method);
  for (int i = 0; i < c->n; i++) method[i] = c->candidate[i].method;
  xs_status status = choice_read(dir, method, c->n, &c->json, &c->chosen);
  free(method);
  free(dir);
  return status;
}

void pair_choice_release(pair_choice *c) {
  json_decref(c->json);
  nodes_candidates_free(c->candidate, c->n);
}

xs_status choice_model(const node_files *f, int node, int *model) {
  xs_status status = XS_OK;
  while (!status && f->list->node[node].kind == NODE_CHOICE) {
    pair_choice c;
    status = pair_choice_open(f, f->list->node[node].pair, &c);
    if (!status) node = c.candidate[c.chosen].node;
    pair_choice_release(&c);
  }
  *model = node;
  return status;
}
