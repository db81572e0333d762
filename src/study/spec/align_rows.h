/* align_rows.h: the rows of the options of alignment.  section: of the YAML file, or NULL; base:
 * the offset of the options in the record. */
#ifndef ALIGN_ROWS_H
#define ALIGN_ROWS_H

#include "settings_rows.h"

/* A flag that is on unless turned off. */
#define ALIGN_ON_ROW(section, base, name, help)                                                    \
  {                                                                                                \
    section, #name, OPTION_FLAG, (base) + offsetof(xs_align_options, name), "yes", false, 0, 0,    \
        NULL, NULL, help                                                                           \
  }

/* Choices are "a|b", so without the first |. */
static const char align_choices[] =
#define ALIGN(id, ...) "|" #id
#include "xsite/methods.def"
    ;
static const char align_help[] = "how the classifier is adapted"
#define ALIGN(id, called, does, work, own) own
#include "xsite/methods.def"
    ;
#define ALIGN_METHOD_ROW(section, base)                                                            \
  OPTION_CHOICE_ROW(section, base, xs_align_options, method, "selftrain", align_choices + 1,       \
                    "NAME", align_help)

/* All but the method. */
#define ALIGN_ROWS(section, base)                                                                  \
  OPTION_INTEGER_ROW(section, base, xs_align_options, steps, "2000", 1, 100000000, "updates"),     \
      OPTION_INTEGER_ROW(section, base, xs_align_options, batch, "128", 1, 65536,                  \
                         "images of each site in a step"),                                         \
      OPTION_REAL_ROW(section, base, xs_align_options, learning_rate, "1e-3", 1e-9, 10,            \
                      "Adam's rate"),                                                              \
      OPTION_REAL_ROW(section, base, xs_align_options, weight_decay, "0", 0, 1,                    \
                      "L2 penalty, added to the gradient"),                                        \
      OPTION_REAL_ROW(section, base, xs_align_options, weight, "1", 0, 1e6,                        \
                      "weight of what is asked of target images, beside the source's labels"),     \
      OPTION_REAL_ROW(section, base, xs_align_options, balance, "1", 0, 1e6,                       \
                      "weight of the even use of all classes"),                                    \
      OPTION_REAL_ROW(section, base, xs_align_options, threshold, "0.9", 0, 1,                     \
                      "probability above which a pseudo-label is taken"),                          \
      OPTION_REAL_ROW(section, base, xs_align_options, momentum, "0.99", 0, 1,                     \
                      "share that the teacher keeps at each step"),                                \
      OPTION_REAL_ROW(section, base, xs_align_options, dropout, "0.5", 0, 0.95,                    \
                      classifier_dropout_help),                                                    \
      OPTION_FLAG_ROW(section, base, xs_align_options, balanced,                                   \
                      "draw every class of the source equally often"),                             \
      OPTION_REAL_ROW(section, base, xs_align_options, shift, "0.06", 0, 1,                        \
                      "images are moved by up to this share of their side"),                       \
      OPTION_REAL_ROW(section, base, xs_align_options, rotation, "10", 0, 180,                     \
                      "images are turned by up to so many degrees"),                               \
      OPTION_REAL_ROW(section, base, xs_align_options, scale, "0.1", 0, 10,                        \
                      "0.1: images are sized by 1/1.1 to 1.1"),                                    \
      OPTION_REAL_ROW(section, base, xs_align_options, contrast, "0.5", 0, 100,                    \
                      "0.5: contrast is multiplied by 1/1.5 to 1.5"),                              \
      OPTION_REAL_ROW(section, base, xs_align_options, brightness, "0.2", 0, 1,                    \
                      "brightness changes by up to this share of black to white"),                 \
      OPTION_REAL_ROW(section, base, xs_align_options, noise, "0.05", 0, 1,                        \
                      "deviation of normal noise, as a share of black to white"),                  \
      ALIGN_ON_ROW(section, base, invert, "half of the images become their negative"),             \
      ALIGN_ON_ROW(section, base, colour,                                                          \
                   "change contrast, brightness and inversion of each channel for itself"),        \
      OPTION_FLAG_ROW(section, base, xs_align_options, flips,                                      \
                      "flip images at random (docs/method.md, Decision 10)"),                      \
      PRECISION_ROW(section, base, xs_align_options)

/* Of a method that takes statistics anew and learns nothing. */
#define STATISTICS_ROWS(section, base)                                                             \
  OPTION_INTEGER_ROW(section, base, xs_align_options, steps, "100", 1, 100000000,                  \
                     "batches whose statistics are averaged"),                                     \
      OPTION_INTEGER_ROW(section, base, xs_align_options, batch, "128", 1, 65536,                  \
                         "images of the target in a batch"),                                       \
      PRECISION_ROW(section, base, xs_align_options)

#endif
