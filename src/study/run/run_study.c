/* run_study.c: a whole study. */
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "estimate.h"
#include "file.h"
#include "file_list.h"
#include "fingerprint.h"
#include "folder_files.h"
#include "json_difference.h"
#include "memory.h"
#include "node_inputs.h"
#include "pair_choice.h"
#include "run.h"
#include "run_folder.h"
#include "seal_log.h"
#include "sealed_files.h"
#include "site_opening.h"
#include "study_check.h"
#include "text.h"
#include "training_run.h"
#include "watch.h"

static void note_site(const study_run *r, const xs_site *s) {
  const char *name = s->images.name;
  const long long images = (long long)s->images.n;
  if (s->skipped) {
    watch_note(r->watch, "site %s: %lld images, %lld unreadable left out; the first: %s", name,
               images, (long long)s->skipped, s->skipped_image[0]);
  } else {
    watch_note(r->watch, "site %s: %lld images, %d classes", name, images, s->classes);
  }
  site_note_unlike(r->watch, s);
}

static void note_unlabelled(const study_run *r, int i) {
  if (r->study->site[i].labelled) return;
  watch_note(r->watch, "site %s has no labels: what is lost and won there cannot be measured",
             r->study->site[i].name);
}

/* The data are others than those that the folder was made from: asked to go on, the run makes what
 * depends on them anew. */
static xs_status renew_site(study_run *r, const char *name, const json_t *theirs,
                            const json_t *mine) {
  char *key = json_difference(theirs, mine);
  if (strcmp(key, "under") == 0 || strncmp(key, "under.", 6) == 0) {
    free(key);
    return folder_note_site(r->out, name, mine);
  }
  char *what = text_format("sites.%s.%s", name, key);
  watch_note(r->watch,
             "site %s: its %s differ from those that the run was made from: what is made from them "
             "is made again",
             name, strcmp(key, "all_labels") ? key : "labels");
  xs_status status = seal_extended(r->out, what);
  if (!status) status = folder_note_site(r->out, name, mine);
  free(what);
  free(key);
  return status;
}

static xs_status note_identity(study_run *r, int i, const xs_site *site, bool finished) {
  const split_rule rule = study_split(r->study);
  const char *name = site->images.name;
  json_t *theirs = folder_site(r->out, name);
  xs_status status = fingerprint_site(site, &rule, &r->site[i]);
  if (!status) {
    json_object_set_new(r->site[i], "under", folder_reading(r->identity, r->study->site[i].name));
    if (r->o->resume && !finished && theirs && !json_equal(theirs, r->site[i])) {
      status = renew_site(r, name, theirs, r->site[i]);
    } else {
      status = folder_check_site(r->out, name, r->site[i], finished);
    }
  }
  json_decref(theirs);
  return status;
}

static xs_status open_site(study_run *r, int i, bool finished) {
  const xs_site_options o = {.data_dir = r->o->data_dir,
                             .cache = r->o->cache,
                             .watch = r->watch,
                             .skip_unreadable = r->o->skip_unreadable,
                             .limit = r->study->settings.limit,
                             .size = (int)r->study->settings.size};
  xs_site *site = NULL;
  xs_status status = node_check_stop(r->watch, r->study->site[i].name);
  if (!status) status = xs_site_open(r->study->site[i].file, &o, &site);
  if (status) return status;
  seal_add(r->seal, site);
  note_site(r, site);
  note_unlabelled(r, i);
  return note_identity(r, i, site, finished);
}

static xs_status open_sites(study_run *r, bool finished) {
  xs_status status = XS_OK;
  for (int i = 0; i < r->study->n_sites && !status; i++) status = open_site(r, i, finished);
  return status ? status : study_check_sites(r->study, &r->nodes, r->seal);
}

/* Every step fits, also those that come hours later. */
static xs_status check_steps(const study_run *r) {
  int classes = 0;
  for (int i = 0; i < r->study->n_sites && !classes; i++) classes = seal_classes(r->seal, i);
  return estimate_check(r->study, &r->nodes, r->o, classes, r->state);
}

