/* memory.c: one block for all intermediate values.  A value lives from the step that makes it to
 * the last that reads it; values whose lives do not meet share memory. */
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "file.h"
#include "plan.h"

static int64_t round_up(int64_t count) { return (count + 15) / 16 * 16; }

/* An alias shows part of its input's memory: reshape, detach, a slice of the leading dimension. */
static bool is_alias(const plan_draft *d, tg_value v, int64_t *offset) {
  const node *x = &d->g->node[v];
  *offset = 0;
  if (x->op->flags & OP_ALIAS) return true;
  if (x->op != &op_slice || d->options->unfused) return false;
  const tg_shape *from = &d->g->node[x->in[0]].shape;
  int64_t outer = 1, inner = 1;
  for (int i = 0; i < 4; i++) {
    if (i < x->attr.i[0]) outer *= from->d[i];
    if (i > x->attr.i[0]) inner *= from->d[i];
  }
  *offset = x->attr.i[1] * inner;
  return outer == 1 && *offset % 8 == 0;
}

bool plan_is_alias(const plan_draft *d, tg_value v) {
  int64_t offset;
  return is_alias(d, v, &offset);
}

static void find_homes(const plan_draft *d, tg_plan *p) {
  for (tg_value v = 1; v < p->values; v++) {
    const node *x = &d->g->node[v];
    plan_place *at = &p->place[v];
    int64_t offset;
    at->home = v;
    if (x->op == &op_param) at->kind = PLACE_SLOT;
    if (x->op == &op_input || x->op == &op_constant) at->kind = PLACE_OWN;
    if (x->op->flags & OP_UPDATE) *at = p->place[x->in[0]];
    if (x->n && is_alias(d, v, &offset)) {
      *at = p->place[x->in[0]];
      at->offset += offset;
    }
  }
}

/* Values that are functions of parameters and constants keep memory of their own, so that they need
 * not be computed again until a parameter changes. */
static void keep_fixed(const plan_draft *d, tg_plan *p) {
  for (tg_value v = 1; v < p->values; v++) {
    const op *o = d->g->node[v].op;
    p->place[v].fixed = o == &op_param || o == &op_constant;
  }
  for (int i = 0; i < p->steps; i++) {
    plan_step *s = &p->step[i];
    s->fixed = s->n_in > 0 && (s->chain || !(s->site.op->flags & OP_UPDATE));
    for (int k = 0; k < s->n_in; k++)
      s->fixed = s->fixed && p->place[p->place[s->in[k]].home].fixed;
    for (int k = 0; k < s->n_out && s->fixed; k++) {
      p->place[s->out[k]].fixed = true;
      p->place[s->out[k]].kind = PLACE_OWN;
    }
  }
  for (tg_value v = 1; v < p->values; v++) {
    const plan_place *home = &p->place[p->place[v].home];
    p->place[v].kind = home->kind;
    p->place[v].fixed = home->fixed;
  }
}

/* Steps between which each home is needed; [values] indexed by home. */
static plan_life *find_lives(const plan_draft *d, const tg_plan *p) {
  plan_life *l = memory_new((size_t)p->values * sizeof *l);
  for (tg_value v = 1; v < p->values; v++) {
    l[v] = (plan_life){
        .v = v, .first = -1, .last = -1, .count = round_up(tg_count(d->g->node[v].shape))};
  }
  for (int i = 0; i < p->steps; i++) {
    const plan_step *s = &p->step[i];
    for (int k = 0; k < s->n_in; k++) l[p->place[s->in[k]].home].last = i;
    for (int k = 0; k < s->n_out; k++) {
      plan_life *made = &l[p->place[s->out[k]].home];
      if (made->first < 0) made->first = i;
      if (made->last < i) made->last = i;
    }
  }
  for (tg_value v = 1; v < p->values; v++) {
    if (p->visible[v]) l[p->place[v].home].last = p->steps;
  }
  return l;
}

/* Whether the chain reads the memory of `top` through its input k alone, or others that see each
 * element at the same place. */
static bool reads_in_step(const tg_plan *p, const plan_step *s, int k, const tg_value *into) {
  tg_value top = p->place[s->in[k]].home;
  while (into[top]) top = into[top];
  for (int i = 0; i < s->n_in; i++) {
    tg_value other = p->place[s->in[i]].home;
    while (into[other]) other = into[other];
    if (other != top) continue;
    if (p->place[s->in[i]].offset || !tg_same_shape(s->chain->input[i], s->chain->shape))
      return false;
  }
  return true;
}

/* Lets a chain write its result over an input that nobody reads afterwards: into[v] = that input.
 */
