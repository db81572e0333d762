/* task_shift.c: a site's images under a synthetic shift of known strength, as a site whose labels
 * are known: a made-up target, on which settings can be chosen before a real one is met. */
#include "shift.h"

#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "error.h"
#include "site_write.h"
#include "task_tables.h"
#include "tg.h"

static const option rows[] = {
    {NULL, "kind", OPTION_TEXT, offsetof(xs_shift_task, kind), NULL, true, 0, 0, NULL, "NAME",
     "the shift and its strength, as blur-2; any other word lists them all"},
    SITE_WRITE_ROWS(xs_shift_task, site, "shifted", "of the split, noise and directions"),
};
enum { ROWS = sizeof rows / sizeof *rows };

typedef struct shifting {
  int which;
  uint64_t seed;
} shifting;

static char *list_kinds(void) {
  buffer list = {0};
  for (int i = 0; i < shift_count(); i++) {
    buffer_between(&list, ", ");
    buffer_text(&list, shift_name(i));
  }
  return buffer_take(&list);
}

static int find_kind(const char *name, int *which) {
  for (*which = 0; *which < shift_count(); ++*which) {
    if (strcmp(shift_name(*which), name) == 0) return 0;
  }
  char *list = list_kinds();
  fail(XS_USAGE, "--kind: '%s' is none of %s", name, list);
  free(list);
  return XS_USAGE;
}

static xs_status shift(const void *how, const xs_images *x, const int64_t *row, int64_t n,
                       xs_images **out) {
  const shifting *s = how;
  *out = shift_images(x, row, n, s->which, s->seed);
  return XS_OK;
}

const option_table task_shift_table = {.what = "shift", .row = rows, .n = ROWS};

void xs_shift_defaults(xs_shift_task *t) {
  *t = (xs_shift_task){0};
  option_defaults_lent(&task_shift_table, t);
}

xs_status xs_shift(const xs_shift_task *o, const xs_watch *w) {
  shifting s = {.seed = (uint64_t)o->site.seed};
  if (task_options_check(&task_shift_table, o) || find_kind(o->kind, &s.which)) return XS_USAGE;
  tg_set_threads((int)o->site.threads);
  return site_write(&o->site, "shift", o->kind, 0, shift, &s, w);
}
