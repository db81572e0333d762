#include <stdlib.h>

#include "cli.h"
#include "file.h"

void cli_csv_field(FILE *f, const char *text) {
  char *cell = text_csv(text);
  fputs(cell, f);
  free(cell);
}
