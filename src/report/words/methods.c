#include "methods.h"

#include "methods_writer.h"
#include "sections.h"
#include "xsite.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void end_paragraph(writer *w, page *out) {
  if (w->text.size) page_add(out, "<p>%s</p>\n", w->text.text);
  buffer_free(&w->text);
}

/* ---- data ------------------------------------------------------------------------------------ */

static const char *site_of(const results *r, int k) {
  return k % 2 ? r->pair[k / 2].target : r->pair[k / 2].source;
}

static bool is_new_site(const results *r, int k) {
  for (int j = 0; j < k; j++) {
    if (text_is(site_of(r, j), site_of(r, k))) return false;
  }
  return true;
}

static void add_sites(writer *w) {
  int n = 0, left;
  for (int k = 0; k < 2 * w->r->n; k++) n += is_new_site(w->r, k);
  buffer_add(&w->text, "Images of %d sites (", n);
  left = n;
  for (int k = 0; k < 2 * w->r->n; k++) {
    if (!is_new_site(w->r, k)) continue;
    left--;
    buffer_add(&w->text, "%s%s", site_of(w->r, k), left > 1 ? ", " : left ? " and " : "");
  }
  buffer_add(&w->text, ") were studied in %d ordered %s of a source and a target.", w->r->n,
             w->r->n == 1 ? "pair" : "pairs");
}

/* "nih-opacity, version 1 (with policy.uncertain=ignore), at nih" */
static void add_mapping(writer *w, const char *site, const json_t *mapping) {
  const json_t *set = json_object_get(mapping, "set");
  const json_t *name = json_object_get(mapping, "mapping"),
               *version = json_object_get(mapping, "version");
  buffer_add(&w->text, "%s, version %" PRId64, json_is_string(name) ? json_string_value(name) : "",
             (int64_t)json_integer_value(version));
  for (size_t i = 0; i < json_array_size(set); i++) {
    const json_t *word = json_array_get(set, i);
    buffer_add(&w->text, "%s%s", i ? ", " : " (with ",
               json_is_string(word) ? json_string_value(word) : "");
  }
  buffer_add(&w->text, "%s, at %s", json_array_size(set) ? ")" : "", site);
}

static void add_mappings(writer *w) {
  const json_t *all = report_setting(w->r, NULL, "mappings"), *mapping;
  const char *site, *before = " Classes were read from label files by the mappings ";
  json_object_foreach((json_t *)(uintptr_t)all, site, mapping) {
    buffer_add(&w->text, "%s", before);
    add_mapping(w, site, mapping);
    before = "; ";
  }
  if (json_object_size(all)) buffer_add(&w->text, ".");
}

static void add_data(writer *w) {
  const double size = setting_number(w, NULL, "size"), limit = setting_number(w, NULL, "limit");
  const char *by = setting_text(w, NULL, "split_by");
  add_sites(w);
  add_mappings(w);
  if (isfinite(size)) {
    buffer_add(&w->text, " Images were scaled to %g × %g pixels", size, size);
    write_number(w, " with ", setting_number(w, NULL, "image_channels"), " channels");
    buffer_add(&w->text, " and to values from −1 to 1%s.",
               text_is(setting_text(w, NULL, "normalisation"), "imagenet")
                   ? ", for classifiers to ImageNet's mean and deviation"
                   : "");
  }
  if (limit > 0) buffer_add(&w->text, " At most %g images of a site were used.", limit);
  if (*by) {
    buffer_add(
        &w->text,
        " Each site was split into training, validation and test images, 80/10/10 where its domain "
        "file says nothing else, %s.",
        text_is(by, "group") ? "all images of one group (a patient, or a digit in several "
                               "renderings) on the same side"
                             : "image by image");
  }
}

/* ---- classifiers ----------------------------------------------------------------------------- */

typedef struct named_work {
  const char *name, *what, *of;
} named_work;

/* The name itself, without a citation, where it is not known here. */
static void add_named(writer *w, const named_work *of, int n, const char *name, const char *after) {
  for (int i = 0; i < n; i++) {
    if (!text_is(of[i].name, name)) continue;
    buffer_add(&w->text, "%s%s", of[i].what, after);
    write_citation(w, of[i].of);
    return;
  }
  buffer_add(&w->text, "%s%s", name, after);
}

static const named_work networks[] = {
#define ARCHITECTURE(id, name, drops, called, work) {name, called, work},
#include "xsite/architectures.def"
};

