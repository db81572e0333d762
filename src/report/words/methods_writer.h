/* methods_writer.h: sentences about settings, inside the methods. */
#ifndef METHODS_WRITER_H
#define METHODS_WRITER_H

#include "buffer.h"
#include "citations.h"
#include "results.h"

#include <stdbool.h>

typedef struct writer {
  buffer text; /* of the present paragraph, not yet escaped */
  const results *r;
  citations cited;
} writer;

double setting_number(const writer *w, const char *section, const char *name);    /* or NAN */
const char *setting_text(const writer *w, const char *section, const char *name); /* or "" */
bool setting_on(const writer *w, const char *section, const char *name);
bool text_is(const char *a, const char *b);

void write_citation(writer *w, const char *work); /* " [3]" */
/* before, the number, after; nothing where it is not known. */
void write_number(writer *w, const char *before, double v, const char *after);
/* " (learning rate R, batches of N)" of a section of the settings. */
void write_rate(writer *w, const char *section);

void write_adaptation(writer *w); /* the paragraph about the portfolio's methods */

#endif
