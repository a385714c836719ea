/* Webhook bodies as Meta would send them, one for every inbound type, out of
 * made-up values. */

#include "ctl/sample_meta.h"

#include "ctl/plan.h"

#define SHA    "nRqz2Z5xGn0n6hBmDkE5cQ7V7tq0fC1i8Zbq2s5yYxE="
#define MEDIA  "1003383421387256"
#define WABA   "102290129340398"
#define OTHER  "wamid.SIMPREVIOUS"
#define FROM   "+15550104821"

#define STATUSES  "sent|delivered|read|failed"

/* What stands under the type's own name in the message. */
typedef json_t *(*sample_fn)(const char *text, const char *of);

#define SAMPLE(fn, ...)                                                      \
    static json_t *                                                          \
    fn(const char *text, const char *of)                                     \
    {                                                                        \
        (void) text;                                                         \
        (void) of;                                                           \
        return json_pack(__VA_ARGS__);                                       \
    }

SAMPLE(text, "{s:s}", "body", text)
SAMPLE(image, "{s:s,s:s,s:s,s:s}", "id", MEDIA, "mime_type", "image/jpeg",
       "sha256", SHA, "caption", text)
SAMPLE(video, "{s:s,s:s,s:s,s:s}", "id", MEDIA, "mime_type", "video/mp4",
       "sha256", SHA, "caption", text)
SAMPLE(audio, "{s:s,s:s,s:s,s:b}", "id", MEDIA, "mime_type", "audio/mpeg",
       "sha256", SHA, "voice", 0)
SAMPLE(voice, "{s:s,s:s,s:s,s:b}", "id", MEDIA, "mime_type",
       "audio/ogg; codecs=opus", "sha256", SHA, "voice", 1)
SAMPLE(document, "{s:s,s:s,s:s,s:s,s:s}", "id", MEDIA, "mime_type",
       "application/pdf", "sha256", SHA, "filename", "booking.pdf",
       "caption", text)
SAMPLE(sticker, "{s:s,s:s,s:s,s:b}", "id", MEDIA, "mime_type", "image/webp",
       "sha256", SHA, "animated", 0)
SAMPLE(location, "{s:f,s:f,s:s,s:s}", "latitude", 38.7139, "longitude",
       -9.1334, "name", text, "address", "Largo do Carmo, Lisboa")
SAMPLE(contacts, "[{s:{s:s,s:s},s:[{s:s,s:s}]}]", "name", "formatted_name",
       text, "first_name", text, "phones", "phone", "+1 555 010 9999",
       "type", "CELL")
SAMPLE(reaction, "{s:s,s:s}", "message_id", of, "emoji", text)
SAMPLE(button, "{s:s,s:s}", "payload", "YES", "text", text)
SAMPLE(button_reply, "{s:s,s:{s:s,s:s}}", "type", "button_reply",
       "button_reply", "id", "btn-1", "title", text)
SAMPLE(list_reply, "{s:s,s:{s:s,s:s,s:s}}", "type", "list_reply",
       "list_reply", "id", "row-7", "title", text, "description",
       "the row's own text")
SAMPLE(flow, "{s:s,s:{s:s,s:s,s:s}}", "type", "nfm_reply", "nfm_reply",
       "name", "flow", "body", text, "response_json",
       "{\"flow_token\":\"t1\",\"nights\":3}")
SAMPLE(order, "{s:s,s:s,s:[{s:s,s:i,s:f,s:s}]}", "catalog_id",
       "194836987003835", "text", text, "product_items",
       "product_retailer_id", "sku-1", "quantity", 2, "item_price", 12.5,
       "currency", "EUR")
SAMPLE(system_number, "{s:s,s:s,s:s}", "type", "user_changed_number",
       "wa_id", "15550104899", "body", text)
SAMPLE(edit, "{s:s,s:{s:s,s:{s:s}}}", "original_message_id", of, "message",
       "type", "text", "text", "body", text)
SAMPLE(revoke, "{s:s}", "original_message_id", of)
SAMPLE(unsupported, "{s:s}", "type", "poll")

