#include "site_write.h"

#include <stdlib.h>
#include <string.h>

#include "csv_writer.h"
#include "error.h"
#include "file.h"
#include "file_list.h"
#include "image.h"
#include "job.h"
#include "made_images.h"
#include "memory.h"
#include "resample.h"
#include "text.h"
#include "watch.h"

enum { MOST_IMAGES = 100000000 }; /* that numbers of eight digits tell apart */

typedef struct new_site {
  const char *out, *verb, *suffix;
  site_maker *make;
  const void *how;
  int size; /* of its images */
} new_site;

/* Image i of x becomes the file of this number. */
static int write_image(const char *dir, const xs_images *x, int64_t i, int64_t number) {
  int64_t each = (int64_t)x->height * x->width * x->channels;
  const uint16_t *from = (const uint16_t *)x->pixels + i * each;
  uint8_t *pixel = memory_new((size_t)each);
  made_images_shorten(from, each, pixel);
  char *path = text_format("%s/%08lld.png", dir, (long long)number);
  int status = image_write_png(path, pixel, x->height, x->width, x->channels);
  free(path);
  free(pixel);
  return status;
}

static xs_status write_images(new_site *to, const xs_site *s, const int64_t *row, int64_t n,
                              const xs_watch *w) {
  enum { PIECE = 500 };
  char *dir = file_join(to->out, "images");
  xs_status status = XS_OK;
  for (int64_t first = 0; first < n && !status; first += PIECE) {
    xs_images *made = NULL;
    int64_t count = n - first < PIECE ? n - first : PIECE;
    status = watch_step(w, to->verb, first, n);
    if (!status) status = to->make(to->how, &s->images, row + first, count, &made);
    if (!status) status = file_make_dirs(dir) ? XS_FAILED : XS_OK;
    for (int64_t i = 0; i < count && !status; i++) {
      to->size = made->height;
      status = write_image(dir, made, i, first + i) ? XS_FAILED : XS_OK;
    }
    xs_images_close(made);
  }
  free(dir);
  return status;
}

static int write_labels(const char *out, const xs_site *s, const int64_t *row, int64_t n) {
  char *path = file_join(out, "labels.csv");
  csv_writer f = {0};
  csv_plain(&f, "file,label,group,original");
  csv_end(&f, "\n");
  for (int64_t i = 0; i < n; i++) {
    const int32_t label = s->label[row[i]];
    csv_plain(&f, "%08lld.png", (long long)i);
    csv_exact(&f, label < 0 ? NULL : s->class_name[label]);
    csv_plain(&f, "%016llx", (unsigned long long)s->images.group[row[i]]);
    csv_text(&f, s->images.file ? s->images.file[row[i]] : NULL);
    csv_end(&f, "\n");
  }
  int status = file_write_atomic(path, f.text.text, f.text.size);
  buffer_free(&f.text);
  free(path);
  return status;
}

static int write_domain(const new_site *to, const xs_site *s) {
  char *path = file_join(to->out, "site.yaml");
  buffer text = {0};
  buffer_add(&text, "# Made by xsite %s.\nname: %s-%s\nformat: folder\nimages: images\n", to->verb,
             s->images.name, to->suffix);
  buffer_add(&text, "labels: labels.csv\nsize: %d\n", to->size);
  if (s->images.how.resize != XS_BILINEAR) {
    buffer_add(&text, "resize: %s\n", resize_name(s->images.how.resize));
  }
  buffer_text(&text, "group_column: group\nclasses: [");
  for (int i = 0; i < s->classes; i++) {
    char *quoted = text_yaml(s->class_name[i]);
    buffer_add(&text, "%s%s", i ? ", " : "", quoted);
    free(quoted);
  }
  buffer_text(&text, "]\n");
  int status = file_write_atomic(path, text.text, text.size);
  buffer_free(&text);
  free(path);
  return status;
}

static xs_status write_all(new_site *to, const xs_site *s, const int64_t *row, int64_t n,
                           const xs_watch *w) {
  xs_status status = write_images(to, s, row, n, w);
  if (status) return status;
  return write_labels(to->out, s, row, n) || write_domain(to, s) ? XS_FAILED : XS_OK;
}

static xs_status open_rows(const xs_new_site *o, int size, const xs_watch *w, xs_site **s,
                           int64_t **row, int64_t *n) {
  const xs_site_options options = {.data_dir = o->data_dir,
                                   .skip_unreadable = o->skip_unreadable,
                                   .limit = o->limit,
                                   .size = size,
                                   .cache = o->cache,
                                   .watch = w};
  const split_rule rule = split_rule_of(o->seed, o->split_by);
  if (!o->data) return (xs_status)fail(XS_USAGE, "a site's domain file is missing: `data`");
  xs_status status = xs_site_open(o->data, &options, s);
  if (status) return status;
  job_note_site(w, *s);
  status = xs_split_rows(&(*s)->images, rule.seed, rule.by_image, job_split(o->split), row, n);
  if (status || *n) return status;
  return (xs_status)fail(XS_FAILED, "%s: no image is in the split '%s'", o->data, o->split);
}

/* ---- a folder that is there ---------------------------------------------------------------------
 */

/* "00000012.png" of the first n, or what a killed write left of it: "00000012.png.tmp345". */
static bool is_image_name(const char *name, int64_t n) {
  char *end;
  const long long number = strtoll(name, &end, 10);
  return end == name + 8 && strspn(name, "0123456789") == 8 && number < n &&
         (strcmp(end, ".png") == 0 || strncmp(end, ".png.tmp", 8) == 0);
}

static xs_status find_foreign(const char *out, int64_t n, char **foreign) {
  xs_texts names = {0}, images = {0};
  char *dir = file_join(out, "images");
  xs_status status = file_list(out, &names) || file_list_if_there(dir, &images) ? XS_FAILED : XS_OK;
  for (int i = 0; i < names.n && !status && !*foreign; i++) {
    const char *name = names.text[i];
    if (strcmp(name, "images") != 0 && strncmp(name, "labels.csv", 10) != 0 &&
        strncmp(name, "site.yaml.tmp", 13) != 0) {
      *foreign = file_join(out, name);
    }
  }
  for (int i = 0; i < images.n && !status && !*foreign; i++) {
    if (!is_image_name(images.text[i], n)) *foreign = file_join(dir, images.text[i]);
  }
  free(dir);
  file_list_release(&images);
  file_list_release(&names);
  return status;
}

/* The domain file is written last: a folder with some of the images and no domain file was broken
 * off, and is made anew.  Anything else in it is somebody's. */
static xs_status check_unfinished(const char *out, int64_t n) {
  char *foreign = NULL;
  if (!file_exists(out)) return XS_OK;
  xs_status status = find_foreign(out, n, &foreign);
  if (!status && foreign) {
    status = (xs_status)fail(XS_FAILED,
                             "%s is there already, with %s; nothing was changed: give a new folder "
                             "with --out",
                             out, foreign);
  }
  free(foreign);
  return status;
}

xs_status site_write(const xs_new_site *o, const char *verb, const char *suffix, int size,
                     site_maker *make, const void *how, const xs_watch *w) {
  new_site to = {.out = o->out, .verb = verb, .suffix = suffix, .make = make, .how = how};
  xs_site *site = NULL;
  int64_t *row = NULL, n = 0;
  xs_status status = check_unfinished(o->out, MOST_IMAGES);
  if (!status) status = open_rows(o, size, w, &site, &row, &n);
  if (!status) status = check_unfinished(o->out, n);
  if (!status) status = write_all(&to, site, row, n, w);
  free(row);
  xs_site_close(site);
  return status;
}
