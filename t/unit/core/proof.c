/* One way to write what is proven of two. */

#include "unit/tap.h"

#include "core/proof.h"


static void
phones(cx_arena *a)
{
    static const struct {
        const char  *in;
        const char  *out;
    } rows[] = {
        { "+4915112345678",        "+4915112345678" },
        { " +1 (650) 555-1234 ",   "+16505551234" },
        { "+49.151.12345678",      "+4915112345678" },
        { "+1234567",              "+1234567" },
        { "+123456",               "" },            /* too short */
        { "+123456789012345",      "+123456789012345" },
        { "+1234567890123456",     "" },            /* too long */
        { "4915112345678",         "" },            /* of which country? */
        { "004915112345678",       "" },
        { "+0123456789",           "" },
        { "+49151123x5678",        "" },
        { "++4915112345678",       "" },
        { "+",                     "" },
        { "",                      "" },
        { "22395",                 "" },            /* a short code */
        { "ACME",                  "" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        tap_is_str(cx_proof_phone(a, cx_strz(rows[i].in)),
                   cx_strz(rows[i].out), rows[i].in);
    }
}


static void
emails(cx_arena *a)
{
    static const struct {
        const char  *in;
        const char  *out;
    } rows[] = {
        { "Ada@Example.COM",     "ada@example.com" },
        { " a@b ",               "a@b" },
        { "a.b+c@d.example",     "a.b+c@d.example" },
        { "a@b@c",               "" },
        { "@b",                  "" },
        { "a@",                  "" },
        { "ab",                  "" },
        { "a b@c",               "" },
        { "a@b\nc",              "" },
        { "",                    "" },
    };
    char  longest[300];

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        tap_is_str(cx_proof_email(a, cx_strz(rows[i].in)),
                   cx_strz(rows[i].out), rows[i].out);
    }

    memset(longest, 'a', sizeof(longest));
    longest[1] = '@';
    tap_is_int((int64_t) cx_proof_email(a, (cx_str) { 254, longest }).len, 254,
               "the longest");
    tap_is_int((int64_t) cx_proof_email(a, (cx_str) { 255, longest }).len, 0,
               "one more");
}


static void
digests(void)
{
    cx_proofs  none = { .value = { CX_NOSTR } }, x = none, y = none;

    tap_is_int(cx_proofs_digest(&none), 0, "nothing to show");
    x.value[CX_PROOF_PHONE] = CX_STR("+4911111111");
    tap_ok(cx_proofs_digest(&x) != 0, "something");
    y.value[CX_PROOF_VISITOR] = CX_STR("+4911111111");
    tap_ok(cx_proofs_digest(&x) != cx_proofs_digest(&y),
           "the same value of another kind is something else");
    y = x;
    tap_ok(cx_proofs_digest(&x) == cx_proofs_digest(&y), "the same");
    y.value[CX_PROOF_EMAIL] = CX_STR("a@b");
    tap_ok(cx_proofs_digest(&x) != cx_proofs_digest(&y), "more");
}


int
main(void)
{
    cx_arena  *a = cx_arena_new(65536);

    phones(a);
    emails(a);
    digests();

    cx_arena_free(a);
    return tap_done();
}
