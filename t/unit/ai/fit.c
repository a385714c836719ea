/* The threshold that is fitted to people's labels. */

#include "ai/fit.h"

#include "unit/tap.h"

#include <math.h>
#include <stdint.h>


#define LABELS  500
#define RUNS    100
#define GRID    20000       /* answers whose true error is known */

/* splitmix64: a run has its seed, and is the same everywhere. */
static uint64_t  seed;


static double
chance(void)
{
    uint64_t  x = (seed += UINT64_C(0x9e3779b97f4a7c15));

    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    x ^= x >> 31;

    return (double) (x >> 11) / 9007199254740992.0;
}


static bool
near(double x, double y)
{
    return fabs(x - y) < 5e-5;
}


/* By tables of the binomial distribution. */
static void
bounds(void)
{
    tap_ok(near(cx_fit_upper(0, 149, 0.95), 0.0199), "0 of 149: %.4f",
           cx_fit_upper(0, 149, 0.95));
    tap_ok(near(cx_fit_upper(3, 385, 0.95), 0.0200), "3 of 385: %.4f",
           cx_fit_upper(3, 385, 0.95));
    tap_ok(near(cx_fit_upper(1, 10, 0.95), 0.3942), "1 of 10: %.4f",
           cx_fit_upper(1, 10, 0.95));
    tap_ok(near(cx_fit_upper(5, 10, 0.95), 0.7776), "5 of 10: %.4f",
           cx_fit_upper(5, 10, 0.95));
    tap_ok(near(cx_fit_lower(1, 10, 0.95), 0.0051), "not less than %.4f",
           cx_fit_lower(1, 10, 0.95));
    tap_ok(near(cx_fit_lower(5, 10, 0.95), 0.2224), "not less than %.4f",
           cx_fit_lower(5, 10, 0.95));
    tap_ok(cx_fit_upper(10, 10, 0.95) == 1 && cx_fit_lower(0, 10, 0.95) == 0
           && cx_fit_upper(0, 0, 0.95) == 1, "the ends");
    tap_ok(cx_fit_least(0.02) == 149 && cx_fit_least(0.5) == CX_FIT_MIN,
           "149 without a mistake for 2 in a hundred");
}


/* --- few labels ---------------------------------------------------------- */

static size_t
fill(cx_fit_label *labels, size_t n, double confidence, size_t wrong)
{
    for (size_t i = 0; i < n; i++) {
        labels[i] = (cx_fit_label) { confidence, i < wrong, 1 };
    }

    return n;
}


static void
few(void)
{
    static cx_fit_label  l[1000];
    size_t               n;
    cx_fit               f;

    cx_fit_threshold(l, 0, 0.02, &f);
    tap_ok(!f.found && f.missing == 149, "none: %zu are missing", f.missing);

    n = fill(l, 100, 0.98, 0);
    cx_fit_threshold(l, n, 0.02, &f);
    tap_ok(!f.found && f.missing == 49, "100: %zu are missing", f.missing);

    n = fill(l, 149, 0.98, 0);
    cx_fit_threshold(l, n, 0.02, &f);
    tap_ok(f.found && f.threshold == 0.98 && f.above == 149 && f.wrong == 0
           && f.missing == 0, "149 are enough");

    n = fill(l, 200, 0.98, 3);
    cx_fit_threshold(l, n, 0.02, &f);
    tap_ok(!f.found && f.missing > 1500 && f.missing < 2500,
           "with 3 mistakes %zu are missing", f.missing);

    n = fill(l, 500, 0.98, 50);
    cx_fit_threshold(l, n, 0.02, &f);
    tap_ok(!f.found && f.missing == 0 && f.error == 0.1,
           "one in ten is wrong: more labels do not help");
}


/* --- where it lies ------------------------------------------------------- */

