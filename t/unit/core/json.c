#include "core/json.h"

#include "unit/tap.h"

#include <stdlib.h>


/* Skips the whole text: the outcome of the reader alone. */
static cx_err
judge(cx_str text, cx_arena *a)
{
    cx_json_reader  r;

    cx_arena_reset(a);
    cx_json_open(&r, text, a);

    return cx_json_close(&r);
}


/* Takes the text value by value, to any depth the reader goes. */
static cx_err
walk(cx_str text, cx_arena *a)
{
    cx_json_reader  r;
    cx_json_type    open[CX_JSON_DEPTH + 2];
    size_t          depth = 0;
    cx_str          s;

    cx_arena_reset(a);
    cx_json_open(&r, text, a);

    do {
        cx_json_type  type = cx_json_peek(&r);

        if (cx_json_enter(&r, type)) {
            open[depth++] = type;

        } else {
            (void) cx_json_scalar(&r, &s);
        }

        while (depth > 0 && !(open[depth - 1] == CX_JSON_OBJECT
                              ? cx_json_key(&r, &s) : cx_json_item(&r)))
        {
            depth--;
        }

    } while (depth > 0);

    return cx_json_close(&r);
}


/* The numbers are those of the project's list of hostile bodies. */
static const struct {
    const char  *what;
    cx_err       err;
    cx_str       text;
} hostile[] = {
#define GOOD(what, text)  { what, CX_OK, CX_STR_INIT(text) },
#define EVIL(what, text)  { what, CX_MALFORMED, CX_STR_INIT(text) },
    GOOD("J01 empty object", "{}")
    GOOD("J02 array", "[]")
    GOOD("J03 null", "null")
    GOOD("J03 string", "\"x\"")
    GOOD("J03 number", "0")
    EVIL("J03 nothing", "")
    EVIL("J03 spaces", " \n")
    EVIL("J05 garbage behind", "{} x")
    EVIL("J05 second document", "{}{}")
    EVIL("J05 a comma behind", "{},")
    EVIL("J05 NUL behind", "{}\0")
    EVIL("J06 BOM", "\xef\xbb\xbf{}")
    EVIL("J07 UTF-16", "{\0}\0")
    EVIL("J07 UTF-16 BE", "\0{\0}")
    EVIL("J08 duplicate key", "{\"id\":1,\"id\":2}")
    EVIL("J08 duplicate key inside",
         "[{\"a\":{\"id\":1,\"x\":[{}],\"id\":1}}]")
    EVIL("J08 duplicate empty key", "{\"\":1,\"\":2}")
    GOOD("J08 same key elsewhere",
         "{\"id\":{\"id\":1},\"b\":{\"id\":[{\"id\":2}]}}")
    EVIL("J09 duplicate by an escape", "{\"id\":1,\"\\u0069d\":2}")
    EVIL("J09 duplicate by two escapes",
         "{\"\\u0069d\":1,\"i\\u0064\":2}")
    EVIL("J09 duplicate by a pair",
         "{\"\xf0\x9f\x98\x80\":1,\"\\ud83d\\ude00\":2}")
    GOOD("J10 __proto__", "{\"__proto__\":{\"constructor\":1}}")
    EVIL("J11 raw NUL", "{\"a\":\"x\0y\"}")
    EVIL("J11 raw control", "{\"a\":\"x\x1fy\"}")
    EVIL("J11 raw newline", "{\"a\":\"x\ny\"}")
    GOOD("J11 DEL", "{\"a\":\"\x7f\"}")
    EVIL("J12 \\u0000", "{\"a\":\"\\u0000\"}")
    EVIL("J12 \\u0000 in a key", "{\"a\\u0000\":1}")
    EVIL("J13 high surrogate", "\"\\ud800\"")
    EVIL("J13 high surrogate, then a character", "\"\\ud800\\u0041\"")
    EVIL("J13 high surrogate twice", "\"\\ud800\\ud800\"")
    EVIL("J13 high surrogate, cut", "\"\\ud800\\u")
    EVIL("J13 low surrogate", "\"\\udc00\"")
    EVIL("J13 swapped", "\"\\udc00\\ud800\"")
    GOOD("J13 a pair", "\"\\ud83d\\ude00\"")
    EVIL("J14 FF", "\"\xff\"")
    EVIL("J14 overlong", "\"\xc0\xaf\"")
    EVIL("J14 CESU", "\"\xed\xa0\x80\"")
    EVIL("J14 over U+10FFFF", "\"\xf4\x90\x80\x80\"")
    EVIL("J14 cut", "\"\xe2\x82\"")
    EVIL("J14 bad behind an escape", "\"\\n\xff\"")
    EVIL("J14 cut behind an escape", "\"\\n\xe2\x82\"")
    EVIL("J14 bad in a key", "{\"\xff\":1}")
    EVIL("J14 outside of strings", "{\xc3\xa9:1}")
    GOOD("J15 noncharacters, tags",
         "\"\xef\xbf\xbe\xef\xbf\xbf\xf3\xa0\x81\x81\"")
    GOOD("J16 zero width, override", "\"\xe2\x80\x8b\xe2\x80\xae\"")
    EVIL("J25 1e400", "1e400")
    EVIL("J25 -1e400", "[-1e400]")
    EVIL("J25 1e99999999999999999999", "1e99999999999999999999")
    EVIL("J25 NaN", "NaN")
    EVIL("J25 Infinity", "-Infinity")
    EVIL("J25 01", "01")
    EVIL("J25 -01", "-01")
    EVIL("J25 +1", "+1")
    EVIL("J25 .5", ".5")
    EVIL("J25 5.", "5.")
    EVIL("J25 5.e1", "5.e1")
    EVIL("J25 1e", "1e")
    EVIL("J25 1e+", "1e+")
    EVIL("J25 -", "-")
    EVIL("J25 0x10", "0x10")
    EVIL("J25 1_000", "1_000")
    GOOD("J26 1e-400", "1e-400")
    GOOD("J26 -0", "-0")
    GOOD("J26 0e999", "0e999")
    GOOD("J26 0.001e310", "0.001e310")
    GOOD("J26 1e307", "1e307")
    EVIL("J38 comment", "{/* */}")
    EVIL("J38 line comment", "[1] // x")
    EVIL("J38 single quotes", "{'a':1}")
    EVIL("J38 trailing comma", "{\"a\":1,}")
    EVIL("J38 trailing comma in an array", "[1,]")
    EVIL("J38 leading comma", "[,1]")
    EVIL("J38 two commas", "[1,,2]")
    EVIL("J38 bare key", "{a:1}")
    EVIL("J38 number for a key", "{1:1}")
    EVIL("no comma", "[1 2]")
    EVIL("no comma between members", "{\"a\":1 \"b\":2}")
    EVIL("no colon", "{\"a\" 1}")
    EVIL("no value", "{\"a\":}")
    EVIL("no value, cut", "{\"a\":")
    EVIL("wrong bracket", "[1}")
    EVIL("wrong bracket in an object", "{\"a\":1]")
    EVIL("a bracket too many", "[]]")
    EVIL("words", "nul")
    EVIL("words run on", "nullx")
    EVIL("words in capitals", "True")
    EVIL("bad escape", "\"\\x41\"")
    EVIL("bad escape: capital", "\"\\N\"")
    EVIL("escape cut", "\"\\")
    EVIL("escape hides the end", "\"\\\"")
    EVIL("bad hex", "\"\\u00g0\"")
    EVIL("hex cut", "\"\\u00\"")
    EVIL("vertical tab", "[1,\v2]")
    EVIL("form feed", "\f[]")
    EVIL("no-break space", "\xc2\xa0[]")
    GOOD("four spaces", " \t\r\n[ \t\r\n1 \t\r\n, \t\r\n2 ]\r\n")
#undef GOOD
#undef EVIL
};


