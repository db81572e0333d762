#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

enum { SHORT_LIST = 20 };

/* ---- reading the summary ---- */

static int64_t number(const json_t *j, const char *key) {
  return json_integer_value(json_object_get(j, key));
}

static const char *text(const json_t *j, const char *key) {
  return json_string_value(json_object_get(j, key));
}

static double share(int64_t part, int64_t whole) {
  return whole ? 100.0 * (double)part / (double)whole : 0;
}

/* ---- printing it ---- */

static void print_counts(const char *title, const json_t *j) {
  printf("%-44s %9" PRId64 " images", title, number(j, "images"));
  if (json_object_get(j, "patients")) printf(", %" PRId64 " patients", number(j, "patients"));
  if (json_object_get(j, "studies")) printf(", %" PRId64 " studies", number(j, "studies"));
  puts("");
}

static void print_classes(const json_t *j) {
  json_t *kept = json_object_get(j, "kept"), *one;
  size_t i;
  const json_t *rows_read = json_object_get(j, "rows"), *merged = json_object_get(j, "merged");
  char about[64];
  snprintf(about, sizeof about, "in %" PRId64 " rows", number(rows_read, "rows"));
  print_counts(about, rows_read);
  if (merged) {
    printf("rows: %s decides for %" PRId64 " images of several rows, %" PRId64
           " of them with rows that differ\n",
           text(merged, "rule"), number(merged, "images_of_several_rows"),
           number(merged, "differing"));
  }
  print_counts("kept", kept);
  json_array_foreach(json_object_get(j, "classes"), i, one) {
    char title[64];
    snprintf(title, sizeof title, "  %.40s (%.1f %%)", text(one, "name"),
             share(number(one, "images"), number(kept, "images")));
    print_counts(title, one);
  }
}

static void print_left_out(const json_t *list) {
  json_t *one;
  size_t i;
  if (json_array_size(list)) puts("\nleft out, by the first reason that holds");
  json_array_foreach(list, i, one) {
    printf("  %-64s %9" PRId64 "%s\n", text(one, "reason"), number(one, "images"),
           json_is_true(json_object_get(one, "kept_unlabelled")) ? "  kept as unlabelled" : "");
  }
}

static void print_findings(const json_t *list) {
  json_t *one;
  size_t i;
  if (!json_array_size(list)) return;
  printf("\n%-36s %-9s %9s %9s %9s %9s\n", "finding (all rows)", "counts as", "positive",
         "negative", "uncertain", "blank");
  json_array_foreach(list, i, one) {
    printf("  %-34s %-9s %9" PRId64 " %9" PRId64 " %9" PRId64 " %9" PRId64 "\n", text(one, "name"),
           text(one, "role"), number(one, "positive"), number(one, "negative"),
           number(one, "uncertain"), number(one, "blank"));
  }
}

static void print_policy(const json_t *j) {
  static const struct line {
    const char *key, *title;
  } lines[] = {
      {"all_blank", "no finding is mentioned"},
      {"uncertain_only", "only uncertain: policy.uncertain decides"},
      {"unsaid", "neither positive nor negative finding: policy.negatives and blank decide"},
      {"contradicting", "positive and negative finding: positive"},
  };
  puts("\nrows that a policy decides, of those that `keep` and labels.exclude leave");
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
    printf("  %-72s %9" PRId64 "\n", lines[i].title, number(j, lines[i].key));
  }
}

/* "PA 67310, AP 44810, ..." */
static void print_values(const char *name, const json_t *j, bool all) {
  json_t *values = json_object_get(j, "values"), *one;
  size_t i, n = json_array_size(values);
  printf("  %-8s", name);
  json_array_foreach(values, i, one) {
    if (!all && i == SHORT_LIST) break;
    printf(" %s %" PRId64 ",", text(one, "text"), number(one, "rows"));
  }
  if (i < n) printf(" %zu more,", n - i);
  printf(" unknown %" PRId64 "\n", number(j, "unknown"));
}

static void print_ages(const json_t *j) {
  printf("  age      ");
  if (number(j, "known")) {
    printf("%g to %g, median %g, ", json_real_value(json_object_get(j, "least")),
           json_real_value(json_object_get(j, "largest")),
           json_real_value(json_object_get(j, "median")));
  }
  printf("unknown %" PRId64, number(j, "unknown"));
  if (number(j, "impossible")) {
    printf(" (%" PRId64 " of them impossible, the first %s)", number(j, "impossible"),
           text(j, "first_impossible"));
  }
  puts("");
}