static void want(const study_nodes *l, int node, bool *wanted) {
  if (wanted[node]) return;
  wanted[node] = true;
  for (int i = 0; i < l->node[node].n_needs; i++) want(l, l->node[node].needs[i], wanted);
}

/* The nodes that the asked part consists of; [nodes] allocated. */
static bool *wanted_nodes(const study_run *r) {
  const study_nodes *l = &r->nodes;
  bool *wanted = memory_new((size_t)l->n * sizeof *wanted);
  for (int i = 0; i < r->study->n_pairs; i++) {
    const int source = r->study->pair[i].source;
    want(l,
         r->part == RUN_SOURCES ? nodes_start(r->study, l, source) : nodes_choice(r->study, l, i),
         wanted);
  }
  for (int i = 0; i < l->n && r->part == RUN_ALL; i++) wanted[i] = true;
  return wanted;
}

static xs_status run_nodes(study_run *r) {
  bool *wanted = wanted_nodes(r);
  xs_status status = node_check_kernels(r);
  if (!status) status = donors_check(r->o);
  if (!status) status = check_steps(r);
  for (int i = 0; i < r->nodes.n && !status; i++) {
    const char *name = r->nodes.node[i].name;
    if (!wanted[i]) continue;
    log_node(r->log, name);
    status = node_check_stop(r->watch, name);
    if (!status) status = node_run(r, i);
  }
  free(wanted);
  log_node(r->log, NULL);
  return status;
}

/* Its chain is whole, and is there wherever a node is. */
static xs_status open_seal(const study_run *r, sealed *s) {
  xs_status status = sealed_open(r->out, s);
  for (int i = 0; i < r->nodes.n && !status && !s->there; i++) {
    const char *name = r->nodes.node[i].name;
    if (!folder_node_done(r->out, name)) continue;
    status = (xs_status)fail(XS_FAILED,
                             "%s/%s: is not there, though %s is done: bring it back, or give "
                             "another --out",
                             r->out, SEAL_LOG, name);
  }
  return status;
}

/* Names all of them, and says what to do unless it is asked for. */
static xs_status tell_changed(const study_run *r, const xs_texts *faults) {
  for (int i = 0; i < faults->n; i++) watch_note(r->watch, "%s", faults->text[i]);
  if (!faults->n || r->o->resume) return XS_OK;
  return sealed_refuse(faults,
                       "the run is not as it was finished: `xsite study run --resume` makes again "
                       "what was changed, or bring it back as it was");
}

/* Of a finished run: its page, unless it is there and unharmed. */
static xs_status write_report(const study_run *r) {
  char *page = file_join(r->out, "report.html");
  const bool there = file_exists(page);
  xs_texts faults = {0};
  sealed s;
  xs_status status = open_seal(r, &s);
  if (!status && there) sealed_check_report(&s, &faults);
  if (!status) status = tell_changed(r, &faults);
  if (!status && there && !faults.n) {
    watch_note(r->watch, "the study is finished: there is nothing to do");
  } else if (!status) {
    status = xs_report_write(r->out);
  }
  sealed_close(&s);
  file_list_release(&faults);
  free(page);
  return status;
}

/* Whether the data are as the finished run found them, and the nodes' files as it wrote them. */
static xs_status verify(study_run *r) {
  char *report = NULL;
  r->seal = seal_new(r->out, study_split(r->study));
  xs_status status = open_sites(r, true);
  if (!status) status = seal_verify(r->out, &report);
  if (report) watch_note(r->watch, "%s", report);
  free(report);
  return status;
}

static xs_status end_finished(study_run *r) {
  xs_status status = r->o->verify ? verify(r) : XS_OK;
  return status ? status : write_report(r);
}

