#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <archive.h>
#include <archive_entry.h>
#include <zlib.h>

#include "csv_table.h"
#include "data_files.h"
#include "file.h"
#include "memory.h"
#include "text.h"

static char *dir;

static int read_bytes(const char *text, size_t size, csv_table *t) {
  put(dir, "x.csv", text, size);
  char *path = file_join(dir, "x.csv");
  int status = csv_table_read(path, t);
  free(path);
  return status;
}

static void assert_reads(const char *text, int columns, int64_t rows, csv_table *t) {
  int status = read_bytes(text, strlen(text), t);
  if (status) print_error("%s\n", fail_message());
  assert_int_equal(status, 0);
  assert_int_equal(t->columns, columns);
  assert_int_equal(t->rows, rows);
}

static void refuse_bytes(const char *text, size_t size, const char *a, const char *b) {
  csv_table t;
  assert_int_not_equal(read_bytes(text, size, &t), 0);
  csv_table_release(&t);
  assert_says(a);
  assert_says(b);
}

static void refuse(const char *text, const char *a, const char *b) {
  refuse_bytes(text, strlen(text), a, b);
}

static void test_quotes(void **state) {
  (void)state;
  csv_table t;
  assert_reads("a,b,c\r\n\"1,5\",\"say \"\"hi\"\"\",\"two\nlines\"\r\nx, y ,\r\n", 3, 2, &t);
  assert_string_equal(t.cell[0], "1,5");
  assert_string_equal(t.cell[1], "say \"hi\"");
  assert_string_equal(t.cell[2], "two\nlines");
  assert_string_equal(t.cell[4], "y");
  assert_string_equal(t.cell[5], "");
  assert_int_equal(t.line[0], 2);
  assert_int_equal(t.line[1], 4);
  csv_table_release(&t);
  refuse("a,b\n1,2\n\"3,4\n5,6\n", "x.csv:3: column 1 (\"a\"): its quotes do not end",
         "close them");
  refuse("a,b\n1,2\"3\n", "x.csv:2: column 2 (\"b\"): not CSV: a quote inside", "quotes");
}

static void test_line_ends(void **state) {
  (void)state;
  static const char *const texts[] = {"a;b\n1;2\n3;4", "a\tb\r\n1\t2\r\n\r\n3\t4\r\n",
                                      "a,b\r1,2\r3,4\r", "\357\273\277a,b\n\n  \n1,2\n3,4\n"};
  for (int i = 0; i < 4; i++) {
    csv_table t;
    assert_reads(texts[i], 2, 2, &t);
    assert_string_equal(t.name[0], "a");
    assert_string_equal(t.cell[3], "4");
    if (i == 3) assert_int_equal(t.line[0], 4);
    csv_table_release(&t);
  }
}

/* The header's and the rows' number of cells. */
static void test_lengths(void **state) {
  (void)state;
  csv_table t;
  /* NIH: the header's unquoted commas make as many columns as the rows have */
  assert_reads("i,Size[Width,Height],S[x,y]\n1,2,3,4,5\n", 5, 1, &t);
  assert_string_equal(t.name[1], "Size[Width");
  csv_table_release(&t);
  /* a comma at the end of the header, or of rows */
  assert_reads("a,b,\n1,2\n3,4,\n", 2, 2, &t);
  assert_string_equal(t.cell[3], "4");
  csv_table_release(&t);
  assert_reads("a,,\n1,x,\n", 1, 1, &t);
  csv_table_release(&t);
  assert_reads("a,b\n1,2,,\n3,4\n", 2, 2, &t);
  csv_table_release(&t);
  /* all rows are longer: the header is too short, and what is named still counts */
  assert_reads("a,b\n1,2,x\n3,4,\n", 2, 2, &t);
  assert_string_equal(t.cell[3], "4");
  csv_table_release(&t);
  refuse("a,b\n1,2\n3,4,5\n", "x.csv:3: 3 cells, the header has 2", "needs quotes");
  refuse("a,b\n1,2,x\n3,4\n", "x.csv:3: 2 cells, the rows before have 3", "needs quotes");
  refuse("a,b,c\n1,2\n", "x.csv:2: 2 cells, the header has 3: none for \"c\"", "complete the row");
  refuse("", "x.csv: no rows", "header row");
  refuse("a,b\n", "x.csv: no rows", "header row");
}

static void test_columns(void **state) {
  (void)state;
  csv_table t;
  int column;
  assert_reads(",id,id,view\n0,a,b,PA\n", 4, 1, &t); /* an unnamed index */
  assert_int_equal(csv_table_column(&t, "x.csv", "columns.view", "view", &column), 0);
  assert_int_equal(column, 3);
  assert_int_not_equal(csv_table_column(&t, "x.csv", "columns.patient", "id", &column), 0);
  assert_says("x.csv:1: two columns are called \"id\" (columns.patient): columns 2 and 3");
  assert_int_not_equal(csv_table_column(&t, "x.csv", "columns.view", "veiw", &column), 0);
  assert_says("did you mean columns.view: view?");
  csv_table_release(&t);
}

static void test_bytes(void **state) {
  (void)state;
  csv_table t;
  assert_reads("a,b\nM\xc3\xbcller,\xf0\x9f\xa9\xbb\n", 2, 1, &t);
  csv_table_release(&t);
  refuse("a,b\n1,2\n3,M\xfcller\n", "x.csv:3: column 2 (\"b\"): the byte 0xfc is not UTF-8",
         "iconv -f latin1 -t utf-8");
  static const char *const wrong[] = {"\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82",
                                      "\x80"};
  for (int i = 0; i < 5; i++) {
    char *text = text_format("a\n%s\n", wrong[i]);
    refuse(text, "x.csv:2: column 1 (\"a\"): the byte 0x", "is not UTF-8");
    free(text);
  }
  refuse_bytes("a,b\n1,\0\n", 8, "x.csv:2: byte 3 of the line is 0", "damaged");
  refuse_bytes("\xff\xfe"
               "a\0\n\0",
               6, "is UTF-16", "CSV UTF-8");
  char *commas = memory_new(10001);
  memset(commas, ',', 10000);
  refuse(commas, "more than 4096 cells", "x.csv:1");
  free(commas);
}

