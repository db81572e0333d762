/* xsite/options.h: the options of each task by name, for programs that read them from words, list
 * them, or offer them in another language.
 *
 * A task's name is that of the program's verb: "train", "study run", "data check".  Its record is
 * the struct of that task (xs_train_task, xs_study_task, ...).  A name that is no task has no
 * options.
 */
#ifndef XSITE_OPTIONS_H
#define XSITE_OPTIONS_H

#include "xsite/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Sets every option of the record to its default and then as the words say: --name value,
 * --name=value, --flag, --no-flag; "--" ends the options.  Other words go to rest, which has room
 * for argc words, in their order; both are lent.  -h or --help sets *help, and nothing is then
 * asked for that is missing.  XS_USAGE and a message that names the option, the value and what is
 * allowed.  The record is to be released in any case. */
XS_API xs_status xs_options_parse(const char *task, void *record, int argc, char **argv,
                                  const char **rest, int *n_rest, bool *help);
XS_API void xs_options_release(const char *task, void *record);
/* The options as an aligned list for people, a line each; empty where there are none; allocated. */
XS_API char *xs_options_help(const char *task);
/* The same for programs: a JSON array of objects with the members name, type ("integer", "real",
 * "bytes", "flag", "text", "choice", "texts"), offset in the record, default, required, low and
 * high (of a number that has a range), choices, and help; allocated. */
XS_API char *xs_options_json(const char *task);
/* The candidate that a mistyped word was probably meant to be, or NULL. */
XS_API const char *xs_nearest_word(const char *word, const char *const *candidate, int n);

#ifdef __cplusplus
}
#endif

#endif
