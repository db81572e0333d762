/* write_translated_site.c: a translated training set as a site of its own, for other programs and
 * other looks. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "error.h"
#include "file.h"
#include "idx.h"
#include "made_images.h"
#include "memory.h"
#include "node_job.h"
#include "text.h"

#define IMAGES "translated-images-idx4-ubyte"
#define LABELS "translated-labels-idx1-ubyte"

enum { MOST_CLASSES = 256 }; /* labels of an IDX file of bytes */

xs_status translated_site_check(const char *name, int classes) {
  if (classes <= MOST_CLASSES) return XS_OK;
  return fail(
      XS_FAILED,
      "%s: translated images cannot be kept with labels of %d classes, a byte holds %d; set "
      "keep_translated to no",
      name, classes, MOST_CLASSES);
}

static int write_images(const char *dir, const xs_images *x) {
  idx made = {.rank = 4, .dim = {x->n, x->height, x->width, x->channels}, .bytes = 1};
  made.count = x->n * x->height * x->width * x->channels;
  uint8_t *pixel = memory_new((size_t)made.count + 1);
  made_images_shorten(x->pixels, made.count, pixel);
  made.data = pixel;
  char *path = file_join(dir, IMAGES);
  int status = idx_write(path, &made);
  free(path);
  free(pixel);
  return status;
}

static int write_labels(const char *dir, const train_set *set) {
  idx made = {.rank = 1, .dim = {set->n}, .count = set->n, .bytes = 1};
  uint8_t *label = memory_new((size_t)set->n + 1);
  for (int64_t i = 0; i < set->n; i++) label[i] = (uint8_t)set->label[set->rows[i]];
  made.data = label;
  char *path = file_join(dir, LABELS);
  int status = idx_write(path, &made);
  free(path);
  free(label);
  return status;
}

/* A node's name as a site may be called: with letters, digits, - and _. */
static char *site_name(const char *node) {
  char *name = text_copy(node);
  for (char *p = name; *p; p++) {
    if (!isalnum((unsigned char)*p)) *p = *p == '_' ? '_' : '-';
  }
  return name;
}

static int write_site(const char *dir, const char *node, int classes, char *const *class_name) {
  char *name = site_name(node);
  buffer text = {0};
  buffer_add(&text, "name: %s\nformat: idx\nimages: %s\nlabels: %s\nclasses:\n", name, IMAGES,
             LABELS);
  free(name);
  for (int i = 0; i < classes; i++) {
    char *word = text_yaml(class_name[i]);
    buffer_add(&text, "  - %s\n", word);
    free(word);
  }
  char *path = file_join(dir, "site.yaml");
  int status = file_write_atomic(path, text.text, text.size);
  free(path);
  buffer_free(&text);
  return status;
}

xs_status translated_site_write(const char *dir, const char *name, const train_set *set,
                                int classes, char *const *class_name) {
  int status = translated_site_check(name, classes);
  if (!status) status = write_images(dir, set->images);
  if (!status) status = write_labels(dir, set);
  if (!status) status = write_site(dir, name, classes, class_name);
  return status ? XS_FAILED : XS_OK;
}
