/* study_file.h: what a study file says: sites, pairs of them with their options, steps of methods.
 *
 * The rooms of a study, each of which sees those before it:
 * spec/     the study file
 * graph/    the study as a graph of nodes
 * folder/   the run folder, its log, and the seal that says who has seen which labels
 * measure/  numbers of finished classifiers, from what they say of labelled images
 * nodes/    what the nodes do: train, adapt, choose
 * results/  the last node, which asks the finished classifiers and has their answers measured
 * run/      what each node is made from, costs, and running them */
#ifndef STUDY_FILE_H
#define STUDY_FILE_H

#include <jansson.h>

#include "learn.h"
#include "settings.h"

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

/* The targets of a source's pairs, in their order: *target [returned], to be freed; NULL: how many.
 */
int study_targets(const xs_study *s, int source, int **target);
/* Whether the pairs of a source share the translator of this method. */
bool study_shares(const xs_study *s, const char *method);
/* 0, or a message where the pairs cannot share one as the study asks. */
int study_check_shared(const xs_study *s);
/* Fills pair and the derived sites from settings.pairs. */
int study_pairs(xs_study *s);
void study_add_site(xs_study *s, study_site site);
/* Whether a section of the study file says how a method adapts: what a pair may have of its own. */
bool study_section_adapts(const char *section);
int study_find_site(const xs_study *s, const char *name); /* -1: none */

/* ---- methods ------------------------------------------------------------------------------------
 * A method is one step or several joined by +, carried out in order.  Another training at the
 * source may only be the first.  A translator comes before all others: it makes labelled images of
 * the target's look, on which the classifier is fine-tuned. */
typedef enum method_kind {
  METHOD_NONE,
  METHOD_SOURCE,
  METHOD_STARGAN,
  METHOD_MATCH,
  METHOD_ALIGN,
  METHOD_STATISTICS
} method_kind;
bool method_is_translator(method_kind k);
/* XS_USAGE and a message that begins with `where` where this is no method. */
int method_check(const char *where, const char *method);
method_kind method_last(const char *method); /* of the last step */
/* Whether a step takes the classes to be as frequent at the target as at the source; of a
 * candidate's name, too ("... via SITE"). */
bool method_takes_shares(const char *method);
/* The section of the last step, none's excepted, and its options there, whose method is not set:
 * xs_adapter_options, xs_match_options or xs_align_options. */
const char *method_section(const char *method);
const void *method_options(const study_settings *s, const char *method);
char *method_last_name(const char *method);  /* the last step; allocated */
char *method_before(const char *method);     /* all but the last step, "none" if none; allocated */
char *method_translator(const char *method); /* up to its translator, or NULL; allocated */
bool method_retrains(const char *method);    /* whether it begins with another training */

/* ---- the study as a whole
 * ------------------------------------------------------------------------
 */
json_t *study_json(const xs_study *s);                       /* the resolved study */
char *study_out(const xs_study *s, const xs_run_options *o); /* the run folder; allocated */
/* The path of the weights that the classifiers begin with, allocated; NULL: none. */
char *study_init_file(const xs_study *s);
split_rule study_split(const xs_study *s);
train_geometry study_geometry(const xs_study *s); /* of what its networks see */
bool study_measures_all(const xs_study *s); /* adapted classifiers, on all images of a target */

#endif
