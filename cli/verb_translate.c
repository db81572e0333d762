#include "task_verb.h"

TASK_VERB(translate, cli_watch_plain,
          "Write a site's images in another site's look, as a new site.")
