/* A message and its JSON in the record. */

#include "channel/out.h"

#include "unit/tap.h"


#define ARENA_MAX  (1024 * 1024)

static cx_arena  *arena;


static cx_str
encode(const cx_out *out)
{
    cx_buf  b;

    cx_buf_init(&b, arena, 256, 1 << 18);
    cx_out_encode(out, &b);
    return cx_buf_str(&b);
}


static void
same(const char *kind, const char *json)
{
    cx_out       out;
    const char  *error = "";

    cx_arena_reset(arena);

    if (!tap_ok(cx_out_decode(cx_strz(kind), CX_STR("Hello"), cx_strz(json),
                              arena, &out, &error) == CX_OK,
                "%s: %s", kind, json))
    {
        printf("#   %s\n", error);
        return;
    }

    tap_is_str(out.text, CX_STR("Hello"), "with its text");
    tap_is_str(cx_strz(cx_out_word(out.kind)), cx_strz(kind), "its kind");
    tap_is_str(encode(&out), cx_strz(json), "and the same JSON");
}


static void
wrong(const char *kind, const char *json, const char *want)
{
    cx_out       out = { .kind = CX_OUT_COUNT };
    const char  *error = "";

    cx_arena_reset(arena);
    tap_is_int(cx_out_decode(cx_strz(kind), CX_NOSTR, cx_strz(json), arena,
                             &out, &error), CX_INVALID, json);
    tap_is_str(cx_strz(error), cx_strz(want), "says why");
    tap_ok(out.kind == CX_OUT_COUNT, "and leaves the message alone");
}


/* Whatever the memory: all of it, or out of memory. */
static void
no_memory(void)
{
    static const cx_str  json = CX_STR_INIT(
        "{\"choices\":[{\"title\":\"a\\nb\"}],\"params\":[\"\\n\"],"
        "\"latitude\":1,\"name\":\"\\u0041\",\"contacts\":[{}]}");
    cx_err       err = CX_NOMEM;
    cx_out       out;
    size_t       limit;
    cx_arena    *small = cx_arena_new(ARENA_MAX);
    const char  *error = "";

    for (limit = 0; err == CX_NOMEM && limit < ARENA_MAX; limit++) {
        cx_arena_reset(small);
        cx_arena_limit(small, limit);
        err = cx_out_decode(CX_STR("template"), CX_NOSTR, json, small, &out,
                            &error);
    }

    tap_ok(err == CX_OK && out.nchoices == 1 && out.nparams == 1,
           "whole or out of memory, at %zu byte caps", limit);
    cx_arena_free(small);
}


static void
many(void)
{
    char         json[4096] = "{\"choices\":[";
    size_t       n = strlen(json);
    cx_out       out;
    const char  *error = "";

    for (size_t i = 0; i < CX_OUT_CHOICES_MAX; i++) {
        n += (size_t) snprintf(json + n, sizeof(json) - n,
                               "{\"title\":\"t\"},");
    }

    memcpy(json + n - 1, "]}", 3);
    tap_is_int(cx_out_decode(CX_STR("list"), CX_NOSTR, cx_strz(json), arena,
                             &out, &error), CX_OK, "32 choices");

    memcpy(json + n - 1, ",{\"title\":\"t\"}]}", 17);
    tap_is_int(cx_out_decode(CX_STR("list"), CX_NOSTR, cx_strz(json), arena,
                             &out, &error), CX_INVALID, "not one more");
    tap_is_str(cx_strz(error), CX_STR("choices: there are too many"), "why");
}


int
main(void)
{
    arena = cx_arena_new(ARENA_MAX);

    same("text", "");
    same("buttons", "{\"header\":\"H\",\"footer\":\"F\",\"choices\":"
         "[{\"id\":\"1\",\"title\":\"Yes\"},{\"title\":\"Site\","
         "\"url\":\"https://example.org\"}]}");
    same("list", "{\"button\":\"Open\",\"choices\":[{\"id\":\"a\",\"title\":"
         "\"A\",\"description\":\"d\",\"section\":\"s\"}]}");
    same("image", "{\"media_url\":\"https://example.org/a.png\","
         "\"media_mime\":\"image/png\",\"media_size\":17}");
    same("location", "{\"place\":\"Inn\",\"address\":\"1 Road\","
         "\"latitude\":0,\"longitude\":-122.0841}");
    same("contacts", "{\"contacts\":[{\"name\":{\"formatted_name\":\"A\"}}]}");
    same("template", "{\"name\":\"hello\",\"language\":\"en\",\"params\":"
         "[\"a\",\"\"]}");
    same("template", "{\"name\":\"hello\",\"components\":[{\"type\":"
         "\"body\"}]}");
    same("text", "{\"subject\":\"S\",\"references\":\"<a@b> <c@d>\"}");

    wrong("song", "", "kind is none of those a message can have");
    wrong("text", "{\"colour\":\"red\"}",
          "a message has no member \"colour\"");
    wrong("text", "[]", "a message is an object");
    wrong("text", "{\"header\":1}", "header is a text");
    wrong("text", "{\"header\":\"a\"", "a message is valid JSON");
    wrong("buttons", "{\"choices\":{}}", "choices is an array");
    wrong("buttons", "{\"choices\":[1]}", "choices: each is an object");
    wrong("buttons", "{\"choices\":[{}]}", "choices: each needs a title");
    wrong("buttons", "{\"choices\":[{\"title\":1}]}",
          "choices: title is a text");
    wrong("buttons", "{\"choices\":[{\"title\":\"a\",\"x\":1}]}",
          "choices: one has a member that is not known");
    wrong("buttons", "{\"choices\":[{\"title\":\"a\",\"url\":\"u\","
          "\"phone\":\"p\"}]}", "choices: one has either a url or a phone");
    wrong("location", "{\"latitude\":1}",
          "latitude and longitude are missing");
    wrong("location", "{\"latitude\":91,\"longitude\":0}",
          "latitude is a number from -90 to 90");
    wrong("location", "{\"latitude\":1e999,\"longitude\":0}",
          "latitude is a number from -90 to 90");
    wrong("location", "{\"latitude\":\"1\",\"longitude\":0}",
          "latitude is a number from -90 to 90");
    wrong("image", "{\"media_size\":-1}", "media_size is a number of bytes");
    wrong("template", "{\"params\":[1]}", "params: each is a text");
    wrong("template", "{\"components\":\"[]\"}", "components is an array");

    many();
    no_memory();

    cx_arena_free(arena);
    return tap_done();
}
