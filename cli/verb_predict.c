#include <math.h>
#include <stdlib.h>

#include "cli.h"
#include "words.h"

typedef struct printer {
  bool json, csv;
  int printed;
} printer;

static void print_text(const xs_prediction *p) {
  if (p->error) return;
  printf("%s: %s", p->file, p->decision < 0 ? "" : p->class_name[p->decision]);
  for (int i = 0; i < p->classes; i++) {
    printf("%s%s %.4f", i ? ", " : "  (", p->class_name[i], p->probability[i]);
  }
  printf(")");
  if (p->calibrated && p->decision >= 0) printf(", calibrated %.4f", p->calibrated[p->decision]);
  if (p->distance > 1) printf(", unlike images of %s (distance %.2f)", p->site, p->distance);
  if (p->doubt) printf(", %s", p->doubt);
  putchar('\n');
}

static void print_line(char *text) {
  puts(text);
  free(text);
}

/* Objects of an array, each with its lines indented. */
static void print_json(const xs_prediction *p, bool first) {
  char *text = xs_prediction_json(p);
  fputs(first ? "[\n  " : ",\n  ", stdout);
  for (const char *c = text; *c; c++) {
    putchar(*c);
    if (*c == '\n') fputs("  ", stdout);
  }
  free(text);
}

/* Prints a prediction, and on stderr what went wrong. */
static void print(void *context, const xs_prediction *p) {
  printer *to = context;
  const bool first = !to->printed++;
  if (p->error) fprintf(stderr, "xsite: %s\n", p->error);
  if (to->json) print_json(p, first);
  if (to->csv && first) print_line(xs_prediction_csv_names(p));
  if (to->csv) print_line(xs_prediction_csv(p));
  if (!to->json && !to->csv) print_text(p);
}

static int run(void *record, int n, const char **word) {
  const xs_predict_task *t = record;
  printer to = {.json = t->json, .csv = t->csv};
  cli_progress progress;
  const xs_watch watch = cli_watch_plain(&progress);
  if (t->json && t->csv) return words_fail(XS_USAGE, "--json and --csv exclude each other");
  const xs_status status = xs_predict(t, n, word, print, &to, &watch);
  cli_watch_end(&progress);
  if (to.json && to.printed) puts("\n]");
  return status;
}

const cli_verb verb_predict = {
    .name = "predict",
    .words = "IMAGE...",
    .least = 1,
    .most = CLI_ANY,
    .summary = "Classify PNG, JPEG, TIFF, BMP and DICOM files and folders of them.",
    .record = sizeof(xs_predict_task),
    .computes = true,
    .run = run};
