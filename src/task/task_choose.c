/* task_choose.c: which of several adapted classifiers to use, judged without a label of the target.
 */
#include <stdlib.h>
#include <string.h>

#include "classifier.h"
#include "error.h"
#include "file.h"
#include "job.h"
#include "memory.h"
#include "node_job.h"
#include "settings_rows.h"
#include "task_tables.h"
#include "text.h"

static const option rows[] = {
    {NULL, "source", OPTION_TEXT, offsetof(xs_choose_task, source), NULL, true, 0, 0, NULL, "FILE",
     "domain file of the labelled site"},
    {NULL, "target", OPTION_TEXT, offsetof(xs_choose_task, target), NULL, true, 0, 0, NULL, "FILE",
     "domain file of the new site, whose labels are never used"},
    MODEL_ROW(offsetof(xs_choose_task, model), "the source site's classifier, as it is"),
    {NULL, "candidate", OPTION_TEXTS, offsetof(xs_choose_task, candidates), NULL, true, 0, 0, NULL,
     CANDIDATE_WORDS,
     "a classifier that was adapted from it: name and model file, and behind a colon the generator "
     "that made the images on which it was fine-tuned; once for each"},
    JOB_FOLDER_ROWS(xs_choose_task, "the chosen model and choice.json", "images and replicates"),
    CHOICE_ROWS(NULL, offsetof(xs_choose_task, choice)),
    OPTION_INTEGER_ROW(NULL, 0, xs_choose_task, replicates, "2000", 100, 1e6,
                       "bootstrap replicates of intervals"),
};
enum { ROWS = sizeof rows / sizeof *rows };

/* ---- candidates ---------------------------------------------------------------------------------
 */

xs_status candidate_read(const char *text, char **name, char **model, char **generator) {
  const char *files = strchr(text, '='), *colon = files ? strchr(files, ':') : NULL;
  *name = *model = *generator = NULL;
  if (!files || files == text || !files[1] || (colon && (colon == files + 1 || !colon[1]))) {
    return (xs_status)fail(XS_USAGE, "candidate: '%s' is not %s", text, CANDIDATE_WORDS);
  }
  *name = text_format("%.*s", (int)(files - text), text);
  *model = colon ? text_format("%.*s", (int)(colon - files - 1), files + 1) : text_copy(files + 1);
  *generator = colon ? text_copy(colon + 1) : NULL;
  return XS_OK;
}

/* A folder whose record tells of the training. */
static char *find_folder(const char *model) {
  char *folder = file_dir(model), *record = file_join(folder, "record.json");
  const bool there = file_exists(record);
  free(record);
  if (there) return folder;
  free(folder);
  return NULL;
}

static xs_status add_candidate(node_job *job, const char *text) {
  node_candidate x = {.listed = true, .source = &job->site[0]};
  xs_status status = candidate_read(text, &x.method, &x.model, &x.generator);
  for (int i = 0; i < job->candidates && !status; i++) {
    if (strcmp(job->candidate[i].method, x.method) != 0) continue;
    status = (xs_status)fail(XS_USAGE, "candidate: the name '%s' is there twice%s", x.method,
                             i ? "" : ": none is the classifier as it is");
  }
  if (!status) x.folder = find_folder(x.model);
  job->candidate[job->candidates++] = x;
  return status;
}

static xs_status add_candidates(const xs_choose_task *t, node_job *job) {
  job->candidate = memory_new((size_t)(t->candidates.n + 1) * sizeof *job->candidate);
  job->candidate[0] = (node_candidate){.method = text_copy("none"),
                                       .listed = true,
                                       .source = &job->site[0],
                                       .model = text_copy(t->model)};
  job->candidates = 1;
  job->unadapted = job->candidate[0];
  xs_status status = XS_OK;
  for (int i = 0; i < t->candidates.n && !status; i++) {
    status = add_candidate(job, t->candidates.text[i]);
  }
  return status;
}

static void release_candidates(node_job *job) {
  for (int i = 0; i < job->candidates; i++) {
    free(job->candidate[i].method);
    free(job->candidate[i].model);
    free(job->candidate[i].generator);
    free(job->candidate[i].folder);
  }
  free(job->candidate);
}