static void put_gzip(const char *name, const char *text, size_t size, int times) {
  char *path = file_join(dir, name);
  gzFile f = gzopen(path, "wb");
  for (int i = 0; i < times; i++) assert_int_equal(gzwrite(f, text, (unsigned)size), (int)size);
  assert_int_equal(gzclose(f), Z_OK);
  free(path);
}

static void test_gzip(void **state) {
  (void)state;
  csv_table t;
  char *path = file_join(dir, "x.csv.gz"), *data;
  size_t size;
  put_gzip("x.csv.gz", "a,b\n1,2\n", 8, 1);
  assert_int_equal(csv_table_read(path, &t), 0);
  assert_string_equal(t.cell[1], "2");
  csv_table_release(&t);
  assert_int_equal(file_read(path, &data, &size), 0);
  for (size_t n = 2; n + 8 < size; n++) { /* the last 8 bytes are the check sum and length */
    put(dir, "x.csv.gz", data, n);
    assert_int_not_equal(csv_table_read(path, &t), 0);
    csv_table_release(&t);
    assert_says("x.csv.gz:");
  }
  free(data);
  char *zeros = memory_new(1 << 20); /* 520 MB from 0.5 MB */
  memset(zeros, 'x', 1 << 20);
  put_gzip("x.csv.gz", zeros, 1 << 20, 520);
  assert_int_not_equal(csv_table_read(path, &t), 0);
  assert_says("x.csv.gz: ");
  csv_table_release(&t);
  free(zeros);
  free(path);
}

/* Pairs of name and content, which end with NULL. */
static void put_zip(const char *const *files) {
  char *path = file_join(dir, "x.csv.zip");
  struct archive *a = archive_write_new();
  archive_write_set_format_zip(a);
  assert_int_equal(archive_write_open_filename(a, path), ARCHIVE_OK);
  for (; files[0]; files += 2) {
    struct archive_entry *e = archive_entry_new();
    archive_entry_set_pathname(e, files[0]);
    archive_entry_set_size(e, (la_int64_t)strlen(files[1]));
    archive_entry_set_filetype(e, AE_IFREG);
    archive_entry_set_perm(e, 0644);
    assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
    assert_true(archive_write_data(a, files[1], strlen(files[1])) >= 0);
    archive_entry_free(e);
  }
  archive_write_free(a);
  free(path);
}

static void refuse_zip(const char *const *files, const char *part) {
  csv_table t;
  char *path = file_join(dir, "x.csv.zip");
  put_zip(files);
  assert_int_not_equal(csv_table_read(path, &t), 0);
  assert_says(part);
  csv_table_release(&t);
  free(path);
}

static void test_zip(void **state) {
  (void)state;
  csv_table t;
  char *path = file_join(dir, "x.csv.zip"), *data;
  size_t size;
  put_zip((const char *const[]){"__MACOSX/._x.csv", "no", "d/.hidden", "no", "d/x.csv",
                                "a,b\n1,2\n", NULL});
  assert_int_equal(csv_table_read(path, &t), 0);
  assert_string_equal(t.cell[1], "2");
  csv_table_release(&t);
  assert_int_equal(file_read(path, &data, &size), 0);
  put(dir, "x.csv.zip", data, 40);
  assert_int_not_equal(csv_table_read(path, &t), 0);
  assert_says("x.csv.zip: cannot be unpacked");
  csv_table_release(&t);
  free(data);
  free(path);
  refuse_zip((const char *const[]){"a.csv", "a\n1\n", "b.csv", "a\n1\n", NULL},
             "holds several files, a.csv and b.csv among them");
  refuse_zip((const char *const[]){"[Content_Types].xml", "<", "xl/workbook.xml", "<", NULL},
             "is a workbook of Excel or the like; save its sheet as CSV UTF-8");
  refuse_zip((const char *const[]){".hidden", "a\n", NULL}, "is a ZIP archive without a file");
}

/* Every shorter file and every changed byte is read or refused by name, and none crashes. */
static void test_damaged(void **state) {
  (void)state;
  char text[] = "\xef\xbb\xbf"
                "id,\"a\"\"b\",view\r\n1,\"x,\ny\",PA\r\n2,\xc3\xa9,\r\n";
  for (size_t n = 0; n < sizeof text; n++) {
    csv_table t;
    if (read_bytes(text, n, &t)) assert_says("x.csv");
    csv_table_release(&t);
    for (int k = 0; k < 8 && n < sizeof text - 1; k++) {
      text[n] ^= (char)(1 << k);
      if (read_bytes(text, sizeof text - 1, &t)) assert_says("x.csv");
      csv_table_release(&t);
      text[n] ^= (char)(1 << k);
    }
  }
}

static int open_dir(void **state) {
  (void)state;
  dir = temporary_dir();
  return 0;
}

static int close_dir(void **state) {
  (void)state;
  remove_dir(dir);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_quotes),  cmocka_unit_test(test_line_ends),
      cmocka_unit_test(test_lengths), cmocka_unit_test(test_columns),
      cmocka_unit_test(test_bytes),   cmocka_unit_test(test_gzip),
      cmocka_unit_test(test_zip),     cmocka_unit_test(test_damaged),
  };
  return cmocka_run_group_tests(tests, open_dir, close_dir);
}