/* What it notes of its sites is noted anew where it was changed. */
static xs_status reopen(study_run *r, const sealed *s) {
  int status = 0;
  for (int i = 0; i < r->study->n_sites && !status; i++) {
    char *name = text_format(SITES "/%s", r->study->site[i].name);
    if (sealed_result_changed(s, name)) status = file_remove_in(r->out, name);
    free(name);
  }
  return status ? XS_FAILED : folder_reopen(r->out, r->identity, "results.json", &r->lock);
}

/* A finished run of which something was changed is not finished: what it is and the results are
 * made again, where that is asked for. */
static xs_status check_finished(study_run *r, bool *finished) {
  xs_texts faults = {0};
  sealed s;
  xs_status status = open_seal(r, &s);
  if (!status) sealed_check_results(&s, &faults);
  if (!status) status = tell_changed(r, &faults);
  if (!status && sealed_lacks(&s)) watch_note(r->watch, "%s", sealed_lacks(&s));
  if (!status && faults.n) {
    *finished = false;
    status = reopen(r, &s);
  }
  sealed_close(&s);
  file_list_release(&faults);
  return status;
}

static xs_status check_seal(const study_run *r) {
  sealed s;
  xs_status status = open_seal(r, &s);
  sealed_close(&s);
  return status;
}

static xs_status start(study_run *r) {
  xs_status status = log_open(r->out, r->watch, &r->log);
  if (status) return status;
  r->watch = log_watch(r->log);
  r->seal = seal_new(r->out, study_split(r->study));
  status = open_sites(r, false);
  if (!status) status = inputs_list(r->study, &r->nodes, r->site, &r->inputs);
  const node_files files = files_of(r);
  if (!status) inputs_states(&files, r->inputs, r->state, NULL);
  return status;
}

/* The folder held the study with other options. */
static void note_differs(const study_run *r, const char *differs) {
  watch_note(r->watch,
             "%s differs from what %s holds: what is missing or was made from something else is "
             "made",
             differs, r->out);
}

static xs_status claim(study_run *r, bool *finished) {
  char *differs = NULL;
  xs_status status = study_identity(r->study, &r->identity);
  if (!status) {
    status = folder_claim(r->out, r->identity, "results.json", r->o->resume, finished, &differs,
                          &r->lock);
  }
  if (!status) status = check_seal(r);
  if (!status && differs) {
    note_differs(r, differs);
    status = folder_extend(r->out, r->identity, "results.json", differs);
  }
  free(differs);
  return status;
}

static xs_status verdict(const study_run *r) {
  const node_files files = files_of(r);
  return run_harm(&files);
}

static xs_status run_all(study_run *r) {
  bool finished;
  xs_status status = claim(r, &finished);
  if (!status && finished && !r->o->verify) status = check_finished(r, &finished);
  if (!status && !finished) status = start(r);
  if (!status && !finished) status = run_nodes(r);
  if (status || r->part != RUN_ALL) return status;
  status = finished ? end_finished(r) : xs_report_write(r->out);
  return status ? status : verdict(r);
}

/* ---- one node -----------------------------------------------------------------------------------
 */

static xs_status check_needs(const study_run *r, const study_node *n) {
  for (int i = 0; i < n->n_needs; i++) {
    const char *name = r->nodes.node[n->needs[i]].name;
    if (folder_node_done(r->out, name)) continue;
    return (xs_status)fail(XS_FAILED, "%s needs %s, which is not done: run that node first",
                           n->name, name);
  }
  return XS_OK;
}

/* They may be there, and made from something else. */
static xs_status check_fresh(const study_run *r, const study_node *n) {
  for (int i = 0; i < n->n_needs; i++) {
    if (r->state[n->needs[i]] == NODE_DONE) continue;
    const char *name = r->nodes.node[n->needs[i]].name;
    return (xs_status)fail(XS_FAILED,
                           "%s needs %s, which was made from something else: run that node first",
                           n->name, name);
  }
  return XS_OK;
}

