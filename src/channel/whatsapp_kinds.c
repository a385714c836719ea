/*
 * What the Cloud API can say, one function a type.  Facts: WhatsApp Cloud
 * API, "Send messages" and its pages "Text", "Image", "Video", "Audio",
 * "Document", "Sticker", "Location", "Contacts", "Reaction", "Interactive
 * reply buttons", "Interactive lists", "Template"; "Media" for types and
 * sizes.
 */

#include "channel/whatsapp.h"

#include "core/text.h"

#include <math.h>


#define MIB              (INT64_C(1024) * 1024)
#define CAPTION_MAX      1024
#define BODY_MAX         1024
#define HEADER_MAX       60
#define FOOTER_MAX       60
#define BUTTONS_MAX      3
#define BUTTON_MAX       20
#define BUTTON_ID_MAX    256
#define ROWS_MAX         10
#define ROW_TITLE_MAX    24
#define ROW_TEXT_MAX     72
#define ROW_ID_MAX       200
#define SECTION_MAX      24
#define LABEL_MAX        20
#define TEMPLATE_MAX     512
#define CONTACTS_MAX     257

/* A list must have a label; whoever asked for it gave none. */
#define LABEL_ELSE       "Options"


static bool put_text(cx_json_writer *w, const cx_out *out, cx_arena *a);
static bool put_media(cx_json_writer *w, const cx_out *out, cx_arena *a);
static bool put_place(cx_json_writer *w, const cx_out *out, cx_arena *a);
static bool put_contacts(cx_json_writer *w, const cx_out *out, cx_arena *a);
static bool put_reaction(cx_json_writer *w, const cx_out *out, cx_arena *a);
static bool put_buttons(cx_json_writer *w, const cx_out *out, cx_arena *a);
static bool put_list(cx_json_writer *w, const cx_out *out, cx_arena *a);
static void put_frame(cx_json_writer *w, const cx_out *out, const char *type);
static bool frame_fits(const cx_out *out, size_t body_max);
static void put_sections(cx_json_writer *w, const cx_out *out);
static bool has_sections(const cx_out *out);
static cx_str section_title(cx_json_writer *w, const cx_out *out,
    cx_str section);
static cx_str label_of(const cx_out *out);
static bool rows_fit(const cx_out *out);
static void put_row(cx_json_writer *w, const cx_out_choice *c);
static bool choices_fit(const cx_out *out, size_t title_max, size_t id_max);
static cx_str choice_id(const cx_out_choice *c);
static bool put_template(cx_json_writer *w, const cx_out *out, cx_arena *a);
static void put_params(cx_json_writer *w, const cx_out *out);
static bool is_array(cx_str json, size_t max, cx_arena *a);
static bool fits(cx_str s, size_t max);


/*
 * Lengths in characters; sizes of "Media" in bytes.  The window of 24 hours:
 * "Conversations"; 80 messages a second and one in 6 seconds to the same
 * person, 45 in a burst: "Throughput", "Pair rate limits".
 */
const cx_caps  cx_wa_caps = {
    .kinds = CX_OUT_BIT(TEXT) | CX_OUT_BIT(TEMPLATE) | CX_OUT_BIT(BUTTONS)
             | CX_OUT_BIT(LIST) | CX_OUT_BIT(IMAGE) | CX_OUT_BIT(VIDEO)
             | CX_OUT_BIT(AUDIO) | CX_OUT_BIT(DOCUMENT) | CX_OUT_BIT(STICKER)
             | CX_OUT_BIT(LOCATION) | CX_OUT_BIT(CONTACTS)
             | CX_OUT_BIT(REACTION) | CX_OUT_BIT(READ),
    .unit = CX_UNIT_CODE_POINTS,
    .text_max = CX_WA_TEXT_MAX,
    .caption_max = CAPTION_MAX,
    .body_max = BODY_MAX,
    .header_max = HEADER_MAX,
    .footer_max = FOOTER_MAX,
    .buttons_max = BUTTONS_MAX,
    .title_max = BUTTON_MAX,
    .rows_max = ROWS_MAX,
    .row_title_max = ROW_TITLE_MAX,
    .row_text_max = ROW_TEXT_MAX,
    .label_max = LABEL_MAX,
    .reply_to = true,
    .media_ids = true,
    .media = {
        { CX_OUT_IMAGE, 5 * MIB, "image/jpeg image/png" },
        { CX_OUT_VIDEO, 16 * MIB, "video/mp4 video/3gpp" },
        { CX_OUT_AUDIO, 16 * MIB,
          "audio/aac audio/amr audio/mpeg audio/mp4 audio/ogg" },
        { CX_OUT_DOCUMENT, 100 * MIB, NULL },
        /* 500 KB is for animated ones, others have 100 KB: which it is only
         * Meta sees. */
        { CX_OUT_STICKER, 500 * 1024, "image/webp" },
    },
    .window_ms = INT64_C(24) * 3600 * 1000,
    .templates_outside = true,
    .opt_out = true,
    .pair_gap_ms = 6000,
    .pair_burst = 45,
    .rate_per_s = 80,
};

