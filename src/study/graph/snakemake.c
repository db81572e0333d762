/* snakemake.c: the study's graph as a Snakefile (Koster and Rahmann 2012;
 * snakemake.readthedocs.io). */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "error.h"
#include "memory.h"
#include "nodes.h"
#include "text.h"
#include "unicode.h"

typedef struct writer {
  buffer text;
  const study_nodes *nodes;
  const char *out;
} writer;

/* A Python text; braces are doubled where Snakemake would fill them in: in commands. */
static char *quoted(const char *text) {
  char *q = memory_new(4 * strlen(text) + 3), *to = q;
  *to++ = '"';
  for (const char *p = text; *p; p++) {
    if (iscntrl((unsigned char)*p)) {
      to += sprintf(to, "\\x%02x", (unsigned char)*p);
      continue;
    }
    if (*p == '"' || *p == '\\') *to++ = '\\';
    if (*p == '{' || *p == '}') *to++ = *p;
    *to++ = *p;
  }
  *to++ = '"';
  return q;
}

/* One word of a shell's command; ~ and = would be a home and a variable where a word begins so. */
static char *shell_word(const char *text) {
  size_t plain =
      strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._/-+");
  if (*text && !text[plain]) return text_copy(text);
  char *q = memory_new(4 * strlen(text) + 3), *to = q;
  *to++ = '\'';
  for (const char *p = text; *p; p++) {
    if (*p == '\'') {
      memcpy(to, "'\\''", 4);
      to += 4;
    } else {
      *to++ = *p;
    }
  }
  *to++ = '\'';
  return q;
}

static char *record_of(const writer *w, int node) {
  const study_node *n = &w->nodes->node[node];
  char *path = n->kind == NODE_RESULTS ? text_format("%s/results.json", w->out)
                                       : text_format("%s/nodes/%s/record.json", w->out, n->name);
  char *text = quoted(path);
  free(path);
  return text;
}

/* Letters, digits and _ only; the number keeps names apart. */
static char *rule_name(const study_node *n, int number) {
  char *name = text_format("n%d_%s", number, n->name);
  for (char *p = name; *p; p++) {
    if (!isalnum((unsigned char)*p)) *p = '_';
  }
  return name;
}

static void add_rule(writer *w, int node, const char *command, int threads) {
  const study_node *n = &w->nodes->node[node];
  char *name = rule_name(n, node), *made = record_of(w, node), *word = shell_word(n->name);
  const char *end = n->kind == NODE_RESULTS ? " || test $? -eq 3" : ""; /* XS_HARM: all is made */
  char *line = text_format("%s %s%s", command, word, end), *shell = quoted(line);
  buffer_add(&w->text, "\nrule %s:\n  output: %s\n", name, made);
  for (int i = 0; i < n->n_needs; i++) {
    char *needed = record_of(w, n->needs[i]);
    buffer_add(&w->text, "%s%s", i ? ", " : "  input: ", needed);
    free(needed);
  }
  if (n->n_needs) buffer_text(&w->text, "\n");
  buffer_add(&w->text, "  threads: %d\n  shell: %s\n", threads, shell);
  free(shell);
  free(line);
  free(word);
  free(made);
  free(name);
}

static char *shell_line(int words, const char *const *command) {
  buffer line = {0};
  for (int i = 0; i < words; i++) {
    char *word = shell_word(command[i]);
    buffer_add(&line, "%s%s", i ? " " : "", word);
    free(word);
  }
  return buffer_take(&line);
}

/* In a file's name Snakemake takes braces for a wildcard, and nothing can say otherwise. */
static xs_status check_names(const char *out, const study_nodes *l) {
  const char *bad = strpbrk(out, "{}") ? out : NULL;
  for (int i = 0; i < l->n && !bad; i++) {
    if (strpbrk(l->node[i].name, "{}")) bad = l->node[i].name;
  }
  if (!bad) return XS_OK;
  return (xs_status)fail(XS_USAGE,
                         "'%s': Snakemake takes { and } in a file's name for a wildcard: give %s "
                         "without them",
                         bad, bad == out ? "an --out" : "the sites names");
}

static char *snakefile(const study_nodes *l, const char *out, const char *command, int threads) {
  writer w = {.nodes = l, .out = out};
  char *last = record_of(&w, l->n - 1);
  buffer_add(&w.text, "# snakemake --cores N --snakefile THIS-FILE\nrule all:\n  input: %s\n",
             last);
  for (int i = 0; i < l->n; i++) add_rule(&w, i, command, threads);
  free(last);
  return buffer_take(&w.text);
}

xs_status xs_study_export(const xs_study *s, const xs_run_options *o, int words,
                          const char *const *command, char **text) {
  study_nodes nodes;
  char *out = study_out(s, o), *line = shell_line(words, command);
  nodes_list(s, &nodes);
  xs_status status = check_names(out, &nodes);
  if (!status) status = (xs_status)unicode_check("a Snakefile's command", line);
  *text = status ? NULL : snakefile(&nodes, out, line, o->threads ? (int)o->threads : tg_threads());
  free(line);
  free(out);
  nodes_free(&nodes);
  return status;
}
