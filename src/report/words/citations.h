/* citations.h: works that the methods paragraphs cite, numbered as they first appear; beside those
 * here, the works of xsite/architectures.def and methods.def. */
#ifndef CITATIONS_H
#define CITATIONS_H

#define WORK_STARGAN                                                                               \
  "Y. Choi et al., StarGAN: Unified Generative Adversarial Networks for Multi-Domain "             \
  "Image-to-Image Translation, CVPR 2018."
#define WORK_WGAN_GP "I. Gulrajani et al., Improved Training of Wasserstein GANs, NeurIPS 2017."
#define WORK_CYCADA                                                                                \
  "J. Hoffman et al., CyCADA: Cycle-Consistent Adversarial Domain Adaptation, ICML 2018."
#define WORK_ADAM "D. P. Kingma, J. Ba, Adam: A Method for Stochastic Optimization, ICLR 2015."
#define WORK_IM                                                                                    \
  "Y. Shi, F. Sha, Information-Theoretical Learning of Discriminative Clusters for "               \
  "Unsupervised Domain Adaptation, ICML 2012."
#define WORK_ENTROPY                                                                               \
  "P. Morerio, J. Cavazza, V. Murino, Minimal-Entropy Correlation Alignment for "                  \
  "Unsupervised Deep Domain Adaptation, ICLR 2018."
#define WORK_SND                                                                                   \
  "K. Saito et al., Tune it the Right Way: Unsupervised Validation of Domain Adaptation "          \
  "via Soft Neighborhood Density, ICCV 2021."
#define WORK_DEV                                                                                   \
  "K. You, X. Wang, M. Long, M. I. Jordan, Towards Accurate Model Selection in Deep "              \
  "Unsupervised Domain Adaptation, ICML 2019."
#define WORK_BNM                                                                                   \
  "S. Cui et al., Towards Discriminability and Diversity: Batch Nuclear-Norm Maximization"         \
  " Under Label Insufficient Situations, CVPR 2020."
#define WORK_ENSEMBLE                                                                              \
  "D. Hu, R. Luo, J. Liang, C. S. Foo, Towards Reliable Model Selection for Unsupervised "         \
  "Domain Adaptation: An Empirical Study and a Certified Baseline, NeurIPS 2024."
#define WORK_CONFIDENCE                                                                            \
  "D. Hendrycks, K. Gimpel, A Baseline for Detecting Misclassified and Out-of-"                    \
  "Distribution Examples in Neural Networks, ICLR 2017."
#define WORK_CONFIDENCE_DIFFERENCE                                                                 \
  "D. Guillory et al., Predicting with Confidence on Unseen Distributions, ICCV 2021."
#define WORK_ATC                                                                                   \
  "S. Garg et al., Leveraging Unlabeled Data to Predict Out-of-Distribution Performance, "         \
  "ICLR 2022."
#define WORK_CONFORMAL                                                                             \
  "J. Lei et al., Distribution-Free Predictive Inference for Regression, JASA 113(523), "          \
  "2018."
#define WORK_BBSE                                                                                  \
  "Z. C. Lipton, Y.-X. Wang, A. Smola, Detecting and Correcting for Label Shift with "             \
  "Black Box Predictors, ICML 2018."
#define WORK_DELONG                                                                                \
  "E. R. DeLong, D. M. DeLong, D. L. Clarke-Pearson, Comparing the Areas under Two or "            \
  "More Correlated Receiver Operating Characteristic Curves, Biometrics 44(3), 1988."
#define WORK_HOLM                                                                                  \
  "S. Holm, A Simple Sequentially Rejective Multiple Test Procedure, Scandinavian Journal"         \
  " of Statistics 6(2), 1979."
#define WORK_NEWCOMBE                                                                              \
  "R. G. Newcombe, Confidence Intervals for an Effect Size Measure Based on the Mann-"             \
  "Whitney Statistic. Part 2: Asymptotic Methods and Evaluation, Statistics in Medicine "          \
  "25(4), 2006."
#define WORK_MOVER                                                                                 \
  "G. Y. Zou, A. Donner, Construction of Confidence Limits About Effect Measures: A "              \
  "General Approach, Statistics in Medicine 27(10), 2008."
#define WORK_ECE                                                                                   \
  "C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, On Calibration of Modern Neural Networks,"         \
  " ICML 2017."

typedef struct citations {
  const char **order; /* [n], to be freed; the texts are lent */
  int n;
} citations;

/* The number of a work, given to it now where it has none. */
int citation(citations *c, const char *work);

#endif
