/* The program xsite-decoder.  It looks into no file itself: a process of its own, forked while
 * there is one thread and next to no memory, does, for each. */
#define _GNU_SOURCE
#include "decoder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "error.h"
#include "file.h"
#include "image.h"
#include "memory.h"
#include "sandbox.h"
#include "xsite.h"

/* ---- a file's process ---- */

static decoder_reply reply_of(int status, const image *x) {
  if (status) return (decoder_reply){.status = status, .size = strlen(fail_message())};
  const size_t pixels = (size_t)x->height * (size_t)x->width;
  return (decoder_reply){.height = x->height,
                         .width = x->width,
                         .channels = x->channels,
                         .bytes = x->bytes,
                         .bits = x->bits,
                         .inverted = x->inverted,
                         .reach = x->reach,
                         .size = pixels * (size_t)(x->channels * x->bytes)};
}

/* Alone this program decodes DICOM, so that no other has to load GDCM. */
static int decode_any(const char *path, const void *data, size_t size, bool window, image *out) {
  return image_begins_dicom(data, size) ? image_decode_dicom(path, data, size, window, out)
                                        : image_decode(path, data, size, out);
}

static _Noreturn void decode_and_exit(int pipe, const decoder_request *r, const char *path,
                                      const void *data) {
  const sandbox limits = {
      .seconds = DECODER_CPU_SECONDS, .memory = (size_t)3 << 30, .strict = r->strict};
  image x = {0};
  alarm(DECODER_SECONDS);
  if (sandbox_enter(&limits, pipe)) _exit(DECODER_NOT_SHUT_IN);
  const int status = decode_any(path, data, r->size, r->window, &x);
  const decoder_reply reply = reply_of(status, &x);
  const void *rest = status ? (const void *)fail_message() : x.pixels;
  _exit(file_put(SANDBOX_PIPE, &reply, sizeof reply) || file_put(SANDBOX_PIPE, rest, reply.size));
}

/* ---- the program ---- */

/* The pipe comes with the first bytes. */
static bool take_request(decoder_request *r, int *pipe) {
  union {
    struct cmsghdr header;
    char room[CMSG_SPACE(sizeof(int))];
  } control;
  struct iovec part = {r, sizeof *r};
  struct msghdr m = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  ssize_t n;
  while ((n = recvmsg(DECODER_SOCKET, &m, 0)) < 0 && errno == EINTR) {
  }
  const struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&m) : NULL;
  if (!c || c->cmsg_type != SCM_RIGHTS) return false;
  memcpy(pipe, CMSG_DATA(c), sizeof *pipe);
  return decoder_read(DECODER_SOCKET, (char *)r + n, sizeof *r - (size_t)n);
}

static decoder_ending decode(int pipe, const decoder_request *r, const char *path,
                             const void *data) {
  decoder_ending e = {0};
  int status = 0;
  const pid_t child = fork();
  if (child == 0) decode_and_exit(pipe, r, path, data);
  if (child < 0) e.error = errno;
  close(pipe);
  while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  e.status = status;
  return e;
}

static bool serve(void) {
  decoder_request r;
  int pipe;
  if (!take_request(&r, &pipe)) return false;
  char *path = memory_new(r.path + 1), *data = memory_new(r.size + 1);
  bool done =
      decoder_read(DECODER_SOCKET, path, r.path) && decoder_read(DECODER_SOCKET, data, r.size);
  if (done) {
    const decoder_ending e = decode(pipe, &r, path, data);
    done = !file_put(DECODER_SOCKET, &e, sizeof e);
  }
  free(path);
  free(data);
  return done;
}

/* No descriptor but the socket is kept: none that a library's user has open must stay so. */
int decoder_main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr,
            "xsite-decoder: xsite and its library start this program, to decode image files in "
            "processes that can reach nothing else; it has no use of its own\n");
    return XS_USAGE;
  }
  if (strcmp(argv[1], XSITE_VERSION) != 0) return DECODER_OTHER_VERSION;
  sandbox_close_others();
  while (serve()) {
  }
  _exit(0);
}
