#include "sections.h"

#include "document.h"
#include "effect.h"
#include "text.h"
#include "verdict_words.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* ---- top ------------------------------------------------------------------------------------- */

static void add_contents(page *out, const results *r) {
  const struct {
    const char *id, *title;
    bool wanted;
  } part[] = {
      {"effects", "What adapting did", true},
      {"bars", "Overview", report_any_measured(r)},
      {"numbers", "Numbers", true},
      {"portfolio", "Ways to adapt", section_portfolio_wanted(r)},
      {"harm", "Could harm be foreseen?", section_harm_wanted(r)},
      {"labels", "Worth in labels", r->labelleds > 0},
      {"pooled", "One for all sites", r->pooleds > 0},
      {"calibration", "Probabilities", section_calibration_wanted(r)},
      {"subgroups", "Subgroups", section_subgroups_wanted(r)},
      {"data-sets", "What the sites are", section_data_sets_wanted(r)},
      {"images", "Images", true},
      {"curves", "Training", true},
      {"left-out", "Left out", r->left_outs > 0},
      {"late", "Made after labels were opened", section_late_wanted(r)},
      {"method", "How this was computed", true},
  };
  page_add(out, "<nav aria-label=\"Contents\"><ul>\n");
  for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
    if (!part[i].wanted) continue;
    page_add(out, "<li><a href=\"#%s\">%s</a></li>\n", part[i].id, part[i].title);
  }
  page_add(out, "</ul></nav>\n");
}

/* One pair's verdict is the page's first paragraph; of several each has a line. */
static void add_verdicts(page *out, const results *r) {
  char *count = r->n > 1 ? verdict_count(r) : NULL;
  if (count) page_add(out, "<p class=\"lead\">%s</p>\n<ul>\n", count);
  for (int i = 0; i < r->n; i++) {
    char *advice = verdict_advice(&r->pair[i]), *reasons = verdict_reasons(&r->pair[i]);
    page_add(out, count ? "<li><b>%s</b> %s</li>\n" : "<p class=\"lead\"><b>%s</b> %s</p>\n",
             advice, reasons);
    free(reasons);
    free(advice);
  }
  if (count) page_add(out, "</ul>\n");
  free(count);
}

void section_head(page *out, const results *r) {
  char *title = text_format("%s: classifiers at new sites", r->study);
  document_open(out, title);
  page_add(out, "<header>\n<h1>%s: do the classifiers work at new sites?</h1>\n", r->study);
  add_verdicts(out, r);
  buffer_add(&out->html,
             "<p class=\"soft\">AUC: how well a classifier tells classes apart; 100 is perfect, "
             "50 is guessing. In brackets and after the word between: 95 %% intervals.</p>\n");
  add_contents(out, r);
  page_add(out, "</header>\n<main>\n");
  free(title);
}

void section_foot(page *out) {
  page_add(out, "</main>\n");
  document_close(out);
}

static void add_conclusions(page *out, const results *r) {
  char *sentence[CONCLUSIONS];
  if (r->n < 2) return; /* the pair's own sentences say it */
  const int n = conclusions_make(r, sentence);
  if (n) page_add(out, "<ul>\n");
  for (int i = 0; i < n; i++) {
    page_add(out, "<li>%s</li>\n", sentence[i]);
    free(sentence[i]);
  }
  if (n) page_add(out, "</ul>\n");
}

void section_effects(page *out, const results *r) {
  static const char *const style[EFFECTS] = {"pair helped", "pair", "pair hurt", "pair", "pair"};
  page_add(out, "<section id=\"effects\">\n<h2>What adapting did</h2>\n");
  add_conclusions(out, r);
  for (int i = 0; i < r->n; i++) {
    const pair *p = &r->pair[i];
    effect v = effect_of(p);
    char *sentence = effect_sentence(p);
    page_add(out, "<article class=\"%s\">\n<h3>%s → %s: <b>%s</b></h3>\n<p>%s</p>\n</article>\n",
             style[v], p->source, p->target, effect_word(v), sentence);
    free(sentence);
  }
  page_add(out, "</section>\n");
}
