/* task_get.c: the options of bringing public data sets. */
#include "rows.h"
#include "task_tables.h"
#include "xsite.h"

#define FIELD(name) offsetof(xs_get_task, name)

static const option rows[] = {
    {NULL, "data_dir", OPTION_TEXT, FIELD(data_dir), NULL, false, 0, 0, NULL, "DIR",
     "the data folder, made where it is not there; by default $XSITE_DATA"},
    DATA_ROW(FIELD(data_dir)),
    OPTION_FLAG_ROW(NULL, 0, xs_get_task, list, "only list files, sizes, licences and addresses"),
    {NULL, "mirror", OPTION_TEXT, FIELD(mirror), NULL, false, 0, 0, NULL, "URL",
     "address of a folder with the files, asked before the public ones"},
    OPTION_FLAG_ROW(NULL, 0, xs_get_task, overwrite,
                    "replace files that are there and are not the published ones"),
    OPTION_REAL_ROW(NULL, 0, xs_get_task, connect_timeout, "20", 0.1, 3600,
                    "seconds to wait for a connection"),
    OPTION_REAL_ROW(NULL, 0, xs_get_task, stall_timeout, "30", 0.1, 3600,
                    "seconds without a kilobyte, after which a server is asked again"),
    OPTION_INTEGER_ROW(NULL, 0, xs_get_task, tries, "4", 1, 100,
                       "tries in a row at one address that bring nothing"),
    OPTION_REAL_ROW(NULL, 0, xs_get_task, pause, "2", 0, 60,
                    "seconds before the second try, doubled before each further one"),
};
enum { ROWS = sizeof rows / sizeof *rows };

const option_table task_get_table = {.what = "data get", .row = rows, .n = ROWS};

void xs_get_defaults(xs_get_task *t) {
  *t = (xs_get_task){0};
  option_defaults_lent(&task_get_table, t);
}
