/* YAML files read by an option table.
 *
 * The events of libyaml are enough: a file is a mapping of values and of one level of mappings.
 * libcyaml (1.3.1) would read `flase` as true, `12x` as 12 and `010` as 8, says the line before the
 * wrong key, and cannot take "a list or one value", so nothing of it would be left to use. */
#include "error.h"
#include "file.h"
#include "memory.h"
#include "option.h"
#include "option_row.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

enum { LARGEST_FILE = 1 << 20 };

typedef struct reader {
  const option_table *t;
  void *record;
  const char *path;
  const char *section; /* where the reading is; NULL at the top */
  const char *data;    /* the file's text */
  size_t *seen;        /* [t->n] line where a row was set, or 0 */
  yaml_parser_t parser;
  yaml_event_t event; /* the present one */
} reader;

static size_t line_of(const reader *r) { return r->event.start_mark.line + 1; }

static const char *scalar_of(const reader *r) { return (const char *)r->event.data.scalar.value; }

/* ---- events ---- */

/* Such an error has an offset alone. */
static int refuse_encoding(const reader *r) {
  size_t line = 1;
  for (size_t i = 0; i < r->parser.problem_offset; i++) line += r->data[i] == '\n';
  return fail(2, "%s:%zu: not UTF-8 text: %s; save the file as UTF-8", r->path, line,
              r->parser.problem);
}

static int refuse_yaml(const reader *r) {
  const yaml_parser_t *p = &r->parser;
  if (p->error == YAML_READER_ERROR) return refuse_encoding(r);
  bool tab = p->problem && strstr(p->problem, "cannot start any token");
  return fail(2, "%s:%zu: not valid YAML: %s%s%s%s", r->path, p->problem_mark.line + 1,
              p->context ? p->context : "", p->context ? ", " : "",
              p->problem ? p->problem : "unreadable",
              tab ? " (indent with spaces, not tabs; put special characters in quotes)" : "");
}

/* Features that make the same text mean different things to different readers. */
static int refuse_extras(const reader *r) {
  const yaml_event_t *e = &r->event;
  const char *what = NULL;
  if (e->type == YAML_ALIAS_EVENT) what = "an alias (*name)";
  if (e->type == YAML_SCALAR_EVENT && e->data.scalar.tag) what = "a tag (!name)";
  if (e->type == YAML_SCALAR_EVENT && e->data.scalar.anchor) what = "an anchor (&name)";
  if (e->type == YAML_SEQUENCE_START_EVENT && e->data.sequence_start.anchor) what = "an anchor";
  if (e->type == YAML_MAPPING_START_EVENT && e->data.mapping_start.anchor) what = "an anchor";
  if (!what) return 0;
  return fail(2, "%s:%zu: %s is not used here; write the value itself", r->path, line_of(r), what);
}

static int next(reader *r) {
  yaml_event_delete(&r->event);
  if (!yaml_parser_parse(&r->parser, &r->event)) return refuse_yaml(r);
  return refuse_extras(r);
}

/* ---- values ---- */

static char *label_of(const reader *r, const option *row) {
  char *key = option_row_key(row);
  char *label = text_format("%s:%zu: %s", r->path, line_of(r), key);
  free(key);
  return label;
}

/* A value that is there and, being C text, has no 0 byte. */
static int check_scalar(const reader *r, const char *label) {
  const char *s = scalar_of(r);
  size_t length = r->event.data.scalar.length;
  bool plain = r->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
  if (strlen(s) != length) return fail(2, "%s: has a 0 byte in its value", label);
  if (plain && (length == 0 || strcmp(s, "~") == 0 || strcmp(s, "null") == 0)) {
    return fail(2, "%s: has no value; give one, or leave the line out for the default", label);
  }
  return 0;
}

