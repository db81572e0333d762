/* manual.c: writes the manual's pages and the completion for bash of what --help knows: the verbs
 * (cli/verbs.def) and their options (xsite/options.h).  Part of the build, see manual.cmake.
 *
 * usage: xsite-manual PAGES-FOLDER COMPLETION-START COMPLETION-FILE
 *
 * xsite.1 and, for each verb, xsite-VERB.1; the completion is the file COMPLETION-START
 * (completion.bash) and tables behind it.  The folders are there. */
#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "words.h"

static const cli_verb *const verbs[] = {
#define VERB(name) &verb_##name,
#include "verbs.def"
#undef VERB
};
enum { VERBS = sizeof verbs / sizeof *verbs };

/* ---- files ---- */

static _Noreturn void end(const char *path) {
  perror(path);
  exit(XS_FAILED);
}

static FILE *open_file(const char *path, const char *mode) {
  FILE *f = fopen(path, mode);
  if (!f) end(path);
  return f;
}

static void close_new(FILE *f, const char *path) {
  const bool failed = ferror(f);
  if (fclose(f) != 0 || failed) end(path);
}

static void copy(FILE *to, const char *path) {
  FILE *from = open_file(path, "r");
  for (int c; (c = fgetc(from)) != EOF;) fputc(c, to);
  if (ferror(from)) end(path);
  fclose(from);
}

/* ---- a page ---- */

/* Words as roff has them: a hyphen that can be typed, no escape, no line that looks like a request.
 */
static void put(FILE *f, const char *text, size_t n) {
  for (size_t i = 0; i < n; i++) {
    const bool starts = i == 0 || text[i - 1] == '\n';
    if (starts && (text[i] == '.' || text[i] == '\'')) fputs("\\&", f);
    if (text[i] == '\\') {
      fputs("\\e", f);
    } else {
      if (text[i] == '-') fputc('\\', f);
      fputc(text[i], f);
    }
  }
}

static void put_text(FILE *f, const char *text) { put(f, text, strlen(text)); }

/* "xsite-study-run"; free it. */
static char *page_of(const cli_verb *v) {
  char *name = words_format("xsite-%s", v->name);
  for (char *p = name; *p; p++) {
    if (*p == ' ') *p = '-';
  }
  return name;
}

static void put_title(FILE *f, const char *page, const char *summary) {
  fputs(".TH ", f);
  for (const char *p = page; *p; p++) {
    const char upper = (char)toupper((unsigned char)*p);
    put(f, &upper, 1);
  }
  fprintf(f, " 1 \"\" \"xsite %s\" \"xsite's manual\"\n.SH NAME\n", xs_version());
  put_text(f, page);
  fputs(" \\- ", f);
  const size_t n = strlen(summary);
  put(f, summary, n - (summary[n - 1] == '.'));
  fputs("\n.SH SYNOPSIS\n", f);
}

static void put_statuses(FILE *f) {
  fputs(".SH EXIT STATUS\n", f);
  put_text(f, words_statuses);
  fputs(".\n", f);
}

static void put_option(FILE *f, const char *option, size_t n, const char *text, size_t n_text) {
  fputs(".TP\n.B ", f);
  put(f, option, n);
  fputc('\n', f);
  put(f, text, n_text);
  fputc('\n', f);
}

/* A line of xs_options_help, "  --name VALUE   what it does": the option's length and where the
 * words behind it begin. */
static size_t split_line(const char *option, const char **text) {
  const size_t n = (size_t)(strstr(option, "  ") - option);
  *text = option + n + strspn(option + n, " ");
  return n;
}

static void put_options(FILE *f, const cli_verb *v) {
  char *help = xs_options_help(v->name);
  fputs(".SH OPTIONS\n", f);
  for (const char *line = help; *line;) {
    const char *option = line + strspn(line, " "), *text;
    const size_t n = split_line(option, &text);
    const char *end = strchr(text, '\n');
    put_option(f, option, n, text, (size_t)(end - text));
    line = end + 1;
  }
  put_option(f, "--isolate", 9, words_isolation, strlen(words_isolation));
  put_option(f, "--help", 6, "list these options", 18);
  free(help);
}

