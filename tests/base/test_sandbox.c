/* A process that was shut in reaches nothing, and an image that is decoded in one is the same. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "data_files.h"
#include "decoder.h"
#include "file.h"
#include "memory.h"
#include "refused_image.h"
#include "sandbox.h"

static const sandbox limits = {.seconds = 20, .memory = (size_t)1 << 30};

/* ---- what the process can still do: each says in a byte whether it failed, as it must ---- */

static int kept; /* a descriptor that was open before */

static bool opens(void) { return open("/dev/null", O_WRONLY) >= 0; }
static bool writes_elsewhere(void) { return write(kept, "x", 1) == 1; }
static bool prints(void) { return write(STDERR_FILENO, "", 1) == 1; }
static bool duplicates(void) { return dup(SANDBOX_PIPE) >= 0; }
static bool connects(void) { return socket(AF_INET, SOCK_STREAM, 0) >= 0; }
static bool kills(void) { return kill(getppid(), 0) == 0; }
static bool lifts_its_limits(void) {
  struct rlimit r = {100, 100};
  return setrlimit(RLIMIT_NOFILE, &r) == 0;
}
static bool starts_a_program(void) {
  execl("/bin/true", "true", (char *)NULL);
  return false;
}
static bool forks(void) {
  const pid_t child = fork();
  if (child == 0) _exit(0);
  return child > 0;
}
static bool takes_all_memory(void) {
#ifdef XSITE_SANITIZED
  return false; /* a sanitizer needs more addresses than any limit */
#else
  return malloc((size_t)3 << 30) != NULL;
#endif
}

static const struct {
  const char *name;
  bool (*can)(void);
} deeds[] = {
    {"open a file", opens},
    {"write to a descriptor from before", writes_elsewhere},
    {"print", prints},
    {"duplicate its pipe", duplicates},
    {"open a socket", connects},
    {"send a signal", kills},
    {"fork", forks},
    {"lift its limits", lifts_its_limits},
    {"start a program", starts_a_program},
    {"take more memory", takes_all_memory},
};
enum { DEEDS = sizeof deeds / sizeof *deeds };

static void spin(double seconds) {
  const clock_t start = clock();
  while ((double)(clock() - start) < seconds * CLOCKS_PER_SEC) {
  }
}

static _Noreturn void try_all(int pipe) {
  char can[DEEDS];
  if (sandbox_enter(&limits, pipe) || write(SANDBOX_PIPE, "", 1) != 1) _exit(1);
  spin(0.05);                     /* while signals come that are meant for the parent */
  void *memory = malloc(1 << 24); /* what decoders need goes on */
  if (!memory) _exit(2);
  free(memory);
  for (int i = 0; i < DEEDS; i++) can[i] = deeds[i].can();
  _exit(write(SANDBOX_PIPE, can, sizeof can) == sizeof can ? 0 : 3);
}

