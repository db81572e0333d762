/* channel_views.c: values that are some channels of a wider one and live inside it, so that nothing
 * is copied: a slice of the channels; the first part of a concatenation, which the concatenation's
 * other part then joins; a sum that takes the place of its residual.  Only where every step that
 * reads or writes the value can do so in rows. */
#include <stdlib.h>

#include "memory.h"
#include "plan.h"

static int64_t channels(const plan_draft *d, tg_value v) { return d->g->node[v].shape.d[3]; }

/* A value that is all of its home, under whatever shape with the same channels. */
static bool is_whole(const plan_draft *d, const tg_plan *p, tg_value v) {
  const plan_place *at = &p->place[v];
  return !at->view && at->offset == 0 && channels(d, v) == channels(d, at->home) &&
         tg_count(d->g->node[v].shape) == tg_count(d->g->node[at->home].shape);
}

/* A value whose pixels lie as its home's do. */
static bool lies_in_rows(const plan_draft *d, const tg_plan *p, tg_value v) {
  return p->place[v].view || is_whole(d, p, v);
}

static bool step_takes_rows(const plan_step *s, int operand) {
  if (s->chain) return operand >= 0 && tg_same_shape(s->chain->input[operand], s->chain->shape);
  return s->site.op->rows && s->site.op->rows(&s->site, operand);
}

/* ---- who uses a home --------------------------------------------------------------------------
 */

typedef struct use {
  int step, operand; /* an input, or -1: an output */
  tg_value v;
} use;

/* The uses of what lives in a home: use[first[home] .. first[home + 1] - 1]; and how many values
 * that is. */
typedef struct uses {
  int *first, *values; /* [values + 2], [values] */
  use *use;
} uses;

/* Hands each use of a step's to its home's place, which is at[home]. */
static void add_uses(const tg_plan *p, int i, int *at, use *list) {
  const plan_step *s = &p->step[i];
  for (int k = 0; k < s->n_in; k++) list[at[p->place[s->in[k]].home]++] = (use){i, k, s->in[k]};
  for (int k = 0; k < s->n_out; k++) list[at[p->place[s->out[k]].home]++] = (use){i, -1, s->out[k]};
}

static void count_uses(const tg_plan *p, int *count) {
  for (int i = 0; i < p->steps; i++) {
    const plan_step *s = &p->step[i];
    for (int k = 0; k < s->n_in; k++) count[p->place[s->in[k]].home]++;
    for (int k = 0; k < s->n_out; k++) count[p->place[s->out[k]].home]++;
  }
}

/* As the homes are now. */
static uses list_uses(const tg_plan *p) {
  const size_t n = (size_t)p->values;
  uses u = {.first = memory_new((n + 2) * sizeof *u.first),
            .values = memory_new(n * sizeof *u.values)};
  count_uses(p, u.first + 2);
  for (int v = 0; v < p->values; v++) u.first[v + 2] += u.first[v + 1];
  u.use = memory_new((size_t)(u.first[n + 1] + 1) * sizeof *u.use);
  for (int i = 0; i < p->steps; i++) add_uses(p, i, u.first + 1, u.use);
  for (tg_value v = 1; v < p->values; v++) u.values[p->place[v].home]++;
  return u;
}

static void free_uses(uses *u) {
  free(u->first);
  free(u->values);
  free(u->use);
}

/* Every step that uses what lives in `home` takes it in rows; `except` need not write it so. */
static bool takes_rows(const plan_draft *d, const tg_plan *p, const uses *u, tg_value home,
                       int except) {
  if (p->place[home].kind != PLACE_BLOCK) return false;
  for (int i = u->first[home]; i < u->first[home + 1]; i++) {
    const use *x = &u->use[i];
    if (x->step == except && x->operand < 0) continue;
    if (!lies_in_rows(d, p, x->v) || !step_takes_rows(&p->step[x->step], x->operand)) return false;
  }
  return true;
}

/* ---- slices: their step is not needed ---------------------------------------------------------
 */

static bool cuts_channels(const plan_step *s, const op *o) {
  return !s->chain && s->site.op == o && s->site.attr.i[0] == 3;
}

