#include "figure_table.h"

#include "published.h"

#include "text.h"

#include <math.h>
#include <string.h>

void tsv_number(buffer *out, double v) {
  if (isnan(v)) {
    buffer_add(out, "nan");
  } else {
    buffer_add(out, "%.6g", v);
  }
}

void tsv_column(buffer *out, double v) {
  buffer_add(out, "\t");
  tsv_number(out, v);
}

void tsv_measure(buffer *out, const measure *m) {
  tsv_column(out, m->auc);
  tsv_column(out, m->low);
  tsv_column(out, m->high);
}

void tsv_name(buffer *out, const char *name) {
  for (; *name; name++) {
    bool plain = (unsigned char)*name >= ' ' && *name != '"' && *name != '\\';
    buffer_put(out, plain ? name : " ", 1);
  }
}

void tsv_pair(buffer *out, const pair *p) {
  tsv_name(out, p->source);
  buffer_add(out, " → ");
  tsv_name(out, p->target);
}

char *tsv_quoted(const char *name) {
  char *text = text_copy(name);
  for (char *c = text; *c; c++) {
    if ((unsigned char)*c < ' ' || strchr("'\"\\`{}[]$@#%", *c)) *c = ' ';
  }
  return text;
}

int tsv_means(const results *r) { return (r->n > 1) + (paper_of(r) != NULL); }
