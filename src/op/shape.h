/* shape.h: what the kernels of the shape operators share with their definitions. */
#ifndef SHAPE_H
#define SHAPE_H

#include "op.h"

/* Moving elements is the same work for any element size. */
void slice_elements(const op_site *s, const op_buffers *b, size_t element);
void pad_elements(const op_site *s, const op_buffers *b, size_t element);
void concat_elements(const op_site *s, const op_buffers *b, size_t element);

extern const op_kernel *const broadcast_cpu[];
extern const op_kernel *const slice_cpu[];
extern const op_kernel *const pad_cpu[];
extern const op_kernel *const concat_cpu[];
extern const op_kernel *const sum_to_cpu[];

#endif
