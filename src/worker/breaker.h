/*
 * Who does not answer is not asked: a breaker for each provider, base URL and
 * key.
 *
 *   CLOSED --so many failures in a row, or half of many of late--> OPEN
 *     ^                                                            |  ^
 *     |                                                 open_ms over  | bad,
 *     +------------- good ------------- PROBING <--- one asks -----+  | or
 *                                          |                          | void
 *                                          +--------------------------+
 *
 * What a call is worth that was begun before it opened, nobody wants to know.
 * The clock is the caller's.
 */

#ifndef CX_WORKER_BREAKER_H
#define CX_WORKER_BREAKER_H

#include "core/str.h"

#include <stdint.h>

#define CX_BREAKER_WINDOW_S  10
#define CX_BREAKERS_MAX      1024

typedef enum {
    CX_BREAKER_CLOSED,
    CX_BREAKER_OPEN,
    CX_BREAKER_PROBING
} cx_breaker_state;

typedef enum {
    CX_BREAKER_GOOD,        /* it answered, and be it a refusal */
    CX_BREAKER_BAD,
    CX_BREAKER_VOID         /* cancelled: nobody knows */
} cx_breaker_end;

typedef struct {
    int64_t  failures;      /* in a row */
    int64_t  calls;         /* of the last 10 s, half of them bad */
    int64_t  open_ms;
} cx_breaker_rules;

typedef struct {
    int64_t   second;
    unsigned  good;
    unsigned  bad;
} cx_breaker_second;

typedef struct {
    uint8_t            id[16];          /* of provider, base URL and key */
    char               provider[32];
    char               base_url[128];   /* cut */
    cx_breaker_state   state;
    int64_t            opened_at;
    int64_t            used_at;
    int64_t            in_a_row;        /* failures */
    int64_t            calls;           /* since the start ... */
    int64_t            failed;
    int64_t            opened;
    int64_t            refused;         /* ... not made */
    cx_breaker_second  window[CX_BREAKER_WINDOW_S];
} cx_breaker;

typedef struct cx_breakers_s  cx_breakers;

/* NULL: no memory. */
cx_breakers *cx_breakers_new(cx_breaker_rules rules);
void cx_breakers_free(cx_breakers *all);

/* Found or made; stays until the next one is made.  NULL: no memory, or there
 * are too many: nobody watches then. */
cx_breaker *cx_breaker_of(cx_breakers *all, cx_str provider, cx_str base_url,
    cx_str key, int64_t now_ms);
cx_breaker *cx_breaker_find(cx_breakers *all, const uint8_t id[16]);

/* Whether it may be asked; *probe: alone, on trial. */
bool cx_breaker_ask(cx_breakers *all, cx_breaker *b, int64_t now_ms,
    bool *probe);
void cx_breaker_tell(cx_breakers *all, cx_breaker *b, bool probe,
    cx_breaker_end v, int64_t now_ms);

const char *cx_breaker_word(cx_breaker_state state);
size_t cx_breakers_count(const cx_breakers *all);
const cx_breaker *cx_breakers_at(const cx_breakers *all, size_t i);

#endif /* CX_WORKER_BREAKER_H */
