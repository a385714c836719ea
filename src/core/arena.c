#include "core/arena.h"

#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>


#define FIRST_CHUNK   8192          /* less in an arena for little */
#define FIRST_LEAST   1024
#define FIRST_SHARE   2048          /* this part of the maximum */
#define CHUNK_MAX     (1024 * 1024)
#define ALIGN         alignof(max_align_t)

typedef struct chunk_s  chunk;

struct chunk_s {
    chunk                *next;
    size_t                room;
    alignas(ALIGN) char   bytes[];
};

/*
 * The first chunk is born with the arena, in the same piece of memory; the
 * rest is a list, newest first.  p..end is what the newest chunk has left.
 */
struct cx_arena_s {
    char    *p;
    char    *end;
    size_t   used;        /* sum of sizes asked for */
    size_t   max;
    chunk   *more;
    size_t   room;        /* of the first chunk */
    bool     failed;
    alignas(ALIGN) char  bytes[];
};


static size_t
first_room(size_t max)
{
#ifdef CX_ARENA_MALLOC
    (void) max;
    return 0;
#else
    size_t  room = max / FIRST_SHARE;

    room = room > FIRST_CHUNK ? FIRST_CHUNK : room;
    room = room < FIRST_LEAST ? FIRST_LEAST : room;

    return room > max ? max : room;
#endif
}


cx_arena *
cx_arena_new(size_t max_bytes)
{
    size_t     room = first_room(max_bytes);
    cx_arena  *a = malloc(sizeof(cx_arena) + room);

    if (a == NULL) {
        return NULL;
    }

    *a = (cx_arena) {
        .p = a->bytes, .end = a->bytes + room, .max = max_bytes, .room = room
    };

    return a;
}


void
cx_arena_free(cx_arena *a)
{
    if (a != NULL) {
        cx_arena_reset(a);
        free(a);
    }
}


void
cx_arena_reset(cx_arena *a)
{
    while (a->more != NULL) {
        chunk  *c = a->more;

        a->more = c->next;
        free(c);
    }

    a->p = a->bytes;
    a->end = a->bytes + a->room;
    a->used = 0;
    a->failed = false;
}


bool
cx_arena_failed(const cx_arena *a)
{
    return a->failed;
}


void
cx_arena_limit(cx_arena *a, size_t max_bytes)
{
    a->max = max_bytes;
}


size_t
cx_arena_used(const cx_arena *a)
{
    return a->used;
}


static char *
chunk_add(cx_arena *a, size_t room)
{
    chunk  *c = malloc(sizeof(chunk) + room);

    if (c == NULL) {
        a->failed = true;
        return NULL;
    }

    c->next = a->more;
    c->room = room;
    a->more = c;

    return c->bytes;
}


/*
 * The chunk at hand has no room.  Chunks double, so that a large lifetime
 * costs few of them; one large piece gets a chunk of its own size and leaves
 * the chunk at hand in use.
 */
static char *
grow(cx_arena *a, size_t size)
{
#ifdef CX_ARENA_MALLOC
    return chunk_add(a, size);
#else
    size_t  room = a->more == NULL ? a->room : 2 * a->more->room;

    room = room > CHUNK_MAX ? CHUNK_MAX : room;

    if (size > room / 4) {
        return chunk_add(a, size);
    }

    char  *p = chunk_add(a, room);

    if (p != NULL) {
        a->p = p + size;
        a->end = p + room;
    }

    return p;
#endif
}


static char *
take(cx_arena *a, size_t size, size_t align)
{
    if (a->failed || size > a->max - a->used || a->used > a->max) {
        a->failed = true;
        return NULL;
    }

    size_t  pad = (size_t) -(uintptr_t) a->p & (align - 1);
    size_t  left = (size_t) (a->end - a->p);
    char   *p;

    if (left >= pad && left - pad >= size && left > 0) {
        p = a->p + pad;
        a->p = p + size;

    } else {
        p = grow(a, size);
    }

    a->used += p != NULL ? size : 0;
    return p;
}


void *
cx_alloc(cx_arena *a, size_t size)
{
    char  *p = take(a, size, ALIGN);

    return p == NULL ? NULL : memset(p, 0, size);
}


void *
cx_alloc_n(cx_arena *a, size_t n, size_t size)
{
    if (size != 0 && n > SIZE_MAX / size) {
        a->failed = true;
        return NULL;
    }

    return cx_alloc(a, n * size);
}


char *
cx_alloc_bytes(cx_arena *a, size_t size)
{
    return take(a, size, 1);
}


cx_str
cx_dup(cx_arena *a, cx_str s)
{
    return cx_concat(a, s, CX_NOSTR);
}


const char *
cx_dupz(cx_arena *a, cx_str s)
{
    cx_str  z = cx_concat(a, s, (cx_str) { 1, "" });

    return z.len == 0 ? "" : z.p;
}


cx_str
cx_concat(cx_arena *a, cx_str x, cx_str y)
{
    if (x.len > SIZE_MAX - y.len) {
        a->failed = true;
        return CX_STR("");
    }

    char  *p = cx_alloc_bytes(a, x.len + y.len);

    if (p == NULL) {
        return CX_STR("");
    }

    if (x.len > 0) {
        memcpy(p, x.p, x.len);
    }

    if (y.len > 0) {
        memcpy(p + x.len, y.p, y.len);
    }

    return (cx_str) { x.len + y.len, p };
}


cx_str
cx_printf(cx_arena *a, const char *fmt, ...)
{
    va_list  ap;

    va_start(ap, fmt);
    cx_str  s = cx_vprintf(a, fmt, ap);
    va_end(ap);

    return s;
}


cx_str
cx_vprintf(cx_arena *a, const char *fmt, va_list ap)
{
    char     small[256];
    va_list  again;

    va_copy(again, ap);
    int  len = vsnprintf(small, sizeof(small), fmt, ap);

    if (len >= 0 && (size_t) len < sizeof(small)) {
        va_end(again);
        return cx_dup(a, (cx_str) { (size_t) len, small });
    }

    char  *p = len < 0 ? NULL : cx_alloc_bytes(a, (size_t) len + 1);

    if (p != NULL) {
        vsnprintf(p, (size_t) len + 1, fmt, again);
    }

    va_end(again);
    a->failed = a->failed || p == NULL;

    return p == NULL ? CX_STR("") : (cx_str) { (size_t) len, p };
}
