/* settings_rows.h: the rows of a classifier's and an adapter's options, with the paper's values as
 * defaults, and of a matching translator's.  section: of the YAML file, or NULL; base: the offset
 * of the options in the record. */
#ifndef SETTINGS_ROWS_H
#define SETTINGS_ROWS_H

#include <stddef.h>

#include "option.h"
#include "xsite.h"

/* Choices are "a|b", so without the first |. */
#define ARCHITECTURE(id, name, ...) "|" name
static const char architecture_choices[] =
#include "xsite/architectures.def"
    ;

#define NAMES_YES(name) name ", "
#define NAMES_NO(name)
#define ARCHITECTURE(id, name, drops, ...) NAMES_##drops(name)
static const char classifier_dropout_help[] = "share of features dropped in training ("
#include "xsite/architectures.def"
                                              "no others)";
#define ARCHITECTURE(id, name, drops, ...) NAMES_##drops(name)
static const char target_dropout_help[] = "share of features dropped while F_T is trained ("
#include "xsite/architectures.def"
                                          "no others)";

#define PRECISION_ROW(section, base, type)                                                         \
  OPTION_CHOICE_ROW(section, base, type, precision, "f32", "f32|bf16", "NAME",                     \
                    "numbers that convolutions multiply in training; sums and all else are f32")

#define CLASSIFIER_ROWS(section, base)                                                             \
  OPTION_CHOICE_ROW(section, base, xs_classifier_options, architecture, "lenet",                   \
                    architecture_choices + 1, "NAME", "network (docs/method.md, Decision 4)"),     \
      OPTION_REAL_ROW(section, base, xs_classifier_options, learning_rate, "1e-3", 1e-9, 10,       \
                      "Adam's rate"),                                                              \
      OPTION_REAL_ROW(section, base, xs_classifier_options, weight_decay, "0", 0, 1,               \
                      "L2 penalty, added to the gradient"),                                        \
      OPTION_INTEGER_ROW(section, base, xs_classifier_options, batch, "128", 1, 65536,             \
                         "images per step"),                                                       \
      OPTION_INTEGER_ROW(section, base, xs_classifier_options, epochs, "200", 1, 1000000,          \
                         "most epochs"),                                                           \
      OPTION_INTEGER_ROW(section, base, xs_classifier_options, patience, "10", 1, 1000000,         \
                         "epochs without a better validation AUC before stopping"),                \
      OPTION_INTEGER_ROW(section, base, xs_classifier_options, steps_per_epoch, "0", 0, 100000000, \
                         "steps between validations; 0: one pass over the images"),                \
      OPTION_FLAG_ROW(section, base, xs_classifier_options, balanced,                              \
                      "draw every class equally often"),                                           \
      PRECISION_ROW(section, base, xs_classifier_options),                                         \
      OPTION_REAL_ROW(section, base, xs_classifier_options, dropout, "0.5", 0, 0.95,               \
                      classifier_dropout_help),                                                    \
      OPTION_REAL_ROW(section, base, xs_classifier_options, shift, "0", 0, 1,                      \
                      "training images are moved by up to this share of their side"),              \
      OPTION_REAL_ROW(section, base, xs_classifier_options, rotation, "0", 0, 180,                 \
                      "training images are turned by up to so many degrees"),                      \
      OPTION_FLAG_ROW(section, base, xs_classifier_options, flips,                                 \
                      "mirror half of the training images"),                                       \
      OPTION_FLAG_ROW(section, base, xs_classifier_options, robust,                                \
                      "train for sites that nobody has seen: images moved, turned and sized, "     \
                      "half of the batches in other tones, a quarter convolved at random"),        \
      OPTION_CHOICE_ROW(section, base, xs_classifier_options, robust_without, "nothing",           \
                        "nothing|convolution|tones|negative|noise|movement|pauses", "PART",        \
                        "leave a part of robust training out, to see what it is worth "            \
                        "(docs/method.md, Training to travel)")

