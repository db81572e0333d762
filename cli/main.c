#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cli.h"
#include "words.h"

static const cli_verb *const verbs[] = {
#define VERB(name) &verb_##name,
#include "verbs.def"
#undef VERB
};
enum { VERBS = sizeof verbs / sizeof *verbs };

/* ---- help ---- */

/* The verbs whose names start with prefix, one a line. */
static void list_verbs(FILE *f, const char *prefix) {
  for (int i = 0; i < VERBS; i++) {
    if (strncmp(verbs[i]->name, prefix, strlen(prefix)) != 0) continue;
    char *use = words_format("%s %s", verbs[i]->name, verbs[i]->words);
    fprintf(f, "  %-28s  %s\n", use, verbs[i]->summary);
    free(use);
  }
}

static void print_help(FILE *f) {
  fprintf(f, "xsite %s\n%s\n\nusage: xsite VERB [OPTION...]\n\n", xs_version(), words_purpose);
  list_verbs(f, "");
  fprintf(f,
          "\n`xsite VERB --help` lists a verb's options.  Exit status: %s.\n"
          "With every verb, --isolate: %s.\n",
          words_statuses, words_isolation);
}

static int print_verb_help(const cli_verb *v) {
  char *options = xs_options_help(v->name);
  printf("usage: xsite %s%s%s%s\n\n%s\n", v->name, *options ? " [OPTION...]" : "",
         *v->words ? " " : "", v->words, v->summary);
  if (*options) printf("\n%s", options);
  free(options);
  return XS_OK;
}

/* ---- finding a verb ---- */

/* How many of the words the name consists of, if they begin with it; else 0. */
static int match(const char *name, int n, char **words) {
  int used = 0;
  while (used < n) {
    size_t length = strcspn(name, " ");
    if (strlen(words[used]) != length || strncmp(name, words[used], length) != 0) return 0;
    used++;
    if (name[length] == 0) return used;
    name += length + 1;
  }
  return 0;
}

static const cli_verb *find_verb(int n, char **words, int *used) {
  for (int i = 0; i < VERBS; i++) {
    *used = match(verbs[i]->name, n, words);
    if (*used > 0) return verbs[i];
  }
  return NULL;
}

/* "study ": whether verbs of two words begin so. */
static bool is_group(const char *prefix) {
  for (int i = 0; i < VERBS; i++) {
    if (strncmp(verbs[i]->name, prefix, strlen(prefix)) == 0) return true;
  }
  return false;
}

/* The first n words, joined. */
static char *join(int n, char **words) {
  char *name = words_format("%s", words[0]);
  for (int i = 1; i < n; i++) {
    char *longer = words_format("%s %s", name, words[i]);
    free(name);
    name = longer;
  }
  return name;
}

/* The verb that the first words were probably meant to be, or NULL; *typed: those words. */
static const char *guess_verb(int n, char **words, char **typed) {
  static const int counts[] = {2, 3, 1};
  const char *names[VERBS], *near = NULL;
  *typed = NULL;
  for (int i = 0; i < VERBS; i++) names[i] = verbs[i]->name;
  for (int i = 0; i < 3 && !near; i++) {
    if (counts[i] > n) continue;
    free(*typed);
    *typed = join(counts[i], words);
    near = xs_nearest_word(*typed, names, VERBS);
  }
  return near;
}

