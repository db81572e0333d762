/* update_order.c: when steps run.  They come in the order of their nodes, updates last; each update
 * moves to where what it needs is computed and what it changes has been read, so that its
 * gradient's memory is free early: right behind the last step that it must not pass. */
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "plan.h"

/* The steps so far as a list; they count from 1, and 0 is before them all. */
typedef struct order {
  const tg_plan *p;
  int *next, last;
  int *place; /* of an update: the step behind which it stands, alone or with other updates */
  int *made;  /* [values] the last step that makes or changes a home */
  int *used;  /* [values] the last that makes, changes or reads it */
} order;

/* Which of two steps comes later. */
static int later(const order *o, int a, int b) {
  if (o->place[a] != o->place[b]) return o->place[a] > o->place[b] ? a : b;
  if (o->place[b] == b) return a;
  for (int i = a; i && o->place[i] == o->place[b]; i = o->next[i]) {
    if (i == b) return b;
  }
  return a;
}

static tg_value home(const order *o, tg_value v) { return o->p->place[v].home; }

/* The last step that makes what s reads, or uses what s makes or changes. */
static int find_barrier(const order *o, const plan_step *s) {
  int at = 0;
  for (int k = 0; k < s->n_in; k++) at = later(o, o->made[home(o, s->in[k])], at);
  for (int k = 0; k < s->n_out; k++) at = later(o, o->used[home(o, s->out[k])], at);
  for (int k = 0; k < plan_changes(s); k++) {
    at = later(o, o->used[home(o, s->in[plan_changed[k]])], at);
  }
  return at;
}

static void insert(order *o, int i, int at) {
  o->next[i] = o->next[at];
  o->next[at] = i;
  if (at == o->last) o->last = i;
}

/* Nothing that used before what step i makes or changes comes after it. */
static void note_uses(order *o, int i, const plan_step *s) {
  for (int k = 0; k < s->n_in; k++) {
    int *used = &o->used[home(o, s->in[k])];
    *used = later(o, i, *used);
  }
  for (int k = 0; k < s->n_out; k++) o->made[home(o, s->out[k])] = o->used[home(o, s->out[k])] = i;
  for (int k = 0; k < plan_changes(s); k++) {
    const tg_value v = home(o, s->in[plan_changed[k]]);
    o->made[v] = o->used[v] = i;
  }
}

static void add_step(order *o, int i, const plan_step *s) {
  const int at = plan_changes(s) ? find_barrier(o, s) : o->last;
  o->place[i] = plan_changes(s) ? o->place[at] : i;
  insert(o, i, at);
  note_uses(o, i, s);
}

void plan_order_updates(tg_plan *p) {
  const size_t steps = (size_t)p->steps + 1, values = (size_t)p->values;
  order o = {.p = p,
             .next = memory_new(steps * sizeof *o.next),
             .place = memory_new(steps * sizeof *o.place),
             .made = memory_new(values * sizeof *o.made),
             .used = memory_new(values * sizeof *o.used)};
  plan_step *step = memory_new(steps * sizeof *step);
  memcpy(step, p->step, (steps - 1) * sizeof *step);
  for (int i = 1; i <= p->steps; i++) add_step(&o, i, &step[i - 1]);
  for (int i = o.next[0], n = 0; i; i = o.next[i]) p->step[n++] = step[i - 1];
  free(step);
  free(o.next);
  free(o.place);
  free(o.made);
  free(o.used);
}
