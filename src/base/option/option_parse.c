/* The command line read by an option table, and its --help. */
#include "error.h"
#include "memory.h"
#include "option.h"
#include "option_row.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct cursor {
  const option_table *t;
  void *record;
  bool *given; /* [t->n]: a list loses its default when first given */
  int argc, at;
  char **argv;
} cursor;

static const char *value_name(const option *row) {
  static const char *const usual[] = {
      [OPTION_INTEGER] = "N",       [OPTION_BYTES] = "BYTES", [OPTION_REAL] = "X",
      [OPTION_FLAG] = "true|false", [OPTION_TEXT] = "TEXT",   [OPTION_CHOICE] = "WORD",
      [OPTION_TEXTS] = "TEXT"};
  return row->value ? row->value : usual[row->type];
}

/* ---- parsing ---- */

/* "--section.the-name": how an option is typed. */
static char *typed(const option *row) {
  char *key = option_row_key(row);
  char *text = text_format("--%s", key);
  free(key);
  for (char *p = text; *p; p++) {
    if (*p == '_') *p = '-';
  }
  return text;
}

static int refuse_name(const option_table *t, const char *word) {
  char **names = memory_new(sizeof *names * (size_t)(t->n ? t->n : 1));
  for (int i = 0; i < t->n; i++) names[i] = typed(&t->row[i]);
  const char *near = text_nearest(word, (const char *const *)names, t->n);
  int status = fail(2, "%s is no option of %s; %s%s%s", word, t->what,
                    near ? "did you mean " : "see --help", near ? near : "", near ? "?" : "");
  for (int i = 0; i < t->n; i++) free(names[i]);
  free(names);
  return status;
}

static int give(cursor *c, const option *row, const char *value) {
  bool *given = &c->given[row - c->t->row];
  int status = 0;
  if (row->type == OPTION_TEXTS) {
    if (!*given) option_row_clear(row, c->record);
    option_row_append(row, c->record, value);
  } else {
    char *label = typed(row);
    status = option_row_set(row, c->record, value, label);
    free(label);
  }
  *given = true;
  return status;
}

/* word is --name of a row; its value is the next word, unless it is a flag. */
static int give_next(cursor *c, const option *row, const char *word) {
  if (row->type == OPTION_FLAG) return give(c, row, "true");
  if (c->at >= c->argc) {
    return fail(2, "%s needs a value: %s %s", word, word, value_name(row));
  }
  return give(c, row, c->argv[c->at++]);
}

static int parse_option(cursor *c, const char *word) {
  size_t length = strcspn(word, "=");
  const char *value = word[length] ? word + length + 1 : NULL;
  char *name = text_format("%.*s", (int)(length - 2), word + 2);
  const option *row = option_find_key(c->t, name);
  const option *negated = strncmp(name, "no-", 3) == 0 ? option_find_key(c->t, name + 3) : NULL;
  int status;
  if (row) {
    status = value ? give(c, row, value) : give_next(c, row, word);
  } else if (negated && negated->type == OPTION_FLAG && !value) {
    status = give(c, negated, "false");
  } else {
    char *bare = text_format("--%s", name);
    status = refuse_name(c->t, bare);
    free(bare);
  }
  free(name);
  return status;
}

static int check_required(const option_table *t, const void *record) {
  for (int i = 0; i < t->n; i++) {
    const option *row = &t->row[i];
    if (!row->required || !option_row_missing(row, record)) continue;
    char *name = typed(row);
    int status = fail(2, "%s needs %s %s: %s", t->what, name, value_name(row), row->help);
    free(name);
    return status;
  }
  return 0;
}

static bool is_help(const char *word) {
  return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

int option_parse(const option_table *t, void *record, int argc, char **argv, const char **rest,
                 int *n_rest, bool *help) {
  cursor c = {.t = t, .record = record, .argc = argc, .argv = argv};
  int status = 0;
  bool ended = false;
  c.given = memory_new(sizeof *c.given * (size_t)t->n);
  *n_rest = 0;
  *help = false;
  while (status == 0 && c.at < argc) {
    const char *word = argv[c.at++];
    if (ended || word[0] != '-' || word[1] == 0) {
      rest[(*n_rest)++] = word;
    } else if (strcmp(word, "--") == 0) {
      ended = true;
    } else if (is_help(word)) {
      *help = true;
    } else if (word[1] != '-') {
      status = fail(2, "%s is no option of %s; options start with --", word, t->what);
    } else {
      status = parse_option(&c, word);
    }
  }
  free(c.given);
  if (status == 0 && !*help) status = check_required(t, record);
  return status;
}

/* ---- help ---- */

static char *left_column(const option *row, bool command_line) {
  if (!command_line) {
    return text_format("%s%s: %s", row->section ? "  " : "", row->name, value_name(row));
  }
  char *name = typed(row);
  char *text =
      row->type == OPTION_FLAG ? text_copy(name) : text_format("%s %s", name, value_name(row));
  free(name);
  return text;
}

static void write_row(FILE *f, const option *row, bool command_line, int width) {
  char *left = left_column(row, command_line), *allowed = option_row_allowed(row);
  bool number = row->low != 0 || row->high != 0;
  bool told = row->fallback && !(command_line && row->type == OPTION_FLAG);
  fprintf(f, "%s%-*s  %s", command_line ? "  " : "", width, left, row->help);
  if (row->type == OPTION_CHOICE || number) fprintf(f, " (%s)", allowed);
  if (told) fprintf(f, " [%s]", row->fallback);
  if (row->required) fprintf(f, " [required]");
  fputc('\n', f);
  free(allowed);
  free(left);
}

static int widest(const option_table *t, bool command_line) {
  int width = 0;
  for (int i = 0; i < t->n; i++) {
    char *left = left_column(&t->row[i], command_line);
    int length = (int)strlen(left);
    if (length > width) width = length;
    free(left);
  }
  return width;
}

char *option_help(const option_table *t, bool command_line) {
  char *text;
  size_t size;
  const char *section = NULL;
  FILE *f = text_open(&text, &size);
  int width = widest(t, command_line);
  for (int i = 0; i < t->n; i++) {
    const option *row = &t->row[i];
    bool entered = row->section && (!section || strcmp(section, row->section) != 0);
    if (entered && !command_line) fprintf(f, "%s:\n", row->section);
    section = row->section;
    write_row(f, row, command_line, width);
  }
  text_close(f);
  return text;
}
