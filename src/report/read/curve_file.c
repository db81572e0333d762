#include "curve_file.h"

#include "error.h"
#include "file.h"
#include "memory.h"
#include "numeral.h"
#include "xsite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_COLUMNS = 64 };

static int read_header(char *line, const char *path, history *c) {
  c->name = memory_new(MOST_COLUMNS * sizeof *c->name);
  char *rest = line;
  for (char *word; (word = strtok_r(rest, "\t \r", &rest));) {
    if (c->columns == MOST_COLUMNS) {
      return fail(XS_FAILED, "%s:1: more than %d columns", path, MOST_COLUMNS);
    }
    c->name[c->columns++] = word;
  }
  return c->columns ? 0 : fail(XS_FAILED, "%s:1: no column names", path);
}

static int read_row(char *line, const char *path, int number, history *c) {
  double *row = c->value + (size_t)c->rows * (size_t)c->columns;
  char *end = line;
  for (int k = 0; k < c->columns; k++) {
    char *start = end;
    row[k] = numeral_read(start, &end);
    if (end == start) {
      return fail(XS_FAILED, "%s:%d: no number in column %s", path, number, c->name[k]);
    }
    if (!isfinite(row[k])) row[k] = NAN;
  }
  if (end[strspn(end, "\t \r")]) {
    return fail(XS_FAILED, "%s:%d: more than the %d values of the header", path, number,
                c->columns);
  }
  c->rows++;
  return 0;
}

static int read_rows(char *text, const char *path, history *c) {
  int lines = 0;
  for (const char *p = text; (p = strchr(p, '\n')); p++) lines++;
  c->value = memory_new((size_t)(lines + 1) * (size_t)c->columns * sizeof *c->value);
  int number = 2, status = 0;
  char *rest = text;
  for (char *line; !status && (line = strtok_r(rest, "\n", &rest)); number++) {
    status = read_row(line, path, number, c);
  }
  return status || c->rows ? status : fail(XS_FAILED, "%s: no rows", path);
}

int history_read(const char *path, history *out) {
  *out = (history){0};
  if (file_read(path, &out->text, &(size_t){0})) return XS_FAILED;
  char *rest = strchr(out->text, '\n');
  if (rest) *rest++ = 0;
  int status = read_header(out->text, path, out);
  if (!status && !rest) status = fail(XS_FAILED, "%s: no rows", path);
  if (!status) status = read_rows(rest, path, out);
  if (status) history_free(out);
  return status;
}

void history_free(history *c) {
  free(c->name);
  free(c->value);
  free(c->text);
  *c = (history){0};
}

int history_column(const history *c, const char *name) {
  for (int k = 0; k < c->columns; k++) {
    if (strcmp(c->name[k], name) == 0) return k;
  }
  return -1;
}

static double block_mean(const history *c, int column, int first, int end) {
  double sum = 0;
  int n = 0;
  for (int r = first; r < end; r++) {
    double v = c->value[r * c->columns + column];
    if (isnan(v)) continue;
    sum += v;
    n++;
  }
  return n ? sum / n : NAN;
}

void history_thin(history *c, int most) {
  if (c->rows <= most) return;
  for (int b = 0; b < most; b++) {
    int first = (int)((long long)b * c->rows / most);
    int end = (int)((long long)(b + 1) * c->rows / most);
    double *to = c->value + (size_t)b * (size_t)c->columns;
    double last = c->value[(end - 1) * c->columns];
    for (int k = 1; k < c->columns; k++) to[k] = block_mean(c, k, first, end);
    to[0] = last;
  }
  c->rows = most;
}

bool history_measured(const history *c, int column) {
  return column >= 0 && !isnan(block_mean(c, column, 0, c->rows));
}
