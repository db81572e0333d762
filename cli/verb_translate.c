#include "task_verb.h"

TASK_VERB(translate, cli_watch_plain,
          "Write a site's images with the appearance of another's, as a new site.")
