/* pairs.c: the pairs of sites of a study file: "SOURCE -> TARGET [via=SITE] [KEY=VALUE ...]". */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "memory.h"
#include "study_file.h"
#include "text.h"

int study_find_site(const xs_study *s, const char *name) {
  for (int i = 0; i < s->n_sites + s->n_derived; i++) {
    if (strcmp(s->site[i].name, name) == 0) return i;
  }
  return -1;
}

static int find_pair(const xs_study *s, int source, int target) {
  for (int i = 0; i < s->n_pairs; i++) {
    if (s->pair[i].source == source && s->pair[i].target == target) return i;
  }
  return -1;
}

static void add_pair(xs_study *s, int source, int target) {
  s->pair = memory_grow(s->pair, (size_t)(s->n_pairs + 1) * sizeof *s->pair);
  s->pair[s->n_pairs++] = (study_pair){source, target, -1, settings_copy(&s->settings)};
}

static int resolve_site(const xs_study *s, const char *where, const char *name, int *site) {
  *site = study_find_site(s, name);
  if (*site >= 0) return 0;
  const char **names = memory_new((size_t)s->n_sites * sizeof *names);
  for (int i = 0; i < s->n_sites; i++) names[i] = s->site[i].name;
  const char *near = text_nearest(name, names, s->n_sites);
  free(names);
  return fail(XS_USAGE, "%s: no site is called '%s'%s%s%s", where, name,
              near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static const char *const adapting[] = {
    "adapter",
    "tune",
#define MATCH(id, ...) #id,
#define ALIGN(id, ...) #id,
#include "xsite/methods.def"
};
enum { ADAPTING = sizeof adapting / sizeof *adapting };

bool study_section_adapts(const char *section) {
  for (int i = 0; i < ADAPTING; i++) {
    if (strcmp(adapting[i], section) == 0) return true;
  }
  return false;
}

/* The portfolio and the sections of its methods may differ from pair to pair. */
static int check_override(const char *where, const char *key) {
  char *section = text_format("%.*s", (int)strcspn(key, "."), key);
  const char *near = text_nearest(section, adapting, ADAPTING);
  bool allowed = near && strchr(key, '.') && strcmp(near, section) == 0;
  free(section);
  if (allowed || strcmp(key, "portfolio") == 0) return 0;
  return fail(XS_USAGE,
              "%s: %s cannot be set for one pair, only via, portfolio, adapter.*, tune.* and the "
              "methods' own sections can%s%s%s",
              where, key, near ? "; did you mean " : "", near ? near : "", near ? ".*?" : "");
}

/* A word KEY=VALUE of the last pair. */
static int override_pair(void *context, const char *key, const char *value, const char *where) {
  xs_study *s = context;
  study_pair *p = &s->pair[s->n_pairs - 1];
  if (strcmp(key, "via") == 0) return resolve_site(s, where, value, &p->via);
  int status = check_override(where, key);
  return status ? status : option_set(&settings_table, &p->settings, key, value, where);
}

/* Where the overrides of a pair start: at the word of the first '='. */
static const char *find_overrides(const char *text) {
  const char *w = strchr(text, '=');
  if (!w) return text + strlen(text);
  while (w > text && !isspace((unsigned char)w[-1])) w--;
  return w;
}

static int check_pair(const xs_study *s, const char *where, int source, int target) {
  const study_site *from = &s->site[source];
  if (!from->labelled) {
    return fail(XS_USAGE,
                "%s: the site %s (%s) has no labels, so that no classifier can be trained on it; "
                "it can only be a target",
                where, from->name, from->file);
  }
  if (source == target) return fail(XS_USAGE, "%s: source and target are the same site", where);
  if (find_pair(s, source, target) >= 0) return fail(XS_USAGE, "%s is there twice", where);
  return 0;
}

static int parse_pair(xs_study *s, const char *text) {
  const char *arrow = strstr(text, "->");
  char *where = text_format("%s: pairs: '%s'", s->path, text);
  int source, target, status = 0;
  if (!arrow) {
    status =
        fail(XS_USAGE, "%s is not 'SOURCE -> TARGET' or 'SOURCE -> TARGET KEY=VALUE ...'", where);
  } else {
    const char *words = find_overrides(arrow + 2);
    char *from = text_trim(text, arrow), *to = text_trim(arrow + 2, words);
    status = resolve_site(s, where, from, &source);
    if (!status) status = resolve_site(s, where, to, &target);
    if (!status) status = check_pair(s, where, source, target);
    if (!status) {
      add_pair(s, source, target);
      status = settings_words(words, where, override_pair, s);
    }
    free(from);
    free(to);
  }
  free(where);
  return status;
}

/* Every ordered pair with a labelled source. */
static int all_pairs(xs_study *s) {
  for (int i = 0; i < s->n_sites; i++) {
    for (int k = 0; k < s->n_sites; k++) {
      if (i != k && s->site[i].labelled) add_pair(s, i, k);
    }
  }
  if (s->n_pairs) return 0;
  return fail(XS_USAGE, "%s: pairs: no site has labels, so that there is no source", s->path);
}

/* The third site of a pair becomes a derived one, labelled by the classifier that is adapted to it.
 */
static int derive_site(xs_study *s, study_pair *p) {
  const char *from = s->site[p->source].name, *middle = s->site[p->via].name;
  int leg = find_pair(s, p->source, p->via);
  if (leg < 0 || s->pair[leg].via >= 0 || p->via == p->target) {
    return fail(XS_USAGE,
                "%s: pairs: '%s -> %s via=%s' needs the pair '%s -> %s', itself without via",
                s->path, from, s->site[p->target].name, middle, from, middle);
  }
  study_site derived = {
      .name = text_format("%s~%s", from, middle), .images_of = p->via, .pair = leg};
  int found = study_find_site(s, derived.name);
  p->via = found >= 0 ? found : s->n_sites + s->n_derived;
  if (found >= 0) {
    free(derived.name);
  } else {
    study_add_site(s, derived);
  }
  return 0;
}

static bool share_name(const xs_study *s, int source, int target, int source2, int target2) {
  if (source < 0 || source2 < 0) return false;
  char *a = text_format("%s-%s", s->site[source].name, s->site[target].name),
       *b = text_format("%s-%s", s->site[source2].name, s->site[target2].name);
  bool same = strcmp(a, b) == 0;
  free(a);
  free(b);
  return same;
}

/* A node is called after its pair: "a-b" to "c" and "a" to "b-c" would be taken for each other. */
static int check_node_names(const xs_study *s) {
  for (int i = 0; i < s->n_pairs; i++) {
    const study_pair *p = &s->pair[i];
    for (int k = 0; k < i; k++) {
      const study_pair *q = &s->pair[k];
      if (!share_name(s, p->source, p->target, q->source, q->target) &&
          !share_name(s, p->via, p->target, q->via, q->target)) {
        continue;
      }
      return fail(XS_USAGE,
                  "%s: pairs: the folders of '%s -> %s' and '%s -> %s' would have the same names: "
                  "give one of these sites another name in its domain file",
                  s->path, s->site[q->source].name, s->site[q->target].name,
                  s->site[p->source].name, s->site[p->target].name);
    }
  }
  return 0;
}

static int read_pairs(xs_study *s) {
  const xs_texts *p = &s->settings.pairs;
  int status = 0;
  if (p->n == 0) {
    return fail(XS_USAGE, "%s: pairs: there is none; give 'SOURCE -> TARGET', or all", s->path);
  }
  if (p->n == 1 && strcmp(p->text[0], "all") == 0) return all_pairs(s);
  for (int i = 0; i < p->n && !status; i++) status = parse_pair(s, p->text[i]);
  for (int i = 0; i < s->n_pairs && !status; i++) {
    if (s->pair[i].via >= 0) status = derive_site(s, &s->pair[i]);
  }
  return status;
}

int study_pairs(xs_study *s) {
  int status = read_pairs(s);
  return status ? status : check_node_names(s);
}