static const struct {
    const char  *name;        /* --type */
    const char  *type;        /* in the message */
    sample_fn    build;
    const char  *text;        /* when --text is left out */
    bool         context;     /* --of also makes it a reply */
} types[] = {
    { "text",        "text",        text,          "Hello",          true  },
    { "image",       "image",       image,         "The view",       true  },
    { "video",       "video",       video,         "The pool",       true  },
    { "audio",       "audio",       audio,         "",               true  },
    { "voice",       "audio",       voice,         "",               true  },
    { "document",    "document",    document,      "My booking",     true  },
    { "sticker",     "sticker",     sticker,       "",               true  },
    { "location",    "location",    location,      "Meeting point",  true  },
    { "contacts",    "contacts",    contacts,      "Maria Lopes",    true  },
    { "reaction",    "reaction",    reaction,      "\xf0\x9f\x91\x8d", false },
    { "button",      "button",      button,        "Yes, please",    true  },
    { "interactive", "interactive", button_reply,  "Yes, please",    true  },
    { "list",        "interactive", list_reply,    "Late check-in",  true  },
    { "flow",        "interactive", flow,          "Sent",           true  },
    { "order",       "order",       order,         "Two, please",    true  },
    { "system",      "system",      system_number, "Number changed", false },
    { "edit",        "edit",        edit,          "Hello again",    false },
    { "revoke",      "revoke",      revoke,        "",               false },
    { "unsupported", "unsupported", unsupported,   "",               false },
    { "referral",    "text",        text,          "I saw your ad",  false },
};

#define NTYPES  (sizeof(types) / sizeof(types[0]))


static const char *
kind(size_t i)
{
    return i < NTYPES ? types[i].name : NULL;
}


static size_t
type_index(cx_str name)
{
    for (size_t i = 0; i < NTYPES; i++) {
        if (cx_str_eq(cx_strz(types[i].name), name)) {
            return i;
        }
    }

    return NTYPES;
}


/* --- parts --------------------------------------------------------------- */

static cx_str
user_id(ctl *c, const ctl_sample *s)
{
    cx_str  id = ctl_own(c, "user-id", CX_NOSTR);

    return id.len > 0 ? ctl_sample_other(c, id, s->customer) : id;
}


static void
set_time(ctl *c, json_t *object, int64_t now_s)
{
    ctl_sample_set(c, object, "timestamp",
        cx_printf(c->arena, "%lld", (long long) now_s));
}


static json_t *
contact(ctl *c, const ctl_sample *s)
{
    json_t  *profile = json_object(), *out = json_object();

    ctl_sample_set(c, profile, "name", CX_STR("Ana Sample"));
    ctl_sample_set(c, profile, "username", ctl_own(c, "username", CX_NOSTR));
    json_object_set_new(out, "profile", profile);
    ctl_sample_set(c, out, "wa_id", s->from);
    ctl_sample_set(c, out, "user_id", user_id(c, s));

    return out;
}


static json_t *
referral(void)
{
    return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s}",
                     "source_url", "https://fb.me/x",
                     "source_id", "120208", "source_type", "ad",
                     "headline", "Stay by the sea",
                     "body", "From 90 a night",
                     "ctwa_clid", "ARAkLkA8rmlFeiCktEJQ");
}


static json_t *
errors(int64_t code, const char *title)
{
    return json_pack("[{s:I,s:s,s:s,s:{s:s}}]", "code", (json_int_t) code,
                     "title", title, "message", title, "error_data",
                     "details", title);
}


/* The envelope around `value`, which it takes over. */
static json_t *
envelope(ctl *c, const ctl_sample *s, json_t *value)
{
    json_t  *meta = json_object();

    ctl_sample_set(c, meta, "display_phone_number", CX_STR("15550783881"));
    ctl_sample_set(c, meta, "phone_number_id", s->account);
    json_object_set_new(value, "metadata", meta);

    return json_pack("{s:s,s:[{s:s,s:I,s:[{s:s,s:o}]}]}", "object",
                     "whatsapp_business_account", "entry", "id", WABA,
                     "time", (json_int_t) s->now_s, "changes", "field",
                     "messages", "value", value);
}


/* --- whole bodies -------------------------------------------------------- */

