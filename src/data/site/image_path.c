#include "image_path.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "text.h"
#include "xsite.h"

static int refuse(const char *where, const char *pattern, const char *what) {
  return fail(XS_USAGE, "%s: \"%s\": %s", where, pattern, what);
}

static struct path_piece *add(image_path *p, const char *text, size_t n) {
  struct path_piece *piece = &p->piece[p->n++];
  piece->text = text_format("%.*s", (int)n, text);
  return piece;
}

/* "name" or "name:letters" between braces. */
static bool add_column(image_path *p, const char *text, size_t n) {
  struct path_piece *piece = add(p, text, n);
  char *colon = strrchr(piece->text, ':');
  piece->is_column = true;
  if (colon && colon[1] && !colon[1 + strspn(colon + 1, "0123456789")]) {
    piece->letters = atoi(colon + 1);
    *colon = 0;
    return piece->letters > 0 && *piece->text;
  }
  return *piece->text != 0;
}

int image_path_parse(const char *where, const char *pattern, image_path *out) {
  memset(out, 0, sizeof *out);
  if (!strchr(pattern, '{')) {
    add(out, pattern, strlen(pattern))->is_column = true;
    return 0;
  }
  for (const char *s = pattern; *s;) {
    if (out->n == MOST_PIECES) return refuse(where, pattern, "has too many parts");
    size_t plain = strcspn(s, "{");
    if (plain) {
      add(out, s, plain);
      s += plain;
      continue;
    }
    size_t name = strcspn(s + 1, "}");
    if (!s[1 + name]) return refuse(where, pattern, "a { has no }");
    if (!add_column(out, s + 1, name)) {
      return refuse(where, pattern, "{ } must hold a column's name, or {name:letters}");
    }
    s += name + 2;
  }
  return 0;
}

void image_path_release(image_path *p) {
  for (int i = 0; i < p->n; i++) free(p->piece[i].text);
  p->n = 0;
}

int image_path_find(const joined_tables *s, image_path *p) {
  for (int i = 0; i < p->n; i++) {
    struct path_piece *piece = &p->piece[i];
    if (!piece->is_column) continue;
    if (joined_tables_find(s, "columns.image", piece->text, &piece->at)) return XS_FAILED;
  }
  return 0;
}

static char *start_at(char *path, const xs_texts *from) {
  for (int i = 0; i < from->n; i++) {
    const char *found = strstr(path, from->text[i]);
    if (!found) continue;
    memmove(path, found, strlen(found) + 1);
    break;
  }
  return path;
}

char *image_path_make(const joined_tables *s, const image_path *p, const xs_texts *from,
                      int64_t row) {
  char buffer[4096];
  size_t n = 0;
  for (int i = 0; i < p->n; i++) {
    const struct path_piece *piece = &p->piece[i];
    const char *text = piece->is_column ? joined_tables_cell(s, piece->at, row) : piece->text;
    if (!text || !*text) return NULL;
    size_t length = strlen(text);
    if (piece->letters && (size_t)piece->letters < length) length = (size_t)piece->letters;
    if (n + length >= sizeof buffer) return NULL;
    memcpy(buffer + n, text, length);
    n += length;
  }
  buffer[n] = 0;
  return start_at(text_copy(buffer), from);
}
