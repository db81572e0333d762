/* study_file.h: the inside of a study.
 *
 * spec/     what a study file says: its options, pairs of sites, the steps of a method
 * graph/    the study as a graph of nodes: what each is made from, costs, and running them
 * nodes/    what the nodes do: train, adapt, choose
 * measure/  results.json from the models
 * folder/   the run folder, its log, and the seal that says who has seen which labels */
#ifndef STUDY_FILE_H
#define STUDY_FILE_H

#include <jansson.h>

#include "buffer.h"
#include "label_seal.h"
#include "learn.h"
#include "run_log.h"
#include "settings.h"
#include "xsite.h"

/* A site of the study file; or a derived one: the images of a site with the labels that a
 * classifier adapted to it gives them. */
typedef struct study_site {
  char *name;
  char *file;    /* resolved domain file; NULL: derived */
  bool labelled; /* whether the domain file names labels */
  int folds;     /* in which its own classifier is cross-fitted; 0: it is not */
  int images_of; /* place in sites: itself unless derived */
  int pair;      /* derived: whose chosen classifier gives the labels; else -1 */
} study_site;

typedef struct study_pair {
  int source, target;      /* places in sites */
  int via;                 /* the derived site between them, or -1 */
  study_settings settings; /* the study's, with what this pair overrides */
} study_pair;

struct xs_study {
  char *path, *dir; /* of the study file, and its folder */
  study_settings settings;
  study_site *site; /* [n_sites] those of the study file, then [n_derived] derived ones */
  int n_sites, n_derived;
  study_pair *pair;
  int n_pairs;
};

/* Fills pair and the derived sites from settings.pairs. */
int study_pairs(xs_study *s);
void study_add_site(xs_study *s, study_site site);
int study_find_site(const xs_study *s, const char *name); /* -1: none */

/* ---- methods ------------------------------------------------------------------------------------
 * A method is one step or several joined by +, carried out in order.  A translator may only be the
 * first: it makes labelled images of the target's look, on which the classifier is fine-tuned. */
typedef enum method_kind { METHOD_NONE, METHOD_TRANSLATOR, METHOD_ALIGNER } method_kind;
/* XS_USAGE and a message that begins with `where` where this is no method. */
int method_check(const char *where, const char *method);
method_kind method_last(const char *method); /* of the last step */
char *method_last_name(const char *method);  /* the last step; allocated */
char *method_before(const char *method);     /* all but the last step, "none" if none; allocated */
char *method_translator(const char *method); /* the first step where it is a translator, or NULL */

/* ---- nodes --------------------------------------------------------------------------------------
 */
typedef enum node_kind {
  NODE_BASELINE,   /* baseline-SITE */
  NODE_POOLED,     /* pooled-PERCENT */
  NODE_LABELLED,   /* labelled-SITE-COUNT */
  NODE_FOLD,       /* fold-SITE-NUMBER, from 1; fold 0 is the baseline's */
  NODE_TRANSLATOR, /* translator-METHOD-SOURCE-TARGET */
  NODE_ADAPTED,    /* adapted-METHOD-SOURCE-TARGET */
  NODE_CHOICE,     /* choice-SOURCE-TARGET */
  NODE_RESULTS     /* results */
} node_kind;

typedef struct study_node {
  node_kind kind;
  char *name;
  int source, target; /* places in sites, or -1 */
  int pair;           /* whose settings hold; -1: the study's */
  char *method;       /* of a translator or adapted classifier, or NULL */
  double amount;      /* per cent of the images, their number, or a fold's */
  int *needs;         /* [n_needs] places in the list, all before this one */
  int n_needs;
} study_node;

typedef struct study_nodes {
  study_node *node;
  int n;
} study_nodes;

/* Every piece of work once, after all that it needs. */
void nodes_list(const xs_study *s, study_nodes *out);
void nodes_free(study_nodes *l);
int nodes_find(const study_nodes *l, const char *name); /* -1: none */
const char *node_purpose(const study_node *n);

