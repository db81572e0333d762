/* fuse.c: which nodes are computed by one step.
 *
 * An inference norm and its activation join the 1x1 convolution that alone reads them.
 * An epilogue (bias, residual, activation) joins the convolution or norm before it when that is its
 * only reader and the device has a kernel for the whole.  A pointwise node takes the chains that
 * feed it into its own, when everything else that reads them runs later. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "plan.h"

static int count_users(const plan_draft *d, tg_value v) {
  return d->first_user[v + 1] - d->first_user[v];
}

/* ---- epilogues ---------------------------------------------------------------------------- */

static tg_value other_operand(const node *add, tg_value v) {
  return add->in[0] == v ? add->in[1] : add->in[0];
}

static bool is_channel_vector(tg_shape s, tg_shape of) {
  return s.d[0] * s.d[1] * s.d[2] == 1 && s.d[3] == of.d[3];
}

/* Extends the fusion f of a body by its reader; false where that is no epilogue. */
static bool extend(const plan_draft *d, const op *o, const node *reader, tg_value v, op_fusion *f,
                   tg_value extra[2]) {
  if (reader->op == &op_leaky_relu && (o->flags & OP_FUSE_ACTIVATION)) {
    f->activation = OP_LEAKY_RELU;
    f->slope = reader->attr.f[0];
    return true;
  }
  if (reader->op == &op_tanh && (o->flags & OP_FUSE_ACTIVATION)) {
    f->activation = OP_TANH;
    return true;
  }
  if (reader->op != &op_add || f->residual) return false;
  tg_value other = other_operand(reader, v);
  const node *x = &d->g->node[other];
  if (x->op == &op_broadcast && (o->flags & OP_FUSE_BIAS) && !f->bias &&
      is_channel_vector(d->g->node[x->in[0]].shape, x->shape)) {
    f->bias = true;
    extra[0] = x->in[0];
    return true;
  }
  if (!(o->flags & OP_FUSE_RESIDUAL)) return false;
  f->residual = true;
  extra[1] = other;
  return true;
}

static void describe_site(const plan_draft *d, tg_value body, const op_fusion *f,
                          const tg_value extra[2], op_site *s) {
  const node *x = &d->g->node[body];
  *s = (op_site){.op = x->op, .n = x->n, .attr = x->attr, .out = x->shape, .fusion = *f};
  for (int i = 0; i < x->n; i++) s->in[i] = d->g->node[x->in[i]].shape;
  if (f->bias) s->in[s->n++] = d->g->node[extra[0]].shape;
  if (f->residual) s->in[s->n++] = d->g->node[extra[1]].shape;
}

static bool device_can(const plan_draft *d, tg_value body, const op_fusion *f,
                       const tg_value extra[2]) {
  op_site s;
  const op_kernel *list[DEVICE_MAX_KERNELS];
  describe_site(d, body, f, extra, &s);
  return d->device->kernels(&s, list) > 0;
}

static void fold_epilogue(plan_draft *d, tg_value body) {
  tg_value last = body, extra[2] = {TG_NONE, TG_NONE};
  op_fusion f = {0};
  while (f.activation == OP_LINEAR && !d->output[last] && count_users(d, last) == 1) {
    tg_value reader = d->user[d->first_user[last]];
    if (d->root[reader] != reader || d->body[reader] != reader) break; /* another's epilogue */
    op_fusion longer = f;
    tg_value longer_extra[2] = {extra[0], extra[1]};
    if (!extend(d, d->g->node[body].op, &d->g->node[reader], last, &longer, longer_extra)) break;
    if (!device_can(d, body, &longer, longer_extra)) break;
    d->root[last] = reader;
    f = longer;
    memcpy(extra, longer_extra, sizeof extra);
    last = reader;
  }
  for (tg_value v = body, next; v != last; v = next) {
    next = d->root[v];
    d->root[v] = last;
  }
  d->body[last] = body;
  d->fusion[last] = f;
  memcpy(d->extra[last], extra, sizeof extra);
}

/* ---- what is before a convolution -------------------------------------------------------------
 */

typedef struct scaling {
  tg_value member[3]; /* the activation, the sum and the product */
  tg_value x, scale, shift;
} scaling;

/* The channel vector that `v`, of operator o and read once, joins with *other; TG_NONE. */
static tg_value joined_vector(const plan_draft *d, tg_value v, const op *o, tg_value *other) {
  const node *x = &d->g->node[v];
  if (x->op != o || d->output[v] || count_users(d, v) != 1) return TG_NONE;
  for (int i = 0; i < 2; i++) {
    const node *repeated = &d->g->node[x->in[i]];
    if (repeated->op != &op_broadcast) continue;
    if (!is_channel_vector(d->g->node[repeated->in[0]].shape, x->shape)) continue;
    *other = x->in[1 - i];
    return repeated->in[0];
  }
  return TG_NONE;
}

