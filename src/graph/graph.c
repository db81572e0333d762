/* graph.c: nodes.  A node equal to one that exists is that one (common subexpressions are shared).
 */
#include "graph.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "error.h"
#include "memory.h"
#include "numeral.h"

tg_shape tg_shape4(int64_t n, int64_t h, int64_t w, int64_t c) { return (tg_shape){{n, h, w, c}}; }

tg_shape tg_scalar(void) { return tg_shape4(1, 1, 1, 1); }

int64_t tg_count(tg_shape s) { return s.d[0] * s.d[1] * s.d[2] * s.d[3]; }

bool tg_same_shape(tg_shape a, tg_shape b) { return memcmp(&a, &b, sizeof a) == 0; }

const char *tg_message(void) { return fail_message(); }

tg_graph *tg_graph_new(void) {
  tg_graph *g = memory_new(sizeof *g);
  g->capacity = 256;
  g->node = memory_new((size_t)g->capacity * sizeof *g->node);
  g->count = 1;
  g->buckets = 4096;
  g->bucket = memory_new((size_t)g->buckets * sizeof *g->bucket);
  return g;
}

void tg_graph_free(tg_graph *g) {
  if (!g) return;
  text_set_release(&g->names);
  free(g->param);
  free(g->bucket);
  free(g->node);
  free(g);
}

const char *tg_graph_failure(const tg_graph *g) { return g->failed ? g->failure : NULL; }

static tg_shape no_shape(void) { return tg_shape4(0, 0, 0, 0); }

tg_shape tg_shape_of(const tg_graph *g, tg_value v) {
  return v > 0 && v < g->count ? g->node[v].shape : no_shape();
}

const char *op_param_name(const tg_graph *g, tg_value v) {
  return v > 0 && v < g->count && g->node[v].op == &op_param ? g->node[v].attr.name : NULL;
}

/* The number of a name among those of the graph. */
static int64_t add_name(tg_graph *g, const char *name) {
  const int64_t room = g->names.places, i = text_set_add(&g->names, name);
  if (g->names.places > room) {
    g->param = memory_grow(g->param, (size_t)g->names.places * sizeof *g->param);
    memset(g->param + room, 0, (size_t)(g->names.places - room) * sizeof *g->param);
  }
  return i;
}

static const char *intern(tg_graph *g, const char *name) {
  const int64_t i = add_name(g, name);
  return g->names.text[i];
}

void graph_describe_shape(tg_shape s, char *text, size_t size) {
  snprintf(text, size, "%lldx%lldx%lldx%lld", (long long)s.d[0], (long long)s.d[1],
           (long long)s.d[2], (long long)s.d[3]);
}

static void append(char *text, size_t size, const char *format, ...) {
  size_t used = strlen(text);
  va_list args;
  va_start(args, format);
  if (used < size) numeral_vprint(text + used, size - used, format, args);
  va_end(args);
}

void graph_describe_site(const op_site *s, char *text, size_t size) {
  char shape[96];
  snprintf(text, size, "%s", s->op->name);
  for (int i = 0; i < s->n; i++) {
    graph_describe_shape(s->in[i], shape, sizeof shape);
    append(text, size, " %s", shape);
  }
  graph_describe_shape(s->out, shape, sizeof shape);
  append(text, size, " -> %s", shape);
  if (s->attr.i[0] || s->attr.i[1]) {
    append(text, size, " i%lld,%lld", (long long)s->attr.i[0], (long long)s->attr.i[1]);
  }
  if (s->bf16) append(text, size, " bf16");
  if (s->fusion.bias) append(text, size, " +bias");
  if (s->fusion.residual) append(text, size, " +residual");
  if (s->fusion.scaled) append(text, size, " +scaled%g", s->fusion.input_slope);
  if (s->fusion.gate) append(text, size, " +gate%g", s->fusion.slope);
  if (s->fusion.activation == OP_LEAKY_RELU) append(text, size, " +leaky%g", s->fusion.slope);
  if (s->fusion.activation == OP_TANH) append(text, size, " +tanh");
}

tg_value graph_refuse(tg_graph *g, const char *what, const char *why) {
  if (!g->failed) snprintf(g->failure, sizeof g->failure, "%s: %s", what, why);
  g->failed = true;
  return TG_NONE;
}

static tg_value refuse(tg_graph *g, const op_site *s, const char *why) {
  char site[256];
  graph_describe_site(s, site, sizeof site);
  char *arrow = strstr(site, " ->");
  if (arrow) *arrow = 0;
  return graph_refuse(g, site, why);
}

