#include "methods.h"

#include "citations.h"
#include "file.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

typedef struct writer {
  page text; /* of the present paragraph, not yet escaped */
  const results *r;
  citations cited;
} writer;

/* ---- settings -------------------------------------------------------------------------------- */

static double number_of(const writer *w, const char *section, const char *name) {
  const json_t *j = report_setting(w->r, section, name);
  return json_is_number(j) ? json_number_value(j) : NAN;
}

/* "" where it is not known. */
static const char *text_of(const writer *w, const char *section, const char *name) {
  const char *text = json_string_value(report_setting(w->r, section, name));
  return text ? text : "";
}

static bool is_on(const writer *w, const char *section, const char *name) {
  return json_is_true(report_setting(w->r, section, name));
}

static bool is(const char *a, const char *b) { return strcmp(a, b) == 0; }

static bool method_has(const char *method, const char *step) {
  const size_t length = strlen(step);
  for (const char *at = method; at; at = strchr(at, '+'), at += at != NULL) {
    if (strcspn(at, "+") == length && strncmp(at, step, length) == 0) return true;
  }
  return false;
}

/* Whether a method of the portfolio has the step. */
static bool has_step(const writer *w, const char *step) {
  const json_t *list = report_setting(w->r, NULL, "portfolio");
  for (size_t i = 0; i < json_array_size(list); i++) {
    if (method_has(json_string_value(json_array_get(list, i)), step)) return true;
  }
  return false;
}

static bool has_translator(const writer *w) {
  return has_step(w, "paper") || has_step(w, "histogram") || has_step(w, "fourier");
}

/* ---- writing --------------------------------------------------------------------------------- */

static void cite(writer *w, work of) { page_raw(&w->text, " [%d]", citation(&w->cited, of)); }

/* before, the number, after; nothing where it is not known. */
static void add_number(writer *w, const char *before, double v, const char *after) {
  if (isfinite(v)) page_raw(&w->text, "%s%g%s", before, v, after);
}

static void end_paragraph(writer *w, page *out) {
  if (w->text.size) page_add(out, "<p>%s</p>\n", w->text.text);
  page_free(&w->text);
}

/* ---- data ------------------------------------------------------------------------------------ */

static const char *site_of(const results *r, int k) {
  return k % 2 ? r->pair[k / 2].target : r->pair[k / 2].source;
}

static bool is_new_site(const results *r, int k) {
  for (int j = 0; j < k; j++) {
    if (is(site_of(r, j), site_of(r, k))) return false;
  }
  return true;
}

static void add_sites(writer *w) {
  int n = 0, left;
  for (int k = 0; k < 2 * w->r->n; k++) n += is_new_site(w->r, k);
  page_raw(&w->text, "Images of %d sites (", n);
  left = n;
  for (int k = 0; k < 2 * w->r->n; k++) {
    if (!is_new_site(w->r, k)) continue;
    left--;
    page_raw(&w->text, "%s%s", site_of(w->r, k), left > 1 ? ", " : left ? " and " : "");
  }
  page_raw(&w->text, ") were studied in %d ordered %s of a source and a target.", w->r->n,
           w->r->n == 1 ? "pair" : "pairs");
}

static void add_data(writer *w) {
  const double size = number_of(w, NULL, "size"), limit = number_of(w, NULL, "limit");
  const char *by = text_of(w, NULL, "split_by");
  add_sites(w);
  if (isfinite(size)) {
    page_raw(&w->text, " Images were scaled to %g × %g pixels", size, size);
    add_number(w, " with ", number_of(w, NULL, "image_channels"), " channels");
    page_raw(&w->text, " and to values from −1 to 1.");
  }
  if (limit > 0) page_raw(&w->text, " At most %g images of a site were used.", limit);
  if (*by) {
    page_raw(&w->text,
             " Each site was split 80/10/10 into training, validation and test images, %s.",
             is(by, "group") ? "all images of one group (a patient, or a digit in several "
                               "renderings) on the same side"
                             : "image by image");
  }
}

/* ---- classifiers ----------------------------------------------------------------------------- */

static void add_network(writer *w, const char *network) {
  const bool dense = strncmp(network, "densenet121", 11) == 0;
  if (!*network) {
    page_raw(&w->text, "The classifiers were convolutional networks");
  } else {
    page_raw(&w->text, "The classifiers were %s networks",
             dense                   ? "DenseNet-121"
             : is(network, "lenet5") ? "LeNet-5"
                                     : "LeNet");
    cite(w, dense ? WORK_DENSENET : WORK_LENET);
  }
  if (*text_of(w, "classifier", "init")) page_raw(&w->text, ", begun with pretrained weights");
}

