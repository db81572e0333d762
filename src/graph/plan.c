/* plan.c: the draft of a plan, its steps, and running them. */
#include "plan.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "error.h"
#include "memory.h"
#include "team.h"
#include "text.h"

/* ---- the draft ---------------------------------------------------------------------------- */

static void mark_live(plan_draft *d, int n, const tg_value *outputs) {
  for (int i = 0; i < n; i++) d->live[outputs[i]] = d->output[outputs[i]] = true;
  for (tg_value v = d->g->count - 1; v > 0; v--) {
    const node *x = &d->g->node[v];
    for (int i = 0; d->live[v] && i < x->n; i++) d->live[x->in[i]] = true;
  }
}

static void list_users(plan_draft *d) {
  int count = d->g->count;
  for (tg_value v = 1; v < count; v++) {
    const node *x = &d->g->node[v];
    for (int i = 0; d->live[v] && i < x->n; i++) d->first_user[x->in[i] + 1]++;
  }
  for (int v = 0; v <= count; v++) d->first_user[v + 1] += d->first_user[v];
  d->user = memory_new((size_t)(d->first_user[count] + 1) * sizeof *d->user);
  int *next = memory_new((size_t)(count + 1) * sizeof *next);
  memcpy(next, d->first_user, (size_t)(count + 1) * sizeof *next);
  for (tg_value v = 1; v < count; v++) {
    const node *x = &d->g->node[v];
    for (int i = 0; d->live[v] && i < x->n; i++) d->user[next[x->in[i]]++] = v;
  }
  free(next);
}

static void draft_new(plan_draft *d, int n, const tg_value *outputs) {
  size_t count = (size_t)d->g->count;
  d->live = memory_new(count * sizeof *d->live);
  d->output = memory_new(count * sizeof *d->output);
  d->first_user = memory_new((count + 2) * sizeof *d->first_user);
  d->root = memory_new(count * sizeof *d->root);
  d->first = memory_new(count * sizeof *d->first);
  d->next = memory_new(count * sizeof *d->next);
  d->body = memory_new(count * sizeof *d->body);
  d->fusion = memory_new(count * sizeof *d->fusion);
  d->extra = memory_new(count * sizeof *d->extra);
  d->gate = memory_new(count * sizeof *d->gate);
  for (tg_value v = 0; v < d->g->count; v++) d->root[v] = d->first[v] = d->body[v] = v;
  mark_live(d, n, outputs);
  list_users(d);
}

static void draft_free(plan_draft *d) {
  free(d->live);
  free(d->output);
  free(d->first_user);
  free(d->user);
  free(d->root);
  free(d->first);
  free(d->next);
  free(d->body);
  free(d->fusion);
  free(d->extra);
  free(d->gate);
  free(d->own.node);
}

/* ---- steps -------------------------------------------------------------------------------- */

static bool is_chain_root(const plan_draft *d, tg_value v) {
  return d->device->fuses && (d->g->node[v].op->flags & OP_POINTWISE) && d->body[v] == v;
}

static void fill_site(const plan_draft *d, tg_value root, plan_step *s) {
  tg_value body = d->body[root];
  const node *x = &d->g->node[body];
  s->site = (op_site){.op = x->op, .attr = x->attr, .out = x->shape, .fusion = d->fusion[root]};
  s->site.bf16 = d->options->bf16 && (x->op->flags & OP_ROUNDS) && tg_has_bf16();
  if (x->attr.name) s->site.attr.name = s->name = text_copy(x->attr.name);
  for (int i = 0; i < x->n; i++) s->in[s->n_in++] = x->in[i];
  if (s->site.fusion.bias) s->in[s->n_in++] = d->extra[root][0];
  if (s->site.fusion.residual) s->in[s->n_in++] = d->extra[root][1];
  if (s->site.fusion.scaled) plan_open_scaling(d, root, s);
  if (s->site.fusion.gate) plan_open_gate(d, root, s);
  assert(s->n_in <= OP_MAX_INPUTS);
  s->site.n = s->n_in;
  for (int i = 0; i < s->n_in; i++) s->site.in[i] = d->g->node[s->in[i]].shape;
  s->out[s->n_out++] = root;
}

