#include "ai/mask.h"

#include "ai/mask_number.h"
#include "core/utf8.h"

#include <string.h>


#define TOKEN_DIGITS  6         /* of numbers that stand in texts */
#define TOKEN_BYTES   14        /* "[card-1000000]" */
#define MASKED_MAX    (4 * 1024 * 1024)

static const char *const  names[CX_MASK_KINDS] = {
    [CX_MASK_CARD] = "card",
    [CX_MASK_IBAN] = "iban",
};


/* --- tokens in a text ---------------------------------------------------- */

/* How much of s could be a token, or the beginning of one when s ends there:
 * *whole tells which. */
static size_t
token_at(cx_str s, cx_mask_kind kind, bool *whole, int64_t *number)
{
    const char  *name = names[kind];
    size_t       i = 1, digits = 0;

    *whole = false;
    *number = 0;

    for (; i <= 4 && i < s.len; i++) {
        if ((s.p[i] | 0x20) != name[i - 1]) {
            return 0;
        }
    }

    if (i < s.len && s.p[i++] != '-') {
        return 0;
    }

    for (; i < s.len && s.p[i] >= '0' && s.p[i] <= '9'; i++) {
        *number = 10 * *number + (s.p[i] - '0');

        if (++digits > TOKEN_DIGITS + 1) {
            return 0;
        }
    }

    if (i == s.len) {
        return i;
    }

    *whole = digits > 0 && s.p[i] == ']';
    return *whole ? i + 1 : 0;
}


void
cx_masks_avoid(cx_masks *m, cx_str text)
{
    size_t   at;
    bool     whole;
    int64_t  number;

    while ((at = cx_str_find_byte(text, '[')) != SIZE_MAX) {
        text = cx_str_sub(text, at, text.len);

        for (int kind = 0; kind < CX_MASK_KINDS; kind++) {
            if (token_at(text, (cx_mask_kind) kind, &whole, &number) > 0
                && whole && number > m->last[kind] && number < 1000000)
            {
                m->last[kind] = number;
            }
        }

        text = cx_str_sub(text, 1, text.len);
    }
}


/* --- replacing ----------------------------------------------------------- */

void
cx_masks_init(cx_masks *m, cx_arena *a)
{
    *m = (cx_masks) { .arena = a };
}


static bool
grow(cx_masks *m)
{
    const size_t  room = m->room > 0 ? 2 * m->room : 8;
    cx_masked    *items = CX_NEW_N(m->arena, room, cx_masked);

    if (items == NULL) {
        return false;
    }

    if (m->n > 0) {
        memcpy(items, m->items, m->n * sizeof(*items));
    }

    m->items = items;
    m->room = room;
    return true;
}


/* Beyond the limit it is hidden all the same. */
static cx_str
token_for(cx_masks *m, cx_mask_kind kind, cx_str value, cx_str plain)
{
    cx_masked  *it;

    for (size_t i = 0; i < m->n; i++) {
        if (cx_str_eq(m->items[i].plain, plain)) {
            return m->items[i].token;
        }
    }

    if (m->n == CX_MASKS_MAX || (m->n == m->room && !grow(m))) {
        return kind == CX_MASK_CARD ? CX_STR("[card]") : CX_STR("[iban]");
    }

    it = &m->items[m->n++];
    it->token = cx_printf(m->arena, "[%s-%lld]", names[kind],
                          (long long) ++m->last[kind]);
    it->value = cx_dup(m->arena, value);
    it->plain = cx_dup(m->arena, plain);

    return it->token;
}


/* The number that begins there, if one does: its bytes. */
static size_t
number_at(cx_str text, size_t at, char before, cx_mask_kind *kind,
    char plain[CX_NUMBER_PLAIN], size_t *n)
{
    const char  sign = cx_glyph_at(text, at).sign;

    if ((before >= '0' && before <= '9') || (before >= 'A' && before <= 'Z')) {
        return 0;
    }

    if (sign >= 'A' && sign <= 'Z') {
        *kind = CX_MASK_IBAN;
        return cx_iban_at(text, at, plain, n);
    }

    /* "+49 ..." is a telephone number. */
    if (sign < '0' || sign > '9' || before == '+') {
        return 0;
    }

    *kind = CX_MASK_CARD;
    return cx_card_at(text, at, plain, n);
}


