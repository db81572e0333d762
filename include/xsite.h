/* xsite.h: the product as a library: sites, classifiers, adapters, measures, studies.
 *
 * Errors.  Functions that can fail return XS_OK or another status and set xs_message(), one line
 * that says what is wrong, where, and what to do.  Nothing here prints or exits.
 * Ownership.  *_open / *_load / *_new give an object that *_close / *_free releases; both accept
 * NULL.  Pointers inside an object are lent.
 */
#ifndef XSITE_H
#define XSITE_H

#include "xsite/adapt.h"
#include "xsite/bench.h"
#include "xsite/check.h"
#include "xsite/classify.h"
#include "xsite/data.h"
#include "xsite/inspect.h"
#include "xsite/labelfree.h"
#include "xsite/measure.h"
#include "xsite/options.h"
#include "xsite/site.h"
#include "xsite/study.h"
#include "xsite/task.h"
#include "xsite/types.h"

#endif
