/* The tables of what was measured. */
#include "sections.h"

#include "export.h"
#include "file.h"
#include "number.h"
#include "paper.h"
#include "parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool has_holm(const results *r) {
  for (int i = 0; i < r->n; i++) {
    if (isfinite(r->pair[i].p_holm)) return true;
  }
  return false;
}

static const char mark[] = "†"; /* of a classifier that was not trained enough, and what needs it */

static void add_marked_auc(page *out, const measure *m, const char *untrained) {
  page_add(out, "<td>");
  cell_auc(out, m);
  page_add(out, "%s</td>", untrained && isfinite(m->auc) ? mark : "");
}

static void add_untrained(page *out, const results *r) {
  int n = 0;
  for (int i = 0; i < r->classifiers; i++) n += r->classifier[i].why != NULL;
  if (!n) return;
  page_add(out,
           "<p class=\"soft\">%s Not trained enough; a ceiling, and the share salvaged, of such a "
           "classifier say little:</p>\n<ul class=\"soft\">\n",
           mark);
  for (int i = 0; i < r->classifiers; i++) {
    const classifier *c = &r->classifier[i];
    if (c->why) page_add(out, "<li>%s: %s.</li>\n", c->node, c->why);
  }
  page_add(out, "</ul>\n");
}

/* How many of the pairs' measures have intervals of this name. */
static int count_intervals(const results *r, const char *name) {
  int n = 0;
  for (int i = 0; i < r->n * MEASURES; i++) {
    const char *had = r->pair[i / MEASURES].m[i % MEASURES].interval;
    n += strcmp(had ? had : "percentile", name) == 0;
  }
  return n;
}

/* To stand behind "95 % intervals". */
static const char *interval_words(const results *r) {
  if (!count_intervals(r, "newcombe")) {
    return "percentile bootstrap of the whole test set, resampling digits or patients";
  }
  return "bootstrap of the whole test set, resampling digits or patients; where a class has fewer "
         "than 200 of these or the AUC is above 95, Newcombe's for few images, with the effective "
         "number of images";
}

static void add_auc_table(page *out, const results *r) {
  static const char *const head[] = {"Source → target", "Internal", "External", "Adapted",
                                     "Ceiling",         "Gain",     "Salvage",  "Holm"};
  const bool holm = has_holm(r);
  char *caption = text_format(
      "AUC in per cent, with 95 %% intervals (%s); gain in AUC points, paired%s", interval_words(r),
      holm ? "; Holm: the gain's p value, corrected for the number of pairs" : "");
  table_open(out, caption, head, holm ? 8 : 7);
  for (int i = 0; i < r->n; i++) {
    const pair *p = &r->pair[i];
    if (!report_measured(p)) continue;
    table_pair_row(out, p);
    for (int k = 0; k < MEASURES; k++) {
      add_marked_auc(out, &p->m[k], k == CEILING ? p->target_untrained : p->source_untrained);
    }
    table_change(out, (interval){p->gain, p->low, p->high});
    page_add(out, "<td>%s%s</td>", number_percent(p->salvage, 0).text,
             p->target_untrained && isfinite(p->salvage) ? mark : "");
    if (holm) table_number(out, number_p_value(p->p_holm));
    table_row_end(out);
  }
  table_close(out);
  free(caption);
}

static void add_accuracy_table(page *out, const results *r) {
  static const char *const head[] = {"Source → target", "Internal",    "External",   "Adapted",
                                     "Ceiling",         "Test images", "Labels kept"};
  table_open(
      out,
      "Accuracy in per cent; the number of test images of the source and of the target; and labels "
      "kept: of the source's test images, translated by the first way to adapt that translates, "
      "the "
      "share to which the source's classifier still gives the right label",
      head, 7);
  for (int i = 0; i < r->n; i++) {
    const pair *p = &r->pair[i];
    if (!report_measured(p)) continue;
    table_pair_row(out, p);
    for (int k = 0; k < MEASURES; k++) {
      table_number(out, number_fixed(p->m[k].accuracy, 1));
    }
    page_add(out, "<td>%s, %s</td><td>%s</td></tr>\n", number_fixed(p->m[INTERNAL].n, 0).text,
             number_fixed(p->m[EXTERNAL].n, 0).text, number_percent(p->keeps_label, 0).text);
  }
  table_close(out);
}

