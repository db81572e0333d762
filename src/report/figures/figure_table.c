#include "figure_table.h"

#include "text.h"

#include <math.h>
#include <string.h>

void tsv_number(page *out, double v) {
  if (isnan(v)) {
    page_raw(out, "nan");
  } else {
    page_raw(out, "%.6g", v);
  }
}

void tsv_column(page *out, double v) {
  page_raw(out, "\t");
  tsv_number(out, v);
}

void tsv_measure(page *out, const measure *m) {
  tsv_column(out, m->auc);
  tsv_column(out, m->low);
  tsv_column(out, m->high);
}

void tsv_name(page *out, const char *name) {
  for (; *name; name++) {
    bool plain = (unsigned char)*name >= ' ' && *name != '"' && *name != '\\';
    page_markup(out, plain ? name : " ", 1);
  }
}

void tsv_pair(page *out, const pair *p) {
  tsv_name(out, p->source);
  page_raw(out, " → ");
  tsv_name(out, p->target);
}

char *tsv_quoted(const char *name) {
  char *text = text_copy(name);
  for (char *c = text; *c; c++) {
    if ((unsigned char)*c < ' ' || strchr("'\"\\`{}[]$@#%", *c)) *c = ' ';
  }
  return text;
}
