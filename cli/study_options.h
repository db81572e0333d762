/* study_options.h: what the verbs of studies share. */
#ifndef STUDY_OPTIONS_H
#define STUDY_OPTIONS_H

#include "cli.h"

/* Runs a study, or one of its nodes (NULL: all), and shows how it goes. */
xs_status study_work(const xs_study_task *t, const char *file, const char *node);
xs_status study_open(const xs_study_task *t, const char *file, xs_study **s);

#endif