static const cx_wa_kind  kinds[] = {
    { CX_OUT_TEXT,     "text",        put_text     },
    { CX_OUT_TEMPLATE, "template",    put_template },
    { CX_OUT_BUTTONS,  "interactive", put_buttons  },
    { CX_OUT_LIST,     "interactive", put_list     },
    { CX_OUT_IMAGE,    "image",       put_media    },
    { CX_OUT_VIDEO,    "video",       put_media    },
    { CX_OUT_AUDIO,    "audio",       put_media    },
    { CX_OUT_DOCUMENT, "document",    put_media    },
    { CX_OUT_STICKER,  "sticker",     put_media    },
    { CX_OUT_LOCATION, "location",    put_place    },
    { CX_OUT_CONTACTS, "contacts",    put_contacts },
    { CX_OUT_REACTION, "reaction",    put_reaction },
};


const cx_wa_kind *
cx_wa_kind_find(cx_out_kind kind)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (kinds[i].kind == kind) {
            return &kinds[i];
        }
    }

    return NULL;
}


static bool
put_text(cx_json_writer *w, const cx_out *out, cx_arena *a)
{
    (void) a;

    cx_json_begin(w, '{');
    cx_json_name(w, CX_STR("preview_url"));
    cx_json_put_bool(w, false);
    cx_meta_put(w, "body", out->text);
    cx_json_end(w, '}');

    return out->text.len > 0 && fits(out->text, CX_WA_TEXT_MAX);
}


static bool
put_media(cx_json_writer *w, const cx_out *out, cx_arena *a)
{
    const bool  caption = out->kind != CX_OUT_AUDIO
                          && out->kind != CX_OUT_STICKER;

    (void) a;
    cx_json_begin(w, '{');

    if (out->media_id.len > 0) {
        cx_meta_put(w, "id", out->media_id);

    } else {
        cx_meta_put(w, "link", out->media_url);
    }

    if (out->text.len > 0) {
        cx_meta_put(w, "caption", out->text);
    }

    if (out->media_name.len > 0 && out->kind == CX_OUT_DOCUMENT) {
        cx_meta_put(w, "filename", out->media_name);
    }

    cx_json_end(w, '}');

    return (out->media_id.len > 0 || out->media_url.len > 0)
           && (out->text.len == 0 || caption)
           && fits(out->text, CAPTION_MAX);
}


static bool
put_place(cx_json_writer *w, const cx_out *out, cx_arena *a)
{
    /* NaN and the infinities are no JSON. */
    if (!(fabs(out->latitude) <= 90 && fabs(out->longitude) <= 180)) {
        return false;
    }

    cx_json_begin(w, '{');
    cx_json_name(w, CX_STR("latitude"));
    cx_json_put_raw(w, cx_printf(a, "%.7f", out->latitude));
    cx_json_name(w, CX_STR("longitude"));
    cx_json_put_raw(w, cx_printf(a, "%.7f", out->longitude));

    if (out->place.len > 0) {
        cx_meta_put(w, "name", out->place);
    }

    if (out->address.len > 0) {
        cx_meta_put(w, "address", out->address);
    }

    cx_json_end(w, '}');
    return true;
}


static bool
put_contacts(cx_json_writer *w, const cx_out *out, cx_arena *a)
{
    if (!is_array(out->contacts, CONTACTS_MAX, a)) {
        return false;
    }

    cx_json_put_raw(w, out->contacts);
    return true;
}


