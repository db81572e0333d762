/* sections.h: the parts of report.html, in the order of the page. */
#ifndef SECTIONS_H
#define SECTIONS_H

#include "page.h"
#include "results.h"

extern const char page_style[];

void section_head(page *out, const results *r); /* to the end of <header> */
void section_verdicts(page *out, const results *r);
void section_numbers(page *out, const results *r); /* Tables 1 to 3 and the glossary */
void section_images(page *out, const results *r);
void section_method(page *out, const results *r);
void section_foot(page *out);

/* Sections that draw; figures: the folder of their files.  0, or non-zero with a message. */
int section_bars(page *out, const results *r, const char *figures);
int section_curves(page *out, const results *r, const char *figures);

#endif
