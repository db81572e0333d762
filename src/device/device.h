/* device.h: what a device is: its element type and the kernels that it has for a site. */
#ifndef DEVICE_H
#define DEVICE_H

#include "op.h"

enum { DEVICE_MAX_KERNELS = 12 };

struct tg_device {
  const char *name;
  size_t element; /* bytes per element of every tensor */
  bool fuses;     /* the plan may fold epilogues and pointwise chains */
  /* Kernels that can compute the site, best first; 0 only where something is fused. */
  int (*kernels)(const op_site *s, const op_kernel *list[DEVICE_MAX_KERNELS]);
};

#endif
