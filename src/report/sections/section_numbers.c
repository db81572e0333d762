/* The tables of what was measured. */
#include "sections.h"

#include "effect.h"
#include "html_parts.h"
#include "node_words.h"
#include "number.h"
#include "published.h"
#include "text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One pair has nothing to be corrected for. */
static bool has_holm(const results *r) {
  int n = 0;
  for (int i = 0; i < r->n; i++) n += isfinite(r->pair[i].p_holm);
  return n > 1;
}

static const char newcombe_mark[] = "‡"; /* of an interval */

/* ---- which intervals --------------------------------------------------------------------------
 */

static bool is_newcombe(const char *method) { return method && strcmp(method, "newcombe") == 0; }

/* How many of Table 1's numbers have Newcombe's intervals, and how many have others. */
static void count_intervals(const results *r, int *newcombe, int *other) {
  *newcombe = *other = 0;
  for (int i = 0; i < r->n; i++) {
    const pair *p = &r->pair[i];
    if (!report_measured(p)) continue;
    for (int k = 0; k < MEASURES; k++) {
      if (isnan(p->m[k].low)) continue;
      ++*(is_newcombe(p->m[k].interval) ? newcombe : other);
    }
    if (isfinite(p->low)) ++*(is_newcombe(p->gain_interval) ? newcombe : other);
  }
}

/* To stand behind "95 % intervals". */
static const char *interval_words(int newcombe, int other) {
  if (!newcombe) {
    return "percentile bootstrap of the whole test set, resampling digits or patients";
  }
  if (!other) return "Newcombe's for few images, with the effective number of images";
  return "percentile bootstrap of the whole test set, resampling digits or patients; ‡: Newcombe's "
         "for few images, with the effective number of images, where a class has fewer than 200 "
         "digits or patients or the AUC is above 95";
}

/* ---- AUC --------------------------------------------------------------------------------------
 */

static void add_marked(page *out, const measure *m, const char *untrained, bool mixed) {
  page_add(out, "<td>");
  cell_auc(out, m);
  page_add(out, "%s%s</td>", untrained && isfinite(m->auc) ? untrained_mark : "",
           mixed && isfinite(m->low) && is_newcombe(m->interval) ? newcombe_mark : "");
}

static void add_dash(page *out) { table_number(out, number_fixed(NAN, 0)); }

/* The adapted AUC, the gain and the salvage of a pair whose classifier was left as it was. */
static void add_left(page *out, const pair *p, bool mixed) {
  page_add(out, "<td>not adapted</td>");
  add_marked(out, &p->m[CEILING], p->target_untrained, mixed);
  add_dash(out);
  add_dash(out);
}

static void add_adapted(page *out, const pair *p, bool mixed) {
  const char *untrained = p->adapted_untrained ? p->adapted_untrained : p->source_untrained;
  add_marked(out, &p->m[ADAPTED], untrained, mixed);
  add_marked(out, &p->m[CEILING], p->target_untrained, mixed);
  page_add(out, "<td>");
  cell_change(out, (interval){p->gain, p->low, p->high});
  page_add(out, "%s</td><td>%s%s</td>", mixed && is_newcombe(p->gain_interval) ? newcombe_mark : "",
           number_percent(p->salvage, 0).text,
           p->target_untrained && isfinite(p->salvage) ? untrained_mark : "");
}

static char *auc_caption(const results *r, bool holm, const char *intervals) {
  bool all = false;
  for (int i = 0; i < r->n; i++) {
    const char *images = r->pair[i].m[EXTERNAL].images;
    all = all || (images && strcmp(images, "all") == 0);
  }
  if (!effect_count_adapted(r)) {
    return text_format("AUC in per cent, with 95 %% intervals (%s); nothing was adapted%s",
                       intervals, all ? "; external on all labelled images of the target" : "");
  }
  return text_format("AUC in per cent, with 95 %% intervals (%s); gain in AUC points, paired%s%s",
                     intervals,
                     all ? "; external, adapted and gain on all labelled images of the target, "
                           "ceiling and salvage on its test images"
                         : "",
                     holm ? "; Holm: the gain's p value, corrected for the number of pairs" : "");
}

