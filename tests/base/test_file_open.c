/* What another user may have put in the way beforehand is neither followed, read nor written to;
 * and what is written is for its owner alone. */
#define _DEFAULT_SOURCE /* mkdtemp, seteuid */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "data_files.h"
#include "file.h"
#include "file_open.h"
#include "text.h"

enum { STRANGER = 65534, EVERYBODY_ELSE = 077 };

static mode_t mode_of(const char *path) {
  struct stat st;
  assert_int_equal(lstat(path, &st), 0);
  return st.st_mode & 07777;
}

static void assert_holds(const char *path, const char *text) {
  char *data;
  size_t size;
  assert_int_equal(file_read(path, &data, &size), 0);
  assert_string_equal(data, text);
  free(data);
}

static int open_and_check(const char *path) {
  const int fd = file_open(path, O_RDWR | O_CREAT, FILE_OWN);
  if (fd < 0) return 1;
  const int status = file_check_own(path, fd, EVERYBODY_ELSE);
  close(fd);
  return status;
}

static void assert_not_opened(const char *path, const char *why) {
  assert_int_equal(open_and_check(path), 1);
  assert_says(path);
  assert_says(why);
}

static void test_opening(void **state) {
  (void)state;
  char *dir = temporary_dir(), *path = file_join(dir, "file"), *other = file_join(dir, "other");
  assert_int_equal(open_and_check(path), 0);
  assert_int_equal(mode_of(path), 0600);
  assert_int_equal(open_and_check(path), 0);
  assert_int_equal(link(path, other), 0);
  assert_not_opened(path, "has another name elsewhere (2 hard links); remove it, or give another");
  assert_int_equal(unlink(other), 0);
  static const mode_t wide[] = {0666, 0644, 0660, 0604, 0602};
  for (size_t i = 0; i < sizeof wide / sizeof *wide; i++) {
    assert_int_equal(chmod(path, wide[i]), 0);
    assert_not_opened(path, "others may read or change it (mode 6");
  }
  assert_int_equal(rename(path, other), 0);
  assert_int_equal(symlink(other, path), 0);
  assert_not_opened(path, "is a symbolic link, and is not followed");
  assert_int_equal(unlink(other), 0);
  assert_not_opened(path, "is a symbolic link, and is not followed");
  assert_false(file_exists(other)); /* nor is it made */
  assert_int_equal(unlink(path), 0);
  assert_int_equal(mkfifo(path, 0600), 0);
  assert_not_opened(path, "is no plain file");
  free(other);
  free(path);
  remove_dir(dir);
}

/* A file of another user: root can make one, and can open it. */
static void test_another_owner(void **state) {
  (void)state;
  if (geteuid() != 0) skip();
  char *dir = temporary_dir(), *path = file_join(dir, "file");
  assert_int_equal(open_and_check(path), 0);
  assert_int_equal(chown(path, STRANGER, STRANGER), 0);
  assert_not_opened(path, "(user 65534), not to root (user 0); remove it, or give another folder");
  free(path);
  remove_dir(dir);
}

static int try_as_stranger(const char *path) {
  if (setegid(STRANGER) || seteuid(STRANGER)) return 2;
  const int fd = file_open(path, O_RDWR | O_CREAT, FILE_OWN);
  return fd < 0 && strstr(fail_message(), "belongs to root (user 0), not to ") ? 0 : 1;
}

/* And one who cannot open it is told whose it is. */
static void test_closed_by_another(void **state) {
  (void)state;
  if (geteuid() != 0) skip();
  char *dir = temporary_dir(), *path = file_join(dir, "file");
  int status;
  assert_int_equal(chmod(dir, 0755), 0);
  put_text(dir, "file", "root's");
  assert_int_equal(chmod(path, 0600), 0);
  const pid_t child = fork();
  assert_true(child >= 0);
  if (!child) _exit(try_as_stranger(path));
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
  free(path);
  remove_dir(dir);
}

/* The temporary name can be guessed; what a link there leads to stays as it is. */
static void test_planted_links(void **state) {
  (void)state;
  char *dir = temporary_dir(), *path = file_join(dir, "out"), *victim = file_join(dir, "victim");
  char *temporary = text_format("%s.tmp%ld", path, (long)getpid());
  put_text(dir, "victim", "mine");
  for (int i = 0; i < 2; i++) {
    assert_int_equal(symlink(victim, i ? path : temporary), 0);
    assert_int_equal(file_write_atomic(path, "new", 3), 0);
    assert_holds(victim, "mine");
    assert_holds(path, "new");
    assert_int_equal(mode_of(path), 0600);             /* of a file, not a link */
    assert_int_equal(unlink(i ? path : temporary), 0); /* over nothing no such name is needed */
    if (!i) assert_int_equal(unlink(path), 0);
  }
  assert_int_equal(file_write_atomic(path, "old", 3), 0);
  put_text(dir, strrchr(temporary, '/') + 1, "left by a process of the same number");
  assert_int_equal(chmod(temporary, 0666), 0);
  assert_int_equal(file_write_atomic(path, "new", 3), 0);
  assert_holds(path, "new");
  assert_int_equal(mode_of(path), 0600);
  assert_int_equal(mkdir(temporary, 0700), 0);
  assert_int_equal(file_write_atomic(path, "newer", 5), 1);
  assert_says("nothing was changed");
  assert_holds(path, "new");
  free(temporary);
  free(victim);
  free(path);
  remove_dir(dir);
}

static void check_modes(mode_t mask, mode_t file, mode_t public_file, mode_t folder,
                        mode_t public_folder) {
  char *dir = temporary_dir(), *deep = file_join(dir, "a/b"), *shared = file_join(dir, "c/d");
  char *above = file_join(dir, "a"), *path = file_join(dir, "a/b/file");
  const mode_t before = umask(mask);
  assert_int_equal(file_make_dirs(deep), 0);
  assert_int_equal(mode_of(above), folder);
  assert_int_equal(mode_of(deep), folder);
  assert_int_equal(file_make_public_dirs(shared), 0);
  assert_int_equal(mode_of(shared), public_folder);
  assert_int_equal(file_write_atomic(path, "", 0), 0);
  assert_int_equal(mode_of(path), file);
  assert_int_equal(file_write_public(path, "", 0), 0);
  assert_int_equal(mode_of(path), public_file);
  assert_int_equal(file_write_atomic(path, "", 0), 0); /* what was wide becomes narrow */
  assert_int_equal(mode_of(path), file);
  umask(before);
  free(path);
  free(above);
  free(shared);
  free(deep);
  remove_dir(dir);
}

static void test_modes(void **state) {
  (void)state;
  check_modes(0, 0600, 0666, 0700, 0777);
  check_modes(022, 0600, 0644, 0700, 0755);
  check_modes(077, 0600, 0600, 0700, 0700);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_opening),
      cmocka_unit_test(test_another_owner),
      cmocka_unit_test(test_closed_by_another),
      cmocka_unit_test(test_planted_links),
      cmocka_unit_test(test_modes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
