/* normal.h: the normal distribution's point for intervals of 95 %. */
#ifndef NORMAL_H
#define NORMAL_H

#define NORMAL_97_5 1.959963984540054 /* 97.5 % of it lies below */

#endif
