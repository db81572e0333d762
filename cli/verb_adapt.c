#include "task_verb.h"

TASK_VERB(adapt, cli_watch, "Learn to give one site's images the appearance of another's.")
