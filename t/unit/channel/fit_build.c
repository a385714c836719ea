/*
 * What cx_out_fit makes of any message, Meta's adapters can send: whatever it
 * was, whatever its length, script and choices.  Messages are drawn by a
 * generator with a fixed seed.
 */

#include "channel/channel.h"

#include "unit/tap.h"


#define ROUNDS  20000

static uint64_t  seed = 88172645463325252u;


static size_t
below(size_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;

    return (size_t) (seed % n);
}


/* Words of several scripts, up to about max bytes. */
static cx_str
text(cx_arena *a, size_t max)
{
    static const char *const  words[] = {
        "a", "room", "breakfast", "caf\xc3\xa9", "\xd0\x9f\xd0\xbe\xd0\xbb",
        "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", "\xf0\x9f\x8f\x96\xef\xb8\x8f",
        "extraordinarily-long-word-that-nobody-would-ever-write-in-a-button",
        "line\nbreak", "\"quoted\"", "para\n\ngraph",
        "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa9\xe2\x80\x8d"
        "\xf0\x9f\x91\xa7",
    };

    cx_buf        b;
    const size_t  want = below(max + 1);

    cx_buf_init(&b, a, 64, 1 << 16);

    while (b.len < want) {
        cx_buf_add(&b, cx_strz(words[below(sizeof(words)
                                           / sizeof(words[0]))]));
        cx_buf_add(&b, below(5) > 0 ? CX_STR(" ") : CX_STR(""));
    }

    return cx_buf_str(&b);
}


static size_t
length(void)
{
    static const size_t  lengths[] = { 1, 10, 30, 80, 200, 700, 1500, 5000 };

    return lengths[below(sizeof(lengths) / sizeof(lengths[0]))];
}


static void
choices(cx_arena *a, cx_out *o)
{
    cx_out_choice  *list = CX_NEW_N(a, CX_OUT_CHOICES_MAX, cx_out_choice);
    const bool      links = below(3) == 0, rows = below(2) == 0;

    o->choices = list;
    o->nchoices = below(below(4) == 0 ? 20 : 5);

    for (size_t i = 0; i < o->nchoices; i++) {
        list[i].title = text(a, below(3) == 0 ? 60 : 15);
        list[i].id = below(2) == 0 ? text(a, 30) : CX_NOSTR;
        list[i].description = rows ? text(a, 100) : CX_NOSTR;
        list[i].section = rows && below(2) == 0 ? text(a, 20) : CX_NOSTR;

        if (links && below(2) == 0) {
            list[i].url = CX_STR("https://example.com/");

        } else if (links && below(4) == 0) {
            list[i].phone = CX_STR("+351210000000");
        }
    }
}


static cx_out
any(cx_arena *a)
{
    static const char *const  types[] = {
        "", "image/jpeg", "image/webp", "video/mp4", "audio/ogg; codecs=opus",
        "application/pdf", "application/zip"
    };

    cx_out  o = {
        .kind = (cx_out_kind) below(CX_OUT_COUNT),
        .to = CX_STR("16505551234"),
        .text = text(a, length()),
        .reply_to = below(2) == 0 ? CX_STR("mid.1#2") : CX_NOSTR,
        .intent = CX_STR("cx1.ms_0D3ABCDEFGHJK.1"),
        .typing = below(2) == 0,
        .header = below(3) == 0 ? text(a, 100) : CX_NOSTR,
        .footer = below(3) == 0 ? text(a, 100) : CX_NOSTR,
        .button = text(a, 40),
        .media_mime = cx_strz(types[below(7)]),
        .media_size = (int64_t) below(200u << 20),
        .latitude = (double) below(180) - 90,
        .longitude = (double) below(360) - 180,
        .place = text(a, 20),
        .name = CX_STR("hello_world"),
        .language = CX_STR("en"),
        .contacts = CX_STR("[{\"name\":{\"formatted_name\":\"Ana\"}}]"),
    };

    if (below(3) > 0) {
        o.media_url = CX_STR("https://example.com/a");

    } else {
        o.media_id = CX_STR("1003383421387256");
    }

    if (o.kind == CX_OUT_BUTTONS || o.kind == CX_OUT_LIST) {
        choices(a, &o);

        if (below(4) > 0) {
            o.media_url = o.media_id = CX_NOSTR;
        }
    }

    if (o.kind == CX_OUT_REACTION) {
        o.text = CX_STR("\xe2\x9d\xa4");
    }

    return o;
}


static void
type_of(const char *name)
{
    size_t             sent = 0, refused = 0, wrong = 0;
    cx_arena          *a = cx_arena_new(16 << 20);
    const char        *error;
    const cx_channel  *ch = cx_channel_sender(cx_strz(name));
    const cx_sender    from = { .account = CX_STR("1"),
                                .token = CX_STR("t") };

    for (size_t n = 0; n < ROUNDS; n++) {
        cx_out       o;
        cx_outs      list = { .n = 0 };
        cx_http_req  req;

        cx_arena_reset(a);
        o = any(a);

        if (cx_out_fit(ch->caps, &o, a, &list, &error) != CX_OK) {
            refused++;
            continue;
        }

        for (size_t i = 0; i < list.n; i++) {
            if (ch->build(&from, &list.items[i], a, &req) == CX_OK) {
                sent++;
                continue;
            }

            if (wrong++ < 3) {
                printf("# %s: %s becomes %s, not sent: \"%.*s\" header %zu"
                       " choices %zu\n", name, cx_out_word(o.kind),
                       cx_out_word(list.items[i].kind),
                       CX_ARG(cx_str_sub(list.items[i].text, 0, 200)),
                       list.items[i].header.len, list.items[i].nchoices);
            }
        }
    }

    tap_is_int((int64_t) wrong, 0, "what fits is sent");
    tap_ok(sent > ROUNDS / 2, "%s: %zu messages of %d, %zu refused", name,
           sent, ROUNDS, refused);
    cx_arena_free(a);
}


int
main(void)
{
    type_of("whatsapp");
    type_of("messenger");
    type_of("instagram");

    return tap_done();
}