static void
judge_hostile(cx_arena *a)
{
    for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
        /* A copy of exactly this length: reading past it shows. */
        char    *copy = malloc(hostile[i].text.len + 1);
        cx_str   text = { hostile[i].text.len, copy };

        memmove(copy, hostile[i].text.p, hostile[i].text.len);
        copy = realloc(copy, text.len > 0 ? text.len : 1);
        text.p = copy;

        tap_ok(judge(text, a) == hostile[i].err
               && walk(text, a) == hostile[i].err,
               "%s: %s", hostile[i].what,
               hostile[i].err == CX_OK ? "accepted" : "refused");
        free(copy);
    }
}


/* J04: a good text cut at every byte. */
static void
cuts(cx_arena *a)
{
    cx_str  text = CX_STR("{\"a\":[1.5e3,-2,true,false,null,\"x\\u00e9\\n"
                          "\xc3\xa9\xf0\x9f\x98\x80\"],\"b\":{\"c\":{}}}");
    bool    refused = true;

    for (size_t len = 0; len < text.len; len++) {
        char  *copy = malloc(len + 1);

        memcpy(copy, text.p, len);
        refused = refused && judge((cx_str) { len, copy }, a) != CX_OK
                  && walk((cx_str) { len, copy }, a) != CX_OK;
        free(copy);
    }

    tap_ok(judge(text, a) == CX_OK, "J04 whole: accepted");
    tap_ok(refused, "J04 cut at every byte: refused");
}


