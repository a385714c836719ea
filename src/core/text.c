#include "core/text.h"

#include "core/utf8.h"


/* Of the n bytes of one code point, or of one bad byte. */
static size_t
units_of(size_t n, cx_unit unit)
{
    switch (unit) {

    case CX_UNIT_UTF16:
        return n == 4 ? 2 : 1;

    case CX_UNIT_BYTES:
        return n;

    case CX_UNIT_CODE_POINTS:
        break;
    }

    return 1;
}


static size_t
code_point(cx_str s, size_t at)
{
    uint32_t  cp;
    size_t    n = cx_utf8_next(cx_str_sub(s, at, 4), &cp);

    return n == 0 ? 1 : n;
}


size_t
cx_text_len(cx_str s, cx_unit unit)
{
    size_t  len = 0, n;

    if (unit == CX_UNIT_BYTES) {
        return s.len;
    }

    for (size_t at = 0; at < s.len; at += n) {
        n = code_point(s, at);
        len += units_of(n, unit);
    }

    return len;
}


cx_str
cx_text_cut(cx_str s, cx_unit unit, size_t max)
{
    size_t  at = 0, used = 0, n;

    if (s.len <= max) {
        return s;           /* no unit counts more than there are bytes */
    }

    while (at < s.len) {
        n = cx_grapheme_next(cx_str_sub(s, at, s.len));
        used += cx_text_len(cx_str_sub(s, at, n), unit);

        if (used > max) {
            break;
        }

        at += n;
    }

    return cx_str_sub(s, 0, at);
}


/* One character longer than a whole piece. */
static size_t
cut_inside(cx_str s, cx_unit unit, size_t max)
{
    size_t  at = 0, used = 0, n;

    for ( ;; ) {
        n = code_point(s, at);
        used += units_of(n, unit);

        if (used > max && at > 0) {
            return at;
        }

        at += n;
    }
}


/* Where the first piece ends; s.len if all fits. */
static size_t
cut_find(cx_str s, cx_unit unit, size_t max)
{
    size_t  end, at, n, used = 0, best_at = 0;
    cx_cut  worth, best = CX_CUT_NONE;

    end = cx_text_cut(s, unit, max).len;

    if (end == s.len) {
        return end;
    }

    if (end == 0) {
        return cut_inside(s, unit, max);
    }

    for (at = 0; at < end; ) {
        n = cx_grapheme_next(cx_str_sub(s, at, s.len));
        used += cx_text_len(cx_str_sub(s, at, n), unit);
        at += n;
        worth = cx_utf8_cut_worth(s, at);

        /* In the first half any boundary is only better than none. */
        if (worth != CX_CUT_NONE && used <= max / 2) {
            worth = CX_CUT_WORD;
        }

        if (worth != CX_CUT_NONE && worth >= best) {
            best = worth;
            best_at = at;
        }
    }

    return best == CX_CUT_NONE ? end : best_at;
}


static bool
is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}


bool
cx_text_split(cx_str *rest, cx_unit unit, size_t max, cx_str *piece)
{
    size_t  at;
    cx_str  head, tail;

    while (rest->len > 0) {
        at = cut_find(*rest, unit, max < 4 ? 4 : max);
        head = cx_str_sub(*rest, 0, at);
        tail = cx_str_sub(*rest, at, rest->len);

        if (tail.len > 0) {
            while (head.len > 0 && is_space(head.p[head.len - 1])) {
                head.len--;
            }

            while (tail.len > 0 && is_space(tail.p[0])) {
                tail.p++;
                tail.len--;
            }
        }

        *rest = tail;

        /* A cut inside a long run of white space leaves no piece. */
        if (head.len > 0) {
            *piece = head;
            return true;
        }
    }

    return false;
}
