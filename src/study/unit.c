/* unit.c: running one unit.  A unit is done when its record is written. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "error.h"
#include "file.h"
#include "run.h"
#include "study.h"

char *run_unit_path(const study_run *r, const char *unit, const char *file) {
  return file ? text_format("%s/units/%s/%s", r->out, unit, file)
              : text_format("%s/units/%s", r->out, unit);
}

split_rule run_split(const study_run *r) {
  return split_rule_of(r->study->settings.seed, r->study->settings.split_by);
}

static train_geometry study_geometry(const study_run *r) {
  const study_settings *t = &r->study->settings;
  return (train_geometry){.size = (int)t->size,
                          .channels = (int)t->image_channels,
                          .norm = {{0.5, 0.5, 0.5}, {0.5, 0.5, 0.5}}};
}

static train_job unit_job(const study_run *r, const char *task, const char *dir) {
  const study_settings *t = &r->study->settings;
  return (train_job){.task = task,
                     .dir = dir,
                     .seed = (uint64_t)t->seed,
                     .device = tg_device_cpu(),
                     .effort = r->o->measure_kernels ? TG_MEASURE : TG_ESTIMATE,
                     .kernels = r->kernels,
                     .threads = r->o->threads,
                     .memory = r->o->memory,
                     .checkpoint_every = t->checkpoint_every,
                     .watch = r->watch};
}

static xs_status site_set(const study_run *r, int site, xs_split which, train_set *set) {
  return train_set_open(r->site[site], run_split(r), which, set);
}

static xs_status run_baseline(study_run *r, const study_unit *u, const char *dir) {
  const xs_site *s = r->site[u->source];
  char *init = study_init_file(r->study);
  fit_task task = {.options = &r->study->settings.classifier,
                   .init = init,
                   .geometry = study_geometry(r),
                   .classes = s->classes,
                   .class_name = s->class_name};
  train_job job = unit_job(r, u->name, dir);
  xs_status status = site_set(r, u->source, XS_TRAIN, &task.train);
  if (!status) status = site_set(r, u->source, XS_VALIDATION, &task.validation);
  if (!status) status = train_fit(&job, &task);
  train_set_release(&task.train);
  train_set_release(&task.validation);
  free(init);
  return status;
}

static char *baseline_path(const study_run *r, int site) {
  char *unit = text_format("baseline-%s", r->study->site_name[site]);
  char *path = run_unit_path(r, unit, "model.safetensors");
  free(unit);
  return path;
}

static xs_status run_adapter(study_run *r, const study_unit *u, const char *dir) {
  char *classifier = baseline_path(r, u->source);
  int64_t *target_rows = NULL;
  const split_rule rule = run_split(r);
  adapt_task task = {.options = &r->study->settings.adapter,
                     .classifier = classifier,
                     .target = &r->site[u->target]->images};
  train_job job = unit_job(r, u->name, dir);
  xs_status status = site_set(r, u->source, XS_TRAIN, &task.source);
  if (!status) status = site_set(r, u->source, XS_VALIDATION, &task.validation);
  if (!status)
    status = xs_split_rows(task.target, rule.seed, rule.by_image, XS_TRAIN, &target_rows,
                           &task.target_n);
  task.target_rows = target_rows;
  if (!status) status = train_adapt(&job, &task);
  train_set_release(&task.source);
  train_set_release(&task.validation);
  free(target_rows);
  free(classifier);
  return status;
}

/* A split translated to the target's look, with its labels in the new order. */
typedef struct translated {
  xs_images *images;
  int32_t *label;
  int64_t *rows;
} translated;

static void release_translated(translated *t) {
  xs_images_close(t->images);
  free(t->label);
  free(t->rows);
}

static xs_status translate_split(const study_run *r, translator *g, int site, xs_split which,
                                 translated *t, train_set *set) {
  train_set from;
  xs_status status = site_set(r, site, which, &from);
  if (!status) status = translator_apply(g, from.images, from.rows, from.n, 1, &t->images);
  if (!status) {
    t->label = memory_new((size_t)from.n * sizeof *t->label);
    t->rows = memory_new((size_t)from.n * sizeof *t->rows);
    for (int64_t i = 0; i < from.n; i++) {
      t->label[i] = from.label[from.rows[i]];
      t->rows[i] = i;
    }
    *set = (train_set){.images = t->images, .label = t->label, .rows = t->rows, .n = from.n};
  }
  train_set_release(&from);
  return status;
}

static xs_status run_tuned(study_run *r, const study_unit *u, const char *dir) {
  const xs_site *s = r->site[u->source];
  char *adapter =
      text_format("adapter-%s-%s", r->study->site_name[u->source], r->study->site_name[u->target]);
  char *generator = run_unit_path(r, adapter, "generator.safetensors"),
       *start = baseline_path(r, u->source);
  translator *g = NULL;
  translated train = {0}, validation = {0};
  fit_task task = {.options = &r->study->settings.tune,
                   .geometry = study_geometry(r),
                   .classes = s->classes,
                   .class_name = s->class_name,
                   .start_from = start,
                   .like = &r->site[u->target]->images};
  train_job job = unit_job(r, u->name, dir);
  xs_status status = translator_load(generator, &g) ? XS_FAILED : XS_OK;
  if (!status) status = translate_split(r, g, u->source, XS_TRAIN, &train, &task.train);
  if (!status)
    status = translate_split(r, g, u->source, XS_VALIDATION, &validation, &task.validation);
  if (!status) status = train_fit(&job, &task);
  release_translated(&train);
  release_translated(&validation);
  translator_free(g);
  free(start);
  free(generator);
  free(adapter);
  return status;
}

static xs_status write_record(const study_run *r, const study_unit *u, const char *dir) {
  static const char *const section[] = {
      [UNIT_BASELINE] = "classifier", [UNIT_ADAPTER] = "adapter", [UNIT_TUNED] = "tune"};
  json_t *study = study_json(r->study);
  const train_job job = unit_job(r, u->name, dir);
  xs_status status = run_write_record(&job, json_object_get(study, section[u->kind]));
  json_decref(study);
  return status;
}

static xs_status train_unit(study_run *r, const study_unit *u, const char *dir) {
  xs_status status = file_make_dirs(dir) ? XS_FAILED : XS_OK;
  if (!status && u->kind == UNIT_BASELINE) status = run_baseline(r, u, dir);
  if (!status && u->kind == UNIT_ADAPTER) status = run_adapter(r, u, dir);
  if (!status && u->kind == UNIT_TUNED) status = run_tuned(r, u, dir);
  return status ? status : write_record(r, u, dir);
}

/* A done unit's kernels and threads are those of the units after it; only the first one says how
 * this machine differs. */
static xs_status restore_unit(study_run *r, const study_unit *u, const char *dir) {
  train_job job = unit_job(r, u->name, dir);
  json_error_t error;
  char *path = file_join(dir, "record.json");
  json_t *record = json_load_file(path, 0, &error);
  if (!record) fail(XS_FAILED, "%s: line %d: %s", path, error.line, error.text);
  xs_status status = record ? XS_OK : XS_FAILED;
  if (tg_kernels_size(r->kernels)) job.watch = NULL;
  run_restore_machine(&job, record);
  json_decref(record);
  free(path);
  return status;
}

xs_status unit_run(study_run *r, const study_unit *u) {
  char *dir = run_unit_path(r, u->name, NULL);
  bool done = folder_unit_done(r->out, u->name);
  xs_status status = done ? restore_unit(r, u, dir) : train_unit(r, u, dir);
  if (!status) run_remove_checkpoint(dir);
  free(dir);
  return status;
}