static void add_rate(writer *w, const char *section) {
  const double decay = number_of(w, section, "weight_decay");
  add_number(w, " (learning rate ", number_of(w, section, "learning_rate"), "");
  if (decay > 0) add_number(w, ", weight decay ", decay, "");
  add_number(w, ", batches of ", number_of(w, section, "batch"), "");
  page_raw(&w->text, ")");
}

static void add_classifier(writer *w) {
  const double epochs = number_of(w, "classifier", "epochs");
  if (!json_is_object(report_setting(w->r, NULL, "classifier"))) return;
  add_network(w, text_of(w, "classifier", "architecture"));
  page_raw(&w->text, ", trained on the labelled images of the source with cross-entropy and Adam");
  cite(w, WORK_ADAM);
  if (isfinite(number_of(w, "classifier", "learning_rate"))) add_rate(w, "classifier");
  if (is_on(w, "classifier", "balanced")) {
    page_raw(&w->text, ", every class drawn equally often");
  }
  if (isfinite(epochs)) {
    page_raw(&w->text, ", for at most %g epochs", epochs);
    if (number_of(w, "classifier", "steps_per_epoch") > 0) {
      add_number(w, " of ", number_of(w, "classifier", "steps_per_epoch"), " steps");
    }
    add_number(w, ", stopped when the validation AUC of the source had not improved for ",
               number_of(w, "classifier", "patience"), " epochs; the best epoch was kept");
  }
  page_raw(&w->text, ".");
}

/* ---- adaptation ------------------------------------------------------------------------------ */

static void add_semantic(writer *w) {
  const char *mode = text_of(w, "adapter", "semantic");
  if (is(mode, "off")) {
    page_raw(&w->text, " and without a semantic loss");
  } else {
    page_raw(&w->text, " and a semantic loss (mode %s)", *mode ? mode : "paper");
    if (is(mode, "cycada-paper")) cite(w, WORK_CYCADA);
  }
}

/* Of one section's training: " It was trained for N updates (...)." */
static void add_updates(writer *w, const char *section, const char *name, const char *of) {
  const double steps = number_of(w, section, name);
  if (!isfinite(steps)) return;
  page_raw(&w->text, " It was trained for %g updates%s with Adam", steps, of);
  if (isfinite(number_of(w, section, "learning_rate"))) add_rate(w, section);
}

static void add_paper_settings(writer *w) {
  const double channels = number_of(w, "adapter", "channels"),
               penalty = number_of(w, "adapter", "gradient_penalty");
  if (isfinite(channels)) {
    page_raw(&w->text, " Its first layers have %g channels", channels);
    add_number(w, ", its generator ", number_of(w, "adapter", "blocks"), " residual blocks");
    page_raw(&w->text, ".");
  }
  add_updates(w, "adapter", "generator_steps", " of the generator");
  add_number(w, ", ", number_of(w, "adapter", "critic_steps"), " of the critic before each");
  add_number(w, "; the rate falls linearly to 0 after ",
             100 * number_of(w, "adapter", "decay_start"), " per cent of them");
  if (isfinite(number_of(w, "adapter", "generator_steps"))) page_raw(&w->text, ".");
  if (isfinite(penalty)) {
    page_raw(&w->text, " The losses were weighted by %g (gradient penalty)", penalty);
    add_number(w, ", ", number_of(w, "adapter", "classification"), " (domain classification)");
    add_number(w, ", ", number_of(w, "adapter", "cycle"), " (cycle)");
    page_raw(&w->text, ".");
  }
}

static void add_paper_method(writer *w) {
  page_raw(&w->text, " The method of Valliani et al. (called paper)");
  cite(w, WORK_PAPER);
  page_raw(&w->text, " translates images between the sites by a StarGAN");
  cite(w, WORK_STARGAN);
  page_raw(&w->text, ", trained with a WGAN-GP critic");
  cite(w, WORK_WGAN_GP);
  add_semantic(w);
  page_raw(&w->text, ".");
  add_paper_settings(w);
}

/* what: a sentence without its full stop. */
static void add_matching(writer *w, const char *step, const char *name, const char *what, work of) {
  if (!has_step(w, step)) return;
  page_raw(&w->text, " %s (called %s)", name, step);
  cite(w, of);
  page_raw(&w->text, " %s", what);
  if (is(text_of(w, step, "reference"), "mean")) {
    page_raw(&w->text, " the mean of the target's reference images");
  } else {
    add_number(w, " one of ", number_of(w, step, "images"), " target training images");
    page_raw(&w->text, ", drawn for each");
  }
  page_raw(&w->text, ".");
}