static void share_in_place(const plan_draft *d, const tg_plan *p, plan_life *l, tg_value *into) {
  for (int i = 0; i < p->steps; i++) {
    const plan_step *s = &p->step[i];
    if (!s->chain) continue;
    for (int o = 0; o < s->n_out; o++) {
      tg_value out = s->out[o];
      for (int k = 0; k < s->n_in; k++) {
        tg_value home = p->place[s->in[k]].home, top = home;
        while (into[top]) top = into[top];
        if (p->place[home].kind != PLACE_BLOCK || !reads_in_step(p, s, k, into)) continue;
        if (plan_row(d, p, into, s->in[k])) continue;
        if (l[top].last != i || l[home].last != i || l[top].count != l[out].count) continue;
        into[out] = top;
        l[top].last = l[out].last;
        l[out].first = -1; /* has no memory of its own */
        break;
      }
    }
  }
}

static int by_size(const void *a, const void *b) {
  const plan_life *x = a, *y = b;
  if (x->count != y->count) return x->count < y->count ? 1 : -1;
  return x->v < y->v ? -1 : 1;
}

static int by_offset(const void *a, const void *b) {
  const plan_life *x = *(const plan_life *const *)a, *y = *(const plan_life *const *)b;
  return x->offset < y->offset ? -1 : x->offset > y->offset;
}

/* Largest first, each at the lowest offset that is free during its life.  Returns the total. */
static int64_t place_lives(plan_life *l, int n) {
  const plan_life **busy = memory_new((size_t)n * sizeof *busy);
  int64_t total = 0;
  for (int i = 0; i < n; i++) {
    int met = 0;
    for (int k = 0; k < i; k++) {
      if (l[k].first <= l[i].last && l[i].first <= l[k].last) busy[met++] = &l[k];
    }
    qsort(busy, (size_t)met, sizeof *busy, by_offset);
    int64_t at = 0;
    for (int k = 0; k < met && at + l[i].count > busy[k]->offset; k++) {
      int64_t end = busy[k]->offset + busy[k]->count;
      if (end > at) at = end;
    }
    l[i].offset = at;
    if (at + l[i].count > total) total = at + l[i].count;
  }
  free(busy);
  return total;
}

static size_t largest_scratch(const tg_plan *p) {
  size_t most = 0;
  for (int i = 0; i < p->steps; i++) {
    if (p->step[i].scratch > most) most = p->step[i].scratch;
  }
  return most;
}

static int allocate_own(const plan_draft *d, tg_plan *p) {
  size_t element = d->device->element;
  for (tg_value v = 1; v < p->values; v++) {
    const node *x = &d->g->node[v];
    plan_place *at = &p->place[v];
    if (at->home != v || !d->live[v]) continue;
    if (at->kind == PLACE_OWN) {
      at->data = store_allocate((size_t)tg_count(x->shape) * element);
      if (!at->data) return fail_context(1, "input %s: ", x->attr.name ? x->attr.name : "");
    }
    if (at->kind == PLACE_SLOT && x->op == &op_param) {
      at->data = p->store->slot[tg_store_find(p->store, x->attr.name)].data;
    }
    if (x->op != &op_constant) continue;
    if (element == sizeof(float)) *(float *)at->data = (float)x->attr.f[0];
    if (element == sizeof(double)) *(double *)at->data = x->attr.f[0];
  }
  return 0;
}

static void resolve(const plan_draft *d, tg_plan *p, const tg_value *into) {
  size_t element = d->device->element;
  for (tg_value v = 1; v < p->values; v++) {
    plan_place *at = &p->place[v];
    tg_value top = at->home;
    while (into[top]) top = into[top];
    if (!d->live[v] || !p->place[top].data || (top == v && at->data)) continue;
    at->data = (char *)p->place[top].data + (size_t)at->offset * element;
  }
}

int plan_place_values(const plan_draft *d, tg_plan *p) {
  size_t element = d->device->element;
  bool fused = d->device->fuses && !d->options->unfused;
  find_homes(d, p);
  if (fused) keep_fixed(d, p);
  if (fused) plan_view_slices(d, p);
  plan_life *l = find_lives(d, p);
  tg_value *into = memory_new((size_t)p->values * sizeof *into);
  if (fused) plan_share_views(d, p, l, into);
  share_in_place(d, p, l, into);
  int n = 0;
  for (tg_value v = 1; v < p->values; v++) {
    if (l[v].first >= 0 && p->place[v].home == v && p->place[v].kind == PLACE_BLOCK) l[n++] = l[v];
  }
  qsort(l, (size_t)n, sizeof *l, by_size);
  size_t values = (size_t)place_lives(l, n) * element;
  p->block_bytes = values + largest_scratch(p);
  p->block = store_allocate(p->block_bytes);
  int status = p->block ? allocate_own(d, p) : fail_context(1, "intermediate values: ");
  if (!status) {
    for (int i = 0; i < n; i++) {
      p->place[l[i].v].data = (char *)p->block + (size_t)l[i].offset * element;
    }
    resolve(d, p, into);
    plan_set_rows(d, p, into);
    for (int i = 0; i < p->steps; i++) p->step[i].buffers.scratch = (char *)p->block + values;
  }
  free(into);
  free(l);
  return status;
}
