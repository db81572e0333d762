/* run.c: a whole study. */
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "file.h"
#include "study.h"

static void note(const study_run *r, const char *line) {
  if (r->watch && r->watch->note) r->watch->note(r->watch->context, line);
}

static void note_site(const study_run *r, const xs_site *s) {
  char *images = text_format("site %s: %lld images", s->images.name, (long long)s->images.n), *line;
  if (s->skipped) {
    line = text_format("%s, %lld unreadable left out; the first: %s", images, (long long)s->skipped,
                       s->first_skipped);
  } else {
    line = text_format("%s, %d classes", images, s->classes);
  }
  note(r, line);
  free(line);
  free(images);
}

static void note_unlabelled(const study_run *r, int i) {
  if (r->study->labelled[i]) return;
  char *line = text_format("site %s has no labels: what is lost and won there cannot be measured",
                           r->study->site_name[i]);
  note(r, line);
  free(line);
}

static bool same_classes(const xs_site *a, const xs_site *b) {
  if (a->classes != b->classes) return false;
  for (int i = 0; i < a->classes; i++) {
    if (strcmp(a->class_name[i], b->class_name[i]) != 0) return false;
  }
  return true;
}

/* All sites that list classes list the same ones. */
static xs_status check_classes(const study_run *r) {
  const xs_study *s = r->study;
  int first = 0;
  while (first < s->n_sites && !r->site[first]->classes) first++;
  for (int i = first + 1; i < s->n_sites; i++) {
    if (!r->site[i]->classes || same_classes(r->site[first], r->site[i])) continue;
    return (xs_status)fail(
        XS_FAILED,
        "sites %s (%s) and %s (%s) have different classes: a classifier of one cannot be "
        "used at the other; give both domain files the same list",
        s->site_name[first], s->site_file[first], s->site_name[i], s->site_file[i]);
  }
  return XS_OK;
}

/* Every site that has a baseline. */
static xs_status check_baselines(const study_run *r) {
  int n;
  study_unit *u = units_list(r->study, &n);
  xs_status status = XS_OK;
  for (int i = 0; i < n && !status; i++) {
    if (u[i].kind == UNIT_BASELINE) status = train_check_splits(r->site[u[i].source], run_split(r));
  }
  units_free(u, n);
  return status;
}

xs_status run_check_stop(const study_run *r, const char *next) {
  if (!r->watch || !r->watch->stop || !r->watch->stop(r->watch->context)) return XS_OK;
  return (xs_status)fail(XS_FAILED, "stopped before %s; continue with --resume", next);
}

static xs_status open_sites(study_run *r) {
  const xs_study *s = r->study;
  xs_site_options o = {.data_dir = r->o->data_dir,
                       .skip_unreadable = r->o->skip_unreadable,
                       .limit = s->settings.limit};
  r->site = memory_new((size_t)s->n_sites * sizeof *r->site);
  for (int i = 0; i < s->n_sites; i++) {
    xs_status status = run_check_stop(r, s->site_name[i]);
    if (!status) status = xs_site_open(s->site_file[i], &o, &r->site[i]);
    if (!status) status = folder_check_site(r->out, s->site_name[i], r->site[i]);
    if (status) return status;
    note_site(r, r->site[i]);
    note_unlabelled(r, i);
  }
  return check_classes(r);
}

static void close_sites(study_run *r) {
  for (int i = 0; r->site && i < r->study->n_sites; i++) xs_site_close(r->site[i]);
  free(r->site);
}

/* A unit of a pair sees the study with that pair's settings. */
static xs_status run_pair_unit(study_run *r, const study_unit *u) {
  const xs_study *whole = r->study;
  xs_study own = *whole;
  for (int i = 0; i < whole->n_pairs && u->kind != UNIT_BASELINE; i++) {
    const study_pair *p = &whole->pair[i];
    if (p->source == u->source && p->target == u->target) own.settings = p->settings;
  }
  r->study = &own;
  xs_status status = unit_run(r, u);
  r->study = whole;
  return status;
}

static xs_status run_units(study_run *r) {
  int n;
  study_unit *u = units_list(r->study, &n);
  xs_status status = XS_OK;
  for (int i = 0; i < n && !status; i++) {
    log_unit(r->log, u[i].name);
    status = run_check_stop(r, u[i].name);
    if (!status) status = run_pair_unit(r, &u[i]);
  }
  log_unit(r->log, NULL);
  units_free(u, n);
  return status;
}

static xs_status write_results(study_run *r) {
  json_t *results = NULL;
  xs_status status = measure_all(r, &results);
  if (status) return status;
  char *path = file_join(r->out, "results.json"), *text = json_dumps(results, JSON_INDENT(2));
  status = file_write_atomic(path, text, strlen(text)) ? XS_FAILED : XS_OK;
  free(text);
  free(path);
  json_decref(results);
  return status;
}

static xs_status write_report(const study_run *r) {
  char *page = file_join(r->out, "report.html");
  bool there = file_exists(page);
  free(page);
  if (there) note(r, "the study is finished: there is nothing to do");
  return there ? XS_OK : xs_report_write(r->out);
}

static xs_status run(study_run *r) {
  bool finished;
  json_t *mine;
  xs_status status = study_identity(r->study, &mine);
  if (!status) {
    status = folder_claim(r->out, mine, "results.json", r->o->resume, &finished, &r->lock);
  }
  json_decref(mine);
  if (!status && !finished) {
    status = log_open(r->out, r->watch, &r->log);
    if (!status) r->watch = log_watch(r->log);
    if (!status) status = open_sites(r);
    if (!status) status = check_baselines(r);
    if (!status) status = run_units(r);
    if (!status) status = write_results(r);
  }
  return status ? status : write_report(r);
}

xs_status xs_study_run(const xs_study *s, const xs_run_options *o, const xs_watch *w) {
  if (o->device && strcmp(o->device, "cpu") != 0) {
    if (!tg_device_named(o->device)) return XS_USAGE;
    return (xs_status)fail(XS_USAGE, "device '%s' is for checks: training needs 'cpu'", o->device);
  }
  study_run r = {.study = s, .o = o, .watch = w, .kernels = tg_kernels_new(), .lock = -1};
  r.out = o->out ? text_copy(o->out) : text_format("runs/%s", s->settings.name);
  tg_set_threads(o->threads);
  xs_status status = run(&r);
  if (status) log_error(r.log, fail_message());
  log_close(r.log);
  close_sites(&r);
  folder_unlock(r.lock);
  tg_kernels_free(r.kernels);
  free(r.out);
  return status;
}
