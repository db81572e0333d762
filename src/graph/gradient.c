/* gradient.c: reverse-mode differentiation that builds ordinary nodes. */
#include <assert.h>
#include <stdlib.h>

#include "graph.h"
#include "memory.h"

/* Marks nodes that depend on any of wrt. */
static bool *mark_dependents(const tg_graph *g, int n, const tg_value *wrt) {
  bool *depends = memory_new((size_t)g->count * sizeof *depends);
  for (int i = 0; i < n; i++) depends[wrt[i]] = true;
  for (int v = 1; v < g->count; v++) {
    const node *x = &g->node[v];
    for (int i = 0; i < x->n && !depends[v]; i++) depends[v] = x->op->gradient && depends[x->in[i]];
  }
  return depends;
}

/* Passes the gradient of node v on to its inputs. */
static void pass_on(tg_graph *g, tg_value v, const bool *depends, tg_value *adjoint) {
  node x = g->node[v]; /* a copy: building nodes may move the array */
  bool wanted[OP_MAX_INPUTS] = {false};
  tg_value dx[OP_MAX_INPUTS] = {TG_NONE};
  bool any = false;
  for (int i = 0; i < x.n; i++) any |= wanted[i] = depends[x.in[i]];
  if (!any || !x.op->gradient) return;
  x.op->gradient(&(op_gradient){.g = g,
                                .n = x.n,
                                .in = x.in,
                                .out = v,
                                .dy = adjoint[v],
                                .attr = &x.attr,
                                .wanted = wanted,
                                .dx = dx});
  for (int i = 0; i < x.n; i++) {
    if (dx[i] == TG_NONE || !wanted[i]) continue;
    assert(tg_same_shape(tg_shape_of(g, dx[i]), tg_shape_of(g, x.in[i])));
    tg_value *a = &adjoint[x.in[i]];
    *a = *a == TG_NONE ? dx[i] : tg_add(g, *a, dx[i]);
  }
}

/* The gradient that y itself gets: dy, or ones. */
static tg_value first_adjoint(tg_graph *g, tg_value y, tg_value dy) {
  tg_shape s = g->node[y].shape;
  if (dy == TG_NONE) return tg_broadcast(g, tg_const(g, 1), s);
  if (tg_same_shape(tg_shape_of(g, dy), s)) return dy;
  return graph_refuse(g, "gradient", "dy must have the shape of y");
}

void tg_gradient(tg_graph *g, tg_value y, tg_value dy, int n, const tg_value *wrt, tg_value *dx) {
  for (int i = 0; i < n; i++) dx[i] = TG_NONE;
  if (g->failed) return;
  bool known = y > 0 && y < g->count;
  for (int i = 0; i < n; i++) known = known && wrt[i] > 0 && wrt[i] < g->count;
  if (!known) {
    graph_refuse(g, "gradient", "y or a value that it is wanted by is missing");
    return;
  }
  bool *depends = mark_dependents(g, n, wrt);
  tg_value *adjoint = memory_new((size_t)g->count * sizeof *adjoint);
  adjoint[y] = first_adjoint(g, y, dy);
  for (tg_value v = y; v > 0 && !g->failed; v--) {
    if (adjoint[v] != TG_NONE && depends[v]) pass_on(g, v, depends, adjoint);
  }
  for (int i = 0; i < n; i++) dx[i] = wrt[i] <= y ? adjoint[wrt[i]] : TG_NONE;
  free(adjoint);
  free(depends);
}
