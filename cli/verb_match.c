#include "task_verb.h"

TASK_VERB(match, cli_watch,
          "Make a translator without training, of what images of both sites look like.")