static void
where(void)
{
    static cx_fit_label  l[1000];
    size_t               n = 0;
    cx_fit               f;

    n += fill(l + n, 200, 0.98, 0);
    n += fill(l + n, 200, 0.90, 1);
    n += fill(l + n, 100, 0.60, 40);
    cx_fit_threshold(l, n, 0.02, &f);
    tap_ok(f.found && f.threshold == 0.90 && f.above == 400 && f.wrong == 1,
           "the smallest one that holds: %.2f", f.threshold);
    tap_ok(near(f.error, 0.0025) && f.high <= 0.02 && f.low < f.error
           && near(f.waits, 0.2), "%.4f, %.4f to %.4f, %.2f wait", f.error,
           f.low, f.high, f.waits);

    /* One in five of the sure ones was drawn: they stand for five each. */
    for (size_t i = 0; i < n; i++) {
        l[i].weight = l[i].confidence > 0.95 ? 5 : 1;
    }

    cx_fit_threshold(l, n, 0.02, &f);
    tap_ok(f.found && near(f.waits, 100.0 / 1300), "by weight %.4f wait",
           f.waits);

    for (size_t i = 0; i < n; i++) {
        l[i].wrong = l[i].confidence > 0.95 && i % 20 == 0;
    }

    cx_fit_threshold(l, n, 0.02, &f);
    tap_ok(!f.found, "mistakes among what was drawn count for all of it");
}


/* --- a reviewer whose error is known ------------------------------------- */

typedef struct {
    const char  *name;
    double     (*confidence)(void);
    double     (*wrong)(double confidence);
} reviewer;


/* Most answers are sure, the others spread. */
static double
mostly_sure(void)
{
    return chance() < 0.7 ? 0.98 - 0.08 * chance() * chance()
                          : 0.9 * chance();
}


static double
spread(void)
{
    return 0.98 * sqrt(sqrt(chance()));
}


static double
steep(double c)
{
    return 0.5 / (1 + exp((c - 0.7) * 25));
}


static double
kinked(double c)
{
    return c >= 0.85 ? 0.004 : 0.35;
}


static double
bent(double c)
{
    return 0.6 * (1 - c) * (1 - c) + 0.001;
}


static double  grid[GRID][2];    /* confidence, chance that it is wrong */


static void
lay(const reviewer *r)
{
    seed = 4711;

    for (int i = 0; i < GRID; i++) {
        grid[i][0] = r->confidence();
        grid[i][1] = r->wrong(grid[i][0]);
    }
}


/* What a threshold lets through, but for chance. */
static double
realised(double threshold)
{
    double  n = 0, wrong = 0;

    for (int i = 0; i < GRID; i++) {
        if (grid[i][0] >= threshold) {
            n++;
            wrong += grid[i][1];
        }
    }

    return n > 0 ? wrong / n : 0;
}


/* least: of 100 runs so many find one. */
static void
synthetic(const reviewer *r, double target, int least)
{
    int  within = 0, below = 0, found = 0;

    lay(r);

    for (int run = 0; run < RUNS; run++) {
        cx_fit_label  l[LABELS];
        cx_fit        f;
        double        error;

        seed = (uint64_t) run * 1000003 + 1;

        for (size_t i = 0; i < LABELS; i++) {
            l[i].confidence = r->confidence();
            l[i].wrong = chance() < r->wrong(l[i].confidence);
            l[i].weight = 1;
        }

        cx_fit_threshold(l, LABELS, target, &f);
        error = f.found ? realised(f.threshold) : 0;
        found += f.found;
        within += error <= target + 0.01;
        below += error <= target;
    }

    tap_ok(within >= 95, "%s, target %.2f: in %d of %d runs the error is not "
           "more than a point above it", r->name, target, within, RUNS);
    tap_ok(below >= 90, "... and in %d not above it at all", below);
    tap_ok(found >= least, "... %d runs found a threshold", found);
}


int
main(void)
{
    static const struct {
        reviewer  who;
        double    target;
        int       least;
    } runs[] = {
        { { "steep",  mostly_sure, steep },  0.01, 80 },
        { { "steep",  mostly_sure, steep },  0.02, 95 },
        { { "steep",  mostly_sure, steep },  0.05, 95 },
        { { "kinked", mostly_sure, kinked }, 0.02, 80 },
        { { "kinked", mostly_sure, kinked }, 0.05, 95 },
        { { "bent",   mostly_sure, bent },   0.02, 90 },
        { { "bent",   mostly_sure, bent },   0.05, 95 },
        { { "spread", spread,      bent },   0.02, 50 },
        { { "spread", spread,      bent },   0.05, 95 },
    };

    bounds();
    few();
    where();

    for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
        synthetic(&runs[i].who, runs[i].target, runs[i].least);
    }

    return tap_done();
}
