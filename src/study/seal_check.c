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
  bool extended;     /* the study was changed since */
  json_t *opened;    /* {site: number of the line that opened its test labels first} */
  json_t *late;      /* {node: site}: made after that for that site, as the study was changed */
  json_t *last_made; /* {node: files} */
  json_t *weights;   /* {node: hash} of its tensors alone */
  json_t *wrote;     /* {file: hash} of those that hold opened labels */
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

static long long number_of(const json_t *line) {
  return (long long)json_integer_value(json_object_get(line, "n"));
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
  if (evaluation && !json_object_get(c->opened, site)) {
    json_object_set_new(c->opened, site, json_integer(number_of(line)));
  }
  if (!evaluation && (strcmp(split, "test") == 0 || strcmp(split, "all") == 0)) {
    fault(c, text_format("FAULT  line %lld: %s opened test labels of %s to train", number_of(line),
                         node, site));
  }
  if (!evaluation && !labels) {
    fault(c, text_format("FAULT  line %lld: %s opened attributes of %s to train", number_of(line),
                         node, site));
  }
  if (!evaluation && strcmp(text_of(line, "target"), site) == 0) {
    fault(c, text_format("FAULT  line %lld: %s adapts to %s and opened its labels", number_of(line),
                         node, site));
  }
}

/* The line that had opened test labels of a site where the node is measured; 0: none had. */
static long long opened_before(const checker *c, const json_t *line, const char **site) {
  size_t i;
  json_t *name;
  json_array_foreach(json_object_get(line, "sites"), i, name) {
    *site = json_string_value(name);
    const json_t *first = *site ? json_object_get(c->opened, *site) : NULL;
    if (first) return json_integer_value(first);
  }
  return 0;
}

/* Of a study that was changed: whoever changed it may have known what was measured at that site. */
static void note_late(checker *c, const json_t *line) {
  const char *node = text_of(line, "node"), *site = NULL;
  const long long first = opened_before(c, line, &site);
  if (!first) return;
  json_object_set_new(c->late, node, json_string(site));
  const json_t *weights = json_object_get(line, "weights");
  const bool same = weights && json_equal(weights, json_object_get(c->weights, node));
  say(c,
      text_format("LATE   line %lld: %s%s was %s after test labels of %s were opened in line %lld",
                  number_of(line), same ? "the operating point of " : "", node,
                  same ? "set" : "made", site, first));
}

/* What is made after test labels were opened must be what was there before, byte for byte, or be
 * new in a study that was changed. */
static void check_made(checker *c, const json_t *line) {
  const char *node = text_of(line, "node");
  const json_t *files = json_object_get(line, "made"),
               *before = json_object_get(c->last_made, node);
  c->made++;
  if (c->evaluated && !json_equal(files, before)) {
    if (c->extended) {
      note_late(c, line);
    } else {
      fault(c, text_format("FAULT  line %lld: %s was made after test labels were opened",
                           number_of(line), node));
    }
  }
  json_object_set(c->last_made, node, (json_t *)(uintptr_t)files);
  json_object_set(c->weights, node, json_object_get(line, "weights"));
}

/* path: allocated, is freed. */
static void check_file(checker *c, char *path, const char *recorded) {
  char hex[HASH_SHA256_TEXT];
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
      check_file(c, text_format("%s/nodes/%s/%s", c->out, node, name), json_string_value(recorded));
    }
  }
  json_object_foreach(c->wrote, name, recorded) {
    check_file(c, file_join(c->out, name), json_string_value(recorded));
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

static void read_lines(checker *c, const json_t *lines) {
  size_t i;
  json_t *line;
  json_array_foreach(lines, i, line) {
    if (json_object_get(line, "opens")) check_opening(c, line);
    if (json_object_get(line, "made")) check_made(c, line);
    json_object_update(c->wrote, json_object_get(line, "wrote"));
    if (json_object_get(line, "extended")) c->extended = true;
  }
}

static void check_lines(checker *c, const json_t *lines) {
  read_lines(c, lines);
  check_files(c);
  check_nodes(c);
  say(c, text_format("%zu lines, chained by SHA-256: labels were opened %d times, %d of them test "
                     "labels, and %d nodes made",
                     json_array_size(lines), c->openings, c->evaluations, c->made));
}

static checker open_checker(const char *out) {
  return (checker){.out = out,
                   .report = text_copy(""),
                   .opened = json_object(),
                   .late = json_object(),
                   .last_made = json_object(),
                   .weights = json_object(),
                   .wrote = json_object()};
}

static void close_checker(checker *c) {
  free(c->report);
  json_decref(c->opened);
  json_decref(c->late);
  json_decref(c->last_made);
  json_decref(c->weights);
  json_decref(c->wrote);
}

static void conclude(checker *c) {
  const size_t late = json_object_size(c->late);
  if (!c->extended) {
    say(c, text_copy("the seal holds: every label was opened by a node that may see it, test "
                     "labels only after everything was made"));
  } else if (!late) {
    say(c, text_copy("the seal holds: every label was opened by a node that may see it, test "
                     "labels of a site only after all that is measured there was made; the study "
                     "was changed in between"));
  } else {
    say(c, text_format("the seal holds: every label was opened by a node that may see it; but the "
                       "study was changed, and %zu node%s made after test labels were opened of a "
                       "site where %s measured: what was measured there before may have guided "
                       "the change",
                       late, late > 1 ? "s were" : " was", late > 1 ? "they are" : "it is"));
  }
}

xs_status seal_verify(const char *out, char **report) {
  char *path = file_join(out, SEAL_LOG);
  checker c = open_checker(out);
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
  if (!status) conclude(&c);
  *report = text_copy(c.report);
  close_checker(&c);
  json_decref(lines);
  free(path);
  return status;
}

xs_status seal_late(const char *out, json_t **nodes) {
  char *path = file_join(out, SEAL_LOG);
  checker c = open_checker(out);
  json_t *lines = NULL;
  xs_status status = seal_log_read(path, &lines);
  if (!status) read_lines(&c, lines);
  *nodes = json_incref(c.late);
  close_checker(&c);
  json_decref(lines);
  free(path);
  return status;
}
