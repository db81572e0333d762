#include "sections.h"

#include "file.h"
#include "number.h"
#include "verdict.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- top ------------------------------------------------------------------------------------- */

void section_head(page *out, const results *r) {
  page_add(
      out,
      "<!DOCTYPE html>\n<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n"
      "<meta charset=\"utf-8\"/>\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; "
      "style-src 'unsafe-inline'\"/>\n"
      "<title>%s: classifiers at new sites</title>\n<style>\n",
      r->study);
  page_markup(out, page_style, strlen(page_style));
  char *overall = verdict_overall(r);
  page_add(
      out,
      "</style>\n</head>\n<body>\n<header>\n<h1>%s: do the classifiers work at new sites?</h1>\n"
      "<p class=\"lead\">%s</p>\n"
      "<nav aria-label=\"Contents\"><ul>\n<li><a href=\"#verdicts\">In words</a></li>\n"
      "<li><a href=\"#bars\">Overview</a></li>\n<li><a href=\"#numbers\">Numbers</a></li>\n"
      "<li><a href=\"#images\">Images</a></li>\n<li><a href=\"#curves\">Training</a></li>\n"
      "<li><a href=\"#method\">How this was computed</a></li>\n</ul></nav>\n</header>\n<main>\n",
      r->study, overall);
  free(overall);
}

void section_foot(page *out) { page_add(out, "</main>\n</body>\n</html>\n"); }

void section_verdicts(page *out, const results *r) {
  static const char *const style[] = {"pair helped", "pair", "pair hurt", "pair"};
  page_add(out, "<section id=\"verdicts\">\n<h2>In words</h2>\n"
                "<p class=\"soft\">AUC: how well a classifier tells classes apart; 100 is perfect, "
                "50 is guessing.</p>\n");
  for (int i = 0; i < r->n; i++) {
    const pair *p = &r->pair[i];
    verdict v = verdict_of(p);
    char *sentence = verdict_sentence(p);
    page_add(out, "<article class=\"%s\">\n<h3>%s → %s: <b>%s</b></h3>\n<p>%s</p>\n</article>\n",
             style[v], p->source, p->target, verdict_word(v), sentence);
    free(sentence);
  }
  page_add(out, "</section>\n");
}

/* ---- tables ---------------------------------------------------------------------------------- */

static void open_table(page *out, const char *caption, const char *const *head, int n) {
  page_add(out,
           "<div class=\"scroll\" role=\"region\" aria-label=\"%s\" tabindex=\"0\">\n<table>\n"
           "<caption><span>%s</span></caption>\n<thead><tr>",
           caption, caption);
  for (int i = 0; i < n; i++) page_add(out, "<th scope=\"col\">%s</th>", head[i]);
  page_add(out, "</tr></thead>\n<tbody>\n");
}

static void close_table(page *out) { page_add(out, "</tbody>\n</table>\n</div>\n"); }

static void open_pair_row(page *out, const pair *p) {
  page_add(out, "<tr><th scope=\"row\">%s → %s</th>", p->source, p->target);
}

/* value, and below it "low to high" in small print where known. */
static void add_cell(page *out, number value, number low, number high) {
  page_add(out, "<td>%s", value.text);
  if (strcmp(low.text, "–") != 0) page_add(out, "<small>%s to %s</small>", low.text, high.text);
  page_add(out, "</td>");
}

static number percent(double v, int decimals) {
  number out = number_fixed(v, decimals);
  if (isfinite(v)) strncat(out.text, " %", sizeof out.text - strlen(out.text) - 1);
  return out;
}

static void add_auc_table(page *out, const results *r) {
  static const char *const head[] = {"Source → target", "Internal", "External", "Adapted",
                                     "Ceiling",         "Gain",     "Salvage"};
  open_table(
      out,
      "Table 1. AUC in per cent, with 95 % intervals (percentile bootstrap of the whole test "
      "set, resampling digits or patients); gain in AUC points, paired",
      head, 7);
  for (int i = 0; i < r->n; i++) {
    const pair *p = &r->pair[i];
    open_pair_row(out, p);
    for (int k = 0; k < MEASURES; k++) {
      add_cell(out, number_auc(p->m[k].auc), number_auc(p->m[k].low), number_auc(p->m[k].high));
    }
    add_cell(out, number_signed(p->gain), number_points(p->low), number_points(p->high));
    page_add(out, "<td>%s</td></tr>\n", percent(p->salvage, 0).text);
  }
  close_table(out);
}