#define CHOICE_ROWS(section, base)                                                                 \
  OPTION_CHOICE_ROW(section, base, xs_choice_options, rule, "careful", "careful|bold", "RULE",     \
                    "careful excludes what may have lost a class or did not learn, and leaves "    \
                    "the classifier as it is where little speaks for a change; bold takes the "    \
                    "best by the criterion"),                                                      \
      OPTION_CHOICE_ROW(section, base, xs_choice_options, criterion, "im",                         \
                        "im|entropy|snd|snd-features|dev|bnm|ensemble", "NAME",                    \
                        "by which a pair's classifier is chosen without labels"),                  \
      OPTION_CHOICE_ROW(                                                                           \
          section, base, xs_choice_options, ties, "ensemble", "ensemble|first", "HOW",             \
          "candidates whose im is within its error of the best: by agreement with the "            \
          "ensemble of all candidates, or the best as it is"),                                     \
      OPTION_CHOICE_ROW(section, base, xs_choice_options, predictor, "atc-entropy",                \
                        "confidence|confidence-difference|atc-confidence|atc-entropy", "NAME",     \
                        "by which accuracy at the target is predicted without labels"),            \
      OPTION_INTEGER_ROW(section, base, xs_choice_options, rows, "2000", 0, 1e9,                   \
                         "most target images that snd compares with each other, and most of each " \
                         "site that dev's "                                                        \
                         "importance weights are fitted to; 0: all")

#define NORMALISATION_ROW(record)                                                                  \
  OPTION_CHOICE_ROW(                                                                               \
      NULL, 0, record, normalisation, "half", "half|imagenet", "NAME",                             \
      "of a classifier's input: mean and deviation 0.5, or those of ImageNet models")

#define ADAPTER_ROWS(section, base)                                                                \
  OPTION_INTEGER_ROW(section, base, xs_adapter_options, channels, "64", 1, 4096,                   \
                     "channels of the first generator and critic layer"),                          \
      OPTION_INTEGER_ROW(section, base, xs_adapter_options, blocks, "4", 0, 1000,                  \
                         "residual blocks: 4 for digits, 9 for X-rays"),                           \
      OPTION_INTEGER_ROW(                                                                          \
          section, base, xs_adapter_options, critic_layers, "0", 0, 16,                            \
          "critic depth; 0: min(6, floor(log2(size)) - 1) (docs/method.md, Decision 5)"),          \
      OPTION_INTEGER_ROW(section, base, xs_adapter_options, batch, "200", 2, 65536,                \
                         "images per step, half source, half target"),                             \
      OPTION_INTEGER_ROW(section, base, xs_adapter_options, generator_steps, "40000", 1,           \
                         100000000, "generator updates (docs/method.md, Decision 8)"),             \
      OPTION_INTEGER_ROW(section, base, xs_adapter_options, critic_steps, "5", 1, 1000,            \
                         "critic updates per generator update (docs/method.md, Decision 8)"),      \
      OPTION_REAL_ROW(section, base, xs_adapter_options, learning_rate, "1e-4", 1e-9, 10,          \
                      "Adam's rate for generator and critic"),                                     \
      OPTION_REAL_ROW(section, base, xs_adapter_options, decay_start, "0.5", 0, 1,                 \
                      "share of the run after which the rate falls linearly to 0"),                \
      OPTION_REAL_ROW(section, base, xs_adapter_options, beta1, "0.5", 0, 0.9999,                  \
                      "Adam's first moment"),                                                      \
      OPTION_REAL_ROW(section, base, xs_adapter_options, beta2, "0.999", 0, 0.999999,              \
                      "Adam's second moment"),                                                     \
      OPTION_REAL_ROW(section, base, xs_adapter_options, gradient_penalty, "10", 0, 1e6,           \
                      "weight of the gradient penalty"),                                           \
      OPTION_REAL_ROW(section, base, xs_adapter_options, penalty_epsilon, "1e-12", 0, 1,           \
                      "added under the penalty's square root (docs/method.md, Decision 6)"),       \
      OPTION_REAL_ROW(section, base, xs_adapter_options, classification, "1", 0, 1e6,              \
                      "weight of naming the right site"),                                          \
      OPTION_REAL_ROW(section, base, xs_adapter_options, cycle, "10", 0, 1e6,                      \
                      "weight of the difference after translation there and back"),                \
      OPTION_CHOICE_ROW(section, base, xs_adapter_options, semantic, "paper",                      \
                        "paper|cycada-paper|off", "MODE",                                          \
                        "semantic loss (docs/method.md, Decision 7)"),                             \
      OPTION_REAL_ROW(                                                                             \
          section, base, xs_adapter_options, semantic_cycle, "1", 0, 1e6,                          \
          "weight of the source classifier's loss on images translated there and back"),           \
      OPTION_REAL_ROW(section, base, xs_adapter_options, semantic_target, "1", 0, 1e6,             \
                      "weight of the target classifier's loss on translated source images"),       \
      OPTION_REAL_ROW(section, base, xs_adapter_options, semantic_pseudo, "1", 0, 1e6,             \
                      "weight of the source classifier's loss on translated target images"),       \
      OPTION_REAL_ROW(                                                                             \
          section, base, xs_adapter_options, pseudo_threshold, "1", 0, 1e6,                        \
          "loss of the target classifier below which its labels of target images are used"),       \
      OPTION_REAL_ROW(section, base, xs_adapter_options, target_learning_rate, "1e-4", 1e-9, 10,   \
                      "Adam's rate for F_T and F_S (docs/method.md, Decision 12)"),                \
      OPTION_REAL_ROW(section, base, xs_adapter_options, target_beta1, "0.5", 0, 0.9999,           \
                      "Adam's first moment for F_T and F_S"),                                      \
      OPTION_REAL_ROW(section, base, xs_adapter_options, target_decay_start, "0.5", 0, 1,          \
                      "share of the run after which the rate of F_T and F_S falls linearly to 0"), \
      OPTION_REAL_ROW(section, base, xs_adapter_options, target_dropout, "0.5", 0, 0.95,           \
                      target_dropout_help),                                                        \
      OPTION_INTEGER_ROW(section, base, xs_adapter_options, target_every, "1", 1, 1000000,         \
                         "generator updates per update of the target classifier"),                 \
      OPTION_CHOICE_ROW(section, base, xs_adapter_options, target_mode, "evaluation",              \
                        "evaluation|training", "MODE",                                             \
                        "of F_T where the generator learns from it (docs/method.md, "              \
                        "Decision 14)"),                                                           \
      OPTION_INTEGER_ROW(section, base, xs_adapter_options, source_every, "1", 0, 1000000,         \
                         "generator updates per update of F_S on source images; 0: F_S is frozen " \
                         "(docs/method.md, Decision 13)"),                                         \
      OPTION_CHOICE_ROW(section, base, xs_adapter_options, generator_batch, "own", "own|critic",   \
                        "WHICH",                                                                   \
                        "images of a generator update: its own, or the critic's last "             \
                        "(docs/method.md, Decision 15)"),                                          \
      OPTION_CHOICE_ROW(section, base, xs_adapter_options, translate, "other", "other|permute",    \
                        "HOW",                                                                     \
                        "wanted domain: the other, or a permutation of the batch's "               \
                        "(docs/method.md, Decision 9)"),                                           \
      PRECISION_ROW(section, base, xs_adapter_options),                                            \
      OPTION_FLAG_ROW(section, base, xs_adapter_options, flips,                                    \
                      "flip images at random (docs/method.md, Decision 10)"),                      \
      OPTION_FLAG_ROW(section, base, xs_adapter_options, balanced,                                 \
                      "draw every class of the source equally often")

