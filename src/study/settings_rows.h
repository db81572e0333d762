/* settings_rows.h: the rows of a classifier's and an adapter's options, with the paper's values as
 * defaults.  section: of the YAML file, or NULL; record: the options' type; base: its offset. */
#ifndef SETTINGS_ROWS_H
#define SETTINGS_ROWS_H

#include <stddef.h>

#include "option.h"
#include "xsite.h"

#define CLASSIFIER_ROWS(section, record, base)                                                       \
  {section,                                                                                          \
   "architecture",                                                                                   \
   OPTION_CHOICE,                                                                                    \
   base + offsetof(record, architecture),                                                            \
   "lenet",                                                                                          \
   false,                                                                                            \
   0,                                                                                                \
   0,                                                                                                \
   "lenet|lenet5",                                                                                   \
   "NAME",                                                                                           \
   "network (Decision 4)"},                                                                          \
      {section,      "learning_rate",                                                                \
       OPTION_REAL,  base + offsetof(record, learning_rate),                                         \
       "1e-3",       false,                                                                          \
       1e-9,         10,                                                                             \
       NULL,         "X",                                                                            \
       "Adam's rate"},                                                                               \
      {section, "weight_decay", OPTION_REAL, base + offsetof(record, weight_decay), "0", false, 0,   \
       1,       NULL,           "X",         "L2 penalty, added to the gradient"},                   \
      {section, "batch", OPTION_INTEGER,   base + offsetof(record, batch), "128", false, 1, 65536,   \
       NULL,    "N",     "images per step"},                                                         \
      {section, "epochs", OPTION_INTEGER, base + offsetof(record, epochs), "200", false, 1, 1000000, \
       NULL,    "N",      "most epochs"},                                                            \
      {section,                                                                                      \
       "patience",                                                                                   \
       OPTION_INTEGER,                                                                               \
       base + offsetof(record, patience),                                                            \
       "10",                                                                                         \
       false,                                                                                        \
       1,                                                                                            \
       1000000,                                                                                      \
       NULL,                                                                                         \
       "N",                                                                                          \
       "epochs without a better validation AUC before stopping"},                                    \
      {section,                                                                                      \
       "steps_per_epoch",                                                                            \
       OPTION_INTEGER,                                                                               \
       base + offsetof(record, steps_per_epoch),                                                     \
       "0",                                                                                          \
       false,                                                                                        \
       0,                                                                                            \
       100000000,                                                                                    \
       NULL,                                                                                         \
       "N",                                                                                          \
       "steps between validations; 0: one pass over the images"},                                    \
      {section, "balanced", OPTION_FLAG, base + offsetof(record, balanced), "no", false, 0,          \
       0,       NULL,       NULL,        "draw every class equally often"},                          \
  {                                                                                                  \
    section, "dropout", OPTION_REAL, base + offsetof(record, dropout), "0.5", false, 0, 0.95,        \
        NULL, "P", "share of features dropped in training (lenet only)"                              \
  }

