#define _DEFAULT_SOURCE /* realpath */
/* take_node.c: which node of another run folder can be copied instead of made: one that was made
 * from the same, and is there as it was sealed. */
#include <stdlib.h>

#include "error.h"
#include "file.h"
#include "file_list.h"
#include "folder_files.h"
#include "node_inputs.h"
#include "run.h"
#include "run_folder.h"
#include "sealed_files.h"
#include "text.h"
#include "training_run.h"
#include "watch.h"

xs_status donors_check(const xs_run_options *o) {
  xs_status status = XS_OK;
  for (int i = 0; i < o->nodes_of.n && !status; i++) {
    char *owner = file_join(o->nodes_of.text[i], FOLDER_OWNER);
    if (!file_exists(owner)) {
      status = (xs_status)fail(XS_FAILED, "--nodes-of %s: is no run folder: %s is not there",
                               o->nodes_of.text[i], owner);
    }
    free(owner);
  }
  return status;
}

/* Why a node is not to be trusted, allocated, or NULL. */
static char *find_fault(const char *out, const char *node) {
  xs_texts faults = {0};
  sealed s;
  if (sealed_open(out, &s)) {
    file_list_append(&faults, text_copy(fail_message()));
  } else if (sealed_lacks(&s)) {
    file_list_append(&faults, text_copy(sealed_lacks(&s)));
  } else {
    sealed_check_node(&s, node, &faults);
  }
  char *why = faults.n ? text_copy(faults.text[0]) : NULL;
  sealed_close(&s);
  file_list_release(&faults);
  return why;
}

static bool has_same(const donor *d, const json_t *here) {
  return json_equal(json_object_get(d->record, "inputs"), json_object_get(here, "inputs")) &&
         json_equal(json_object_get(d->record, "needs"), json_object_get(here, "needs"));
}

/* Whether the folder has the node, made from the same; its record alone is read yet. */
static bool look_in(const char *out, const char *node, const json_t *here, donor *d) {
  char *record = text_format("%s/nodes/%s/record.json", out, node);
  *d = (donor){.out = realpath(out, NULL),
               .dir = text_format("%s/nodes/%s", out, node),
               .record = json_load_file(record, 0, NULL)};
  free(record);
  return d->out && has_same(d, here);
}

void donor_release(donor *d) {
  json_decref(d->record);
  free(d->dir);
  free(d->out);
  *d = (donor){0};
}

donor donor_find(const study_run *r, int node) {
  const char *name = r->nodes.node[node].name;
  const xs_texts *folders = &r->o->nodes_of;
  const node_files files = files_of(r);
  json_t *here = folders->n ? inputs_here(&files, r->inputs, node) : NULL;
  donor d = {0};
  for (int i = 0; i < folders->n && !d.out; i++) {
    const char *out = folders->text[i];
    const bool same = look_in(out, name, here, &d);
    char *fault = same ? find_fault(out, name) : NULL;
    if (fault) watch_note(r->watch, "%s: is not taken from %s: %s", name, out, fault);
    if (!same || fault) donor_release(&d);
    free(fault);
  }
  json_decref(here);
  return d;
}
