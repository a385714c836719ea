#include "core/proof.h"

#define PHONE_MIN  7
#define PHONE_MAX  15
#define EMAIL_MAX  254


const char *
cx_proof_word(cx_proof p)
{
    static const char *const words[CX_PROOF_COUNT] = {
#define X(name, word)  [CX_PROOF_##name] = word,
        CX_PROOFS(X)
#undef X
    };

    return words[p];
}


/* What stands between the digits is a way of writing, not a part of it. */
cx_str
cx_proof_phone(cx_arena *a, cx_str number)
{
    char    text[PHONE_MAX + 1] = "+";
    size_t  n = 1;

    number = cx_str_trim(number);

    if (!cx_str_starts(number, CX_STR("+"))) {
        return CX_NOSTR;
    }

    for (size_t i = 1; i < number.len; i++) {
        const char c = number.p[i];

        if (c >= '0' && c <= '9') {
            if (n == sizeof(text) || (n == 1 && c == '0')) {
                return CX_NOSTR;
            }

            text[n++] = c;

        } else if (c != ' ' && c != '-' && c != '.' && c != '(' && c != ')') {
            return CX_NOSTR;
        }
    }

    return n > PHONE_MIN ? cx_dup(a, (cx_str) { n, text }) : CX_NOSTR;
}


cx_str
cx_proof_email(cx_arena *a, cx_str address)
{
    char    text[EMAIL_MAX];
    size_t  at = 0;

    address = cx_str_trim(address);

    if (address.len > sizeof(text)) {
        return CX_NOSTR;
    }

    for (size_t i = 0; i < address.len; i++) {
        const char c = address.p[i];

        if (c <= ' ' || c == 0x7f || (c == '@' && (at != 0 || i == 0))) {
            return CX_NOSTR;
        }

        at = c == '@' ? i : at;
        text[i] = c >= 'A' && c <= 'Z' ? (char) (c + 'a' - 'A') : c;
    }

    return at > 0 && at + 1 < address.len
           ? cx_dup(a, (cx_str) { address.len, text }) : CX_NOSTR;
}


/* FNV-1a, 64 bits. */
int64_t
cx_proofs_digest(const cx_proofs *p)
{
    const uint64_t  prime = UINT64_C(0x100000001b3);
    uint64_t        hash = UINT64_C(0xcbf29ce484222325);
    bool            some = false;

    for (size_t i = 0; i < CX_PROOF_COUNT; i++) {
        const cx_str v = p->value[i];

        some = some || v.len > 0;

        for (size_t k = 0; k < v.len; k++) {
            hash = (hash ^ (uint8_t) v.p[k]) * prime;
        }

        hash = (hash ^ (i + 1)) * prime;
    }

    return !some ? 0 : hash == 0 ? 1 : (int64_t) hash;
}
