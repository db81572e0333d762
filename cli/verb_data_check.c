#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "error.h"
#include "rows.h"
#include "tg.h"

typedef struct check_options {
  char *data_dir, *out, *split_by, *split_column;
  option_texts accept;
  int64_t seed, limit, near_bits, replicates, threads;
  double near_match, shortcut_auc, alpha;
  bool ignore_labels, groups, json;
} check_options;

#define FIELD(name) offsetof(check_options, name)

static const option rows[] = {
    OUT_ROW(FIELD(out), false, "folder for the page check.html, check.json and contact sheets"),
    OPTION_FLAG_ROW(NULL, 0, check_options, groups,
                    "also write OUT/groups-SITE.csv, for group_file of the domain files: patients "
                    "with their duplicates"),
    SEED_ROW(FIELD(seed), "of the split that is checked, as of a study"),
    SPLIT_BY_ROW(FIELD(split_by)),
    {NULL, "split_column", OPTION_TEXT, FIELD(split_column), NULL, false, 0, 0, NULL, "NAME",
     "column of the label files with the official split, which is then checked instead"},
    OPTION_FLAG_ROW(NULL, 0, check_options, ignore_labels, "do not look at labels"),
    OPTION_INTEGER_ROW(NULL, 0, check_options, limit, "0", 0, 9e15,
                       "most images of a site; 0: all"),
    OPTION_INTEGER_ROW(NULL, 0, check_options, near_bits, "10", -1, 15,
                       "near duplicates: most of 64 bits of the hash that differ; -1: none sought"),
    OPTION_REAL_ROW(NULL, 0, check_options, near_match, "0.9", 0, 1,
                    "near duplicates: least correlation of their fine structure"),
    OPTION_REAL_ROW(NULL, 0, check_options, shortcut_auc, "0.65", 0.5, 1,
                    "AUC from which an attribute that tells the label is a fault"),
    OPTION_REAL_ROW(NULL, 0, check_options, alpha, "0.05", 0, 1,
                    "level of the tests, after Holm's correction"),
    OPTION_INTEGER_ROW(NULL, 0, check_options, replicates, "500", 10, 1000000,
                       "bootstrap replicates of AUCs"),
    {NULL, "accept", OPTION_TEXTS, FIELD(accept), NULL, false, 0, 0, NULL, "KIND",
     "a kind of finding that is known and no fault; may be repeated"},
    DATA_DIR_ROW(FIELD(data_dir)),
    THREADS_ROW(FIELD(threads)),
    JSON_ROW(FIELD(json), "print check.json"),
};

static xs_check_options make_options(const check_options *o) {
  return (xs_check_options){.data_dir = o->data_dir,
                            .seed = (uint64_t)o->seed,
                            .by_image = !strcmp(o->split_by, "image"),
                            .split_column = o->split_column,
                            .ignore_labels = o->ignore_labels,
                            .limit = o->limit,
                            .near_bits = (int)o->near_bits,
                            .near_match = o->near_match,
                            .shortcut_auc = o->shortcut_auc,
                            .alpha = o->alpha,
                            .replicates = (int)o->replicates,
                            .accepted = o->accept.n,
                            .accept = (const char *const *)o->accept.text,
                            .out = o->out,
                            .groups = o->groups};
}

static const char *text_of(const json_t *j, const char *name) {
  return json_string_value(json_object_get(j, name));
}

static long long count_of(const json_t *j, const char *name) {
  return (long long)json_integer_value(json_object_get(j, name));
}

static void print_finding(const json_t *f) {
  const json_t *images = json_object_get(f, "images");
  printf("%s %s: %s\n", text_of(f, "level"), text_of(f, "kind"), text_of(f, "text"));
  for (size_t i = 0; i < json_array_size(images) && i < 3; i++) {
    const json_t *x = json_array_get(images, i);
    printf("    %s: %s, %s\n", text_of(x, "site"), text_of(x, "file"), text_of(x, "note"));
  }
  if (json_array_size(images) > 3) printf("    and %zu more\n", json_array_size(images) - 3);
  if (strcmp(text_of(f, "level"), "fault") == 0) printf("    %s\n", text_of(f, "advice"));
}

static void print_text(const char *json) {
  json_t *root = json_loads(json, 0, NULL);
  size_t i;
  const json_t *x;
  json_array_foreach(json_object_get(root, "sites"), i, x) {
    printf("%s: %lld images, %lld labelled, %lld unreadable\n", text_of(x, "name"),
           count_of(x, "images"), count_of(x, "labelled"), count_of(x, "unreadable"));
  }
  json_array_foreach(json_object_get(root, "findings"), i, x) print_finding(x);
  const long long faults = count_of(root, "faults"), notes = count_of(root, "notes");
  printf("%lld fault%s, %lld note%s, %lld accepted\n", faults, faults == 1 ? "" : "s", notes,
         notes == 1 ? "" : "s", count_of(root, "accepted"));
  json_decref(root);
}

static int run(void *record, int n, const char **word) {
  const check_options *o = record;
  const xs_check_options options = make_options(o);
  cli_progress progress;
  const xs_watch watch = cli_watch(&progress);
  char *json;
  tg_set_threads((int)o->threads);
  xs_status status = xs_data_check(word, n, &options, &watch, &json);
  cli_watch_end(&progress);
  if (json && o->json) puts(json);
  if (json && !o->json) print_text(json);
  if (json && o->out && !o->json) printf("%s/check.html\n", o->out);
  free(json);
  return status;
}

const cli_verb verb_data_check = {
    .name = "data check",
    .words = "DOMAIN-FILE...",
    .least = 1,
    .most = CLI_ANY,
    .summary = "Look for leaks, duplicates, shortcuts and bad images before training; 3: faults.",
    .options = rows,
    .n_options = sizeof rows / sizeof *rows,
    .record = sizeof(check_options),
    .computes = true,
    .run = run};