typedef struct {
    const char  *open;
    const char  *close;
    size_t       n;
} nest;


static cx_str
nested(char *buf, nest x)
{
    size_t  o = strlen(x.open);
    size_t  c = strlen(x.close);

    for (size_t i = 0; i < x.n; i++) {
        memcpy(buf + i * o, x.open, o);
        memcpy(buf + x.n * o + i * c, x.close, c);
    }

    return (cx_str) { x.n * (o + c), buf };
}


static void
depths(cx_arena *a)
{
    static const struct {
        const char  *what;
        nest         text;
        cx_err       err;
    } rows[] = {
        { "32 arrays", { "[", "]", 32 }, CX_OK },
        { "33 arrays", { "[", "]", 33 }, CX_MALFORMED },
        { "32 of both kinds", { "{\"a\":[", "]}", 16 }, CX_OK },
        { "34 of both kinds", { "{\"a\":[", "]}", 17 }, CX_MALFORMED },
        { "no value inside", { "[{\"a\":", "}]", 16 }, CX_MALFORMED },
        { "J17 2,048 arrays", { "[", "]", 2048 }, CX_MALFORMED },
        { "J18 100,000 open brackets", { "[", "", 100000 }, CX_MALFORMED },
    };
    char  *buf = malloc(1024 * 1024);

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cx_str  text = nested(buf, rows[i].text);

        tap_ok(judge(text, a) == rows[i].err && walk(text, a) == rows[i].err,
               "depth: %s", rows[i].what);
    }

    free(buf);
}


/* An object of n members k0, k1 ..., without its closing bracket. */
static size_t
members(char *buf, size_t n, const char *value)
{
    size_t  len = 0;

    for (size_t i = 0; i < n; i++) {
        len += (size_t) snprintf(buf + len, 64, "%s\"k%zu\":%s",
                                 i > 0 ? "," : "{", i, value);
    }

    return len;
}


static void
many_keys(cx_arena *a)
{
    char    *buf = malloc(4 * 1024 * 1024);
    size_t   len = members(buf, 200000, "0");

    buf[len++] = '}';
    tap_ok(judge((cx_str) { len, buf }, a) == CX_MALFORMED,
           "J20 200,000 keys");

    for (size_t n = 1; n <= 1025; n += 64) {
        size_t  body = members(buf, n, "{\"k\":[]}");

        buf[body] = '}';

        bool  fits = judge((cx_str) { body + 1, buf }, a) == CX_OK;

        len = body + (size_t) snprintf(buf + body, 64, ",\"k%zu\":1}", n / 2);
        tap_ok(fits == (n <= CX_JSON_KEYS_MAX)
               && judge((cx_str) { len, buf }, a) == CX_MALFORMED,
               "%zu keys; one of them twice", n);
    }

    free(buf);
}


static void
sizes(cx_arena *a)
{
    enum { LEN = 3 * 1024 * 1024 };
    char    *buf = malloc(LEN);
    size_t   len = nested(buf, (nest) { "{},", "", 700000 }).len;

    buf[0] = '[';
    buf[1] = ' ';
    tap_ok(judge((cx_str) { len, buf }, a) == CX_MALFORMED
           && cx_arena_used(a) == 0, "J19 2 MiB of {},: no memory used");

    memset(buf, 'x', LEN);
    buf[0] = '"';
    buf[LEN - 1] = '"';
    tap_ok(judge((cx_str) { LEN, buf }, a) == CX_OK
           && cx_arena_used(a) == 0, "J22 a string of 3 MB, in place");

    memcpy(buf, "{\"", 2);
    memcpy(buf + LEN - 4, "\":1}", 4);
    tap_ok(judge((cx_str) { LEN, buf }, a) == CX_OK, "J23 a key of 3 MB");

    memset(buf, '9', 10000);
    tap_ok(judge((cx_str) { 10000, buf }, a) == CX_MALFORMED,
           "J24 a number of 10,000 digits");
    tap_ok(judge((cx_str) { 308, buf }, a) == CX_OK
           && judge((cx_str) { 309, buf }, a) == CX_MALFORMED,
           "J24 308 digits fit a double");

    free(buf);
}