static int make_step(const plan_draft *d, tg_value root, plan_step *s) {
  memset(s, 0, sizeof *s);
  s->pack_slot = -1;
  if (!is_chain_root(d, root)) {
    fill_site(d, root, s);
    return 0;
  }
  chain c;
  if (!plan_build_chain(d, root, &c, s)) return fail(1, "a chain exceeds its limits");
  s->pack_slot = -1;
  s->chain = memory_new(sizeof c);
  *s->chain = c;
  return 0;
}

static void reverse(plan_step *s, int n) {
  for (int i = 0; i < n / 2; i++) {
    plan_step t = s[i];
    s[i] = s[n - 1 - i];
    s[n - 1 - i] = t;
  }
}

/* Walks back from the outputs: a step is made only if some step reads its result.  Updates come
 * last, since the values that they change are read by others. */
static int make_steps(const plan_draft *d, tg_plan *p) {
  bool *needed = memory_new((size_t)p->values * sizeof *needed);
  memcpy(needed, d->output, (size_t)p->values * sizeof *needed);
  p->step = memory_new((size_t)p->values * sizeof *p->step);
  int status = 0;
  for (int updates = 1; updates >= 0; updates--) {
    for (tg_value v = p->values - 1; v > 0 && status == 0; v--) {
      const op *o = d->g->node[v].op;
      bool update = (o->flags & OP_UPDATE) != 0;
      if (d->root[v] != v || !needed[v] || update != (updates == 1) || (o->flags & OP_LEAF))
        continue;
      if (plan_is_alias(d, v)) {
        needed[d->g->node[v].in[0]] = true;
        continue;
      }
      plan_step *s = &p->step[p->steps++];
      status = make_step(d, v, s);
      for (int i = 0; i < s->n_in; i++) needed[d->root[s->in[i]]] = needed[s->in[i]] = true;
    }
  }
  reverse(p->step, p->steps);
  free(needed);
  return status;
}

static int choose_kernels(const plan_draft *d, tg_plan *p) {
  for (int i = 0; i < p->steps; i++) {
    if (!p->step[i].chain && plan_choose_kernel(d, &p->step[i])) return 1;
  }
  return 0;
}

static int prepare_kernels(tg_plan *p) {
  for (int i = 0; i < p->steps; i++) {
    if (!p->step[i].chain && plan_prepare(&p->step[i])) return 1;
  }
  return 0;
}

/* ---- packed weights ------------------------------------------------------------------------- */

static int set_pack(const plan_draft *d, tg_plan *p, plan_step *s) {
  const op_kernel *k = s->kernel;
  if (s->chain || !k->pack) return 0;
  size_t bytes = k->packed_bytes(&s->site, s->state);
  const node *w = &d->g->node[s->in[1]];
  if (w->op == &op_param) {
    char key[64];
    k->packed_key(&s->site, s->state, key);
    s->pack_slot = p->place[s->in[1]].slot;
    s->pack = store_find_pack(p->store, s->pack_slot, key, bytes);
  } else {
    s->own_pack.data = store_allocate(bytes);
    s->pack = s->own_pack.data ? &s->own_pack : NULL;
  }
  return s->pack ? 0 : fail_context(TG_TOO_LARGE, "packed weights: ");
}

static int refresh_pack(tg_plan *p, plan_step *s) {
  if (p->place[s->in[1]].fixed && s->pack_slot < 0 && !p->stale) return 0;
  const store_slot *slot = s->pack_slot >= 0 ? &p->store->slot[s->pack_slot] : NULL;
  if (slot && s->pack->version == slot->version) return 0;
  if (s->kernel->pack(&s->site, s->state, plan_data(p, s->in[1]), s->pack->data)) return 1;
  if (slot) s->pack->version = slot->version;
  return 0;
}

const int plan_changed[] = {0, 2, 3}; /* Adam's parameter, m and v */