static void add_alignment(writer *w, const char *step, const char *name, const char *what,
                          work of) {
  if (!has_step(w, step)) return;
  page_raw(&w->text, " %s (called %s)", name, step);
  cite(w, of);
  page_raw(&w->text, " %s.", what);
  add_updates(w, step, "steps", "");
  if (isfinite(number_of(w, step, "steps"))) page_raw(&w->text, ".");
}

static void add_tuning(writer *w) {
  if (!has_translator(w)) return;
  page_raw(&w->text, " After a translator the classifier of the source was fine-tuned on the "
                     "source's training images, translated, with their own labels");
  if (isfinite(number_of(w, "tune", "learning_rate"))) add_rate(w, "tune");
  add_number(w, " for at most ", number_of(w, "tune", "epochs"), " epochs");
  page_raw(&w->text, ", and stopped by translated validation images of the source.");
}

/* Pairs of the study file with settings of their own. */
static void add_exceptions(writer *w) {
  const json_t *list = report_setting(w->r, NULL, "pairs");
  for (size_t i = 0; i < json_array_size(list); i++) {
    const char *text = json_string_value(json_array_get(list, i));
    if (text && strchr(text, '='))
      page_raw(&w->text, " One pair had settings of its own (%s).", text);
  }
}

static void add_adaptation(writer *w) {
  if (!json_array_size(report_setting(w->r, NULL, "portfolio"))) return;
  page_raw(&w->text, "Classifiers were adapted to a target by its images alone.");
  if (has_step(w, "none"))
    page_raw(&w->text, " To leave a classifier as it is (none) was allowed.");
  if (has_step(w, "paper")) add_paper_method(w);
  add_matching(w, "histogram", "Histogram matching",
               "gives each channel of an image the distribution of values of", WORK_HISTOGRAM);
  add_matching(w, "fourier", "Fourier matching",
               "gives an image's low frequencies the amplitudes of", WORK_FOURIER);
  add_alignment(w, "coral", "Deep CORAL", "aligns the covariances of features of the two sites",
                WORK_CORAL);
  add_alignment(w, "dann", "Domain-adversarial training",
                "learns features from which the site cannot be told", WORK_DANN);
  add_alignment(
      w, "shot", "Source hypothesis transfer",
      "maximises information and follows confident pseudo-labels with a frozen last layer",
      WORK_SHOT);
  add_alignment(w, "selftrain", "Self-training", "follows confident labels of a mean teacher",
                WORK_MEAN_TEACHER);
  page_raw(&w->text, " Methods joined by + were carried out one after the other.");
  add_tuning(w);
  add_exceptions(w);
}

/* ---- judging without labels ------------------------------------------------------------------ */

typedef struct named_work {
  const char *name, *what;
  work of;
} named_work;

static const named_work criteria[] = {
    {"im", "information maximisation", WORK_IM},
    {"entropy", "least mean entropy", WORK_ENTROPY},
    {"snd", "soft neighbourhood density", WORK_SND},
    {"snd-features", "soft neighbourhood density of features", WORK_SND},
    {"dev", "importance-weighted validation", WORK_DEV},
    {"bnm", "the nuclear norm of its predictions", WORK_BNM},
    {"ensemble", "agreement with the ensemble of all of them", WORK_ENSEMBLE},
};
static const named_work predictors[] = {
    {"confidence", "mean confidence", WORK_CONFIDENCE},
    {"confidence-difference", "the difference of confidences", WORK_CONFIDENCE_DIFFERENCE},
    {"atc-confidence", "average thresholded confidence", WORK_ATC},
    {"atc-entropy", "average thresholded confidence (score: negative entropy)", WORK_ATC},
};

/* The name itself, without a citation, where it is not known here. */
static void add_named(writer *w, const named_work *of, int n, const char *name) {
  for (int i = 0; i < n; i++) {
    if (!is(of[i].name, name)) continue;
    page_raw(&w->text, "%s", of[i].what);
    cite(w, of[i].of);
    return;
  }
  page_raw(&w->text, "%s", name);
}

static const choice *any_choice(const results *r) {
  for (int i = 0; i < r->n; i++) {
    if (r->pair[i].choice.criterion) return &r->pair[i].choice;
  }
  return NULL;
}

