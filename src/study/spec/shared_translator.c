/* shared_translator.c: one translator for all targets of a source (docs/method.md). */
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "memory.h"
#include "study_file.h"
#include "text.h"

int study_targets(const xs_study *s, int source, int **target) {
  int n = 0;
  if (target) *target = memory_new((size_t)(s->n_pairs + 1) * sizeof **target);
  for (int i = 0; i < s->n_pairs; i++) {
    if (s->pair[i].source != source) continue;
    if (target) (*target)[n] = s->pair[i].target;
    n++;
  }
  return n;
}

bool study_shares(const xs_study *s, const char *method) {
  return strcmp(s->settings.translator, "shared") == 0 && method_last(method) == METHOD_STARGAN;
}

static bool same_adapter(const study_settings *a, const study_settings *b) {
  json_t *x = option_json(&settings_table, a), *y = option_json(&settings_table, b);
  const bool same = json_equal(json_object_get(x, "adapter"), json_object_get(y, "adapter"));
  json_decref(x);
  json_decref(y);
  return same;
}

static int check_pair(const xs_study *s, const study_pair *p) {
  const char *from = s->site[p->source].name, *to = s->site[p->target].name;
  if (p->via >= 0) {
    return fail(XS_USAGE,
                "%s: pairs: '%s -> %s' goes by way of a third site, whose images have no "
                "labels of their own: with translator: shared there is no such way",
                s->path, from, to);
  }
  if (same_adapter(&s->settings, &p->settings)) return 0;
  return fail(XS_USAGE,
              "%s: pairs: '%s -> %s' has options of adapter of its own, but shares its translator "
              "with the other targets of %s (translator: shared): leave them out",
              s->path, from, to, from);
}

int study_check_shared(const xs_study *s) {
  if (strcmp(s->settings.translator, "shared") != 0) return 0;
  char *where = text_format("%s: adapter.", s->path);
  int status = 0;
  for (int i = 0; i < s->n_pairs && !status; i++) {
    status = check_pair(s, &s->pair[i]);
    if (!status) {
      status =
          adapter_check(where, &s->settings.adapter, study_targets(s, s->pair[i].source, NULL));
    }
  }
  free(where);
  return status;
}
