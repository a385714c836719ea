/*
 * What a channel gets instead of what it cannot take: rules by example, and
 * random messages against random channels with a checker of its own.
 */

#include "channel/channel.h"

#include "unit/tap.h"


#define ARENA_MAX  (4 * 1024 * 1024)
#define RANDOM     60000

static cx_arena  *arena;
static uint64_t   seed = 20261125;


static uint32_t
any(uint32_t n)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t) (seed >> 33) % n;
}


/* --- the checker: what a channel accepts --------------------------------- */

/* Counted here in another way than in the code: by the first bytes. */
static size_t
length(cx_str s, cx_unit unit)
{
    size_t  n = 0;

    if (unit == CX_UNIT_BYTES) {
        return s.len;
    }

    for (size_t i = 0; i < s.len; i++) {
        const unsigned char  c = (unsigned char) s.p[i];

        n += (c & 0xc0) != 0x80;
        n += unit == CX_UNIT_UTF16 && c >= 0xf0;
    }

    return n;
}


static const char *
bad_choices(const cx_caps *c, const cx_out *o)
{
    const bool    list = o->kind == CX_OUT_LIST;
    const size_t  most = list ? c->rows_max : c->buttons_max;
    const size_t  title = list ? c->row_title_max : c->title_max;

    if (o->nchoices == 0 || o->nchoices > most) {
        return "number of choices";
    }

    for (size_t i = 0; i < o->nchoices; i++) {
        const cx_out_choice  *k = &o->choices[i];

        if (k->title.len == 0 || k->id.len == 0
            || (title > 0 && length(k->title, c->unit) > title)
            || (list && k->description.len > 0
                && (c->row_text_max == 0
                    || length(k->description, c->unit) > c->row_text_max)))
        {
            return "title or description";
        }

        if ((k->url.len > 0 && (list || !c->links))
            || (k->phone.len > 0 && (list || !c->calls)))
        {
            return "link or call";
        }

        for (size_t m = 0; m < i; m++) {
            if (cx_str_eq(k->title, o->choices[m].title)
                || cx_str_eq(k->id, o->choices[m].id))
            {
                return "two are the same";
            }
        }
    }

    if (list && (o->button.len == 0
                 || (c->label_max > 0
                     && length(o->button, c->unit) > c->label_max)))
    {
        return "button";
    }

    return length(o->header, c->unit) > c->header_max ? "header"
           : length(o->footer, c->unit) > c->footer_max ? "footer"
           : o->media_url.len > 0 && (list || !c->card_media) ? "picture"
           : NULL;
}


static const char *
bad_media(const cx_caps *c, const cx_out *o)
{
    bool  limited = false, good = false;

    for (size_t i = 0; i < CX_MEDIA_LIMITS; i++) {
        const cx_media_limit  *m = &c->media[i];

        if (m->kind == o->kind && (m->types != NULL || m->max_size != 0)) {
            limited = true;
            good = good || ((m->types == NULL || o->media_mime.len == 0
                             || strstr(m->types,
                                       cx_dupz(arena, o->media_mime)) != NULL)
                            && (m->max_size == 0
                                || o->media_size <= m->max_size));
        }
    }

    return limited && !good ? "type or size"
           : o->text.len > 0 && (o->kind == CX_OUT_AUDIO
                                 || o->kind == CX_OUT_STICKER
                                 || length(o->text, c->unit)
                                    > c->caption_max) ? "caption" : NULL;
}


