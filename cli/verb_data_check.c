#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

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
  const xs_check_task *t = record;
  cli_progress progress;
  const xs_watch watch = cli_watch(&progress);
  char *json;
  const xs_status status = xs_check(t, n, word, &watch, &json);
  cli_watch_end(&progress);
  if (json && t->json) puts(json);
  if (json && !t->json) print_text(json);
  if (json && t->out && !t->json) printf("%s/check.html\n", t->out);
  free(json);
  return status;
}

const cli_verb verb_data_check = {
    .name = "data check",
    .words = "DOMAIN-FILE...",
    .least = 1,
    .most = CLI_ANY,
    .summary = "Look for leaks, duplicates, shortcuts and bad images before training; 3: faults.",
    .record = sizeof(xs_check_task),
    .computes = true,
    .run = run};
