/* MNIST-M (Ganin and Lempitsky 2015): a digit of MNIST over a patch of a BSDS500 photograph.  Where
 * the digit is above 0 the pixel is 255 - patch, elsewhere patch.  The recipe holds the photograph
 * and the corner of the patch of every official image; without it all patches are drawn. */
#include <stdlib.h>
#include <string.h>

#include "catalogue.h"
#include "error.h"
#include "file.h"
#include "idx.h"
#include "image.h"
#include "memory.h"
#include "random.h"
#include "text.h"
#include "watch.h"
#include "xsite.h"

enum { SIDE = 32, DIGIT = 28, MARGIN = (SIDE - DIGIT) / 2, PIXELS = SIDE * SIDE * 3 };

typedef struct photographs {
  image *image;
  int64_t n;
} photographs;

typedef struct work {
  const char *data_dir;
  uint64_t seed;
  photographs photo;
  bool has_recipe;
  idx images, labels; /* what is being made */
  int64_t done, drawn;
} work;

static int read_idx(const char *dir, const char *name, int rank, idx *out) {
  char *path = file_join(dir, name);
  int status = idx_read(path, out);
  if (!status && out->rank != rank) {
    status = fail(XS_FAILED, "%s: %d dimensions, expected %d", path, out->rank, rank);
  }
  free(path);
  return status;
}

static int read_photograph(const char *dir, const char *name, photographs *p) {
  char *path = file_join(dir, name);
  p->image = memory_grow(p->image, sizeof *p->image * (size_t)(p->n + 1));
  image *x = &p->image[p->n++];
  int status = image_read(path, false, x);
  if (!status && (x->height < SIDE || x->width < SIDE || x->channels != 3 || x->bytes != 1)) {
    status = fail(XS_FAILED,
                  "%s: %d x %d with %d channels, expected a colour photograph of at least 32 x 32",
                  path, x->width, x->height, x->channels);
  }
  free(path);
  return status;
}

/* In the order of the names file, which the recipe's numbers refer to. */
static int read_photographs(const char *data_dir, photographs *p) {
  char *list = file_join(data_dir, "digits/mnistm/bsds500-train-names.txt");
  char *dir = file_join(data_dir, "digits/bsds500-train");
  char *text = NULL, *rest = NULL;
  size_t size;
  int status = file_exists(list) ? file_read(list, &text, &size)
                                 : fail(XS_FAILED,
                                        "%s is not there: `xsite data get mnistm --data-dir %s` "
                                        "brings it, the photographs and MNIST",
                                        list, data_dir);
  for (char *name = status ? NULL : strtok_r(text, "\r\n", &rest); name && !status;
       name = strtok_r(NULL, "\r\n", &rest)) {
    status = read_photograph(dir, name, p);
  }
  if (!status && !p->n) status = fail(XS_FAILED, "%s: names no photograph", list);
  free(text);
  free(list);
  free(dir);
  return status;
}

/* The patch of digit i: from the recipe, or drawn where the recipe ends. */
static int choose_patch(work *w, const idx *recipe, int64_t i, int64_t patch[3]) {
  const photographs *p = &w->photo;
  if (i < recipe->dim[0]) {
    for (int k = 0; k < 3; k++) patch[k] = ((const uint16_t *)recipe->data)[3 * i + k];
    if (patch[0] < p->n && patch[1] + SIDE <= p->image[patch[0]].height &&
        patch[2] + SIDE <= p->image[patch[0]].width) {
      return 0;
    }
    return fail(XS_FAILED,
                "%s: the recipe's row %lld (%lld, %lld, %lld) is outside the %lld photographs",
                w->data_dir, (long long)i, (long long)patch[0], (long long)patch[1],
                (long long)patch[2], (long long)p->n);
  }
  uint64_t stream = random_stream("mnistm patch"), step = (uint64_t)w->done;
  w->drawn++;
  patch[0] = (int64_t)random_below(w->seed, stream, step, 0, (uint64_t)p->n);
  const image *x = &p->image[patch[0]];
  patch[1] = (int64_t)random_below(w->seed, stream, step, 1, (uint64_t)x->height - SIDE + 1);
  patch[2] = (int64_t)random_below(w->seed, stream, step, 2, (uint64_t)x->width - SIDE + 1);
  return 0;
}

/* digit [28][28], out [32][32][3] */
static void blend(const uint8_t *digit, const image *photo, int64_t row, int64_t column,
                  uint8_t *out) {
  const uint8_t *from = photo->pixels;
  for (int y = 0; y < SIDE; y++) {
    memcpy(out + y * SIDE * 3, from + ((row + y) * photo->width + column) * 3, SIDE * 3);
  }
  for (int y = 0; y < DIGIT; y++) {
    for (int x = 0; x < DIGIT; x++) {
      uint8_t *pixel = out + ((y + MARGIN) * SIDE + x + MARGIN) * 3;
      if (!digit[y * DIGIT + x]) continue;
      for (int k = 0; k < 3; k++) pixel[k] = (uint8_t)(255 - pixel[k]);
    }
  }
}

