/* methods_adapt.c: how classifiers were adapted, in sentences. */
#include "methods_writer.h"

#include <math.h>
#include <string.h>

static bool method_has(const char *method, const char *step) {
  const size_t length = strlen(step);
  for (const char *at = method; at; at = strchr(at, '+'), at = at ? at + 1 : NULL) {
    if (strcspn(at, "+") == length && strncmp(at, step, length) == 0) return true;
  }
  return false;
}

/* Whether a method of the portfolio has the step. */
static bool has_step(const writer *w, const char *step) {
  const json_t *list = report_setting(w->r, NULL, "portfolio");
  for (size_t i = 0; i < json_array_size(list); i++) {
    if (method_has(json_string_value(json_array_get(list, i)), step)) return true;
  }
  return false;
}

static bool has_joined(const writer *w) {
  const json_t *list = report_setting(w->r, NULL, "portfolio");
  for (size_t i = 0; i < json_array_size(list); i++) {
    const char *method = json_string_value(json_array_get(list, i));
    if (method && strchr(method, '+')) return true;
  }
  return false;
}

static void add_semantic(writer *w) {
  const char *mode = setting_text(w, "adapter", "semantic");
  if (text_is(mode, "off")) {
    buffer_add(&w->text, " and without a semantic loss");
  } else {
    buffer_add(&w->text, " and a semantic loss (mode %s)", *mode ? mode : "paper");
    if (text_is(mode, "cycada-paper")) write_citation(w, WORK_CYCADA);
  }
}

/* Of one section's training: " It was trained for N updates (...)." */
static void add_updates(writer *w, const char *section, const char *name, const char *of) {
  const double steps = setting_number(w, section, name);
  if (!isfinite(steps)) return;
  buffer_add(&w->text, " It was trained for %g updates%s with Adam", steps, of);
  if (isfinite(setting_number(w, section, "learning_rate"))) write_rate(w, section);
}

static void add_stargan_settings(writer *w) {
  const double channels = setting_number(w, "adapter", "channels"),
               penalty = setting_number(w, "adapter", "gradient_penalty");
  if (isfinite(channels)) {
    buffer_add(&w->text, " Its first layers have %g channels", channels);
    write_number(w, ", its generator ", setting_number(w, "adapter", "blocks"),
                 setting_number(w, "adapter", "blocks") == 1 ? " residual block"
                                                             : " residual blocks");
    buffer_add(&w->text, ".");
  }
  add_updates(w, "adapter", "generator_steps", " of the generator");
  write_number(w, ", ", setting_number(w, "adapter", "critic_steps"), " of the critic before each");
  write_number(w, "; the rate falls linearly to 0 after ",
               100 * setting_number(w, "adapter", "decay_start"), " per cent of them");
  if (isfinite(setting_number(w, "adapter", "generator_steps"))) buffer_add(&w->text, ".");
  if (isfinite(penalty)) {
    buffer_add(&w->text, " The losses were weighted by %g (gradient penalty)", penalty);
    write_number(w, ", ", setting_number(w, "adapter", "classification"),
                 " (domain classification)");
    write_number(w, ", ", setting_number(w, "adapter", "cycle"), " (cycle)");
    buffer_add(&w->text, ".");
  }
}

typedef struct method {
  const char *id;
  void (*tell)(writer *w, const struct method *m);
  const char *called, *does, *work;
} method;

static void add_name(writer *w, const method *m) {
  buffer_add(&w->text, " %s (called %s)", m->called, m->id);
  write_citation(w, m->work);
  buffer_add(&w->text, " %s", m->does);
}

static void tell_stargan(writer *w, const method *m) {
  add_name(w, m);
  write_citation(w, WORK_STARGAN);
  buffer_add(&w->text, ", trained with a WGAN-GP critic");
  write_citation(w, WORK_WGAN_GP);
  add_semantic(w);
  buffer_add(&w->text, ".");
  if (text_is(setting_text(w, NULL, "translator"), "shared")) {
    buffer_add(&w->text, " All targets of a source share one translator.");
  }
  add_stargan_settings(w);
}

static void tell_source(writer *w, const method *m) {
  add_name(w, m);
  buffer_add(&w->text, "; it sees no image of the target.");
}

static void tell_match(writer *w, const method *m) {
  add_name(w, m);
  if (text_is(setting_text(w, m->id, "reference"), "mean")) {
    buffer_add(&w->text, " the mean of the target's reference images");
  } else {
    write_number(w, " one of ", setting_number(w, m->id, "images"), " target training images");
    buffer_add(&w->text, ", drawn for each");
  }
  buffer_add(&w->text, ".");
}

static void tell_align(writer *w, const method *m) {
  add_name(w, m);
  buffer_add(&w->text, ".");
  add_updates(w, m->id, "steps", "");
  if (isfinite(setting_number(w, m->id, "steps"))) buffer_add(&w->text, ".");
}

static void tell_statistics(writer *w, const method *m) {
  const double steps = setting_number(w, m->id, "steps");
  add_name(w, m);
  write_number(w, ", as means over ", steps, " batches");
  if (isfinite(steps)) write_number(w, " of ", setting_number(w, m->id, "batch"), " images");
  buffer_add(&w->text, ".");
}

static const method methods[] = {
#define SOURCE(id, ...) {#id, tell_source, __VA_ARGS__},
#define STARGAN(id, ...) {#id, tell_stargan, __VA_ARGS__},
#define MATCH(id, called, does, work, ...) {#id, tell_match, called, does, work},
#define ALIGN(id, called, does, work, ...) {#id, tell_align, called, does, work},
#define STATISTICS(id, called, does, work, ...) {#id, tell_statistics, called, does, work},
#include "xsite/methods.def"
};
enum { METHODS = sizeof methods / sizeof *methods };

static bool has_translator(const writer *w) {
  for (int i = 0; i < METHODS; i++) {
    const bool translates = methods[i].tell == tell_stargan || methods[i].tell == tell_match;
    if (translates && has_step(w, methods[i].id)) return true;
  }
  return false;
}

static void add_tuning(writer *w) {
  if (!has_translator(w)) return;
  buffer_add(&w->text, " After a translator the classifier of the source was fine-tuned on the "
                       "source's training images, translated, with their own labels");
  if (isfinite(setting_number(w, "tune", "learning_rate"))) write_rate(w, "tune");
  write_number(w, " for at most ", setting_number(w, "tune", "epochs"), " epochs");
  buffer_add(&w->text, ", and stopped by translated validation images of the source.");
}

/* Pairs of the study file with settings of their own. */
static void add_exceptions(writer *w) {
  const json_t *list = report_setting(w->r, NULL, "pairs");
  for (size_t i = 0; i < json_array_size(list); i++) {
    const char *text = json_string_value(json_array_get(list, i));
    if (text && strchr(text, '='))
      buffer_add(&w->text, " One pair had settings of its own (%s).", text);
  }
}

void write_adaptation(writer *w) {
  if (!json_array_size(report_setting(w->r, NULL, "portfolio"))) return;
  buffer_add(&w->text, "Classifiers were adapted to a target by its images alone.");
  if (has_step(w, "none"))
    buffer_add(&w->text, " To leave a classifier as it is (none) was allowed.");
  for (int i = 0; i < METHODS; i++) {
    if (has_step(w, methods[i].id)) methods[i].tell(w, &methods[i]);
  }
  if (has_joined(w)) {
    buffer_add(&w->text, " Methods joined by + were carried out one after the other.");
  }
  add_tuning(w);
  add_exceptions(w);
}
