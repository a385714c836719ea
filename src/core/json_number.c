#include "core/json_text.h"

#include "core/json.h"


static const char *
digits_end(const char *p, const char *end)
{
    while (p < end && *p >= '0' && *p <= '9') {
        p++;
    }

    return p;
}


/* The exponent at p, after the "e"; NULL when it is none. */
static const char *
exponent_read(const char *p, const char *end, int64_t *exp)
{
    bool     minus = p < end && *p == '-';
    int64_t  n = 0;

    if (p < end && (*p == '-' || *p == '+')) {
        p++;
    }

    const char  *stop = digits_end(p, end);

    if (stop == p) {
        return NULL;
    }

    for ( /* void */ ; p < stop; p++) {
        n = n < 100000 ? n * 10 + (*p - '0') : n;
    }

    *exp = minus ? -n : n;
    return stop;
}


/*
 * Whether digits of a number whose point stands after whole of them, times
 * ten to the exp, fit a double for sure: everybody downstream may use one.
 */
static bool
magnitude_fits(const char *digits, const char *end, ptrdiff_t whole,
    int64_t exp)
{
    ptrdiff_t  i = 0;

    for (const char *p = digits; p < end; p++) {
        if (*p == '.') {
            continue;
        }

        if (*p != '0') {
            return whole - i + exp <= 308;
        }

        i++;
    }

    return true;     /* zero */
}


cx_err
cx_json_number_read(const char **text, const char *end, cx_str *out)
{
    const char  *from = **text == '-' ? *text + 1 : *text;
    const char  *p = digits_end(from, end);
    ptrdiff_t    whole = p - from;
    int64_t      exp = 0;

    if (whole == 0 || (whole > 1 && *from == '0')) {
        return CX_MALFORMED;
    }

    if (p < end && *p == '.') {
        const char  *fraction = p + 1;

        p = digits_end(fraction, end);
        if (p == fraction) {
            return CX_MALFORMED;
        }
    }

    const char  *digits = p;

    if (p < end && (*p == 'e' || *p == 'E')) {
        p = exponent_read(p + 1, end, &exp);
        if (p == NULL) {
            return CX_MALFORMED;
        }
    }

    if (p - *text > CX_JSON_NUMBER_MAX
        || ((whole > 308 || exp > 0)
            && !magnitude_fits(from, digits, whole, exp)))
    {
        return CX_MALFORMED;
    }

    if (out != NULL) {
        *out = (cx_str) { (size_t) (p - *text), *text };
    }

    *text = p;
    return CX_OK;
}
