/* What all pairs come to together, the tables for a paper, and the words of the tables. */
#include "sections.h"

#include "effect.h"
#include "export_tables.h"
#include "html_parts.h"
#include "number.h"
#include "published.h"
#include "text.h"

#include <math.h>
#include <stdlib.h>

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
  if (number_wide(x.low, x.high)) {
    char *ends = text_format("%s to %s", row->print(x.low).text, row->print(x.high).text);
    page_add(out, "<td>%s</td>", ends);
    free(ends);
  } else {
    table_interval(out, row->print(x.value), row->print(x.low), row->print(x.high));
  }
}

/* Pairs whose ceiling was not trained enough, of those that have one. */
static int count_untrained(const results *r) {
  int n = 0;
  for (int i = 0; i < r->n; i++) {
    n += r->pair[i].target_untrained && isfinite(r->pair[i].m[CEILING].auc);
  }
  return n;
}

static int count_unmeasured(const results *r) {
  int n = 0;
  for (int i = 0; i < r->n; i++) n += !report_measured(&r->pair[i]);
  return n;
}

/* What the means are of. */
static void add_summary_notes(page *out, const results *r) {
  const int unmeasured = count_unmeasured(r), untrained = count_untrained(r);
  if (unmeasured) {
    buffer_add(
        &out->html,
        "<p class=\"soft\">The mean internal AUC is of all %d pairs, the other numbers of the "
        "%d whose target has labels.</p>\n",
        r->n, r->n - unmeasured);
  }
  if (untrained && effect_count_adapted(r)) {
    buffer_add(&out->html,
               "<p class=\"soft\">† The ceiling of %d of the pairs was not trained enough, so that "
               "salvages say little.</p>\n",
               untrained);
  }
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
  char *text = text_format(
      "Paper: Valliani et al. 2022, means over its %d pairs; this study has %d. "
      "They may differ by data, settings and chance. Its intervals are those that it "
      "prints: the error of the mean of bootstrap replicates. They say nothing of other "
      "test images, and are not to be compared with the intervals beside them; the "
      "details above have our AUCs with intervals of both kinds.",
      p->pairs, r->n);
  page_add(out, "<p class=\"soft\">%s</p>\n", text);
  free(text);
}

static void add_summary(page *out, const results *r) {
  static const summary unknown;
  const summary *s = &r->summary, *q = paper_of(r) ? &paper_of(r)->summary : &unknown;
  const interval none = alone(NAN);
  const bool untrained = count_untrained(r) > 0;
  summary_row row[10] = {
      {"Mean internal AUC", s->internal, q->internal, print_auc},
      {"Mean external AUC, unadapted", s->external, q->external, print_auc},
      {"Mean external AUC, adapted", s->adapted, q->adapted, print_auc},
      {"Mean gain, paired", s->gain, q->gain, number_signed},
      {untrained ? "Average salvage †" : "Average salvage", alone(s->average_salvage),
       alone(q->average_salvage), print_share},
      {untrained ? "Median salvage †" : "Median salvage", alone(s->median_salvage),
       alone(q->median_salvage), print_share},
      {"Mean relative gain", alone(s->relative_gain), alone(q->relative_gain), print_share},
  };
  const summary_row more[] = {
      {"Pairs with a lower AUC after adaptation", alone(s->worse), none, print_count},
      {"Mean AUC of the oracle, chosen with target labels", alone(s->oracle), none, print_auc},
      {"Mean regret of the label-free choice against the oracle", alone(s->regret), none,
       print_auc},
  };
  int n = effect_count_adapted(r) || paper_of(r) ? 7 : 2;
  for (int i = 0; i < 3; i++) {
    if (n > 2 && isfinite(more[i].ours.value)) row[n++] = more[i];
  }
  add_summary_table(out, r, row, n);
  add_summary_notes(out, r);
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
            "sign would come about without a real difference."},
  };
  page_add(out, "<h3>Terms</h3>\n<dl>\n");
  for (size_t i = 0; i < sizeof entry / sizeof *entry; i++) {
    page_add(out, "<dt>%s</dt><dd>%s</dd>\n", entry[i][0], entry[i][1]);
  }
  page_add(out, "</dl>\n");
}

static void add_export(page *out, const results *r) {
  buffer tex = {0};
  export_tex(&tex, r);
  page_add(out,
           "<details>\n<summary>For a paper: LaTeX and CSV</summary>\n"
           "<p>Beside this page: <code>results.tex</code>, shown here, and "
           "<code>results.csv</code> with all digits%s%s.</p>\n"
           "<pre tabindex=\"0\" aria-label=\"results.tex\">%s</pre>\n</details>\n",
           section_subgroups_wanted(r) ? ", <code>subgroups.csv</code> likewise" : "",
           section_data_sets_wanted(r) ? ", <code>sites.csv</code> of the data sets" : "",
           tex.text);
  buffer_free(&tex);
}

void section_summary(page *out, const results *r) {
  if (r->n > 1 || paper_of(r)) add_summary(out, r);
  add_export(out, r);
  add_glossary(out);
}
