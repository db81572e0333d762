/* cache_key.h: where cached images are, and which file holds those of a site. */
#ifndef CACHE_KEY_H
#define CACHE_KEY_H

#include "hash.h"
#include "ingest.h"

/* asked: a folder or "off", or NULL: as XSITE_CACHE says, else xsite in XDG_CACHE_HOME or ~/.cache.
 * Allocated; NULL: no cache. */
char *cache_folder(const char *asked);
/* Fails where the folder lies in one that the site's images are in. */
int cache_check_folder(const char *folder, const domain *d);
/* SHA-256 of all that decides the pixels of g's images. */
void cache_key(const ingest *g, char key[HASH_SHA256_TEXT]);

#endif
