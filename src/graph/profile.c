/* profile.c: what a plan says of its steps: what they are, how long they took, what they cost. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "plan.h"

static void describe_chain(const plan_step *s, char *text, size_t size) {
  char shape[96];
  graph_describe_shape(s->chain->shape, shape, sizeof shape);
  int used = snprintf(text, size, "%s in %d out %d:", shape, s->n_in, s->n_out);
  for (int i = 0; i < s->chain->steps && used > 0 && (size_t)used < size; i++) {
    used += snprintf(text + used, size - (size_t)used, " %s", s->chain->step[i].op->name);
  }
}

static void describe_step(const plan_step *s, char *text, size_t size) {
  if (s->chain) {
    describe_chain(s, text, size);
    return;
  }
  graph_describe_site(&s->site, text, size);
  size_t used = strlen(text);
  if (s->pack) snprintf(text + used, size - used, " packed");
}

static const char *kernel_name(const plan_step *s) { return s->chain ? "chain" : s->kernel->name; }

char *tg_plan_dump(const tg_plan *p) {
  buffer text = {0};
  char site[512];
  for (int i = 0; i < p->steps; i++) {
    const plan_step *s = &p->step[i];
    if (p->timed && p->runs) {
      buffer_add(&text, "%9.3f ms  ", 1e3 * s->seconds / (double)p->runs);
    }
    describe_step(s, site, sizeof site);
    buffer_add(&text, "%d %-12s %s\n", s->out[0], kernel_name(s), site);
  }
  return buffer_take(&text);
}

/* In elements of the device's size. */
static double count_stored(const tg_shape *s, bool bf16) {
  return (bf16 ? 0.5 : 1) * (double)tg_count(*s);
}

static op_cost cost_of_chain(const plan_step *s) {
  const chain *c = s->chain;
  op_cost cost = {0};
  for (int i = 0; i < s->n_out; i++) cost.elements += count_stored(&c->shape, c->out_bf16[i]);
  for (int i = 0; i < s->n_in; i++) cost.elements += count_stored(&c->input[i], c->in_bf16[i]);
  return cost;
}

static op_cost cost_of_site(const op_site *s) {
  op_cost c = {.elements = count_stored(&s->out, s->out_bf16)};
  for (int i = 0; i < s->n; i++) c.elements += count_stored(&s->in[i], s->in_bf16[i]);
  if (s->op->cost) s->op->cost(s, &c);
  return c;
}

op_cost plan_cost(const plan_step *s) {
  return s->chain ? cost_of_chain(s) : cost_of_site(&s->site);
}

/* The last run had its result from one before. */
static bool was_spared(const tg_plan *p, const plan_step *s) {
  return s->fixed && p->runs > 0 && !p->stale;
}

static op_cost cost_of_step(const tg_plan *p, const plan_step *s) {
  if (was_spared(p, s)) return (op_cost){0};
  return plan_cost(s);
}

int tg_plan_steps(const tg_plan *p) { return p->steps; }

void tg_plan_profile(const tg_plan *p, int i, tg_step_profile *out) {
  const plan_step *s = &p->step[i];
  op_cost c = cost_of_step(p, s);
  *out = (tg_step_profile){.operation = s->chain ? "pointwise" : s->site.op->name,
                           .kernel = kernel_name(s),
                           .start = s->start,
                           .seconds = s->took,
                           .flop = c.flop};
  describe_step(s, out->site, sizeof out->site);
  if (!s->chain && s->kernel->cost) s->kernel->cost(&s->site, &c);
  out->kernel_flop = c.flop;
  out->bf16 = c.bf16;
  out->bytes = c.elements * (double)tg_device_element(p->store->device);
}