static void add_network(writer *w, const char *network) {
  buffer_add(&w->text, "The classifiers were ");
  if (*network) {
    add_named(w, networks, (int)(sizeof networks / sizeof *networks), network, " networks");
  } else {
    buffer_add(&w->text, "convolutional networks");
  }
  if (*setting_text(w, "classifier", "init"))
    buffer_add(&w->text, ", begun with pretrained weights");
}

/* Random changes of training images. */
static void add_changes(writer *w, const char *section) {
  const double shift = setting_number(w, section, "shift"),
               rotation = setting_number(w, section, "rotation");
  const bool flips = setting_on(w, section, "flips");
  if (!(shift > 0) && !(rotation > 0) && !flips) return;
  buffer_add(&w->text, ", images at random");
  if (shift > 0) buffer_add(&w->text, " moved by up to %g %% of their side", 100 * shift);
  if (rotation > 0) {
    buffer_add(&w->text, "%s turned by up to %g degrees", shift > 0 ? "," : "", rotation);
  }
  if (flips) buffer_add(&w->text, "%s mirrored", shift > 0 || rotation > 0 ? " and" : "");
}

static void add_classifier(writer *w) {
  const double epochs = setting_number(w, "classifier", "epochs");
  if (!json_is_object(report_setting(w->r, NULL, "classifier"))) return;
  add_network(w, setting_text(w, "classifier", "architecture"));
  buffer_add(&w->text,
             ", trained on the labelled images of the source with cross-entropy and Adam");
  write_citation(w, WORK_ADAM);
  if (isfinite(setting_number(w, "classifier", "learning_rate"))) write_rate(w, "classifier");
  if (setting_on(w, "classifier", "balanced")) {
    buffer_add(&w->text, ", every class drawn equally often");
  }
  add_changes(w, "classifier");
  if (isfinite(epochs)) {
    buffer_add(&w->text, ", for at most %g epochs", epochs);
    if (setting_number(w, "classifier", "steps_per_epoch") > 0) {
      write_number(w, " of ", setting_number(w, "classifier", "steps_per_epoch"), " steps");
    }
    write_number(w, ", stopped when the validation AUC of the source had not improved for ",
                 setting_number(w, "classifier", "patience"), " epochs; the best epoch was kept");
  }
  buffer_add(&w->text, ".");
}

/* ---- judging without labels ------------------------------------------------------------------ */

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

static const choice *any_choice(const results *r) {
  for (int i = 0; i < r->n; i++) {
    if (r->pair[i].choice.criterion) return &r->pair[i].choice;
  }
  return NULL;
}

static void add_ties(writer *w) {
  for (int i = 0; i < w->r->n; i++) {
    if (!w->r->pair[i].choice.settled_by) continue;
    buffer_add(&w->text,
               " Between classifiers whose values differed by no more than the 95 %% error "
               "of the difference, ");
    add_named(w, criteria, (int)(sizeof criteria / sizeof *criteria),
              w->r->pair[i].choice.settled_by, "");
    buffer_add(&w->text, " decided.");
    return;
  }
}

static void add_choice(writer *w) {
  const choice *c = any_choice(w->r);
  buffer_add(&w->text,
             "No label of a target was used to adapt a classifier to it, to stop or to choose "
             "anything; target labels only measured the results and trained the classifiers "
             "with which adaptation is compared.");
  if (!c) return;
  buffer_add(
      &w->text,
      " Of each pair's classifiers one was chosen on unlabelled images of the target, none of "
      "them test images of a target with labels, by ");
  add_named(w, criteria, (int)(sizeof criteria / sizeof *criteria), c->criterion, "");
  buffer_add(&w->text, ".");
  if (c->rule && text_is(c->rule, "careful")) {
    buffer_add(
        &w->text,
        " Before that, those were struck out that had lost a class in translation or in their "
        "answers, had no temperature, or were not trained enough.");
  }
  add_ties(w);
  if (!c->predictor) return;
  buffer_add(&w->text, " Accuracy at the target was predicted by ");
  add_named(w, predictors, (int)(sizeof predictors / sizeof *predictors), c->predictor, "");
  buffer_add(&w->text, ", with split conformal intervals");
  write_citation(w, WORK_CONFORMAL);
  buffer_add(&w->text, " from validation images of the source that were shifted in known ways, and "
                       "class shares were compared by black box shift estimation");
  write_citation(w, WORK_BBSE);
  buffer_add(&w->text, ".");
}

