/* recompute.c: where memory is limited, a value that takes no products is computed again for its
 * late readers instead of being kept: a copy of its step runs before the first of them.  Where most
 * is alive, the value goes first that frees most memory for the memory that its copy moves (Chen et
 * al. 2016, "Training deep nets with sublinear memory cost", have the idea). */
#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "memory.h"
#include "numeral.h"
#include "plan.h"
#include "text.h"

/* A value that nobody reads for a while around the step where most is alive. */
typedef struct gap {
  tg_value v;             /* TG_NONE: there is none */
  tg_value maker, reader; /* the first outputs of the steps that make it and read it next */
  double gain;            /* elements freed for each that the copy reads and writes */
} gap;

/* Who reads a home at the step where most is alive, and next: [values] each. */
typedef struct reading {
  int *next;      /* a step after it; 0: none */
  bool *held;     /* read at that step */
  bool *occupied; /* other values are parts of it */
} reading;

static reading read_homes(const tg_plan *p, const plan_layout *o) {
  size_t n = (size_t)p->values;
  reading r = {memory_new(n * sizeof *r.next), memory_new(n * sizeof *r.held),
               memory_new(n * sizeof *r.occupied)};
  for (int i = p->steps - 1; i >= o->at; i--) {
    for (int k = 0; k < p->step[i].n_in; k++) {
      tg_value home = p->place[p->step[i].in[k]].home;
      if (i == o->at) r.held[home] = true;
      if (i > o->at) r.next[home] = i;
    }
  }
  for (tg_value v = 1; v < p->values; v++) {
    if (p->place[v].view) r.occupied[p->place[v].home] = true;
    if (p->place[v].shared) r.occupied[o->into[v]] = true;
  }
  return r;
}

static void free_reading(reading *r) {
  free(r->next);
  free(r->held);
  free(r->occupied);
}

static bool is_kept(const tg_plan *p, const plan_layout *o, const reading *r, tg_value home) {
  for (; p->place[home].shared; home = o->into[home]) {
    if (r->held[home] || r->next[home]) return true;
  }
  return r->held[home] || r->next[home] || p->place[home].kind != PLACE_BLOCK;
}

/* Elements that must be kept so that the step can run again. */
static int64_t count_lost(const plan_draft *d, const tg_plan *p, const plan_layout *o,
                          const reading *r, const plan_step *s) {
  int64_t lost = 0;
  for (int k = 0; k < s->n_in; k++) {
    tg_value home = p->place[s->in[k]].home;
    if (!is_kept(p, o, r, home)) lost += plan_count(d, p, home);
  }
  return lost;
}

static bool may_go(const tg_plan *p, const plan_layout *o, const reading *r, tg_value v) {
  const plan_place *at = &p->place[v];
  if (at->home != v || at->kind != PLACE_BLOCK || at->shared || r->occupied[v]) return false;
  return r->next[v] && !r->held[v] && !plan_changes(&p->step[r->next[v]]) && o->at > 0;
}

/* The best value to compute again, of those that are kept through the step where most is alive. */
static gap find_gap(const plan_draft *d, const tg_plan *p, const plan_layout *o) {
  gap best = {0};
  reading r = read_homes(p, o);
  for (int i = 0; i < o->at; i++) {
    const plan_step *s = &p->step[i];
    op_cost cost = plan_cost(s);
    if (s->fixed || plan_changes(s) || cost.flop > 0) continue;
    for (int k = 0; k < s->n_out; k++) {
      tg_value v = s->out[k];
      if (!may_go(p, o, &r, v)) continue;
      int64_t freed = plan_count(d, p, v) - count_lost(d, p, o, &r, s);
      double gain = (double)freed / cost.elements;
      if (gain > best.gain) best = (gap){v, s->out[0], p->step[r.next[v]].out[0], gain};
    }
  }
  free_reading(&r);
  return best;
}

/* ---- copies ----------------------------------------------------------------------------------
 */

/* A new value like v. */
static tg_value add_value(plan_draft *d, tg_plan *p, tg_value v) {
  size_t n = (size_t)++p->values;
  d->own.node = memory_grow(d->own.node, n * sizeof *d->own.node);
  d->live = memory_grow(d->live, n * sizeof *d->live);
  p->place = memory_grow(p->place, n * sizeof *p->place);
  p->visible = memory_grow(p->visible, n * sizeof *p->visible);
  p->bf16 = memory_grow(p->bf16, n * sizeof *p->bf16);
  p->step = memory_grow(p->step, n * sizeof *p->step);
  d->own.node[n - 1] = d->own.node[v];
  d->live[n - 1] = true;
  p->place[n - 1] = (plan_place){0};
  p->visible[n - 1] = false;
  p->bf16[n - 1] = p->bf16[v];
  d->own.count = p->values;
  return p->values - 1;
}

