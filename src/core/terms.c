#include "core/terms.h"


/* BM25 with a fixed mean length: what is added later changes no impact, and
 * scores of all files can be compared. */
#define K1          1.2
#define B           0.5
#define MEAN_WORDS  40.0

#define FIRST       '0'         /* 64 characters from there on */
#define GROUP_BITS  5
#define MORE        32          /* another group follows */

#define NEAR_MIN    4           /* letters that must agree in the beginning */
#define SLIP_MIN    4           /* letters of a stem that may have a slip */
#define TWO_SLIPS   9
#define NEAR_BEGIN  0.7
#define NEAR_SLIP   0.6


static bool slipped(cx_str a, cx_str b, size_t most);


unsigned
cx_impact(unsigned times, size_t words)
{
    const double    share = (double) words / MEAN_WORDS;
    const double    norm = K1 * (1 - B + B * share);
    const double    part = times / (times + norm);
    const unsigned  n = (unsigned) (part * CX_IMPACT_MAX + 0.5);

    return n > 0 ? n : 1;
}


size_t
cx_posting_put(char out[CX_POSTING_MAX], int64_t before, int64_t number,
    unsigned impact)
{
    size_t    n = 0;
    uint64_t  step = (uint64_t) (number - before);

    for ( /* void */ ; step >= MORE; step >>= GROUP_BITS) {
        out[n++] = (char) (FIRST + (char) (MORE | (step & (MORE - 1))));
    }

    out[n++] = (char) (FIRST + (char) step);
    out[n++] = (char) (FIRST + (char) impact);

    return n;
}


/* The value of a character; 64: it is none of ours. */
static unsigned
value_of(char c)
{
    return c >= FIRST && c < FIRST + 64 ? (unsigned) (c - FIRST) : 64;
}


bool
cx_posting_next(cx_str *rest, int64_t *number, unsigned *impact)
{
    size_t    i = 0;
    int       shift = 0;
    unsigned  v = MORE;
    uint64_t  step = 0;

    for ( /* void */ ; (v & MORE) != 0; i++, shift += GROUP_BITS) {
        if (i + 1 >= rest->len || i + 2 > CX_POSTING_MAX
            || (v = value_of(rest->p[i])) == 64)
        {
            return false;
        }

        step |= (uint64_t) (v & (MORE - 1)) << shift;
    }

    *impact = value_of(rest->p[i]);
    *number += (int64_t) step;
    rest->p += i + 1;
    rest->len -= i + 1;

    return *impact < 64 && *impact > 0 && step > 0;
}


double
cx_term_near(cx_str form, cx_str term)
{
    const size_t  shorter = form.len < term.len ? form.len : term.len;
    const size_t  longer = form.len < term.len ? term.len : form.len;

    if (shorter >= NEAR_MIN && memcmp(form.p, term.p, shorter) == 0) {
        return NEAR_BEGIN;
    }

    if (shorter < SLIP_MIN || longer == SLIP_MIN || longer - shorter > 2) {
        return 0;
    }

    return slipped(form, term, longer >= TWO_SLIPS ? 2 : 1) ? NEAR_SLIP : 0;
}


static size_t
least(size_t a, size_t b)
{
    return a < b ? a : b;
}


/* The least number of letters left out, put in, or changed. */
static bool
slipped(cx_str a, cx_str b, size_t most)
{
    size_t  row[CX_TERM_MAX + 1], corner, above;

    if (a.len > CX_TERM_MAX || b.len > CX_TERM_MAX) {
        return false;
    }

    for (size_t k = 0; k <= b.len; k++) {
        row[k] = k;
    }

    for (size_t i = 1; i <= a.len; i++) {
        corner = row[0];
        row[0] = i;

        for (size_t k = 1; k <= b.len; k++) {
            above = row[k];
            row[k] = least(least(above, row[k - 1]) + 1,
                           corner + (a.p[i - 1] != b.p[k - 1]));
            corner = above;
        }
    }

    return row[b.len] <= most;
}