static void test_nothing_is_reached(void **state) {
  (void)state;
  static const int asking[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
  int ends[2], ending;
  char can[DEEDS];
  kept = open("/dev/null", O_WRONLY);
  assert_true(kept >= 0);
  assert_int_equal(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) try_all(ends[1]);
  close(ends[1]);
  assert_int_equal(read(ends[0], can, 1), 1);
  for (size_t i = 0; i < sizeof asking / sizeof *asking; i++) {
    assert_int_equal(kill(child, asking[i]), 0);
  }
  assert_int_equal(read(ends[0], can, sizeof can), sizeof can);
  assert_int_equal(waitpid(child, &ending, 0), child);
  assert_int_equal(ending, 0);
  for (int i = 0; i < DEEDS; i++) {
    if (can[i]) print_error("a process that is shut in can %s\n", deeds[i].name);
    assert_false(can[i]);
  }
  close(ends[0]);
  close(kept);
}

static void test_time(void **state) {
  (void)state;
  const sandbox brief = {.seconds = 1, .memory = (size_t)1 << 30};
  int ends[2], ending;
  assert_int_equal(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0 && !sandbox_enter(&brief, ends[1])) spin(20);
  if (child == 0) _exit(1);
  assert_int_equal(waitpid(child, &ending, 0), child);
  assert_true(WIFSIGNALED(ending));
  assert_int_equal(WTERMSIG(ending), SIGXCPU);
  close(ends[0]);
  close(ends[1]);
}

/* ---- images ---- */

/* Of more bytes than are taken without asking how much memory is left. */
static void test_large(void **state) {
  (void)state;
  enum { HEIGHT = 4000, WIDTH = 5000 };
  char *dir = temporary_dir(), *path = file_join(dir, "large.png");
  uint8_t *pixels = memory_new((size_t)HEIGHT * WIDTH);
  pixels[0] = 1;
  assert_int_equal(image_write_png(path, pixels, HEIGHT, WIDTH, 1), 0);
  xs_isolate(true);
  for (int i = 0; i < 3; i++) {
    image x;
    assert_int_equal(image_read(path, false, &x), 0);
    assert_int_equal(x.width, WIDTH);
    assert_int_equal(((uint8_t *)x.pixels)[0], 1);
    image_release(&x);
  }
  xs_isolate(false);
  free(pixels);
  free(path);
  remove_dir(dir);
}

static void test_same_image(void **state) {
  (void)state;
  static const char *const files[] = {"gray16.png", "interlaced-palette.png", "full-colour.jpg",
                                      "gray16-lzw.tif", "gray.bmp"};
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    char *path = golden_image(files[i]);
    image here, apart;
    assert_int_equal(image_read(path, false, &here), 0);
    xs_isolate(true);
    assert_int_equal(image_read(path, false, &apart), 0);
    xs_isolate(false);
    assert_int_equal(apart.height, here.height);
    assert_int_equal(apart.width, here.width);
    assert_int_equal(apart.channels, here.channels);
    assert_int_equal(apart.bits, here.bits);
    assert_memory_equal(apart.pixels, here.pixels,
                        (size_t)(here.height * here.width * here.channels * here.bytes));
    image_release(&here);
    image_release(&apart);
    free(path);
  }
}

static void test_same_refusal(void **state) {
  (void)state;
  char *path = golden_image("bad-cmyk.tif");
  xs_isolate(true);
  refuse_image(path, false, "its colours (PhotometricInterpretation 5) are neither");
  xs_isolate(false);
  free(path);
}

/* ---- the program that decodes ---- */

static int read_dicom(void) {
  char *path = golden_image("explicit.dcm");
  image x;
  const int status = image_read(path, false, &x);
  image_release(&x);
  free(path);
  return status;
}

/* The one that waits: tests decode in one thread. */
static pid_t waiting_process(void) {
  decoder *d = decoder_take("test");
  assert_non_null(d);
  const pid_t process = d->process;
  decoder_give_back(d);
  return process;
}

/* A file that is refused does not end it. */
static void test_used_again(void **state) {
  (void)state;
  char *bad = golden_image("bad-large.dcm");
  image x;
  assert_int_equal(read_dicom(), 0);
  const pid_t process = waiting_process();
  assert_int_equal(image_read(bad, false, &x), XS_FAILED);
  image_release(&x);
  assert_int_equal(read_dicom(), 0);
  assert_int_equal(waiting_process(), process);
  free(bad);
}

/* It holds nothing of what the library's user has open. */
static void test_nothing_is_inherited(void **state) {
  (void)state;
  int ends[2];
  char byte;
  decoder_end(decoder_take("test"));
  assert_int_equal(pipe(ends), 0); /* not close-on-exec */
  assert_int_equal(read_dicom(), 0);
  close(ends[1]);
  assert_int_equal(read(ends[0], &byte, 1), 0); /* nobody else can write */
  close(ends[0]);
}