/* A classifier that is a candidate for a pair. */
typedef struct study_candidate {
  char *method;   /* "paper+shot"; "paper+shot via mnist" */
  int node;       /* place in the list: whose model.safetensors it is */
  int translator; /* place of its translator's node, or -1 */
  bool listed;    /* in the portfolio; the unadapted classifier is a candidate in any case */
} study_candidate;
/* The candidates of a pair in the order of the portfolio, then those by way of its third site;
 * allocated. */
study_candidate *nodes_candidates(const xs_study *s, const study_nodes *l, int pair, int *n);
void nodes_candidates_free(study_candidate *c, int n);
/* The node whose model.safetensors a classifier of this site starts from. */
int nodes_start(const xs_study *s, const study_nodes *l, int site);

typedef enum node_state {
  NODE_MISSING,     /* not made, or not to its end */
  NODE_DONE,        /* made from the same, and unharmed */
  NODE_UNPUBLISHED, /* the same but for its operating point, which is to be set anew */
  NODE_STALE        /* made from something else, or its files were changed: to be made again */
} node_state;

/* ---- a run --------------------------------------------------------------------------------------
 */
typedef struct study_run {
  const xs_study *study;
  const xs_run_options *o;
  const xs_watch *watch;
  run_log *log; /* NULL where there is nothing to do */
  char *out;
  study_nodes nodes;
  seal *seal;          /* the sites */
  tg_kernels *kernels; /* of the present node's plans */
  bool restored;       /* a done node has told with what it was made */
  int lock;            /* on the run folder */
  json_t *identity;    /* of the study: study_identity */
  json_t **site;       /* [n_sites] fingerprint_site of each */
  json_t **inputs;     /* [nodes] what each is made from: node_inputs.h */
  node_state *state;   /* [nodes] as far as they have been looked at */
} study_run;

split_rule run_split(const study_run *r);
/* OUT/nodes/NODE/FILE; file NULL: the folder; allocated. */
char *run_node_path(const study_run *r, int node, const char *file);

/* Claims a run folder for work described by `mine`: writes study.json, or checks that it says the
 * same.  *finished: the result file is there already.  Fails where the folder holds anything else,
 * or broken work and resume is not set, or where another process works in it.  A run that never
 * came to its first unit is replaced.  *lock: for folder_unlock, also after a failure.
 * differs: NULL where study.json must say the same.  Else the same study (by name and seed) may
 * differ in all other options: resume is then asked for, *differs names the first of them
 * (allocated; NULL: none), and folder_extend takes the folder over. */
xs_status folder_claim(const char *out, const json_t *mine, const char *result, bool resume,
                       bool *finished, char **differs, int *lock);
/* Makes a claimed folder that of `mine`: the seal notes what differs (NULL: nothing does), its
 * result and page are removed, study.json is written. */
xs_status folder_extend(const char *out, const json_t *mine, const char *result,
                        const char *differs);
/* Other results are about to be written: a page of those before is not theirs. */
xs_status folder_remove_page(const char *out);
/* Locks a finished run and does the same: it is unfinished again. */
xs_status folder_reopen(const char *out, const json_t *mine, const char *result, int *lock);
/* Begins or continues the work beside other processes that have joined; none may have claimed it.
 * *differs: as in folder_claim; where resume is set, and nobody else is at work, the folder is
 * extended. */
xs_status folder_join(const char *out, const json_t *mine, const char *result, bool resume,
                      bool *finished, char **differs, int *lock);
/* Locks a node's folder against other processes that have joined the run. */
xs_status folder_lock_node(const char *dir, int *lock);
void folder_unlock(int lock);
typedef enum folder_state { FOLDER_NEW, FOLDER_BROKEN, FOLDER_FINISHED } folder_state;
/* The same question without any change: fails where the folder is somebody else's; differs as in
 * folder_claim. */
xs_status folder_check(const char *out, const json_t *mine, const char *result, folder_state *state,
                       char **differs);
/* Makes the content of a file a part of `mine`. */
xs_status folder_note_file(json_t *mine, const char *name, const char *file);
/* The same of a domain file, and which label mapping it names; any data folder will do. */
xs_status folder_note_domain(json_t *mine, const char *name, const char *file);
/* What a folder's site held when it was last opened, newly made; NULL: not known. */
json_t *folder_site(const char *out, const char *site);
xs_status folder_note_site(const char *out, const char *site, const json_t *identity);
/* Writes study.json and the files of all sites, as the run knows them now; files: gets their
 * hashes. */