static void add_paper_table(page *out, const results *r) {
  static const char *const head[] = {"Source → target", "Internal", "External", "Adapted",
                                     "Ceiling"};
  page_add(out,
           "<details>\n<summary>Intervals as in the paper</summary>\n"
           "<p>1,000 bootstrap replicates of 1,000 images each: their mean ± 1.96 standard "
           "deviations / √1000. This is the error of the bootstrap mean, for comparison with "
           "published tables; it is much narrower than what another test set would give.</p>\n");
  table_open(out, "AUC in per cent with intervals as in the paper", head, 5);
  for (int i = 0; i < r->n; i++) {
    if (!report_measured(&r->pair[i])) continue;
    table_pair_row(out, &r->pair[i]);
    for (int k = 0; k < MEASURES; k++) {
      const measure *m = &r->pair[i].m[k];
      table_interval(out, number_fixed(m->paper_mean, 2), number_fixed(m->paper_low, 2),
                     number_fixed(m->paper_high, 2));
    }
    page_add(out, "</tr>\n");
  }
  table_close(out);
  page_add(out, "</details>\n");
}

/* DeLong's intervals, which two classes have beside the bootstrap's. */
static void add_delong_table(page *out, const results *r) {
  static const char *const head[] = {"Source → target", "External", "Adapted",
                                     "p of the difference"};
  int n = 0;
  for (int i = 0; i < r->n; i++) n += isfinite(r->pair[i].delong.external.value);
  if (!n) return;
  page_add(out, "<details>\n<summary>Intervals by DeLong</summary>\n");
  table_open(out, "AUC in per cent with 95 % intervals by DeLong (images of one group together)",
             head, 4);
  for (int i = 0; i < r->n; i++) {
    const delong *d = &r->pair[i].delong;
    if (!report_measured(&r->pair[i])) continue;
    table_pair_row(out, &r->pair[i]);
    table_per_cent(out, d->external);
    table_per_cent(out, d->adapted);
    table_number(out, number_p_value(d->p));
    table_row_end(out);
  }
  table_close(out);
  page_add(out, "</details>\n");
}

typedef struct summary_row {
  const char *name;
  interval ours, papers;
  number (*print)(double x);
} summary_row;

static number print_auc(double x) { return number_fixed(x, 2); }
static number print_share(double x) { return number_percent(x, 2); }
static number print_count(double x) { return number_fixed(x, 0); }

static interval alone(double x) { return (interval){x, NAN, NAN}; }

static void add_summary_cell(page *out, const summary_row *row, interval x) {
  table_interval(out, row->print(x.value), row->print(x.low), row->print(x.high));
}

static void add_summary_table(page *out, const results *r, const summary_row *row, int n) {
  static const char *const head[] = {"Over all pairs", "This study", "Paper"};
  const paper *p = paper_of(r);
  char *caption = text_format("Summary; AUC in per cent, with 95 %% intervals that draw each "
                              "site's digits or patients once for all pairs%s%s",
                              p ? ", beside what the paper reports of its " : "", p ? p->what : "");
  table_open(out, caption, head, p ? 3 : 2);
  for (int i = 0; i < n; i++) {
    table_row(out, row[i].name);
    add_summary_cell(out, &row[i], row[i].ours);
    if (p) add_summary_cell(out, &row[i], row[i].papers);
    table_row_end(out);
  }
  table_close(out);
  free(caption);
}

