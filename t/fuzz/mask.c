/*
 * Any text is masked, comes back as it was, and is shown alike however it is
 * cut; any bytes are read as a transcript's answer.
 */

#include "ai/mask.h"
#include "ai/mask_number.h"
#include "ai/transcribe.h"

#include <stdlib.h>


#define ARENA_MAX  (16 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t len);


static void
check(bool ok)
{
    if (!ok) {
        abort();
    }
}


/* The same number in another spelling comes back in its first. */
static bool
is_alike(cx_str a, cx_str b)
{
    size_t    i = 0, k = 0;
    cx_glyph  x, y;

    for ( ;; ) {
        while ((x = cx_glyph_at(a, i)).sign == '-') {
            i += x.len;
        }

        while ((y = cx_glyph_at(b, k)).sign == '-') {
            k += y.len;
        }

        if (x.len == 0 || y.len == 0) {
            return x.len == y.len;
        }

        if (x.sign != y.sign) {
            return false;
        }

        i += x.len;
        k += y.len;
    }
}


static void
check_pieces(const cx_masks *m, cx_str text, size_t cut, cx_str whole,
    cx_arena *a)
{
    const cx_str  first = cx_str_sub(text, 0, cut);
    const size_t  shown = first.len - cx_ai_unmask_hold(m, first);

    check(first.len - shown < 16);
    check(cx_str_eq(cx_concat(a, cx_ai_unmask(m, cx_str_sub(text, 0, shown),
                                              a),
                              cx_ai_unmask(m, cx_str_sub(text, shown,
                                                         text.len), a)),
                    whole));
}


int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
    const cx_str       text = { len, (const char *) p };
    const cx_http_res  res = { .status = 200, .body = text };
    cx_arena          *a = cx_arena_new(ARENA_MAX);
    cx_masks           m;
    cx_str             hidden, back;
    cx_ai_reply        reply;

    check(a != NULL);
    cx_masks_init(&m, a);
    cx_masks_avoid(&m, text);
    hidden = cx_ai_mask(&m, text);
    back = cx_ai_unmask(&m, hidden, a);
    check(is_alike(back, text));

    for (size_t cut = 0; cut <= hidden.len && cut < 64; cut++) {
        check_pieces(&m, hidden, cut, back, a);
    }

    (void) cx_ai_transcribe_parse(&res, a, &reply);
    check(reply.text.len <= CX_TRANSCRIPT_MAX);
    cx_arena_free(a);
    return 0;
}
