/* beta.h: the regularised incomplete beta function. */
#ifndef BETA_H
#define BETA_H

/* I_x(a, b) for a, b > 0 and x + y = 1, both given so that neither loses digits near 0. */
double beta_incomplete(double x, double y, double a, double b);

#endif
