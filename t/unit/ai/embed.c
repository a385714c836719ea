/* Texts to vectors: the request, answers of every kind, and how one is kept.
 */

#include "ai/embed.h"

#include "unit/tap.h"

#include <math.h>


static cx_arena  *arena;


static void
requests(void)
{
    const cx_str  texts[] = { CX_STR("one \"1\""), CX_STR("") };
    cx_embed      e = { CX_STR("http://h/v1/"), CX_STR("m"), CX_STR("key") };
    cx_http_req   req;

    tap_is_int(cx_embed_build(&e, texts, 2, arena, &req), CX_OK, "a request");
    tap_is_str(req.url, CX_STR("http://h/v1/embeddings"), "where to");
    tap_is_str(req.body, CX_STR("{\"model\":\"m\",\"encoding_format\":"
                                "\"float\",\"input\":[\"one \\\"1\\\"\","
                                "\"-\"]}"), "what");
    tap_is_str(req.headers[1].value, CX_STR("Bearer key"), "who");
    e.api_key = CX_NOSTR;
    cx_embed_build(&e, texts, 1, arena, &req);
    tap_is_int((int64_t) req.nheaders, 1, "a local server needs no key");
    e.api_key = CX_STR("a\nb");
    tap_is_int(cx_embed_build(&e, texts, 1, arena, &req), CX_INVALID,
               "a key that would be another header");
    e = (cx_embed) { CX_STR("ftp://h"), CX_STR("m"), CX_NOSTR };
    tap_is_int(cx_embed_build(&e, texts, 1, arena, &req), CX_INVALID,
               "no place for it");
}


static cx_err
parse(int status, const char *body, size_t n, float **v, size_t *dims)
{
    const cx_http_res  res = { .status = status, .body = cx_strz(body) };

    return cx_embed_parse(&res, n, arena, v, dims);
}


static void
answers(void)
{
    static const char *const  bad[] = {
        "", "{", "[]", "{}", "{\"data\":[]}", "{\"data\":[{}]}",
        "{\"data\":[{\"embedding\":[]}]}",
        "{\"data\":[{\"embedding\":[\"x\"]}]}",
        "{\"data\":[{\"embedding\":[1e999]}]}",
        "{\"data\":[{\"index\":5,\"embedding\":[1]}]}",
        "{\"data\":[{\"index\":-1,\"embedding\":[1]}]}",
        "{\"data\":[{\"embedding\":[1,2]}]} x",
        "{\"data\":{\"embedding\":[1]}}",
    };
    float                    *v;
    size_t                    dims;

    tap_is_int(parse(200, "{\"data\":[{\"index\":1,\"embedding\":[0,2]},"
                     "{\"index\":0,\"embedding\":[3,-4e0]}],\"usage\":{}}", 2,
                     &v, &dims), CX_OK, "an answer");
    tap_is_int((int64_t) dims, 2, "its numbers");
    tap_ok(fabsf(v[0] - 0.6f) < 1e-6f && fabsf(v[1] + 0.8f) < 1e-6f,
           "of length one, by their index");
    tap_ok(v[2] == 0 && v[3] == 1, "the other");
    tap_is_int(parse(200, "{\"data\":[{\"embedding\":[1,2]},"
                     "{\"embedding\":[1]}]}", 2, &v, &dims), CX_MALFORMED,
               "of two lengths");
    tap_is_int(parse(401, "{\"data\":[{\"embedding\":[1]}]}", 1, &v, &dims),
               CX_MALFORMED, "refused");

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        tap_is_int(parse(200, bad[i], 1, &v, &dims), CX_MALFORMED, bad[i]);
    }
}


static void
kept(void)
{
    const float   v[] = { 0.5f, -0.25f, 1e-20f, 0.70710678f, 0 };
    float         got[5];
    const cx_str  packed = cx_embed_pack(v, 5, arena);

    tap_ok(cx_embed_unpack(packed, arena, got, 5)
           && memcmp(v, got, sizeof(v)) == 0, "bit for bit");
    tap_ok(!cx_embed_unpack(packed, arena, got, 4), "another length");
    tap_ok(!cx_embed_unpack(CX_STR("%"), arena, got, 1), "no base64");
    tap_ok(fabsf(cx_embed_cosine(v, v, 5) - 0.8125f) < 1e-5f, "a product");
}


int
main(void)
{
    arena = cx_arena_new(16 << 20);

    requests();
    answers();
    kept();

    cx_arena_free(arena);
    return tap_done();
}
