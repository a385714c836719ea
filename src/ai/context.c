#include "ai/context.h"

#include "core/utf8.h"


#define MESSAGE_TOKENS  4       /* who said it, where it ends */
#define UNIT            20      /* parts of a token */

/* What a character takes, in parts of a token: the worst of what tokenizers in
 * use make of ordinary text. */
static const struct {
    uint32_t  below;
    size_t    parts;
} costs[] = {
    { 0x000080, 7 },            /* letters, digits and spaces of ASCII */
    { 0x000250, 14 },           /* Latin with marks */
    { 0x000900, 16 },           /* Greek, Cyrillic, Hebrew, Arabic */
    { 0x001200, 40 },           /* of India, Thai, Lao, Tibetan, Georgian */
    { 0x002000, 40 },
    { 0x002e80, 20 },           /* signs */
    { 0x00a000, 30 },           /* Chinese, Japanese */
    { 0x00ac00, 40 },
    { 0x00d7b0, 30 },           /* Korean */
    { 0x010000, 40 },
    { 0x110000, 60 },           /* emoji, rare characters */
};


static size_t
parts_of_ascii(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == ' '
           ? costs[0].parts : 12;
}


static size_t
parts_of(uint32_t cp)
{
    size_t  i = 0;

    while (cp >= costs[i].below) {
        i++;
    }

    return costs[i].parts;
}


size_t
cx_context_tokens(cx_str text)
{
    size_t    parts = 0, len;
    uint32_t  cp;

    while (text.len > 0) {
        len = cx_utf8_next(text, &cp);

        if (len == 1) {
            parts += parts_of_ascii(text.p[0]);

        } else {
            parts += len > 0 ? parts_of(cp) : UNIT;
        }

        text = cx_str_sub(text, len > 0 ? len : 1, text.len);
    }

    return (parts + UNIT - 1) / UNIT;
}


static bool
fits(size_t used, size_t more, int64_t tokens)
{
    return tokens <= 0 || used + more <= (size_t) tokens;
}


size_t
cx_context_cut(cx_context_item *items, size_t n, size_t count, size_t more,
    int64_t tokens)
{
    size_t  used = 0, at = n, older;

    while (at > 0 && n - at < count) {
        const size_t  need = items[at - 1].tokens + MESSAGE_TOKENS;

        if (at < n && !fits(used, need, tokens)) {
            break;
        }

        used += need;
        items[--at].keep = true;
    }

    older = at;

    for ( /* void */ ; at > 0; at--) {
        const size_t  need = items[at - 1].tokens + MESSAGE_TOKENS;

        items[at - 1].keep = !items[at - 1].told && more > 0
                             && fits(used, need, tokens);

        if (items[at - 1].told) {
            continue;
        }

        /* No hole: what is older than one that does not fit stays away. */
        more = items[at - 1].keep ? more - 1 : 0;
        used += items[at - 1].keep ? need : 0;
    }

    return older;
}
