/*
 * Ids.  Records have 64-bit ids that sort by time: 42 bits of milliseconds
 * since 2024-01-01, 10 bits of maker, 12 bits of sequence.  People see them
 * as a type prefix and 13 base32 digits (Crockford, upper case): "cv_0D3...".
 * Event ids are ULIDs: "ev_" and 26 digits.
 */

#ifndef CX_CORE_ID_H
#define CX_CORE_ID_H

#include "core/arena.h"

typedef struct {
    uint32_t  maker;        /* 0..1023 */
    int64_t   last_ms;
    uint32_t  seq;
} cx_id_maker;

/* Always greater than the one before, also when the clock steps back. */
int64_t cx_id_next(cx_id_maker *m, int64_t now_ms);
int64_t cx_id_ms(int64_t id);      /* ms since the epoch */
int64_t cx_id_at(int64_t ms);      /* the least of that time */

#define CX_ID_DIGITS  13

void cx_id_digits(int64_t id, char out[CX_ID_DIGITS]);
/* "cv_" + 13 digits; prefix without the underscore. */
cx_str cx_id_text(cx_arena *a, const char *prefix, int64_t id);
/* False unless it is exactly that prefix and a canonical number. */
bool cx_id_parse(cx_str text, const char *prefix, int64_t *id);

/* 26 digits into out: 48 bits of ms, 80 of random. */
void cx_ulid(char out[26], int64_t now_ms, const uint8_t random[10]);

#endif /* CX_CORE_ID_H */
