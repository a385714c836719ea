/* t/cases/vectors/meta.json: deliveries and handshakes, good and bad. */

#include "channel/meta.h"

#include "unit/folder.h"
#include "unit/tap.h"

#include <jansson.h>


#define HEADERS_MAX  8


static cx_str
text(const json_t *entry, const char *name)
{
    const json_t  *s = json_object_get(entry, name);

    return (cx_str) { json_string_length(s), json_string_value(s) };
}


/* As the edge does: only the headers that the channel asks for. */
static size_t
wanted_headers(json_t *entry, cx_header out[HEADERS_MAX])
{
    size_t       n = 0;
    json_t      *value;
    const char  *name;

    json_object_foreach(json_object_get(entry, "headers"), name, value) {
        if (n < HEADERS_MAX
            && cx_str_eq_nocase(cx_strz(name), cx_strz(cx_meta_headers[0])))
        {
            out[n++] = (cx_header) { cx_strz(name),
                                     cx_strz(json_string_value(value)) };
        }
    }

    return n;
}


static void
delivery(json_t *entry, cx_str id, cx_arena *a)
{
    cx_err      err;
    cx_mac     *mac = cx_mac_new(CX_MAC_SHA256, text(entry, "secret"));
    cx_header   headers[HEADERS_MAX];
    cx_proven   proven = { .bytes = CX_NOSTR };
    cx_account  acct = { .secrets = { mac }, .nsecrets = mac != NULL };

    const cx_http_req  req = {
        .method = CX_STR("POST"),
        .headers = headers,
        .nheaders = wanted_headers(entry, headers),
        .body = text(entry, "body"),
    };

    err = cx_meta_verify(&acct, &req, a, &proven);

    if (json_is_true(json_object_get(entry, "valid"))) {
        tap_is_int(err, CX_OK, id.p);
        tap_is_str(proven.bytes, req.body, "its bytes are proven");

    } else {
        tap_ok(err != CX_OK && cx_err_http(err) == 401, "%s: 401 %s", id.p,
               cx_err_word(err));
        tap_ok(proven.bytes.p == NULL, "nothing is proven");
    }

    cx_mac_free(mac);
}


static void
handshake(json_t *entry, cx_str id, cx_arena *a)
{
    cx_err        err;
    cx_str        answer = CX_NOSTR;
    const cx_str  url = text(entry, "url");
    const size_t  mark = cx_str_find_byte(url, '?');

    const cx_account   acct = { .verify_token = text(entry, "secret") };
    const cx_http_req  req = {
        .method = CX_STR("GET"),
        .query = cx_str_sub(url, mark + 1, url.len),
    };

    err = cx_meta_handshake(&acct, &req, a, &answer);

    if (json_is_true(json_object_get(entry, "valid"))) {
        tap_is_int(err, CX_OK, id.p);
        tap_is_str(answer, text(entry, "expect_body"), "the challenge");

    } else {
        tap_is_int(cx_err_http(err), 403, id.p);
        tap_ok(answer.p == NULL, "nothing is echoed");
    }
}


int
main(void)
{
    json_t      *list, *entry;
    size_t       i;
    cx_arena    *a = cx_arena_new(1 << 20);
    cx_str       file = file_read(a, "t/cases/vectors/meta.json");

    list = json_loadb(file.p, file.len, 0, NULL);
    tap_is_int((int64_t) json_array_size(list), 14, "vectors");

    json_array_foreach(list, i, entry) {
        const cx_str  id = text(entry, "id");

        if (cx_str_eq(text(entry, "scheme"), CX_STR("meta_sha256"))) {
            delivery(entry, id, a);

        } else {
            handshake(entry, id, a);
        }
    }

    json_decref(list);
    cx_arena_free(a);

    return tap_done();
}
