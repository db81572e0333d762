/* make_job.c: what a node is given for its work. */
#include <stdlib.h>

#include "memory.h"
#include "run.h"
#include "text.h"

#define MODEL "model.safetensors"

/* ---- labels -------------------------------------------------------------------------------------
 */

struct site_access {
  seal *seal;
  seal_request request; /* all but the split */
  split_rule rule;
  char *labeller; /* of a derived site: the classifier that is adapted to it; else NULL */
};

/* The images of a derived site with that classifier's labels. */
static xs_status label_derived(const site_access *a, xs_split which, train_set *set) {
  const xs_images *images = seal_images(a->seal, a->request.site);
  xs_classifier *c = NULL;
  xs_status status = xs_classifier_load(a->labeller, &c);
  int32_t *label = memory_new((size_t)(images->n + 1) * sizeof *label);
  if (!status) status = classifier_labels(c, images, label);
  if (!status) status = train_set_label(images, label, a->rule, which, set);
  free(label);
  xs_classifier_free(c);
  return status;
}

static xs_status open_labels(const site_access *a, xs_split which, train_set *set) {
  seal_request request = a->request;
  request.split = which;
  *set = (train_set){0};
  return a->labeller ? label_derived(a, which, set) : seal_labels(a->seal, &request, set);
}

static char *start_path(const node_files *f, int site) {
  return node_path(f, nodes_start(f->study, f->list, site), MODEL);
}

static void add_site(const study_run *r, const study_node *n, const char *asking, int site,
                     node_job *job) {
  const node_files files = files_of(r);
  const study_site *s = &r->study->site[site];
  site_access *access = memory_new(sizeof *access);
  *access =
      (site_access){.seal = r->seal,
                    .request = {.node = asking,
                                .target = n->target < 0 ? NULL : r->study->site[n->target].name,
                                .role = SEAL_SOURCE,
                                .site = s->images_of,
                                .fold = n->kind == NODE_FOLD ? (int)n->amount : 0},
                    .rule = study_split(r->study),
                    .labeller = s->file ? NULL : start_path(&files, site)};
  job->site[job->sites++] = (node_site){.images = seal_images(r->seal, s->images_of),
                                        .classes = seal_classes(r->seal, s->images_of),
                                        .class_name = seal_class_name(r->seal, s->images_of),
                                        .open = open_labels,
                                        .access = access};
}

/* Its source and, for candidates by way of a third site, that; or all that have labels. */
static void add_sites(const study_run *r, const study_node *n, const char *asking, node_job *job) {
  job->site = memory_new((size_t)(r->study->n_sites + 1) * sizeof *job->site);
  for (int i = 0; i < r->study->n_sites && n->source < 0; i++) {
    if (r->study->site[i].labelled) add_site(r, n, asking, i, job);
  }
  if (n->source >= 0) add_site(r, n, asking, n->source, job);
  const int via = n->kind == NODE_CHOICE ? r->study->pair[n->pair].via : -1;
  if (via >= 0) add_site(r, n, asking, via, job);
}

/* ---- files --------------------------------------------------------------------------------------
 */

/* The site that a candidate starts from: the pair's source, or the derived one on its way. */
static const node_site *source_of(const node_job *job, const study_node *choice,
                                  const study_node *made) {
  const bool direct =
      made->kind == NODE_ADAPTED ? made->source == choice->source : made->kind != NODE_CHOICE;
  return &job->site[direct ? 0 : 1];
}

static void add_candidates(const node_files *f, const study_node *n, node_job *job) {
  study_candidate *c = nodes_candidates(f->study, f->list, n->pair, &job->candidates);
  job->candidate = memory_new((size_t)job->candidates * sizeof *job->candidate);
  for (int i = 0; i < job->candidates; i++) {
    const study_node *made = &f->list->node[c[i].node];
    const int images = c[i].translator;
    job->candidate[i] = (node_candidate){
        .method = text_copy(c[i].method),
        .listed = c[i].listed,
        .source = source_of(job, n, made),
        .generator = images < 0 ? NULL : node_path(f, images, "generator.safetensors"),
        .model = node_path(f, c[i].node, MODEL),
        .folder = made->kind == NODE_ADAPTED || made->kind == NODE_SOURCE
                      ? node_path(f, c[i].node, NULL)
                      : NULL};
  }
  nodes_candidates_free(c, job->candidates);
}

/* The first need of a translator, or -1. */
static int find_translator(const node_files *f, const study_node *n) {
  for (int i = 0; i < n->n_needs; i++) {
    if (f->list->node[n->needs[i]].kind == NODE_TRANSLATOR) return n->needs[i];
  }
  return -1;
}

/* Of a pair, where its translator is one that all pairs of the source share. */
static void add_shared(const node_files *f, const study_node *n, node_job *job) {
  int *target;
  const int targets = study_targets(f->study, n->source, &target);
  for (int i = 0; i < n->n_needs; i++) {
    if (f->list->node[n->needs[i]].kind != NODE_SHARED) continue;
    job->shared = node_path(f, n->needs[i], "generator.safetensors");
    for (int k = 0; k < targets; k++) {
      if (target[k] == n->target) job->domain = 1 + k;
    }
  }
  free(target);
}

static void add_files(const node_files *f, const study_node *n, node_job *job) {
  const int images = n->kind == NODE_ADAPTED ? find_translator(f, n) : -1;
  if (n->target < 0) job->init = study_init_file(f->study);
  if (n->target >= 0) job->start = start_path(f, n->source);
  if (n->kind == NODE_ADAPTED || node_is_translator(n)) {
    job->previous = node_path(f, n->needs[0], MODEL);
  }
  if (n->kind == NODE_TRANSLATOR) add_shared(f, n, job);
  if (images >= 0) job->generator = node_path(f, images, "generator.safetensors");
  job->unadapted = (node_candidate){.method = "none", .source = &job->site[0], .model = job->start};
  if (n->kind == NODE_CHOICE) add_candidates(f, n, job);
}

static void add_targets(const study_run *r, const study_node *n, node_job *job) {
  int *target;
  job->n_targets = study_targets(r->study, n->source, &target);
  job->targets = memory_new((size_t)job->n_targets * sizeof *job->targets);
  for (int i = 0; i < job->n_targets; i++) job->targets[i] = seal_images(r->seal, target[i]);
  free(target);
}

void job_open(const study_run *r, const study_node *n, const char *asking, const train_job *train,
              node_job *job) {
  const node_files files = files_of(r);
  *job = (node_job){.train = train,
                    .settings = node_settings(r->study, n),
                    .geometry = study_geometry(r->study),
                    .split = study_split(r->study),
                    .method = n->method,
                    .amount = n->amount};
  if (n->target >= 0) {
    job->target = seal_images(r->seal, n->target);
    job->target_labelled = r->study->site[n->target].labelled;
  }
  if (n->kind == NODE_SHARED) add_targets(r, n, job);
  add_sites(r, n, asking, job);
  add_files(&files, n, job);
}

void job_close(node_job *job) {
  for (int i = 0; i < job->sites; i++) {
    free(job->site[i].access->labeller);
    free(job->site[i].access);
  }
  for (int i = 0; i < job->candidates; i++) {
    free(job->candidate[i].method);
    free(job->candidate[i].generator);
    free(job->candidate[i].model);
    free(job->candidate[i].folder);
  }
  free(job->site);
  free(job->candidate);
  free(job->init);
  free(job->start);
  free(job->previous);
  free(job->generator);
  free(job->shared);
  free(job->targets);
}
