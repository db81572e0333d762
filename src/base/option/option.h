/* option.h: one table describes a set of options; the command line, YAML files, --set, --help, the
 * documentation and the record of a run are all made from it. */
#ifndef OPTION_H
#define OPTION_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "xsite/types.h"

typedef enum option_type {
  OPTION_INTEGER, /* int64_t */
  OPTION_REAL,    /* double */
  OPTION_BYTES,   /* int64_t: a number with K, M or G behind it, thousands of each other */
  OPTION_FLAG,    /* bool; on the command line --name alone means true */
  OPTION_TEXT,    /* char *, owned by the record; NULL when not given and without default */
  OPTION_CHOICE,  /* char *, one of choices */
  OPTION_TEXTS    /* xs_texts: a YAML list, or one scalar; repeated on the command line */
} option_type;

/* Takes away blanks at the ends of each. */
void option_texts_trim(xs_texts *t);

typedef struct option {
  const char *section; /* "adapter": a mapping of the YAML file; NULL: top level */
  const char *name;    /* words joined by _ ; on the command line by - */
  option_type type;
  size_t offset;        /* of the field in the record */
  const char *fallback; /* default as text; NULL: none (text NULL, number 0) */
  bool required;
  double low, high;    /* inclusive range of numbers; both 0: any */
  const char *choices; /* "paper|cycada-paper|off" */
  const char *value;   /* what the value is called in --help: "FILE", "N" */
  const char *help;    /* one sentence */
} option;

/* Two rows may share a field of one text without a default: the second is another name for it. */

/* Rows of fields that are called like their option.  base: where `record` is inside the record of
 * the table. */
#define OPTION_INTEGER_ROW(section, base, record, name, fallback, low, high, help)                 \
  {                                                                                                \
    section, #name, OPTION_INTEGER, (base) + offsetof(record, name), fallback, false, low, high,   \
        NULL, "N", help                                                                            \
  }
#define OPTION_REAL_ROW(section, base, record, name, fallback, low, high, help)                    \
  {                                                                                                \
    section, #name, OPTION_REAL, (base) + offsetof(record, name), fallback, false, low, high,      \
        NULL, "X", help                                                                            \
  }
#define OPTION_FLAG_ROW(section, base, record, name, help)                                         \
  {                                                                                                \
    section, #name, OPTION_FLAG, (base) + offsetof(record, name), "no", false, 0, 0, NULL, NULL,   \
        help                                                                                       \
  }
#define OPTION_CHOICE_ROW(section, base, record, name, fallback, choices, value, help)             \
  {                                                                                                \
    section, #name, OPTION_CHOICE, (base) + offsetof(record, name), fallback, false, 0, 0,         \
        choices, value, help                                                                       \
  }

/* Another kind of file that may be given by mistake: its keys are at the left margin. */
typedef struct option_mistake {
  const char *what;    /* "domain file" */
  const char *keys[2]; /* that every such file has; NULL: no more */
  const char *advice;  /* what to do */
} option_mistake;

typedef struct option_table {
  const char *what; /* "study file", "xsite train" */
  const option *row;
  int n;
  option_mistake mistake; /* of files; zeros: none is known */
  /* "choice.rule": what a bare value of its section sets, as in `choice: bold`; NULL: none */
  const char *short_form;
} option_table;

/* All return 0, or 2 (usage) with a message that names the option (and the nearest right name), the
 * value and what is allowed. */
/* Sets every field of the table, whatever was in it. */
void option_defaults(const option_table *t, void *record);
/* The same with texts that are lent, so that nothing is to be released; lists are empty. */
void option_defaults_lent(const option_table *t, void *record);
/* key: "name" or "section.name" (- and _ are the same); where: "--set", "FILE:LINE", ...  A list's
 * value is "a,b,c" and replaces the list. */
int option_set(const option_table *t, void *record, const char *key, const char *value,
               const char *where);
/* Reads a YAML file over the record's present values; errors say FILE:LINE.  Unknown keys, wrong
 * types, values out of range and missing required ones are errors. */
int option_load(const option_table *t, void *record, const char *path);
/* Parses --name value, --name=value, --flag, --no-flag; "--" ends options; other words go to rest
 * (in argv's order, lent); -h/--help sets *help; without it missing required
 * options are errors.  argv[0] is the first word to parse; rest has room
 * for argc words. */
int option_parse(const option_table *t, void *record, int argc, char **argv, const char **rest,
                 int *n_rest, bool *help);
int option_check(const option_table *t, const void *record,
                 const char *where);                            /* required, ranges, choices */
void option_release(const option_table *t, void *record);       /* frees texts */
json_t *option_json(const option_table *t, const void *record); /* sections become objects */
/* A JSON string; bytes of a file's name that are not UTF-8, as JSON must be, are written as \xE9.
 */
json_t *option_text_json(const char *text);
json_t *option_texts_json(char *const *text, int64_t n);     /* an array of those */
char *option_help(const option_table *t, bool command_line); /* one aligned line each; allocated */

#endif