static uint32_t hash_node(const node *x) {
  uint64_t h = 1469598103934665603u ^ (uint64_t)(uintptr_t)x->op;
  const unsigned char *p = (const unsigned char *)&x->attr;
  for (size_t i = 0; i < sizeof x->attr; i++) h = (h ^ p[i]) * 1099511628211u;
  for (int i = 0; i < x->n; i++) h = (h ^ (uint32_t)x->in[i]) * 1099511628211u;
  return (uint32_t)(h ^ (h >> 32));
}

static bool same_node(const node *a, const node *b) {
  return a->op == b->op && a->n == b->n && memcmp(&a->attr, &b->attr, sizeof a->attr) == 0 &&
         memcmp(a->in, b->in, (size_t)a->n * sizeof a->in[0]) == 0;
}

static int32_t *find_bucket(tg_graph *g, const node *x) {
  uint32_t mask = (uint32_t)g->buckets - 1, at = hash_node(x) & mask;
  while (g->bucket[at] && !same_node(&g->node[g->bucket[at]], x)) at = (at + 1) & mask;
  return &g->bucket[at];
}

static void grow_buckets(tg_graph *g) {
  free(g->bucket);
  g->buckets *= 2;
  g->bucket = memory_new((size_t)g->buckets * sizeof *g->bucket);
  for (int i = 1; i < g->count; i++) *find_bucket(g, &g->node[i]) = i;
}

static tg_value add_node(tg_graph *g, const node *x) {
  int32_t *at = find_bucket(g, x);
  if (*at) return *at;
  if (g->count == g->capacity) {
    g->capacity *= 2;
    g->node = memory_grow(g->node, (size_t)g->capacity * sizeof *g->node);
  }
  g->node[g->count] = *x;
  *at = g->count++;
  if (g->count * 2 > g->buckets) grow_buckets(g);
  return g->count - 1;
}

static bool valid_shape(tg_shape s) {
  int64_t count = 1;
  for (int i = 0; i < 4; i++) {
    if (s.d[i] < 1 || __builtin_mul_overflow(count, s.d[i], &count)) return false;
  }
  return count <= (INT64_MAX >> 8);
}

tg_value op_node(tg_graph *g, const op *o, int n, const tg_value *in, const op_attr *attr) {
  assert(n <= OP_MAX_INPUTS);
  if (g->failed) return TG_NONE;
  op_site s = {.op = o, .n = n};
  if (attr) s.attr = *attr;
  if (s.attr.name) s.attr.name = intern(g, s.attr.name);
  node x = {.op = o, .n = n, .attr = s.attr};
  for (int i = 0; i < n; i++) {
    if (in[i] <= 0 || in[i] >= g->count) return refuse(g, &s, "an operand is missing");
    x.in[i] = in[i];
    s.in[i] = g->node[in[i]].shape;
  }
  char why[256] = "";
  if (!o->shape(&s, &x.shape, why, sizeof why)) return refuse(g, &s, why);
  if (!valid_shape(x.shape)) return refuse(g, &s, "the result has an empty or overflowing shape");
  return add_node(g, &x);
}

tg_value tg_input(tg_graph *g, const char *name, tg_shape s) {
  return op_node(g, &op_input, 0, NULL, &(op_attr){.name = name, .shape = s});
}

tg_value tg_param(tg_graph *g, const char *name, tg_shape s) {
  if (g->failed) return TG_NONE;
  const int64_t i = add_name(g, name);
  if (g->param[i] == TG_NONE) {
    const tg_value made = op_node(g, &op_param, 0, NULL, &(op_attr){.name = name, .shape = s});
    g->param[i] = made; /* after op_node, which may move g->param */
    return made;
  }
  const tg_shape there = tg_shape_of(g, g->param[i]);
  if (tg_same_shape(there, s)) return g->param[i];
  char wanted[96], known[96], why[256];
  graph_describe_shape(s, wanted, sizeof wanted);
  graph_describe_shape(there, known, sizeof known);
  snprintf(why, sizeof why, "is wanted as %s and is already %s", wanted, known);
  return graph_refuse(g, name, why);
}

tg_value tg_const(tg_graph *g, double x) {
  return op_node(g, &op_constant, 0, NULL, &(op_attr){.f = {x}, .shape = tg_scalar()});
}

char *tg_graph_dump(const tg_graph *g) {
  buffer text = {0};
  for (int v = 1; v < g->count; v++) {
    const node *x = &g->node[v];
    char shape[96];
    graph_describe_shape(x->shape, shape, sizeof shape);
    buffer_add(&text, "%d %s %s", v, x->op->name, shape);
    if (x->attr.name) buffer_add(&text, " %s", x->attr.name);
    for (int i = 0; i < x->n; i++) buffer_add(&text, " %d", x->in[i]);
    buffer_text(&text, "\n");
  }
  return buffer_take(&text);
}
