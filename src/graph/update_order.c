/* update_order.c: when steps run.  They come in the order of their nodes, updates last; each update
 * moves to where what it needs is computed and what it changes has been read, so that its
 * gradient's memory is free early. */
#include "plan.h"

static bool uses(const tg_plan *p, const plan_step *s, tg_value home) {
  for (int k = 0; k < s->n_in; k++) {
    if (p->place[s->in[k]].home == home) return true;
  }
  for (int k = 0; k < s->n_out; k++) {
    if (p->place[s->out[k]].home == home) return true;
  }
  return false;
}

/* Whether step b uses what step a makes or changes. */
static bool reaches(const tg_plan *p, const plan_step *a, const plan_step *b) {
  for (int k = 0; k < a->n_out; k++) {
    if (uses(p, b, p->place[a->out[k]].home)) return true;
  }
  for (int k = 0; k < plan_changes(a); k++) {
    if (uses(p, b, p->place[a->in[plan_changed[k]]].home)) return true;
  }
  return false;
}

void plan_order_updates(tg_plan *p) {
  for (int i = 0; i < p->steps; i++) {
    plan_step update = p->step[i];
    if (!plan_changes(&update)) continue;
    int at = i;
    for (;
         at > 0 && !reaches(p, &p->step[at - 1], &update) && !reaches(p, &update, &p->step[at - 1]);
         at--) {
      p->step[at] = p->step[at - 1];
    }
    p->step[at] = update;
  }
}