static void
strings(cx_arena *a)
{
    static const struct {
        const char  *in;
        cx_str       out;
    } rows[] = {
        { "\"\"", CX_STR_INIT("") },
        { "\"a\"", CX_STR_INIT("a") },
        { "\"1234567\"", CX_STR_INIT("1234567") },
        { "\"12345678\"", CX_STR_INIT("12345678") },
        { "\"12345678 12345678 12345\"",
          CX_STR_INIT("12345678 12345678 12345") },
        { "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", CX_STR_INIT("\"\\/\b\f\n\r\t") },
        { "\"\\u0041\\u00E9\\u20aC\\uD83D\\ude00\"",
          CX_STR_INIT("A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80") },
        { "\"abcdefghij\\u0001klmnopqrst\"",
          CX_STR_INIT("abcdefghij\x01klmnopqrst") },
        { "\"\\ufffe\\uffff\\ud7ff\\ue000\"",
          CX_STR_INIT("\xef\xbf\xbe\xef\xbf\xbf\xed\x9f\xbf\xee\x80\x80") },
        { "\"\\udbff\\udfff\"", CX_STR_INIT("\xf4\x8f\xbf\xbf") },
        { "\"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\"",
          CX_STR_INIT("\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80") },
        { "\"\\\\\\\\\"", CX_STR_INIT("\\\\") },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cx_json_reader  r;
        cx_str          got = CX_NOSTR;
        cx_str          in = cx_strz(rows[i].in);

        cx_arena_reset(a);
        cx_json_open(&r, in, a);
        tap_ok(cx_json_string(&r, &got) && cx_str_eq(got, rows[i].out)
               && cx_json_close(&r) == CX_OK, "string %s", rows[i].in);
        tap_ok((strchr(rows[i].in, '\\') == NULL)
               == (got.p == in.p + 1 && cx_arena_used(a) == 0),
               "a view unless it holds escapes");
    }
}


static void
typed(cx_arena *a)
{
    static const struct {
        const char  *in;
        bool         string;
        bool         scalar;
        bool         i64;
        int64_t      n;
        bool         boolean;
    } rows[] = {
        /*          string scalar i64 n  bool */
        { "\"a\"",    1,   1,   0,   0,  0 },
        { "\"12\"",   1,   1,   1,  12,  0 },
        { "\"\"",     1,   1,   0,   0,  0 },
        { "\"1 \"",   1,   1,   0,   0,  0 },
        { "12",       0,   1,   1,  12,  0 },
        { "-12",      0,   1,   1, -12,  0 },
        { "-0",       0,   1,   1,   0,  0 },
        { "1.0",      0,   1,   0,   0,  0 },
        { "1e2",      0,   1,   0,   0,  0 },
        { "9223372036854775807",  0, 1, 1, INT64_MAX, 0 },
        { "-9223372036854775808", 0, 1, 1, INT64_MIN, 0 },
        { "9223372036854775808",  0, 1, 0, 0, 0 },
        { "99999999999999999999999999999999", 0, 1, 0, 0, 0 },
        { "true",     0,   0,   0,   0,  1 },
        { "false",    0,   0,   0,   0,  1 },
        { "null",     0,   0,   0,   0,  0 },
        { "{\"a\":[1]}", 0, 0,  0,   0,  0 },
        { "[[],{}]",  0,   0,   0,   0,  0 },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cx_json_reader  r;
        char            text[256];
        cx_str          s;
        int64_t         n = 0;
        bool            b;
        bool            ok[4];

        /* Each way of taking it, and something behind that must be found. */
        snprintf(text, sizeof(text), "[%s,%s,%s,%s,\"end\"]", rows[i].in,
                 rows[i].in, rows[i].in, rows[i].in);
        cx_arena_reset(a);
        cx_json_open(&r, cx_strz(text), a);
        cx_json_enter(&r, CX_JSON_ARRAY);

        ok[0] = cx_json_item(&r) && cx_json_string(&r, &s);
        ok[1] = cx_json_item(&r) && cx_json_scalar(&r, &s);
        ok[2] = cx_json_item(&r) && cx_json_i64(&r, &n);
        ok[3] = cx_json_item(&r) && cx_json_bool(&r, &b);

        tap_ok(ok[0] == rows[i].string && ok[1] == rows[i].scalar
               && ok[2] == rows[i].i64 && n == rows[i].n
               && ok[3] == rows[i].boolean, "taken as each type: %s",
               rows[i].in);
        tap_ok(cx_json_item(&r) && cx_json_string(&r, &s)
               && cx_str_eq(s, CX_STR("end")) && !cx_json_item(&r)
               && cx_json_close(&r) == CX_OK, "the walk goes on behind it");
    }
}


