/* The three streams of the program.  One that is closed must not become the next file that is
 * opened.  What goes to a terminal, and every message, may hold the name of a file from anywhere:
 * characters that steer a terminal (C0, DEL, and C1 as UTF-8 writes them) are shown as \x1B. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "words.h"

/* For reading alone, so that an answer to a closed standard output is still a failure. */
static void fill_closed(void) {
  int fd;
  do {
    fd = open("/dev/null", O_RDONLY);
  } while (fd >= 0 && fd <= STDERR_FILENO);
  if (fd >= 0) close(fd);
}

typedef struct stream {
  int fd;
  int more;           /* bytes of a UTF-8 character that are still to come */
  unsigned char lead; /* its first */
} stream;

/* Whether a byte is to be shown by its number: it steers, or is no part of UTF-8. */
static bool is_odd(stream *s, unsigned char c) {
  if (c >= 0x80 && c < 0xc0 && s->more > 0) {
    s->more--;
    const bool steers = s->lead == 0xc2 && c < 0xa0;
    s->lead = 0;
    return steers;
  }
  s->more = c < 0xc2 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : c < 0xf5 ? 3 : 0;
  s->lead = c;
  return c >= 0x80 ? s->more == 0 : c == 0x7f || !c || (c < 0x20 && !strchr("\t\n", c));
}

/* All of it, whatever interrupts. */
static bool put(int fd, const char *text, size_t size) {
  while (size) {
    const ssize_t n = write(fd, text, size);
    if (n < 0 && errno != EINTR) return false;
    if (n < 0) continue;
    text += n;
    size -= (size_t)n;
  }
  return true;
}

static ssize_t write_shown(void *context, const char *text, size_t size) {
  stream *s = context;
  char *shown = words_new(4 * size + 1), *to = shown;
  for (size_t i = 0; i < size; i++) {
    if (is_odd(s, (unsigned char)text[i])) {
      to += sprintf(to, "\\x%02X", (unsigned char)text[i]);
    } else {
      *to++ = text[i];
    }
  }
  const bool written = put(s->fd, shown, (size_t)(to - shown));
  free(shown);
  return written ? (ssize_t)size : 0; /* 0: an error, as fopencookie has it */
}

static void guard(FILE **file, stream *s, int buffering) {
  FILE *shown = fopencookie(s, "w", (cookie_io_functions_t){.write = write_shown});
  if (!shown) return;
  setvbuf(shown, NULL, buffering, BUFSIZ);
  *file = shown;
}

void cli_streams_begin(void) {
  static stream out = {.fd = STDOUT_FILENO}, messages = {.fd = STDERR_FILENO};
  fill_closed();
  if (isatty(STDOUT_FILENO)) guard(&stdout, &out, _IOLBF);
  guard(&stderr, &messages, _IOLBF);
}

void cli_terminal_put(const char *text) {
  fflush(stderr);
  (void)put(STDERR_FILENO, text, strlen(text));
}