static const char match_choices[] =
#define MATCH(id, ...) "|" #id
#include "xsite/methods.def"
    ;
static const char match_help[] = "what a translated image takes over"
#define MATCH(id, called, does, work, own) own
#include "xsite/methods.def"
    ;
#define MATCH_METHOD_ROW(section, base)                                                            \
  OPTION_CHOICE_ROW(section, base, xs_match_options, method, "fourier", match_choices + 1, "NAME", \
                    match_help)

/* All but the method. */
#define MATCH_ROWS(section, base)                                                                  \
  OPTION_CHOICE_ROW(section, base, xs_match_options, reference, "image", "image|mean", "WHAT",     \
                    "from one image of the other site, drawn for each, or from their mean"),       \
      OPTION_INTEGER_ROW(section, base, xs_match_options, images, "500", 1, 1000000,               \
                         "images of each site that are references"),                               \
      OPTION_FLAG_ROW(section, base, xs_match_options, mix,                                        \
                      "go a share of the way only, drawn for each image"),                         \
      OPTION_INTEGER_ROW(section, base, xs_match_options, levels, "256", 1, 65536,                 \
                         "values of a quantile function"),                                         \
      OPTION_REAL_ROW(section, base, xs_match_options, beta, "0.1", 0, 0.5,                        \
                      "half the window's side as a share of the spectrum's")

#endif
