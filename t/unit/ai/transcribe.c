/* Speech to text: the request, and what comes back. */

#include "ai/transcribe.h"
#include "core/multipart.h"

#include "unit/tap.h"


static cx_arena  *arena;


static cx_ai_sound
sound(void)
{
    return (cx_ai_sound) {
        .url = CX_STR("https://api.example/v1/"),
        .api_key = CX_STR("sk-1"),
        .model = CX_STR("whisper-1"),
        .language = CX_STR("de"),
        .type = CX_STR("audio/ogg"),
        .bytes = CX_STR("OggS\0\r\n--bytes\xff"),
        .mark = CX_STR("a1b2c3"),
    };
}


static void
request(void)
{
    const cx_ai_sound  s = sound();
    const char        *names[] = { "model", "response_format", "language",
                                   "file" };
    cx_http_req        req;
    cx_multipart       m;
    cx_multipart_part  part = { .name = CX_NOSTR };
    size_t             n = 0;

    tap_is_int(cx_ai_transcribe_build(&s, arena, &req), CX_OK, "built");
    tap_is_str(req.url, CX_STR("https://api.example/v1/audio/transcriptions"),
               "its place");
    tap_is_str(cx_http_header(req.headers, req.nheaders,
                              CX_STR("content-type"), NULL),
               CX_STR("multipart/form-data; boundary=a1b2c3"), "its type");
    tap_is_str(cx_http_header(req.headers, req.nheaders,
                              CX_STR("authorization"), NULL),
               CX_STR("Bearer sk-1"), "its key");
    tap_is_int(cx_multipart_open(&m, req.body, arena), CX_OK, "parts");

    while (cx_multipart_next(&m, &part) && n < 4) {
        tap_is_str(part.name, cx_strz(names[n++]), "a part");
    }

    tap_ok(n == 4 && m.err == CX_OK, "all of them");
    tap_is_str(part.body, s.bytes, "the sound as it is");
    tap_is_str(part.file, CX_STR("voice.ogg"), "with a name that says what");
    tap_is_str(part.type, CX_STR("audio/ogg"), "and a type");
}


static void
refused(void)
{
    cx_ai_sound  s = sound();
    cx_http_req  req;

    s.url = CX_STR("https://api.example/x/audio/transcriptions");
    tap_is_int(cx_ai_transcribe_build(&s, arena, &req), CX_OK, "a whole URL");
    tap_is_str(req.url, s.url, "is taken as it is");

    s = sound();
    s.url = CX_STR("file:///etc/passwd");
    tap_is_int(cx_ai_transcribe_build(&s, arena, &req), CX_INVALID, "no URL");

    s = sound();
    s.model = CX_STR("x\r\n\r\ny");
    tap_is_int(cx_ai_transcribe_build(&s, arena, &req), CX_INVALID,
               "a model that would be a part");

    s = sound();
    s.api_key = CX_STR("k\r\nX: y");
    tap_is_int(cx_ai_transcribe_build(&s, arena, &req), CX_INVALID,
               "a key that would be a header");
}


static void
reads(int status, const char *body, cx_ai_result result, const char *text)
{
    const cx_http_res    res = { .status = status, .body = cx_strz(body) };
    cx_ai_reply          r;
    const cx_ai_outcome  o = cx_ai_transcribe_parse(&res, arena, &r);

    tap_ok(o.result == result, "%d %s", status, body);
    tap_is_str(r.text, cx_strz(text), "... its text");
}


static void
responses(void)
{
    reads(200, "{\"text\":\" Wann kann ich kommen? \\n\",\"usage\":"
          "{\"type\":\"tokens\",\"input_tokens\":14,\"output_tokens\":5}}",
          CX_AI_OK, "Wann kann ich kommen?");
    reads(200, "{\"text\":\"\"}", CX_AI_OK, "");
    reads(200, "{\"words\":1}", CX_AI_RETRY, "");
    reads(200, "{\"text\":\"cut", CX_AI_RETRY, "");
    reads(0, "", CX_AI_RETRY, "");
    reads(429, "{\"error\":{\"code\":\"rate_limit_exceeded\"}}", CX_AI_RETRY,
          "");
    reads(429, "{\"error\":{\"code\":\"insufficient_quota\"}}",
          CX_AI_REFUSED, "");
    reads(503, "<html>", CX_AI_RETRY, "");
    reads(401, "{\"error\":{\"code\":\"invalid_api_key\"}}", CX_AI_REFUSED,
          "");
}


static void
short_of_memory(void)
{
    const cx_ai_sound  s = sound();
    cx_http_req        req;
    cx_err             err;
    size_t             limit = 0;

    do {
        cx_arena  *small = cx_arena_new(64 * 1024);

        cx_arena_limit(small, limit);
        err = cx_ai_transcribe_build(&s, small, &req);
        cx_arena_free(small);
        limit += 64;
    } while (err == CX_NOMEM && limit < 64 * 1024);

    tap_is_int(err, CX_OK, "with enough memory");
}


int
main(void)
{
    arena = cx_arena_new(1024 * 1024);

    request();
    refused();
    responses();
    short_of_memory();

    cx_arena_free(arena);
    return tap_done();
}