static void test_killed(void **state) {
  (void)state;
  assert_int_equal(read_dicom(), 0);
  const pid_t process = waiting_process();
  assert_int_equal(kill(process, SIGKILL), 0);
  assert_int_equal(read_dicom(), 0);
  assert_int_not_equal(waiting_process(), process);
}

/* What a process forks has decoders of its own. */
static void test_forked(void **state) {
  (void)state;
  int ending;
  assert_int_equal(read_dicom(), 0);
  const pid_t process = waiting_process(), child = fork();
  if (child == 0) _exit(read_dicom() || waiting_process() == process);
  assert_int_equal(waitpid(child, &ending, 0), child);
  assert_int_equal(ending, 0);
  assert_int_equal(read_dicom(), 0);
  assert_int_equal(waiting_process(), process);
}

/* No child is left that somebody could wait for, and the next file gets a new one. */
static void test_ended(void **state) {
  (void)state;
  assert_int_equal(read_dicom(), 0);
  xs_decoders_end();
  assert_int_equal(waitpid(-1, NULL, 0), -1);
  assert_int_equal(errno, ECHILD);
  xs_decoders_end();
  assert_int_equal(read_dicom(), 0);
}

/* A size that no network has is refused before memory is asked for. */
static void test_size(void **state) {
  (void)state;
  char *file = golden_image("bad-large.dcm");
  xs_images *x;
  const xs_preprocessing huge = {.size = 1 << 20}, negative = {.size = -1};
  assert_int_equal(xs_image_open(file, &huge, &x), XS_USAGE);
  assert_non_null(strstr(xs_message(), "size 1048576 is not from 0 to 4096"));
  assert_int_equal(xs_image_open(file, &negative, &x), XS_USAGE);
  assert_null(x);
  free(file);
}

/* That is no fault of the file. */
static void assert_untried(const char *program, const char *why) {
  decoder_end(decoder_take("test"));
  assert_int_equal(setenv("XSITE_DECODER", program, 1), 0);
  assert_int_equal(read_dicom(), IMAGE_UNTRIED);
  assert_non_null(strstr(fail_message(), why));
  assert_int_equal(unsetenv("XSITE_DECODER"), 0);
}

static void test_no_program(void **state) {
  (void)state;
  char *dir = temporary_dir(), *other = file_join(dir, "other");
  put_text(dir, "other", "#!/bin/sh\nexit 3\n"); /* as DECODER_OTHER_VERSION */
  assert_int_equal(chmod(other, 0700), 0);
  assert_untried("/nowhere/decoder", "explicit.dcm: no process to decode it: /nowhere/decoder: No");
  assert_untried("/bin/true", "explicit.dcm: the program xsite-decoder, which is to decode it");
  assert_untried(other, "is of another version than this one, " XSITE_VERSION);
  free(other);
  remove_dir(dir);
}

/* Some containers have no filters of system calls: there is nothing to be tested then. */
static bool has_filters(void) {
  const sandbox strict = {.seconds = 20, .memory = (size_t)1 << 30, .strict = true};
  int ends[2], ending = 1;
  if (pipe(ends)) return false;
  const pid_t child = fork();
  if (child == 0) _exit(sandbox_enter(&strict, ends[1]) != 0);
  waitpid(child, &ending, 0);
  close(ends[0]);
  close(ends[1]);
  return ending == 0;
}

int main(void) {
  if (!has_filters()) {
    puts("skipped: no filter of system calls can be set here");
    return 0;
  }
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_nothing_is_reached),
                                     cmocka_unit_test(test_time),
                                     cmocka_unit_test(test_large),
                                     cmocka_unit_test(test_same_image),
                                     cmocka_unit_test(test_same_refusal),
                                     cmocka_unit_test(test_used_again),
                                     cmocka_unit_test(test_nothing_is_inherited),
                                     cmocka_unit_test(test_killed),
                                     cmocka_unit_test(test_forked),
                                     cmocka_unit_test(test_ended),
                                     cmocka_unit_test(test_size),
                                     cmocka_unit_test(test_no_program)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