static int load_list(reader *r, const option *row) {
  option_row_clear(row, r->record);
  int status = next(r);
  while (status == 0 && r->event.type != YAML_SEQUENCE_END_EVENT) {
    char *label = label_of(r, row);
    if (r->event.type != YAML_SCALAR_EVENT) {
      status = fail(2, "%s: the list's entries must be single values", label);
    } else {
      status = check_scalar(r, label);
    }
    if (status == 0) option_row_append(row, r->record, scalar_of(r));
    free(label);
    if (status == 0) status = next(r);
  }
  return status;
}

static int load_scalar(reader *r, const option *row, const char *label) {
  int status = check_scalar(r, label);
  if (status != 0) return status;
  if (row->type != OPTION_TEXTS) return option_row_set(row, r->record, scalar_of(r), label);
  option_row_clear(row, r->record);
  option_row_append(row, r->record, scalar_of(r));
  return 0;
}

static int load_value(reader *r, const option *row) {
  if (r->event.type == YAML_SEQUENCE_START_EVENT && row->type == OPTION_TEXTS) {
    return load_list(r, row);
  }
  char *label = label_of(r, row), *allowed = option_row_allowed(row);
  int status;
  if (r->event.type == YAML_SCALAR_EVENT) {
    status = load_scalar(r, row, label);
  } else {
    const char *got = r->event.type == YAML_SEQUENCE_START_EVENT ? "list" : "mapping";
    status = fail(2, "%s: is a %s; it must be %s", label, got, allowed);
  }
  free(allowed);
  free(label);
  return status;
}

/* ---- keys ---- */

static bool is_section(const option_table *t, const char *name) {
  for (int i = 0; i < t->n; i++) {
    if (t->row[i].section && option_same(t->row[i].section, name)) return true;
  }
  return false;
}

/* Names that may stand where the reading is: rows of the section; at the top sections too. */
static int list_names(const reader *r, const char **names) {
  int n = 0;
  for (int i = 0; i < r->t->n; i++) {
    const option *row = &r->t->row[i];
    bool here = r->section ? row->section && option_same(row->section, r->section) : true;
    if (here) names[n++] = !r->section && row->section ? row->section : row->name;
  }
  return n;
}

static int refuse_key(const reader *r, const char *key) {
  const char **names = memory_new(sizeof *names * (size_t)r->t->n);
  const char *near = text_nearest(key, names, list_names(r, names));
  char *place = r->section ? text_format("section %s of the ", r->section) : text_copy("");
  char *hint = near ? text_format("; did you mean %s?", near) : text_copy("");
  for (int i = 0; i < r->t->n && !near; i++) {
    const option *row = &r->t->row[i];
    if (!option_same(row->name, key)) continue;
    free(hint);
    hint = row->section ? text_format("; it belongs under %s:", row->section)
                        : text_copy("; it belongs at the left margin, in no section");
    break;
  }
  int status = fail(2, "%s:%zu: '%.80s' is no option of the %s%s%s", r->path, line_of(r), key,
                    place, r->t->what, hint);
  free(hint);
  free(place);
  free(names);
  return status;
}

static int claim_row(reader *r, const option *row) {
  size_t *seen = &r->seen[row - r->t->row];
  if (*seen) {
    return fail(2, "%s:%zu: '%s' is given twice; the first is on line %zu", r->path, line_of(r),
                row->name, *seen);
  }
  *seen = line_of(r);
  return 0;
}

static int load_mapping(reader *r);

/* The present event begins the section. */
static int load_options(reader *r, const char *name) {
  r->section = name;
  int status = load_mapping(r);
  r->section = NULL;
  return status;
}

static int load_section(reader *r, const char *name) {
  const option *row = option_find_short(r->t, name);
  int status = next(r);
  if (status != 0) return status;
  if (row && r->event.type == YAML_SCALAR_EVENT) {
    status = claim_row(r, row);
    return status ? status : load_value(r, row);
  }
  if (r->event.type != YAML_MAPPING_START_EVENT) {
    return fail(2, "%s:%zu: %s is a section; its options follow on lines of their own, indented",
                r->path, line_of(r), name);
  }
  return load_options(r, name);
}

