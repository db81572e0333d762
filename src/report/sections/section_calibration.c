/* Whether the classifiers are as sure as they are right, and what a threshold is worth elsewhere.
 */
#include "sections.h"

#include "drawings.h"
#include "effect.h"
#include "html_parts.h"
#include "text.h"

#include <math.h>
#include <stdlib.h>

static bool measured(const reliability *c) {
  return isfinite(c->ece.value) || isfinite(c->brier.value);
}

static bool has_calibration(const pair *p) {
  for (int k = 0; k < RELIABILITIES; k++) {
    if (measured(&p->reliability[k])) return true;
  }
  return false;
}

bool section_calibration_wanted(const results *r) {
  for (int i = 0; i < r->n; i++) {
    if (has_calibration(&r->pair[i]) || r->pair[i].operating.positive) return true;
  }
  return false;
}

static void add_error_table(page *out, const results *r, const char *caption, bool brier) {
  static const char *const head[] = {"Source → target", "Before",  "After",
                                     "After, scaled",   "Ceiling", "Temperature"};
  table_open(out, caption, head, brier ? 5 : 6);
  for (int i = 0; i < r->n; i++) {
    const pair *p = &r->pair[i];
    if (!has_calibration(p)) continue;
    table_pair_row(out, p);
    for (int k = 0; k < RELIABILITIES; k++) {
      if (k == AFTER && effect_of(p) == EFFECT_LEFT) {
        page_add(out, "<td>not adapted</td>");
      } else {
        table_plain(out, brier ? p->reliability[k].brier : p->reliability[k].ece);
      }
    }
    if (!brier) table_number(out, number_fixed(p->temperature, 2));
    table_row_end(out);
  }
  table_close(out);
}

static int add_calibration(page *out, const results *r, report_files *files) {
  char *svg;
  int status = drawing_reliability(r, files, &svg);
  if (status) return status;
  if (svg) {
    figure_show(out, svg,
                "Reliability: of images to which a classifier gives a probability, the share for "
                "which it came true. Dashed: before adaptation; solid: after; dotted: after, with "
                "temperature; all on test images. Bins of fewer than 10 images are left out. Below "
                "the diagonal a classifier "
                "is too sure (the paper's S2 Fig).");
  }
  add_error_table(out, r,
                  "Expected calibration error (ECE, 0 to 1, 15 bins) before and after adaptation, "
                  "after it with the temperature that fits validation images of the source, and "
                  "of the ceiling, with 95 % intervals; all on the test images of the target",
                  false);
  add_error_table(out, r, "Brier score of the same; smaller is better", true);
  return 0;
}

/* ---- operating points ------------------------------------------------------------------------ */

static void add_operating_row(page *out, const pair *p, const char *when, const carried *c) {
  table_pair_row(out, p);
  table_text(out, when);
  table_number(out, number_fixed(c->threshold, 2));
  table_per_cent(out, c->source_sensitivity);
  table_per_cent(out, c->source_specificity);
  table_per_cent(out, c->sensitivity);
  table_per_cent(out, c->specificity);
  table_row_end(out);
}

static void add_operating_table(page *out, const results *r, const operating_point *asked) {
  static const char *const head[] = {"Source → target",
                                     "Adaptation",
                                     "Threshold",
                                     "Sensitivity at the source",
                                     "Specificity at the source",
                                     "Sensitivity at the target",
                                     "Specificity at the target"};
  page_add(out,
           "<h3>A threshold carried to the target</h3>\n"
           "<p>Finding: %s; wanted sensitivity: %s. The threshold (log odds) was set on "
           "validation images of the source, for each classifier its own.</p>\n",
           asked->positive, number_percent(asked->wanted, 1).text);
  table_open(out, "Sensitivity and specificity in per cent with 95 % intervals", head, 7);
  for (int i = 0; i < r->n; i++) {
    const pair *p = &r->pair[i];
    if (!p->operating.positive) continue;
    add_operating_row(out, p, "before", &p->operating.before);
    char *after = p->operating.after.unknown
                      ? text_format("after: not known, %s", p->operating.after.unknown)
                      : text_copy("after");
    add_operating_row(out, p, after, &p->operating.after);
    free(after);
  }
  table_close(out);
}

int section_calibration(page *out, const results *r, report_files *files) {
  bool calibrated = false;
  const operating_point *asked = NULL;
  for (int i = 0; i < r->n; i++) {
    calibrated = calibrated || has_calibration(&r->pair[i]);
    if (r->pair[i].operating.positive) asked = &r->pair[i].operating;
  }
  page_add(out, "<section id=\"calibration\">\n<h2>Are the probabilities right?</h2>\n");
  int status = calibrated ? add_calibration(out, r, files) : 0;
  if (asked) add_operating_table(out, r, asked);
  page_add(out, "</section>\n");
  return status;
}
