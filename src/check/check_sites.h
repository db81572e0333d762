/* check_sites.h: the data check as others call it. */
#ifndef CHECK_SITES_H
#define CHECK_SITES_H

#include "xsite.h"

/* xs_check with checked options, on the threads that there are. */
xs_status check_sites(const char *const *domain_file, int n, const xs_check_task *o,
                      const xs_watch *w, char **json);

#endif
