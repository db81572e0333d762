#include "task_verb.h"

TASK_VERB(choose, cli_watch, "Choose among adapted classifiers without labels of the new site.")
