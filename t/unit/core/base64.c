#include "core/base64.h"

#include "unit/tap.h"

#include <openssl/evp.h>
#include <string.h>


static void
is_none(cx_arena *a, cx_base64 kind, const char *text)
{
    cx_str  out = CX_NOSTR;

    tap_is_int(cx_base64_decode(a, kind, cx_strz(text), &out), CX_MALFORMED,
               text);
}


/* Every length, against OpenSSL's encoder. */
static void
against_openssl(cx_arena *a)
{
    bool     good = true;
    char     theirs[400];
    cx_str   text, back;
    uint8_t  bytes[256];

    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t) (i * 167 + 13);
    }

    for (size_t len = 0; len <= sizeof(bytes); len++) {
        const cx_str  in = { len, (const char *) bytes };

        EVP_EncodeBlock((unsigned char *) theirs, bytes, (int) len);
        text = cx_base64_encode(a, CX_BASE64_STD, in);
        good = good && cx_str_eq(text, cx_strz(theirs))
               && cx_base64_decode(a, CX_BASE64_STD, text, &back) == CX_OK
               && cx_str_eq(back, in);

        text = cx_base64_encode(a, CX_BASE64_URL, in);
        good = good && cx_str_find_byte(text, '=') == SIZE_MAX
               && cx_str_find_byte(text, '+') == SIZE_MAX
               && cx_str_find_byte(text, '/') == SIZE_MAX
               && cx_base64_decode(a, CX_BASE64_URL, text, &back) == CX_OK
               && cx_str_eq(back, in);
    }

    tap_ok(good, "0 to 256 bytes, both alphabets, there and back");
}


int
main(void)
{
    cx_str     out;
    cx_arena  *a = cx_arena_new(1 << 20);

    against_openssl(a);

    tap_ok(cx_base64_decode(a, CX_BASE64_STD, CX_STR("aGk"), &out) == CX_OK
           && cx_str_eq(out, CX_STR("hi")), "padding may be left out");
    tap_ok(cx_base64_decode(a, CX_BASE64_STD, CX_NOSTR, &out) == CX_OK
           && out.len == 0, "nothing is nothing");

    is_none(a, CX_BASE64_STD, "a");
    is_none(a, CX_BASE64_STD, "aGk= ");
    is_none(a, CX_BASE64_STD, "aG k");
    is_none(a, CX_BASE64_STD, "aGk==");
    is_none(a, CX_BASE64_STD, "aGl");           /* bits left over */
    is_none(a, CX_BASE64_STD, "=aGk");
    is_none(a, CX_BASE64_STD, "a-_k");
    is_none(a, CX_BASE64_URL, "a+/k");
    is_none(a, CX_BASE64_STD, "====");
    is_none(a, CX_BASE64_STD, "aG\xc3\xa4");

    cx_arena_reset(a);
    cx_arena_limit(a, 4);
    tap_ok(cx_base64_decode(a, CX_BASE64_STD, CX_STR("YWJjZGVmZ2hpamts"),
                            &out) == CX_NOMEM, "no memory");
    cx_arena_free(a);
    return tap_done();
}