/* An empty emoji takes the reaction back. */
static bool
put_reaction(cx_json_writer *w, const cx_out *out, cx_arena *a)
{
    (void) a;

    cx_json_begin(w, '{');
    cx_meta_put(w, "message_id", out->reply_to);
    cx_meta_put(w, "emoji", out->text);
    cx_json_end(w, '}');

    return out->reply_to.len > 0;
}


/* --- buttons and lists --------------------------------------------------- */

static bool
put_buttons(cx_json_writer *w, const cx_out *out, cx_arena *a)
{
    (void) a;
    put_frame(w, out, "button");
    cx_json_name(w, CX_STR("buttons"));
    cx_json_begin(w, '[');

    for (size_t i = 0; i < out->nchoices; i++) {
        cx_json_begin(w, '{');
        cx_meta_put(w, "type", CX_STR("reply"));
        cx_json_name(w, CX_STR("reply"));
        cx_json_begin(w, '{');
        cx_meta_put(w, "id", choice_id(&out->choices[i]));
        cx_meta_put(w, "title", out->choices[i].title);
        cx_json_end(w, '}');
        cx_json_end(w, '}');
    }

    cx_json_end(w, ']');
    cx_json_end(w, '}');
    cx_json_end(w, '}');

    return out->nchoices <= BUTTONS_MAX && frame_fits(out, BODY_MAX)
           && choices_fit(out, BUTTON_MAX, BUTTON_ID_MAX);
}


static bool
put_list(cx_json_writer *w, const cx_out *out, cx_arena *a)
{
    (void) a;
    put_frame(w, out, "list");
    cx_meta_put(w, "button", label_of(out));
    put_sections(w, out);
    cx_json_end(w, '}');
    cx_json_end(w, '}');

    return rows_fit(out) && fits(out->button, LABEL_MAX)
           && frame_fits(out, CX_WA_TEXT_MAX)
           && choices_fit(out, ROW_TITLE_MAX, ROW_ID_MAX);
}


/* What both have, up to the first member of "action". */
static void
put_frame(cx_json_writer *w, const cx_out *out, const char *type)
{
    cx_json_begin(w, '{');
    cx_meta_put(w, "type", cx_strz(type));

    if (out->header.len > 0) {
        cx_json_name(w, CX_STR("header"));
        cx_json_begin(w, '{');
        cx_meta_put(w, "type", CX_STR("text"));
        cx_meta_put(w, "text", out->header);
        cx_json_end(w, '}');
    }

    cx_json_name(w, CX_STR("body"));
    cx_json_begin(w, '{');
    cx_meta_put(w, "text", out->text);
    cx_json_end(w, '}');

    if (out->footer.len > 0) {
        cx_json_name(w, CX_STR("footer"));
        cx_json_begin(w, '{');
        cx_meta_put(w, "text", out->footer);
        cx_json_end(w, '}');
    }

    cx_json_name(w, CX_STR("action"));
    cx_json_begin(w, '{');
}


static bool
frame_fits(const cx_out *out, size_t body_max)
{
    return out->text.len > 0 && fits(out->text, body_max)
           && fits(out->header, HEADER_MAX) && fits(out->footer, FOOTER_MAX);
}


/* A row without a section belongs to the one before.  Where there are several
 * each must have a title: rows before the first one get the list's label. */
static void
put_sections(cx_json_writer *w, const cx_out *out)
{
    cx_str  current = CX_NOSTR;

    cx_json_name(w, CX_STR("sections"));
    cx_json_begin(w, '[');

    for (size_t i = 0; i < out->nchoices; i++) {
        const cx_out_choice  *c = &out->choices[i];

        if (i == 0 || (c->section.len > 0
                       && !cx_str_eq(c->section, current)))
        {
            if (i > 0) {
                cx_json_end(w, ']');
                cx_json_end(w, '}');
            }

            current = c->section;
            cx_json_begin(w, '{');

            if (has_sections(out)) {
                cx_meta_put(w, "title", section_title(w, out, current));
            }

            cx_json_name(w, CX_STR("rows"));
            cx_json_begin(w, '[');
        }

        put_row(w, c);
    }

    if (out->nchoices > 0) {
        cx_json_end(w, ']');
        cx_json_end(w, '}');
    }

    cx_json_end(w, ']');
}


static bool
has_sections(const cx_out *out)
{
    for (size_t i = 0; i < out->nchoices; i++) {
        if (out->choices[i].section.len > 0) {
            return true;
        }
    }

    return false;
}


