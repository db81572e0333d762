/* How the classifiers were trained, and whether that was enough. */
#include "sections.h"

#include "html_parts.h"
#include "node_words.h"
#include "text.h"

#include <math.h>
#include <stdlib.h>

enum { MOST_OPEN = 12 }; /* rows of a table that is not folded away */

static void add_row(page *out, const results *r, const classifier *c) {
  char *name = node_words(r, c->node);
  char *enough = c->why ? text_format("no: %s", c->why) : text_copy("yes");
  table_row(out, name);
  table_number(out, number_fixed(c->steps, 0));
  table_number(out, number_fixed(c->epochs, 0));
  table_number(out, number_fixed(c->best_epoch, 0));
  table_number(out, number_auc(c->train_auc));
  table_text(out, enough);
  table_row_end(out);
  free(enough);
  free(name);
}

static int count_untrained(const results *r) {
  int n = 0;
  for (int i = 0; i < r->classifiers; i++) n += r->classifier[i].why != NULL;
  return n;
}

void section_training(page *out, const results *r) {
  static const char *const head[] = {"Which",      "Updates",      "Epochs",
                                     "Best epoch", "Training AUC", "Trained enough"};
  const bool fold = r->classifiers > MOST_OPEN;
  if (!r->classifiers) return;
  const int untrained = count_untrained(r);
  if (untrained) {
    buffer_add(&out->html, "<p>Of %d classifiers %d %s not trained enough.</p>\n", r->classifiers,
               untrained, untrained == 1 ? "was" : "were");
  } else {
    buffer_add(&out->html, "<p>All %d classifiers were trained enough.</p>\n", r->classifiers);
  }
  if (fold) page_add(out, "<details>\n<summary>How each classifier was trained</summary>\n");
  table_open(
      out,
      "How the classifiers were trained: updates and epochs, the epoch that was kept, AUC in "
      "per cent on the images that it was trained on, and whether that was enough",
      head, 6);
  for (int i = 0; i < r->classifiers; i++) add_row(out, r, &r->classifier[i]);
  table_close(out);
  if (fold) page_add(out, "</details>\n");
}
