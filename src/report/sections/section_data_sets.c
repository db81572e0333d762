/* The sites as data sets: what papers have as their first table. */
#include "sections.h"

#include "data_rows.h"
#include "html_parts.h"
#include "memory.h"
#include "text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool section_data_sets_wanted(const results *r) { return r->data.sites > 0; }

static void add_tests(page *out, const data_row *row, const data_sets *d) {
  const data_test *t = data_row_test(row, d);
  table_number(out, data_f(t));
  table_number(out, number_p_value(t ? t->p : NAN));
}

/* d: whose tests stand behind the columns, or NULL. */
static void add_rows(page *out, const data_side *const *column, int n, const data_sets *d) {
  int rows;
  data_row *row = data_rows(column, n, &rows);
  for (int i = 0; i < rows; i++) {
    char *name = data_row_name(&row[i]);
    table_row(out, name);
    for (int k = 0; k < n; k++) table_number(out, data_cell(&row[i], column[k]));
    if (d) add_tests(out, &row[i], d);
    table_row_end(out);
    free(name);
  }
  free(row);
}

static void add_sites(page *out, const data_sets *d) {
  const char **head = memory_new((size_t)(d->sites + 3) * sizeof *head);
  const data_side **column = memory_new((size_t)d->sites * sizeof *column);
  int n = 0;
  head[0] = "All images";
  for (int i = 0; i < d->sites; i++) {
    const data_side *all = data_site_all(&d->site[i]);
    if (!all) continue;
    column[n++] = all;
    head[n] = d->site[i].site;
  }
  head[n + 1] = "F";
  head[n + 2] = "p";
  table_open(out,
             d->tests ? "The sites as data sets: images, and in brackets the share of those of "
                        "which it is known; one-way ANOVA over the sites, F with its degrees of "
                        "freedom"
                      : "The sites as data sets: images, and in brackets the share of those of "
                        "which it is known",
             head, n + (d->tests ? 3 : 1));
  add_rows(out, column, n, d->tests ? d : NULL);
  table_close(out);
  free(column);
  free(head);
}

static const char *side_title(const char *side) {
  static const char *const title[][2] = {
      {"train", "Training"}, {"validation", "Validation"}, {"test", "Test"}, {"all", "All"}};
  for (size_t i = 0; i < sizeof title / sizeof *title; i++) {
    if (strcmp(title[i][0], side) == 0) return title[i][1];
  }
  return side;
}

static void add_sides(page *out, const data_site *s) {
  const char **head = memory_new((size_t)(s->sides + 1) * sizeof *head);
  const data_side **column = memory_new((size_t)(s->sides + 1) * sizeof *column);
  head[0] = "Side of the split";
  for (int i = 0; i < s->sides; i++) {
    column[i] = &s->side[i];
    head[i + 1] = side_title(s->side[i].side);
  }
  char *caption = text_format("%s: images on each side of its split, and in brackets the share of "
                              "those of which it is known",
                              s->site);
  table_open(out, caption, head, s->sides + 1);
  add_rows(out, column, s->sides, NULL);
  table_close(out);
  free(caption);
  free(column);
  free(head);
}

static void add_notes(page *out, const data_sets *d) {
  page_add(out, "<p class=\"soft\">");
  if (d->tests) {
    page_add(out,
             "The tests take one value a patient, the mean of his or her images, since the "
             "images of one patient are alike; an image of no known patient counts as one. "
             "Of a class, sex or view the value is whether an image has it. So where some patients "
             "have more images than others, the shares of images can differ although patients "
             "do not. No p is corrected "
             "for the number of rows: at the paper's level of 0.05 one in twenty is below it "
             "without any difference. ");
  }
  if (d->shared_groups > 0) {
    page_add(out,
             "%s patients (or digits) are at more than one site, which the tests take for "
             "different ones: their p are not to be relied on. ",
             number_fixed(d->shared_groups, 0).text);
  }
  page_add(out, "Sex, age and view are shown where the site's files name them; labels of targets "
                "were opened for this table after all classifiers were finished "
                "(<code>seal.jsonl</code>). All of it stands in <code>sites.csv</code>.</p>\n");
}

void section_data_sets(page *out, const results *r) {
  const data_sets *d = &r->data;
  page_add(out, "<section id=\"data-sets\">\n<h2>What the sites are</h2>\n");
  add_sites(out, d);
  add_notes(out, d);
  page_add(out, "<details>\n<summary>Training, validation and test images</summary>\n");
  for (int i = 0; i < d->sites; i++) add_sides(out, &d->site[i]);
  page_add(out, "</details>\n</section>\n");
}