static cx_str
section_title(cx_json_writer *w, const cx_out *out, cx_str section)
{
    if (section.len == 0) {
        return label_of(out);
    }

    if (fits(section, SECTION_MAX)) {
        return section;
    }

    return cx_concat(w->buf->arena,
                     cx_text_cut(section, CX_UNIT_CODE_POINTS,
                                 SECTION_MAX - 1), CX_STR("\xe2\x80\xa6"));
}


static cx_str
label_of(const cx_out *out)
{
    return out->button.len > 0 ? out->button : CX_STR(LABEL_ELSE);
}


static bool
rows_fit(const cx_out *out)
{
    for (size_t i = 0; i < out->nchoices; i++) {
        if (!fits(out->choices[i].description, ROW_TEXT_MAX)) {
            return false;
        }
    }

    return out->nchoices <= ROWS_MAX;
}


static void
put_row(cx_json_writer *w, const cx_out_choice *c)
{
    cx_json_begin(w, '{');
    cx_meta_put(w, "id", choice_id(c));
    cx_meta_put(w, "title", c->title);

    if (c->description.len > 0) {
        cx_meta_put(w, "description", c->description);
    }

    cx_json_end(w, '}');
}


/* Links and calls are no answers, and two answers of one id are none. */
static bool
choices_fit(const cx_out *out, size_t title_max, size_t id_max)
{
    for (size_t i = 0; i < out->nchoices; i++) {
        const cx_out_choice  *c = &out->choices[i];

        if (c->title.len == 0 || !fits(c->title, title_max)
            || !fits(choice_id(c), id_max)
            || c->url.len > 0 || c->phone.len > 0)
        {
            return false;
        }

        for (size_t k = 0; k < i; k++) {
            if (cx_str_eq(choice_id(c), choice_id(&out->choices[k]))) {
                return false;
            }
        }
    }

    return out->nchoices > 0;
}


static cx_str
choice_id(const cx_out_choice *c)
{
    return c->id.len > 0 ? c->id : c->title;
}


/* --- templates ----------------------------------------------------------- */

static bool
put_template(cx_json_writer *w, const cx_out *out, cx_arena *a)
{
    cx_json_begin(w, '{');
    cx_meta_put(w, "name", out->name);
    cx_json_name(w, CX_STR("language"));
    cx_json_begin(w, '{');
    cx_meta_put(w, "code", out->language);
    cx_json_end(w, '}');

    if (out->components.len > 0) {
        if (!is_array(out->components, TEMPLATE_MAX, a)) {
            return false;
        }

        cx_json_name(w, CX_STR("components"));
        cx_json_put_raw(w, out->components);

    } else if (out->nparams > 0) {
        put_params(w, out);
    }

    cx_json_end(w, '}');

    return out->name.len > 0 && fits(out->name, TEMPLATE_MAX)
           && out->language.len > 0;
}


static void
put_params(cx_json_writer *w, const cx_out *out)
{
    cx_json_name(w, CX_STR("components"));
    cx_json_begin(w, '[');
    cx_json_begin(w, '{');
    cx_meta_put(w, "type", CX_STR("body"));
    cx_json_name(w, CX_STR("parameters"));
    cx_json_begin(w, '[');

    for (size_t i = 0; i < out->nparams; i++) {
        cx_json_begin(w, '{');
        cx_meta_put(w, "type", CX_STR("text"));
        cx_meta_put(w, "text", out->params[i]);
        cx_json_end(w, '}');
    }

    cx_json_end(w, ']');
    cx_json_end(w, '}');
    cx_json_end(w, ']');
}


/* A JSON array of 1 to max elements and nothing else: what goes out as it is
 * must not be able to end the request's own object. */
static bool
is_array(cx_str json, size_t max, cx_arena *a)
{
    size_t          n = 0;
    cx_json_reader  r;

    cx_json_open(&r, json, a);

    if (!cx_json_enter(&r, CX_JSON_ARRAY)) {
        return false;
    }

    while (cx_json_item(&r)) {
        cx_json_skip(&r);
        n++;
    }

    return cx_json_close(&r) == CX_OK && n > 0 && n <= max;
}


static bool
fits(cx_str s, size_t max)
{
    return s.len <= max || cx_text_len(s, CX_UNIT_CODE_POINTS) <= max;
}
