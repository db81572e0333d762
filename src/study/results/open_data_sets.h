/* open_data_sets.h: what the sites of the study are, as data sets. */
#ifndef OPEN_DATA_SETS_H
#define OPEN_DATA_SETS_H

#include "node_results.h"

/* The member `data_sets` of results.json; newly made, NULL where it fails. */
xs_status data_sets_describe(const results_job *r, json_t **out);

#endif
