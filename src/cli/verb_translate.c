/* verb_translate.c: a site's images in another site's look, as PNG files with a CSV of labels and a
 * domain file, so that the result is a site itself. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "file.h"
#include "image.h"
#include "job.h"

typedef struct translate_options {
  char *data, *model, *out, *data_dir, *cache, *split, *split_by;
  int64_t seed, domain, threads;
  bool skip_unreadable;
} translate_options;

#define FIELD(name) offsetof(translate_options, name)

static const option rows[] = {
    {NULL, "data", OPTION_TEXT, FIELD(data), NULL, true, 0, 0, NULL, "FILE",
     "domain file of the images"},
    MODEL_ROW(FIELD(model), "the generator"),
    OUT_ROW(FIELD(out), true, "new folder for the translated images"),
    SPLIT_ROW(FIELD(split), "all"),
    SPLIT_BY_ROW(FIELD(split_by)),
    SEED_ROW(FIELD(seed), "of the split"),
    OPTION_INTEGER_ROW(NULL, 0, translate_options, domain, "1", 0, 1000,
                       "wanted domain: 0 the generator's source, 1 its target"),
    THREADS_ROW(FIELD(threads)),
    DATA_DIR_ROW(FIELD(data_dir)),
    CACHE_ROW(FIELD(cache)),
    SKIP_UNREADABLE_ROW(FIELD(skip_unreadable)),
};

/* Image i of x becomes the file of this number. */
static int write_image(const char *dir, const xs_images *x, int64_t i, int64_t number) {
  int64_t each = (int64_t)x->height * x->width * x->channels;
  const uint16_t *from = (const uint16_t *)x->pixels + i * each;
  uint8_t *pixel = memory_new((size_t)each);
  for (int64_t k = 0; k < each; k++) pixel[k] = (uint8_t)lrint(from[k] * 255.0 / x->max_value);
  char *path = text_format("%s/%08lld.png", dir, (long long)number);
  int status = image_write_png(path, pixel, x->height, x->width, x->channels);
  free(path);
  free(pixel);
  return status;
}

static void add_class_name(FILE *f, const xs_site *s, int32_t label) {
  if (label >= 0) cli_csv_field(f, s->class_name[label]);
}

/* labels.csv and site.yaml beside the images. */
static int write_labels(const char *out, const xs_site *s, const int64_t *row, int64_t n) {
  char *text = NULL, *path = file_join(out, "labels.csv");
  size_t size = 0;
  FILE *f = open_memstream(&text, &size);
  if (!f) return fail(XS_FAILED, "%s: out of memory", path);
  fprintf(f, "file,label,group,original\n");
  for (int64_t i = 0; i < n; i++) {
    fprintf(f, "%08lld.png,", (long long)i);
    add_class_name(f, s, s->label[row[i]]);
    fprintf(f, ",%016llx,", (unsigned long long)s->images.group[row[i]]);
    if (s->images.file) cli_csv_field(f, s->images.file[row[i]]);
    fputc('\n', f);
  }
  fclose(f);
  int status = file_write_atomic(path, text, size);
  free(text);
  free(path);
  return status;
}

static int write_domain(const char *out, const xs_site *s, int size) {
  char *text = NULL, *path = file_join(out, "site.yaml");
  size_t length = 0;
  FILE *f = open_memstream(&text, &length);
  if (!f) return fail(XS_FAILED, "%s: out of memory", path);
  fprintf(f, "# Made by xsite translate.\nname: %s-translated\nformat: folder\nimages: images\n",
          s->images.name);
  fprintf(f, "labels: labels.csv\nsize: %d\ngroup_column: group\nclasses: [", size);
  for (int i = 0; i < s->classes; i++) {
    json_t *text_value = json_string(s->class_name[i]);
    char *quoted = json_dumps(text_value, JSON_ENCODE_ANY);
    fprintf(f, "%s%s", i ? ", " : "", quoted);
    free(quoted);
    json_decref(text_value);
  }
  fprintf(f, "]\n");
  fclose(f);
  int status = file_write_atomic(path, text, length);
  free(text);
  free(path);
  return status;
}

static xs_status translate(const translate_options *o, translator *t, const xs_site *s,
                           const int64_t *row, int64_t n) {
  enum { PIECE = 500 };
  char *dir = file_join(o->out, "images");
  xs_status status = XS_OK;
  int size = 0;
  for (int64_t first = 0; first < n && !status; first += PIECE) {
    xs_images *made = NULL;
    int64_t count = n - first < PIECE ? n - first : PIECE;
    status = translator_apply(t, &s->images, row + first, count, (int)o->domain, &made);
    if (!status) status = file_make_dirs(dir) ? XS_FAILED : XS_OK;
    for (int64_t i = 0; i < count && !status; i++) {
      size = made->height;
      status = write_image(dir, made, i, first + i) ? XS_FAILED : XS_OK;
    }
    xs_images_close(made);
  }
  if (!status)
    status = write_labels(o->out, s, row, n) || write_domain(o->out, s, size) ? XS_FAILED : XS_OK;
  free(dir);
  return status;
}

static int run(void *record, int words, const char **word) {
  (void)words;
  (void)word;
  const translate_options *o = record;
  cli_progress progress;
  const xs_watch watch = cli_watch_plain(&progress);
  const xs_site_options options = {.data_dir = o->data_dir,
                                   .skip_unreadable = o->skip_unreadable,
                                   .cache = o->cache,
                                   .watch = &watch};
  const split_rule rule = split_rule_of(o->seed, o->split_by);
  translator *t = NULL;
  xs_site *site = NULL;
  int64_t *row = NULL, n = 0;
  if (file_exists(o->out)) {
    return fail(XS_FAILED, "%s is there already; nothing was changed: give a new folder with --out",
                o->out);
  }
  tg_set_threads((int)o->threads);
  xs_status status = translator_load(o->model, &t) ? XS_FAILED : XS_OK;
  if (!status) status = xs_site_open(o->data, &options, &site);
  cli_watch_end(&progress);
  if (!status) job_note_site(site);
  if (!status) {
    status = xs_split_rows(&site->images, rule.seed, rule.by_image, job_split(o->split), &row, &n);
  }
  if (!status && !n)
    status = (xs_status)fail(XS_FAILED, "%s: no image is in the split '%s'", o->data, o->split);
  if (!status) status = translate(o, t, site, row, n);
  free(row);
  xs_site_close(site);
  translator_free(t);
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