xs_status folder_note_all(const study_run *r, json_t *files);
/* Fails where the study cannot be trained, chosen or measured with its opened sites: other classes,
 * a class that is missing in a split, a target without images to adapt to, a shared patient on two
 * sides.  The message names site, split and remedy. */
xs_status study_check_sites(const xs_study *s, const study_nodes *l, const seal *opened);
/* Records what a claimed folder's site holds, or fails where it is not what was recorded before;
 * finished: something must have been. */
xs_status folder_check_site(const char *out, const char *site, const json_t *identity,
                            bool finished);
/* What of a study's identity says how a site was read. */
json_t *folder_reading(const json_t *identity, const char *site);
bool folder_node_done(const char *out, const char *node);
/* Fails where the caller has asked to stop. */
xs_status run_check_stop(const study_run *r, const char *next);

/* Where other runs' kernels are asked for: fails unless each node has recorded some there. */
xs_status node_check_kernels(const study_run *r);
/* Runs the node at this place unless it is done and its files are as they were recorded. */
xs_status node_run(study_run *r, int node);
xs_status node_train(study_run *r, const study_node *n,
                     const train_job *job); /* baseline, pooled, labelled, fold */
xs_status node_translator(study_run *r, const study_node *n, const train_job *job);
xs_status node_adapted(study_run *r, const study_node *n, const train_job *job);
xs_status node_choice(study_run *r, const study_node *n, const train_job *job);
/* Whether its classifier's file gets what follows. */
bool node_is_published(const study_node *n);
/* Adds operating point and temperature to the file of a baseline or a chosen classifier; to one
 * that is NODE_UNPUBLISHED the operating point alone. */
xs_status node_publish(study_run *r, const study_node *n, const train_job *job);
/* Writes outputs.csv: every image's answer; its hash is added to files. */
xs_status outputs_write(study_run *r, const study_node *n, json_t *files);
/* Options for n training images, where they may be few. */
void node_fit_few(xs_classifier_options *o, int64_t n);
/* The section of a method of alignment; its own method is not set. */
const xs_align_options *align_options(const study_settings *s, const char *method);
/* Writes results.json: the only node that opens target labels. */
xs_status node_results(study_run *r, const study_node *n);
/* Writes 16-bit images made for training, with their labels and a domain file, as 8-bit IDX files;
 * more classes than bytes can tell apart are refused, as by keep_check. */
xs_status keep_check(const char *name, int classes);
xs_status keep_translated(const char *dir, const char *name, const train_set *set, int classes,
                          char *const *class_name);
/* XS_HARM and a message that names the pairs for which an adaptation is chosen that is predicted to
 * hurt; all choices are made. */
xs_status run_harm(const study_run *r);
const study_settings *run_settings(const study_run *r, const study_node *n);
train_geometry run_geometry(const study_run *r);
/* The labelled images of a site's split as a node may see them: a real site's own labels through
 * the seal, a derived site's from the classifier that is adapted to it. */
xs_status run_labelled(study_run *r, const study_node *n, int site, xs_split which, train_set *set);

json_t *study_json(const xs_study *s);                       /* the resolved study */
char *study_out(const xs_study *s, const xs_run_options *o); /* the run folder; allocated */
/* The path of the weights that the classifiers begin with, allocated; NULL: none. */
char *study_init_file(const xs_study *s);
/* The study with what the files hold that it names; newly made. */
xs_status study_identity(const xs_study *s, json_t **identity);

/* How wide the intervals of pairs with a labelled target will be, a line each. */
void plan_widths(const xs_study *s, const seal *sites, buffer *text);
/* A line for each pair of which too few images can decide to adapt. */
xs_status plan_choices(const xs_study *s, const study_nodes *l, const seal *sites, buffer *text);

/* A site's data as they are in memory: {"images", "split": which images are where, "labels": of
 * training and validation images, "all_labels": with groups and attributes}; newly made, also where
 * it fails. */
xs_status fingerprint_site(const xs_site *s, const split_rule *rule, json_t **identity);
xs_status fingerprint_file(const char *path, uint64_t *h);
json_t *fingerprint_json(uint64_t h);

#endif
