/* What the report says of a pair first: whether its classifier can be used, on which images it was
 * measured, what was chosen, and who was not trained enough. */
#include "report_page.h"
#include "text.h"

/* ---- verdicts -------------------------------------------------------------------------------- */

static void set_verdict(json_t *results, size_t i, const char *word, const char *reason,
                        int label) {
  json_object_set_new(pair_of(results, i), "verdict",
                      json_pack("{s:s, s:s, s:o, s:f}", "word", word, "reason", reason, "label",
                                label ? json_integer(label) : json_null(), "margin", 5.0));
}

static void verdicts_come_first(void **state) {
  (void)state;
  json_t *results = sample_json("results.json");
  set_verdict(results, 0, "do not use it", "It calls 97 % of them \"<7>\".", 160);
  set_verdict(results, 1, "use it", "A loss of 5 points or more is excluded.", 0);
  set_verdict(results, 2, "cannot be told", "No image of street has a label.", 310);
  char *html = page_of(results, NULL);
  assert_has(html,
             "<p class=\"lead\">Can the classifier be used at the new site? In 1 of 3 pairs as "
             "it is; in 1 it must not be used; in 1 it cannot be told.</p>");
  assert_has(
      html,
      "<li><b>Do not use the classifier from optdigits at mnist. Label 160 images of mnist "
      "in all.</b> It calls 97 % of them &quot;&lt;7&gt;&quot;. Adapting helps: it raises the "
      "AUC by 4.1 to 8.3 points. No classifier that was trained on labels of mnist is clearly "
      "better: it takes more of them.</li>");
  assert_has(html, "<li><b>Use the classifier from mnist at optdigits as it is.</b> A loss of 5 "
                   "points or more is excluded. Whether adapting helps cannot be told: it changes "
                   "the AUC by −0.9 to 1.5 points.");
  assert_has(html, "<b>Whether the classifier from mnist can be used at street cannot be told. "
                   "Label 310 images of street in all.</b>");
  free(html);
}

static void what_labels_would_do_is_told(void **state) {
  (void)state;
  json_t *results = sample_json("results.json");
  set_verdict(results, 0, "do not use it", "More than 5 points are lost.", 40);
  json_object_set_new(json_object_get(pair_of(results, 0), "verdict"), "better",
                      json_pack("{s:i, s:{s:f, s:f, s:f}}", "images", 40, "measure", "auc", 97.5,
                                "low", 96.0, "high", 98.25));
  char *html = page_of(results, NULL);
  assert_has(html, "A classifier trained on 40 labelled images of mnist does better: its AUC is "
                   "97.5 (96.0 to 98.2).");
  assert_lacks(html, "expected to be known");
  free(html);
}

static void one_verdict_is_the_first_paragraph(void **state) {
  (void)state;
  json_t *results = sample_json("results.json"), *pairs = json_object_get(results, "pairs");
  while (json_array_size(pairs) > 1) json_array_remove(pairs, 1);
  json_object_del(results, "labelled");
  set_verdict(results, 0, "use the adapted one", "After adaptation it is good.", 0);
  char *html = page_of(results, NULL);
  assert_has(html, "<p class=\"lead\"><b>Use the classifier from optdigits at mnist in its adapted "
                   "form.</b> After adaptation it is good. Adapting helps:");
  free(html);
}

/* An unlabelled target: by how many images was chosen, and that nothing was measured. */
static void no_label_is_no_measurement(void **state) {
  (void)state;
  static const char *const unknown[] = {"external", "adapted", "ceiling", "gain", "delong"};
  json_t *results = sample_json("results.json"), *p = pair_of(results, 2);
  for (int i = 0; i < 5; i++) json_object_set_new(p, unknown[i], json_null());
  json_t *choice = json_object_get(p, "choice");
  json_object_set_new(choice, "images", json_integer(54));
  json_object_set_new(choice, "chosen", json_string("none"));
  json_object_set_new(choice, "left", json_string("fewer than 60 can decide"));
  set_verdict(results, 2, "cannot be told", "No image of street has a label.", 310);
  char *html = page_of(results, NULL);
  assert_has(html, "cannot be told. Label 310 images of street, more than the 54 that the choice "
                   "saw.</b> No image of street has a label. "
                   "Chosen without labels: to leave the classifier as it is. The choice saw 54 "
                   "images of street, without labels: fewer than 60 can decide. With 310 labelled "
                   "images");
  assert_has(html, "<p>mnist → street: no AUC at the target is known");
  assert_lacks(html, "<th scope=\"row\">mnist → street</th><td>99.9"); /* no row of dashes */
  free(html);
}