/* ---- comparisons, statistics ----------------------------------------------------------------- */

static void add_list(writer *w, const char *name) {
  const json_t *list = report_setting(w->r, NULL, name);
  const size_t n = json_array_size(list);
  for (size_t i = 0; i < n; i++) {
    const json_t *j = json_array_get(list, i);
    buffer_add(&w->text, "%s%s",
               i == 0       ? ""
               : i + 1 == n ? " and "
                            : ", ",
               json_is_string(j) ? json_string_value(j) : "");
  }
}

static void add_comparisons(writer *w) {
  buffer_add(&w->text, "The ceiling is a classifier trained on the target's own labels.");
  if (w->r->pooleds) {
    buffer_add(&w->text, " Pooled classifiers were trained with labels of all sites on ");
    add_list(w, "pooled");
    buffer_add(&w->text,
               " per cent of their training images; their domain spread is the population "
               "variance of the sites' AUC in per cent.");
  }
  if (w->r->labelleds) {
    buffer_add(&w->text, " Learning curves come from classifiers trained on ");
    add_list(w, "label_counts");
    buffer_add(&w->text,
               " labelled images of the target; the label equivalent is the number at which "
               "the curve, linear in its logarithm, reaches the adapted AUC.");
  }
  if (setting_on(w, NULL, "oracle")) {
    buffer_add(&w->text,
               " The oracle is the candidate with the best AUC by the target's labels, for "
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
  buffer_add(&w->text,
             "AUC is the area under the ROC curve, of more than two classes the mean over "
             "classes, each against the rest by its probability. Intervals are 95 %% "
             "percentile bootstrap");
  write_number(w, " (", setting_number(w, NULL, "replicates"), " replicates)");
  buffer_add(&w->text,
             " of the whole test set, resampling groups; differences were resampled in "
             "pairs. Where a class, or the rest, has fewer than 200 groups, or the AUC is "
             "within 5 of 0 or 100, intervals are Newcombe's (method 5) with numbers of "
             "images divided by the design effect of groups, of several classes and "
             "differences combined by MOVER");
  write_citation(w, WORK_NEWCOMBE);
  write_citation(w, WORK_MOVER);
  buffer_add(&w->text, ".");
  if (any_number(w->r, offsetof(pair, p_holm))) {
    buffer_add(&w->text, " P values were corrected for the number of pairs by Holm's method");
    write_citation(w, WORK_HOLM);
    buffer_add(&w->text, ".");
  }
  if (any_number(w->r, offsetof(pair, delong.external.value))) {
    buffer_add(&w->text, " Two AUCs were also compared by DeLong's method");
    write_citation(w, WORK_DELONG);
    buffer_add(&w->text, ".");
  }
  if (any_number(w->r, offsetof(pair, temperature))) {
    buffer_add(&w->text, " Calibration: expected calibration error in 15 bins and Brier score; the "
                         "temperature was fitted on validation images of the source");
    write_citation(w, WORK_ECE);
    buffer_add(&w->text, ".");
  }
  if (section_subgroups_wanted(w->r)) {
    buffer_add(&w->text,
               " Subgroups of the target's test images with at least %d images of each class "
               "and %d patients were measured likewise, without a correction for their "
               "number.",
               XS_SUBGROUP_FEWEST, XS_SUBGROUP_FEWEST);
  }
  buffer_add(&w->text, " Everything was computed with xsite %s, seed %" PRId64 "%s%s.",
             XSITE_VERSION, w->r->seed, *w->r->precision ? ", precision " : "", w->r->precision);
}

static void add_references(const writer *w, page *out) {
  if (!w->cited.n) return;
  page_add(out, "<ol>\n");
  for (int i = 0; i < w->cited.n; i++) {
    page_add(out, "<li>%s</li>\n", w->cited.order[i]);
  }
  page_add(out, "</ol>\n");
}

void methods_add(page *out, const results *r) {
  static void (*const paragraph[])(writer * w) = {add_data,   add_classifier,  write_adaptation,
                                                  add_choice, add_comparisons, add_statistics};
  writer w = {.r = r};
  for (size_t i = 0; i < sizeof paragraph / sizeof *paragraph; i++) {
    paragraph[i](&w);
    end_paragraph(&w, out);
  }
  add_references(&w, out);
  free(w.cited.order);
}
