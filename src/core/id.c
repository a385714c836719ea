#include "core/id.h"

#include <string.h>


#define EPOCH_MS    INT64_C(1704067200000)   /* 2024-01-01T00:00:00Z */
#define MAKER_BITS  10
#define SEQ_BITS    12
#define SEQ_MAX     ((1U << SEQ_BITS) - 1)

static const char  digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";


int64_t
cx_id_next(cx_id_maker *m, int64_t now_ms)
{
    int64_t  ms = now_ms > EPOCH_MS ? now_ms - EPOCH_MS : 0;

    if (ms > m->last_ms) {
        m->last_ms = ms;
        m->seq = 0;

    } else if (m->seq < SEQ_MAX) {
        m->seq++;

    } else {
        /* A full millisecond, or a clock that stepped back: borrow the
         * next one, the clock will catch up. */
        m->last_ms++;
        m->seq = 0;
    }

    return (int64_t) ((uint64_t) m->last_ms << (MAKER_BITS + SEQ_BITS))
           | (int64_t) (m->maker & ((1U << MAKER_BITS) - 1)) << SEQ_BITS
           | m->seq;
}


int64_t
cx_id_ms(int64_t id)
{
    return (id >> (MAKER_BITS + SEQ_BITS)) + EPOCH_MS;
}


int64_t
cx_id_at(int64_t ms)
{
    return ms > EPOCH_MS
           ? (int64_t) ((uint64_t) (ms - EPOCH_MS) << (MAKER_BITS + SEQ_BITS))
           : 0;
}


void
cx_id_digits(int64_t id, char out[CX_ID_DIGITS])
{
    uint64_t  n = (uint64_t) id;

    for (size_t i = CX_ID_DIGITS; i-- > 0; ) {
        out[i] = digits[n & 31];
        n >>= 5;
    }
}


cx_str
cx_id_text(cx_arena *a, const char *prefix, int64_t id)
{
    cx_str  head = cx_strz(prefix);
    char   *p = cx_alloc_bytes(a, head.len + 1 + CX_ID_DIGITS);

    if (p == NULL) {
        return CX_STR("");
    }

    memcpy(p, prefix, head.len);
    p[head.len] = '_';
    cx_id_digits(id, p + head.len + 1);

    return (cx_str) { head.len + 1 + CX_ID_DIGITS, p };
}


bool
cx_id_parse(cx_str text, const char *prefix, int64_t *id)
{
    cx_str    head = cx_strz(prefix);
    uint64_t  n = 0;

    if (text.len != head.len + 1 + CX_ID_DIGITS
        || !cx_str_starts(text, head)
        || text.p[head.len] != '_')
    {
        return false;
    }

    cx_str  number = cx_str_sub(text, head.len + 1, CX_ID_DIGITS);

    for (size_t i = 0; i < CX_ID_DIGITS; i++) {
        size_t  digit = cx_str_find_byte(CX_STR(digits), number.p[i]);

        if (digit == SIZE_MAX) {
            return false;
        }

        n = n << 5 | digit;
    }

    /* 13 digits hold 65 bits: more than 7 in the first is no id of ours. */
    if (number.p[0] > '7') {
        return false;
    }

    *id = (int64_t) n;
    return true;
}


void
cx_ulid(char out[26], int64_t now_ms, const uint8_t random[10])
{
    uint64_t  ms = (uint64_t) now_ms;

    for (int i = 9; i >= 0; i--) {
        out[i] = digits[ms & 31];
        ms >>= 5;
    }

    /* Two groups of 40 bits, eight digits each. */
    for (int group = 0; group < 2; group++) {
        uint64_t  bits = 0;

        for (int i = 0; i < 5; i++) {
            bits = bits << 8 | random[group * 5 + i];
        }

        for (int i = 7; i >= 0; i--) {
            out[10 + group * 8 + i] = digits[bits & 31];
            bits >>= 5;
        }
    }
}
