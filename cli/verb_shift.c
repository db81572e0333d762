#include "task_verb.h"

TASK_VERB(shift, cli_watch_plain,
          "Write a site's images blurred, darker, moved or otherwise changed, as a new site.")
