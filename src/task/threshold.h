/* threshold.h: where predicting and evaluating decide. */
#ifndef THRESHOLD_H
#define THRESHOLD_H

#include <jansson.h>

#include "option.h"
#include "xsite.h"

#define THRESHOLD_ROW(at)                                                                          \
  {                                                                                                \
    NULL, "threshold", OPTION_TEXT, at, NULL, false, 0, 0, NULL, "[CLASS=]P",                      \
        "decide for the class where its probability is P or more, not at the model's own "         \
        "threshold; CLASS may be left out where the model names one"                               \
  }

/* given: of the option, or NULL: the model's own.  XS_USAGE and a message where it is none. */
xs_status threshold_read(const xs_classifier *c, const char *model, const char *given,
                         xs_decision *d);
/* Says in one line how it is decided; allocated. */
char *threshold_text(const xs_classifier *c, const xs_decision *d);
/* {"positive", "threshold" in log odds, "probability", "site"}, newly made; null: the most probable
 * class. */
json_t *threshold_json(const xs_classifier *c, const xs_decision *d);

#endif
