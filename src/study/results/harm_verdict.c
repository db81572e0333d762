/* harm_verdict.c: the verdict of a run: whether a chosen adaptation is predicted to hurt. */
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "error.h"
#include "pair_choice.h"

/* Where the choice is not to adapt there is nothing that could hurt. */
static xs_status is_harmful(const node_files *f, int pair, bool *harmful) {
  const int start = nodes_start(f->study, f->list, f->study->pair[pair].source);
  pair_choice c;
  int model = -1;
  xs_status status = pair_choice_open(f, pair, &c);
  if (!status) status = choice_model(f, c.candidate[c.chosen].node, &model);
  const char *outlook = json_string_value(json_object_get(c.json, "outlook"));
  *harmful =
      !status && model != start && outlook && strcmp(outlook, xs_outlook_word(XS_HURTS)) == 0;
  pair_choice_release(&c);
  return status;
}

static xs_status say_harm(int n, int pairs, const char *names) {
  return (xs_status)fail(XS_HARM,
                         "adaptation is predicted to hurt for %d of %d pairs: %s; use the "
                         "classifier as it is there, the report says why",
                         n, pairs, names);
}

xs_status run_harm(const node_files *f) {
  const xs_study *s = f->study;
  buffer names = {0};
  int n = 0;
  xs_status status = XS_OK;
  for (int i = 0; i < s->n_pairs && !status; i++) {
    bool harmful;
    status = is_harmful(f, i, &harmful);
    if (status || !harmful) continue;
    buffer_between(&names, ", ");
    buffer_add(&names, "%s -> %s", s->site[s->pair[i].source].name,
               s->site[s->pair[i].target].name);
    n++;
  }
  if (!status && n) status = say_harm(n, s->n_pairs, names.text);
  buffer_free(&names);
  return status;
}