static void
walking(cx_arena *a)
{
    cx_json_reader  r;
    cx_str          key, s;
    cx_str          text = CX_STR(
        " { \"a\" : [ 1 , {\"b\": 2} ] , \"c\" : \"d\" , \"e\":{ } } ");

    cx_arena_reset(a);
    cx_json_open(&r, text, a);
    tap_ok(cx_json_peek(&r) == CX_JSON_OBJECT, "peek");
    tap_ok(!cx_json_enter(&r, CX_JSON_ARRAY), "it is no array");
    tap_ok(!cx_json_enter(&r, CX_JSON_STRING), "nothing else is entered");
    tap_ok(cx_json_enter(&r, CX_JSON_OBJECT), "it is an object");
    tap_ok(!cx_json_item(&r), "an object has no elements");
    tap_ok(cx_json_key(&r, &key) && cx_json_raw(&r, &s),
           "its first member, raw");
    tap_is_str(s, CX_STR("[ 1 , {\"b\": 2} ]"), "as it stands");
    tap_ok(cx_json_key(&r, &key), "its second member");
    tap_ok(cx_json_key(&r, &key) && cx_str_eq(key, CX_STR("e")),
           "left alone, it is skipped");
    tap_ok(cx_json_enter(&r, CX_JSON_OBJECT) && !cx_json_key(&r, &key),
           "an empty object");
    tap_ok(!cx_json_key(&r, &key), "the end");
    tap_ok(cx_json_peek(&r) == CX_JSON_END, "nothing is at hand");
    tap_ok(!cx_json_string(&r, &s) && !cx_json_raw(&r, &s)
           && !cx_json_item(&r) && !cx_json_key(&r, &key)
           && !cx_json_enter(&r, CX_JSON_OBJECT),
           "nothing can be taken, which is no error");
    tap_ok(cx_json_close(&r) == CX_OK, "well formed");

    cx_json_open(&r, CX_STR("[1,2"), a);
    cx_json_enter(&r, CX_JSON_ARRAY);
    tap_ok(cx_json_close(&r) == CX_MALFORMED, "closed while inside");

    cx_json_open(&r, CX_STR("[1,x,3]"), a);
    cx_json_enter(&r, CX_JSON_ARRAY);

    int  n = 0;

    while (cx_json_item(&r)) {
        cx_json_skip(&r);
        n++;
    }

    tap_ok(n == 2 && r.err == CX_MALFORMED && cx_json_peek(&r) == CX_JSON_BAD,
           "an error ends the walk");
    tap_ok(!cx_json_item(&r) && cx_json_close(&r) == CX_MALFORMED,
           "and stays");
}


static void
memory(cx_arena *a)
{
    char    text[4096];
    size_t  len = 0;
    size_t  limit = 0;
    cx_err  err;

    for (int i = 0; i < 100; i++) {
        len += (size_t) snprintf(text + len, 64, "%s\"k\\u00e9%d\":\"v\\n%d\"",
                                 i > 0 ? "," : "{", i, i);
    }

    text[len++] = '}';

    bool  honest = true;

    do {
        cx_json_reader  r;
        cx_str          key, s;

        cx_arena_reset(a);
        cx_arena_limit(a, limit++);
        cx_json_open(&r, (cx_str) { len, text }, a);
        cx_json_enter(&r, CX_JSON_OBJECT);

        while (cx_json_key(&r, &key)) {
            (void) cx_json_string(&r, &s);
        }

        err = cx_json_close(&r);
        honest = honest && (err == CX_OK || err == CX_NOMEM);

    } while (err != CX_OK);

    tap_ok(honest && limit > 1000, "short runs say so, up to %zu bytes",
           limit);
    cx_arena_limit(a, SIZE_MAX);
}


int
main(void)
{
    cx_arena  *a = cx_arena_new(SIZE_MAX);

    judge_hostile(a);
    cuts(a);
    depths(a);
    many_keys(a);
    sizes(a);
    strings(a);
    typed(a);
    walking(a);
    memory(a);

    cx_arena_free(a);
    return tap_done();
}
