/* xsite.h: the product as a library: sites, classifiers, adapters, measures, studies.
 *
 * Errors.  Functions that can fail return XS_OK or another status and set xs_message(), one line
 * that says what is wrong, where, and what to do.  Nothing here prints or exits, but see Memory.
 * Ownership.  *_open / *_load / *_new give an object that *_close / *_free releases; both accept
 * NULL.  Pointers inside an object are lent.
 * Threads.  Every function may be called from every thread, and by several at once on objects of
 * their own; what is only read (a const argument: a site, images, arrays) may be shared.  A
 * classifier or study is used by one thread at a time, whichever made it.  The message is that of
 * the calling thread, which computes on as many threads as it asked for by tg_set_threads.  A file
 * or folder is written by one call at a time.  xs_isolate is for the whole process: before others.
 * Processes.  DICOM files are decoded by a child, xsite-decoder, which waits for the next file
 * until xs_decoders_end; figures are drawn by gnuplot.  Children are waited for by number alone.
 * Locale.  Numbers in text have a decimal point, whatever locale the process has.
 * Memory.  Where it is out, the process ends with a line on standard error; likewise where
 * libcrypto has no SHA-256.
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
