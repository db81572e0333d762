/* seal_check.c: does seal.jsonl prove that no label was seen too early? */
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "file.h"
#include "file_list.h"
#include "hash.h"
#include "seal.h"
#include "seal_log.h"

typedef struct checker {
  const char *out;
  char *report;
  int openings, evaluations, made, faults;
  bool evaluated;    /* a test label was opened before the present line */
  json_t *last_made; /* {node: files} */
} checker;

static void say(checker *c, char *line) {
  char *more = text_format("%s%s\n", c->report, line);
  free(c->report);
  free(line);
  c->report = more;
}

static void fault(checker *c, char *line) {
  c->faults++;
  say(c, line);
}

static const char *text_of(const json_t *line, const char *key) {
  const char *text = json_string_value(json_object_get(line, key));
  return text ? text : "";
}

/* A node that adapts to a site, or anything but the measuring, must not open that site's labels. */
static void check_opening(checker *c, const json_t *line) {
  const char *site = text_of(line, "opens"), *split = text_of(line, "split"),
             *node = text_of(line, "node");
  const bool evaluation = strcmp(text_of(line, "role"), "evaluation") == 0;
  const bool labels = json_object_get(line, "labels"); /* not attributes */
  c->openings += labels;
  c->evaluations += labels && evaluation;
  c->evaluated |= evaluation;
  if (!evaluation && (strcmp(split, "test") == 0 || strcmp(split, "all") == 0)) {
    fault(c, text_format("FAULT  line %lld: %s opened test labels of %s to train",
                         (long long)json_integer_value(json_object_get(line, "n")), node, site));
  }
  if (!evaluation && !labels) {
    fault(c, text_format("FAULT  line %lld: %s opened attributes of %s to train",
                         (long long)json_integer_value(json_object_get(line, "n")), node, site));
  }
  if (!evaluation && strcmp(text_of(line, "target"), site) == 0) {
    fault(c, text_format("FAULT  line %lld: %s adapts to %s and opened its labels",
                         (long long)json_integer_value(json_object_get(line, "n")), node, site));
  }
}

/* What is made after the test labels were opened must be what was there before, byte for byte. */
static void check_made(checker *c, const json_t *line) {
  const char *node = text_of(line, "node");
  const json_t *files = json_object_get(line, "made"),
               *before = json_object_get(c->last_made, node);
  c->made++;
  if (c->evaluated && !json_equal(files, before)) {
    fault(c, text_format("FAULT  line %lld: %s was made after test labels were opened",
                         (long long)json_integer_value(json_object_get(line, "n")), node));
  }
  json_object_set(c->last_made, node, (json_t *)(uintptr_t)files);
}

static void check_file(checker *c, const char *node, const char *name, const char *recorded) {
  char hex[HASH_SHA256_TEXT], *path = text_format("%s/nodes/%s/%s", c->out, node, name);
  if (hash_sha256_file(path, hex)) {
    fault(c, text_format("FAULT  %s: is recorded and not there", path));
  } else if (!recorded || strcmp(hex, recorded) != 0) {
    fault(c, text_format("FAULT  %s: is not the file that was recorded", path));
  }
  free(path);
}

static void check_files(checker *c) {
  const char *node, *name;
  json_t *files, *recorded;
  json_object_foreach(c->last_made, node, files) {
    json_object_foreach(files, name, recorded) {
      check_file(c, node, name, json_string_value(recorded));
    }
  }
}

/* What is there must have been recorded, so that no lines are missing at the end. */
static void check_nodes(checker *c) {
  char *nodes = file_join(c->out, "nodes"), *results = file_join(c->out, "results.json");
  option_texts names;
  if (file_list_if_there(nodes, &names)) fault(c, text_format("FAULT  %s", fail_message()));
  for (int i = 0; i < names.n; i++) {
    char *record = text_format("%s/%s/record.json", nodes, names.text[i]);
    if (file_exists(record) && !json_object_get(c->last_made, names.text[i])) {
      fault(c, text_format("FAULT  %s/%s: is there and is not recorded", nodes, names.text[i]));
    }
    free(record);
  }
  file_list_release(&names);
  if (file_exists(results) && !c->evaluated) {
    fault(c, text_format("FAULT  %s: is there, and no test label was opened", results));
  }
  free(results);
  free(nodes);
}

static void check_lines(checker *c, const json_t *lines) {
  size_t i;
  json_t *line;
  json_array_foreach(lines, i, line) {
    if (json_object_get(line, "opens")) check_opening(c, line);
    if (json_object_get(line, "made")) check_made(c, line);
  }
  check_files(c);
  check_nodes(c);
  say(c, text_format("%zu lines, chained by SHA-256: labels were opened %d times, %d of them test "
                     "labels, and %d nodes made",
                     json_array_size(lines), c->openings, c->evaluations, c->made));
}

xs_status seal_verify(const char *out, char **report) {
  char *path = file_join(out, SEAL_LOG);
  checker c = {.out = out, .report = text_copy(""), .last_made = json_object()};
  json_t *lines = NULL;
  xs_status status = XS_FAILED;
  if (!file_exists(path)) {
    fail(XS_FAILED, "%s: is not there; give a folder that `xsite study run` has made", path);
  } else {
    status = seal_log_read(path, &lines);
  }
  if (!status) check_lines(&c, lines);
  if (!status && c.faults) {
    status = (xs_status)fail(XS_HARM, "%s: the seal is broken: %d fault%s", out, c.faults,
                             c.faults > 1 ? "s" : "");
  }
  if (!status) {
    say(&c, text_copy("the seal holds: every label was opened by a node that may see it, test "
                      "labels only after everything was made"));
  }
  *report = c.report;
  json_decref(lines);
  json_decref(c.last_made);
  free(path);
  return status;
}
