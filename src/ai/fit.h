/*
 * A threshold from what people said of answers: the smallest one above which,
 * with 95 % confidence, at most so many of a hundred are wrong.
 *
 * The confidence is that of Clopper and Pearson: the one-sided upper bound of
 * a share, exact for any number of labels.  Answers that were looked at by a
 * draw of so many of a hundred count for those that were not (weight), and
 * Kish's effective number of labels takes the place of their number then.
 */

#ifndef CX_AI_FIT_H
#define CX_AI_FIT_H

#include <stdbool.h>
#include <stddef.h>

#define CX_FIT_SURE      0.95
#define CX_FIT_MIN       50     /* labels above a threshold, at least */

typedef struct {
    double  confidence;     /* 0..1, as it was when the answer was made */
    bool    wrong;
    double  weight;         /* 1 and more: answers it stands for */
} cx_fit_label;

typedef struct {
    bool    found;
    double  threshold;      /* found; else the one that came closest */
    size_t  above;          /* labels at and above it */
    size_t  wrong;          /* of them */
    double  error;          /* share that is wrong, by weight */
    double  low;            /* its interval: two-sided, 90 %, so that high */
    double  high;           /* is the bound that was compared */
    double  waits;          /* share of all answers below it, by weight */
    size_t  missing;        /* not found: at least so many more labels, if the
                             * share stays; 0: more of them do not help */
} cx_fit;

/* Sorts labels.  target: 0 < x < 1. */
void cx_fit_threshold(cx_fit_label *labels, size_t n, double target,
    cx_fit *out);

/* The least share of wrong ones that n labels, so many of them wrong, do not
 * rule out above it with that confidence: 1 if all are wrong. */
double cx_fit_upper(double wrong, double n, double sure);
double cx_fit_lower(double wrong, double n, double sure);

/* Labels without a wrong one that are needed for a target. */
size_t cx_fit_least(double target);

#endif /* CX_AI_FIT_H */
