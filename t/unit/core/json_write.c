#include "core/json.h"

#include "unit/tap.h"


static void
structure(cx_arena *a)
{
    cx_buf          b;
    cx_json_writer  w;

    cx_arena_reset(a);
    cx_buf_init(&b, a, 0, 4096);
    cx_json_write_init(&w, &b);

    cx_json_begin(&w, '{');
    cx_json_name(&w, CX_STR("a"));
    cx_json_begin(&w, '[');
    cx_json_put_i64(&w, 0);
    cx_json_put_i64(&w, INT64_MIN);
    cx_json_put_i64(&w, INT64_MAX);
    cx_json_put_bool(&w, true);
    cx_json_begin(&w, '[');
    cx_json_end(&w, ']');
    cx_json_begin(&w, '{');
    cx_json_end(&w, '}');
    cx_json_end(&w, ']');
    cx_json_name(&w, CX_STR("b"));
    cx_json_put_str(&w, CX_STR(""));
    cx_json_name(&w, CX_STR("c"));
    cx_json_put_raw(&w, CX_STR("{\"x\":null}"));
    cx_json_name(&w, CX_STR("d"));
    cx_json_put_bool(&w, false);
    cx_json_end(&w, '}');

    tap_is_str(cx_buf_str(&b), CX_STR(
        "{\"a\":[0,-9223372036854775808,9223372036854775807,true,[],{}],"
        "\"b\":\"\",\"c\":{\"x\":null},\"d\":false}"), "commas and brackets");
    cx_json_reader  r;

    cx_json_open(&r, cx_buf_str(&b), a);
    tap_ok(cx_json_close(&r) == CX_OK, "the reader takes it");
}


static void
escapes(cx_arena *a)
{
    static const struct {
        cx_str  in;
        cx_str  out;
    } rows[] = {
        { CX_STR_INIT("plain / text \x7f"),
          CX_STR_INIT("\"plain / text \x7f\"") },
        { CX_STR_INIT("\"\\"), CX_STR_INIT("\"\\\"\\\\\"") },
        { CX_STR_INIT("\b\t\n\f\r\x01\x1f"),
          CX_STR_INIT("\"\\b\\t\\n\\f\\r\\u0001\\u001f\"") },
        { CX_STR_INIT("\xc3\xa9 \xf0\x9f\x98\x80"),
          CX_STR_INIT("\"\xc3\xa9 \xf0\x9f\x98\x80\"") },
        { CX_STR_INIT("a\xff" "b\xe2\x82"),
          CX_STR_INIT("\"a\xef\xbf\xbd" "b\xef\xbf\xbd\xef\xbf\xbd\"") },
        { CX_STR_INIT("a\0b"), CX_STR_INIT("\"a\xef\xbf\xbd" "b\"") },
    };
    cx_buf          b;
    cx_json_writer  w;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cx_arena_reset(a);
        cx_buf_init(&b, a, 0, rows[i].out.len);
        cx_json_write_init(&w, &b);
        cx_json_put_str(&w, rows[i].in);
        tap_is_str(cx_buf_str(&b), rows[i].out, "escapes");
    }
}


int
main(void)
{
    cx_arena  *a = cx_arena_new(65536);

    structure(a);
    escapes(a);

    cx_arena_free(a);
    return tap_done();
}
