/* xsite/adapt.h: how a classifier or its images are adapted to a site without labels. */
#ifndef XSITE_ADAPT_H
#define XSITE_ADAPT_H

#include "xsite/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* "Decision N" is a paragraph of docs/method.md, which says why. */

/* ==== adapters ================================================================================ */

typedef struct xs_adapter_options {
  int64_t channels;      /* of the first generator and critic layer */
  int64_t blocks;        /* residual blocks */
  int64_t critic_layers; /* 0: min(6, floor(log2(size)) - 1), Decision 5 */
  int64_t batch;         /* half source, half target */
  int64_t generator_steps;
  int64_t critic_steps; /* per generator step, Decision 8 */
  double learning_rate;
  double decay_start; /* fraction of the run after which the rate falls linearly to 0 */
  double beta1, beta2;
  double gradient_penalty;                                 /* lambda_gp */
  double penalty_epsilon;                                  /* Decision 6 */
  double classification;                                   /* lambda_cls */
  double cycle;                                            /* lambda_cyc */
  char *semantic;                                          /* "paper", "cycada-paper", "off" */
  double semantic_cycle, semantic_target, semantic_pseudo; /* weights of the three terms */
  double pseudo_threshold;     /* the third term is off until F_T's loss on fakes is at most this */
  double target_learning_rate; /* of F_T and F_S, Decision 12 */
  double target_beta1;         /* likewise */
  double target_decay_start;   /* like decay_start */
  double target_dropout;       /* of F_T and F_S while they are trained */
  int64_t target_every;        /* generator updates per F_T update */
  char *target_mode;           /* "evaluation", "training": Decision 14 */
  int64_t source_every;        /* generator updates per F_S update; 0: frozen, Decision 13 */
  char *generator_batch;       /* "own", "critic": Decision 15 */
  char *translate;             /* "other", "permute": Decision 9 */
  bool flips;                  /* Decision 10 */
  bool balanced;               /* source half balanced by label */
  char *precision;             /* as of a classifier */
} xs_adapter_options;

/* The program's defaults, which are the paper's; texts are constants, which nobody frees. */
XS_API xs_adapter_options xs_adapter_defaults(void);

typedef struct xs_match_options { /* of a translator that needs no training */
  char *method;                   /* a MATCH of xsite/methods.def */
  char *reference; /* "image": one drawn for each translated image; "mean": their mean */
  int64_t images;  /* of each site, kept as references */
  bool mix;        /* go only a share of the way, uniform in [0,1), drawn for each image */
  int64_t levels;  /* of a quantile function */
  double beta;     /* highest frequency of the window, in cycles a pixel */
} xs_match_options;

/* The program's defaults of this method, whose name is lent; texts are constants. */
XS_API xs_match_options xs_match_method_defaults(const char *method);

/* ==== alignment: a classifier is adapted itself, without a translator ========================= */

typedef struct xs_align_options {
  char *method;  /* an ALIGN or STATISTICS of xsite/methods.def */
  int64_t steps; /* all of them: there is no early stopping without labels */
  int64_t batch; /* images of each site a step */
  double learning_rate;
  double weight_decay;
  double weight;    /* of what is asked of the target's images, beside the source's labels */
  double balance;   /* of the even use of all classes */
  double threshold; /* probability above which a pseudo-label is taken */
  double momentum;  /* of the teacher */
  double dropout;
  bool balanced; /* source images balanced by label */
  /* The random changes of the source's images and of the target's second view; 0 is none. */
  double shift;      /* share of the side */
  double rotation;   /* degrees */
  double scale;      /* 0.1: between 1/1.1 and 1.1 */
  double contrast;   /* likewise */
  double brightness; /* of the range from black to white */
  double noise;      /* deviation, of the same range */
  bool flips;        /* Decision 10 */
  bool invert;       /* half of the images become their negative */
  bool colour;       /* contrast, brightness and inversion of each channel for itself */
  char *precision;   /* as of a classifier */
} xs_align_options;

/* The program's defaults of this method, whose name is lent; texts are constants. */
XS_API xs_align_options xs_align_method_defaults(const char *method);

#ifdef __cplusplus
}
#endif

#endif
