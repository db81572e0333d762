/* hash.h: checksums of data and files, in lower-case hexadecimal digits. */
#ifndef HASH_H
#define HASH_H

#include <stddef.h>

enum { HASH_SHA256_TEXT = 65, HASH_MD5_TEXT = 33 }; /* characters, the ending 0 included */

/* SHA-256 (FIPS 180-4). */
void hash_sha256_text(const void *data, size_t size, char hex[HASH_SHA256_TEXT]);
/* Of a whole file, read in pieces.  Non-zero and a message where it cannot be read. */
int hash_sha256_file(const char *path, char hex[HASH_SHA256_TEXT]);

/* MD5 (RFC 1321): only to recognise files whose publishers state nothing stronger.  A system may
 * forbid it, as OpenSSL does in FIPS mode: then both fail, with a message. */
int hash_md5_allowed(void);
int hash_md5_file(const char *path, char hex[HASH_MD5_TEXT]);

#endif
