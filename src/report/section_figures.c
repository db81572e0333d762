/* The parts of the page that show figures: bars, images, curves. */
#include "drawings.h"
#include "error.h"
#include "file.h"
#include "number.h"
#include "paper.h"
#include "parts.h"
#include "sections.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* The means of a summary's paper as the end of a caption. */
static char *paper_sentence(const results *r) {
  const paper *p = paper_of(r);
  if (!p) return text_copy("");
  return text_format(" Last: the means that the paper reports of its %s (its Fig 2A or 3A): "
                     "internal %.2f, external %.2f, adapted %.2f.",
                     p->what, p->summary.internal, p->summary.external, p->summary.adapted);
}

static int add_bars(page *out, const results *r, const char *figures) {
  char *svg;
  int status = drawing_auc(r, figures, &svg);
  if (status) return status;
  char *papers = paper_sentence(r);
  char *caption = text_format(
      "AUC of each pair (source → target) with 95 %% intervals. The dotted line is the "
      "ceiling, a classifier trained on the target's own labels. The axis starts at %s; guessing "
      "is 50.%s",
      number_fixed(drawing_auc_floor(r), 0).text, papers);
  figure_show(out, svg, caption);
  free(caption);
  free(papers);
  return 0;
}

static bool any_change(const results *r) {
  for (int i = 0; i < r->n; i++) {
    if (isfinite(report_relative_change(&r->pair[i]))) return true;
  }
  return false;
}

static int add_changes(page *out, const results *r, const char *figures) {
  char *svg;
  int status = any_change(r) ? drawing_change(r, figures, &svg) : 0;
  if (status || !any_change(r)) return status;
  const paper *p = paper_of(r);
  char *papers = p ? text_format(" The paper reports a mean of %.2f %% (its Fig 2B or 3B).",
                                 p->summary.relative_gain)
                   : text_copy("");
  char *caption = text_format("Relative change of AUC, (adapted − external) / external, by source; "
                              "the dotted lines are the means of a source's pairs. Mean of all "
                              "pairs: %s.%s",
                              number_percent(r->summary.relative_gain, 2).text, papers);
  figure_show(out, svg, caption);
  free(caption);
  free(papers);
  return 0;
}

int section_bars(page *out, const results *r, const char *figures) {
  page_add(out, "<section id=\"bars\">\n<h2>Overview</h2>\n");
  int status = add_bars(out, r, figures);
  if (!status) status = add_changes(out, r, figures);
  page_add(out, "</section>\n");
  return status;
}

/* ---- images ---------------------------------------------------------------------------------- */

enum { MOST_PNG_BYTES = 8 << 20 };

