#include "row_filter.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "memory.h"
#include "text.h"
#include "xsite.h"

static int parse(const char *path, const char *text, const joined_tables *s, condition *out) {
  out->text = text_copy(text);
  char *equal = strchr(out->text, '='), *end = equal;
  out->differs = end > out->text && end[-1] == '!';
  if (out->differs) end--;
  while (end > out->text && end[-1] == ' ') end--;
  *end = 0;
  if (label_split(equal + 1, "|", &out->values) || !*out->text) {
    return fail(XS_USAGE, "%s: keep.where: \"%s\" is not of the form COLUMN = VALUE", path, text);
  }
  return joined_tables_find(s, "keep.where", out->text, &out->at);
}

int conditions_parse(const char *path, const xs_texts *texts, const joined_tables *s,
                     conditions *out) {
  out->condition = memory_new(sizeof *out->condition * (size_t)(texts->n + 1));
  int status = 0;
  for (out->n = 0; out->n < texts->n && !status; out->n++) {
    status = parse(path, texts->text[out->n], s, &out->condition[out->n]);
  }
  return status;
}

static bool holds(const condition *c, const joined_tables *s, int64_t row) {
  const char *cell = joined_tables_cell(s, c->at, row);
  bool found = !c->values.n && (!cell || !*cell);
  for (int i = 0; i < c->values.n && cell && !found; i++) found = !strcmp(c->values.term[i], cell);
  return found != c->differs;
}

bool conditions_hold(const conditions *c, const joined_tables *s, int64_t row) {
  for (int i = 0; i < c->n; i++) {
    if (!holds(&c->condition[i], s, row)) return false;
  }
  return true;
}

void conditions_release(conditions *c) {
  for (int i = 0; i < c->n; i++) free(c->condition[i].text);
  free(c->condition);
  *c = (conditions){0};
}
