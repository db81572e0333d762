/* seal_check.c: does seal.jsonl prove that no label was seen too early? */
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "error.h"
#include "file.h"
#include "file_list.h"
#include "label_seal.h"
#include "seal_log.h"
#include "sealed_files.h"
#include "text.h"

typedef struct checker {
  const char *out;
  buffer report;
  int openings, evaluations, made, taken, faults;
  bool evaluated; /* a test label was opened before the present line */
  bool extended;  /* the study was changed since */
  json_t *opened; /* {site: number of the line that opened its test labels first} */
  json_t *late;   /* {node: site}: made after that for that site, as the study was changed */
  sealed files;   /* as far as the present line */
} checker;

static void say(checker *c, char *line) {
  buffer_add(&c->report, "%s\n", line);
  free(line);
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
  if (evaluation && labels && !json_object_get(c->opened, site)) {
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
static void note_late(checker *c, const json_t *line, const json_t *before) {
  const char *node = text_of(line, "node"), *site = NULL;
  const long long first = opened_before(c, line, &site);
  if (!first) return;
  json_object_set_new(c->late, node, json_string(site));
  const json_t *weights = json_object_get(line, "weights");
  const bool same = weights && json_equal(weights, json_object_get(before, "weights"));
  say(c,
      text_format("LATE   line %lld: %s%s was %s after test labels of %s were opened in line %lld",
                  number_of(line), same ? "the operating point of " : "", node,
                  same ? "set" : "made", site, first));
}

static void note_taken(checker *c, const json_t *line) {
  if (!json_object_get(line, SEAL_FROM)) return;
  c->taken++;
  say(c, text_format("TAKEN  line %lld: %s was made in %s and copied as it was sealed there: that "
                     "seal says which labels were opened for it",
                     number_of(line), text_of(line, "node"), text_of(line, SEAL_FROM)));
}

/* What is made after test labels were opened must be what was there before, byte for byte, or be
 * new in a study that was changed. */
static void check_made(checker *c, const json_t *line) {
  const char *node = text_of(line, "node");
  const json_t *before = json_object_get(c->files.made, node);
  c->made++;
  note_taken(c, line);
  if (!c->evaluated) return;
  if (json_equal(json_object_get(line, "made"), json_object_get(before, "made"))) return;
  if (c->extended) {
    note_late(c, line, before);
  } else {
    fault(c, text_format("FAULT  line %lld: %s was made after test labels were opened",
                         number_of(line), node));
  }
}

/* What is there must have been recorded, so that no lines are missing at the end: nodes that the
 * results do not need, or that are there before the results are. */
static void check_other_nodes(const checker *c, bool finished, xs_texts *faults) {
  char *nodes = file_join(c->out, "nodes");
  xs_texts names;
  if (file_list_if_there(nodes, &names)) file_list_append(faults, text_copy(fail_message()));
  for (int i = 0; i < names.n; i++) {
    char *record = text_format("%s/%s/record.json", nodes, names.text[i]);
    const bool seen = finished && sealed_is_needed(&c->files, names.text[i]);
    if (!seen && file_exists(record)) sealed_check_node(&c->files, names.text[i], faults);
    free(record);
  }
  file_list_release(&names);
  free(nodes);
}

static bool is_there(const checker *c, const char *name) {
  char *path = file_join(c->out, name);
  const bool there = file_exists(path);
  free(path);
  return there;
}

static void check_finished(const checker *c, xs_texts *faults) {
  if (!c->evaluated) {
    file_list_append(
        faults, text_format("%s/results.json: is there, and no test label was opened", c->out));
  }
  sealed_check_results(&c->files, faults);
  if (is_there(c, "report.html")) sealed_check_report(&c->files, faults);
}

/* Of a search, whose trials have seals of their own. */
static void check_search(checker *c, xs_texts *faults) {
  sealed_check_results(&c->files, faults);
  if (is_there(c, "report.html")) sealed_check_report(&c->files, faults);
  say(c, text_format("this is a search: who opened labels in a trial is in the trial's seal, as in "
                     "%s/trial-1",
                     c->out));
}

static void check_files(checker *c) {
  xs_texts faults = {0};
  const bool finished = is_there(c, "results.json");
  if (finished) check_finished(c, &faults);
  if (is_there(c, "search.json")) check_search(c, &faults);
  check_other_nodes(c, finished, &faults);
  for (int i = 0; i < faults.n; i++) fault(c, text_format("FAULT  %s", faults.text[i]));
  file_list_release(&faults);
}

static void read_lines(checker *c, const json_t *lines) {
  size_t i;
  json_t *line;
  json_array_foreach(lines, i, line) {
    if (json_object_get(line, "opens")) check_opening(c, line);
    if (json_object_get(line, "made")) check_made(c, line);
    if (json_object_get(line, "extended")) c->extended = true;
    sealed_add(&c->files, line);
  }
}

static void check_lines(checker *c, const json_t *lines) {
  read_lines(c, lines);
  check_files(c);
  if (sealed_lacks(&c->files)) say(c, text_copy(sealed_lacks(&c->files)));
  say(c, text_format("%zu lines, chained by SHA-256: labels were opened %d times, %d of them test "
                     "labels, and %d nodes made",
                     json_array_size(lines), c->openings, c->evaluations, c->made - c->taken));
  if (c->taken) say(c, text_format("%d nodes were taken from other run folders", c->taken));
}

static checker open_checker(const char *out) {
  return (checker){
      .out = out, .opened = json_object(), .late = json_object(), .files = sealed_new(out)};
}

static void close_checker(checker *c) {
  buffer_free(&c->report);
  json_decref(c->opened);
  json_decref(c->late);
  sealed_close(&c->files);
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
    status = (xs_status)fail(XS_FAILED, "%s: the seal is broken: %d fault%s", out, c.faults,
                             c.faults > 1 ? "s" : "");
  }
  if (!status) conclude(&c);
  *report = buffer_take(&c.report);
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