/* x, or what shows the copy's memory as x shows v's. */
static tg_value shown(plan_draft *d, tg_plan *p, tg_value x, tg_value v, tg_value copy) {
  if (x == v) return copy;
  if (p->place[x].home != v) return x;
  tg_value inner = shown(d, p, d->own.node[x].in[0], v, copy), y = add_value(d, p, x);
  d->own.node[y].in[0] = inner;
  return y;
}

static int find_step(const tg_plan *p, tg_value first_output) {
  int i = 0;
  while (i < p->steps && p->step[i].out[0] != first_output) i++;
  assert(i < p->steps);
  return i;
}

static int copy_step(const plan_step *from, tg_value v, tg_value copy, plan_step *s) {
  *s = *from;
  s->n_out = 1;
  s->out[0] = copy;
  if (from->name) s->site.attr.name = s->name = text_copy(from->name);
  if (!from->chain) return plan_prepare(s);
  int k = 0;
  while (k < from->n_out && from->out[k] != v) k++;
  assert(k < from->n_out);
  s->chain = memory_new(sizeof *s->chain);
  *s->chain = *from->chain;
  s->chain->outputs = 1;
  s->chain->output[0] = from->chain->output[k];
  s->chain->out_bf16[0] = from->chain->out_bf16[k];
  return 0;
}

/* Readers from g->reader on read a copy. */
static int compute_again(plan_draft *d, tg_plan *p, const gap *g) {
  tg_value copy = add_value(d, p, g->v);
  int at = find_step(p, g->reader);
  plan_step s;
  if (copy_step(&p->step[find_step(p, g->maker)], g->v, copy, &s)) return 1;
  memmove(&p->step[at + 1], &p->step[at], (size_t)(p->steps - at) * sizeof s);
  p->step[at] = s;
  p->steps++;
  for (int i = at + 1; i < p->steps; i++) {
    for (int k = 0; k < p->step[i].n_in; k++) {
      tg_value read = shown(d, p, p->step[i].in[k], g->v, copy);
      p->step[i].in[k] = read;
    }
  }
  return 0;
}

/* ---- the limit --------------------------------------------------------------------------------
 */

/* Bytes of the block with the steps as they are, and what would best be computed again. */
static size_t try(const plan_draft *d, tg_plan *p, gap *best) {
  int steps = p->steps;
  size_t bytes = (size_t)steps * sizeof *p->step, element = d->device->element;
  plan_step *kept = memory_new(bytes);
  memcpy(kept, p->step, bytes);
  plan_layout o = plan_lay_out(d, p);
  *best = find_gap(d, p, &o);
  size_t block = (size_t)plan_place_lives(o.life, o.n) * element;
  plan_layout_free(&o);
  memcpy(p->step, kept, bytes);
  p->steps = steps;
  free(kept);
  return block;
}

/* As --memory takes it: "4.87M". */
static void write_bytes(char text[32], double bytes, double (*rounded)(double)) {
  const char unit = bytes < 1e6 ? 'K' : bytes < 1e9 ? 'M' : 'G';
  const double size = unit == 'K' ? 1e3 : unit == 'M' ? 1e6 : 1e9;
  numeral_print(text, 32, "%.2f%c", rounded(100 * bytes / size) / 100, unit);
}

static int refuse(double least, double limit) {
  char needed[32], given[32];
  write_bytes(needed, least, ceil);
  write_bytes(given, limit, floor);
  return fail(TG_TOO_LARGE,
              "intermediate values need %s or more, even if what is cheap is computed again; the "
              "limit is %s: raise it, or lower batch, size, channels or blocks",
              needed, given);
}

int plan_recompute(plan_draft *d, tg_plan *p) {
  size_t nodes = (size_t)p->values * sizeof *d->own.node, least = SIZE_MAX;
  gap g = {0};
  d->own = *d->g;
  d->own.node = memory_new(nodes);
  memcpy(d->own.node, d->g->node, nodes);
  d->g = &d->own;
  do {
    if (g.v && compute_again(d, p, &g)) return 1;
    size_t block = try(d, p, &g);
    if (block <= d->options->memory) return 0;
    if (block < least) least = block;
  } while (g.v);
  return refuse((double)least, (double)d->options->memory);
}
