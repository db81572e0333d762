/* decoder.h: what the library and the program xsite-decoder say to each other.
 *
 * Over a socket, the program's standard input, come requests: a decoder_request, which carries the
 * end of a pipe that an answer is written to, then the path and the bytes of a file.  To each the
 * program starts a process, which is shut in (sandbox.h), decodes that one file, writes a
 * decoder_reply and the pixels or the message to the pipe, and ends; then the program itself sends
 * a decoder_ending.  So what a file does to its decoder reaches no other file. */
#ifndef DECODER_H
#define DECODER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { DECODER_SOCKET = 0 };
enum { DECODER_CPU_SECONDS = 60, DECODER_SECONDS = 600 }; /* at most, for a file */
enum { DECODER_NOT_SHUT_IN = 2 };   /* how a file's process ends where it could not be shut in */
enum { DECODER_OTHER_VERSION = 3 }; /* how the program ends where the library is another */

typedef struct decoder_request {
  uint64_t path, size; /* bytes of the path, without a 0, and of the file */
  int32_t window;
  int32_t strict; /* not without the filter of system calls */
} decoder_request;

typedef struct decoder_reply { /* before the pixels, or before the message */
  int32_t status;
  int32_t height, width, channels, bytes, bits, inverted, reach; /* of the image */
  uint64_t size;                                                 /* of what follows */
} decoder_reply;

typedef struct decoder_ending {
  int32_t error;  /* errno where there was no process */
  int32_t status; /* as waitpid gives it */
} decoder_ending;

/* All bytes, whatever signals come; false: there are no more. */
bool decoder_read(int fd, void *data, size_t size);

/* ---- the program ---- */

/* Its words: the version of the library that starts it. */
int decoder_main(int argc, char **argv);

/* ---- the library: programs that were started and wait for files ---- */

typedef struct decoder {
  pid_t process;
  int socket;
  struct decoder *next;
} decoder;

/* One that waits, or a new one: a thread that decodes has one at most.  NULL and a message, about
 * the file at path, where the machine gives none. */
decoder *decoder_take(const char *path);
void decoder_give_back(decoder *d);
/* Ends it, for it no longer does what it should; how it ended, as waitpid gives it. */
int decoder_end(decoder *d);

#endif
