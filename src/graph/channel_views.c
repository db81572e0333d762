/* channel_views.c: values that are some channels of a wider one and live inside it, so that nothing
 * is copied: a slice of the channels; the first part of a concatenation, which the concatenation's
 * other part then joins; a sum that takes the place of its residual.  Only where every step that
 * reads or writes the value can do so in rows. */
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

static bool use_takes_rows(const plan_draft *d, const tg_plan *p, const plan_step *s, int operand,
                           tg_value v) {
  return lies_in_rows(d, p, v) && step_takes_rows(s, operand);
}

/* Every step that uses what lives in `home`, but `except`, takes it in rows. */
static bool takes_rows(const plan_draft *d, const tg_plan *p, tg_value home,
                       const plan_step *except) {
  if (p->place[home].kind != PLACE_BLOCK) return false;
  for (int i = 0; i < p->steps; i++) {
    const plan_step *s = &p->step[i];
    for (int k = 0; k < s->n_in; k++) {
      if (p->place[s->in[k]].home == home && !use_takes_rows(d, p, s, k, s->in[k])) return false;
    }
    for (int k = 0; k < s->n_out && s != except; k++) {
      if (p->place[s->out[k]].home == home && !use_takes_rows(d, p, s, -1, s->out[k])) return false;
    }
  }
  return true;
}

/* ---- slices: their step is not needed ---------------------------------------------------------
 */

static bool cuts_channels(const plan_step *s, const op *o) {
  return !s->chain && s->site.op == o && s->site.attr.i[0] == 3;
}

static bool becomes_view(const plan_draft *d, tg_plan *p, const plan_step *s) {
  if (!cuts_channels(s, &op_slice)) return false;
  tg_value v = s->out[0], from = s->in[0];
  if (p->place[from].kind != PLACE_BLOCK || !lies_in_rows(d, p, from)) return false;
  if (!takes_rows(d, p, v, s)) return false;
  for (tg_value u = 1; u < p->values; u++) {
    if (u != v && p->place[u].home == v) return false;
  }
  p->place[v] = p->place[from];
  p->place[v].offset += s->site.attr.i[1];
  p->place[v].view = true;
  return true;
}

void plan_view_slices(const plan_draft *d, tg_plan *p) {
  int kept = 0;
  for (int i = 0; i < p->steps; i++) {
    if (!becomes_view(d, p, &p->step[i])) p->step[kept++] = p->step[i];
  }
  p->steps = kept;
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

static void share_concat(const plan_draft *d, tg_plan *p, const plan_step *s, plan_life *l,
                         tg_value *into) {
  if (!cuts_channels(s, &op_concat)) return;
  tg_value part = s->in[0], home = p->place[part].home;
  if (!is_whole(d, p, part) || into[home] || p->place[s->out[0]].kind != PLACE_BLOCK) return;
  if (!takes_rows(d, p, home, NULL)) return;
  move_into(l, into, home, s->out[0]);
  p->place[home].shared = true;
}

static void share_residual(const plan_draft *d, tg_plan *p, int i, plan_life *l, tg_value *into) {
  const plan_step *s = &p->step[i];
  if (s->chain || !s->site.fusion.residual || !step_takes_rows(s, -1)) return;
  int at = s->site.op->inputs + (s->site.fusion.bias ? 1 : 0);
  tg_value residual = s->in[at], out = s->out[0], top = top_of(p, into, residual);
  if (into[out] || p->place[top].kind != PLACE_BLOCK || !lies_in_rows(d, p, residual)) return;
  if (l[top].last != i || p->place[residual].offset || !takes_rows(d, p, out, NULL)) return;
  if (p->bf16[residual] != p->bf16[out]) return;
  for (int k = 0; k < s->n_in; k++) {
    if (k != at && top_of(p, into, s->in[k]) == top) return;
  }
  move_into(l, into, out, top);
  p->place[out].shared = true;
}

void plan_share_views(const plan_draft *d, tg_plan *p, plan_life *l, tg_value *into) {
  for (int i = 0; i < p->steps; i++) share_concat(d, p, &p->step[i], l, into);
  for (int i = 0; i < p->steps; i++) share_residual(d, p, i, l, into);
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
