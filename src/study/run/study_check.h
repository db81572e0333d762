/* study_check.h: what can be known of a study's sites before any work. */
#ifndef STUDY_CHECK_H
#define STUDY_CHECK_H

#include "buffer.h"
#include "label_seal.h"
#include "nodes.h"

/* Fails where the study cannot be trained, chosen or measured with its opened sites: other classes,
 * a class that is missing in a split, a target without images to adapt to, a shared patient on two
 * sides.  The message names site, split and remedy. */
xs_status study_check_sites(const xs_study *s, const study_nodes *l, const seal *opened);

/* Adds a line for each pair with a labelled target: how wide its intervals will be. */
void plan_widths(const xs_study *s, const seal *sites, buffer *text);
/* Adds a line for each pair of which too few images can decide to adapt. */
xs_status plan_choices(const xs_study *s, const study_nodes *l, const seal *sites, buffer *text);

#endif
