/* node_job.h: what a node is given for its work: its settings, the files of the nodes before it,
 * and the sites as it may see them.  A run, its other nodes and other labels cannot be reached from
 * here. */
#ifndef NODE_JOB_H
#define NODE_JOB_H

#include "learn.h"
#include "settings.h"

typedef struct site_access site_access; /* which labels a node may have: run/make_job.c */

/* A site whose labels the node may have, of training and validation images. */
typedef struct node_site {
  const xs_images *images;
  int classes;
  char *const *class_name; /* [classes] */
  /* How its labels are opened, and with what: for node_labels alone. */
  xs_status (*open)(const site_access *access, xs_split which, train_set *set);
  site_access *access;
} node_site;

/* The labelled images of a split, to be released. */
xs_status node_labels(const node_site *s, xs_split which, train_set *set);
/* The translation of a set with a translator's file, to be released; the caller closes *made after
 * it. */
xs_status node_translation(const char *generator, const train_set *from, xs_images **made,
                           train_set *to);
/* Replaces a set by its translation with a translator's file; the caller closes *made after it. */
xs_status node_translate(const char *generator, train_set *set, xs_images **made);

/* A classifier that may be chosen; its texts are its own. */
typedef struct node_candidate {
  char *method;
  bool listed;             /* in the portfolio; the unadapted one is a candidate in any case */
  const node_site *source; /* that it was trained on, */
  char *generator;         /* translated by this file; NULL: as it is */
  char *model;
  char *folder; /* of the node that has adapted it, or NULL */
} node_candidate;

typedef struct node_job {
  const train_job *train; /* name, folder, seed, threads, watch */
  const study_settings *settings;
  train_geometry geometry;
  split_rule split;
  char *method;    /* of a translator or an adapted classifier, or NULL */
  double amount;   /* of the labelled images: per cent of each site's, or their number */
  node_site *site; /* [sites] labelled; the first is the source */
  int sites;
  const xs_images *target;   /* that it adapts to, without labels; or NULL */
  bool target_labelled;      /* whether there are any */
  const xs_images **targets; /* [n_targets] likewise, of a translator that its targets share */
  int n_targets;
  char *shared;              /* of a pair: that translator, and */
  int domain;                /* which of its domains the target is */
  char *init;                /* weights that classifiers begin with, or NULL */
  char *start;               /* the source's own classifier, or NULL */
  char *previous;            /* the classifier that the method's last step starts from, or NULL */
  char *generator;           /* of the method's translator, or NULL */
  node_candidate *candidate; /* [candidates] of a choice */
  int candidates;
  node_candidate unadapted; /* likewise: the source's own classifier */
} node_job;

xs_status node_baseline(const node_job *job); /* or a fold's */
xs_status node_source(const node_job *job);   /* another training of the baseline */
xs_status node_labelled(const node_job *job);
xs_status node_pooled(const node_job *job);
xs_status node_shared(const node_job *job);
xs_status node_translator(const node_job *job);
xs_status node_adapted(const node_job *job);
xs_status node_choice(const node_job *job);
/* Adds operating point and temperature to the file of a baseline or a chosen classifier; again: the
 * operating point alone. */
xs_status node_publish(const node_job *job, bool again);

/* Options for n training images, where they may be few. */
void node_fit_few(xs_classifier_options *o, int64_t n);
/* Fails where the caller has asked to stop. */
xs_status node_check_stop(const xs_watch *w, const char *next);

/* Writes 16-bit images made for training, with their labels and a domain file, as 8-bit IDX files;
 * more classes than bytes can tell apart are refused, as by translated_site_check. */
xs_status translated_site_check(const char *name, int classes);
xs_status translated_site_write(const char *dir, const char *name, const train_set *set,
                                int classes, char *const *class_name);

#endif
