/* The parts of the page that show figures: bars, images, curves. */
#include "buffer.h"
#include "drawings.h"
#include "effect.h"
#include "error.h"
#include "file.h"
#include "html_parts.h"
#include "number.h"
#include "published.h"
#include "sections.h"
#include "text.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* The means of a summary's paper as the end of a caption. */
static char *paper_sentence(const results *r) {
  const paper *p = paper_of(r);
  if (!p) return text_copy("");
  return text_format(" Last: the means that the paper reports of its %s (its Fig %dA): "
                     "internal %.2f, external %.2f, adapted %.2f.",
                     p->what, p->figure, p->summary.internal.value, p->summary.external.value,
                     p->summary.adapted.value);
}

/* Whose ceiling is none.  With its leading space, or nothing. */
static char *untrained_sentence(const results *r) {
  buffer names = {0};
  for (int i = 0; i < r->n; i++) {
    const pair *p = &r->pair[i];
    if (!p->target_untrained || isnan(p->m[CEILING].auc)) continue;
    buffer_text(&names, names.size ? ", " : " That of ");
    buffer_add(&names, "%s → %s", p->source, p->target);
  }
  buffer_between(&names, " was not trained enough to be a ceiling.");
  return buffer_take(&names);
}

static int add_bars(page *out, const results *r, report_files *files) {
  char *svg;
  int status = drawing_auc(r, files, &svg);
  if (status) return status;
  char *papers = paper_sentence(r), *untrained = untrained_sentence(r);
  char *caption = text_format(
      "AUC of each pair (source → target) with 95 %% intervals; where one is wider than 20 points "
      "the height of its bar says little. The dotted line is the ceiling, a classifier trained on "
      "the target's own labels.%s%s The axis starts at %s; guessing is 50.%s",
      untrained,
      effect_count_left(r) ? " Where nothing was adapted there is no bar of an adapted classifier."
                           : "",
      number_fixed(drawing_auc_floor(r), 0).text, papers);
  figure_show(out, svg, caption);
  free(caption);
  free(untrained);
  free(papers);
  return 0;
}

/* One change is told better by Table 1. */
static bool any_change(const results *r) {
  if (!effect_count_adapted(r) || (r->n == 1 && !paper_of(r))) return false;
  for (int i = 0; i < r->n; i++) {
    if (isfinite(report_relative_change(&r->pair[i]))) return true;
  }
  return false;
}

static int add_changes(page *out, const results *r, report_files *files) {
  char *svg;
  int status = any_change(r) ? drawing_change(r, files, &svg) : 0;
  if (status || !any_change(r)) return status;
  const paper *p = paper_of(r);
  char *papers = p ? text_format(" The paper reports a mean of %.2f %% (its Fig %dB).",
                                 p->summary.relative_gain, p->figure)
                   : text_copy("");
  char *caption =
      text_format("Relative change of AUC, (adapted − external) / external, in per cent, "
                  "by source, with the 95 %% interval of the gain; the dotted lines are "
                  "the means of a source's pairs. Mean of all pairs: %s.%s",
                  number_percent(r->summary.relative_gain, 2).text, papers);
  figure_show(out, svg, caption);
  free(caption);
  free(papers);
  return 0;
}

int section_bars(page *out, const results *r, report_files *files) {
  page_add(out, "<section id=\"bars\">\n<h2>Overview</h2>\n");
  int status = add_bars(out, r, files);
  if (!status) status = add_changes(out, r, files);
  page_add(out, "</section>\n");
  return status;
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
#define NODE_OF(id) "translator-" #id "-"
#define STARGAN(id, ...) || strncmp(node, NODE_OF(id), sizeof NODE_OF(id) - 1) == 0
static bool is_trained(const results *r, const char *node) {
  char *path = report_node_file(r, node, "curve.tsv");
  const bool trained = file_exists(path)
#include "xsite/methods.def"
      ;
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

static int add_translators(page *out, const results *r, report_files *files, const pair *p) {
  int status = 0;
  for (int i = 0; i < p->candidates && !status; i++) {
    const char *node = p->candidate[i].translator;
    if (!node || seen_before(p, i) || !is_trained(r, node)) continue;
    char *svg, *why, *caption = text_format("Translator %s → %s", p->source, p->target);
    status = drawing_translator(r, files, node, &svg, &why);
    if (!status) add_curve(out, svg, why, caption);
    free(caption);
  }
  return status;
}

/* caption is freed. */
static int add_classifier(page *out, const results *r, report_files *files, const char *node,
                          char *caption) {
  char *svg, *why;
  int status = drawing_classifier(r, files, node, &svg, &why);
  if (!status) add_curve(out, svg, why, caption);
  free(caption);
  return status;
}

static int add_baseline(page *out, const results *r, report_files *files, const char *site) {
  char *node = text_format("baseline-%s", site);
  int status = add_classifier(out, r, files, node, text_format("Classifier of %s", site));
  free(node);
  return status;
}

/* The chosen one, or all where none was chosen.  What is a candidate without training has no curve
 * of its own. */
static int add_adapted(page *out, const results *r, report_files *files, const pair *p) {
  int status = 0;
  for (int i = 0; i < p->candidates && !status; i++) {
    const candidate *c = &p->candidate[i];
    if (strncmp(c->node, "adapted-", 8) != 0) continue;
    if (p->choice.chosen && !report_chosen(p, c)) continue;
    status = add_classifier(
        out, r, files, c->node,
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

int section_curves(page *out, const results *r, report_files *files) {
  page_add(out, "<section id=\"curves\">\n<h2>Training</h2>\n");
  section_training(out, r);
  page_add(out,
           "<p>Losses during training; long curves are averaged to 200 points. Labels kept: the "
           "share of translated source images to which the source classifier gives the right "
           "label. Falling far below its start means that translation destroys content.</p>\n"
           "<details>\n<summary>Translators</summary>\n");
  int status = 0;
  for (int i = 0; i < r->n && !status; i++) {
    status = add_translators(out, r, files, &r->pair[i]);
  }
  page_add(out, "</details>\n<details>\n<summary>Classifiers</summary>\n");
  for (int k = 0; k < 2 * r->n && !status; k++) {
    const char *site = new_site(r, k);
    if (site) status = add_baseline(out, r, files, site);
  }
  for (int i = 0; i < r->n && !status; i++) {
    status = add_adapted(out, r, files, &r->pair[i]);
  }
  page_add(out, "</details>\n</section>\n");
  return status;
}
