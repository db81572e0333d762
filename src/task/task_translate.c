/* task_translate.c: a site's images in another site's look, so that the result is a site itself. */
#include "error.h"
#include "site_write.h"
#include "task_tables.h"
#include "translator.h"

static const option rows[] = {
    MODEL_ROW(offsetof(xs_translate_task, model), "the generator"),
    SITE_WRITE_ROWS(xs_translate_task, site, "translated", "of the split"),
    OPTION_INTEGER_ROW(NULL, 0, xs_translate_task, domain, "1", 0, 1000,
                       "wanted domain: 0 the generator's source, 1 its target"),
    {NULL, "to", OPTION_TEXT, offsetof(xs_translate_task, to), NULL, false, 0, 0, NULL, "SITE",
     "wanted site by name, of a generator that several targets share"},
};
enum { ROWS = sizeof rows / sizeof *rows };

typedef struct translation {
  translator *by;
  int domain;
} translation;

static xs_status translate(const void *how, const xs_images *x, const int64_t *row, int64_t n,
                           xs_images **out) {
  const translation *t = how;
  return translator_apply(t->by, x, row, n, t->domain, out);
}

const option_table task_translate_table = {.what = "translate", .row = rows, .n = ROWS};

void xs_translate_defaults(xs_translate_task *t) {
  *t = (xs_translate_task){0};
  option_defaults_lent(&task_translate_table, t);
}

xs_status xs_translate(const xs_translate_task *o, const xs_watch *w) {
  translation t = {.domain = (int)o->domain};
  if (task_options_check(&task_translate_table, o)) return XS_USAGE;
  if (o->to && o->domain != 1) {
    return (xs_status)fail(XS_USAGE,
                           "--to and --domain both name the wanted site: give one of them");
  }
  tg_set_threads((int)o->site.threads);
  xs_status status = translator_load(o->model, &t.by) ? XS_FAILED : XS_OK;
  if (!status && o->to) status = translator_site(t.by, o->to, &t.domain);
  if (!status) {
    status = site_write(&o->site, "translate", "translated", translator_geometry(t.by)->size,
                        translate, &t, w);
  }
  translator_free(t.by);
  return status;
}
