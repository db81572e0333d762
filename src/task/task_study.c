/* task_study.c: the options of the program's verbs of studies. */
#include "rows.h"
#include "task_tables.h"
#include "xsite.h"

#define STUDY_FIELD(name) offsetof(xs_study_task, name)

#define STUDY_ROWS                                                                                 \
  OUT_ROW(STUDY_FIELD(run.out), false,                                                             \
          "the run folder; by default runs/NAME, with the study's name"),                          \
      THREADS_ROW(STUDY_FIELD(run.threads)), MEMORY_ROW(STUDY_FIELD(run.memory)),                  \
      OPTION_CHOICE_ROW(NULL, offsetof(xs_study_task, run), xs_run_options, device, "cpu", "cpu",  \
                        "NAME", "what computes"),                                                  \
      {NULL,                                                                                       \
       "set",                                                                                      \
       OPTION_TEXTS,                                                                               \
       STUDY_FIELD(set),                                                                           \
       NULL,                                                                                       \
       false,                                                                                      \
       0,                                                                                          \
       0,                                                                                          \
       NULL,                                                                                       \
       "KEY=VALUE",                                                                                \
       "override an option of the study file, as adapter.batch=64; may be repeated"},              \
      DATA_DIR_ROW(STUDY_FIELD(run.data_dir)), DATA_ROW(STUDY_FIELD(run.data_dir)),                \
      CACHE_ROW(STUDY_FIELD(run.cache)), MEASURE_KERNELS_ROW(STUDY_FIELD(run.measure_kernels)),    \
      KERNELS_OF_ROW(STUDY_FIELD(run.kernels_of)),                                                 \
      SKIP_UNREADABLE_ROW(STUDY_FIELD(run.skip_unreadable))

#define NODES_OF_ROW                                                                               \
  {                                                                                                \
    NULL, "nodes_of", OPTION_TEXTS, STUDY_FIELD(run.nodes_of), NULL, false, 0, 0, NULL,            \
        "OTHER-RUN",                                                                               \
        "copy nodes that this run folder made from the same, as its seal says, instead of making " \
        "them; "                                                                                   \
        "may be repeated"                                                                          \
  }

static const option run_rows[] = {
    STUDY_ROWS,
    OPTION_FLAG_ROW(NULL, offsetof(xs_study_task, run), xs_run_options, resume,
                    "continue a run that was broken off; of a study that was changed since, make "
                    "what is missing or was made from something else; of a finished run, make "
                    "again files that were changed or removed"),
    NODES_OF_ROW,
    OPTION_INTEGER_ROW(
        NULL, 0, xs_study_task, seeds, "1", 1, 1000,
        "run the study under so many seeds, from its own on, each in a folder of its own "
        "below --out, and report the spread"),
    OPTION_FLAG_ROW(
        NULL, offsetof(xs_study_task, run), xs_run_options, verify,
        "of a finished run: read the data again and compare them, and the nodes' files, "
        "with what was recorded"),
};
const option_table task_study_run_table = {
    .what = "study run", .row = run_rows, .n = sizeof run_rows / sizeof *run_rows};

static const option search_rows[] = {
    STUDY_ROWS,
    NODES_OF_ROW,
    OPTION_FLAG_ROW(NULL, offsetof(xs_study_task, run), xs_run_options, resume,
                    "continue a search that was broken off"),
    {NULL, "grid", OPTION_TEXT, STUDY_FIELD(grid), NULL, true, 0, 0, NULL, "SETTINGS",
     "what is tried: KEY=VALUE,VALUE,... of classifier.*, adapter.*, tune.* and the methods' own "
     "sections, with blanks between keys"},
    OPTION_INTEGER_ROW(
        NULL, 0, xs_study_task, random, "0", 0, 1000,
        "try so many points of each stage's grid, drawn by the study's seed; 0: all"),
    OPTION_FLAG_ROW(
        NULL, 0, xs_study_task, halving,
        "successive halving: all begin with a ninth or a third of epochs and steps, and "
        "the best third goes on with three times as many"),
};
const option_table task_search_table = {
    .what = "search", .row = search_rows, .n = sizeof search_rows / sizeof *search_rows};

static const option plan_rows[] = {
    STUDY_ROWS,
    OPTION_FLAG_ROW(
        NULL, offsetof(xs_study_task, run), xs_run_options, quick,
        "without estimates of time and memory, which open the sites and run some steps"),
};
const option_table task_study_plan_table = {
    .what = "study plan", .row = plan_rows, .n = sizeof plan_rows / sizeof *plan_rows};

static const option node_rows[] = {
    STUDY_ROWS,
    OPTION_FLAG_ROW(NULL, offsetof(xs_study_task, run), xs_run_options, resume,
                    "of a study that was changed since: take its folder over; a node that was "
                    "broken off is continued without it"),
};
const option_table task_study_node_table = {
    .what = "study node", .row = node_rows, .n = sizeof node_rows / sizeof *node_rows};

static const option export_rows[] = {{NULL, "snakemake", OPTION_FLAG, STUDY_FIELD(snakemake), "no",
                                      false, 0, 0, NULL, NULL,
                                      "as a Snakefile, which also runs on clusters"},
                                     STUDY_ROWS};
const option_table task_study_export_table = {
    .what = "study export", .row = export_rows, .n = sizeof export_rows / sizeof *export_rows};

void xs_run_defaults(xs_run_options *o) {
  xs_study_task t = {0};
  option_defaults_lent(&task_study_run_table, &t);
  *o = t.run;
}