static int check_part(const work *w, const idx *digits, const idx *labels, const idx *recipe) {
  if (digits->bytes != 1 || digits->dim[1] != DIGIT || digits->dim[2] != DIGIT ||
      labels->bytes != 1 || labels->dim[0] != digits->dim[0]) {
    return fail(XS_FAILED, "%s: digits/mnist: expected images of 28 x 28 bytes with as many labels",
                w->data_dir);
  }
  if (w->has_recipe &&
      (recipe->bytes != 2 || recipe->dim[1] != 3 || recipe->dim[0] > digits->dim[0])) {
    return fail(
        XS_FAILED,
        "%s: digits/mnistm: expected recipes of 16-bit rows (photograph, y, x), at most one per "
        "digit; found %lld rows of %lld",
        w->data_dir, (long long)recipe->dim[0], (long long)recipe->dim[1]);
  }
  return 0;
}

static int append_part(work *w, const idx *digits, const idx *labels, const idx *recipe) {
  int64_t n = digits->dim[0], total = w->done + n;
  w->images.data = memory_grow(w->images.data, (size_t)(total * PIXELS));
  w->labels.data = memory_grow(w->labels.data, (size_t)total);
  memcpy((uint8_t *)w->labels.data + w->done, labels->data, (size_t)n);
  for (int64_t i = 0; i < n; i++, w->done++) {
    int64_t patch[3];
    if (choose_patch(w, recipe, i, patch)) return XS_FAILED;
    blend((const uint8_t *)digits->data + i * DIGIT * DIGIT, &w->photo.image[patch[0]], patch[1],
          patch[2], (uint8_t *)w->images.data + w->done * PIXELS);
  }
  return 0;
}

static int make_part(work *w, const char *digit_file, const char *label_file,
                     const char *recipe_file) {
  idx digits, labels = {0}, recipe = {0};
  int status = read_idx(w->data_dir, digit_file, 3, &digits);
  if (!status) status = read_idx(w->data_dir, label_file, 1, &labels);
  if (!status && w->has_recipe) status = read_idx(w->data_dir, recipe_file, 2, &recipe);
  if (!status) status = check_part(w, &digits, &labels, &recipe);
  if (!status) status = append_part(w, &digits, &labels, &recipe);
  idx_release(&digits);
  idx_release(&labels);
  idx_release(&recipe);
  return status;
}

static const char *const recipes[] = {"digits/mnistm/mnistm-train-recipe-idx2-short.gz",
                                      "digits/mnistm/mnistm-test-recipe-idx2-short.gz"};

/* With one of the two recipes the other is needed too. */
static bool has_recipe(const char *data_dir) {
  bool found = false;
  for (int i = 0; i < 2; i++) {
    char *path = file_join(data_dir, recipes[i]);
    found = found || file_exists(path);
    free(path);
  }
  return found;
}

static int make_all(work *w) {
  int status = read_photographs(w->data_dir, &w->photo);
  w->has_recipe = has_recipe(w->data_dir);
  if (!status) {
    status = make_part(w, "digits/mnist/train-images-idx3-ubyte.gz",
                       "digits/mnist/train-labels-idx1-ubyte.gz", recipes[0]);
  }
  if (!status) {
    status = make_part(w, "digits/mnist/t10k-images-idx3-ubyte.gz",
                       "digits/mnist/t10k-labels-idx1-ubyte.gz", recipes[1]);
  }
  return status;
}

static void tell(const work *w, const xs_watch *watch) {
  watch_note(watch,
             "MNIST-M: %lld images as in the official recipe, %lld with patches drawn from seed "
             "%llu",
             (long long)(w->done - w->drawn), (long long)w->drawn, (unsigned long long)w->seed);
}

static int write_file(const char *dir, const char *name, idx *x) {
  char *path = file_join(dir, name);
  int status = idx_write(path, x);
  free(path);
  return status;
}

static int write_all(work *w, const char *out_dir) {
  w->images = (idx){4, {w->done, SIDE, SIDE, 3}, w->done * PIXELS, 1, w->images.data};
  w->labels = (idx){1, {w->done}, w->done, 1, w->labels.data};
  int status = file_make_public_dirs(out_dir);
  if (!status) status = write_file(out_dir, "mnistm-images-idx4-ubyte", &w->images);
  if (!status) status = write_file(out_dir, "mnistm-labels-idx1-ubyte", &w->labels);
  return status;
}

xs_status mnistm_import(const char *data_dir, const char *out_dir, uint64_t seed,
                        const xs_watch *watch) {
  if (!data_dir) data_dir = getenv("XSITE_DATA");
  if (!data_dir || !*data_dir) {
    return (xs_status)fail(XS_USAGE,
                           "no data folder is given: pass --data-dir DIR or set XSITE_DATA to the "
                           "folder that holds digits/mnist and digits/bsds500-train");
  }
  work w = {.data_dir = data_dir, .seed = seed};
  int status = make_all(&w);
  if (!status) status = write_all(&w, out_dir);
  if (!status) tell(&w, watch);
  for (int64_t k = 0; k < w.photo.n; k++) image_release(&w.photo.image[k]);
  free(w.photo.image);
  idx_release(&w.images);
  idx_release(&w.labels);
  return (xs_status)status;
}
