#include "unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "memory.h"
#include "text.h"
#include "xsite.h"

static int damaged(const char *path, struct archive *a) {
  const char *why = archive_error_string(a);
  return fail(XS_FAILED, "%s: cannot be unpacked: %s", path, why ? why : "it is damaged");
}

/* The present entry, whole; *left: bytes that may still be unpacked. */
static int read_entry(const char *path, struct archive *a, size_t *left, char **data,
                      size_t *size) {
  enum { PIECE = 1 << 20 };
  size_t room = 0;
  *data = NULL;
  *size = 0;
  for (;;) {
    if (*size + PIECE > room) {
      room = 2 * room + PIECE;
      *data = memory_grow(*data, room + 1);
    }
    la_ssize_t got = archive_read_data(a, *data + *size, PIECE);
    if (got < 0) return damaged(path, a);
    if (got == 0) break;
    if ((size_t)got > *left) {
      return fail(
          XS_FAILED,
          "%s: unpacks to far more than such a file should hold, and is not read further; is "
          "it the right file?",
          path);
    }
    *size += (size_t)got;
    *left -= (size_t)got;
  }
  (*data)[*size] = 0;
  return 0;
}

static int open_archive(const char *path, struct archive *a) {
  return archive_read_open_filename(a, path, 1 << 16) == ARCHIVE_OK ? 0 : damaged(path, a);
}

int unpack_stream(const char *path, size_t most, char **data, size_t *size) {
  struct archive *a = archive_read_new();
  struct archive_entry *entry;
  *data = NULL;
  archive_read_support_filter_bzip2(a);
  archive_read_support_filter_gzip(a);
  archive_read_support_format_raw(a);
  int status = open_archive(path, a);
  if (!status && archive_read_next_header(a, &entry) != ARCHIVE_OK) status = damaged(path, a);
  if (!status) status = read_entry(path, a, &most, data, size);
  if (status) {
    free(*data);
    *data = NULL;
  }
  archive_read_free(a);
  return status;
}

/* ---- archives ---- */

/* The name of an entry that is wanted, without its folder; else NULL. */
static const char *wanted(struct archive_entry *entry, const char *folder, const char *ending) {
  const char *name = archive_entry_pathname(entry);
  size_t start = strlen(folder), end = strlen(ending);
  if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry)) return NULL;
  if (!name || strncmp(name, folder, start) != 0) return NULL;
  name += start;
  size_t length = strlen(name);
  if (strchr(name, '/') || name[0] == '.' || length <= end) return NULL;
  return strcmp(name + length - end, ending) == 0 ? name : NULL;
}

static int compare(const void *a, const void *b) {
  return strcmp(((const unpacked *)a)->name, ((const unpacked *)b)->name);
}

static int check_names(const char *path, const unpacked_files *x) {
  for (int i = 1; i < x->n; i++) {
    if (strcmp(x->file[i - 1].name, x->file[i].name) == 0) {
      return fail(XS_FAILED, "%s: holds %s twice", path, x->file[i].name);
    }
  }
  return 0;
}

static int add(const char *path, struct archive *a, const char *name, size_t *left,
               unpacked_files *x) {
  x->file = memory_grow(x->file, sizeof *x->file * (size_t)(x->n + 1));
  unpacked *f = &x->file[x->n++];
  f->name = text_copy(name);
  return read_entry(path, a, left, &f->data, &f->size);
}

static bool is_entry(int code) { return code == ARCHIVE_OK || code == ARCHIVE_WARN; }

static int read_all(const char *path, struct archive *a, const char *folder, const char *ending,
                    size_t most, unpacked_files *x) {
  struct archive_entry *entry;
  int status = open_archive(path, a), code = ARCHIVE_OK;
  while (!status && is_entry(code = archive_read_next_header(a, &entry))) {
    const char *name = wanted(entry, folder, ending);
    if (name) status = add(path, a, name, &most, x);
  }
  return !status && code != ARCHIVE_EOF ? damaged(path, a) : status;
}

int unpack_tar(const char *path, const char *folder, const char *ending, size_t most,
               unpacked_files *out) {
  struct archive *a = archive_read_new();
  memset(out, 0, sizeof *out);
  archive_read_support_filter_gzip(a);
  archive_read_support_format_tar(a);
  int status = read_all(path, a, folder, ending, most, out);
  archive_read_free(a);
  if (out->n) qsort(out->file, (size_t)out->n, sizeof *out->file, compare);
  return status ? status : check_names(path, out);
}

/* ---- the one file of a ZIP archive ---- */

static bool is_file_for_people(struct archive_entry *entry, const char *name) {
  const char *slash = strrchr(name, '/');
  return archive_entry_filetype(entry) == AE_IFREG && strncmp(name, "__MACOSX/", 9) != 0 &&
         (slash ? slash[1] : name[0]) != '.';
}

static int refuse_second(const char *path, const char *first, const char *second) {
  if (!strcmp(first, "[Content_Types].xml") || !strcmp(second, "[Content_Types].xml")) {
    return fail(XS_FAILED, "%s: is a workbook of Excel or the like; save its sheet as CSV UTF-8",
                path);
  }
  return fail(XS_FAILED,
              "%s: holds several files, %s and %s among them; unpack it and name the one", path,
              first, second);
}

static int read_only_file(const char *path, struct archive *a, size_t most, char **data,
                          size_t *size) {
  struct archive_entry *entry;
  char *first = NULL;
  int status = open_archive(path, a), code = ARCHIVE_OK;
  while (!status && is_entry(code = archive_read_next_header(a, &entry))) {
    const char *name = archive_entry_pathname(entry);
    if (!name) name = "a file whose name is no text";
    if (!is_file_for_people(entry, name)) continue;
    status = first ? refuse_second(path, first, name) : read_entry(path, a, &most, data, size);
    if (!first) first = text_copy(name);
  }
  if (!status && code != ARCHIVE_EOF) status = damaged(path, a);
  if (!status && !first) status = fail(XS_FAILED, "%s: is a ZIP archive without a file", path);
  free(first);
  return status;
}

int unpack_zip(const char *path, size_t most, char **data, size_t *size) {
  struct archive *a = archive_read_new();
  *data = NULL;
  archive_read_support_format_zip(a);
  const int status = read_only_file(path, a, most, data, size);
  if (status) {
    free(*data);
    *data = NULL;
  }
  archive_read_free(a);
  return status;
}

void unpack_release(unpacked_files *x) {
  for (int i = 0; i < x->n; i++) {
    free(x->file[i].name);
    free(x->file[i].data);
  }
  free(x->file);
  memset(x, 0, sizeof *x);
}
