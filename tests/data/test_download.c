/* Downloads from a server with bad manners, download_server.py; what becomes of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "catalogue.h"
#include "data_files.h"
#include "file.h"
#include "hash.h"
#include "text.h"

enum { BYTES = 300000 };

static char *folder, *served; /* of the test, of the server */
static pid_t server;
static int port, lifeline; /* the server ends when lifeline is closed */
static char *notes;

/* ---- the server ---- */

static void wait_for_port(void) {
  const struct timespec pause = {0, 20000000};
  char *path = file_join(served, "port"), *text;
  size_t size;
  for (int i = 0; i < 1000 && !file_exists(path); i++) nanosleep(&pause, NULL);
  assert_int_equal(file_read(path, &text, &size), 0);
  port = atoi(text);
  free(text);
  free(path);
}

static int start_server(void **state) {
  (void)state;
  int ends[2];
  served = temporary_dir();
  assert_int_equal(pipe(ends), 0);
  server = fork();
  if (server == 0) {
    dup2(ends[0], STDIN_FILENO);
    close(ends[0]);
    close(ends[1]);
    execlp("python3", "python3", TEST_DATA "/cli/download_server.py", served, (char *)NULL);
    _exit(127);
  }
  close(ends[0]);
  lifeline = ends[1];
  wait_for_port();
  unsetenv("http_proxy");
  return 0;
}

static int stop_server(void **state) {
  (void)state;
  close(lifeline);
  waitpid(server, NULL, 0);
  remove_dir(served);
  return 0;
}

static int new_folder(void **state) {
  (void)state;
  folder = temporary_dir();
  notes = text_copy("");
  return 0;
}

static int old_folder(void **state) {
  (void)state;
  remove_dir(folder);
  free(notes);
  char *requests = file_join(served, "requests");
  unlink(requests);
  free(requests);
  return 0;
}

/* ---- what a test says ---- */

static char *address(const char *manner) {
  return text_format("http://127.0.0.1:%d/%s", port, manner);
}

static void take_note(void *context, const char *line) {
  (void)context;
  char *more = text_format("%s%s\n", notes, line);
  free(notes);
  notes = more;
}

static bool stops_at_once(void *context) {
  (void)context;
  return true;
}

static bool stops_after_progress(void *context) { return *(int64_t *)context > 0; }

static void count_progress(void *context, const xs_progress *p) {
  assert_true(p->bytes && p->done > *(int64_t *)context && p->done <= p->total);
  *(int64_t *)context = p->done;
}

static const xs_watch listener = {.note = take_note};

static xs_get_task quick(void) {
  return (xs_get_task){.connect_timeout = 5, .stall_timeout = 1, .tries = 3, .pause = 0.1};
}

static void read_served(const char *name, char **data, size_t *size) {
  char *path = file_join(served, name);
  assert_int_equal(file_read(path, data, size), 0);
  free(path);
}

static char *sum_of(const char *name) {
  char hex[HASH_MD5_TEXT], *path = file_join(served, name);
  assert_int_equal(hash_md5_file(path, hex), 0);
  free(path);
  return text_copy(hex);
}

/* Downloads `data` by one or two manners; the status. */
static int get_data(const char *first, const char *second, xs_get_task o, const xs_watch *w) {
  char *md5 = sum_of("files/data"), *a = address(first), *b = second ? address(second) : NULL;
  char *path = file_join(folder, "in/data");
  const download d = {"data", {a, b}, BYTES, md5};
  int status = download_file(&d, path, &o, w);
  free(path);
  free(md5);
  free(a);
  free(b);
  return status;
}

static bool has(const char *name) {
  char *path = file_join(folder, name);
  bool found = file_exists(path);
  free(path);
  return found;
}

static void assert_same(const char *name, const char *right) {
  char *path = file_join(folder, name), *a, *b;
  size_t na, nb;
  assert_int_equal(file_read(path, &a, &na), 0);
  read_served(right, &b, &nb);
  assert_int_equal(na, nb);
  assert_memory_equal(a, b, na);
  free(a);
  free(b);
  free(path);
}

static void assert_arrived(const char *manner, const char *second) {
  if (get_data(manner, second, quick(), &listener)) print_error("%s\n", fail_message());
  assert_same("in/data", "files/data");
  assert_false(has("in/data.part"));
}

