/* study_file.c: reads and checks a study file. */
#include "study_file.h"

#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "domain.h"
#include "error.h"
#include "file.h"
#include "memory.h"
#include "nn.h"
#include "numeral.h"
#include "text.h"

/* The class of the operating point must be one of the site's. */
static int check_positive(const xs_study *s, const char *file, const xs_texts *classes) {
  const char *positive = s->settings.operating.positive;
  for (int i = 0; i < classes->n && positive; i++) {
    if (strcmp(classes->text[i], positive) == 0) return 0;
  }
  if (!positive || !classes->n) return 0;
  const char *near = text_nearest(positive, (const char *const *)classes->text, classes->n);
  return fail(XS_USAGE, "%s: operating.positive: '%s' is no class of %s%s%s%s", s->path, positive,
              file, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

/* The site's name, whether it has labels, its folds; where its files are does not matter yet, so
 * any data folder will do. */
static int read_domain(const xs_study *s, const char *path, study_site *site) {
  domain d;
  int status = domain_open(path, ".", &d);
  if (!status) status = check_positive(s, path, &d.classes);
  if (!status) site->name = text_copy(d.name);
  site->labelled = d.labels.n > 0 && d.classes.n > 0;
  site->folds = d.plan.folds;
  domain_close(&d);
  return status;
}

void study_add_site(xs_study *s, study_site site) {
  int n = s->n_sites + s->n_derived;
  s->site = memory_grow(s->site, (size_t)(n + 1) * sizeof *s->site);
  s->site[n] = site;
  if (site.file) {
    s->n_sites++;
  } else {
    s->n_derived++;
  }
}

static int read_site(xs_study *s, const char *file) {
  study_site site = {.file = file_join(s->dir, file), .images_of = s->n_sites, .pair = -1};
  int status = read_domain(s, site.file, &site);
  if (status) {
    free(site.file);
    return XS_USAGE;
  }
  int twin = study_find_site(s, site.name);
  study_add_site(s, site);
  if (twin < 0) return 0;
  return fail(XS_USAGE, "%s: sites: %s and %s are both called '%s'", s->path, s->site[twin].file,
              site.file, site.name);
}

static int read_sites(xs_study *s) {
  const xs_texts *files = &s->settings.sites;
  if (files->n < 2) {
    return fail(XS_USAGE, "%s: sites: a source and a target site are needed, %d is given", s->path,
                files->n);
  }
  int status = 0;
  for (int i = 0; i < files->n && !status; i++) status = read_site(s, files->text[i]);
  return status;
}

/* Every entry of a list is a number from low to high. */
static int check_numbers(const xs_study *s, const char *name, const xs_texts *list, double low,
                         double high) {
  for (int i = 0; i < list->n; i++) {
    char *end;
    double x = numeral_read(list->text[i], &end);
    if (end != list->text[i] && !*end && x >= low && x <= high) continue;
    return fail(XS_USAGE, "%s: %s: '%s' is not a number from %g to %g", s->path, name,
                list->text[i], low, high);
  }
  return 0;
}

/* What a method trains anew must not be trained so already. */
static int check_step(const xs_study *s, const char *where, const char *method) {
  if (method_check(where, method)) return XS_USAGE;
  if (!method_retrains(method) || !s->settings.classifier.robust) return 0;
  return fail(XS_USAGE,
              "%s: '%s': every classifier of this study is trained so (classifier.robust): leave "
              "the step out, or that option",
              where, method);
}

static int check_portfolio(const xs_study *s, const xs_texts *method) {
  char *where = text_format("%s: portfolio", s->path);
  int status =
      method->n ? 0 : fail(XS_USAGE, "%s: there is no method; give none, or a way to adapt", where);
  for (int i = 0; i < method->n && !status; i++) {
    status = check_step(s, where, method->text[i]);
    for (int k = 0; k < i && !status; k++) {
      if (strcmp(method->text[k], method->text[i]) == 0) {
        status = fail(XS_USAGE, "%s: '%s' is there twice", where, method->text[i]);
      }
    }
  }
  free(where);
  return status;
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
  if (!status) status = adapter_check(adapter, &t->adapter, 1);
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

/* A word KEY=VALUE of the chosen profile. */
static int set_by_profile(void *context, const char *key, const char *value, const char *where) {
  xs_study *s = context;
  if (strncmp(key, "profile", 7) == 0 || strcmp(key, "sites") == 0 || strcmp(key, "pairs") == 0) {
    return fail(XS_USAGE, "%s: a profile cannot set %s", where, key);
  }
  return option_set(&settings_table, &s->settings, key, value, where);
}

static int refuse_profile(const xs_study *s) {
  const xs_texts *profiles = &s->settings.profiles;
  buffer names = {0};
  for (int i = 0; i < profiles->n; i++) {
    const char *text = profiles->text[i];
    buffer_text(&names, i ? ", " : ": ");
    buffer_put(&names, text, strcspn(text, " \t\n"));
  }
  int status = fail(XS_USAGE, "%s: profile: '%s' is not one of its profiles%s", s->path,
                    s->settings.profile, names.size ? names.text : "; it has none");
  buffer_free(&names);
  return status;
}

/* profiles: "NAME KEY=VALUE ...". */
static int apply_profile(xs_study *s) {
  const char *name = s->settings.profile;
  if (!name) return 0;
  for (int i = 0; i < s->settings.profiles.n; i++) {
    const char *text = s->settings.profiles.text[i];
    size_t length = strcspn(text, " \t\n");
    if (strlen(name) != length || strncmp(text, name, length) != 0) continue;
    char *where = text_format("%s: profiles: %s", s->path, name), *words = text_copy(text + length);
    int status = settings_words(words, where, set_by_profile, s);
    free(words);
    free(where);
    return status;
  }
  return refuse_profile(s);
}

static int set_by_hand(xs_study *s, const char *word) {
  const char *equals = strchr(word, '=');
  if (!equals) return fail(XS_USAGE, "--set '%s' is not key=value", word);
  char *key = text_format("%.*s", (int)strcspn(word, " ="), word);
  int status = option_set(&settings_table, &s->settings, key, equals + 1, "--set");
  free(key);
  return status;
}

static bool sets_profile(const char *word) {
  return strncmp(word, "profile", 7) == 0 && (word[7] == '=' || word[7] == ' ');
}

/* The file, then its profile, then --set; of which only --set can choose the profile anew. */
static int read_settings(xs_study *s, int n_set, const char *const *set) {
  int status = option_load(&settings_table, &s->settings, s->path) ? XS_USAGE : 0;
  for (int i = 0; i < n_set && !status; i++) {
    if (sets_profile(set[i])) status = set_by_hand(s, set[i]);
  }
  if (!status) status = apply_profile(s);
  for (int i = 0; i < n_set && !status; i++) status = set_by_hand(s, set[i]);
  if (!status && option_check(&settings_table, &s->settings, s->path)) status = XS_USAGE;
  return status;
}

static int read_study(xs_study *s, int n_set, const char *const *set) {
  int status = read_settings(s, n_set, set);
  if (!status) status = check_name(s);
  if (!status) status = check_networks(s, &s->settings);
  if (!status) status = check_portfolio(s, &s->settings.portfolio);
  if (!status) status = check_numbers(s, "pooled", &s->settings.pooled, 1e-6, 100);
  if (!status) status = check_numbers(s, "label_counts", &s->settings.label_counts, 1, 1e12);
  if (!status) status = read_sites(s);
  if (!status) status = study_pairs(s);
  for (int i = 0; i < s->n_pairs && !status; i++) {
    status = check_networks(s, &s->pair[i].settings);
    if (!status) status = check_portfolio(s, &s->pair[i].settings.portfolio);
  }
  return status ? status : study_check_shared(s);
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
  for (int i = 0; i < s->n_sites + s->n_derived; i++) {
    free(s->site[i].file);
    free(s->site[i].name);
  }
  free(s->site);
  for (int i = 0; i < s->n_pairs; i++) option_release(&settings_table, &s->pair[i].settings);
  free(s->pair);
  option_release(&settings_table, &s->settings);
  free(s->dir);
  free(s->path);
  free(s);
}

char *study_out(const xs_study *s, const xs_run_options *o) {
  return o->out ? text_copy(o->out) : text_format("runs/%s", s->settings.name);
}

json_t *study_json(const xs_study *s) { return option_json(&settings_table, &s->settings); }

char *study_init_file(const xs_study *s) {
  return s->settings.init ? file_join(s->dir, s->settings.init) : NULL;
}

split_rule study_split(const xs_study *s) {
  return split_rule_of(s->settings.seed, s->settings.split_by);
}

train_geometry study_geometry(const xs_study *s) {
  const study_settings *t = &s->settings;
  return train_geometry_of(t->size, t->image_channels, t->normalisation);
}

bool study_measures_all(const xs_study *s) { return strcmp(s->settings.measure, "all") == 0; }
