/* sections.h: the parts of report.html, in the order of the page. */
#ifndef SECTIONS_H
#define SECTIONS_H

#include "page.h"
#include "report_files.h"
#include "results.h"

void section_head(page *out, const results *r); /* to the end of <header> */
void section_effects(page *out, const results *r);
int section_bars(page *out, const results *r, report_files *files);
void section_numbers(page *out, const results *r); /* tables and the glossary */
void section_summary(page *out, const results *r); /* the end of that section */
void section_portfolio(page *out, const results *r);
void section_harm(page *out, const results *r);
int section_labels(page *out, const results *r, report_files *files); /* labelleds > 0 */
int section_pooled(page *out, const results *r, report_files *files); /* pooleds > 0 */
int section_calibration(page *out, const results *r, report_files *files);
void section_subgroups(page *out, const results *r);
void section_data_sets(page *out, const results *r);
void section_images(page *out, const results *r);
void section_training(page *out, const results *r); /* a table, the start of the next */
int section_curves(page *out, const results *r, report_files *files);
void section_left_out(page *out, const results *r); /* left_outs > 0 */
bool section_late_wanted(const results *r);
void section_late(page *out, const results *r);
void section_method(page *out, const results *r);
void section_foot(page *out);

/* The whole page, and seeds.csv and seeds.json, of a folder of runs under several seeds. */
int seeds_write(const char *dir);
/* The whole page, and search.csv, of a folder with a search.json. */
int search_write(const char *dir);

/* Whether the run has anything to show there. */
bool section_portfolio_wanted(const results *r);
bool section_harm_wanted(const results *r);
bool section_calibration_wanted(const results *r);
bool section_subgroups_wanted(const results *r);
bool section_data_sets_wanted(const results *r);

/* Those that draw give 0, or non-zero with a message; files: gets what they write. */

#endif
