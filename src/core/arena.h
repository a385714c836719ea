/*
 * One lifetime, many allocations.  An arena has a hard byte cap given at
 * birth; the first allocation that fails makes the failure sticky, so a codec
 * may build a whole structure and ask once at the end (cx_arena_failed).
 * An arena belongs to one thread at a time.
 *
 * Under CX_ARENA_MALLOC (sanitizer builds) every allocation is a malloc of
 * its own, so that an overflow inside an arena shows.
 */

#ifndef CX_CORE_ARENA_H
#define CX_CORE_ARENA_H

#include "core/str.h"

#include <stdarg.h>

typedef struct cx_arena_s  cx_arena;

/* NULL when there is no memory.  max_bytes bounds the sum of allocations. */
cx_arena *cx_arena_new(size_t max_bytes);
void cx_arena_free(cx_arena *a);
/* Forgets all allocations and the failure; keeps the first chunk. */
void cx_arena_reset(cx_arena *a);
bool cx_arena_failed(const cx_arena *a);
/* Lowers the cap; for tests that sweep it. */
void cx_arena_limit(cx_arena *a, size_t max_bytes);
size_t cx_arena_used(const cx_arena *a);

/* Zeroed, aligned for any type; NULL makes the arena failed. */
void *cx_alloc(cx_arena *a, size_t size);
/* As cx_alloc, for n elements, overflow checked. */
void *cx_alloc_n(cx_arena *a, size_t n, size_t size);
/* Unaligned, not zeroed: for bytes. */
char *cx_alloc_bytes(cx_arena *a, size_t size);

#define CX_NEW(a, type)       ((type *) cx_alloc((a), sizeof(type)))
#define CX_NEW_N(a, n, type)  ((type *) cx_alloc_n((a), (n), sizeof(type)))

/* Copies; the empty view when the arena failed.  cx_dupz terminates, and
 * gives "" when the arena failed: NULL would mean something to a callee. */
cx_str cx_dup(cx_arena *a, cx_str s);
const char *cx_dupz(cx_arena *a, cx_str s);
cx_str cx_concat(cx_arena *a, cx_str x, cx_str y);
cx_str cx_printf(cx_arena *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
cx_str cx_vprintf(cx_arena *a, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

/*
 * A growing byte buffer inside an arena, born with its maximum.  Going over
 * the maximum, or the arena's cap, makes it failed; later writes do nothing.
 */
typedef struct {
    cx_arena  *arena;
    char      *p;
    size_t     len;
    size_t     room;
    size_t     max;
    bool       failed;
} cx_buf;

void cx_buf_init(cx_buf *b, cx_arena *a, size_t room, size_t max);
void cx_buf_add(cx_buf *b, cx_str s);
void cx_buf_byte(cx_buf *b, char c);
/* Room for len more bytes, which the caller writes and adds to b->len; NULL
 * when there is none (then b is failed). */
char *cx_buf_reserve(cx_buf *b, size_t len);
void cx_buf_printf(cx_buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
cx_str cx_buf_str(const cx_buf *b);

#endif /* CX_CORE_ARENA_H */
