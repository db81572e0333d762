/* value_memory.c: which memory each value lives in.  Intermediate values live in one block, from
 * the step that makes them to the last that reads them; values whose lives do not meet share
 * memory. Inputs, outputs and constants have memory of their own, for the plans of a store share
 * the block. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "memory.h"
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
    *at = (plan_place){.home = v};
    if (x->op == &op_param) at->kind = PLACE_SLOT;
    if (x->op == &op_input || x->op == &op_constant) at->kind = PLACE_OWN;
    if (x->op->flags & OP_UPDATE) *at = p->place[x->in[0]];
    if (x->n && is_alias(d, v, &offset)) {
      *at = p->place[x->in[0]];
      at->offset += offset;
    }
  }
}

static void spread_kinds(tg_plan *p) {
  for (tg_value v = 1; v < p->values; v++) {
    const plan_place *home = &p->place[p->place[v].home];
    assert(home->home == p->place[v].home);
    p->place[v].kind = home->kind;
    p->place[v].fixed = home->fixed;
  }
}

static void keep_visible(tg_plan *p) {
  for (tg_value v = 1; v < p->values; v++) {
    plan_place *home = &p->place[p->place[v].home];
    if (p->visible[v] && home->kind == PLACE_BLOCK) home->kind = PLACE_OWN;
  }
  spread_kinds(p);
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
  spread_kinds(p);
}

int64_t plan_count(const plan_draft *d, const tg_plan *p, tg_value v) {
  int64_t count = tg_count(d->g->node[v].shape);
  return p->bf16[v] ? (count + 1) / 2 : count;
}

/* Steps between which each home is needed; [values] indexed by home. */
static plan_life *find_lives(const plan_draft *d, const tg_plan *p) {
  plan_life *l = memory_new((size_t)(p->values + p->steps) * sizeof *l);
  for (tg_value v = 1; v < p->values; v++) {
    l[v] = (plan_life){.v = v, .first = -1, .last = -1, .count = round_up(plan_count(d, p, v))};
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
      if (p->place[out].kind != PLACE_BLOCK) continue;
      for (int k = 0; k < s->n_in; k++) {
        tg_value home = p->place[s->in[k]].home, top = home;
        while (into[top]) top = into[top];
        if (p->place[home].kind != PLACE_BLOCK || !reads_in_step(p, s, k, into)) continue;
        if (plan_row(d, p, into, s->in[k])) continue;
        if (l[top].last != i || l[home].last != i || l[top].count != l[out].count) continue;
        if (p->bf16[home] != p->bf16[out]) continue;
        into[out] = top;
        l[top].last = l[out].last;
        l[out].first = -1; /* has no memory of its own */
        break;
      }
    }
  }
}

/* The lives that need memory of the block, and the scratch memory of the steps, to the front. */
static int gather_lives(const plan_draft *d, const tg_plan *p, plan_life *l) {
  int n = 0;
  for (tg_value v = 1; v < p->values; v++) {
    if (l[v].first >= 0 && p->place[v].home == v && p->place[v].kind == PLACE_BLOCK) l[n++] = l[v];
  }
  for (int i = 0; i < p->steps; i++) {
    int64_t count = (int64_t)((p->step[i].scratch + d->device->element - 1) / d->device->element);
    if (count) l[n++] = (plan_life){.first = i, .last = i, .count = round_up(count)};
  }
  return n;
}

/* Places the lives.  Where it takes little more memory, and no limit is set, the scratch memory of
 * all steps is one place, which the processor's caches then hold: kernels of 4 MB of scratch run up
 * to twice as fast. */
static int64_t place(const plan_draft *d, const tg_plan *p, plan_layout *o) {
  int64_t apart = plan_place_lives(o->life, o->n), most = 0;
  if (d->options->memory || !p->steps) return apart;
  plan_life *one = memory_new((size_t)(o->n + 1) * sizeof *one);
  int n = 1;
  for (int i = 0; i < o->n; i++) {
    const plan_life *l = &o->life[i];
    if (l->v) one[n++] = *l;
    if (!l->v && l->count > most) most = l->count;
  }
  one[0] = (plan_life){.first = 0, .last = p->steps - 1, .count = most};
  int64_t together = plan_place_lives(one, n);
  if (together > apart + apart / 10) {
    free(one);
    return apart;
  }
  free(o->life);
  o->life = one;
  o->n = n;
  return together;
}