int plan_changes(const plan_step *s) {
  enum { MOST = sizeof plan_changed / sizeof *plan_changed };
  int n = 0;
  if (s->chain || !(s->site.op->flags & OP_UPDATE)) return 0;
  while (n < MOST && plan_changed[n] < s->n_in) n++;
  return n;
}

/* ---- plans ---------------------------------------------------------------------------------- */

static int set_packs(const plan_draft *d, tg_plan *p) {
  int status = 0;
  for (int i = 0; i < p->steps && !status; i++) status = set_pack(d, p, &p->step[i]);
  return status;
}

static void bind_step(const tg_plan *p, plan_step *s) {
  op_buffers *b = &s->buffers;
  for (int k = 0; k < s->n_in; k++) b->in[k] = plan_data(p, s->in[k]);
  for (int k = 0; k < s->n_out; k++) b->out[k] = plan_data(p, s->out[k]);
  for (int k = 0; k < plan_changes(s); k++) b->out[k] = plan_data(p, s->in[plan_changed[k]]);
  for (int k = 0; k < s->n_in; k++) assert(b->in[k]);
  if (s->pack) b->in[1] = s->pack->data;
  b->scratch = (char *)p->store->block + (size_t)s->scratch_start * p->store->device->element;
  b->seed = p->seed;
}

/* Gives the steps their buffers, unless they have them: a plan made later may have moved the block,
 * or lost it where it found no memory. */
static int bind(tg_plan *p) {
  if (store_reserve(p->store, p->block_bytes)) return 1;
  if (p->bound == p->store->block) return 0;
  for (int i = 0; i < p->steps; i++) bind_step(p, &p->step[i]);
  p->bound = p->store->block;
  return 0;
}

static int add_params(const plan_draft *d, tg_store *store) {
  for (tg_value v = 1; v < d->g->count; v++) {
    const node *x = &d->g->node[v];
    if (d->live[v] && x->op == &op_param && tg_store_add(store, x->attr.name, x->shape)) return 1;
  }
  return 0;
}

static void mark_visible(const plan_draft *d, tg_plan *p) {
  for (tg_value v = 1; v < p->values; v++) {
    p->visible[v] = d->output[v] || (d->live[v] && d->g->node[v].op == &op_input);
  }
}

static int make_plan(plan_draft *d, tg_plan *p) {
  if (add_params(d, p->store)) return 1;
  if (d->device->fuses && !d->options->unfused) plan_fuse(d);
  if (make_steps(d, p) || choose_kernels(d, p)) return 1;
  if (d->device->fuses && d->options->bf16) plan_store_bf16(d, p);
  if (prepare_kernels(p)) return 1;
  int status = d->options->memory ? plan_recompute(d, p) : 0;
  if (!status) status = plan_place_values(d, p);
  if (d->options->only_sized) return status;
  if (!status) status = set_packs(d, p);
  return status ? status : store_reserve(p->store, p->block_bytes);
}

/* Kernels and oneDNN cut their work for the threads that there are when they are prepared. */
static int make_plan_for_team(plan_draft *d, tg_plan *p) {
  team_settings before;
  if (team_enter(p->team, &before)) return fail_context(1, "a plan that is ");
  const int status = make_plan(d, p);
  team_leave(&before);
  return status;
}

int tg_plan_new(tg_graph *g, tg_store *s, int n, const tg_value *outputs, const tg_plan_options *o,
                tg_plan **out) {
  *out = NULL;
  if (g->failed) return fail(1, "%s", g->failure);
  for (int i = 0; i < n; i++) {
    if (outputs[i] <= 0 || outputs[i] >= g->count) return fail(1, "output %d is not a value", i);
  }
  tg_plan_options defaults = {0};
  plan_draft d = {.g = g, .device = s->device, .options = o ? o : &defaults};
  tg_plan *p = memory_new(sizeof *p);
  p->store = s;
  p->seed = d.options->seed;
  p->timed = d.options->timed;
  p->only_sized = d.options->only_sized;
  p->team = team_size();
  p->values = g->count;
  p->place = memory_new((size_t)g->count * sizeof *p->place);
  p->visible = memory_new((size_t)g->count * sizeof *p->visible);
  p->bf16 = memory_new((size_t)g->count * sizeof *p->bf16);
  draft_new(&d, n, outputs);
  mark_visible(&d, p);
  int status = make_plan_for_team(&d, p);
  draft_free(&d);
  if (status) {
    tg_plan_free(p);
    return status;
  }
  *out = p;
  return 0;
}