/* The present event is a key. */
static int load_entry(reader *r) {
  if (r->event.type != YAML_SCALAR_EVENT) {
    return fail(2, "%s:%zu: a name followed by a colon is needed here", r->path, line_of(r));
  }
  const option *row = option_find(r->t, r->section, scalar_of(r));
  if (row) {
    int status = claim_row(r, row);
    if (status == 0) status = next(r);
    if (status == 0 && r->event.type == YAML_MAPPING_START_EVENT && !row->section &&
        is_section(r->t, row->name)) {
      return load_options(r, row->name);
    }
    return status == 0 ? load_value(r, row) : status;
  }
  if (r->section || !is_section(r->t, scalar_of(r))) return refuse_key(r, scalar_of(r));
  char *name = text_copy(scalar_of(r));
  int status = load_section(r, name);
  free(name);
  return status;
}

static int load_mapping(reader *r) {
  int status = next(r);
  while (status == 0 && r->event.type != YAML_MAPPING_END_EVENT) {
    status = load_entry(r);
    if (status == 0) status = next(r);
  }
  return status;
}

/* ---- the file ---- */

static int expect(reader *r, yaml_event_type_t type, const char *problem) {
  int status = next(r);
  if (status != 0 || r->event.type == type) return status;
  return fail(2, "%s:%zu: %s", r->path, line_of(r), problem);
}

static int load_document(reader *r) {
  int status = expect(r, YAML_STREAM_START_EVENT, "not YAML");
  if (status == 0) status = expect(r, YAML_DOCUMENT_START_EVENT, "holds no options: it is empty");
  if (status == 0) status = expect(r, YAML_MAPPING_START_EVENT, "lines `name: value` are needed");
  if (status == 0) status = load_mapping(r);
  if (status == 0) status = expect(r, YAML_DOCUMENT_END_EVENT, "not YAML");
  if (status == 0) {
    status = expect(r, YAML_STREAM_END_EVENT, "a second document (---) is one too many");
  }
  return status;
}

static int check_text(const option_table *t, const char *path, const char *data, size_t size) {
  if (size > LARGEST_FILE) {
    return fail(2, "%s: has %zu bytes; a %s has at most %d", path, size, t->what, LARGEST_FILE);
  }
  if (memchr(data, 0, size)) {
    return fail(2, "%s: is not a text file; a %s is YAML in UTF-8", path, t->what);
  }
  return 0;
}

/* Whether a line begins with the key. */
static bool has_key(const char *data, const char *key) {
  const size_t n = strlen(key);
  for (const char *line = data; line; line = strchr(line, '\n')) {
    line += *line == '\n';
    if (strncmp(line, key, n) == 0 && line[n] == ':') return true;
  }
  return false;
}

/* A file of another kind, rather than one of the right kind with a wrong key. */
static int check_kind(const option_table *t, const char *path, const char *data) {
  const option_mistake *m = &t->mistake;
  if (!m->what) return 0;
  for (int i = 0; i < 2 && m->keys[i]; i++) {
    if (!has_key(data, m->keys[i])) return 0;
  }
  return fail(2, "%s: is a %s, but a %s is needed here; %s", path, m->what, t->what, m->advice);
}

int option_load(const option_table *t, void *record, const char *path) {
  char *data = NULL;
  size_t size = 0;
  reader r = {.t = t, .record = record, .path = path};
  if (file_read(path, &data, &size) != 0) return 2;
  int status = check_text(t, path, data, size);
  if (status == 0) status = check_kind(t, path, data);
  if (status != 0) goto out;
  if (!yaml_parser_initialize(&r.parser)) {
    status = fail(1, "%s: out of memory", path);
    goto out;
  }
  r.data = data;
  yaml_parser_set_input_string(&r.parser, (const unsigned char *)data, size);
  r.seen = memory_new(sizeof *r.seen * (size_t)t->n);
  status = load_document(&r);
  if (status == 0) status = option_check(t, record, path);
  yaml_event_delete(&r.event);
  yaml_parser_delete(&r.parser);
out:
  free(r.seen);
  free(data);
  return status;
}
