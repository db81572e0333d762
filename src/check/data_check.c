#include "data_check.h"

#include <stdlib.h>
#include <string.h>

#include "check_sites.h"
#include "error.h"
#include "file.h"
#include "hash_index.h"
#include "memory.h"
#include "option.h"
#include "text.h"

/* In the order of the page. */
static check_finder *const finders[] = {find_unreadable, find_patients,  find_duplicates,
                                        find_views,      find_exposure,  find_shortcuts,
                                        find_classes,    find_comparison};

bool check_by_image(const xs_check_task *o) { return o->split_by && !strcmp(o->split_by, "image"); }

/* ---- before any work ------------------------------------------------------------------------- */

/* Of 0.1: now site-recognisable, a note, which is never a fault to be accepted. */
static bool is_former_kind(const char *name) { return !strcmp(name, "site-told"); }

static int check_accepted(const xs_check_task *o) {
  const char *const *kind;
  const int kinds = check_kinds(&kind);
  for (int i = 0; i < o->accept.n; i++) {
    const char *name = o->accept.text[i];
    int k = 0;
    while (k < kinds && strcmp(name, kind[k]) != 0) k++;
    if (k < kinds || is_former_kind(name)) continue;
    const char *near = text_nearest(name, kind, kinds);
    return fail(XS_USAGE, "accept: \"%s\" is no kind of finding%s%s; docs/data-check.md lists them",
                name, near ? "; did you mean " : "", near ? near : "");
  }
  return 0;
}

static int check_options(const check *c) {
  const xs_check_task *o = c->o;
  if (c->sites < 1) return fail(XS_USAGE, "no site to check");
  if (o->near_bits > HASH_INDEX_MOST) {
    return fail(XS_USAGE, "near_bits is %lld, the most is %d", (long long)o->near_bits,
                HASH_INDEX_MOST);
  }
  if (o->groups && !o->out) return fail(XS_USAGE, "groups: say where to write them, --out DIR");
  if (o->replicates < 2)
    return fail(XS_USAGE, "replicates is %lld, at least 2", (long long)o->replicates);
  return check_accepted(o);
}

static int check_groups(const check *c) {
  for (int i = 0; i < c->sites && c->o->groups; i++) {
    if (!c->site[i].read) continue;
    return fail(XS_USAGE, "groups: %s is a site of format idx, which has no group files",
                c->site[i].path);
  }
  return 0;
}

/* ---- what was found -------------------------------------------------------------------------- */

static json_t *describe_site(const check *c, const check_site *t) {
  json_int_t unreadable = 0, labelled = 0;
  for (int64_t i = t->first; i < t->first + t->n; i++) {
    unreadable += c->sample[i].error != NULL;
    labelled += !c->sample[i].error && c->sample[i].label >= 0;
  }
  return json_pack("{s:s, s:o, s:I, s:I, s:I, s:b, s:b}", "name", t->d.name, "domain_file",
                   option_text_json(t->path), "images", (json_int_t)t->n, "unreadable", unreadable,
                   "labelled", labelled, "patients_known", !t->read && t->l.patients, "views_known",
                   !t->read && t->l.present[ATTRIBUTE_VIEW]);
}

static json_t *describe_options(const xs_check_task *o) {
  return json_pack("{s:I, s:s, s:s?, s:b, s:I, s:I, s:f, s:f, s:f, s:I, s:o}", "seed",
                   (json_int_t)o->seed, "split_by", check_by_image(o) ? "image" : "group",
                   "split_column", o->split_column, "ignore_labels", o->ignore_labels, "limit",
                   (json_int_t)o->limit, "near_bits", (json_int_t)o->near_bits, "near_match",
                   o->near_match, "shortcut_auc", o->shortcut_auc, "alpha", o->alpha, "replicates",
                   (json_int_t)o->replicates, "accept",
                   option_texts_json(o->accept.text, o->accept.n));
}

static json_int_t count_level(const check *c, const char *level) {
  json_int_t n = 0;
  size_t i;
  json_t *f;
  json_array_foreach(c->findings, i, f) {
    n += !strcmp(json_string_value(json_object_get(f, "level")), level);
  }
  return n;
}

static json_t *describe(const check *c) {
  json_t *sites = json_array();
  for (int i = 0; i < c->sites; i++) json_array_append_new(sites, describe_site(c, &c->site[i]));
  return json_pack("{s:s, s:s, s:o, s:o, s:I, s:I, s:I, s:O, s:O}", "format", "xsite data check 1",
                   "xsite", xs_version(), "options", describe_options(c->o), "sites", sites,
                   "faults", count_level(c, "fault"), "accepted", count_level(c, "accepted"),
                   "notes", count_level(c, "note"), "findings", c->findings, "tables", c->tables);
}

static int write_files(const check *c, const json_t *root, const char *text) {
  if (!c->o->out) return 0;
  int status = file_make_dirs(c->o->out);
  if (status) return status;
  char *path = file_join(c->o->out, "check.json"), *line = text_format("%s\n", text);
  status = file_write_atomic(path, line, strlen(line));
  free(line);
  free(path);
  if (!status) status = check_page_write(c, root);
  if (!status && c->o->groups) status = groups_write(c);
  return status;
}

static int find_all(check *c) {
  int status = 0;
  for (size_t i = 0; i < sizeof finders / sizeof *finders && !status; i++) status = finders[i](c);
  return status;
}

static int conclude(const check *c, char **json) {
  json_t *root = describe(c);
  char *text = json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(8));
  int status = write_files(c, root, text);
  const json_int_t faults = count_level(c, "fault");
  if (status) {
    free(text);
  } else {
    *json = text;
    if (faults) {
      status =
          fail(XS_HARM, "the data have %lld fault%s; see above%s%s", (long long)faults,
               plural(faults), c->o->out ? " and check.html in " : "", c->o->out ? c->o->out : "");
    }
  }
  json_decref(root);
  return status;
}

xs_status check_sites(const char *const *domain_file, int n, const xs_check_task *o,
                      const xs_watch *w, char **json) {
  check c = {.o = o, .w = w, .sites = n, .findings = json_array(), .tables = json_array()};
  *json = NULL;
  c.site = memory_new(sizeof *c.site * (size_t)(n + 1));
  for (int i = 0; i < n; i++) c.site[i].path = domain_file[i];
  int status = check_options(&c);
  if (!status) status = measure_images(&c);
  if (!status) status = check_groups(&c);
  if (!status) status = sides_find(&c);
  if (!status) status = find_all(&c);
  if (!status) status = conclude(&c, json);
  measure_images_release(&c);
  free(c.same);
  json_decref(c.findings);
  json_decref(c.tables);
  return (xs_status)status;
}