static void add_accuracy_table(page *out, const results *r) {
  static const char *const head[] = {"Source → target", "Internal",    "External",   "Adapted",
                                     "Ceiling",         "Test images", "Labels kept"};
  open_table(
      out,
      "Table 2. Accuracy in per cent, test images of the source and of the target, and the "
      "share of translated images to which the source classifier still gives the right label",
      head, 7);
  for (int i = 0; i < r->n; i++) {
    const pair *p = &r->pair[i];
    open_pair_row(out, p);
    for (int k = 0; k < MEASURES; k++) {
      page_add(out, "<td>%s</td>", number_fixed(p->m[k].accuracy, 1).text);
    }
    page_add(out, "<td>%s, %s</td><td>%s</td></tr>\n", number_fixed(p->m[INTERNAL].n, 0).text,
             number_fixed(p->m[EXTERNAL].n, 0).text, percent(p->keeps_label, 0).text);
  }
  close_table(out);
}

static void add_paper_table(page *out, const results *r) {
  static const char *const head[] = {"Source → target", "Internal", "External", "Adapted",
                                     "Ceiling"};
  page_add(out,
           "<details>\n<summary>Intervals as in the paper</summary>\n"
           "<p>1,000 bootstrap replicates of 1,000 images each: their mean ± 1.96 standard "
           "deviations / √1000. This is the error of the bootstrap mean, for comparison with "
           "published tables; it is much narrower than what another test set would give.</p>\n");
  open_table(out, "Table 3. AUC in per cent with intervals as in the paper", head, 5);
  for (int i = 0; i < r->n; i++) {
    open_pair_row(out, &r->pair[i]);
    for (int k = 0; k < MEASURES; k++) {
      const measure *m = &r->pair[i].m[k];
      add_cell(out, number_fixed(m->paper_mean, 2), number_fixed(m->paper_low, 2),
               number_fixed(m->paper_high, 2));
    }
    page_add(out, "</tr>\n");
  }
  close_table(out);
  page_add(out, "</details>\n");
}

static void add_summary(page *out, const results *r) {
  static const char *const head[] = {"Over all pairs", "Value"};
  const summary *s = &r->summary;
  const struct {
    const char *name;
    number value;
  } row[] = {
      {"Mean internal AUC", number_auc(s->internal)},
      {"Mean external AUC, unadapted", number_auc(s->external)},
      {"Mean external AUC, adapted", number_auc(s->adapted)},
      {"Average salvage", percent(s->average_salvage, 1)},
      {"Median salvage", percent(s->median_salvage, 1)},
      {"Mean relative gain", percent(s->relative_gain, 1)},
  };
  open_table(out, "Table 4. Summary; AUC in per cent", head, 2);
  for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
    page_add(out, "<tr><th scope=\"row\">%s</th><td>%s</td></tr>\n", row[i].name,
             row[i].value.text);
  }
  close_table(out);
}

static void add_glossary(page *out) {
  static const char *const entry[][2] = {
      {"AUC", "Area under the ROC curve: the chance that a positive image scores higher than a "
              "negative one; with more than two classes the mean over classes, each against the "
              "rest."},
      {"Internal", "Tested on held-out images of the site that the classifier was trained on."},
      {"External", "The same classifier tested on the other site's test images."},
      {"Adapted", "External, after adaptation to that site without its labels."},
      {"Ceiling", "A classifier trained on the target site's own labels, on the same test images."},
      {"Salvage", "(adapted − external) / (ceiling − external): the share of what was lost that "
                  "adaptation brought back. Negative where adaptation hurt."},
      {"Average and median salvage", "The mean gain divided by the mean loss over all pairs; and "
                                     "the median of the pairs' salvages."},
      {"Mean relative gain", "(adapted − external) / external, averaged over pairs."},
      {"95 % interval",
       "The range of values that the test images are compatible with. A gain whose "
       "interval includes 0 may be chance."},
      {"p", "Two-sided bootstrap p-value of the gain: how easily so clear a sign would come about "
            "without a real difference."},
  };
  page_add(out, "<h3>Terms</h3>\n<dl>\n");
  for (size_t i = 0; i < sizeof entry / sizeof *entry; i++) {
    page_add(out, "<dt>%s</dt><dd>%s</dd>\n", entry[i][0], entry[i][1]);
  }
  page_add(out, "</dl>\n");
}

void section_numbers(page *out, const results *r) {
  page_add(out, "<section id=\"numbers\">\n<h2>Numbers</h2>\n");
  add_auc_table(out, r);
  add_accuracy_table(out, r);
  add_paper_table(out, r);
  add_summary(out, r);
  add_glossary(out);
  page_add(out, "</section>\n");
}