static void print_attributes(const json_t *attributes, bool all) {
  const char *name;
  json_t *j;
  if (json_object_size(attributes)) puts("\nattributes of all rows");
  json_object_foreach((json_t *)(uintptr_t)attributes, name, j) {
    if (!strcmp(name, "age")) {
      print_ages(j);
    } else {
      print_values(name, j, all);
    }
  }
}

static void print_unmapped(const json_t *list, bool all) {
  json_t *one;
  size_t i, n = json_array_size(list);
  if (n) printf("\n%zu terms that the mapping does not have, and their rows\n", n);
  json_array_foreach(list, i, one) {
    if (!all && i == SHORT_LIST) break;
    const char *near = text(one, "nearest");
    printf("  %-44s %9" PRId64 "%s%s\n", text(one, "text"), number(one, "rows"),
           near ? "  nearest: " : "", near ? near : "");
  }
  if (i < n) printf("  ... and %zu more: --all lists them\n", n - i);
}

static void print_number_ids(const json_t *j) {
  const json_t *example = json_object_get(j, "example");
  if (!number(j, "numbers")) return;
  printf("\n%" PRId64
         " patient id%s written in several ways that are one number, e.g. %s and %s: they "
         "count as different patients, and a split may part them; write them alike\n",
         number(j, "numbers"), number(j, "numbers") == 1 ? " is" : "s are",
         json_string_value(json_array_get(example, 0)),
         json_string_value(json_array_get(example, 1)));
}

static void print_faults(const json_t *j) {
  const json_t *again = json_object_get(j, "duplicates"), *list = json_object_get(j, "list");
  if (number(j, "joined_without_image")) {
    printf("\n%" PRId64 " rows of joined files belong to no image\n",
           number(j, "joined_without_image"));
  }
  if (list) {
    printf("\nthe list has %" PRId64 " names, %" PRId64 " of them without a row\n",
           number(list, "names"), number(list, "without_row"));
  }
  print_number_ids(json_object_get(j, "number_ids"));
  if (!number(again, "rows")) return;
  const json_t *example = json_object_get(again, "example");
  printf("\n%" PRId64 " kept rows repeat an image, %" PRId64
         " with another outcome, e.g. %s in %s:%" PRId64 " and line %" PRId64 "\n",
         number(again, "rows"), number(again, "contradicting"), text(example, "image"),
         text(example, "file"), number(example, "line"),
         number(json_object_get(example, "first"), "line"));
}

static void print_examples(const json_t *list) {
  json_t *one;
  size_t i;
  if (json_array_size(list)) puts("\nexamples");
  json_array_foreach(list, i, one) {
    printf("  %s: %s (%s:%" PRId64 ")%s%.160s\n", text(one, "what"), text(one, "image"),
           text(one, "file"), number(one, "line"), *text(one, "labels") ? ": " : "",
           text(one, "labels"));
  }
}

static void print_text(const json_t *j, bool all) {
  const json_t *m = json_object_get(j, "mapping");
  const char *archive = text(m, "archive");
  printf("%s, version %" PRId64 "%s%s\n\n", text(m, "mapping"), number(m, "version"),
         archive ? ": " : "", archive ? archive : "");
  print_classes(j);
  print_left_out(json_object_get(j, "left_out"));
  print_findings(json_object_get(j, "findings"));
  print_policy(json_object_get(j, "policy"));
  print_attributes(json_object_get(j, "attributes"), all);
  print_unmapped(json_object_get(j, "unmapped"), all);
  print_faults(j);
  print_examples(json_object_get(j, "examples"));
}

/* ---- the verb ---- */

static int run(void *record, int n, const char **word) {
  const xs_labels_task *t = record;
  char *json;
  const xs_status status = xs_labels(t, word[0], n - 1, word + 1, &json);
  if (json && t->json) puts(json);
  if (json && !t->json) {
    json_t *summary = json_loads(json, 0, NULL);
    print_text(summary, t->all);
    json_decref(summary);
  }
  free(json);
  return status;
}

const cli_verb verb_labels = {.name = "labels",
                              .words = "MAPPING CSV...",
                              .least = 2,
                              .most = CLI_ANY,
                              .summary =
                                  "Say what a mapping makes of label files, without any image.",
                              .record = sizeof(xs_labels_task),
                              .run = run};
