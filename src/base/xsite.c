#include "xsite.h"

#include "error.h"

const char *xs_message(void) { return fail_message(); }

const char *xs_version(void) { return XSITE_VERSION; }