static uint32_t big_endian(const char *p) {
  const unsigned char *b = (const unsigned char *)p;
  return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static bool is_png(const char *data, size_t size) {
  return size > 33 && memcmp(data, "\x89PNG\r\n\x1a\n", 8) == 0 &&
         memcmp(data + 12, "IHDR", 4) == 0;
}

/* Why the image is not shown, or NULL. */
static char *add_png(page *out, const char *path, const char *alt) {
  if (!file_exists(path)) return text_format("not kept by this run.");
  char *data;
  size_t size;
  if (file_read(path, &data, &size)) return text_format("not shown: %s", fail_message());
  char *why = NULL;
  if (!is_png(data, size)) {
    why = text_format("not shown: the file is not a PNG image.");
  } else if (size > MOST_PNG_BYTES) {
    why = text_format("not shown: the file is larger than 8 MiB.");
  } else {
    number width = number_fixed(big_endian(data + 16), 0);
    number height = number_fixed(big_endian(data + 20), 0);
    page_add(out, "<img alt=\"%s\" width=\"%s\" height=\"%s\" src=\"data:image/png;base64,", alt,
             width.text, height.text);
    page_base64(out, data, size);
    page_add(out, "\"/>");
  }
  free(data);
  return why;
}

static void add_image_row(page *out, const results *r, const char *node, const char *file,
                          const char *caption) {
  char *path = report_node_file(r, node, file);
  page_add(out, "<figure>");
  char *why = add_png(out, path, caption);
  page_add(out, "<figcaption>%s%s%s</figcaption></figure>\n", caption, why ? ": " : "",
           why ? why : "");
  free(why);
  free(path);
}

/* Images whose label translation lost most surely, where the run kept them. */
static void add_worst(page *out, const results *r, const pair *p, const char *node) {
  char *path = report_node_file(r, node, "worst_translated.png");
  if (file_exists(path)) {
    char *caption = text_format("The worst: originals of %s whose label translation to %s lost "
                                "most surely",
                                p->source, p->target);
    add_image_row(out, r, node, "worst_original.png", caption);
    add_image_row(out, r, node, "worst_translated.png", "The same, translated");
    free(caption);
  }
  free(path);
}

void section_images(page *out, const results *r) {
  char *title = text_format("Figure %d", ++out->figures);
  page_add(out,
           "<section id=\"images\">\n<h2>Images</h2>\n"
           "<p>%s. Each translated image stands below its original (the paper's Figs 2C and 3C). A "
           "good translation looks like the target site and still shows the same content.</p>\n",
           title);
  free(title);
  for (int i = 0; i < r->n; i++) {
    const pair *p = &r->pair[i];
    const char *node = report_translator(p);
    if (!node) continue;
    char *caption[3] = {text_format("Originals of %s", p->source),
                        text_format("The same, translated to look like %s", p->target),
                        text_format("Real images of %s, for comparison", p->target)};
    static const char *const file[3] = {"original.png", "translated.png", "target.png"};
    page_add(out, "<h3>%s → %s</h3>\n<div class=\"rows\">\n", p->source, p->target);
    for (int k = 0; k < 3; k++) {
      add_image_row(out, r, node, file[k], caption[k]);
      free(caption[k]);
    }
    add_worst(out, r, p, node);
    page_add(out, "</div>\n");
  }
  page_add(out, "</section>\n");
}

/* ---- curves ---------------------------------------------------------------------------------- */

/* svg and why, of which one is NULL, are freed. */
static void add_curve(page *out, char *svg, char *why, const char *caption) {
  if (svg) {
    figure_show(out, svg, caption);
  } else {
    page_add(out, "<p>%s: %s</p>\n", caption, why);
  }
  free(why);
}

/* A translator that is made without training has no curve. */
static bool is_trained(const results *r, const char *node) {
  char *path = report_node_file(r, node, "curve.tsv");
  const bool trained = file_exists(path) || strncmp(node, "translator-paper-", 17) == 0;
  free(path);
  return trained;
}

static bool seen_before(const pair *p, int k) {
  for (int i = 0; i < k; i++) {
    const char *node = p->candidate[i].translator;
    if (node && strcmp(node, p->candidate[k].translator) == 0) return true;
  }
  return false;
}

static int add_translators(page *out, const results *r, const char *figures, const pair *p) {
  int status = 0;
  for (int i = 0; i < p->candidates && !status; i++) {
    const char *node = p->candidate[i].translator;
    if (!node || seen_before(p, i) || !is_trained(r, node)) continue;
    char *svg, *why, *caption = text_format("Translator %s → %s", p->source, p->target);
    status = drawing_translator(r, figures, node, &svg, &why);
    if (!status) add_curve(out, svg, why, caption);
    free(caption);
  }
  return status;
}

/* caption is freed. */
static int add_classifier(page *out, const results *r, const char *figures, const char *node,
                          char *caption) {
  char *svg, *why;
  int status = drawing_classifier(r, figures, node, &svg, &why);
  if (!status) add_curve(out, svg, why, caption);
  free(caption);
  return status;
}

static int add_baseline(page *out, const results *r, const char *figures, const char *site) {
  char *node = text_format("baseline-%s", site);
  int status = add_classifier(out, r, figures, node, text_format("Classifier of %s", site));
  free(node);
  return status;
}

/* The chosen one, or all where none was chosen.  What is a candidate without training has no curve
 * of its own. */
static int add_adapted(page *out, const results *r, const char *figures, const pair *p) {
  int status = 0;
  for (int i = 0; i < p->candidates && !status; i++) {
    const candidate *c = &p->candidate[i];
    if (strncmp(c->node, "adapted-", 8) != 0) continue;
    if (p->choice.chosen && !report_chosen(p, c)) continue;
    status = add_classifier(
        out, r, figures, c->node,
        text_format("Classifier of %s, adapted to %s: %s", p->source, p->target, c->method));
  }
  return status;
}

/* Whether site k (source 2i or target 2i+1 of pair i) was not met before. */
static const char *new_site(const results *r, int k) {
  const char *name = k % 2 ? r->pair[k / 2].target : r->pair[k / 2].source;
  for (int j = 0; j < k; j++) {
    if (strcmp(name, j % 2 ? r->pair[j / 2].target : r->pair[j / 2].source) == 0) return NULL;
  }
  return name;
}

int section_curves(page *out, const results *r, const char *figures) {
  page_add(out,
           "<section id=\"curves\">\n<h2>Training</h2>\n"
           "<p>Losses during training; long curves are averaged to 200 points. Labels kept: the "
           "share of translated source images to which the source classifier gives the right "
           "label. Falling far below its start means that translation destroys content.</p>\n"
           "<details>\n<summary>Translators</summary>\n");
  int status = 0;
  for (int i = 0; i < r->n && !status; i++) {
    status = add_translators(out, r, figures, &r->pair[i]);
  }
  page_add(out, "</details>\n<details>\n<summary>Classifiers</summary>\n");
  for (int k = 0; k < 2 * r->n && !status; k++) {
    const char *site = new_site(r, k);
    if (site) status = add_baseline(out, r, figures, site);
  }
  for (int i = 0; i < r->n && !status; i++) {
    status = add_adapted(out, r, figures, &r->pair[i]);
  }
  page_add(out, "</details>\n</section>\n");
  return status;
}
