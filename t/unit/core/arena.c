#include "core/arena.h"

#include "unit/tap.h"


static void
limits(void)
{
    cx_arena  *a = cx_arena_new(100);

    tap_ok(cx_alloc_bytes(a, 60) != NULL, "under the cap");
    tap_ok(cx_alloc_bytes(a, 40) != NULL, "up to the cap");
    tap_is_int((int64_t) cx_arena_used(a), 100, "used");
    tap_ok(!cx_arena_failed(a), "not failed yet");
    tap_ok(cx_alloc_bytes(a, 1) == NULL, "over the cap");
    tap_ok(cx_arena_failed(a), "failed");
    tap_ok(cx_alloc_bytes(a, 0) == NULL, "the failure is sticky");

    cx_arena_reset(a);
    tap_ok(!cx_arena_failed(a) && cx_arena_used(a) == 0, "reset forgets");
    tap_ok(cx_alloc_bytes(a, 100) != NULL, "all of it again");

    cx_arena_reset(a);
    tap_ok(cx_alloc_bytes(a, 50) != NULL, "half of it");
    cx_arena_limit(a, 20);
    tap_ok(cx_alloc_bytes(a, 1) == NULL, "the cap fell below what is used");

    cx_arena_reset(a);
    tap_ok(cx_alloc_n(a, SIZE_MAX / 2, 3) == NULL && cx_arena_failed(a),
           "n times size overflows");

    cx_arena_reset(a);
    tap_ok(cx_alloc(a, SIZE_MAX) == NULL, "SIZE_MAX");
    tap_is_str(cx_dup(a, CX_STR("x")), CX_STR(""),
               "a copy in a failed arena is empty");
    tap_ok(cx_dupz(a, CX_STR("x"))[0] == '\0',
           "so is a terminated one");

    cx_arena_free(a);
    cx_arena_free(NULL);
}


/* Pieces of many sizes: aligned, zeroed, apart from each other. */
static void
pieces(void)
{
    enum { N = 400 };
    cx_arena       *a = cx_arena_new(64 * 1024 * 1024);
    unsigned char  *p[N];
    size_t          size[N];
    bool            aligned = true;
    bool            zeroed = true;
    bool            kept = true;

    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < N; i++) {
            size[i] = i % 7 == 0 ? i * 997 : i * 3 + 1;
            p[i] = cx_alloc(a, size[i]);
            aligned = aligned && (uintptr_t) p[i] % _Alignof(max_align_t) == 0;

            for (size_t k = 0; k < size[i]; k++) {
                zeroed = zeroed && p[i][k] == 0;
            }

            memset(p[i], (int) (i & 0xff), size[i]);
            memset(cx_alloc_bytes(a, 3), 0xee, 3);
        }

        for (size_t i = 0; i < N; i++) {
            for (size_t k = 0; k < size[i]; k++) {
                kept = kept && p[i][k] == (i & 0xff);
            }
        }

        cx_arena_reset(a);
    }

    tap_ok(aligned, "aligned");
    tap_ok(zeroed, "zeroed, also after a reset");
    tap_ok(kept, "no piece lies in another");
    cx_arena_free(a);
}


static void
texts(void)
{
    cx_arena  *a = cx_arena_new(8192);
    char       big[3000];

    memset(big, 'b', sizeof(big));

    cx_str  s = { sizeof(big), big };
    cx_str  d = cx_dup(a, s);

    tap_ok(cx_str_eq(d, s) && d.p != s.p, "dup");
    tap_ok(strcmp(cx_dupz(a, CX_STR("abc")), "abc") == 0, "dupz");
    tap_is_str(cx_concat(a, CX_STR("ab"), CX_STR("c")), CX_STR("abc"),
               "concat");
    tap_is_str(cx_concat(a, CX_NOSTR, CX_NOSTR), CX_STR(""),
               "concat of nothing");
    tap_is_str(cx_printf(a, "%d-%s", 7, "x"), CX_STR("7-x"), "printf");

    cx_str  long_text = cx_printf(a, "%.*s!", CX_ARG(s));

    tap_ok(long_text.len == 3001 && long_text.p[3000] == '!',
           "printf of a long text");
    tap_ok(!cx_arena_failed(a), "all fitted");

    long_text = cx_printf(a, "%.*s!", CX_ARG(s));
    tap_ok(long_text.len == 0 && cx_arena_failed(a), "printf over the cap");
    cx_arena_free(a);
}


static void
buffers(void)
{
    cx_arena  *a = cx_arena_new(100000);
    cx_buf     b;

    cx_buf_init(&b, a, 4, 1000);
    tap_is_str(cx_buf_str(&b), CX_STR(""), "empty at birth");

    for (int i = 0; i < 250; i++) {
        cx_buf_add(&b, CX_STR("abc"));
        cx_buf_byte(&b, 'd');
    }

    tap_ok(!b.failed && b.len == 1000, "filled up to its maximum");
    tap_is_str(cx_str_sub(cx_buf_str(&b), 992, 8), CX_STR("abcdabcd"),
               "what was written");

    cx_buf_byte(&b, 'x');
    tap_ok(b.failed && b.len == 1000, "over its maximum: failed, not longer");
    tap_ok(!cx_arena_failed(a), "the arena is well");
    cx_buf_add(&b, CX_STR("y"));
    cx_buf_printf(&b, "%d", 1);
    tap_ok(b.len == 1000, "later writes do nothing");

    cx_buf_init(&b, a, 0, 50);
    cx_buf_printf(&b, "%s=%d;", "n", 5);
    cx_buf_add(&b, CX_NOSTR);
    tap_is_str(cx_buf_str(&b), CX_STR("n=5;"), "printf into a buffer");
    tap_ok(cx_buf_reserve(&b, SIZE_MAX) == NULL && b.failed,
           "no room for SIZE_MAX");

    cx_arena_limit(a, cx_arena_used(a) + 10);
    cx_buf_init(&b, a, 0, 1000);
    cx_buf_add(&b, CX_STR("0123456789"));
    cx_buf_byte(&b, 'x');
    tap_ok(b.failed && b.len == 10, "over the arena's cap");

    cx_arena_free(a);
}


int
main(void)
{
    limits();
    pieces();
    texts();
    buffers();

    return tap_done();
}
