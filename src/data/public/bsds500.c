/* bsds500.c: the 200 training photographs of BSDS500, the backgrounds of MNIST-M, out of its
 * archive.  Their checksum is the SHA-256 of what `sha256sum *.jpg` prints in their folder, in the
 * order of the names' bytes. */
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "catalogue.h"
#include "error.h"
#include "file.h"
#include "file_list.h"
#include "hash.h"
#include "image_folder.h"
#include "text.h"
#include "unpack.h"

static const char *const image_folder = "digits/bsds500-train";
static const char *const names_file = "digits/mnistm/bsds500-train-names.txt";

/* ---- checksums ---- */

static bool is_sum(buffer *l, const char *sha256) {
  char hex[HASH_SHA256_TEXT];
  hash_sha256_text(l->text, l->size, hex);
  buffer_free(l);
  return strcmp(hex, sha256) == 0;
}

static bool are_right(const unpacked_files *x, const char *sha256) {
  buffer l = {0};
  for (int i = 0; i < x->n; i++) {
    char hex[HASH_SHA256_TEXT];
    hash_sha256_text(x->file[i].data, x->file[i].size, hex);
    buffer_add(&l, "%s  %s\n", hex, x->file[i].name);
  }
  return is_sum(&l, sha256);
}

/* Of the images in the folder. */
static bool folder_is_right(const char *dir, const xs_texts *names, const char *sha256) {
  buffer l = {0};
  for (int i = 0; i < names->n; i++) {
    char hex[HASH_SHA256_TEXT], *path = file_join(dir, names->text[i]);
    if (!hash_sha256_file(path, hex)) buffer_add(&l, "%s  %s\n", hex, names->text[i]);
    free(path);
  }
  return is_sum(&l, sha256);
}

/* ---- files ---- */

/* *same: the file holds just this; another content is an error, unless it may be overwritten. */
static int compare(const char *path, const char *data, size_t size, bool overwrite, bool *same) {
  char *old = NULL;
  size_t old_size = 0;
  *same = false;
  if (!file_exists(path)) return 0;
  if (file_read(path, &old, &old_size)) return XS_FAILED;
  *same = old_size == size && memcmp(old, data, size) == 0;
  free(old);
  if (*same || overwrite) return 0;
  return fail(XS_FAILED, "%s is there and holds something else; move it away, or give --overwrite",
              path);
}

/* Takes path. */
static int write_new(char *path, const char *data, size_t size, bool overwrite) {
  bool same;
  int status = compare(path, data, size, overwrite, &same);
  if (!status && !same) status = file_write_public(path, data, size);
  free(path);
  return status;
}

static int make_folder_of(const char *data_dir, const char *name) {
  char *path = file_join(data_dir, name), *dir = file_dir(path);
  int status = file_make_public_dirs(dir);
  free(path);
  free(dir);
  return status;
}

static int write_names(const char *data_dir, const buffer *names, bool overwrite) {
  if (make_folder_of(data_dir, names_file)) return XS_FAILED;
  return write_new(file_join(data_dir, names_file), names->text, names->size, overwrite);
}

/* ---- the row ---- */

int photographs_check(const get_row *r, const char *data_dir, bool overwrite, bool *right) {
  char *dir = file_join(data_dir, image_folder);
  xs_texts names = {0};
  buffer list = {0};
  int status = file_is_dir(dir) ? folder_images(dir, &names) : 0;
  *right = !status && names.n > 0 && folder_is_right(dir, &names, r->sha256[0]);
  for (int i = 0; i < names.n; i++) buffer_add(&list, "%s\n", names.text[i]);
  if (*right) status = write_names(data_dir, &list, overwrite);
  buffer_free(&list);
  file_list_release(&names);
  free(dir);
  return status;
}

static int write_photographs(const char *data_dir, const unpacked_files *x, bool overwrite) {
  char *dir = file_join(data_dir, image_folder);
  buffer names = {0};
  int status = file_make_public_dirs(dir);
  for (int i = 0; i < x->n && !status; i++) {
    const unpacked *f = &x->file[i];
    buffer_add(&names, "%s\n", f->name);
    status = write_new(file_join(dir, f->name), f->data, f->size, overwrite);
  }
  if (!status) status = write_names(data_dir, &names, overwrite);
  buffer_free(&names);
  free(dir);
  return status;
}

int photographs_unpack(const get_row *r, const char *data_dir, const char *path, bool overwrite) {
  const size_t most = (size_t)r->file.bytes * 4;
  unpacked_files x;
  int status = unpack_tar(path, r->stem, ".jpg", most, &x);
  if (!status && !are_right(&x, r->sha256[0])) {
    status = fail(XS_FAILED,
                  "%s: the %d photographs in its folder %s are not those of BSDS500; delete it to "
                  "download it again",
                  path, x.n, r->stem);
  }
  if (!status) status = write_photographs(data_dir, &x, overwrite);
  unpack_release(&x);
  return status;
}
