/* label_seal.h: the sites of a study, their labels behind a seal.
 *
 * Everybody may have a site's images, which have no labels.  Labels are handed out to a node of the
 * study for one split, if the node may see them, after a line in seal.jsonl says so.  A line holds
 * the SHA-256 of itself and of the line before it, so that the order cannot be changed afterwards:
 * it proves that what was made for a target was made before the target's labels were opened. */
#ifndef LABEL_SEAL_H
#define LABEL_SEAL_H

#include <jansson.h>

#include "learn.h"
#include "xsite.h"

typedef struct seal seal;

/* What a node wants labels for. */
typedef enum seal_role {
  SEAL_SOURCE,     /* to train or judge a classifier of this site */
  SEAL_EVALUATION, /* to measure finished classifiers: test labels, or all */
} seal_role;

typedef struct seal_request {
  const char *node;
  const char *target; /* the site that the node adapts to, whose labels it may not see; or NULL */
  seal_role role;
  int site;
  xs_split split;
  int fold; /* of the site's own cross-fitting: 0, or whose images are test instead */
} seal_request;

/* out: the run folder. */
seal *seal_new(const char *out, split_rule rule);
void seal_free(seal *s);
void seal_add(seal *s, xs_site *site); /* takes the site over; places count from 0 */
const xs_images *seal_images(const seal *s, int site);
int seal_classes(const seal *s, int site);
char *const *seal_class_name(const seal *s, int site);
/* How many images were left out because they could not be read; *image: as xs_site's skipped_image.
 */
int64_t seal_skipped(const seal *s, int site, char *const **image);
/* Opens the labels of a split: a train_set of its labelled images, to be released.  XS_FAILED where
 * the request is against the rule or seal.jsonl cannot be written. */
xs_status seal_labels(seal *s, const seal_request *q, train_set *set);
/* Leaves out images of groups that are among a site's training or validation images: of digits that
 * two sites share, or patients. */
void seal_leave_out_learnt(const seal *s, int site, train_set *set);
/* Opens what is known of these images beside their labels, likewise, but only to measure finished
 * classifiers: attribute [*n], value [set->n] in the order of the rows; names and levels are lent.
 * To be released; nothing is recorded where the site has no attributes. */
xs_status seal_attributes(seal *s, const seal_request *q, const train_set *set,
                          xs_attribute **attribute, int *n);
void seal_attributes_release(xs_attribute *attribute, int n);
/* XS_FAILED unless every split of the site has every class; of labels only this is told, */
xs_status seal_check_splits(const seal *s, int site);
/* unless a target has images to adapt to, */
xs_status seal_check_target(const seal *s, int site);
/* and where a group that two sites share is on the test side of one, and not of the other: then
 * what is learnt at one is measured at the other by heart, */
xs_status seal_check_shared(const seal *s, int a, int b);
/* and where so many images of a target are of groups that a source is trained on that none, or one
 * class, is left to measure its classifier on; */
xs_status seal_check_measured(const seal *s, int source, int target);
/* how many images and groups (patients) of a split have a label of a class, */
void seal_count_class(const seal *s, int site, xs_split split, int class, int64_t *images,
                      int64_t *groups);
/* and how many images of a split have one. */
int64_t seal_count(const seal *s, int site, xs_split split);
/* Records that a node is finished, before its record is written; sites: an array of the names of
 * those where it is measured, taken over; record: what record.json will be, with its files and
 * weights; from: the run folder that it was made in and is copied from, or NULL. */
xs_status seal_made(seal *s, const char *node, json_t *sites, const json_t *record,
                    const char *from);
/* Records what a node writes into the run folder, before results.json is there: files {name:
 * SHA-256}; nodes [names]: from what it was measured.  Both are taken over. */
xs_status seal_wrote(seal *s, const char *node, json_t *files, json_t *nodes);
/* [n] as the label file writes them, lent, or NULL. */
char *const *seal_patient(const seal *s, int site);
/* On which side of the split each image of a site is where labels are used: [n] xs_split. */
xs_status seal_sides(const seal *s, int site, uint8_t **side);
/* Records in a run folder that has a seal that the study was changed after it was begun; what: the
 * first option or part of the data that differs. */
xs_status seal_extended(const char *out, const char *what);
/* {node: site} of the nodes that were made after test labels of the site, where they are measured,
 * were opened: what was measured before may have guided them.  Newly made, also where it fails. */
xs_status seal_late(const char *out, json_t **nodes);

/* Verifies seal.jsonl of a run folder and the run's files against it.  *report: what was found,
 * lines of text, allocated, also where it fails. */
xs_status seal_verify(const char *out, char **report);

#endif
