/* epilogue.h: what a kernel does to its own output before it leaves the cache. */
#ifndef EPILOGUE_H
#define EPILOGUE_H

#include "op.h"

/* y[rows][c] = activation(y + bias) in place; one thread's share of the output. */
void epilogue_apply(const op_site *s, const op_buffers *b, float *y, int64_t rows);
/* The whole output, image by image, by all threads. */
void epilogue_apply_images(const op_site *s, const op_buffers *b);
/* Whether epilogue_apply is all that the site's fusion wants. */
bool epilogue_suffices(const op_site *s);

#endif