/* u: as the homes were before the first view; those of a slice's result have not changed since. */
static bool becomes_view(const plan_draft *d, tg_plan *p, const uses *u, int i) {
  const plan_step *s = &p->step[i];
  if (!cuts_channels(s, &op_slice)) return false;
  tg_value v = s->out[0], from = s->in[0];
  if (p->place[from].kind != PLACE_BLOCK || !lies_in_rows(d, p, from)) return false;
  if (!takes_rows(d, p, u, v, i) || u->values[v] != 1) return false;
  p->place[v] = p->place[from];
  p->place[v].offset += s->site.attr.i[1];
  p->place[v].view = true;
  return true;
}

void plan_view_slices(const plan_draft *d, tg_plan *p) {
  int kept = 0;
  bool *view = memory_new((size_t)(p->steps + 1) * sizeof *view);
  uses u = list_uses(p);
  for (int i = 0; i < p->steps; i++) view[i] = becomes_view(d, p, &u, i);
  for (int i = 0; i < p->steps; i++) {
    if (!view[i]) p->step[kept++] = p->step[i];
  }
  p->steps = kept;
  free_uses(&u);
  free(view);
}

/* ---- sharing ----------------------------------------------------------------------------------
 */

static tg_value top_of(const tg_plan *p, const tg_value *into, tg_value v) {
  tg_value top = p->place[v].home;
  while (into[top]) top = into[top];
  return top;
}

static void move_into(plan_life *l, tg_value *into, tg_value from, tg_value to) {
  into[from] = to;
  if (l[from].first < l[to].first) l[to].first = l[from].first;
  if (l[from].last > l[to].last) l[to].last = l[from].last;
  l[from].first = -1;
}

static void share_concat(const plan_draft *d, tg_plan *p, const uses *u, int i, plan_life *l,
                         tg_value *into) {
  const plan_step *s = &p->step[i];
  if (!cuts_channels(s, &op_concat)) return;
  tg_value part = s->in[0], home = p->place[part].home;
  if (!is_whole(d, p, part) || into[home] || p->place[s->out[0]].kind != PLACE_BLOCK) return;
  if (!takes_rows(d, p, u, home, -1)) return;
  move_into(l, into, home, s->out[0]);
  p->place[home].shared = true;
}

static void share_residual(const plan_draft *d, tg_plan *p, const uses *u, int i, plan_life *l,
                           tg_value *into) {
  const plan_step *s = &p->step[i];
  if (s->chain || !s->site.fusion.residual || !step_takes_rows(s, -1)) return;
  int at = s->site.op->inputs + (s->site.fusion.bias ? 1 : 0);
  tg_value residual = s->in[at], out = s->out[0], top = top_of(p, into, residual);
  if (into[out] || p->place[top].kind != PLACE_BLOCK || !lies_in_rows(d, p, residual)) return;
  if (l[top].last != i || p->place[residual].offset || !takes_rows(d, p, u, out, -1)) return;
  if (p->bf16[residual] != p->bf16[out]) return;
  for (int k = 0; k < s->n_in; k++) {
    if (k != at && top_of(p, into, s->in[k]) == top) return;
  }
  move_into(l, into, out, top);
  p->place[out].shared = true;
}

void plan_share_views(const plan_draft *d, tg_plan *p, plan_life *l, tg_value *into) {
  uses u = list_uses(p);
  for (int i = 0; i < p->steps; i++) share_concat(d, p, &u, i, l, into);
  for (int i = 0; i < p->steps; i++) share_residual(d, p, &u, i, l, into);
  free_uses(&u);
}

/* ---- rows -------------------------------------------------------------------------------------
 */

/* The channels of the outermost value that v is some channels of. */
int64_t plan_row(const plan_draft *d, const tg_plan *p, const tg_value *into, tg_value v) {
  tg_value home = p->place[v].home;
  int64_t row = p->place[v].view ? channels(d, home) : 0;
  for (; into[home]; home = into[home]) {
    if (p->place[home].shared) row = channels(d, into[home]);
  }
  return row;
}

void plan_set_rows(const plan_draft *d, tg_plan *p, const tg_value *into) {
  for (int i = 0; i < p->steps; i++) {
    plan_step *s = &p->step[i];
    int64_t *in_row = s->chain ? s->chain->in_row : s->site.in_row;
    for (int k = 0; k < s->n_in; k++) in_row[k] = plan_row(d, p, into, s->in[k]);
    if (!s->chain) s->site.out_row = plan_row(d, p, into, s->out[0]);
  }
}
