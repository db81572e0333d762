/* A study file beside the examples, whose sites it may name, and what is to do for it.  Its lines
 * that begin with #set, comments in YAML, are words of --set. */
#include <string.h>

#include "fuzz.h"
#include "memory.h"
#include "nodes.h"

enum { MOST_WORDS = 8 };

static int find_words(char *text, const char **word) {
  int n = 0;
  for (char *line = text; line && n < MOST_WORDS;) {
    char *end = strchr(line, '\n');
    if (end) *end = 0;
    if (strncmp(line, "#set ", 5) == 0) word[n++] = line + 5;
    line = end ? end + 1 : NULL;
  }
  return n;
}

/* Every node comes after all that it needs, under a name of its own. */
static void check_nodes(const xs_study *s) {
  study_nodes l;
  nodes_list(s, &l);
  for (int i = 0; i < l.n; i++) {
    FUZZ_REQUIRE(nodes_find(&l, l.node[i].name) == i);
    for (int k = 0; k < l.node[i].n_needs; k++) FUZZ_REQUIRE(l.node[i].needs[k] < i);
  }
  for (int i = 0; i < s->n_pairs; i++) {
    int n;
    study_candidate *c = nodes_candidates(s, &l, i, &n);
    for (int k = 0; k < n; k++) FUZZ_REQUIRE(c[k].node >= 0 && c[k].node < l.n);
    nodes_candidates_free(c, n);
  }
  nodes_free(&l);
}

static void use(const xs_study *s) {
  const xs_run_options o = {.out = "/nonexistent/run", .quick = true};
  const char *const command[] = {"xsite"};
  char *text = NULL;
  check_nodes(s);
  if (xs_study_plan(s, &o, &text)) fuzz_outcome(fail_message());
  free(text);
  text = NULL;
  if (xs_study_export(s, &o, 1, command, &text)) fuzz_outcome(fail_message());
  free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const char *word[MOST_WORDS];
  xs_study *s = NULL;
  char *text = memory_new(size + 1);
  memcpy(text, data, size);
  if (xs_study_open(fuzz_named("study", data, size), find_words(text, word), word, &s)) {
    fuzz_outcome(fail_message());
  } else {
    use(s);
  }
  xs_study_close(s);
  free(text);
  return 0;
}
