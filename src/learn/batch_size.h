/* batch_size.h: which batch a training step that does not fit in memory would fit with. */
#ifndef BATCH_SIZE_H
#define BATCH_SIZE_H

#include "tg.h"

/* Sizes the step for so many images: 0 where it fits. */
typedef int batch_size_try(const void *step, int64_t batch);

/* Ends the present message, of a step that is too large with `batch`, with the largest batch below
 * it that fits, a multiple of unit.  Returns TG_TOO_LARGE. */
int batch_size_refuse(int64_t batch, int64_t unit, batch_size_try *try, const void *step);

/* Options for trials: no memory, and no kernels chosen for batches that are not used. */
tg_plan_options batch_size_options(const tg_plan_options *o);

#endif
