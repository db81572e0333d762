/* xsite/version.h: the version of these headers, which stands here alone; xs_version() is that of
 * the library that runs. */
#ifndef XSITE_VERSION_H
#define XSITE_VERSION_H

#define XSITE_VERSION_MAJOR 0
#define XSITE_VERSION_MINOR 2
#define XSITE_VERSION_PATCH 0

/* #if XSITE_VERSION_NUMBER >= XSITE_NUMBER(0, 2, 0) */
#define XSITE_NUMBER(major, minor, patch) (10000 * (major) + 100 * (minor) + (patch))
#define XSITE_VERSION_NUMBER                                                                       \
  XSITE_NUMBER(XSITE_VERSION_MAJOR, XSITE_VERSION_MINOR, XSITE_VERSION_PATCH)

/* "0.2.0" */
#define XSITE_VERSION XSITE_DOTTED(XSITE_VERSION_MAJOR, XSITE_VERSION_MINOR, XSITE_VERSION_PATCH)
#define XSITE_DOTTED(major, minor, patch) XSITE_DOTTED_TEXT(major, minor, patch)
#define XSITE_DOTTED_TEXT(major, minor, patch) #major "." #minor "." #patch

#endif