/* Its classes are the source's, and its images are those of the unadapted one: sites are read to
 * one size. */
static xs_status check_model(const xs_choose_task *t, const char *model, const xs_site *source,
                             const nn_classifier *unadapted) {
  xs_classifier *c = NULL;
  xs_status status = xs_classifier_load(model, &c);
  if (!status) status = job_check_classes(model, c, t->source, source);
  const nn_classifier *net = status ? unadapted : classifier_description(c);
  if (net->size != unadapted->size || net->channels != unadapted->channels) {
    status =
        (xs_status)fail(XS_USAGE,
                        "%s sees images of %d x %d pixels with %d channels, %s of %d x %d with "
                        "%d: a candidate is adapted from that classifier",
                        model, net->size, net->size, net->channels, t->model, unadapted->size,
                        unadapted->size, unadapted->channels);
  }
  xs_classifier_free(c);
  return status;
}

static xs_status check_models(const xs_choose_task *t, const node_job *job, const xs_site *source,
                              const nn_classifier *unadapted) {
  xs_status status = XS_OK;
  for (int i = 0; i < job->candidates && !status; i++) {
    status = check_model(t, job->candidate[i].model, source, unadapted);
  }
  return status;
}

/* ---- the source's labels ------------------------------------------------------------------------
 */

struct site_access {
  const xs_site *site;
  split_rule rule;
};

static xs_status open_labels(const site_access *a, xs_split which, train_set *set) {
  *set = (train_set){0};
  return train_set_open(a->site, a->rule, which, set);
}

/* ---- all together -------------------------------------------------------------------------------
 */

static study_settings settings_of(const xs_choose_task *t) {
  return (study_settings){.choice = t->choice, .replicates = t->replicates, .seed = t->job.seed};
}

/* Whether the target has labels: then its test images, on which the chosen one may be measured, do
 * not decide.  What is in memory has none. */
static bool is_labelled(const job_site *target) {
  const xs_site *s = target->opened;
  int64_t i = 0;
  while (s && i < s->images.n && s->label[i] < 0) i++;
  return s && i < s->images.n;
}

static xs_status choose(const train_job *train, const xs_choose_task *t, const job_site *source,
                        const job_site *target, const nn_classifier *unadapted) {
  const study_settings settings = settings_of(t);
  site_access access = {source->site, split_rule_of(t->job.seed, t->job.split_by)};
  node_site site = {.images = source->images,
                    .classes = source->site->classes,
                    .class_name = source->site->class_name,
                    .open = open_labels,
                    .access = &access};
  node_job job = {.train = train,
                  .settings = &settings,
                  .split = access.rule,
                  .site = &site,
                  .sites = 1,
                  .target = target->images,
                  .target_labelled = is_labelled(target)};
  xs_status status = add_candidates(t, &job);
  if (!status) status = check_models(t, &job, source->site, unadapted);
  if (!status) status = train_check_splits(source->site, access.rule);
  if (!status) status = node_choice(&job);
  release_candidates(&job);
  return status;
}

static xs_status work(const train_job *job, const void *task) {
  const xs_choose_task *t = task;
  job_site source = {0}, target = {0};
  xs_classifier *model = NULL;
  xs_status status = xs_classifier_load(t->model, &model);
  const nn_classifier net = status ? (nn_classifier){0} : *classifier_description(model);
  xs_classifier_free(model);
  if (!status) status = job_open_site(job, &t->job, t->source, t->source_site, net.size, &source);
  if (!status) {
    status = job_open_images(job, &t->job, t->target, t->target_images, &source, net.size, &target);
  }
  if (!status) status = choose(job, t, &source, &target, &net);
  job_close_site(&source);
  job_close_site(&target);
  return status;
}

const option_table task_choose_table = {.what = "choose", .row = rows, .n = ROWS};

void xs_choose_defaults(xs_choose_task *t) {
  *t = (xs_choose_task){0};
  option_defaults_lent(&task_choose_table, t);
}

xs_status xs_choose(const xs_choose_task *t, const xs_watch *w) {
  if (task_options_check(&task_choose_table, t)) return XS_USAGE;
  return job_run(&t->job, &task_choose_table, t, w, work);
}
