/* rows.h: the options that several verbs have.  at: the offset of the field in the record. */
#ifndef ROWS_H
#define ROWS_H

#include "option.h"

#define THREADS_ROW(at)                                                                            \
  {                                                                                                \
    NULL, "threads", OPTION_INTEGER, at, "0", false, 0, 1024, NULL, "N",                           \
        "threads, if the environment grants them; 0: as OMP_NUM_THREADS says, or one for each "    \
        "processor"                                                                                \
  }
#define MEASURE_KERNELS_ROW(at)                                                                    \
  {                                                                                                \
    NULL, "measure_kernels", OPTION_FLAG, at, "no", false, 0, 0, NULL, NULL,                       \
        "time the candidate kernels once and keep the fastest"                                     \
  }
#define KERNELS_OF_ROW(at)                                                                         \
  {                                                                                                \
    NULL, "kernels_of", OPTION_TEXT, at, NULL, false, 0, 0, NULL, "DIR",                           \
        "use the kernels that a finished run in this folder has recorded"                          \
  }
#define MEMORY_ROW(at)                                                                             \
  {                                                                                                \
    NULL, "memory", OPTION_BYTES, at, "0", false, 0, 0, NULL, "LIMIT",                             \
        "most memory for a step's intermediate values, as 400M or 2G; what is cheap is then "      \
        "computed again rather than kept, with the same results; 0: no limit"                      \
  }
#define OUT_ROW(at, required, help)                                                                \
  { NULL, "out", OPTION_TEXT, at, NULL, required, 0, 0, NULL, "DIR", help }
#define RESUME_ROW(at)                                                                             \
  {                                                                                                \
    NULL, "resume", OPTION_FLAG, at, "no", false, 0, 0, NULL, NULL,                                \
        "continue a run that was broken off"                                                       \
  }
#define JSON_ROW(at, help)                                                                         \
  { NULL, "json", OPTION_FLAG, at, "no", false, 0, 0, NULL, NULL, help }
#define SEED_ROW(at, help)                                                                         \
  { NULL, "seed", OPTION_INTEGER, at, "1", false, 0, 9e15, NULL, "N", help }
#define SPLIT_ROW(at, fallback)                                                                    \
  {                                                                                                \
    NULL, "split", OPTION_CHOICE, at, fallback, false, 0, 0, "train|validation|test|all", "NAME",  \
        "which of the site's images"                                                               \
  }
#define SPLIT_BY_ROW(at)                                                                           \
  {                                                                                                \
    NULL, "split_by", OPTION_CHOICE, at, "group", false, 0, 0, "group|image", "WHAT",              \
        "what stays on one side of the split (docs/method.md, Decision 1)"                         \
  }
#define SKIP_UNREADABLE_ROW(at)                                                                    \
  {                                                                                                \
    NULL, "skip_unreadable", OPTION_FLAG, at, "no", false, 0, 0, NULL, NULL,                       \
        "leave out images that cannot be decoded instead of stopping"                              \
  }
#define MODEL_ROW(at, help)                                                                        \
  { NULL, "model", OPTION_TEXT, at, NULL, true, 0, 0, NULL, "FILE", help }
#define DATA_DIR_ROW(at)                                                                           \
  {                                                                                                \
    NULL, "data_dir", OPTION_TEXT, at, NULL, false, 0, 0, NULL, "DIR",                             \
        "the data folder: where domain files with `root: data` find their files; by default "      \
        "$XSITE_DATA"                                                                              \
  }
#define CACHE_ROW(at)                                                                              \
  {                                                                                                \
    NULL, "cache", OPTION_TEXT, at, NULL, false, 0, 0, NULL, "DIR",                                \
        "where decoded images are kept for the next time, or off; by default $XSITE_CACHE, else "  \
        "~/.cache/xsite"                                                                           \
  }
/* A second name, where no other option is called so. */
#define DATA_ROW(at)                                                                               \
  { NULL, "data", OPTION_TEXT, at, NULL, false, 0, 0, NULL, "DIR", "the same as --data-dir" }

#endif