static int find_node(const study_run *r, const char *name) {
  int found = nodes_find(&r->nodes, name);
  if (found >= 0) return found;
  const char **names = memory_new((size_t)r->nodes.n * sizeof *names);
  for (int i = 0; i < r->nodes.n; i++) names[i] = r->nodes.node[i].name;
  const char *near = text_nearest(name, names, r->nodes.n);
  fail(XS_USAGE, "the study has no node '%s'%s%s%s; `xsite study plan` lists them", name,
       near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
  free(names);
  return -1;
}

static xs_status work_on(study_run *r, int node) {
  const study_node *n = &r->nodes.node[node];
  const node_files files = files_of(r);
  char *dir = node_path(&files, node, NULL);
  int lock = -1;
  xs_status status = check_needs(r, n);
  if (!status && n->kind != NODE_RESULTS) status = folder_lock_node(dir, &lock);
  if (!status) status = start(r);
  log_node(r->log, n->name);
  if (!status) status = check_fresh(r, n);
  if (!status) status = node_run(r, node);
  if (!status && n->kind == NODE_RESULTS) status = xs_report_write(r->out);
  if (!status && n->kind == NODE_RESULTS) status = verdict(r);
  folder_unlock(lock);
  free(dir);
  return status;
}

static xs_status run_node(study_run *r, const char *name) {
  bool finished = false;
  int node = find_node(r, name);
  xs_status status = node < 0 ? XS_USAGE : study_identity(r->study, &r->identity);
  char *differs = NULL;
  if (!status) status = check_seal(r);
  if (!status) {
    status = folder_join(r->out, r->identity, "results.json", r->o->resume, &finished, &differs,
                         &r->lock);
  }
  if (!status && differs) note_differs(r, differs);
  free(differs);
  if (!status && finished && !r->o->verify) status = check_finished(r, &finished);
  if (status) return status;
  return finished ? end_finished(r) : work_on(r, node);
}

static xs_status check_device(const char *device) {
  if (!device || strcmp(device, "cpu") == 0) return XS_OK;
  if (!tg_device_named(device)) return XS_USAGE;
  return (xs_status)fail(XS_USAGE, "device '%s' is for checks: training needs 'cpu'", device);
}

static void close_run(study_run *r) {
  log_close(r->log);
  seal_free(r->seal);
  folder_unlock(r->lock);
  tg_kernels_free(r->kernels);
  inputs_free(r->inputs, r->nodes.n);
  inputs_free(r->site, r->study->n_sites);
  json_decref(r->identity);
  free(r->state);
  nodes_free(&r->nodes);
  free(r->out);
}

/* name: of the only node to run, or NULL. */
static xs_status run_study(const xs_study *s, const xs_run_options *o, run_part part,
                           const char *name, const xs_watch *w) {
  study_run r = {
      .study = s, .o = o, .watch = w, .kernels = tg_kernels_new(), .lock = -1, .part = part};
  r.out = study_out(s, o);
  nodes_list(s, &r.nodes);
  r.site = memory_new((size_t)s->n_sites * sizeof(json_t *));
  r.state = memory_new((size_t)r.nodes.n * sizeof *r.state);
  tg_set_threads((int)o->threads);
  xs_status status = check_device(o->device);
  if (!status) status = name ? run_node(&r, name) : run_all(&r);
  if (status) log_error(r.log, fail_message());
  close_run(&r);
  return status;
}

xs_status xs_study_run(const xs_study *s, const xs_run_options *o, const xs_watch *w) {
  return run_study(s, o, RUN_ALL, NULL, w);
}

xs_status study_make(const xs_study *s, const xs_run_options *o, run_part part, const xs_watch *w) {
  return run_study(s, o, part, NULL, w);
}

xs_status xs_study_node(const xs_study *s, const xs_run_options *o, const char *name,
                        const xs_watch *w) {
  return run_study(s, o, RUN_ALL, name, w);
}
