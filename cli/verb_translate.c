/* verb_translate.c: a site's images in another site's look, so that the result is a site itself. */
#include "site_write.h"
#include "translator.h"

typedef struct translate_options {
  site_write_options site;
  char *model;
  int64_t domain;
} translate_options;

static const option rows[] = {
    MODEL_ROW(offsetof(translate_options, model), "the generator"),
    SITE_WRITE_ROWS(translate_options, site, "translated", "of the split"),
    OPTION_INTEGER_ROW(NULL, 0, translate_options, domain, "1", 0, 1000,
                       "wanted domain: 0 the generator's source, 1 its target"),
};

typedef struct translation {
  translator *by;
  int domain;
} translation;

static xs_status translate(const void *how, const xs_images *x, const int64_t *row, int64_t n,
                           xs_images **out) {
  const translation *t = how;
  return translator_apply(t->by, x, row, n, t->domain, out);
}

static int run(void *record, int words, const char **word) {
  (void)words;
  (void)word;
  const translate_options *o = record;
  translation t = {.domain = (int)o->domain};
  tg_set_threads((int)o->site.threads);
  xs_status status = translator_load(o->model, &t.by) ? XS_FAILED : XS_OK;
  if (!status)
    status = site_write(&o->site, "translate", "translated", translator_geometry(t.by)->size,
                        translate, &t);
  translator_free(t.by);
  return status;
}

const cli_verb verb_translate = {.name = "translate",
                                 .words = "",
                                 .summary =
                                     "Write a site's images in another site's look, as a new site.",
                                 .options = rows,
                                 .n_options = sizeof rows / sizeof *rows,
                                 .record = sizeof(translate_options),
                                 .computes = true,
                                 .run = run};
