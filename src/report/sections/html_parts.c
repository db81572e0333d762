#include "html_parts.h"

#include "text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_NARROW = 8 }; /* columns that fit a sheet of paper in full size */

void table_open(page *out, const char *caption, const char *const *head, int n) {
  char *title = text_format("Table %d. %s", ++out->tables, caption);
  buffer_add(&out->html, "<div class=\"scroll%s\" ", n > MOST_NARROW ? " wide" : "");
  page_add(out,
           "role=\"region\" aria-label=\"%s\" tabindex=\"0\">\n<table>\n"
           "<caption><span>%s</span></caption>\n<thead><tr>",
           title, title);
  for (int i = 0; i < n; i++) page_add(out, "<th scope=\"col\">%s</th>", head[i]);
  page_add(out, "</tr></thead>\n<tbody>\n");
  free(title);
}

void table_close(page *out) { page_add(out, "</tbody>\n</table>\n</div>\n"); }

void table_row(page *out, const char *head) {
  page_add(out, "<tr><th scope=\"row\">%s</th>", head);
}

void table_pair_row(page *out, const pair *p) {
  page_add(out, "<tr><th scope=\"row\">%s → %s</th>", p->source, p->target);
}

void table_row_end(page *out) { page_add(out, "</tr>\n"); }

void table_text(page *out, const char *text) { page_add(out, "<td class=\"text\">%s</td>", text); }

void table_number(page *out, number value) { page_add(out, "<td>%s</td>", value.text); }

static void add_numbers(page *out, number value, number low, number high, bool wide) {
  if (strcmp(low.text, "–") == 0) {
    page_add(out, "%s", value.text);
  } else if (wide) {
    page_add(out, "%s to %s", low.text, high.text);
  } else {
    page_add(out, "%s<small>%s to %s</small>", value.text, low.text, high.text);
  }
}

static void add_cell(page *out, number value, number low, number high, bool wide) {
  page_add(out, "<td>");
  add_numbers(out, value, low, high, wide);
  page_add(out, "</td>");
}

void table_interval(page *out, number value, number low, number high) {
  add_cell(out, value, low, high, false);
}

void cell_auc(page *out, const measure *m) {
  const double low = m ? m->low : NAN, high = m ? m->high : NAN;
  add_numbers(out, number_auc(m ? m->auc : NAN), number_auc(low), number_auc(high),
              number_wide(low, high));
}

const char untrained_mark[] = "†";

void table_auc_of(page *out, const measure *m, const char *untrained) {
  page_add(out, "<td>");
  cell_auc(out, m);
  page_add(out, "%s</td>", untrained && m && isfinite(m->auc) ? untrained_mark : "");
}

void table_auc(page *out, const measure *m) { table_auc_of(out, m, NULL); }

void table_per_cent(page *out, interval x) {
  add_cell(out, number_fixed(x.value, 1), number_fixed(x.low, 1), number_fixed(x.high, 1),
           number_wide(x.low, x.high));
}

void table_plain(page *out, interval x) {
  add_cell(out, number_fixed(x.value, 3), number_fixed(x.low, 3), number_fixed(x.high, 3),
           number_wide(100 * x.low, 100 * x.high));
}

void cell_change(page *out, interval x) {
  add_numbers(out, number_signed(x.value), number_points(x.low), number_points(x.high),
              number_wide(x.low, x.high));
}

void table_change(page *out, interval x) {
  page_add(out, "<td>");
  cell_change(out, x);
  page_add(out, "</td>");
}

interval accuracy_of(const measure *m) {
  return (interval){m->accuracy, m->accuracy_low, m->accuracy_high};
}

void figure_show(page *out, char *svg, const char *caption) {
  char *title = text_format("Figure %d. %s", ++out->figures, caption);
  page_add(out, "<figure><div class=\"scroll\">\n");
  buffer_text(&out->html, svg);
  page_add(out, "</div>\n<figcaption>%s</figcaption></figure>\n", title);
  free(title);
  free(svg);
}
