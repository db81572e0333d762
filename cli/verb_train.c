#include "task_verb.h"

TASK_VERB(train, cli_watch, "Train a classifier on one site's labels.")
