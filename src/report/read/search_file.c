#include "search_file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "file.h"
#include "json_fields.h"
#include "text.h"
#include "xsite.h"

static int read_pair(const json_t *j, const char *where, void *record) {
  search_pair *p = record;
  static const field numbers[] = {{"value", offsetof(search_pair, value)},
                                  {"auc", offsetof(search_pair, auc)},
                                  {"keeping", offsetof(search_pair, keeping)},
                                  {"struck", offsetof(search_pair, struck)}};
  int status = fields_name(j, where, "source", &p->source);
  if (!status) status = fields_name(j, where, "target", &p->target);
  if (!status) status = fields_text(j, where, "careful", &p->careful);
  if (!status) status = fields_text(j, where, "kept_by", &p->kept_by);
  return status ? status : fields_numbers(j, where, numbers, 4, p);
}

static int read_trial(const json_t *j, const char *where, void *record) {
  search_trial *t = record;
  static const field numbers[] = {{"trial", offsetof(search_trial, number)},
                                  {"criterion", offsetof(search_trial, criterion)},
                                  {"auc", offsetof(search_trial, auc)}};
  int status = fields_name(j, where, "folder", &t->folder);
  if (!status) status = fields_name(j, where, "stage", &t->stage);
  if (!status) status = fields_text(j, where, "budget", &t->budget);
  if (!status) status = fields_numbers(j, where, numbers, 3, t);
  t->settings = json_object_get(j, "settings");
  t->pair = fields_list(j, where, "pairs", sizeof *t->pair, read_pair, &t->pairs, &status);
  return status;
}

static int read_oracle(const json_t *j, const char *where, void *record) {
  search_part *p = record;
  int status = fields_text(j, where, "folder", &p->oracle);
  if (!status) status = fields_number(j, where, "auc", &p->oracle_auc);
  return status ? status : fields_number(j, where, "regret", &p->regret);
}

static int read_part(const json_t *j, const char *where, void *record) {
  search_part *p = record;
  int status = fields_name(j, where, "stage", &p->stage);
  if (!status) status = fields_name(j, where, "criterion", &p->criterion);
  if (!status) status = fields_name(j, where, "chosen", &p->chosen);
  return status ? status : fields_object(j, where, "oracle", read_oracle, p);
}

bool search_is_in(const char *dir) {
  char *path = file_join(dir, SEARCH_FILE);
  const bool is = file_exists(path);
  free(path);
  return is;
}

int search_read(const char *dir, search_results *r) {
  json_error_t error;
  char *path = file_join(dir, SEARCH_FILE), *where = text_format("%s: ", path);
  *r = (search_results){.root = json_load_file(path, 0, &error)};
  int status = r->root ? 0 : fail(XS_FAILED, "%s: %s", path, error.text);
  if (!status) status = fields_name(r->root, where, "study", &r->study);
  if (!status) status = fields_text(r->root, where, "grid", &r->grid);
  r->chosen = json_object_get(r->root, "chosen");
  r->both = json_object_get(r->root, "sources_and_targets");
  r->part = fields_list(r->root, where, "stages", sizeof *r->part, read_part, &r->parts, &status);
  r->trial =
      fields_list(r->root, where, "trials", sizeof *r->trial, read_trial, &r->trials, &status);
  if (!status && (!r->parts || !r->trials)) status = fail(XS_FAILED, "%s: has no trial", path);
  free(where);
  free(path);
  return status;
}

void search_free(search_results *r) {
  for (int i = 0; i < r->trials && r->trial; i++) free(r->trial[i].pair);
  free(r->trial);
  free(r->part);
  json_decref(r->root);
  *r = (search_results){0};
}

const search_part *search_part_of(const search_results *r, const char *stage, int *trials) {
  const search_part *part = NULL;
  *trials = 0;
  for (int i = 0; i < r->trials; i++) *trials += strcmp(r->trial[i].stage, stage) == 0;
  for (int i = 0; i < r->parts; i++) {
    if (strcmp(r->part[i].stage, stage) == 0) part = &r->part[i];
  }
  return part;
}

bool search_is_measured(const search_results *r, const char *stage) {
  int n = 0;
  for (int i = 0; i < r->trials; i++) {
    n += strcmp(r->trial[i].stage, stage) == 0 && !isnan(r->trial[i].auc);
  }
  return n > 1;
}

bool search_is_chosen(const search_results *r, const search_trial *t) {
  for (int i = 0; i < r->parts; i++) {
    if (strcmp(r->part[i].chosen, t->folder) == 0) return true;
  }
  return false;
}