cx_str
cx_ai_mask(cx_masks *m, cx_str text)
{
    size_t        at = 0, done = 0, len, n;
    char          before = '\0', plain[CX_NUMBER_PLAIN];
    cx_mask_kind  kind;
    cx_glyph      g;
    cx_buf        b = { .p = NULL };

    while (at < text.len) {
        len = number_at(text, at, before, &kind, plain, &n);

        if (len == 0) {
            g = cx_glyph_at(text, at);
            before = g.sign;
            at += g.len;
            continue;
        }

        if (b.arena == NULL) {
            cx_buf_init(&b, m->arena, text.len + TOKEN_BYTES, MASKED_MAX);
        }

        cx_buf_add(&b, cx_str_sub(text, done, at - done));
        cx_buf_add(&b, token_for(m, kind, cx_str_sub(text, at, len),
                                 (cx_str) { n, plain }));
        at += len;
        done = at;
        before = '\0';
    }

    if (b.arena == NULL) {
        return text;
    }

    cx_buf_add(&b, cx_str_sub(text, done, text.len));
    return b.failed ? CX_NOSTR : cx_buf_str(&b);
}


/* Nothing invisible may stand in a number: it would be taken out later. */
static cx_str
mask_clean(cx_masks *m, cx_str text)
{
    return cx_ai_mask(m, cx_utf8_clean(m->arena, text));
}


void
cx_ai_mask_prompt(cx_masks *m, cx_ai_prompt *p, cx_arena *a)
{
    cx_ai_turn  *turns = CX_NEW_N(a, p->nhistory, cx_ai_turn);

    cx_masks_init(m, a);
    cx_masks_avoid(m, p->system);
    cx_masks_avoid(m, p->summary);
    cx_masks_avoid(m, p->question);

    for (size_t i = 0; i < p->nhistory; i++) {
        cx_masks_avoid(m, p->history[i].text);
    }

    for (size_t i = 0; i < p->npassages; i++) {
        cx_masks_avoid(m, p->passages[i].text);
    }

    p->summary = mask_clean(m, p->summary);

    for (size_t i = 0; turns != NULL && i < p->nhistory; i++) {
        turns[i] = p->history[i];
        turns[i].text = mask_clean(m, turns[i].text);
    }

    p->history = turns;
    p->nhistory = turns != NULL ? p->nhistory : 0;
    p->question = mask_clean(m, p->question);
}


/* --- and back ------------------------------------------------------------ */

static const cx_masked *
find(const cx_masks *m, cx_str token)
{
    for (size_t i = 0; i < m->n; i++) {
        if (cx_str_eq_nocase(m->items[i].token, token)) {
            return &m->items[i];
        }
    }

    return NULL;
}


/* The token that begins there, and its bytes; NULL: none of ours. */
static const cx_masked *
ours_at(const cx_masks *m, cx_str s, size_t *len)
{
    bool     whole;
    int64_t  number;

    for (int kind = 0; kind < CX_MASK_KINDS; kind++) {
        *len = token_at(s, (cx_mask_kind) kind, &whole, &number);

        if (*len > 0 && whole) {
            return find(m, cx_str_sub(s, 0, *len));
        }
    }

    return NULL;
}


cx_str
cx_ai_unmask(const cx_masks *m, cx_str text, cx_arena *a)
{
    const cx_masked  *it;
    cx_str            rest = text;
    size_t            at, len;
    cx_buf            b;

    if (m->n == 0) {
        return text;
    }

    cx_buf_init(&b, a, text.len + 64, MASKED_MAX);

    while ((at = cx_str_find_byte(rest, '[')) != SIZE_MAX) {
        cx_buf_add(&b, cx_str_sub(rest, 0, at));
        rest = cx_str_sub(rest, at, rest.len);
        it = ours_at(m, rest, &len);
        len = it != NULL ? len : 1;
        cx_buf_add(&b, it != NULL ? it->value : cx_str_sub(rest, 0, 1));
        rest = cx_str_sub(rest, len, rest.len);
    }

    cx_buf_add(&b, rest);
    return b.failed ? CX_NOSTR : cx_buf_str(&b);
}


size_t
cx_ai_unmask_hold(const cx_masks *m, cx_str text)
{
    bool     whole;
    int64_t  number;

    for (size_t n = 1; m->n > 0 && n <= TOKEN_BYTES && n <= text.len; n++) {
        const cx_str  end = cx_str_sub(text, text.len - n, n);

        for (int kind = 0; end.p[0] == '[' && kind < CX_MASK_KINDS; kind++) {
            if (token_at(end, (cx_mask_kind) kind, &whole, &number) == n
                && !whole)
            {
                return n;
            }
        }
    }

    return 0;
}