/* ---- what was measured on which images --------------------------------------------------------
 */

static void all_labelled_images_have_a_table(void **state) {
  (void)state;
  json_t *results = sample_json("results.json"), *p = pair_of(results, 0);
  json_object_set_new(p, "external_all",
                      json_pack("{s:f, s:f, s:f, s:f, s:f, s:f, s:i, s:s}", "auc", 79.25, "low",
                                78.75, "high", 79.75, "accuracy", 40.0, "accuracy_low", 39.0,
                                "accuracy_high", 41.0, "n", 9999, "images", "all"));
  json_object_set_new(
      p, "ceiling_all",
      json_pack("{s:f, s:f, s:f, s:i}", "auc", 98.5, "low", 98.0, "high", 99.0, "folds", 5));
  json_object_set_new(p, "salvage_all", json_real(31));
  json_object_set_new(p, "seen_without_labels", json_integer(7));
  char *html = page_of(results, NULL);
  assert_has(html,
             "<td>9999</td><td>79.2<small>78.8 to 79.8</small></td><td>40.0<small>39.0 to "
             "41.0</small></td><td>98.5<small>98.0 to 99.0</small></td><td>5</td><td>31 %</td>");
  assert_has(html,
             "At mnist (on all 9999 labelled images) the AUC of the classifier from optdigits "
             "fell from 99.94 to 79.2. Adaptation, without a single label from mnist, raised "
             "it on the 1003 test images: 80.7 before, 86.9 after: a gain of 6.2");
  assert_has(html, "of the 1003 images that the adapted classifier is measured on the adaptation "
                   "has seen 7, without their labels.");
  free(html);
}

static void set_interval(json_t *results, size_t i, const char *measure, const char *name) {
  json_t *m = json_object_get(pair_of(results, i), measure);
  if (json_is_object(m)) json_object_set_new(m, "interval", json_string(name));
}

static void kinds_of_intervals_are_told(void **state) {
  (void)state;
  static const char *const measure[] = {"internal", "external", "adapted", "ceiling", "gain"};
  json_t *results = sample_json("results.json");
  char *html = page_of(json_deep_copy(results), NULL);
  assert_has(html, "intervals (percentile bootstrap of the whole test set");
  assert_lacks(html, "‡");
  free(html);
  set_interval(results, 0, "internal", "newcombe");
  html = page_of(json_deep_copy(results), NULL);
  assert_has(html, "<td>99.94<small>99.89 to 99.98</small>‡</td>");
  assert_has(html, "; ‡: Newcombe");
  free(html);
  for (size_t i = 0; i < 15; i++) set_interval(results, i / 5, measure[i % 5], "newcombe");
  html = page_of(results, NULL);
  assert_has(html, "intervals (Newcombe&#39;s for few images, with the effective number");
  assert_lacks(html, "‡");
  free(html);
}

/* ---- the choice -------------------------------------------------------------------------------
 */

static void what_was_chosen_has_a_table(void **state) {
  (void)state;
  json_t *results = sample_json("results.json"), *p = pair_of(results, 0);
  json_t *choice = json_object_get(p, "choice");
  json_object_set_new(choice, "images", json_integer(802));
  json_object_set_new(choice, "rule", json_string("careful"));
  json_object_set_new(choice, "bold", json_string("shot"));
  json_object_set_new(json_array_get(json_object_get(choice, "candidates"), 2), "struck",
                      json_pack("[s]", "it loses the class '3'"));
  char *html = page_of(results, NULL);
  assert_has(html, "<td>802</td><td class=\"text\">careful</td><td class=\"text\">paper</td><td "
                   "class=\"text\">shot</td>");
  assert_has(html, "<li>optdigits → mnist, <i>shot</i>: it loses the class &#39;3&#39;.</li>");
  assert_has(html, "<td>87.3<small>86.3 to 88.2</small><small>struck out</small></td>");
  free(html);
}

