/* portfolio_method.c: the steps of an adaptation method, joined by +. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "study_file.h"
#include "text.h"

typedef struct step {
  const char *name;
  method_kind kind;
  const char *section; /* of the settings, and where they have it */
  size_t offset;
} step;

static const step steps[] = {
    {.name = "none", .kind = METHOD_NONE},
#define SOURCE(id, ...) {#id, METHOD_SOURCE, "classifier", offsetof(study_settings, classifier)},
#define STARGAN(id, ...) {#id, METHOD_STARGAN, "adapter", offsetof(study_settings, adapter)},
#define MATCH(id, ...) {#id, METHOD_MATCH, #id, offsetof(study_settings, id)},
#define ALIGN(id, ...) {#id, METHOD_ALIGN, #id, offsetof(study_settings, id)},
#define STATISTICS(id, ...) {#id, METHOD_STATISTICS, #id, offsetof(study_settings, id)},
#include "xsite/methods.def"
};
enum { STEPS = sizeof steps / sizeof *steps };

static const step *find(const char *name, size_t length) {
  for (int i = 0; i < STEPS; i++) {
    if (strlen(steps[i].name) == length && strncmp(steps[i].name, name, length) == 0) {
      return &steps[i];
    }
  }
  return NULL;
}

static int refuse_step(const char *where, const char *method, const char *name, size_t length) {
  const char *names[STEPS];
  for (int i = 0; i < STEPS; i++) names[i] = steps[i].name;
  char *word = text_format("%.*s", (int)length, name);
  const char *near = text_nearest(word, names, STEPS);
  int status = fail(XS_USAGE, "%s: '%s': there is no method '%s'%s%s%s", where, method, word,
                    near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
  free(word);
  return status;
}

/* Of its other training at the source, with the +; 0: it has none. */
static size_t source_length(const char *method) {
  const size_t length = strcspn(method, "+");
  const step *s = find(method, length);
  return s && s->kind == METHOD_SOURCE ? length + (method[length] == '+') : 0;
}

bool method_retrains(const char *method) { return source_length(method) > 0; }

int method_check(const char *where, const char *method) {
  for (const char *name = method;; name += strcspn(name, "+") + 1) {
    size_t length = strcspn(name, "+");
    const step *s = find(name, length);
    if (!s) return refuse_step(where, method, name, length);
    if (s->kind == METHOD_NONE && strcmp(method, "none") != 0) {
      return fail(XS_USAGE, "%s: '%s': none stands alone: it is to do nothing", where, method);
    }
    if (s->kind == METHOD_SOURCE && name != method) {
      return fail(XS_USAGE,
                  "%s: '%s': %s is a training at the source and can only be the first step", where,
                  method, s->name);
    }
    if (method_is_translator(s->kind) && name != method + source_length(method)) {
      return fail(XS_USAGE,
                  "%s: '%s': %s translates images and can only be the first step, or that behind "
                  "another training at the source",
                  where, method, s->name);
    }
    if (!name[length]) return 0;
  }
}

static const char *last(const char *method) {
  const char *plus = strrchr(method, '+');
  return plus ? plus + 1 : method;
}

static const step *last_step(const char *method) {
  const char *name = last(method);
  return find(name, strlen(name));
}

bool method_is_translator(method_kind k) { return k == METHOD_STARGAN || k == METHOD_MATCH; }

method_kind method_last(const char *method) { return last_step(method)->kind; }

bool method_takes_shares(const char *method) {
  for (const char *name = method;; name++) {
    const size_t length = strcspn(name, "+ ");
    const step *s = find(name, length);
    if (s && s->kind == METHOD_STATISTICS) return true;
    name += length;
    if (*name != '+') return false;
  }
}

const char *method_section(const char *method) { return last_step(method)->section; }

const void *method_options(const study_settings *s, const char *method) {
  return (const char *)s + last_step(method)->offset;
}

char *method_last_name(const char *method) { return text_copy(last(method)); }

char *method_before(const char *method) {
  const char *plus = strrchr(method, '+');
  return plus ? text_format("%.*s", (int)(plus - method), method) : text_copy("none");
}

char *method_translator(const char *method) {
  const char *first = method + source_length(method);
  const size_t length = strcspn(first, "+");
  const step *s = find(first, length);
  if (!s || !method_is_translator(s->kind)) return NULL;
  /* what is measured of images does not depend on the classifier */
  if (s->kind == METHOD_MATCH) return text_copy(s->name);
  return text_format("%.*s", (int)(first + length - method), method);
}