/* Whether conv reads leaky(x scale + shift), that nobody else reads. */
static bool find_scaling(const plan_draft *d, tg_value conv, scaling *f) {
  tg_value *m = f->member;
  m[0] = d->g->node[conv].in[0];
  const node *activation = &d->g->node[m[0]];
  if (activation->op != &op_leaky_relu || d->output[m[0]] || count_users(d, m[0]) != 1)
    return false;
  m[1] = activation->in[0];
  f->shift = joined_vector(d, m[1], &op_add, &m[2]);
  f->scale = f->shift ? joined_vector(d, m[2], &op_mul, &f->x) : TG_NONE;
  return f->scale != TG_NONE;
}

static void fold_scaling(plan_draft *d, tg_value conv) {
  scaling before;
  tg_value root = d->root[conv];
  if (d->options->bf16 || d->body[root] != conv || !find_scaling(d, conv, &before)) return;
  op_fusion f = d->fusion[root];
  f.scaled = true;
  f.input_slope = d->g->node[before.member[0]].attr.f[0];
  if (!device_can(d, conv, &f, d->extra[root])) return;
  d->fusion[root] = f;
  for (int i = 0; i < 3; i++) d->root[before.member[i]] = root;
}

void plan_open_scaling(const plan_draft *d, tg_value root, plan_step *s) {
  scaling before;
  if (!find_scaling(d, d->body[root], &before)) return;
  s->in[0] = before.x;
  s->in[s->n_in++] = before.scale;
  s->in[s->n_in++] = before.shift;
}

/* ---- gates --------------------------------------------------------------------------------- */

/* The operand of norm_sums and norm_dx that a gate may be before; -1 of others. */
static int gated_operand(const op *o) { return o == &op_norm_sums ? 2 : o == &op_norm_dx ? 3 : -1; }

/* Whether reader's operand `mask` is the derivative of the activation of the very norm that reader
 * is a derivative of, so that its sign can be computed again from x. */
static bool same_norm(const plan_draft *d, const node *reader, tg_value mask) {
  const node *m = &d->g->node[mask], *y = &d->g->node[m->in[0]], *norm = &d->g->node[y->in[0]];
  int at = gated_operand(reader->op);
  if (at < 0 || reader->in[at] != mask || y->op != &op_leaky_relu || norm->op != &op_norm)
    return false;
  for (int i = 0; i < reader->n; i++) {
    if (i != at && reader->in[i] == mask) return false;
  }
  bool same_gamma = reader->op != &op_norm_dx || reader->in[2] == norm->in[2];
  return reader->in[0] == norm->in[0] && reader->in[1] == norm->in[1] && same_gamma &&
         y->attr.f[0] == m->attr.f[0] && m->attr.f[0] >= 0;
}

/* A leaky_relu_dx that only such readers read is computed by them. */
static void fold_gate(plan_draft *d, tg_value mask) {
  if (d->output[mask]) return;
  for (int i = d->first_user[mask]; i < d->first_user[mask + 1]; i++) {
    if (!same_norm(d, &d->g->node[d->user[i]], mask)) return;
  }
  for (int i = d->first_user[mask]; i < d->first_user[mask + 1]; i++) {
    tg_value root = d->root[d->user[i]];
    d->gate[root] = mask;
    d->fusion[root].gate = true;
    d->fusion[root].slope = d->g->node[mask].attr.f[0];
  }
  d->live[mask] = false;
}

void plan_open_gate(const plan_draft *d, tg_value root, plan_step *s) {
  const node *mask = &d->g->node[d->gate[root]];
  const node *norm = &d->g->node[d->g->node[mask->in[0]].in[0]];
  assert(gated_operand(s->site.op) >= 0);
  s->in[gated_operand(s->site.op)] = mask->in[1];
  if (s->site.op == &op_norm_sums) s->in[s->n_in++] = norm->in[2];
  s->in[s->n_in++] = norm->in[3];
}

/* ---- chains ------------------------------------------------------------------------------- */

static bool in_chain(const plan_draft *d, tg_value v) {
  const node *x = &d->g->node[v];
  return d->live[v] && (x->op->flags & OP_POINTWISE) && d->body[d->root[v]] == d->root[v];
}

/* Everything that reads a member of chain `root` from outside runs after v. */
static bool readers_follow(const plan_draft *d, tg_value root, tg_value v) {
  for (tg_value m = d->first[root]; m != TG_NONE; m = d->next[m]) {
    for (int i = d->first_user[m]; i < d->first_user[m + 1] && d->user[i] < v; i++) {
      tg_value u = d->user[i];
      if (d->root[u] != root && d->root[u] != v) return false;
    }
  }
  return true;
}

/* The members of a chain, ascending; their number. */
static int list_members(const plan_draft *d, tg_value root, tg_value member[CHAIN_MAX_STEPS]) {
  int n = 0;
  for (tg_value m = d->first[root]; m != TG_NONE; m = d->next[m]) {
    assert(n < CHAIN_MAX_STEPS);
    member[n++] = m;
  }
  return n;
}