/* The requests of this test, "MANNER START" each, in order. */
static void assert_requests(const char *right) {
  char *data, *found = text_copy("");
  size_t size;
  read_served("requests", &data, &size);
  char *rest = NULL;
  for (char *line = strtok_r(data, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
    char *more = text_format("%s%.*s%s ", found, (int)(strrchr(line, '/') - line) - 1, line + 1,
                             strchr(line, ' '));
    free(found);
    found = more;
  }
  assert_string_equal(found, right);
  free(found);
  free(data);
}

/* ---- one file ---- */

static void test_plain(void **state) {
  (void)state;
  assert_arrived("good", NULL);
  assert_requests("good 0 ");
  assert_non_null(strstr(notes, "data: 300 kB from http://127.0.0.1"));
  assert_arrived("good", NULL); /* there already: not asked for */
  assert_requests("good 0 ");
}

static void test_continues(void **state) {
  (void)state;
  assert_arrived("cut", NULL);
  assert_requests("cut 0 cut 100000 cut 200000 ");
  assert_non_null(strstr(notes, "trying again in 0.1 seconds"));
}

static void test_silent_cut(void **state) {
  (void)state;
  assert_arrived("cutsilently", NULL);
  assert_requests("cutsilently 0 cutsilently 100000 cutsilently 200000 ");
}

static void test_no_ranges(void **state) {
  (void)state;
  assert_arrived("cutonce", NULL);
  assert_requests("cutonce 0 cutonce 100000 cutonce 0 ");
  assert_non_null(strstr(notes, "data: begun again, without what was there"));
}

static void test_never_whole(void **state) {
  (void)state;
  assert_int_equal(get_data("cutdead", NULL, quick(), NULL), XS_FAILED);
  assert_says("data: not to be had: http://127.0.0.1");
  assert_says("put it there as");
  assert_false(has("in/data"));
}

static void test_wrong_range(void **state) {
  (void)state;
  assert_arrived("wrongrange", "good");
}

static void test_short_length(void **state) {
  (void)state;
  assert_arrived("short", NULL);
}

static void test_long_length(void **state) {
  (void)state;
  assert_arrived("long", NULL);
}

static void test_stall(void **state) {
  (void)state;
  time_t start = time(NULL);
  assert_arrived("stall", NULL);
  assert_requests("stall 0 stall 100000 ");
  assert_non_null(strstr(notes, "nothing came for 1 seconds after 100000 bytes"));
  assert_true(time(NULL) - start < 10);
}

static void test_useless_servers(void **state) {
  (void)state;
  xs_get_task o = quick();
  o.tries = 1;
  assert_int_equal(get_data("mute", "drip", o, NULL), XS_FAILED);
  assert_says("/mute: nothing came for 1 seconds; ");
}

static void test_busy(void **state) {
  (void)state;
  assert_arrived("busy", NULL);
  assert_non_null(strstr(notes, "HTTP status 503 after 0 bytes; trying again in 1 seconds"));
  assert_non_null(strstr(notes, "HTTP status 503 after 0 bytes; trying again in 0.2 seconds"));
}

static void test_mirrors(void **state) {
  (void)state;
  assert_arrived("missing", "good");
  assert_non_null(strstr(notes, "data: HTTP status 404\n"));
  assert_requests("missing 0 good 0 "); /* what is not there is not asked for twice */
}

static void test_own_mirror(void **state) {
  (void)state;
  xs_get_task o = quick();
  char *own = address("good/");
  o.mirror = own;
  assert_int_equal(get_data("broken", NULL, o, NULL), 0);
  assert_requests("good 0 ");
  free(own);
}

static void test_broken_server(void **state) {
  (void)state;
  assert_int_equal(get_data("broken", "missing", quick(), NULL), XS_FAILED);
  assert_requests("broken 0 broken 0 broken 0 missing 0 ");
  assert_says("/broken: HTTP status 500; ");
  assert_says("/missing: HTTP status 404; try again later");
  assert_false(has("in/data.part"));
}

static void test_redirects(void **state) {
  (void)state;
  assert_arrived("moved", NULL);
  assert_requests("moved 0 good 0 ");
}

static void test_bad_redirects(void **state) {
  (void)state;
  assert_int_equal(get_data("circle", "elsewhere", quick(), NULL), XS_FAILED);
  assert_says("/circle: Maximum (10) redirects followed");
  assert_says("/elsewhere: Protocol \"file\" not supported");
}

static void test_wrong_bytes(void **state) {
  (void)state;
  assert_int_equal(get_data("wrong", NULL, quick(), NULL), XS_FAILED);
  assert_says("it sent another file: ");
  assert_says("its MD5 is ");
  assert_false(has("in/data") || has("in/data.part"));
  assert_arrived("wrong", "good");
}

static void test_pages(void **state) {
  (void)state;
  assert_int_equal(get_data("page", "notes", quick(), NULL), XS_FAILED);
  assert_says("/page: a web page came in place of the file");
  assert_says("/notes: ");
  assert_false(has("in/data"));
  assert_arrived("notes", "good");
}

static void test_endless(void **state) {
  (void)state;
  assert_int_equal(get_data("endless", NULL, quick(), NULL), XS_FAILED);
  assert_says("more than twice the 300000 bytes");
}

static void test_no_server(void **state) {
  (void)state;
  xs_get_task o = quick();
  o.tries = 1;
  o.mirror = "http://127.0.0.1:1";
  assert_int_equal(get_data("missing", NULL, o, NULL), XS_FAILED);
  assert_says("http://127.0.0.1:1: Failed to connect");
}

/* ---- what is there already ---- */

static void put_part(const char *name, int64_t bytes) {
  char *data;
  size_t size;
  read_served("files/data", &data, &size);
  put(folder, name, data, (size_t)bytes);
  free(data);
}

static void test_part_is_continued(void **state) {
  (void)state;
  put_part("in/data.part", 250000);
  assert_arrived("good", NULL);
  assert_requests("good 250000 ");
}

static void test_whole_part(void **state) {
  (void)state;
  put_part("in/data.part", BYTES);
  assert_arrived("good", NULL);
  assert_requests("good 300000 ");
}

/* The beginning is of another file. */
static void test_foreign_part(void **state) {
  (void)state;
  put_text(folder, "in/data.part", "This is the beginning of something else.");
  assert_arrived("good", NULL);
  assert_requests("good 40 good 0 ");
}

static void test_other_file(void **state) {
  (void)state;
  put_text(folder, "in/data", "my thesis");
  assert_int_equal(get_data("good", NULL, quick(), NULL), XS_FAILED);
  assert_says("in/data is there and is not what it should be; move it away, or give --overwrite");
  assert_false(has("in/data.part"));
  xs_get_task o = quick();
  o.overwrite = true;
  assert_int_equal(get_data("missing", NULL, o, NULL), XS_FAILED); /* until the new one is whole */
  char *path = file_join(folder, "in/data"), *data;
  size_t size;
  assert_int_equal(file_read(path, &data, &size), 0);
  assert_string_equal(data, "my thesis");
  free(data);
  free(path);
  assert_int_equal(get_data("good", NULL, o, NULL), 0);
  assert_same("in/data", "files/data");
}

static void test_stopped(void **state) {
  (void)state;
  int64_t done = 0;
  const xs_watch w = {.progress = count_progress, .stop = stops_after_progress, .context = &done};
  assert_int_equal(get_data("slow", NULL, quick(), &w), XS_FAILED);
  assert_says("data: stopped; the same command goes on where it was");
  assert_true(has("in/data.part") && !has("in/data"));
  assert_arrived("slow", NULL);
}

static void test_stopped_in_pause(void **state) {
  (void)state;
  const xs_watch w = {.stop = stops_at_once};
  xs_get_task o = quick();
  o.pause = 50;
  time_t start = time(NULL);
  assert_int_equal(get_data("broken", NULL, o, &w), XS_FAILED);
  assert_says("stopped");
  assert_true(time(NULL) - start < 10);
}

/* ---- this machine's faults ---- */

/* A limit on the size of files stands for a full disk. */
static void test_full_disk(void **state) {
  (void)state;
  struct rlimit old, small;
  signal(SIGXFSZ, SIG_IGN);
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
  small = (struct rlimit){150000, old.rlim_max};
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
  int status = get_data("good", "good", quick(), NULL);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
  assert_int_equal(status, XS_FAILED);
  assert_says("in/data.part: cannot write: ");
  assert_says("about 300 kB are needed");
  assert_requests("good 0 "); /* no other address is asked */
  assert_arrived("good", NULL);
}

static void test_no_folder(void **state) {
  (void)state;
  put_text(folder, "in", "a file");
  assert_int_equal(get_data("good", NULL, quick(), NULL), XS_FAILED);
  assert_says("cannot make the folder");
}

static void test_locked_part(void **state) {
  (void)state;
  put_part("in/data.part", 0);
  char *path = file_join(folder, "in/data.part");
  int lock = open(path, O_RDWR);
  assert_int_equal(flock(lock, LOCK_EX), 0);
  assert_int_equal(get_data("good", NULL, quick(), NULL), XS_FAILED);
  assert_says("another process is downloading it");
  assert_true(has("in/data.part"));
  close(lock);
  free(path);
}

static void test_two_at_once(void **state) {
  (void)state;
  pid_t other = fork();
  if (other == 0) _exit(get_data("slow", NULL, quick(), NULL) ? 1 : 0);
  const struct timespec pause = {0, 20000000};
  for (int i = 0; i < 250 && !has("in/data.part"); i++) nanosleep(&pause, NULL);
  nanosleep(&pause, NULL);
  assert_int_equal(get_data("good", NULL, quick(), NULL), XS_FAILED);
  assert_says("another process is downloading it");
  kill(other, SIGKILL);
  waitpid(other, NULL, 0);
  assert_arrived("good", NULL);
}

/* ---- USPS and the photographs ---- */

static char *sha256_of(const char *name) {
  char hex[HASH_SHA256_TEXT], *path = file_join(served, name);
  assert_int_equal(hash_sha256_file(path, hex), 0);
  free(path);
  return text_copy(hex);
}

/* One row of the file of this name, of the form of `like`. */
static int get_one(get_row like, const char *name, bool with_md5, bool overwrite) {
  char *good = address("good"), *path = text_format("files/%s", name);
  char *md5 = with_md5 ? sum_of(path) : NULL, *where = text_format("%s/%s", served, path);
  struct stat s;
  xs_get_task o = quick();
  o.data_dir = folder;
  o.overwrite = overwrite;
  assert_int_equal(stat(where, &s), 0);
  like.file = (download){name, {good}, s.st_size, md5};
  int status = get_rows(&like, 1, "digits", &o, &listener);
  free(good);
  free(path);
  free(md5);
  free(where);
  return status;
}

static int get_usps(const char *name, bool overwrite) {
  char *images = sha256_of("expected/images"), *labels = sha256_of("expected/labels");
  const get_row row = {.set = "usps",
                       .folder = "digits/usps",
                       .check = usps_check,
                       .unpack = usps_unpack,
                       .stem = "tiny",
                       .sha256 = {images, labels},
                       .licence = "none"};
  int status = get_one(row, name, true, overwrite);
  free(images);
  free(labels);
  return status;
}

static void assert_unzips(const char *name, const char *right) {
  char *command = text_format("gunzip -c '%s/%s' | cmp - '%s/%s'", folder, name, served, right);
  assert_int_equal(system(command), 0);
  free(command);
}

static void test_usps(void **state) {
  (void)state;
  assert_int_equal(get_usps("usps.bz2", false), 0);
  assert_unzips("digits/usps/tiny-images-idx3-short.gz", "expected/images");
  assert_unzips("digits/usps/tiny-labels-idx1-ubyte.gz", "expected/labels");
  assert_false(has("digits/usps/usps.bz2")); /* it came for the others' sake */
  assert_int_equal(get_usps("usps.bz2", false), 0);
  assert_requests("good 0 ");
  assert_non_null(strstr(notes, "usps.bz2: there already, and right"));
}

static void test_usps_refused(void **state) {
  (void)state;
  put_text(folder, "digits/usps/tiny-labels-idx1-ubyte.gz", "mine");
  assert_int_equal(get_usps("usps.bz2", false), XS_FAILED);
  assert_says("tiny-labels-idx1-ubyte.gz is there and holds something else");
  assert_int_equal(get_usps("usps.bz2", true), 0);
  assert_unzips("digits/usps/tiny-labels-idx1-ubyte.gz", "expected/labels");
}

/* Right by their own checksum, but not what the converter knows. */
static void test_usps_other_text(void **state) {
  (void)state;
  assert_int_equal(get_usps("other.bz2", false), XS_FAILED);
  assert_says("other.bz2: image 1 is not as in LIBSVM's USPS");
  assert_int_equal(get_usps("sharp.bz2", false), XS_FAILED);
  assert_says("sharp.bz2: image 1 is not as in LIBSVM's USPS");
  assert_int_equal(get_usps("good.tgz", false), XS_FAILED);
  assert_false(has("digits/usps/tiny-images-idx3-short.gz"));
}

static int get_photographs(const char *name, bool overwrite) {
  char *a = sha256_of("expected/a.jpg"), *b = sha256_of("expected/b.jpg");
  char *text = text_format("%s  a.jpg\n%s  b.jpg\n", a, b), sum[HASH_SHA256_TEXT];
  hash_sha256_text(text, strlen(text), sum);
  const get_row row = {.set = "bsds500",
                       .folder = "digits/bsds500-train",
                       .check = photographs_check,
                       .unpack = photographs_unpack,
                       .stem = "BSR/BSDS500/data/images/train/",
                       .sha256 = {sum},
                       .licence = "none"};
  int status = get_one(row, name, false, overwrite);
  free(a);
  free(b);
  free(text);
  return status;
}

static void assert_photographs(void) {
  char *command = text_format("cd '%s/digits' && ls -A . bsds500-train mnistm | tr '\\n' ' ' && "
                              "printf 'a.jpg\\nb.jpg\\n' | cmp - mnistm/bsds500-train-names.txt",
                              folder);
  FILE *f = popen(command, "r");
  char found[200] = "";
  assert_non_null(fgets(found, sizeof found, f));
  assert_int_equal(pclose(f), 0);
  assert_string_equal(found, ".: bsds500-train mnistm  bsds500-train: a.jpg b.jpg  mnistm: "
                             "bsds500-train-names.txt ");
  assert_same("digits/bsds500-train/a.jpg", "expected/a.jpg");
  assert_same("digits/bsds500-train/b.jpg", "expected/b.jpg");
  free(command);
}

static void test_photographs(void **state) {
  (void)state;
  assert_int_equal(get_photographs("good.tgz", false), 0);
  assert_photographs();
  char *names = file_join(folder, "digits/mnistm/bsds500-train-names.txt");
  unlink(names);
  free(names);
  assert_int_equal(get_photographs("good.tgz", false), 0); /* the list alone is made again */
  assert_photographs();
  assert_requests("good 0 ");
}

/* Paths out of the folder, links, pipes: nothing of them arrives. */
static void test_hostile_archive(void **state) {
  (void)state;
  assert_int_equal(get_photographs("hostile.tgz", false), 0);
  assert_photographs();
  assert_false(file_exists("/tmp/xsite-hostile.jpg") || has("out.jpg") || has("digits/out.jpg"));
}

static void test_torn_archive(void **state) {
  (void)state;
  assert_int_equal(get_photographs("torn.tgz", false), XS_FAILED);
  assert_says("torn.tgz.part: is no whole gzip file");
  assert_false(has("digits/bsds500-train/a.jpg"));
}

static void test_own_photograph(void **state) {
  (void)state;
  put_text(folder, "digits/bsds500-train/b.jpg", "a holiday");
  assert_int_equal(get_photographs("good.tgz", false), XS_FAILED);
  assert_says("b.jpg is there and holds something else");
  assert_int_equal(get_photographs("good.tgz", true), 0);
  assert_same("digits/bsds500-train/b.jpg", "expected/b.jpg");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, new_folder, old_folder)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_plain),
      TEST(test_continues),
      TEST(test_silent_cut),
      TEST(test_no_ranges),
      TEST(test_never_whole),
      TEST(test_wrong_range),
      TEST(test_short_length),
      TEST(test_long_length),
      TEST(test_stall),
      TEST(test_useless_servers),
      TEST(test_busy),
      TEST(test_mirrors),
      TEST(test_own_mirror),
      TEST(test_broken_server),
      TEST(test_redirects),
      TEST(test_bad_redirects),
      TEST(test_wrong_bytes),
      TEST(test_pages),
      TEST(test_endless),
      TEST(test_no_server),
      TEST(test_part_is_continued),
      TEST(test_whole_part),
      TEST(test_foreign_part),
      TEST(test_other_file),
      TEST(test_stopped),
      TEST(test_stopped_in_pause),
      TEST(test_full_disk),
      TEST(test_no_folder),
      TEST(test_locked_part),
      TEST(test_two_at_once),
      TEST(test_usps),
      TEST(test_usps_refused),
      TEST(test_usps_other_text),
      TEST(test_photographs),
      TEST(test_hostile_archive),
      TEST(test_torn_archive),
      TEST(test_own_photograph),
  };
  return cmocka_run_group_tests(tests, start_server, stop_server);
}
