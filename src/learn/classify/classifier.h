/* classifier.h: what training shares with the trained classifier. */
#ifndef CLASSIFIER_H
#define CLASSIFIER_H

#include "learn.h"

json_t *classifier_metadata(const nn_classifier *c, const train_geometry *g,
                            char *const *class_name);
/* A classifier that knows what its file says, and has no weights yet: it cannot give logits. */
int classifier_describe(const model_file *file, xs_classifier **out);
int classifier_read(const model_file *file, xs_classifier **out); /* the whole */
/* Reads a model file, once, and makes its classifier; model_close also after a failure. */
xs_status classifier_open(const char *path, model_file *file, xs_classifier **out);
/* "preprocessing" of the metadata of a model for images of this size: that of the images it is
 * for. */
json_t *preprocessing_json(const xs_preprocessing *how, int size);
/* What an image looks like to the network, whatever it shows: its texture (nn_classifier_texture)
 * and its look, the mean grays of APPEARANCE_SIDE x APPEARANCE_SIDE cells.  Maps half-way tell
 * scanners, turned films and photographs apart even where the last features were adapted not to;
 * grays tell exposures and negatives.  How many values, and those of n images, appearance
 * [n][width]. */
enum { APPEARANCE_SIDE = 8, APPEARANCE_LOOK = APPEARANCE_SIDE * APPEARANCE_SIDE };
xs_status classifier_appearance_width(xs_classifier *c, int *width);
xs_status classifier_appearance(xs_classifier *c, const xs_images *images, const int64_t *rows,
                                int64_t n, float *appearance);
/* Images that a plan evaluates at once: fewer where they are large. */
enum { CLASSIFIER_MOST = 100 };
int64_t classifier_batch(int size);
/* Of n images that each are of a size of their own, how many are predicted at once; 0 and a message
 * where that cannot be found out. */
int64_t classifier_at_once(xs_classifier *c, int64_t n);
/* Rows [batch] of the batch that starts at `first` of rows [n] (NULL: 0, 1, ...); beyond the end
 * the last row is repeated. */
void batch_rows(const int64_t *rows, int64_t n, int64_t first, int64_t batch, int64_t *out);

#endif
