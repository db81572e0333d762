#include "task_verb.h"

TASK_VERB(align, cli_watch, "Adapt a classifier to another site without translating.")
