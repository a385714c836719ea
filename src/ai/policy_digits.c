/* Telephone numbers, cards and bank accounts. */

#include "ai/policy_rules.h"

#include "core/fold.h"


#define RUNS_MAX    50      /* of one answer */
#define RUN_MAX     40      /* digits of one */
#define PHONE_MIN   7
#define BARE_MIN    9       /* digits that no sign and no zero begins */
#define DECIMALS_MAX  3
#define TAIL        9       /* "+43 664 1234567" is "0664 1234567" */
#define CARD_MIN    13
#define CARD_MAX    19
#define IBAN_MIN    15
#define IBAN_MAX    34

/* Digits with single separators in between. */
typedef struct {
    char     digits[RUN_MAX];
    size_t   n;
    bool     plus;          /* "+43", "(0664)" */
    bool     local;         /* "555-1234" */
} run;


static bool next_run(cx_str *rest, run *r);
static size_t token_len(cx_str text);
static bool is_date(cx_str token);
static bool is_decimal(cx_str token);
static void add_token(run *r, cx_str token);
static bool is_phone(const run *r);
static bool is_card(const run *r);
static bool known(const cx_policy_case *c, const char *digits, size_t n);
static bool has_digits(cx_str text, const char *digits, size_t n);
static size_t iban_at(cx_str text, char *out);
static bool known_iban(const cx_policy_case *c, const char *iban, size_t n);
static unsigned remainder_97(const char *iban, size_t n);
static bool is_digit(char c);
static bool is_capital(char c);


bool
cx_policy_phone(const cx_policy_case *c)
{
    run     r;
    size_t  n = 0, from;
    cx_str  rest = c->answer;

    while (next_run(&rest, &r)) {
        if (!is_phone(&r) || is_card(&r)) {
            continue;
        }

        from = r.n > TAIL ? r.n - TAIL : 0;

        if (++n > RUNS_MAX || !known(c, r.digits + from, r.n - from)) {
            return true;
        }
    }

    return false;
}


bool
cx_policy_account(const cx_policy_case *c)
{
    run     r;
    char    iban[IBAN_MAX];
    size_t  n;
    cx_str  rest = c->answer;

    while (next_run(&rest, &r)) {
        if (is_card(&r) && !known(c, r.digits, r.n)) {
            return true;
        }
    }

    for (size_t i = 0; i < c->answer.len; i++) {
        n = iban_at(cx_str_sub(c->answer, i, c->answer.len), iban);

        if (n > 0 && (i == 0 || !is_capital(c->answer.p[i - 1]))
            && !known_iban(c, iban, n))
        {
            return true;
        }
    }

    return false;
}


/* --- runs of digits ------------------------------------------------------ */

/* Dates, times and sums end one: "on 25.11.2026 15:00" is no telephone. */
static bool
next_run(cx_str *rest, run *r)
{
    size_t  i = 0, n;

    *r = (run) { .n = 0 };

    while (i < rest->len) {
        n = token_len(cx_str_sub(*rest, i, rest->len));

        if (n == 0) {
            if (r->n > 0 && memchr(" ()/-", rest->p[i], 5) == NULL) {
                break;
            }

            i++;
            continue;
        }

        const cx_str  token = cx_str_sub(*rest, i, n);

        if (is_date(token) || is_decimal(token)
            || (r->n > 0 && token.p[0] == '+'))
        {
            if (r->n > 0) {
                break;
            }

        } else {
            add_token(r, token);
        }

        i += n;
    }

    *rest = cx_str_sub(*rest, i, rest->len);
    return r->n > 0;
}


/* Digits and what stands between them without a space. */
static size_t
token_len(cx_str text)
{
    size_t  n = 0;

    if (text.len > 1 && text.p[0] == '+' && is_digit(text.p[1])) {
        n = 1;
    }

    while (n < text.len
           && (is_digit(text.p[n])
               || (n > 0 && n + 1 < text.len && is_digit(text.p[n + 1])
                   && memchr(".,:-/", text.p[n], 5) != NULL)))
    {
        n++;
    }

    return n;
}


/* "25.11.2026", "2026-11-25", "11/25/26". */
static bool
is_date(cx_str token)
{
    size_t  parts[4] = { 0 }, n = 0;
    char    mark = 0;

    for (size_t i = 0; i < token.len; i++) {
        if (is_digit(token.p[i])) {
            parts[n]++;
            continue;
        }

        if (n == 2 || (mark != 0 && token.p[i] != mark)
            || memchr(".-/", token.p[i], 3) == NULL)
        {
            return false;
        }

        mark = token.p[i];
        n++;
    }

    return n == 2
           && ((parts[0] <= 2 && parts[1] <= 2
                && (parts[2] == 2 || parts[2] == 4))
               || (parts[0] == 4 && parts[1] <= 2 && parts[2] <= 2));
}


