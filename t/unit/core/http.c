#include "core/http.h"

#include "unit/tap.h"


static void
headers(void)
{
    static const cx_header  h[] = {
        { CX_STR_INIT("Content-Type"), CX_STR_INIT("text/plain") },
        { CX_STR_INIT("x-sig"), CX_STR_INIT("one") },
        { CX_STR_INIT("X-SIG"), CX_STR_INIT("two") },
        { CX_STR_INIT("X-Empty"), CX_STR_INIT("") },
    };
    size_t                  n = 9;

    tap_is_str(cx_http_header(h, 4, CX_STR("X-Sig"), &n), CX_STR("one"),
               "the first of that name");
    tap_is_int((int64_t) n, 2, "counted");
    tap_is_str(cx_http_header(h, 4, CX_STR("content-type"), NULL),
               CX_STR("text/plain"), "any case, no count wanted");
    tap_is_str(cx_http_header(h, 4, CX_STR("X-Empty"), &n), CX_STR(""),
               "an empty value");
    tap_is_int((int64_t) n, 1, "is present");
    tap_ok(cx_http_header(h, 4, CX_STR("X-Si"), &n).p == NULL && n == 0,
           "absent");
    tap_ok(cx_http_header(NULL, 0, CX_STR("X"), &n).p == NULL && n == 0,
           "no headers");
}


static void
forms(void)
{
    static const struct {
        const char  *form;
        const char  *name;
        cx_err       err;
        const char  *value;
    } rows[] = {
        { "a=1&b=2", "b", CX_OK, "2" },
        { "a=1&b=2", "c", CX_NOT_FOUND, "" },
        { "", "a", CX_NOT_FOUND, "" },
        { "a", "a", CX_OK, "" },
        { "a=", "a", CX_OK, "" },
        { "a=b=c", "a", CX_OK, "b=c" },
        { "aa=1", "a", CX_NOT_FOUND, "" },
        { "a=1", "aa", CX_NOT_FOUND, "" },
        { "a=1&a=2", "a", CX_CONFLICT, "" },
        { "a=1&%61=2", "a", CX_CONFLICT, "" },
        { "hub%2Emode=x", "hub.mode", CX_OK, "x" },
        { "a=%41%2b+%e4", "a", CX_OK, "A+ \xe4" },
        { "a=%4", "a", CX_BAD_REQUEST, "" },
        { "a=%", "a", CX_BAD_REQUEST, "" },
        { "a=%zz", "a", CX_BAD_REQUEST, "" },
        { "b=%zz&a=1", "a", CX_OK, "1" },
        { "%zz=1&a=1", "a", CX_OK, "1" },
        { "&&a=1&", "a", CX_OK, "1" },
        { "A=1", "a", CX_NOT_FOUND, "" },
    };
    cx_arena  *a = cx_arena_new(4096);

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cx_str  value = CX_STR("");
        cx_err  err = cx_form_get(cx_strz(rows[i].form),
                                  cx_strz(rows[i].name), a, &value);

        tap_ok(err == rows[i].err && cx_str_eq(value,
               cx_strz(rows[i].value)), "form \"%s\", %s: %s",
               rows[i].form, rows[i].name, cx_err_word(err));
    }

    cx_str  value = CX_STR("untouched");

    cx_arena_reset(a);
    cx_arena_limit(a, 2);
    tap_ok(cx_form_get(CX_STR("a=123"), CX_STR("a"), a, &value) == CX_NOMEM
           && cx_str_eq(value, CX_STR("untouched")), "no memory");
    cx_arena_free(a);
}


/* Pairs as "name=value;", or the error. */
static void
sorted(void)
{
    static const struct {
        const char  *form;
        const char  *pairs;
    } rows[] = {
        { "", "" },
        { "&&", "" },
        { "b=1&B=2&a_=3&aA=4", "B=2;aA=4;a_=3;b=1;" },
        { "a=2&a=10&a=10", "a=10;a=10;a=2;" },
        { "ab=1&a=2", "a=2;ab=1;" },
        { "x&=y&z=", "=y;x=;z=;" },
        { "%62=%2b+&a=1", "a=1;b=+ ;" },
        { "a=%zz", "bad_request" },
        { "%=1", "bad_request" },
    };
    char       many[2 * 1025 + 1];
    size_t     n;
    cx_arena  *a = cx_arena_new(1 << 20);
    cx_header *pairs;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cx_str  text = CX_STR("");
        cx_err  err = cx_form_sorted(cx_strz(rows[i].form), a, &pairs, &n);

        for (size_t k = 0; err == CX_OK && k < n; k++) {
            text = cx_printf(a, "%.*s%.*s=%.*s;", CX_ARG(text),
                             CX_ARG(pairs[k].name), CX_ARG(pairs[k].value));
        }

        text = err == CX_OK ? text : cx_strz(cx_err_word(err));
        tap_is_str(text, cx_strz(rows[i].pairs), rows[i].form);
    }

    memset(many, '&', sizeof(many));

    for (size_t i = 0; i < 1025; i++) {
        many[2 * i] = 'a';
    }

    tap_is_int(cx_form_sorted((cx_str) { 2 * 1024, many }, a, &pairs, &n),
               CX_OK, "1,024 pairs");
    tap_is_int((int64_t) n, 1024, "all of them");
    tap_is_int(cx_form_sorted((cx_str) { 2 * 1025, many }, a, &pairs, &n),
               CX_BAD_REQUEST, "no more");

    cx_arena_limit(a, 10);
    cx_arena_reset(a);
    tap_is_int(cx_form_sorted(CX_STR("a=1"), a, &pairs, &n), CX_NOMEM,
               "no memory");
    cx_arena_free(a);
}


static void
urls(void)
{
    cx_arena  *a = cx_arena_new(256);

    tap_is_str(cx_url_encode(a, CX_STR("aZ09-._~")), CX_STR("aZ09-._~"),
               "unreserved characters stay");
    tap_is_str(cx_url_encode(a, CX_STR("a b+/%\xe4&=")),
               CX_STR("a%20b%2B%2F%25%E4%26%3D"), "others are escaped");
    tap_is_str(cx_url_encode(a, CX_NOSTR), CX_STR(""), "nothing");

    cx_arena_reset(a);
    cx_arena_limit(a, 5);
    tap_ok(cx_url_encode(a, CX_STR("%%")).len == 0 && cx_arena_failed(a),
           "no memory");
    cx_arena_free(a);
}


static void
outcomes(void)
{
    bool  whole = true;

    for (int i = 0; i < CX_ERR_COUNT; i++) {
        whole = whole && cx_err_http((cx_err) i) >= 200
                && cx_err_word((cx_err) i)[0] != '\0'
                && cx_err_text((cx_err) i)[0] != '\0';
    }

    tap_ok(whole, "every outcome has a status, a word and a text");
    tap_is_int(cx_err_http(CX_BAD_SIGNATURE), 401, "a status");
    tap_is_str(cx_strz(cx_err_word(CX_TOO_LARGE)), CX_STR("too_large"),
               "a word");
    tap_is_int(cx_err_http((cx_err) 9999), 500, "none of them: a defect");
}


int
main(void)
{
    headers();
    forms();
    sorted();
    urls();
    outcomes();

    return tap_done();
}
