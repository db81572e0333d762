/* One classifier for all sites, and what labels of the target would be worth. */
#include "sections.h"

#include "drawings.h"
#include "html_parts.h"
#include "memory.h"
#include "published.h"
#include "text.h"

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

/* What the mark in a table's caption means; n: how many of its classifiers have it. */
static const char *mark_words(int n) {
  return n ? "; †: the classifier was not trained enough, and more training may give a better one"
           : "";
}

static int count_pooled(const results *r) {
  int n = 0;
  for (int i = 0; i < r->pooleds; i++) n += r->pooled[i].untrained != NULL;
  return n;
}

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
  char *caption = text_format("Pooled classifiers: AUC in per cent with 95 %% intervals, and the "
                              "domain spread, the variance of the sites' AUC in per cent%s",
                              mark_words(count_pooled(r)));
  table_open(out, caption, head, n);
  free(caption);
  free(head);
  for (int i = 0; i < r->pooleds; i++) {
    const pooled *p = &r->pooled[i];
    char *percent = text_format("%g", p->percent);
    table_row(out, percent);
    table_number(out, number_fixed(p->images, 0));
    table_auc_of(out, &p->global, p->untrained);
    for (int k = 0; k < first->sites; k++) {
      table_auc_of(out, pooled_at(p, first->site[k].site), p->untrained);
    }
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

static int count_adapted(const results *r) {
  int n = 0;
  for (int i = 0; i < r->n; i++) n += r->pair[i].adapted_untrained != NULL;
  return n;
}

static int count_labelled(const results *r) {
  int n = 0;
  for (int i = 0; i < r->labelleds; i++) n += r->labelled[i].untrained != NULL;
  return n;
}

/* In the figure they cannot be told from the others. */
static char *labels_caption(const results *r) {
  const int n = count_labelled(r);
  char *untrained =
      n ? text_format(" Of the %d classifiers of labelled images %d %s not trained enough (†, "
                      "below): labels may be worth more than the curve says.",
                      r->labelleds, n, n > 1 ? "were" : "was")
        : text_copy("");
  char *all = text_format(
      "AUC of classifiers from growing numbers of labelled images of the target (blue, with 95 %% "
      "intervals). Dashed: the adapted classifiers, which saw none; the circle is where they meet "
      "(the paper's S1 Fig).%s",
      untrained);
  free(untrained);
  return all;
}

static void add_labels_table(page *out, const results *r) {
  static const char *const head[] = {"Source → target", "Adapted AUC", "Labelled images"};
  char *caption = text_format(
      "The number of labelled images of the target from which a classifier must be trained to be "
      "as good as the adapted one, with 95 %% intervals%s",
      mark_words(count_adapted(r)));
  table_open(out, caption, head, 3);
  free(caption);
  for (int i = 0; i < r->n; i++) {
    table_pair_row(out, &r->pair[i]);
    table_auc_of(out, &r->pair[i].m[ADAPTED], r->pair[i].adapted_untrained);
    add_equivalent(out, &r->pair[i]);
    table_row_end(out);
  }
  table_close(out);
}

static void add_curve_table(page *out, const results *r) {
  static const char *const head[] = {"Site", "Labelled images", "AUC"};
  page_add(out, "<details>\n<summary>The curves in numbers</summary>\n");
  char *caption =
      text_format("AUC in per cent of classifiers from few labelled images of the site%s",
                  mark_words(count_labelled(r)));
  table_open(out, caption, head, 3);
  free(caption);
  for (int i = 0; i < r->labelleds; i++) {
    table_row(out, r->labelled[i].site);
    table_number(out, number_fixed(r->labelled[i].count, 0));
    table_auc_of(out, &r->labelled[i].m, r->labelled[i].untrained);
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
  char *caption = labels_caption(r);
  figure_show(out, svg, caption);
  free(caption);
  add_labels_table(out, r);
  add_curve_table(out, r);
  page_add(out, "</section>\n");
  return 0;
}
