/* One classifier for all sites, and what labels of the target would be worth. */
#include "sections.h"

#include "drawings.h"
#include "file.h"
#include "paper.h"
#include "parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- pooled ---------------------------------------------------------------------------------- */

static const measure *pooled_at(const pooled *p, const char *site) {
  for (int k = 0; k < p->sites; k++) {
    if (strcmp(p->site[k].site, site) == 0) return &p->site[k].m;
  }
  return NULL;
}

static void add_measure(page *out, const measure *m) { table_auc(out, m); }

static void add_pooled_table(page *out, const results *r) {
  const pooled *first = &r->pooled[0];
  const paper *published = paper_of(r);
  const char **head = memory_new((size_t)(first->sites + 5) * sizeof *head);
  int n = 0;
  head[n++] = "Per cent of the images";
  head[n++] = "Images";
  head[n++] = "All sites";
  for (int k = 0; k < first->sites; k++) head[n++] = first->site[k].site;
  head[n++] = "Spread";
  if (published) head[n++] = "Spread in the paper";
  table_open(out,
             "Pooled classifiers: AUC in per cent with 95 % intervals, and the domain spread, the "
             "variance of the sites' AUC in per cent",
             head, n);
  free(head);
  for (int i = 0; i < r->pooleds; i++) {
    const pooled *p = &r->pooled[i];
    char *percent = text_format("%g", p->percent);
    table_row(out, percent);
    table_number(out, number_fixed(p->images, 0));
    add_measure(out, &p->global);
    for (int k = 0; k < first->sites; k++) add_measure(out, pooled_at(p, first->site[k].site));
    table_number(out, number_fixed(p->spread, 2));
    if (published) table_number(out, number_fixed(paper_spread_at(published, p->percent), 2));
    table_row_end(out);
    free(percent);
  }
  table_close(out);
}

int section_pooled(page *out, const results *r, report_files *files) {
  char *svg;
  int status = drawing_pooled(r, files, &svg);
  if (status) return status;
  page_add(out, "<section id=\"pooled\">\n<h2>One classifier for all sites</h2>\n"
                "<p>For comparison, classifiers trained with labels of all sites at once, from "
                "growing shares of their training images.</p>\n");
  figure_show(out, svg,
              "Pooled classifiers by the share of all training images that they saw: AUC on all "
              "sites' test images together, on each site's, and how far the sites lie apart "
              "(the paper's Fig 4).");
  add_pooled_table(out, r);
  page_add(out, "</section>\n");
  return 0;
}

/* ---- labels ---------------------------------------------------------------------------------- */

static void add_equivalent(page *out, const pair *p) {
  const interval *e = &p->equivalent;
  if (p->equivalent_more && !isfinite(e->value)) {
    page_add(out, "<td>more than tried</td>");
  } else if (e->value == 0) {
    page_add(out, "<td>fewer than tried</td>");
  } else {
    table_interval(out, number_count(e->value),
                   e->low == 0 ? (number){"fewer than tried"} : number_count(e->low),
                   isfinite(e->high) ? number_count(e->high) : (number){"more than tried"});
  }
}

static void add_labels_table(page *out, const results *r) {
  static const char *const head[] = {"Source → target", "Adapted AUC", "Labelled images"};
  table_open(out,
             "The number of labelled images of the target from which a classifier must be trained "
             "to be as good as the adapted one, with 95 % intervals",
             head, 3);
  for (int i = 0; i < r->n; i++) {
    table_pair_row(out, &r->pair[i]);
    add_measure(out, &r->pair[i].m[ADAPTED]);
    add_equivalent(out, &r->pair[i]);
    table_row_end(out);
  }
  table_close(out);
}

static void add_curve_table(page *out, const results *r) {
  static const char *const head[] = {"Site", "Labelled images", "AUC"};
  page_add(out, "<details>\n<summary>The curves in numbers</summary>\n");
  table_open(out, "AUC in per cent of classifiers from few labelled images of the site", head, 3);
  for (int i = 0; i < r->labelleds; i++) {
    table_row(out, r->labelled[i].site);
    table_number(out, number_fixed(r->labelled[i].count, 0));
    add_measure(out, &r->labelled[i].m);
    table_row_end(out);
  }
  table_close(out);
  page_add(out, "</details>\n");
}

int section_labels(page *out, const results *r, report_files *files) {
  char *svg;
  int status = drawing_labels(r, files, &svg);
  if (status) return status;
  page_add(out, "<section id=\"labels\">\n<h2>What adaptation is worth in labels</h2>\n");
  figure_show(out, svg,
              "AUC of classifiers from growing numbers of labelled images of the target (blue, "
              "with 95 % intervals). Dashed: the adapted classifiers, which saw none; the circle "
              "is where they meet (the paper's S1 Fig).");
  add_labels_table(out, r);
  add_curve_table(out, r);
  page_add(out, "</section>\n");
  return 0;
}