static void write_verb(const char *folder, const cli_verb *v) {
  char *page = page_of(v), *path = words_format("%s/%s.1", folder, page);
  FILE *f = open_file(path, "w");
  put_title(f, page, v->summary);
  fprintf(f, ".B xsite %s\n[OPTION...]", v->name);
  if (*v->words) fputc(' ', f), put_text(f, v->words);
  fputs("\n.SH DESCRIPTION\n", f);
  put_text(f, v->summary);
  fputc('\n', f);
  put_options(f, v);
  put_statuses(f);
  fputs(".SH SEE ALSO\n.BR xsite (1)\n", f);
  close_new(f, path);
  free(path);
  free(page);
}

static void write_program(const char *folder) {
  char *path = words_format("%s/xsite.1", folder);
  FILE *f = open_file(path, "w");
  put_title(f, "xsite", "classifiers of images at sites that they have never seen");
  fputs(".B xsite\nVERB [OPTION...]\n.br\n.B xsite\n\\-\\-version | \\-\\-help | help VERB\n", f);
  fputs(".SH DESCRIPTION\n", f);
  put_text(f, words_purpose);
  fputs("\n.SH VERBS\n", f);
  for (int i = 0; i < VERBS; i++) {
    char *page = page_of(verbs[i]);
    fputs(".TP\n.BR ", f);
    put_text(f, page);
    fputs(" (1)\n", f);
    put_text(f, verbs[i]->summary);
    fputc('\n', f);
    free(page);
  }
  fputs(".SH OPTIONS\nWith every verb:\n", f);
  put_option(f, "--isolate", 9, words_isolation, strlen(words_isolation));
  put_statuses(f);
  close_new(f, path);
  free(path);
}

/* ---- completion ---- */

/* "--method=coral dann shot", "--data FILE" or "--resume", for completion.bash. */
static void put_row(FILE *f, const char *option, size_t n, const json_t *choices) {
  const size_t name = strcspn(option, " ") < n ? strcspn(option, " ") : n;
  if (!choices) {
    fprintf(f, "%.*s\n", (int)n, option);
    return;
  }
  fprintf(f, "%.*s=", (int)name, option);
  for (size_t i = 0; i < json_array_size(choices); i++) {
    fprintf(f, "%s%s", i ? " " : "", json_string_value(json_array_get(choices, i)));
  }
  fputc('\n', f);
}

/* The verb's words, then its options; both lists of a verb have the table's order. */
static void put_rows(FILE *f, const cli_verb *v) {
  char *help = xs_options_help(v->name), *json = xs_options_json(v->name);
  json_t *all = json_loads(json, 0, NULL);
  const char *line = help;
  fprintf(f, "  '%s') echo '%s\n", v->name, v->words);
  for (size_t i = 0; i < json_array_size(all); i++) {
    const char *option = line + strspn(line, " "), *text;
    put_row(f, option, split_line(option, &text),
            json_object_get(json_array_get(all, i), "choices"));
    line = strchr(text, '\n') + 1;
  }
  fputs("--isolate\n--help' ;;\n", f);
  json_decref(all);
  free(json);
  free(help);
}

static void write_completion(const char *start, const char *path) {
  FILE *f = open_file(path, "w");
  copy(f, start);
  fputs("\n_xsite_verbs='", f);
  for (int i = 0; i < VERBS; i++) fprintf(f, "%s%s", i ? "\n" : "", verbs[i]->name);
  fputs("'\n\n_xsite_rows() {\n  case $1 in\n", f);
  for (int i = 0; i < VERBS; i++) put_rows(f, verbs[i]);
  fputs("  esac\n}\n", f);
  close_new(f, path);
}

int main(int argc, char **argv) {
  if (argc != 4) {
    fputs("usage: xsite-manual PAGES-FOLDER COMPLETION-START COMPLETION-FILE\n", stderr);
    return XS_USAGE;
  }
  write_program(argv[1]);
  for (int i = 0; i < VERBS; i++) write_verb(argv[1], verbs[i]);
  write_completion(argv[2], argv[3]);
  return XS_OK;
}
