#include "task_verb.h"

TASK_VERB(adapt, cli_watch, "Learn to translate one site's images into another's look.")
