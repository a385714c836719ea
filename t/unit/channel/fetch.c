/* Attachments of Meta's channels: where they lie, and who gets the token. */

#include "channel/channel.h"

#include "unit/folder.h"
#include "unit/tap.h"


static cx_arena  *arena;

static const cx_sender  from = {
    .account = CX_STR_INIT("106540352242922"),
    .token = CX_STR_INIT("EAAtoken"),
};


static cx_err
fetched(cx_str base_url, int status, const char *body, cx_http_req *req)
{
    cx_sender           own = from;
    const cx_http_res   res = { .status = status, .body = cx_strz(body) };

    own.base_url = base_url;
    return cx_channel_sender(CX_STR("whatsapp"))->fetched(&own, &res, arena,
                                                          req);
}


static void
whatsapp(void)
{
    cx_http_req        req;
    cx_media_ref       media = { .id = CX_STR("10/1") };
    const cx_channel  *ch = cx_channel_sender(CX_STR("whatsapp"));

    tap_is_int(ch->fetch(&from, &media, arena, &req), CX_OK, "by its id");
    tap_is_str(request_print(arena, &req), CX_STR(
        "GET https://graph.facebook.com/v24.0/10%2F1"
        "?phone_number_id=106540352242922\n"
        "Authorization: Bearer EAAtoken\n\n\n"), "asked where it lies");

    media.id = CX_NOSTR;
    tap_is_int(ch->fetch(&from, &media, arena, &req), CX_INVALID,
               "without one there is nothing");

    tap_is_int(fetched(CX_NOSTR, 200, "{\"url\":\"https:\\/\\/lookaside."
                       "fbsbx.com\\/whatsapp_business\\/attachments\\/"
                       "?mid=1&ext=2\",\"mime_type\":\"image\\/jpeg\","
                       "\"sha256\":\"x\",\"file_size\":\"303833\"}", &req),
               CX_OK, "it lies at Meta's");
    tap_is_str(request_print(arena, &req), CX_STR(
        "GET https://lookaside.fbsbx.com/whatsapp_business/attachments/"
        "?mid=1&ext=2\nAuthorization: Bearer EAAtoken\n\n\n"),
        "and wants the token again");
    tap_is_int(fetched(CX_NOSTR, 200,
                       "{\"url\":\"https://mmg.whatsapp.net/v/t62?x=1\"}",
                       &req), CX_OK, "or at the other place");
}


/* The token goes nowhere else, whatever the answer says. */
static void
elsewhere(void)
{
    static const char *const  urls[] = {
        "https://evil.example/",
        "https://lookaside.fbsbx.com.evil.example/x",
        "https://evilfbsbx.com/x",
        "https://evil.example/?a=.fbsbx.com",
        "https://evil.example#.fbsbx.com",
        "https://evil.example\\\\.fbsbx.com/x",
        "https://user@lookaside.fbsbx.com/x",
        "https://lookaside.fbsbx.com:evil@evil.example/x",
        "http://lookaside.fbsbx.com/x",
        "ftp://lookaside.fbsbx.com/x",
        "https://look aside.fbsbx.com/x",
        "https://lookaside.fbsbx.com/x\\nHost: y",
        "lookaside.fbsbx.com/x",
        "http://127.0.0.1:80000/x",
        "http://127.0.0.1:8.fbsbx.com/x",
        "",
    };

    cx_http_req  req;

    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        tap_is_int(fetched(CX_STR("http://127.0.0.1:8/v24.0"), 200,
                           cx_dupz(arena, cx_printf(arena,
                                                    "{\"url\":\"%s\"}",
                                                    urls[i])), &req),
                   CX_INVALID, urls[i]);
    }

    tap_is_int(fetched(CX_STR("http://127.0.0.1:8/v24.0"), 200,
                       "{\"url\":\"http://127.0.0.1:8/media/1\"}", &req),
               CX_OK, "where the channel's address is");
    tap_is_int(fetched(CX_NOSTR, 200,
                       "{\"url\":\"http://127.0.0.1:8/media/1\"}", &req),
               CX_INVALID, "... only if it has one");
}


static void
answers(void)
{
    cx_http_req  req;

    tap_is_int(fetched(CX_NOSTR, 404, "{}", &req), CX_NOT_FOUND, "gone");
    tap_is_int(fetched(CX_NOSTR, 400, "{}", &req), CX_NOT_FOUND, "expired");
    tap_is_int(fetched(CX_NOSTR, 429, "{}", &req), CX_IO, "too often");
    tap_is_int(fetched(CX_NOSTR, 503, "{}", &req), CX_IO, "down");
    tap_is_int(fetched(CX_NOSTR, 302, "{}", &req), CX_IO, "elsewhere");
    tap_is_int(fetched(CX_NOSTR, 200, "{}", &req), CX_INVALID, "no url");
    tap_is_int(fetched(CX_NOSTR, 200, "{\"url\":7}", &req), CX_INVALID,
               "no text");
    tap_is_int(fetched(CX_NOSTR, 200, "{\"url\":\"https://a.fbsbx.com/\"",
                       &req), CX_INVALID, "half an answer");
}


static void
pages(const char *type)
{
    cx_http_req        req;
    cx_media_ref       media = { .url = CX_STR("https://scontent.fbcdn.net/"
                                               "v/a.jpg?oh=1") };
    const cx_channel  *ch = cx_channel_sender(cx_strz(type));

    tap_is_int(ch->fetch(&from, &media, arena, &req), CX_OK, type);
    tap_is_str(request_print(arena, &req), CX_STR(
        "GET https://scontent.fbcdn.net/v/a.jpg?oh=1\n\n\n"),
        "by its address, without the token");
    tap_ok(ch->fetched == NULL, "which is where it lies");

    media.url = CX_STR("https://www.instagram.com/reel/1/");
    tap_is_int(ch->fetch(&from, &media, arena, &req), CX_INVALID,
               "a page is no file");
    media.url = CX_NOSTR;
    tap_is_int(ch->fetch(&from, &media, arena, &req), CX_INVALID,
               "and nothing is nothing");
}


int
main(void)
{
    arena = cx_arena_new(1 << 20);

    whatsapp();
    elsewhere();
    answers();
    pages("messenger");
    pages("instagram");
    cx_arena_free(arena);

    return tap_done();
}
