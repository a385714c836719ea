/*
 * docs/CHANNELS.md has one table of what each channel can do, which is what
 * the adapters say.  With an argument it prints the tables as they should be.
 */

#include "channel/channel.h"

#include "unit/folder.h"
#include "unit/tap.h"


#define ARENA_MAX  (4 * 1024 * 1024)

/* Accounts of one type may differ in what they can. */
static const struct {
    const char  *type;
    const char  *account;
    const char  *title;
} tables[] = {
    { "whatsapp",        "1",             "whatsapp"          },
    { "messenger",       "1",             "messenger"         },
    { "instagram",       "1",             "instagram"         },
    { "twilio",          "+15550100",     "twilio, SMS"       },
    { "twilio",          "whatsapp:+155", "twilio, WhatsApp"  },
    { "rcs",             "agent",         "rcs"               },
    { "google_business", "agent",         "google_business"   },
    { "webchat",         "chat",          "webchat"           },
    { "email",           "a@example.org", "email"             },
};

#define TABLES  (sizeof(tables) / sizeof(tables[0]))

static cx_arena  *arena;


/* 100 MB, 500 KB, 17 bytes. */
static cx_str
size_text(int64_t n)
{
    if (n == 0) {
        return CX_STR("any size");
    }

    return n % (1024 * 1024) == 0
           ? cx_printf(arena, "%" PRId64 " MiB", n / (1024 * 1024))
           : n % 1000000 == 0
           ? cx_printf(arena, "%" PRId64 " MB", n / 1000000)
           : n % 1024 == 0 ? cx_printf(arena, "%" PRId64 " KiB", n / 1024)
           : cx_printf(arena, "%" PRId64 " bytes", n);
}


static cx_str
time_text(int64_t ms)
{
    return ms % 86400000 == 0 && ms > 86400000
           ? cx_printf(arena, "%" PRId64 " days", ms / 86400000)
           : ms % 3600000 == 0
           ? cx_printf(arena, "%" PRId64 " h", ms / 3600000)
           : cx_printf(arena, "%" PRId64 " s", ms / 1000);
}


static void
put_kinds(cx_buf *b, const cx_caps *c)
{
    cx_buf_printf(b, "| kinds |");

    for (unsigned i = 0; i < CX_OUT_COUNT; i++) {
        if ((c->kinds >> i & 1) != 0) {
            cx_buf_printf(b, " %s", cx_out_word((cx_out_kind) i));
        }
    }

    cx_buf_printf(b, " |\n");
}


static void
put_limit(cx_buf *b, const char *name, size_t n)
{
    if (n > 0) {
        cx_buf_printf(b, ", %s %zu", name, n);
    }
}


static void
put_choices(cx_buf *b, const cx_caps *c)
{
    if ((c->kinds & CX_OUT_BIT(BUTTONS)) != 0) {
        cx_buf_printf(b, "| buttons | %zu", c->buttons_max);
        put_limit(b, "title", c->title_max);
        put_limit(b, "body", c->body_max);
        put_limit(b, "header", c->header_max);
        put_limit(b, "footer", c->footer_max);
        cx_buf_printf(b, "%s%s%s |\n", c->links ? ", links" : "",
                      c->calls ? ", calls" : "",
                      c->card_media ? ", a picture above" : "");
    }

    if ((c->kinds & CX_OUT_BIT(LIST)) != 0) {
        cx_buf_printf(b, "| list | %zu rows", c->rows_max);
        put_limit(b, "title", c->row_title_max);
        put_limit(b, "description", c->row_text_max);
        put_limit(b, "button", c->label_max);
        cx_buf_printf(b, " |\n");
    }
}


static void
put_media(cx_buf *b, const cx_caps *c)
{
    for (size_t i = 0; i < CX_MEDIA_LIMITS; i++) {
        const cx_media_limit  *m = &c->media[i];

        if (m->max_size > 0 || m->types != NULL) {
            cx_buf_printf(b, "| %s | %.*s: %s |\n", cx_out_word(m->kind),
                          CX_ARG(size_text(m->max_size)),
                          m->types != NULL ? m->types : "any type");
        }
    }
}


