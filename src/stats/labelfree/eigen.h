/* eigen.h: eigenvalues of small symmetric matrices. */
#ifndef EIGEN_H
#define EIGEN_H

/* Of the symmetric a [n][n], which is destroyed, into value [n], in no order: cyclic Jacobi
 * rotations (Golub and Van Loan 2013, section 8.5). */
void eigen_values(double *a, int n, double *value);

#endif