static void add_paper_note(page *out, const results *r) {
  const paper *p = paper_of(r);
  if (!p) return;
  char *text =
      text_format("Paper: Valliani et al. 2022, means over its %d pairs; this study has %d. "
                  "They may differ by data, settings and chance.",
                  p->pairs, r->n);
  page_add(out, "<p class=\"soft\">%s</p>\n", text);
  free(text);
}

static void add_summary(page *out, const results *r) {
  static const summary unknown;
  const summary *s = &r->summary, *q = paper_of(r) ? &paper_of(r)->summary : &unknown;
  const interval none = alone(NAN);
  summary_row row[10] = {
      {"Mean internal AUC", s->internal, q->internal, print_auc},
      {"Mean external AUC, unadapted", s->external, q->external, print_auc},
      {"Mean external AUC, adapted", s->adapted, q->adapted, print_auc},
      {"Mean gain, paired", s->gain, q->gain, number_signed},
      {"Average salvage", alone(s->average_salvage), alone(q->average_salvage), print_share},
      {"Median salvage", alone(s->median_salvage), alone(q->median_salvage), print_share},
      {"Mean relative gain", alone(s->relative_gain), alone(q->relative_gain), print_share},
  };
  const summary_row more[] = {
      {"Pairs with a lower AUC after adaptation", alone(s->worse), none, print_count},
      {"Mean AUC of the oracle, chosen with target labels", alone(s->oracle), none, print_auc},
      {"Mean regret of the label-free choice against the oracle", alone(s->regret), none,
       print_auc},
  };
  int n = 7;
  for (int i = 0; i < 3; i++) {
    if (isfinite(more[i].ours.value)) row[n++] = more[i];
  }
  add_summary_table(out, r, row, n);
  add_paper_note(out, r);
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
      {"p", "Two-sided p-value of the gain, that goes with its interval: how easily so clear a "
            "sign would come about "
            "without a real difference."},
  };
  page_add(out, "<h3>Terms</h3>\n<dl>\n");
  for (size_t i = 0; i < sizeof entry / sizeof *entry; i++) {
    page_add(out, "<dt>%s</dt><dd>%s</dd>\n", entry[i][0], entry[i][1]);
  }
  page_add(out, "</dl>\n");
}

static void add_export(page *out, const results *r) {
  page tex = {0};
  export_tex(&tex, r);
  page_add(out,
           "<details>\n<summary>For a paper: LaTeX and CSV</summary>\n"
           "<p>Beside this page: <code>results.tex</code>, shown here, and "
           "<code>results.csv</code> with all digits%s.</p>\n"
           "<pre tabindex=\"0\" aria-label=\"results.tex\">%s</pre>\n</details>\n",
           section_subgroups_wanted(r) ? ", <code>subgroups.csv</code> likewise" : "", tex.text);
  page_free(&tex);
}

/* A row of dashes says less than a sentence. */
static void add_unmeasured(page *out, const results *r) {
  for (int i = 0; i < r->n; i++) {
    const pair *p = &r->pair[i];
    if (report_measured(p)) continue;
    char *own = isnan(p->m[INTERNAL].auc)
                    ? text_copy("")
                    : text_format(" On its own site's test images the classifier has an AUC of %s.",
                                  number_measured(p->m[INTERNAL].auc, p->m[INTERNAL].low,
                                                  p->m[INTERNAL].high)
                                      .text);
    page_add(out,
             "<p>%s → %s: no AUC at the target is known, since none of its images has a "
             "label.%s</p>\n",
             p->source, p->target, own);
    free(own);
  }
}

void section_numbers(page *out, const results *r) {
  page_add(out, "<section id=\"numbers\">\n<h2>Numbers</h2>\n");
  add_unmeasured(out, r);
  if (report_any_measured(r)) {
    add_auc_table(out, r);
    add_untrained(out, r);
    add_accuracy_table(out, r);
    add_paper_table(out, r);
    add_delong_table(out, r);
  }
  add_summary(out, r);
  add_export(out, r);
  add_glossary(out);
  page_add(out, "</section>\n");
}
