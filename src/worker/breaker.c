#include "worker/breaker.h"

#include "core/mac.h"

#include <stdlib.h>
#include <string.h>

#define FORGET_MS       (60 * 60 * 1000)    /* unused: its place is free */
#define NAME_MAX_BYTES  4096

struct cx_breakers_s {
    cx_breaker_rules   rules;
    cx_breaker       **items;
    size_t             n;
};


cx_breakers *
cx_breakers_new(cx_breaker_rules rules)
{
    cx_breakers  *all = calloc(1, sizeof(*all));

    if (all == NULL) {
        return NULL;
    }

    all->rules = rules;
    all->items = calloc(CX_BREAKERS_MAX, sizeof(all->items[0]));

    if (all->items == NULL) {
        free(all);
        return NULL;
    }

    return all;
}


void
cx_breakers_free(cx_breakers *all)
{
    if (all == NULL) {
        return;
    }

    for (size_t i = 0; i < all->n; i++) {
        free(all->items[i]);
    }

    free(all->items);
    free(all);
}


/* --- which one ----------------------------------------------------------- */

static size_t
put(char *to, size_t at, cx_str s)
{
    if (s.len > NAME_MAX_BYTES - 1 - at) {
        s.len = NAME_MAX_BYTES - 1 - at;
    }

    if (s.len > 0) {
        memcpy(to + at, s.p, s.len);
    }

    to[at + s.len] = '\0';
    return at + s.len + (at + s.len < NAME_MAX_BYTES - 1);
}


/* The key is in there as a digest, and only so. */
static bool
id_of(cx_str provider, cx_str base_url, cx_str key, uint8_t id[16])
{
    char     text[NAME_MAX_BYTES];
    size_t   len = put(text, 0, provider);
    uint8_t  digest[CX_SHA256_LEN];
    bool     ok;

    len = put(text, len, base_url);
    len = put(text, len, key);
    ok = cx_sha256((cx_str) { len, text }, digest);
    cx_secret_wipe(text, sizeof(text));
    memcpy(id, digest, 16);
    return ok;
}


cx_breaker *
cx_breaker_find(cx_breakers *all, const uint8_t id[16])
{
    for (size_t i = 0; i < all->n; i++) {
        if (memcmp(all->items[i]->id, id, 16) == 0) {
            return all->items[i];
        }
    }

    return NULL;
}


/* A new place, or that of one which nobody has used for long. */
static cx_breaker *
place(cx_breakers *all, int64_t now_ms)
{
    for (size_t i = 0; i < all->n; i++) {
        cx_breaker  *b = all->items[i];

        if (b->state != CX_BREAKER_PROBING
            && b->used_at + FORGET_MS < now_ms)
        {
            memset(b, 0, sizeof(*b));
            return b;
        }
    }

    if (all->n == CX_BREAKERS_MAX
        || (all->items[all->n] = calloc(1, sizeof(cx_breaker))) == NULL)
    {
        return NULL;
    }

    return all->items[all->n++];
}


static void
name(char *to, size_t size, cx_str s)
{
    const size_t  len = s.len < size - 1 ? s.len : size - 1;

    if (len > 0) {
        memcpy(to, s.p, len);
    }

    to[len] = '\0';
}


cx_breaker *
cx_breaker_of(cx_breakers *all, cx_str provider, cx_str base_url, cx_str key,
    int64_t now_ms)
{
    uint8_t      id[16];
    cx_breaker  *b;

    if (!id_of(provider, base_url, key, id)) {
        return NULL;
    }

    b = cx_breaker_find(all, id);

    if (b == NULL && (b = place(all, now_ms)) != NULL) {
        memcpy(b->id, id, sizeof(id));
        name(b->provider, sizeof(b->provider), provider);
        name(b->base_url, sizeof(b->base_url), base_url);
    }

    if (b != NULL) {
        b->used_at = now_ms;
    }

    return b;
}


/* --- what it says -------------------------------------------------------- */

bool
cx_breaker_ask(cx_breakers *all, cx_breaker *b, int64_t now_ms, bool *probe)
{
    *probe = false;

    if (b->state == CX_BREAKER_OPEN
        && now_ms - b->opened_at >= all->rules.open_ms)
    {
        b->state = CX_BREAKER_PROBING;
        *probe = true;

    } else if (b->state != CX_BREAKER_CLOSED) {
        b->refused++;
        return false;
    }

    b->calls++;
    return true;
}


static bool
half_is_bad(const cx_breakers *all, const cx_breaker *b, int64_t second)
{
    int64_t  good = 0, bad = 0;

    for (size_t i = 0; i < CX_BREAKER_WINDOW_S; i++) {
        if (b->window[i].second > second - CX_BREAKER_WINDOW_S) {
            good += b->window[i].good;
            bad += b->window[i].bad;
        }
    }

    return good + bad >= all->rules.calls && bad >= good;
}


static void
breaker_open(cx_breaker *b, int64_t now_ms)
{
    b->state = CX_BREAKER_OPEN;
    b->opened_at = now_ms;
    b->opened++;
}


static void
count(cx_breakers *all, cx_breaker *b, bool bad, int64_t now_ms)
{
    const int64_t       second = now_ms / 1000;
    cx_breaker_second  *s = &b->window[second % CX_BREAKER_WINDOW_S];

    if (s->second != second) {
        *s = (cx_breaker_second) { .second = second };
    }

    s->good += !bad;
    s->bad += bad;
    b->in_a_row = bad ? b->in_a_row + 1 : 0;

    if (bad && (b->in_a_row >= all->rules.failures
                || half_is_bad(all, b, second)))
    {
        breaker_open(b, now_ms);
    }
}


/* After a trial all that was before is forgotten: what is old must not open
 * it at the next failure. */
static void
judge_trial(cx_breakers *all, cx_breaker *b, cx_breaker_end v, int64_t now_ms)
{
    switch (v) {

    case CX_BREAKER_GOOD:
        b->state = CX_BREAKER_CLOSED;
        b->in_a_row = 0;
        memset(b->window, 0, sizeof(b->window));
        break;

    case CX_BREAKER_BAD:
        breaker_open(b, now_ms);
        break;

    case CX_BREAKER_VOID:
        b->state = CX_BREAKER_OPEN;
        b->opened_at = now_ms - all->rules.open_ms;     /* the next may try */
        break;
    }
}


void
cx_breaker_tell(cx_breakers *all, cx_breaker *b, bool probe, cx_breaker_end v,
    int64_t now_ms)
{
    b->failed += v == CX_BREAKER_BAD;

    if (probe) {
        if (b->state == CX_BREAKER_PROBING) {
            judge_trial(all, b, v, now_ms);
        }

    } else if (b->state == CX_BREAKER_CLOSED && v != CX_BREAKER_VOID) {
        count(all, b, v == CX_BREAKER_BAD, now_ms);
    }
}


/* --- for people ---------------------------------------------------------- */

const char *
cx_breaker_word(cx_breaker_state state)
{
    static const char  *const words[] = {
        [CX_BREAKER_CLOSED] = "closed",
        [CX_BREAKER_OPEN] = "open",
        [CX_BREAKER_PROBING] = "probing",
    };

    return words[state];
}


size_t
cx_breakers_count(const cx_breakers *all)
{
    return all->n;
}


const cx_breaker *
cx_breakers_at(const cx_breakers *all, size_t i)
{
    return all->items[i];
}