/* Where nothing was adapted no number of it is told. */
static void nothing_adapted_is_no_number(void **state) {
  (void)state;
  json_t *results = sample_json("results.json");
  for (size_t i = 0; i < 3; i++) {
    json_object_set_new(json_object_get(pair_of(results, i), "choice"), "chosen",
                        json_string("none"));
    set_verdict(results, i, "use it", "It is good.", 0);
  }
  char *dir = temporary_dir();
  write_json(dir, "results.json", results);
  char *html = write_report(dir), *bars = read_text(dir, "figures/auc.tsv");
  assert_has(html, "It is good. Nothing was adapted: the choice, which sees no label, was to leave "
                   "the classifier as it is. The best of the adapted ones by the labels of mnist "
                   "(shot) has an AUC of 87.3 (86.3 to 88.2).");
  assert_has(html, "The mean AUC at the targets is 82.8 (81.9 to 83.7); none of these classifiers "
                   "was adapted.");
  assert_has(html, "was to leave the classifier as it was in all 3 pairs.");
  assert_has(html, "; nothing was adapted</span>");
  assert_lacks(html, "<th scope=\"col\">Gain</th>");
  assert_lacks(html, "Mean gain, paired");
  assert_has(html, "stands alone. Nothing was adapted</span>");
  assert_has(bars, "\t80.72\t79.32\t81.98\tnan\tnan\tnan\t99.89");
  free(bars);
  free(html);
  remove_dir(dir);
  json_decref(results);
}

/* ---- who was not trained enough ----------------------------------------------------------------
 */

/* How often a section of the page has it. */
static int count_in(const char *html, const char *id, const char *part) {
  char *begin = text_format("<section id=\"%s\">", id), *page = text_copy(html);
  char *at = strstr(page, begin);
  assert_non_null(at);
  strstr(at, "</section>")[0] = 0;
  int n = 0;
  while ((at = strstr(at, part))) {
    n++;
    at += strlen(part);
  }
  free(page);
  free(begin);
  return n;
}

/* The cell of a pair in a column of results.csv, whose names and values have no commas. */
static void assert_cell(const char *csv, int row, const char *column, const char *value) {
  char *names = text_format("%.*s,", (int)strcspn(csv, "\r"), csv),
       *wanted = text_format(",%s,", column);
  const char *at = strstr(names, wanted), *cell = csv;
  assert_non_null(at);
  for (int i = 0; i <= row; i++) cell = strchr(cell, '\n') + 1;
  for (const char *c = names; c <= at; c++) {
    if (*c == ',') cell = strchr(cell, ',') + 1;
  }
  assert_memory_equal(cell, value, strlen(value));
  assert_true(strchr(",\r", cell[strlen(value)]));
  free(wanted);
  free(names);
}

static void untrained_classifiers_are_marked(void **state) {
  (void)state;
  json_t *results = sample_json("results.json");
  set_verdict(results, 1, "use it", "It is good.", 0);
  json_object_set_new(results, "classifiers",
                      json_loads("[{\"node\": \"baseline-mnist\", \"steps\": 90, \"epochs\": 3,"
                                 " \"best_epoch\": 1, \"train_auc\": 61.25,"
                                 " \"trained_enough\": false, \"why\": \"it ended early\"},"
                                 " {\"node\": \"pooled-10\", \"steps\": 90,"
                                 " \"trained_enough\": false, \"why\": \"it ended early\"},"
                                 " {\"node\": \"labelled-mnist-100\", \"steps\": 90,"
                                 " \"trained_enough\": false, \"why\": \"it ended early\"},"
                                 " {\"node\": \"baseline-optdigits\", \"steps\": 750,"
                                 " \"epochs\": 25, \"best_epoch\": 20, \"train_auc\": 100,"
                                 " \"trained_enough\": true}]",
                                 0, NULL));
  json_t *external = json_object_get(pair_of(results, 0), "external");
  json_object_set_new(external, "images", json_string("all"));
  json_object_set_new(external, "interval", json_string("percentile"));
  json_object_set_new(json_object_get(pair_of(results, 0), "gain"), "interval",
                      json_string("newcombe"));
  char *dir = temporary_dir();
  write_json(dir, "results.json", results);
  char *html = write_report(dir), *tex = read_text(dir, "results.tex"),
       *csv = read_text(dir, "results.csv");
  assert_cell(csv, 0, "target_untrained", "it ended early");
  assert_cell(csv, 0, "source_untrained", "");
  assert_cell(csv, 1, "source_untrained", "it ended early");
  assert_cell(csv, 1, "verdict", "use it");
  assert_cell(csv, 1, "reason", "It is good.");
  assert_cell(csv, 0, "gain_interval", "newcombe");
  assert_cell(csv, 0, "external_images", "all");
  assert_cell(csv, 0, "external_interval", "percentile");
  assert_cell(csv, 0, "external_n", "1003");
  free(csv);
  assert_well_formed(html);
  assert_has(html, "It is good. The classifier of mnist was not trained enough (it ended early): "
                   "train it longer");
  assert_has(html, "<td>99.89<small>99.83 to 99.94</small>†</td>");
  assert_has(html, "<td>32 %†</td>");
  assert_has(html, "<li>classifier of mnist: it ended early.</li>");
  assert_has(html, "But that classifier was not trained enough (it ended early): it is no ceiling");
  assert_has(html, "Average salvage †");
  assert_has(html, "That of optdigits → mnist was not trained enough to be a ceiling.");
  assert_has(html, "<p>Of 4 classifiers 3 were not trained enough.</p>");
  /* One number of labels, and a pooled one at all sites together and at each of the three. */
  assert_int_equal(count_in(html, "labels", "</small>†</td>"), 1);
  assert_has(html, "Of the 8 classifiers of labelled images 1 was not trained enough (†, below)");
  assert_int_equal(count_in(html, "pooled", "</small>†</td>"), 4);
  assert_has(html, "variance of the sites&#39; AUC in per cent; †: the classifier was not trained");
  assert_has(html, "<th scope=\"row\">classifier of mnist</th><td>90</td><td>3</td><td>1</td><td>"
                   "61.2</td><td class=\"text\">no: it ended early</td>");
  assert_has(html, "<th scope=\"row\">classifier of optdigits</th><td>750</td><td>25</td><td>20"
                   "</td><td>100.0</td><td class=\"text\">yes</td>");
  assert_has(tex, "$^\\dagger$ & +6.2 (4.1 to 8.3)");
  assert_has(tex, "32 \\%$^\\dagger$ \\\\\n");
  assert_has(tex, "$^\\dagger$\\,Not trained enough");
  free(tex);
  free(html);
  remove_dir(dir);
  json_decref(results);
}