static json_t *
message(ctl *c, const ctl_sample *s)
{
    size_t       i = type_index(s->type);
    const char  *of = s->of.len > 0 ? cx_dupz(c->arena, s->of) : OTHER;
    json_t      *own, *m;

    if (i == NTYPES) {
        return NULL;
    }

    own = types[i].build(s->text.len > 0 ? cx_dupz(c->arena, s->text)
                                         : types[i].text, of);
    if (own == NULL) {
        return NULL;
    }

    m = json_object();
    ctl_sample_set(c, m, "from", s->from);
    ctl_sample_set(c, m, "from_user_id", user_id(c, s));
    ctl_sample_set(c, m, "id", cx_concat(c->arena, CX_STR("wamid.SIM"),
                                         s->serial));
    set_time(c, m, s->now_s);
    ctl_sample_set(c, m, "type", cx_strz(types[i].type));
    json_object_set_new(m, types[i].type, own);

    if (types[i].context && s->of.len > 0) {
        json_object_set_new(m, "context",
                            json_pack("{s:s,s:s}", "from", "15550783881",
                                      "id", of));
    }

    if (cx_str_eq(s->type, CX_STR("referral"))) {
        json_object_set_new(m, "referral", referral());
    }

    if (cx_str_eq(s->type, CX_STR("unsupported"))) {
        json_object_set_new(m, "errors", errors(131051,
                                                "Message type unknown"));
    }

    return envelope(c, s, json_pack("{s:s,s:[o],s:[o]}", "messaging_product",
                                    "whatsapp", "contacts", contact(c, s),
                                    "messages", m));
}


static json_t *
status(ctl *c, const ctl_sample *s)
{
    json_t  *st = json_object();

    ctl_sample_set(c, st, "id", s->of);
    ctl_sample_set(c, st, "status", s->status);
    set_time(c, st, s->now_s);
    ctl_sample_set(c, st, "recipient_id", s->from);
    ctl_sample_set(c, st, "recipient_user_id", user_id(c, s));
    ctl_sample_set(c, st, "biz_opaque_callback_data", s->tag);

    if (cx_str_eq(s->status, CX_STR("failed"))) {
        json_object_set_new(st, "errors",
                            errors(s->error > 0 ? s->error : 131047,
                                   "Message was not delivered"));
    }

    return envelope(c, s, json_pack("{s:s,s:[o]}", "messaging_product",
                                    "whatsapp", "statuses", st));
}


static char *
body(ctl *c, const ctl_sample *s)
{
    return ctl_sample_dump(s->status.len > 0 ? status(c, s) : message(c, s));
}


/* --- the provider -------------------------------------------------------- */

/* A number is written +1 555..., Meta sends its digits.  A customer known by
 * user id alone has none, unless it is given. */
static ctl_exit
check(ctl *c, ctl_sample *s)
{
    int64_t  digits;

    if (ctl_is_set(c, "user-id") && !ctl_is_set(c, "from")) {
        s->from = CX_NOSTR;
    }

    if (cx_str_starts(s->from, CX_STR("+"))) {
        s->from = cx_str_sub(s->from, 1, s->from.len);
    }

    if (s->from.len > 15
        || (s->from.len > 0 && !cx_str_to_i64(s->from, &digits)))
    {
        return ctl_fail(c, CTL_USAGE, NULL,
                        "--from wants a number like " FROM);
    }

    return CTL_OK;
}


const ctl_flag  ctl_flags_whatsapp[] = {
    CTL_SAMPLE_FLAGS,
    CTL_FLAG_FROM("NUMBER", "the customer's number, " FROM " if nothing is "
                  "said"),
    { "user-id", 0, CTL_TEXT, CTL_OWN, "ID",
      "business-scoped user id: US.1349...; the number may be absent" },
    { "username", 0, CTL_TEXT, CTL_OWN, "NAME", "" },
    CTL_FLAG_STATUS(STATUSES),
    CTL_FLAG_OF,
    CTL_FLAG_ERROR("with --status failed: 131047"),
    CTL_FLAG_TAG("biz_opaque_callback_data of a status"),
    CTL_FLAG_HANDSHAKE,
    CTL_FLAGS_END
};

const ctl_type  ctl_type_whatsapp = {
    .name = "whatsapp",
    .kind = kind,
    .mac = CX_MAC_SHA256,
    .from = FROM,
    .check = check,
    .body = body,
    .sign = ctl_meta_sign,
    .handshake = ctl_meta_handshake,
};
