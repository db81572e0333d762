/* plan.c: what a study would do. */
#include <stdlib.h>

#include "error.h"
#include "file.h"
#include "study.h"

/* Adds what `study run` would find in the run folder. */
static xs_status plan_folder(const xs_study *s, const char *out, char **text) {
  static const char *const word[] = {
      [FOLDER_NEW] = "nothing is there yet",
      [FOLDER_BROKEN] = "holds a broken run of this study: continue it with --resume",
      [FOLDER_FINISHED] = "holds this study, finished"};
  json_t *mine;
  folder_state state;
  xs_status status = study_identity(s, &mine);
  if (!status) {
    bool refused = folder_check(out, mine, "results.json", &state) != XS_OK;
    char *more = refused ? text_format("%s`study run` will refuse the run folder: %s\n", *text,
                                       fail_message())
                         : text_format("%srun folder %s: %s\n", *text, out, word[state]);
    free(*text);
    *text = more;
  }
  json_decref(mine);
  return status;
}

xs_status xs_study_plan(const xs_study *s, const xs_run_options *o, char **text) {
  study_nodes nodes;
  char *out = study_out(s, o);
  *text = text_copy("");
  nodes_list(s, &nodes);
  for (int i = 0; i < nodes.n; i++) {
    const study_node *n = &nodes.node[i];
    bool done = n->kind != NODE_RESULTS && folder_node_done(out, n->name);
    char *more =
        text_format("%s%-5s %-32s %s\n", *text, done ? "done" : "to do", n->name, node_purpose(n));
    free(*text);
    *text = more;
  }
  xs_status status = plan_folder(s, out, text);
  nodes_free(&nodes);
  free(out);
  return status;
}
