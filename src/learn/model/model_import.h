/* model_import.h: weights of another program as a model file. */
#ifndef MODEL_IMPORT_H
#define MODEL_IMPORT_H

#include "xsite.h"

/* xs_import with checked options. */
xs_status model_import(const xs_import_task *t);

#endif
