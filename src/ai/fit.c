#include "ai/fit.h"

#include <math.h>
#include <stdlib.h>


#define STEPS     60        /* of a search by halves: beyond a double's bits */
#define FRACTION  400       /* terms of a continued fraction */
#define TINY      1e-300
#define MANY      1000000

/* What lies at and above a threshold. */
typedef struct {
    size_t  n;
    size_t  wrong;
    double  weight;
    double  weight_wrong;
    double  squares;
} pile;


static int by_confidence(const void *x, const void *y);
static double error_of(const pile *p);
static double size_of(const pile *p);
static void note(const pile *p, double threshold, double all, cx_fit *out);
static size_t missing(const cx_fit *f, size_t n, double target);
static double share(double a, double b, double p);
static double beta_part(double a, double b, double x);
static double fraction(double a, double b, double x);


void
cx_fit_threshold(cx_fit_label *labels, size_t n, double target, cx_fit *out)
{
    pile    p = { 0 };
    double  high, closest = 2, all = 0;

    *out = (cx_fit) { .threshold = 1, .high = 1, .waits = 1 };
    qsort(labels, n, sizeof(*labels), by_confidence);

    for (size_t i = 0; i < n; i++) {
        all += labels[i].weight;
    }

    /* From the surest down.  Those with the same confidence stand or fall
     * together. */
    for (size_t i = 0; i < n; i++) {
        const double  w = labels[i].weight;

        p.n++;
        p.wrong += labels[i].wrong;
        p.weight += w;
        p.weight_wrong += labels[i].wrong ? w : 0;
        p.squares += w * w;

        if (i + 1 < n && labels[i + 1].confidence >= labels[i].confidence) {
            continue;
        }

        /* The bound is above the share: it need not be asked for. */
        if (error_of(&p) > target && error_of(&p) >= closest) {
            continue;
        }

        high = cx_fit_upper(error_of(&p) * size_of(&p), size_of(&p),
                            CX_FIT_SURE);

        if (p.n >= CX_FIT_MIN && high <= target) {
            out->found = true;
            note(&p, labels[i].confidence, all, out);

        } else if (!out->found && high < closest) {
            closest = high;
            note(&p, labels[i].confidence, all, out);
        }
    }

    out->missing = out->found ? 0 : missing(out, n, target);
}


static int
by_confidence(const void *x, const void *y)
{
    const double  a = ((const cx_fit_label *) x)->confidence;
    const double  b = ((const cx_fit_label *) y)->confidence;

    return (a < b) - (a > b);
}


static double
error_of(const pile *p)
{
    return p->weight > 0 ? p->weight_wrong / p->weight : 0;
}


/* Kish: labels of unlike weight tell less than their number. */
static double
size_of(const pile *p)
{
    return p->squares > 0 ? p->weight * p->weight / p->squares : 0;
}


static void
note(const pile *p, double threshold, double all, cx_fit *out)
{
    const double  n = size_of(p);

    out->threshold = threshold;
    out->above = p->n;
    out->wrong = p->wrong;
    out->error = error_of(p);
    out->low = cx_fit_lower(out->error * n, n, CX_FIT_SURE);
    out->high = cx_fit_upper(out->error * n, n, CX_FIT_SURE);
    out->waits = all > 0 ? 1 - p->weight / all : 1;
}


size_t
cx_fit_least(double target)
{
    const double  n = ceil(log(1 - CX_FIT_SURE) / log(1 - target));

    return n < CX_FIT_MIN ? CX_FIT_MIN : n < MANY ? (size_t) n : MANY;
}


/* If the share stays as it is.  A few labels do not tell that it is hopeless:
 * the wrong ones may all have come first. */
static size_t
missing(const cx_fit *f, size_t n, double target)
{
    size_t  low = f->above, high;

    if (f->error >= target || f->above == 0) {
        return n < cx_fit_least(target) ? cx_fit_least(target) - n : 0;
    }

    high = cx_fit_least(target) + f->above;

    while (high < MANY && cx_fit_upper(f->error * (double) high,
                                       (double) high, CX_FIT_SURE) > target)
    {
        low = high;
        high *= 2;
    }

    while (high - low > 1) {
        const size_t  half = low + (high - low) / 2;

        if (half >= CX_FIT_MIN
            && cx_fit_upper(f->error * (double) half, (double) half,
                            CX_FIT_SURE) <= target)
        {
            high = half;

        } else {
            low = half;
        }
    }

    return high - f->above;
}


/* --- the interval of Clopper and Pearson --------------------------------- */

double
cx_fit_upper(double wrong, double n, double sure)
{
    return n <= 0 || wrong >= n ? 1 : share(wrong + 1, n - wrong, sure);
}


double
cx_fit_lower(double wrong, double n, double sure)
{
    return n <= 0 || wrong <= 0 ? 0 : share(wrong, n - wrong + 1, 1 - sure);
}


/* The x at which beta_part() is p. */
static double
share(double a, double b, double p)
{
    double  low = 0, high = 1;

    for (int i = 0; i < STEPS; i++) {
        const double  x = (low + high) / 2;

        *(beta_part(a, b, x) < p ? &low : &high) = x;
    }

    return (low + high) / 2;
}


/* The regularized incomplete beta function. */
static double
beta_part(double a, double b, double x)
{
    const double  front = x <= 0 || x >= 1 ? 0
        : exp(lgamma(a + b) - lgamma(a) - lgamma(b)
              + a * log(x) + b * log1p(-x));

    if (x <= 0 || x >= 1) {
        return x <= 0 ? 0 : 1;
    }

    /* The fraction converges on this side of the peak. */
    return x < (a + 1) / (a + b + 2) ? front * fraction(a, b, x) / a
                                     : 1 - front * fraction(b, a, 1 - x) / b;
}


/* Its continued fraction, by Lentz. */
static double
fraction(double a, double b, double x)
{
    double  c = 1, d = 1 - (a + b) * x / (a + 1), f;

    d = 1 / (fabs(d) > TINY ? d : TINY);
    f = d;

    for (int i = 1; i < FRACTION; i++) {
        for (int odd = 0; odd < 2; odd++) {
            const double  k = odd
                ? -(a + i) * (a + b + i) * x / ((a + 2 * i) * (a + 2 * i + 1))
                : i * (b - i) * x / ((a + 2 * i - 1) * (a + 2 * i));

            d = 1 + k * d;
            d = 1 / (fabs(d) > TINY ? d : TINY);
            c = 1 + k / c;
            c = fabs(c) > TINY ? c : TINY;
            f *= c * d;
        }

        if (fabs(c * d - 1) < 1e-12) {
            break;
        }
    }

    return f;
}
