/* graph_dot.c: a graph as a drawing in the DOT language of Graphviz. */
#include "buffer.h"
#include "graph.h"

/* Inside quotes, a line that begins at the left. */
static void add_line(buffer *out, const char *text) {
  for (; *text; text++) {
    if (*text == '"' || *text == '\\') buffer_text(out, "\\");
    buffer_put(out, (unsigned char)*text < ' ' ? " " : text, 1);
  }
  buffer_text(out, "\\l");
}

static const char *style_of(const op *o) {
  if (o == &op_param) return ", style=filled";
  return o == &op_input ? ", shape=oval" : "";
}

static void add_node(buffer *out, int v, const node *x) {
  char shape[96];
  graph_describe_shape(x->shape, shape, sizeof shape);
  buffer_add(out, "  n%d [label=\"", v);
  add_line(out, x->op->name);
  if (x->attr.name) add_line(out, x->attr.name);
  add_line(out, shape);
  buffer_add(out, "\"%s];\n", style_of(x->op));
  for (int i = 0; i < x->n; i++) buffer_add(out, "  n%d -> n%d;\n", (int)x->in[i], v);
}

char *tg_graph_dot(const tg_graph *g) {
  buffer out = {0};
  buffer_text(&out, "digraph {\n  node [shape=box];\n");
  for (int v = 1; v < g->count; v++) add_node(&out, v, &g->node[v]);
  buffer_text(&out, "}\n");
  return buffer_take(&out);
}