static void add_choice(writer *w) {
  const choice *c = any_choice(w->r);
  page_raw(&w->text,
           "No label of a target was used to adapt a classifier to it, to stop or to choose "
           "anything; target labels only measured the results and trained the classifiers "
           "with which adaptation is compared.");
  if (!c) return;
  page_raw(&w->text,
           " Of each pair's classifiers one was chosen on unlabelled validation images of "
           "the target by ");
  add_named(w, criteria, (int)(sizeof criteria / sizeof *criteria), c->criterion);
  page_raw(&w->text, ".");
  if (!c->predictor) return;
  page_raw(&w->text, " Accuracy at the target was predicted by ");
  add_named(w, predictors, (int)(sizeof predictors / sizeof *predictors), c->predictor);
  page_raw(&w->text, ", with split conformal intervals");
  cite(w, WORK_CONFORMAL);
  page_raw(&w->text, " from validation images of the source that were shifted in known ways, and "
                     "class shares were compared by black box shift estimation");
  cite(w, WORK_BBSE);
  page_raw(&w->text, ".");
}

/* ---- comparisons, statistics ----------------------------------------------------------------- */

static void add_list(writer *w, const char *name) {
  const json_t *list = report_setting(w->r, NULL, name);
  const size_t n = json_array_size(list);
  for (size_t i = 0; i < n; i++) {
    const json_t *j = json_array_get(list, i);
    page_raw(&w->text, "%s%s",
             i == 0       ? ""
             : i + 1 == n ? " and "
                          : ", ",
             json_is_string(j) ? json_string_value(j) : "");
  }
}

static void add_comparisons(writer *w) {
  page_raw(&w->text, "The ceiling is a classifier trained on the target's own labels.");
  if (w->r->pooleds) {
    page_raw(&w->text, " Pooled classifiers were trained with labels of all sites on ");
    add_list(w, "pooled");
    page_raw(&w->text, " per cent of their training images; their domain spread is the population "
                       "variance of the sites' AUC in per cent.");
  }
  if (w->r->labelleds) {
    page_raw(&w->text, " Learning curves come from classifiers trained on ");
    add_list(w, "label_counts");
    page_raw(&w->text,
             " labelled images of the target; the label equivalent is the number at which "
             "the curve, linear in its logarithm, reaches the adapted AUC.");
  }
  if (is_on(w, NULL, "oracle")) {
    page_raw(&w->text, " The oracle is the candidate with the best AUC by the target's labels, for "
                       "comparison only.");
  }
}

static bool any_number(const results *r, size_t offset) {
  for (int i = 0; i < r->n; i++) {
    double v;
    memcpy(&v, (const char *)&r->pair[i] + offset, sizeof v);
    if (isfinite(v)) return true;
  }
  return false;
}

static void add_statistics(writer *w) {
  page_raw(&w->text, "AUC is the area under the ROC curve, of more than two classes the mean over "
                     "classes, each against the rest. Intervals are 95 %% percentile bootstrap");
  add_number(w, " (", number_of(w, NULL, "replicates"), " replicates)");
  page_raw(&w->text, " of the whole test set, resampling groups; differences were resampled in "
                     "pairs.");
  if (any_number(w->r, offsetof(pair, p_holm))) {
    page_raw(&w->text, " P values were corrected for the number of pairs by Holm's method");
    cite(w, WORK_HOLM);
    page_raw(&w->text, ".");
  }
  if (any_number(w->r, offsetof(pair, delong.external.value))) {
    page_raw(&w->text, " Two AUCs were also compared by DeLong's method");
    cite(w, WORK_DELONG);
    page_raw(&w->text, ".");
  }
  if (any_number(w->r, offsetof(pair, temperature))) {
    page_raw(&w->text, " Calibration: expected calibration error in 15 bins and Brier score; the "
                       "temperature was fitted on validation images of the source");
    cite(w, WORK_ECE);
    page_raw(&w->text, ".");
  }
  page_raw(&w->text, " Everything was computed with xsite %s, seed %" PRId64 "%s%s.", XSITE_VERSION,
           w->r->seed, *w->r->precision ? ", precision " : "", w->r->precision);
}

static void add_references(const writer *w, page *out) {
  if (!w->cited.n) return;
  page_add(out, "<ol>\n");
  for (int i = 0; i < w->cited.n; i++) {
    page_add(out, "<li>%s</li>\n", citation_text(w->cited.order[i]));
  }
  page_add(out, "</ol>\n");
}

void methods_add(page *out, const results *r) {
  static void (*const paragraph[])(writer * w) = {add_data,   add_classifier,  add_adaptation,
                                                  add_choice, add_comparisons, add_statistics};
  writer w = {.r = r};
  for (size_t i = 0; i < sizeof paragraph / sizeof *paragraph; i++) {
    paragraph[i](&w);
    end_paragraph(&w, out);
  }
  add_references(&w, out);
}