static bool is_help(const char *word) {
  return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

/* How many words stand before --help; 0: there is none. */
static int words_before_help(int n, char **words) {
  for (int i = 1; i < n; i++) {
    if (is_help(words[i])) return i;
  }
  return 0;
}

/* The first words begin verbs of several words: they are listed. */
static int refuse_group(const char *group, bool asked) {
  list_verbs(asked ? stdout : stderr, group);
  if (asked) return XS_OK;
  return words_fail(XS_USAGE, "the verbs that begin with '%.*s' are above", (int)strlen(group) - 1,
                    group);
}

static int refuse_verb(int n, char **words) {
  const int asked = words_before_help(n, words);
  char *first = join(asked ? asked : 1, words), *typed, *group = words_format("%s ", first);
  const char *near = guess_verb(n, words, &typed);
  int status = XS_USAGE;
  if (is_group(group) && (asked || !near)) {
    status = refuse_group(group, asked);
  } else if (near) {
    words_fail(XS_USAGE, "'%s' is no verb; did you mean '%s'?", typed, near);
  } else {
    words_fail(XS_USAGE, "'%s' is no verb; see xsite --help", words[0]);
  }
  free(group);
  free(first);
  free(typed);
  return status;
}

/* ---- running it ---- */

static int check_words(const cli_verb *v, int n, const char **words) {
  if (n < v->least) {
    return words_fail(XS_USAGE, "%s needs %s; see xsite %s --help", v->name, v->words, v->name);
  }
  if (v->most != CLI_ANY && n > v->most) {
    return words_fail(XS_USAGE, "%s: '%s' is one word too many; see xsite %s --help", v->name,
                      words[v->most], v->name);
  }
  return XS_OK;
}

/* GCC's OpenMP lets idle threads spin for milliseconds, which makes a step several times slower
 * where another program wants the processor.  It reads the limit when it is loaded, so the program
 * starts itself again with a short one, unless the user has chosen how threads wait, or has bound
 * them: the new process would inherit the one processor of this thread. */
static void limit_spinning(char **whole) {
  static const char *const chosen[] = {"GOMP_SPINCOUNT", "OMP_WAIT_POLICY", "OMP_PROC_BIND",
                                       "OMP_PLACES", "GOMP_CPU_AFFINITY"};
  for (size_t i = 0; i < sizeof chosen / sizeof *chosen; i++) {
    if (getenv(chosen[i])) return;
  }
  char program[4096];
  ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
  if (length < 1 || setenv("GOMP_SPINCOUNT", "20000", 1)) return;
  program[length] = 0;
  execv(program, whole); /* by its path, whose last part is the process's name */
}

static int run_verb(const cli_verb *v, int argc, char **argv, char **whole) {
  void *record = words_new(v->record);
  const char **words = words_new(sizeof *words * (size_t)argc);
  int n = 0;
  bool help = false;
  int status = xs_options_parse(v->name, record, argc, argv, words, &n, &help);
  if (status == XS_OK && help) {
    status = print_verb_help(v);
    goto out;
  }
  if (status == XS_OK) status = check_words(v, n, words);
  if (status == XS_OK && v->computes) limit_spinning(whole);
  if (status == XS_OK) status = v->run(record, n, words);
out:
  xs_options_release(v->name, record);
  free(words);
  free(record);
  return status;
}

static int run(int n, char **words, char **whole);

/* `help VERB` is `VERB --help`. */
static int run_help(int n, char **words, char **whole) {
  char **turned = words_new((size_t)n * sizeof *turned);
  for (int i = 1; i < n; i++) turned[i - 1] = words[i];
  turned[n - 1] = (char[]){"--help"};
  int status = run(n, turned, whole);
  free(turned);
  return status;
}

static int run(int n, char **words, char **whole) {
  int used = 0;
  if (n == 0) {
    print_help(stderr);
    return words_fail(XS_USAGE, "a verb is needed, see above");
  }
  if (strcmp(words[0], "--version") == 0) {
    printf("xsite %s\n", xs_version());
    return XS_OK;
  }
  if (is_help(words[0])) {
    print_help(stdout);
    return XS_OK;
  }
  if (strcmp(words[0], "help") == 0) return run_help(n, words, whole);
  const cli_verb *v = find_verb(n, words, &used);
  return v ? run_verb(v, n - used, words + used, whole) : refuse_verb(n, words);
}

/* Images are decoded into some megabytes of memory that are free again at once.  To give them back
 * to the system and take them anew costs a sixth of the time. */
static void keep_freed_memory(void) {
  mallopt(M_MMAP_THRESHOLD, 16 << 20);
  mallopt(M_TRIM_THRESHOLD, 64 << 20);
}

/* A core would hold patients' images. */
static void leave_no_core(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_CORE, &limit) != 0) return;
  limit.rlim_cur = 0;
  setrlimit(RLIMIT_CORE, &limit);
}

/* The words after the program's name, without `--isolate`, which every verb takes. */
static int take_words(int argc, char **argv, char **words) {
  int n = 0;
  bool options = true;
  for (int i = 1; i < argc; i++) {
    if (!strcmp(argv[i], "--")) options = false;
    if (options && !strcmp(argv[i], "--isolate")) {
      xs_isolate(true);
    } else {
      words[n++] = argv[i];
    }
  }
  return n;
}

int main(int argc, char **argv) {
  cli_streams_begin();
  cli_faults_begin();
  out_of_memory_begin();
  leave_no_core();
  keep_freed_memory();
  signal(SIGXFSZ, SIG_IGN); /* a file beyond its limit is then a failed write, with a message */
  char **words = words_new(sizeof *words * (size_t)(argc + 1));
  int status = run(take_words(argc, argv, words), words, argv);
  free(words);
  if (status == XS_OK && (fflush(stdout) != 0 || ferror(stdout))) {
    status = words_fail(XS_FAILED, "cannot write to standard output");
  }
  if (status != XS_OK) fprintf(stderr, "xsite: %s\n", words_message());
  return status;
}