#define ADAPTER_ROWS(section, record, base)                                                        \
  {section,                                                                                        \
   "channels",                                                                                     \
   OPTION_INTEGER,                                                                                 \
   base + offsetof(record, channels),                                                              \
   "64",                                                                                           \
   false,                                                                                          \
   1,                                                                                              \
   4096,                                                                                           \
   NULL,                                                                                           \
   "N",                                                                                            \
   "channels of the first generator and critic layer"},                                            \
      {section,                                                                                    \
       "blocks",                                                                                   \
       OPTION_INTEGER,                                                                             \
       base + offsetof(record, blocks),                                                            \
       "4",                                                                                        \
       false,                                                                                      \
       0,                                                                                          \
       1000,                                                                                       \
       NULL,                                                                                       \
       "N",                                                                                        \
       "residual blocks: 4 for digits, 9 for X-rays"},                                             \
      {section,                                                                                    \
       "critic_layers",                                                                            \
       OPTION_INTEGER,                                                                             \
       base + offsetof(record, critic_layers),                                                     \
       "0",                                                                                        \
       false,                                                                                      \
       0,                                                                                          \
       16,                                                                                         \
       NULL,                                                                                       \
       "N",                                                                                        \
       "critic depth; 0: min(6, floor(log2(size)) - 1) (Decision 5)"},                             \
      {section,                                                                                    \
       "batch",                                                                                    \
       OPTION_INTEGER,                                                                             \
       base + offsetof(record, batch),                                                             \
       "200",                                                                                      \
       false,                                                                                      \
       2,                                                                                          \
       65536,                                                                                      \
       NULL,                                                                                       \
       "N",                                                                                        \
       "images per step, half source, half target"},                                               \
      {section,                                                                                    \
       "generator_steps",                                                                          \
       OPTION_INTEGER,                                                                             \
       base + offsetof(record, generator_steps),                                                   \
       "40000",                                                                                    \
       false,                                                                                      \
       1,                                                                                          \
       100000000,                                                                                  \
       NULL,                                                                                       \
       "N",                                                                                        \
       "generator updates (Decision 8)"},                                                          \
      {section,                                                                                    \
       "critic_steps",                                                                             \
       OPTION_INTEGER,                                                                             \
       base + offsetof(record, critic_steps),                                                      \
       "5",                                                                                        \
       false,                                                                                      \
       1,                                                                                          \
       1000,                                                                                       \
       NULL,                                                                                       \
       "N",                                                                                        \
       "critic updates per generator update (Decision 8)"},                                        \
      {section,                                                                                    \
       "learning_rate",                                                                            \
       OPTION_REAL,                                                                                \
       base + offsetof(record, learning_rate),                                                     \
       "1e-4",                                                                                     \
       false,                                                                                      \
       1e-9,                                                                                       \
       10,                                                                                         \
       NULL,                                                                                       \
       "X",                                                                                        \
       "Adam's rate for generator and critic"},                                                    \
      {section,                                                                                    \
       "decay_start",                                                                              \
       OPTION_REAL,                                                                                \
       base + offsetof(record, decay_start),                                                       \
       "0.5",                                                                                      \
       false,                                                                                      \
       0,                                                                                          \
       1,                                                                                          \
       NULL,                                                                                       \
       "X",                                                                                        \
       "share of the run after which the rate falls linearly to 0"},                               \
      {section, "beta1", OPTION_REAL, base + offsetof(record, beta1), "0.5", false, 0,             \
       0.9999,  NULL,    "X",         "Adam's first moment"},                                      \
      {section,  "beta2", OPTION_REAL, base + offsetof(record, beta2), "0.999", false, 0,          \
       0.999999, NULL,    "X",         "Adam's second moment"},                                    \
      {section,                                                                                    \
       "gradient_penalty",                                                                         \
       OPTION_REAL,                                                                                \
       base + offsetof(record, gradient_penalty),                                                  \
       "10",                                                                                       \
       false,                                                                                      \
       0,                                                                                          \
       1e6,                                                                                        \
       NULL,                                                                                       \
       "X",                                                                                        \
       "weight lambda_gp"},                                                                        \
      {section,                                                                                    \
       "penalty_epsilon",                                                                          \
       OPTION_REAL,                                                                                \
       base + offsetof(record, penalty_epsilon),                                                   \
       "1e-12",                                                                                    \
       false,                                                                                      \
       0,                                                                                          \
       1,                                                                                          \
       NULL,                                                                                       \
       "X",                                                                                        \
       "added under the penalty's square root (Decision 6)"},                                      \
      {section,                                                                                    \
       "classification",                                                                           \
       OPTION_REAL,                                                                                \
       base + offsetof(record, classification),                                                    \
       "1",                                                                                        \
       false,                                                                                      \
       0,                                                                                          \
       1e6,                                                                                        \
       NULL,                                                                                       \
       "X",                                                                                        \
       "weight lambda_cls of the domain classification"},                                          \
      {section, "cycle", OPTION_REAL,        base + offsetof(record, cycle), "10", false, 0, 1e6,  \
       NULL,    "X",     "weight lambda_cyc"},                                                     \
      {section,                                                                                    \
       "semantic",                                                                                 \
       OPTION_CHOICE,                                                                              \
       base + offsetof(record, semantic),                                                          \
       "paper",                                                                                    \
       false,                                                                                      \
       0,                                                                                          \
       0,                                                                                          \
       "paper|cycada-paper|off",                                                                   \
       "MODE",                                                                                     \
       "semantic loss (Decision 7)"},                                                              \
      {section,                                                                                    \
       "semantic_cycle",                                                                           \
       OPTION_REAL,                                                                                \
       base + offsetof(record, semantic_cycle),                                                    \
       "1",                                                                                        \
       false,                                                                                      \
       0,                                                                                          \
       1e6,                                                                                        \
       NULL,                                                                                       \
       "X",                                                                                        \
       "weight of F_S on the cycle"},                                                              \
      {section,                                                                                    \
       "semantic_target",                                                                          \
       OPTION_REAL,                                                                                \
       base + offsetof(record, semantic_target),                                                   \
       "1",                                                                                        \
       false,                                                                                      \
       0,                                                                                          \
       1e6,                                                                                        \
       NULL,                                                                                       \
       "X",                                                                                        \
       "weight of F_T on translated source images"},                                               \
      {section,                                                                                    \
       "semantic_pseudo",                                                                          \
       OPTION_REAL,                                                                                \
       base + offsetof(record, semantic_pseudo),                                                   \
       "1",                                                                                        \
       false,                                                                                      \
       0,                                                                                          \
       1e6,                                                                                        \
       NULL,                                                                                       \
       "X",                                                                                        \
       "weight of F_S on translated target images"},                                               \
      {section,                                                                                    \
       "pseudo_threshold",                                                                         \
       OPTION_REAL,                                                                                \
       base + offsetof(record, pseudo_threshold),                                                  \
       "1",                                                                                        \
       false,                                                                                      \
       0,                                                                                          \
       1e6,                                                                                        \
       NULL,                                                                                       \
       "X",                                                                                        \
       "F_T's loss at which the pseudo-label term starts"},                                        \
      {section,                                                                                    \
       "target_learning_rate",                                                                     \
       OPTION_REAL,                                                                                \
       base + offsetof(record, target_learning_rate),                                              \
       "1e-3",                                                                                     \
       false,                                                                                      \
       1e-9,                                                                                       \
       10,                                                                                         \
       NULL,                                                                                       \
       "X",                                                                                        \
       "Adam's rate for F_T"},                                                                     \
      {section,                                                                                    \
       "target_dropout",                                                                           \
       OPTION_REAL,                                                                                \
       base + offsetof(record, target_dropout),                                                    \
       "0.5",                                                                                      \
       false,                                                                                      \
       0,                                                                                          \
       0.95,                                                                                       \
       NULL,                                                                                       \
       "P",                                                                                        \
       "share of features dropped while F_T is trained (lenet only)"},                             \
      {section,                                                                                    \
       "target_every",                                                                             \
       OPTION_INTEGER,                                                                             \
       base + offsetof(record, target_every),                                                      \
       "1",                                                                                        \
       false,                                                                                      \
       1,                                                                                          \
       1000000,                                                                                    \
       NULL,                                                                                       \
       "N",                                                                                        \
       "generator updates per update of F_T"},                                                     \
      {section,                                                                                    \
       "translate",                                                                                \
       OPTION_CHOICE,                                                                              \
       base + offsetof(record, translate),                                                         \
       "other",                                                                                    \
       false,                                                                                      \
       0,                                                                                          \
       0,                                                                                          \
       "other|permute",                                                                            \
       "HOW",                                                                                      \
       "wanted domain: the other, or a permutation of the batch's (Decision 9)"},                  \
      {section, "flips", OPTION_FLAG, base + offsetof(record, flips),       "no", false, 0,        \
       0,       NULL,    NULL,        "flip images at random (Decision 10)"},                      \
  {                                                                                                \
    section, "balanced", OPTION_FLAG, base + offsetof(record, balanced), "no", false, 0, 0, NULL,  \
        NULL, "draw every class of the source equally often"                                       \
  }

#endif