static void add_auc_table(page *out, const results *r) {
  static const char *const head[] = {"Source → target", "Internal", "External", "Adapted",
                                     "Ceiling",         "Gain",     "Salvage",  "Holm"};
  static const char *const short_head[] = {"Source → target", "Internal", "External", "Ceiling"};
  const bool holm = has_holm(r), adapted = effect_count_adapted(r) > 0;
  int newcombe, other;
  count_intervals(r, &newcombe, &other);
  const bool mixed = newcombe && other;
  char *caption = auc_caption(r, holm, interval_words(newcombe, other));
  table_open(out, caption, adapted ? head : short_head, !adapted ? 4 : holm ? 8 : 7);
  for (int i = 0; i < r->n; i++) {
    const pair *p = &r->pair[i];
    if (!report_measured(p)) continue;
    table_pair_row(out, p);
    for (int k = 0; k <= EXTERNAL; k++) add_marked(out, &p->m[k], p->source_untrained, mixed);
    if (!adapted) {
      add_marked(out, &p->m[CEILING], p->target_untrained, mixed);
    } else if (effect_of(p) == EFFECT_LEFT) {
      add_left(out, p, mixed);
    } else {
      add_adapted(out, p, mixed);
    }
    if (adapted && holm)
      table_number(out, number_p_value(effect_of(p) == EFFECT_LEFT ? NAN : p->p_holm));
    table_row_end(out);
  }
  table_close(out);
  free(caption);
}

/* Whether a number of the tables is of the node. */
static bool is_shown(const results *r, const char *node) {
  for (int i = 0; i < r->n; i++) {
    const pair *p = &r->pair[i];
    if (!report_measured(p)) continue;
    if (node_is_baseline(node, p->source) || node_is_baseline(node, p->target)) return true;
    if (isfinite(p->ceiling_all.auc) && node_is_fold(node, p->target)) return true;
    for (int k = 0; k < p->candidates; k++) {
      const candidate *c = &p->candidate[k];
      if (report_chosen(p, c) && strcmp(c->node, node) == 0) return true;
    }
  }
  return false;
}

static void add_untrained(page *out, const results *r) {
  int n = 0;
  for (int i = 0; i < r->classifiers; i++) {
    const classifier *c = &r->classifier[i];
    if (!c->why || !is_shown(r, c->node)) continue;
    if (!n++) {
      page_add(
          out,
          "<p class=\"soft\">%s Not trained enough. Such a classifier is no ceiling, and a share "
          "salvaged against it says little:</p>\n<ul class=\"soft\">\n",
          untrained_mark);
    }
    char *name = node_words(r, c->node);
    page_add(out, "<li>%s: %s.</li>\n", name, c->why);
    free(name);
  }
  if (n) page_add(out, "</ul>\n");
}

/* ---- all labelled images -----------------------------------------------------------------------
 */

static bool has_more(const pair *p) {
  return isfinite(p->ceiling_all.auc) ||
         (isfinite(p->external_all.auc) && p->external_all.n > p->m[EXTERNAL].n);
}

static void add_all_row(page *out, const pair *p, bool ceiling) {
  table_pair_row(out, p);
  table_number(out, number_fixed(p->external_all.n, 0));
  add_marked(out, &p->external_all, p->source_untrained, false);
  table_per_cent(out, accuracy_of(&p->external_all));
  if (ceiling) {
    add_marked(out, &p->ceiling_all, p->folds_untrained, false);
    table_number(out, number_fixed(p->folds, 0));
    page_add(out, "<td>%s%s</td>", number_percent(p->salvage_all, 0).text,
             p->folds_untrained && isfinite(p->salvage_all) ? untrained_mark : "");
  }
  table_row_end(out);
}

static void add_all_table(page *out, const results *r) {
  static const char *const head[] = {"Source → target", "Images", "External", "Accuracy",
                                     "Ceiling",         "Parts",  "Salvage"};
  bool any = false, ceiling = false;
  for (int i = 0; i < r->n; i++) {
    any = any || has_more(&r->pair[i]);
    ceiling = ceiling || isfinite(r->pair[i].ceiling_all.auc);
  }
  if (!any) return;
  table_open(out,
             ceiling
                 ? "The unadapted classifier on all labelled images of the target, on which the "
                   "verdict rests: AUC and accuracy in per cent; the ceiling there: of "
                   "classifiers of the target's own labels, each measured on the part that it "
                   "has not learnt from, the mean over parts; and the salvage against it"
                 : "The unadapted classifier on all labelled images of the target, on which the "
                   "verdict rests: AUC and accuracy in per cent, with 95 % intervals",
             head, ceiling ? 7 : 4);
  for (int i = 0; i < r->n; i++) {
    if (has_more(&r->pair[i])) add_all_row(out, &r->pair[i], ceiling);
  }
  table_close(out);
}

