#include "task_verb.h"

TASK_VERB(shift, cli_watch_plain, "Write a site's images under a synthetic shift, as a new site.")