/* NULL: the channel takes it. */
static const char *
bad(const cx_caps *c, const cx_out *o)
{
    if ((c->kinds & (UINT32_C(1) << o->kind)) == 0) {
        return "kind";
    }

    if (o->reply_to.len > 0 && !c->reply_to && o->kind != CX_OUT_READ
        && o->kind != CX_OUT_REACTION)
    {
        return "reply_to";
    }

    switch (o->kind) {

    case CX_OUT_TEXT:
        return o->text.len == 0 || length(o->text, c->unit) > c->text_max
               || o->nchoices > 0 || o->media_url.len > 0 ? "text" : NULL;

    case CX_OUT_BUTTONS:
    case CX_OUT_LIST:
        return o->text.len == 0
               || length(o->text, c->unit)
                  > (c->body_max > 0 ? c->body_max : c->text_max)
               ? "body" : bad_choices(c, o);

    case CX_OUT_IMAGE:
    case CX_OUT_VIDEO:
    case CX_OUT_AUDIO:
    case CX_OUT_DOCUMENT:
    case CX_OUT_STICKER:
        return bad_media(c, o);

    default:
        return NULL;
    }
}


/* --- is the text still there --------------------------------------------- */

/* Letters and digits only: cuts and separators do not count. */
static cx_str
essence(const char *z)
{
    cx_buf  b;

    cx_buf_init(&b, arena, 256, 1 << 20);

    for (const char *p = z; *p != '\0'; p++) {
        if ((*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9')) {
            cx_buf_byte(&b, *p);
        }
    }

    return cx_buf_str(&b);
}


static bool
holds(cx_str all, cx_str part)
{
    return cx_str_find(all, essence(cx_dupz(arena, part))) != SIZE_MAX;
}


/* All a customer gets to read, in order; pictures at the end. */
static cx_str
read_all(const cx_outs *list)
{
    cx_buf  b;

    cx_buf_init(&b, arena, 1024, 1 << 20);

    for (size_t i = 0; i < list->n; i++) {
        const cx_out  *o = &list->items[i];
        const cx_str   texts[] = { o->header, o->text, o->place, o->address,
                                   o->footer };

        for (size_t k = 0; k < sizeof(texts) / sizeof(texts[0]); k++) {
            cx_buf_add(&b, texts[k]);
        }

        for (size_t k = 0; k < o->nchoices; k++) {
            cx_buf_add(&b, o->choices[k].title);
            cx_buf_add(&b, o->choices[k].url);
            cx_buf_add(&b, o->choices[k].phone);
        }
    }

    for (size_t i = 0; i < list->n; i++) {
        cx_buf_add(&b, list->items[i].media_url);
    }

    return essence(cx_dupz(arena, cx_buf_str(&b)));
}


/* --- random messages and channels ---------------------------------------- */

static cx_str
words(size_t most)
{
    static const char  *const parts[] = {
        "one ", "two ", "three. ", "four\n", "five\n\n", "\xc3\xa9\xc3\xa8 ",
        "\xf0\x9f\x91\x8d\xf0\x9f\x8f\xbd", "e\xcc\x81 ", "6 ", "seveneight"
    };
    const size_t  n = any((uint32_t) most + 1);
    cx_buf        b;

    cx_buf_init(&b, arena, 64, 1 << 18);

    for (size_t i = 0; i < n; i++) {
        cx_buf_add(&b, cx_strz(parts[any(10)]));
    }

    return cx_buf_str(&b);
}


static cx_str
maybe(size_t most)
{
    return any(3) == 0 ? words(most) : CX_NOSTR;
}


static size_t
limit(size_t least, size_t most)
{
    return any(4) == 0 ? 0 : least + any((uint32_t) (most - least));
}


static void
random_caps(cx_caps *c)
{
    static const char  *const types[] = { "image/png", "image/png video/mp4",
                                          "audio/ogg application/pdf", NULL };

    *c = (cx_caps) {
        .kinds = any(UINT32_C(1) << CX_OUT_COUNT) | CX_OUT_BIT(TEXT),
        .unit = (cx_unit) any(3),
        .text_max = 20 + any(400),
        .caption_max = limit(5, 100),
        .body_max = limit(20, 200),
        .header_max = limit(5, 60),
        .footer_max = limit(5, 60),
        .buttons_max = any(12),
        .title_max = limit(4, 30),
        .rows_max = any(12),
        .row_title_max = limit(4, 30),
        .row_text_max = limit(4, 40),
        .label_max = limit(4, 20),
        .links = any(2),
        .calls = any(2),
        .reply_to = any(2),
        .typing = any(2),
        .card_media = any(2),
        .media_ids = any(2),
    };

    for (size_t i = 0; i < any(CX_MEDIA_LIMITS); i++) {
        c->media[i] = (cx_media_limit) {
            (cx_out_kind) (CX_OUT_IMAGE + any(5)), any(2) * any(10000),
            types[any(4)]
        };
    }
}


static void
random_out(cx_out *o)
{
    static const char  *const mimes[] = { "", "image/png", "video/mp4",
                                          "audio/ogg", "application/zip" };
    cx_out_choice  *c = CX_NEW_N(arena, CX_OUT_CHOICES_MAX, cx_out_choice);

    *o = (cx_out) {
        .kind = (cx_out_kind) any(CX_OUT_COUNT),
        .text = words(any(8) == 0 ? 0 : 40),
        .reply_to = any(2) == 0 ? CX_STR("mid.1") : CX_NOSTR,
        .typing = any(2),
        .header = maybe(6),
        .footer = maybe(6),
        .button = any(8) == 0 ? CX_NOSTR : CX_STR("open"),
        .media_mime = cx_strz(mimes[any(5)]),
        .media_size = any(2) * any(20000),
        .place = maybe(3),
        .address = maybe(4),
        .latitude = any(90),
        .longitude = any(180),
        .contacts = any(4) == 0 ? CX_NOSTR
                    : CX_STR("[{\"name\":{\"formatted_name\":\"ann\"},"
                             "\"phones\":[{\"phone\":\"+1\"}]}]"),
        .name = any(4) == 0 ? CX_NOSTR : CX_STR("hello"),
        .choices = c,
    };

    if (o->kind >= CX_OUT_IMAGE && o->kind <= CX_OUT_STICKER
        ? any(4) != 0 : any(8) == 0)
    {
        o->media_url = CX_STR("https://m.example/a");
    }

    if (o->kind == CX_OUT_BUTTONS || o->kind == CX_OUT_LIST) {
        o->nchoices = any(14);

        for (size_t i = 0; i < o->nchoices; i++) {
            c[i].title = words(5);
            c[i].description = maybe(8);
            c[i].section = maybe(2);
            c[i].id = any(2) == 0 ? cx_printf(arena, "id%zu", i) : CX_NOSTR;
            c[i].url = any(9) == 0 ? CX_STR("https://l.example")
                                   : CX_NOSTR;
        }
    }
}


static bool
kept(const cx_out *o, const cx_outs *list)
{
    const cx_str  all = read_all(list);
    const bool    says = o->kind != CX_OUT_REACTION && o->kind != CX_OUT_READ
                         && o->kind != CX_OUT_TYPING
                         && o->kind != CX_OUT_TEMPLATE
                         && o->kind != CX_OUT_CONTACTS;
    bool          good = !says || holds(all, o->text);

    if (o->kind == CX_OUT_BUTTONS || o->kind == CX_OUT_LIST) {
        good = good && holds(all, o->header) && holds(all, o->footer)
               && holds(all, o->media_url);

        for (size_t i = 0; i < o->nchoices; i++) {
            good = good && holds(all, o->choices[i].url);
        }
    }

    if (o->kind >= CX_OUT_IMAGE && o->kind <= CX_OUT_STICKER) {
        good = good && holds(all, o->media_url);
    }

    return o->kind != CX_OUT_LOCATION ? good
           : good && holds(all, o->place) && holds(all, o->address);
}


static void
random_fits(void)
{
    size_t       done = 0, wrong = 0, lost = 0, silent = 0;
    cx_out       o;
    cx_caps      caps;
    cx_outs      list;
    const char  *error, *why;

    for (int i = 0; i < RANDOM; i++) {
        cx_arena_reset(arena);
        random_caps(&caps);
        random_out(&o);
        error = NULL;
        list = (cx_outs) { .n = 0 };

        if (cx_out_fit(&caps, &o, arena, &list, &error) != CX_OK) {
            silent += error == NULL || list.n != 0;
            continue;
        }

        done++;
        if (!kept(&o, &list) && lost++ < 3) {
            printf("# %d: %s lost text\n", i, cx_out_word(o.kind));
        }

        for (size_t k = 0; k < list.n; k++) {
            why = bad(&caps, &list.items[k]);

            if (why != NULL && wrong++ < 3) {
                printf("# %d: %s became %s with a bad %s\n", i,
                       cx_out_word(o.kind),
                       cx_out_word(list.items[k].kind), why);
            }
        }
    }

    tap_is_int((int64_t) wrong, 0, "nothing a channel would refuse");
    tap_is_int((int64_t) lost, 0, "no text is lost");
    tap_is_int((int64_t) silent, 0, "what cannot be says why");
    tap_ok(done > RANDOM / 3, "%zu of %d random messages could be sent",
           done, RANDOM);
}


/* --- rules by example ---------------------------------------------------- */

/* "kind:text" of each, joined by " | ". */
static const char *
fitted(const cx_caps *caps, const cx_out *o)
{
    cx_buf       b;
    cx_outs      list = { .n = 0 };
    const char  *error = "";

    cx_buf_init(&b, arena, 256, 1 << 18);

    if (cx_out_fit(caps, o, arena, &list, &error) != CX_OK) {
        cx_buf_printf(&b, "error: %s", error);
    }

    for (size_t i = 0; i < list.n; i++) {
        cx_buf_printf(&b, "%s%s:%.*s", i > 0 ? " | " : "",
                      cx_out_word(list.items[i].kind),
                      CX_ARG(list.items[i].text));
    }

    return cx_dupz(arena, cx_buf_str(&b));
}


#define FITS(caps, out, want)                                                \
    tap_is_str(cx_strz(fitted(caps, out)), CX_STR(want), #out)


static const cx_caps  plain = {
    .kinds = CX_OUT_BIT(TEXT), .text_max = 60
};
static const cx_caps  rich = {
    .kinds = UINT32_MAX, .text_max = 60, .caption_max = 10, .body_max = 20,
    .buttons_max = 3, .title_max = 20, .rows_max = 10, .row_title_max = 24,
    .row_text_max = 72, .links = true,
    .media = { { CX_OUT_IMAGE, 100, "image/png" } },
};


static void
choices(void)
{
    static const cx_out_choice  three[] = {
        { .title = CX_STR_INIT("Yes") }, { .title = CX_STR_INIT("No") },
        { .title = CX_STR_INIT("Site"), .url = CX_STR_INIT("https://a.b") },
    };
    static const cx_out_choice  rows[] = {
        { .title = CX_STR_INIT("Room"), .section = CX_STR_INIT("Stay"),
          .description = CX_STR_INIT("one night") },
        { .title = CX_STR_INIT("Tea"), .section = CX_STR_INIT("Bar") },
    };
    cx_out  buttons = { .kind = CX_OUT_BUTTONS, .text = CX_STR("Well?"),
                        .choices = three, .nchoices = 2 };
    cx_out  links = buttons, list = buttons;

    links.nchoices = 3;
    list.kind = CX_OUT_LIST;
    list.choices = rows;
    list.button = CX_STR("Open");

    FITS(&plain, &buttons, "text:Well?\n\n1. Yes\n2. No");
    FITS(&plain, &links, "text:Well?\n\n1. Yes\n2. No\n3. Site: https://a.b");
    FITS(&plain, &list, "text:Well?\n\nStay\n1. Room - one night\n\n"
         "Bar\n2. Tea");
    FITS(&rich, &buttons, "buttons:Well?");
    FITS(&rich, &links, "buttons:Well?");
    FITS(&rich, &list, "list:Well?");

    buttons.text = CX_STR("This body is longer than twenty.");
    FITS(&rich, &buttons, "text:This body is longer | buttons:than twenty.");
    list.button = CX_NOSTR;
    FITS(&plain, &list, "error: button is missing: the label that opens the "
         "list");
}


static void
media(void)
{
    cx_out  big, picture = { .kind = CX_OUT_IMAGE, .text = CX_STR("Ours"),
                             .media_url = CX_STR("https://a.b/c.png"),
                             .media_mime = CX_STR("image/png") };

    big = picture;
    big.media_size = 101;
    FITS(&plain, &picture, "text:Ours\nhttps://a.b/c.png");
    FITS(&rich, &picture, "image:Ours");
    FITS(&rich, &big, "document:Ours");

    picture.text = CX_STR("longer than ten");
    FITS(&rich, &picture, "image: | text:longer than ten");
    picture.media_url = CX_NOSTR;
    picture.media_id = CX_STR("17");
    FITS(&plain, &picture, "error: media_url is missing: this channel knows "
         "no media_id");
}


static void
others(void)
{
    const cx_out  reaction = { .kind = CX_OUT_REACTION, .text = CX_STR("x"),
                               .reply_to = CX_STR("m") };
    const cx_out  read = { .kind = CX_OUT_READ, .reply_to = CX_STR("m"),
                           .typing = true };
    const cx_out  tmpl = { .kind = CX_OUT_TEMPLATE, .name = CX_STR("n") };
    const cx_out  empty = { .kind = CX_OUT_TEXT };
    const cx_out  place = { .kind = CX_OUT_LOCATION, .place = CX_STR("Inn"),
                            .latitude = 1.5, .longitude = -2 };
    const cx_out  people = { .kind = CX_OUT_CONTACTS, .contacts = CX_STR(
        "[{\"name\":{\"first_name\":\"A\",\"formatted_name\":\"A B\"},"
        "\"phones\":[{\"phone\":\"+1 2\"}]}]") };

    FITS(&plain, &people, "text:A B\n+1 2");
    FITS(&plain, &reaction, "error: kind: this channel has no reactions");
    FITS(&plain, &read, "");
    FITS(&plain, &tmpl, "error: kind: this channel has no templates");
    FITS(&plain, &empty, "error: text is missing");
    FITS(&rich, &place, "location:");
    FITS(&rich, &read, "read: | typing:");
    FITS(&rich, &tmpl, "template:");
}


/* Whatever the memory: all of it, or out of memory. */
static void
no_memory(void)
{
    static const cx_out_choice  two[] = {
        { .title = CX_STR_INIT("A title that is too long for a button") },
        { .title = CX_STR_INIT("No") },
    };
    const cx_out  o = { .kind = CX_OUT_BUTTONS, .text = CX_STR("Well then?"),
                        .choices = two, .nchoices = 2,
                        .header = CX_STR("Head") };
    const cx_caps  caps = { .kinds = UINT32_MAX, .text_max = 60,
                            .buttons_max = 3, .title_max = 20,
                            .body_max = 10 };
    cx_err        err = CX_NOMEM;
    size_t        at;
    cx_outs       list = { .n = 0 };
    const char   *error;
    cx_arena     *small = cx_arena_new(ARENA_MAX);

    for (at = 0; err == CX_NOMEM && at < ARENA_MAX; at++) {
        cx_arena_reset(small);
        cx_arena_limit(small, at);
        list = (cx_outs) { .n = 0 };
        err = cx_out_fit(&caps, &o, small, &list, &error);
    }

    tap_ok(err == CX_OK && list.n == 2, "whole or out of memory, at %zu byte "
           "caps", at);
    cx_arena_free(small);
}


int
main(void)
{
    arena = cx_arena_new(ARENA_MAX);

    choices();
    media();
    others();
    no_memory();
    random_fits();

    cx_arena_free(arena);
    return tap_done();
}