/* What adaptations have seen of the images that they are measured on. */
static void add_seen(page *out, const results *r) {
  int known = 0, seen = 0;
  for (int i = 0; i < r->n; i++) {
    const pair *p = &r->pair[i];
    if (isnan(p->seen_without_labels) || effect_of(p) == EFFECT_LEFT) continue;
    known++;
    if (!(p->seen_without_labels > 0)) continue;
    seen++;
    page_add(out,
             "<p class=\"soft\">%s → %s: of the %s images that the adapted classifier is measured "
             "on the adaptation has seen %s, without their labels.</p>\n",
             p->source, p->target, number_fixed(p->m[ADAPTED].n, 0).text,
             number_fixed(p->seen_without_labels, 0).text);
  }
  if (known && !seen) {
    page_add(out, "<p class=\"soft\">No adaptation has seen an image that an adapted classifier is "
                  "measured on, not even without its label.</p>\n");
  }
}

/* ---- accuracy ---------------------------------------------------------------------------------
 */

static void add_accuracy_table(page *out, const results *r) {
  static const char *const head[] = {
      "Source → target",     "Internal", "External", "Adapted", "Ceiling", "Images of the source",
      "Images of the target"};
  table_open(out,
             "Accuracy in per cent on the images of Table 1, with 95 % intervals (Wilson's, by the "
             "effective number of images; where they are wider than 20 points they stand alone), "
             "and the number of these images",
             head, 7);
  for (int i = 0; i < r->n; i++) {
    const pair *p = &r->pair[i];
    if (!report_measured(p)) continue;
    table_pair_row(out, p);
    for (int k = 0; k < MEASURES; k++) {
      if (k == ADAPTED && effect_of(p) == EFFECT_LEFT) {
        page_add(out, "<td>not adapted</td>");
      } else {
        table_per_cent(out, accuracy_of(&p->m[k]));
      }
    }
    table_number(out, number_fixed(p->m[INTERNAL].n, 0));
    table_number(out, number_fixed(p->m[EXTERNAL].n, 0));
    table_row_end(out);
  }
  table_close(out);
}

static void add_paper_row(page *out, const pair *p, int k) {
  const measure *m = &p->m[k];
  table_pair_row(out, p);
  table_text(out, report_measure_name[k]);
  table_interval(out, number_fixed(m->auc, 2), number_fixed(m->low, 2), number_fixed(m->high, 2));
  table_interval(out, number_fixed(m->paper_mean, 2), number_fixed(m->paper_low, 2),
                 number_fixed(m->paper_high, 2));
  table_row_end(out);
}

/* Only of use beside what the paper reports. */
static void add_paper_table(page *out, const results *r) {
  static const char *const head[] = {"Source → target", "AUC", "95 % interval", "As in the paper"};
  if (!paper_of(r)) return;
  page_add(out,
           "<details>\n<summary>Intervals as in the paper, beside ours</summary>\n"
           "<p>As in the paper: 1,000 bootstrap replicates of 1,000 images each, their mean ± 1.96 "
           "standard deviations / √1000. This is the error of the bootstrap mean, the Monte Carlo "
           "error: more replicates would make it as small as one likes. It is no uncertainty of "
           "the AUC: of that our interval speaks.</p>\n");
  table_open(out, "AUC in per cent with 95 % intervals and with intervals as in the paper", head,
             4);
  for (int i = 0; i < r->n; i++) {
    const pair *p = &r->pair[i];
    for (int k = 0; k < MEASURES && report_measured(p); k++) {
      if (k != ADAPTED || effect_of(p) != EFFECT_LEFT) add_paper_row(out, p, k);
    }
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
    if (effect_of(&r->pair[i]) == EFFECT_LEFT) {
      page_add(out, "<td>not adapted</td><td>–</td>");
    } else {
      table_per_cent(out, d->adapted);
      table_number(out, number_p_value(d->p));
    }
    table_row_end(out);
  }
  table_close(out);
  page_add(out, "</details>\n");
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
    add_seen(out, r);
    add_all_table(out, r);
    add_accuracy_table(out, r);
    add_paper_table(out, r);
    add_delong_table(out, r);
  }
  section_summary(out, r);
  page_add(out, "</section>\n");
}