static void free_step(plan_step *s) {
  if (s->kernel && s->kernel->release) s->kernel->release(s->state);
  free(s->own_pack.data);
  free(s->chain);
  free(s->name);
}

void tg_plan_free(tg_plan *p) {
  if (!p) return;
  for (int i = 0; i < p->steps; i++) free_step(&p->step[i]);
  for (tg_value v = 1; v < p->values; v++) {
    const plan_place *at = &p->place[v];
    if (at->home == v && at->kind == PLACE_OWN) free(at->data);
  }
  free(p->step);
  free(p->place);
  free(p->visible);
  free(p->bf16);
  free(p);
}

void *tg_plan_data(tg_plan *p, tg_value v) {
  return v > 0 && v < p->values && p->visible[v] ? p->place[v].data : NULL;
}

size_t tg_plan_bytes(const tg_plan *p) { return p->block_bytes; }

size_t tg_plan_live_bytes(const tg_plan *p) { return p->live_bytes; }

static void mark_changed(tg_plan *p, const plan_step *s) {
  for (int i = 0; i < plan_changes(s); i++) {
    const plan_place *at = &p->place[s->in[plan_changed[i]]];
    assert(at->kind == PLACE_SLOT);
    p->store->slot[at->slot].version++;
  }
}

static int run_kernel(tg_plan *p, plan_step *s, uint64_t step) {
  s->buffers.step = step;
  if (s->pack && refresh_pack(p, s)) return 1;
  if (s->kernel->run(&s->site, s->state, &s->buffers)) return 1;
  mark_changed(p, s);
  return 0;
}

static int run_step(tg_plan *p, plan_step *s, uint64_t step) {
  char signature[512];
  if (s->fixed && !p->stale) return 0;
  if (s->chain) {
    chain_run(s->chain, s->buffers.in, s->buffers.out);
    return 0;
  }
  if (!run_kernel(p, s, step)) return 0;
  graph_describe_site(&s->site, signature, sizeof signature);
  return fail_context(1, "%s, kernel %s: ", signature, s->kernel->name);
}

static int time_step(tg_plan *p, plan_step *s, uint64_t step, double run_start) {
  double start = clock_seconds();
  int status = run_step(p, s, step);
  s->start = start - run_start;
  s->took = clock_seconds() - start;
  s->seconds += s->took;
  return status;
}

/* Grows with every change of a parameter. */
static uint64_t count_changes(const tg_store *s) {
  uint64_t sum = 0;
  for (int64_t i = 0; i < s->names.n; i++) sum += s->slot[i].version;
  return sum;
}

static int run_steps(tg_plan *p, uint64_t step) {
  const double start = p->timed ? clock_seconds() : 0;
  int status = 0;
  for (int i = 0; i < p->steps && !status; i++) {
    plan_step *s = &p->step[i];
    status = p->timed ? time_step(p, s, step, start) : run_step(p, s, step);
  }
  return status;
}

int tg_plan_run(tg_plan *p, uint64_t step) {
  team_settings before;
  if (p->only_sized) return fail(1, "the plan was only sized: it has no memory to run in");
  if (bind(p)) return 1;
  if (team_enter(p->team, &before)) return fail_context(1, "a plan that was ");
  const uint64_t changes = 1 + count_changes(p->store);
  p->stale = changes != p->changes;
  const int status = run_steps(p, step);
  p->changes = status ? 0 : changes; /* after a failure what is fixed is computed again */
  team_leave(&before);
  if (!status) p->runs++;
  return status;
}

void tg_set_threads(int n) { team_set(n); }

int tg_threads(void) { return team_size(); }