/* "8.50", "1,250.00", "15:00"; not "0664.1234567". */
static bool
is_decimal(cx_str token)
{
    size_t  dots = 0, last = 0;

    for (size_t i = 0; i < token.len; i++) {
        if (token.p[i] == ':' || token.p[i] == ',') {
            return true;
        }

        if (token.p[i] == '.') {
            dots++;
            last = i;
        }
    }

    return dots == 1 && token.len - last <= 1 + DECIMALS_MAX;
}


static void
add_token(run *r, cx_str token)
{
    r->plus = r->plus || (r->n == 0 && token.p[0] == '+');

    for (size_t i = 0; i < token.len && r->n < RUN_MAX; i++) {
        if (is_digit(token.p[i])) {
            r->digits[r->n++] = token.p[i];
        }

    }

    r->local = r->local || (token.len == 8 && token.p[3] == '-');
}


static bool
is_phone(const run *r)
{
    return r->n >= PHONE_MIN
           && (r->plus || r->digits[0] == '0' || r->n >= BARE_MIN
               || r->local);
}


/* Luhn's check digit. */
static bool
is_card(const run *r)
{
    unsigned  sum = 0;

    if (r->n < CARD_MIN || r->n > CARD_MAX) {
        return false;
    }

    for (size_t i = 0; i < r->n; i++) {
        unsigned  d = (unsigned) (r->digits[r->n - 1 - i] - '0');

        d = i % 2 == 1 ? 2 * d : d;
        sum += d > 9 ? d - 9 : d;
    }

    return sum % 10 == 0;
}


static bool
known(const cx_policy_case *c, const char *digits, size_t n)
{
    for (size_t i = 0; i < c->sources.n; i++) {
        if (has_digits(c->sources.items[i], digits, n)) {
            return true;
        }
    }

    return false;
}


/* With separators between them or without; the last is the last there. */
static bool
has_digits(cx_str text, const char *digits, size_t n)
{
    for (size_t i = 0; i + n <= text.len; i++) {
        size_t  k = 0, at = i;

        if (text.p[i] != digits[0]) {
            continue;
        }

        for ( /* void */ ; at < text.len && k < n; at++) {
            if (text.p[at] == digits[k]) {
                k++;

            } else if (memchr(" -/.()", text.p[at], 6) == NULL) {
                break;
            }
        }

        if (k == n && (at == text.len || !is_digit(text.p[at]))) {
            return true;
        }
    }

    return false;
}


/* --- IBAN ---------------------------------------------------------------- */

/* Its length without spaces, or 0. */
static size_t
iban_at(cx_str text, char *out)
{
    size_t  n = 0;

    if (text.len < IBAN_MIN || !is_capital(text.p[0])
        || !is_capital(text.p[1]) || !is_digit(text.p[2])
        || !is_digit(text.p[3]))
    {
        return 0;
    }

    for (size_t i = 0; i < text.len && n < IBAN_MAX; i++) {
        if (is_digit(text.p[i]) || is_capital(text.p[i])) {
            out[n++] = text.p[i];

        } else if (text.p[i] != ' ') {
            break;
        }

        if (n >= IBAN_MIN && remainder_97(out, n) == 1
            && (i + 1 == text.len || (!is_digit(text.p[i + 1])
                                      && !is_capital(text.p[i + 1]))))
        {
            return n;
        }
    }

    return 0;
}


static unsigned
remainder_97(const char *iban, size_t n)
{
    unsigned  rest = 0;

    for (size_t i = 0; i < n; i++) {
        const char  c = iban[(i + 4) % n];

        rest = is_digit(c) ? (rest * 10 + (unsigned) (c - '0')) % 97
                           : (rest * 100 + (unsigned) (c - 'A') + 10) % 97;
    }

    return rest;
}


static bool
known_iban(const cx_policy_case *c, const char *iban, size_t n)
{
    char    other[IBAN_MAX];
    size_t  len;

    for (size_t i = 0; i < c->sources.n; i++) {
        const cx_str  text = c->sources.items[i];

        for (size_t at = 0; at < text.len; at++) {
            len = text.p[at] == iban[0]
                  ? iban_at(cx_str_sub(text, at, text.len), other) : 0;

            if (len == n && memcmp(other, iban, n) == 0) {
                return true;
            }
        }
    }

    return false;
}


static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}


static bool
is_capital(char c)
{
    return c >= 'A' && c <= 'Z';
}