static void
put_ids(cx_buf *b, const cx_caps *c)
{
    if (c->media_ids) {
        cx_buf_printf(b, "| media_id | of a file that the provider has |\n");
    }
}


static void
put_rules(cx_buf *b, const cx_caps *c)
{
    if (c->window_ms > 0) {
        cx_buf_printf(b, "| window | %.*s",
                      CX_ARG(time_text(c->window_ms)));

        if (c->human_window_ms > 0) {
            cx_buf_printf(b, ", a person's text %.*s",
                          CX_ARG(time_text(c->human_window_ms)));
        }

        cx_buf_printf(b, "%s |\n",
                      c->templates_outside ? ", then templates" : "");
    }

    if (c->pair_gap_ms > 0) {
        cx_buf_printf(b, "| to one customer | %" PRId64 " at once, then one "
                      "in %.*s |\n", c->pair_burst > 0 ? c->pair_burst : 1,
                      CX_ARG(time_text(c->pair_gap_ms)));
    }

    if (c->rate_per_s > 0) {
        cx_buf_printf(b, "| of one account | %" PRId64 " a second |\n",
                      c->rate_per_s);
    }

    if (c->opt_out) {
        cx_buf_printf(b, "| STOP | obeyed |\n");
    }
}


static cx_str
table_of(size_t i)
{
    static const char *const  units[] = {
        [CX_UNIT_CODE_POINTS] = "characters",
        [CX_UNIT_UTF16] = "UTF-16 units",
        [CX_UNIT_BYTES] = "bytes",
    };
    cx_buf             b;
    const cx_caps     *c;
    const cx_channel  *ch = cx_channel_sender(cx_strz(tables[i].type));

    if (ch == NULL) {
        return CX_NOSTR;
    }

    c = cx_channel_caps(ch, cx_strz(tables[i].account));
    cx_buf_init(&b, arena, 1024, 1 << 16);
    cx_buf_printf(&b, "### %s\n\n| | |\n|---|---|\n", tables[i].title);
    put_kinds(&b, c);
    cx_buf_printf(&b, "| text | %zu %s |\n", c->text_max, units[c->unit]);

    if (c->caption_max > 0) {
        cx_buf_printf(&b, "| caption | %zu |\n", c->caption_max);
    }

    put_choices(&b, c);
    put_media(&b, c);
    cx_buf_printf(&b, "| reply_to | %s |\n", c->reply_to ? "yes" : "no");
    put_ids(&b, c);
    put_rules(&b, c);
    cx_buf_byte(&b, '\n');
    return cx_buf_str(&b);
}


static void
all_there(void)
{
    cx_str  rest = cx_strz(cx_channel_sender_names()), one;

    while (cx_str_split(&rest, ',', &one)) {
        bool  found = false;

        for (size_t i = 0; i < TABLES; i++) {
            found = found || cx_str_eq(cx_str_trim(one),
                                       cx_strz(tables[i].type));
        }

        tap_ok(found, "%.*s has a table", CX_ARG(cx_str_trim(one)));
    }
}


int
main(int argc, char **argv)
{
    cx_str  page, table;

    (void) argv;
    arena = cx_arena_new(ARENA_MAX);
    page = cx_concat(arena, file_read(arena, "docs/CHANNELS.md"),
                     CX_STR("\n"));

    for (size_t i = 0; i < TABLES; i++) {
        table = table_of(i);

        if (argc > 1) {
            printf("%.*s", CX_ARG(table));

        } else if (table.len > 0) {
            tap_ok(cx_str_find(page, table) != SIZE_MAX,
                   "docs/CHANNELS.md has what %s can do", tables[i].title);
        }
    }

    if (argc > 1) {
        return 0;
    }

    all_there();
    cx_arena_free(arena);
    return tap_done();
}