/* Bytes of inputs, outputs and constants. */
static size_t own_bytes(const plan_draft *d, const tg_plan *p) {
  int64_t count = 0;
  for (tg_value v = 1; v < p->values; v++) {
    const plan_place *at = &p->place[v];
    if (at->home == v && d->live[v] && at->kind == PLACE_OWN) {
      count += tg_count(d->g->node[v].shape);
    }
  }
  return (size_t)count * d->device->element;
}

static int allocate_own(const plan_draft *d, tg_plan *p) {
  size_t element = d->device->element;
  for (tg_value v = 1; v < p->values; v++) {
    const node *x = &d->g->node[v];
    plan_place *at = &p->place[v];
    if (at->home != v || !d->live[v]) continue;
    if (at->kind == PLACE_OWN) {
      at->data = store_allocate((size_t)tg_count(x->shape) * element);
      if (!at->data)
        return fail_context(TG_TOO_LARGE, "%s %s: ", x->op->name, x->attr.name ? x->attr.name : "");
    }
    if (at->kind == PLACE_SLOT && x->op == &op_param) {
      at->slot = tg_store_find(p->store, x->attr.name);
      at->data = p->store->slot[at->slot].data;
    }
    if (x->op != &op_constant) continue;
    if (element == sizeof(float)) *(float *)at->data = (float)x->attr.f[0];
    if (element == sizeof(double)) *(double *)at->data = x->attr.f[0];
  }
  return 0;
}

/* Counts the offsets of all values from the start of the block, or of their home's own memory. */
static void resolve(tg_plan *p, const plan_layout *o) {
  for (int i = 0; i < o->n; i++) {
    const plan_life *l = &o->life[i];
    if (l->v) p->place[l->v].start = l->offset;
    for (int k = l->first; !l->v && k <= l->last; k++) p->step[k].scratch_start = l->offset;
  }
  for (tg_value v = 1; v < p->values; v++) {
    plan_place *at = &p->place[v];
    tg_value top = at->home;
    while (o->into[top]) top = o->into[top];
    int64_t offset = p->bf16[v] ? at->offset / 2 : at->offset;
    if (at->kind == PLACE_BLOCK) at->start = p->place[top].start + offset;
  }
}

/* Memory outside the block. */
static void show_own(tg_plan *p) {
  size_t element = p->store->device->element;
  for (tg_value v = 1; v < p->values; v++) {
    plan_place *at = &p->place[v];
    char *home = p->place[at->home].data;
    if (at->kind != PLACE_BLOCK && home) at->data = home + (size_t)at->offset * element;
  }
}

void *plan_data(const tg_plan *p, tg_value v) {
  const plan_place *at = &p->place[v];
  if (at->kind != PLACE_BLOCK) return at->data;
  return (char *)p->store->block + (size_t)at->start * p->store->device->element;
}

void plan_find_homes(const plan_draft *d, tg_plan *p) {
  find_homes(d, p);
  keep_visible(p);
  if (d->device->fuses && !d->options->unfused) keep_fixed(d, p);
}

plan_layout plan_lay_out(const plan_draft *d, tg_plan *p) {
  bool fused = d->device->fuses && !d->options->unfused;
  plan_find_homes(d, p);
  plan_order_updates(p);
  if (fused) plan_view_slices(d, p);
  plan_layout o = {.life = find_lives(d, p),
                   .into = memory_new((size_t)p->values * sizeof *o.into)};
  if (fused) plan_share_views(d, p, o.life, o.into);
  share_in_place(d, p, o.life, o.into);
  o.n = gather_lives(d, p, o.life);
  o.most = plan_most_alive(o.life, o.n, p->steps, &o.at);
  return o;
}

void plan_layout_free(plan_layout *o) {
  free(o->life);
  free(o->into);
}

int plan_place_values(const plan_draft *d, tg_plan *p) {
  plan_layout o = plan_lay_out(d, p);
  p->live_bytes = (size_t)o.most * d->device->element;
  p->block_bytes = (size_t)place(d, p, &o) * d->device->element;
  bool sized = d->options->only_sized;
  int status = sized ? store_check(p->block_bytes + own_bytes(d, p)) : allocate_own(d, p);
  if (!status && !sized) {
    show_own(p);
    resolve(p, &o);
    plan_set_rows(d, p, o.into);
  }
  plan_layout_free(&o);
  return status;
}