static void set_members(plan_draft *d, tg_value root, int n, const tg_value *member) {
  d->first[root] = member[0];
  for (int i = 0; i < n; i++) {
    d->root[member[i]] = root;
    d->next[member[i]] = i + 1 < n ? member[i + 1] : TG_NONE;
  }
}

static int by_value(const void *a, const void *b) {
  const tg_value x = *(const tg_value *)a, y = *(const tg_value *)b;
  return (x > y) - (x < y);
}

/* Takes chain `from` into the chain of v, unless the whole exceeds a chain's limits. */
static void merge(plan_draft *d, tg_value from, tg_value v) {
  tg_value apart[2 * CHAIN_MAX_STEPS], whole[2 * CHAIN_MAX_STEPS];
  const int before = list_members(d, from, apart), n = before + list_members(d, v, apart + before);
  if (n > CHAIN_MAX_STEPS) return;
  memcpy(whole, apart, (size_t)n * sizeof *whole);
  qsort(whole, (size_t)n, sizeof *whole, by_value);
  set_members(d, v, n, whole);
  chain c;
  plan_step s;
  if (plan_build_chain(d, v, &c, &s)) return;
  set_members(d, from, before, apart);
  set_members(d, v, n - before, apart + before);
}

static void grow_chain(plan_draft *d, tg_value v) {
  const node *x = &d->g->node[v];
  for (int i = 0; i < x->n; i++) {
    tg_value from = d->root[x->in[i]];
    if (from == v || !in_chain(d, x->in[i])) continue;
    if (!tg_same_shape(d->g->node[from].shape, x->shape)) continue;
    if (readers_follow(d, from, v)) merge(d, from, v);
  }
}

static tg_value skip_broadcast(const plan_draft *d, tg_value v) {
  const node *x = &d->g->node[v];
  return x->op == &op_broadcast ? x->in[0] : v;
}

static int find_input(const plan_step *s, tg_value v) {
  for (int i = 0; i < s->n_in; i++) {
    if (s->in[i] == v) return i;
  }
  return -1;
}

static bool read_outside(const plan_draft *d, tg_value v, tg_value root) {
  if (d->output[v]) return true;
  for (int i = d->first_user[v]; i < d->first_user[v + 1]; i++) {
    if (d->root[d->user[i]] != root) return true;
  }
  return false;
}

/* Collects the inputs of the chain's members. */
static bool collect_inputs(const plan_draft *d, tg_value root, chain *c, plan_step *s) {
  for (tg_value m = d->first[root]; m != TG_NONE; m = d->next[m]) {
    const node *x = &d->g->node[m];
    for (int i = 0; i < x->n; i++) {
      if (d->root[x->in[i]] == root) continue;
      tg_value v = skip_broadcast(d, x->in[i]);
      if (find_input(s, v) >= 0) continue;
      if (s->n_in == OP_MAX_INPUTS) return false;
      c->input[s->n_in] = d->g->node[v].shape;
      s->in[s->n_in++] = v;
    }
  }
  c->inputs = s->n_in;
  return true;
}

bool plan_build_chain(const plan_draft *d, tg_value root, chain *c, plan_step *s) {
  tg_value member[CHAIN_MAX_STEPS];
  const int members = list_members(d, root, member);
  memset(s, 0, sizeof *s);
  *c = (chain){.shape = d->g->node[root].shape};
  if (!collect_inputs(d, root, c, s)) return false;
  for (; c->steps < members; c->steps++) {
    const tg_value m = member[c->steps];
    const node *x = &d->g->node[m];
    chain_step *t = &c->step[c->steps];
    *t = (chain_step){.op = x->op, .attr = x->attr};
    for (int i = 0; i < x->n; i++) {
      int k = c->steps - 1;
      while (k >= 0 && member[k] != x->in[i]) k--;
      t->in[i] = k >= 0 ? c->inputs + k : find_input(s, skip_broadcast(d, x->in[i]));
      assert(t->in[i] >= 0);
    }
    if (!read_outside(d, m, root)) continue;
    if (c->outputs == OP_MAX_OUTPUTS) return false;
    c->output[c->outputs++] = c->inputs + c->steps;
    s->out[s->n_out++] = m;
  }
  return true;
}

void plan_fuse(plan_draft *d) {
  const int epilogues = OP_FUSE_BIAS | OP_FUSE_RESIDUAL | OP_FUSE_ACTIVATION;
  for (tg_value v = 1; v < d->g->count; v++) {
    if (d->live[v] && (d->g->node[v].op->flags & epilogues)) fold_epilogue(d, v);
  }
  for (tg_value v = 1; v < d->g->count; v++) {
    if (d->live[v] && d->g->node[v].op == &op_conv) fold_scaling(d, v);
    if (d->live[v] && d->g->node[v].op == &op_leaky_relu_dx) fold_gate(d, v);
  }
  for (tg_value v = 1; v < d->g->count; v++) {
    if (d->root[v] == v && in_chain(d, v)) grow_chain(d, v);
  }
}
