/* Must not compile: what a node gets of a target has no labels, what has them cannot be looked
 * into, and no file of a node can name the seal or the run. */
#ifdef PEEK_FROM_A_NODE /* with the include paths of src/study/nodes */
#include "label_seal.h"
#endif
#include "node_job.h"

int peek(const node_job *job);

#if defined PEEK_AT_IMAGES || defined PEEK_AT_SITE
#include "label_seal.h"
int32_t peek_at(const seal *s);
#endif

#ifdef PEEK_AT_IMAGES
int32_t peek_at(const seal *s) { return seal_images(s, 1)->label[0]; }
#elif defined PEEK_AT_SITE
int32_t peek_at(const seal *s) { return s->site[1]->label[0]; }
#elif defined PEEK_AT_TARGET
int peek(const node_job *job) { return job->target->label[0]; }
#elif defined PEEK_AT_ACCESS
int peek(const node_job *job) { return job->site[0].access->seal != 0; }
#elif defined PEEK_AT_RUN
int peek(const node_job *job) { return job->run->n_sites; }
#else
int peek(const node_job *job) { return job->sites; }
#endif