/* Numbers of few images are not told as if they were known. */
static void wide_intervals_stand_alone(void **state) {
  (void)state;
  json_t *results = sample_json("results.json"), *first = pair_of(results, 0);
  json_t *external = json_object_get(first, "external");
  json_object_set_new(external, "low", json_real(61.25));
  json_object_set_new(external, "high", json_real(93.75));
  json_object_set_new(json_object_get(first, "choice"), "after",
                      json_pack("{s:f, s:f, s:f}", "value", 33.375, "low", 0.0, "high", 100.0));
  char *html = page_of(results, NULL);
  assert_has(html, "<td>61.2 to 93.8</td>");
  assert_has(html, "fell from 99.94 to between 61.2 and 93.8.");
  assert_has(html, "<td>0.0 to 100.0</td>");
  assert_lacks(html, "<td>33.4");
  free(html);
}

/* A loss within its interval is a loss all the same, and overlapping intervals are no fall. */
static void losses_are_not_hidden(void **state) {
  (void)state;
  json_t *results = sample_json("results.json"), *p = pair_of(results, 1);
  json_object_set_new(json_object_get(p, "internal"), "auc", json_real(98));
  json_object_set_new(json_object_get(p, "internal"), "low", json_real(97));
  json_object_set_new(json_object_get(p, "gain"), "value", json_real(-0.3));
  json_array_remove(json_object_get(results, "pairs"), 2);
  for (size_t i = 0; i < 2; i++) {
    json_object_set_new(json_object_get(pair_of(results, i), "choice"), "outlook",
                        json_string("unclear"));
  }
  char *html = page_of(results, NULL);
  assert_has(html, "harm was foreseen in 0 pairs; measured, the AUC is lower in 1 pair, by no more "
                   "than chance explains.");
  assert_has(html, "test images and 96.4 at optdigits; the intervals overlap, so that this may be "
                   "chance.");
  assert_lacks(html, "At optdigits the AUC of the classifier from mnist fell");
  free(html);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(verdicts_come_first),
      cmocka_unit_test(what_labels_would_do_is_told),
      cmocka_unit_test(one_verdict_is_the_first_paragraph),
      cmocka_unit_test(wide_intervals_stand_alone),
      cmocka_unit_test(no_label_is_no_measurement),
      cmocka_unit_test(all_labelled_images_have_a_table),
      cmocka_unit_test(kinds_of_intervals_are_told),
      cmocka_unit_test(what_was_chosen_has_a_table),
      cmocka_unit_test(untrained_classifiers_are_marked),
      cmocka_unit_test(nothing_adapted_is_no_number),
      cmocka_unit_test(losses_are_not_hidden),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
