#include "study.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "domain.h"
#include "error.h"
#include "file.h"
#include "nn.h"

/* ---- pairs ------------------------------------------------------------------------------------
 */

static int find_site(const xs_study *s, const char *name) {
  for (int i = 0; i < s->n_sites; i++) {
    if (strcmp(s->site_name[i], name) == 0) return i;
  }
  return -1;
}

static char *trimmed(const char *start, const char *end) {
  while (start < end && isspace((unsigned char)*start)) start++;
  while (end > start && isspace((unsigned char)end[-1])) end--;
  char *text = text_copy(start);
  text[end - start] = 0;
  return text;
}

static void add_pair(xs_study *s, int source, int target) {
  s->pair = memory_grow(s->pair, (size_t)(s->n_pairs + 1) * sizeof *s->pair);
  s->pair[s->n_pairs++] = (study_pair){source, target, settings_copy(&s->settings)};
}

static int resolve_site(const xs_study *s, const char *pair, const char *name, int *site) {
  *site = find_site(s, name);
  if (*site >= 0) return 0;
  const char *near = text_nearest(name, (const char *const *)s->site_name, s->n_sites);
  return fail(XS_USAGE, "%s: pairs: '%s': no site is called '%s'%s%s%s", s->path, pair, name,
              near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

/* Only the adapter and the fine-tuning belong to one pair alone. */
static int check_override(const xs_study *s, const char *pair, const char *key) {
  static const char *const own[] = {"adapter", "tune"};
  const char *dot = strchr(key, '.');
  char *section = trimmed(key, dot ? dot : key + strlen(key));
  const char *near = text_nearest(section, own, 2);
  int status = 0;
  if (!near || !dot || strcmp(near, section) != 0) {
    status = fail(XS_USAGE,
                  "%s: pairs: '%s': %s cannot be set for one pair, only adapter.* and tune.* can"
                  "%s%s%s",
                  s->path, pair, key, near ? "; did you mean " : "", near ? near : "",
                  near ? ".*?" : "");
  }
  free(section);
  return status;
}

/* words: "section.key=value ..." of the last pair. */
static int override_pair(xs_study *s, const char *pair, const char *words) {
  char *where = text_format("%s: pairs: '%s'", s->path, pair);
  study_settings *settings = &s->pair[s->n_pairs - 1].settings;
  int status = 0;
  for (const char *w = words + strspn(words, " \t"); *w && !status; w += strspn(w, " \t")) {
    size_t length = strcspn(w, " \t");
    char *word = trimmed(w, w + length), *equals = strchr(word, '=');
    if (equals) {
      *equals = 0;
      status = check_override(s, pair, word);
      if (!status) status = option_set(&settings_table, settings, word, equals + 1, where);
    } else {
      status = fail(XS_USAGE, "%s: '%s' is not key=value", where, word);
    }
    free(word);
    w += length;
  }
  free(where);
  return status;
}

/* Where the overrides of a pair start: at the word of the first '='. */
static const char *find_overrides(const char *text) {
  const char *w = strchr(text, '=');
  if (!w) return text + strlen(text);
  while (w > text && !isspace((unsigned char)w[-1])) w--;
  return w;
}

static int parse_pair(xs_study *s, const char *text) {
  const char *arrow = strstr(text, "->");
  if (!arrow) {
    return fail(XS_USAGE,
                "%s: pairs: '%s' is not 'SOURCE -> TARGET' or 'SOURCE -> TARGET KEY=VALUE ...'",
                s->path, text);
  }
  const char *words = find_overrides(arrow + 2);
  char *from = trimmed(text, arrow), *to = trimmed(arrow + 2, words);
  int source, target;
  int status = resolve_site(s, text, from, &source);
  if (!status) status = resolve_site(s, text, to, &target);
  if (!status && !s->labelled[source]) {
    status = fail(XS_USAGE,
                  "%s: pairs: '%s': the site %s (%s) has no labels, so that no classifier can be "
                  "trained on it; it can only be a target",
                  s->path, text, from, s->site_file[source]);
  }
  if (!status && source == target) {
    status = fail(XS_USAGE, "%s: pairs: '%s': source and target are the same site", s->path, text);
  }
  for (int i = 0; i < s->n_pairs && !status; i++) {
    if (s->pair[i].source == source && s->pair[i].target == target) {
      status = fail(XS_USAGE, "%s: pairs: '%s' is there twice", s->path, text);
    }
  }
  if (!status) {
    add_pair(s, source, target);
    status = override_pair(s, text, words);
  }
  free(from);
  free(to);
  return status;
}

static int parse_pairs(xs_study *s) {
  const option_texts *p = &s->settings.pairs;
  if (p->n == 1 && strcmp(p->text[0], "all") == 0) {
    for (int i = 0; i < s->n_sites; i++) {
      for (int k = 0; k < s->n_sites; k++) {
        if (i != k && s->labelled[i]) add_pair(s, i, k);
      }
    }
    if (s->n_pairs) return 0;
    return fail(XS_USAGE, "%s: pairs: no site has labels, so that there is no source", s->path);
  }
  if (p->n == 0) {
    return fail(XS_USAGE, "%s: pairs: there is none; give 'SOURCE -> TARGET', or all", s->path);
  }
  for (int i = 0; i < p->n; i++) {
    if (parse_pair(s, p->text[i])) return XS_USAGE;
  }
  return 0;
}

/* ---- checks -----------------------------------------------------------------------------------
 */

/* The site's name and whether it has labels; where its files are does not matter yet, so any data
 * folder will do. */
static int read_domain(const char *path, char **name, bool *labelled) {
  domain d;
  int status = domain_open(path, ".", &d);
  if (!status) *name = text_copy(d.name);
  *labelled = d.labels.n > 0 && d.classes.n > 0;
  domain_close(&d);
  return status;
}

static int read_sites(xs_study *s) {
  const option_texts *files = &s->settings.sites;
  if (files->n < 2) {
    return fail(XS_USAGE, "%s: sites: a source and a target site are needed, %d is given", s->path,
                files->n);
  }
  s->site_file = memory_new((size_t)files->n * sizeof *s->site_file);
  s->site_name = memory_new((size_t)files->n * sizeof *s->site_name);
  s->labelled = memory_new((size_t)files->n * sizeof *s->labelled);
  for (int i = 0; i < files->n; i++) {
    char *name = NULL, *path = file_join(s->dir, files->text[i]);
    if (read_domain(path, &name, &s->labelled[s->n_sites])) {
      free(path);
      return XS_USAGE;
    }
    int twin = find_site(s, name);
    s->site_file[s->n_sites] = path;
    s->site_name[s->n_sites++] = name;
    if (twin >= 0) {
      return fail(XS_USAGE, "%s: sites: %s and %s are both called '%s'", s->path,
                  s->site_file[twin], path, name);
    }
  }
  return 0;
}

static int check_networks(const xs_study *s, const study_settings *t) {
  nn_stargan stargan = {.size = (int)t->size,
                        .image_channels = (int)t->image_channels,
                        .domains = 2,
                        .channels = t->adapter.channels,
                        .blocks = t->adapter.blocks,
                        .critic_layers = t->adapter.critic_layers};
  char *top = text_format("%s: ", s->path), *adapter = text_format("%sadapter.", top);
  int status = fit_check(top, &t->classifier, t->size, t->image_channels);
  if (!status) status = fit_check(top, &t->tune, t->size, t->image_channels);
  if (!status) status = adapter_check(adapter, &t->adapter);
  if (!status && nn_stargan_check(&stargan)) status = fail_context(XS_USAGE, "%s", top);
  free(adapter);
  free(top);
  if (status) return status;
  if (strcmp(t->tune.architecture, t->classifier.architecture) != 0) {
    return fail(
        XS_USAGE,
        "%s: tune.architecture: '%s' differs from the classifier's '%s', which it starts from",
        s->path, t->tune.architecture, t->classifier.architecture);
  }
  return 0;
}

/* The name is that of the run's folder and stands in the report. */
static int check_name(const xs_study *s) {
  const char *name = s->settings.name;
  if (*name && *name != '.' && !strchr(name, '/')) return 0;
  return fail(XS_USAGE, "%s: name: '%s' cannot be a folder's name: use letters, digits, - and _",
              s->path, name);
}

static int read_study(xs_study *s, int n_set, const char *const *set) {
  if (option_load(&settings_table, &s->settings, s->path)) return XS_USAGE;
  for (int i = 0; i < n_set; i++) {
    const char *equals = strchr(set[i], '=');
    if (!equals) return fail(XS_USAGE, "--set '%s' is not key=value", set[i]);
    char *key = trimmed(set[i], equals);
    int status = option_set(&settings_table, &s->settings, key, equals + 1, "--set");
    free(key);
    if (status) return status;
  }
  if (option_check(&settings_table, &s->settings, s->path)) return XS_USAGE;
  int status = check_name(s);
  if (!status) status = check_networks(s, &s->settings);
  if (!status) status = read_sites(s);
  if (!status) status = parse_pairs(s);
  for (int i = 0; i < s->n_pairs && !status; i++) {
    status = check_networks(s, &s->pair[i].settings);
  }
  return status;
}

xs_status xs_study_open(const char *path, int n_set, const char *const *set, xs_study **out) {
  xs_study *s = memory_new(sizeof *s);
  *out = NULL;
  s->path = text_copy(path);
  s->dir = file_dir(path);
  option_defaults(&settings_table, &s->settings);
  int status = read_study(s, n_set, set);
  if (status) {
    xs_study_close(s);
    return (xs_status)status;
  }
  *out = s;
  return XS_OK;
}

void xs_study_close(xs_study *s) {
  if (!s) return;
  for (int i = 0; i < s->n_sites; i++) {
    free(s->site_file[i]);
    free(s->site_name[i]);
  }
  free(s->site_file);
  free(s->site_name);
  free(s->labelled);
  for (int i = 0; i < s->n_pairs; i++) option_release(&settings_table, &s->pair[i].settings);
  free(s->pair);
  option_release(&settings_table, &s->settings);
  free(s->dir);
  free(s->path);
  free(s);
}

json_t *study_json(const xs_study *s) { return option_json(&settings_table, &s->settings); }

char *study_init_file(const xs_study *s) {
  return s->settings.init ? file_join(s->dir, s->settings.init) : NULL;
}

xs_status study_identity(const xs_study *s, json_t **identity) {
  xs_status status = XS_OK;
  *identity = study_json(s);
  for (int i = 0; i < s->n_sites && !status; i++) {
    status = folder_note_file(*identity, s->site_name[i], s->site_file[i]);
  }
  char *init = study_init_file(s);
  if (init && !status) status = folder_note_file(*identity, "classifier.init", init);
  free(init);
  return status;
}

/* ---- units ------------------------------------------------------------------------------------
 */

static void add_unit(const xs_study *s, study_unit *u, int *n, unit_kind kind, int source,
                     int target) {
  static const char *const word[] = {"baseline", "adapter", "tuned"};
  char *name = kind == UNIT_BASELINE ? text_format("%s-%s", word[kind], s->site_name[source])
                                     : text_format("%s-%s-%s", word[kind], s->site_name[source],
                                                   s->site_name[target]);
  for (int i = 0; i < *n; i++) {
    if (strcmp(u[i].name, name) != 0) continue;
    free(name);
    return;
  }
  u[(*n)++] = (study_unit){kind, source, target, name};
}

study_unit *units_list(const xs_study *s, int *n) {
  study_unit *u = memory_new((size_t)(4 * s->n_pairs + 1) * sizeof *u);
  *n = 0;
  for (int i = 0; i < s->n_pairs; i++) {
    add_unit(s, u, n, UNIT_BASELINE, s->pair[i].source, -1);
    int target = s->pair[i].target;
    if (s->labelled[target]) add_unit(s, u, n, UNIT_BASELINE, target, -1);
  }
  for (int i = 0; i < s->n_pairs; i++) {
    add_unit(s, u, n, UNIT_ADAPTER, s->pair[i].source, s->pair[i].target);
    add_unit(s, u, n, UNIT_TUNED, s->pair[i].source, s->pair[i].target);
  }
  return u;
}

void units_free(study_unit *u, int n) {
  for (int i = 0; i < n; i++) free(u[i].name);
  free(u);
}

static const char *unit_purpose(const study_unit *u) {
  if (u->kind == UNIT_BASELINE) return "train a classifier on the site's own labels";
  if (u->kind == UNIT_ADAPTER) return "learn to translate source images into the target's look";
  return "fine-tune the source classifier on translated images";
}

/* Adds what `study run` would find in the run folder. */
static xs_status plan_folder(const xs_study *s, const char *out, char **text) {
  static const char *const word[] = {
      [FOLDER_NEW] = "nothing is there yet",
      [FOLDER_BROKEN] = "holds a broken run of this study: continue it with --resume",
      [FOLDER_FINISHED] = "holds this study, finished"};
  json_t *mine;
  folder_state state;
  xs_status status = study_identity(s, &mine);
  if (!status) {
    bool refused = folder_check(out, mine, "results.json", &state) != XS_OK;
    char *more = refused ? text_format("%s`study run` will refuse the run folder: %s\n", *text,
                                       fail_message())
                         : text_format("%srun folder %s: %s\n", *text, out, word[state]);
    free(*text);
    *text = more;
  }
  json_decref(mine);
  return status;
}

xs_status xs_study_plan(const xs_study *s, const xs_run_options *o, char **text) {
  int n;
  study_unit *u = units_list(s, &n);
  char *out = o->out ? text_copy(o->out) : text_format("runs/%s", s->settings.name);
  *text = text_copy("");
  for (int i = 0; i < n; i++) {
    char *more =
        text_format("%s%-5s %-32s %s\n", *text, folder_unit_done(out, u[i].name) ? "done" : "to do",
                    u[i].name, unit_purpose(&u[i]));
    free(*text);
    *text = more;
  }
  xs_status status = plan_folder(s, out, text);
  free(out);
  units_free(u, n);
  return status;
}
