/* bf16_storage.c: which values are stored as bfloat16, where a plan may round: those between
 * convolutions that multiply in bfloat16 and their norms and activations.  All that touches such a
 * value reads it into floats and rounds what it writes.  Inputs, outputs, parameters, sums, losses
 * and what parameters alone give stay float. */
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "plan.h"

static bool takes(const plan_step *s, int operand) {
  if (s->chain) return operand < 0 || tg_same_shape(s->chain->input[operand], s->chain->shape);
  return s->kernel->takes_bf16 && s->kernel->takes_bf16(&s->site, operand);
}

static bool multiplies(const plan_step *s) {
  return !s->chain && s->site.bf16 && s->kernel->takes_bf16;
}

static void note_use(const tg_plan *p, const plan_step *s, int operand, tg_value v, bool *refused,
                     bool *rounded) {
  tg_value home = p->place[v].home;
  if (!takes(s, operand)) refused[home] = true;
  if (multiplies(s)) rounded[home] = true;
}

/* The steps' uses of each home: one cannot be bfloat16; one is rounded to it in any case. */
static void find_uses(const tg_plan *p, bool *refused, bool *rounded) {
  for (int i = 0; i < p->steps; i++) {
    const plan_step *s = &p->step[i];
    for (int k = 0; k < s->n_in; k++) note_use(p, s, k, s->in[k], refused, rounded);
    for (int k = 0; k < s->n_out; k++) note_use(p, s, -1, s->out[k], refused, rounded);
  }
}

static void tell_step(const tg_plan *p, plan_step *s) {
  bool *in = s->chain ? s->chain->in_bf16 : s->site.in_bf16;
  for (int k = 0; k < s->n_in; k++) in[k] = p->bf16[s->in[k]];
  for (int k = 0; s->chain && k < s->n_out; k++) s->chain->out_bf16[k] = p->bf16[s->out[k]];
  if (!s->chain) s->site.out_bf16 = p->bf16[s->out[0]];
}

void plan_store_bf16(const plan_draft *d, tg_plan *p) {
  size_t bytes = (size_t)p->values * sizeof(bool);
  bool *refused = memory_new(bytes), *rounded = memory_new(bytes);
  plan_find_homes(d, p);
  find_uses(p, refused, rounded);
  for (tg_value v = 1; v < p->values; v++) {
    tg_value home = p->place[v].home;
    p->bf16[v] = p->place[home].kind == PLACE_BLOCK && rounded[home] && !refused[home];
  }
  for (int i = 0; i < p->steps; i++) tell_step(p, &p->step[i]);
  free(refused);
  free(rounded);
}
