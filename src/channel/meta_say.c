/*
 * What Messenger and Instagram can say.  Facts: Messenger Platform, "Send
 * API" (metadata shorter than 1000 characters; message and sender_action
 * never together), "Sender actions" (react, unreact), "Quick replies" (13 of
 * 20 characters), "Button template" (3 buttons under 640 characters),
 * "Generic template" (10 elements, title and subtitle 80 each); Instagram
 * Platform, the pages of the same names.
 */

#include "channel/meta_messaging.h"

#include "core/text.h"


#define BODY_MAX       (64 * 1024)
#define INTENT_MAX     999
#define PAYLOAD_MAX    1000
#define QUICK_MAX      13
#define TITLE_MAX      20       /* characters */
#define BUTTONS_MAX    3        /* of one template element */
#define ELEMENTS_MAX   10
#define ELEMENT_MAX    80       /* characters of a title */
#define TEMPLATE_MAX   640


static bool put_out(cx_json_writer *w, const cx_meta_voice *voice,
    const cx_out *out);
static bool put_action(cx_json_writer *w, const cx_meta_voice *voice,
    const cx_out *out);
static bool put_reaction(cx_json_writer *w, const cx_meta_voice *voice,
    const cx_out *out);
static bool put_message(cx_json_writer *w, const cx_meta_voice *voice,
    const cx_out *out);
static cx_str mid_of(cx_str reply_to);
static bool put_content(cx_json_writer *w, const cx_caps *caps,
    const cx_out *out);
static bool put_media(cx_json_writer *w, const cx_out *out);
static bool put_choices(cx_json_writer *w, const cx_caps *caps,
    const cx_out *out);
static void put_quick(cx_json_writer *w, const cx_out *out);
static void put_template(cx_json_writer *w, const cx_out *out);
static bool put_cards(cx_json_writer *w, const cx_out *out);
static void put_buttons(cx_json_writer *w, const cx_out *out, size_t first);
static void put_button(cx_json_writer *w, const cx_out_choice *c);
static bool choices_fit(const cx_caps *caps, const cx_out *out);
static bool has_link(const cx_out *out);
static bool fits(const cx_caps *caps, cx_str s, size_t max);
static cx_str title_of(cx_json_writer *w, const cx_out_choice *c);


cx_err
cx_meta_messaging_body(const cx_meta_voice *voice, const cx_out *out,
    cx_arena *a, cx_str *body)
{
    bool            can;
    cx_buf          buf;
    cx_json_writer  w;

    cx_buf_init(&buf, a, 512, BODY_MAX);
    cx_json_write_init(&w, &buf);
    cx_json_begin(&w, '{');
    can = put_out(&w, voice, out);
    cx_json_end(&w, '}');

    if (buf.failed || cx_arena_failed(a)) {
        return CX_NOMEM;
    }

    *body = cx_buf_str(&buf);
    return can ? CX_OK : CX_INVALID;
}


const char *
cx_meta_messaging_check(const cx_meta_voice *voice, const cx_out *out)
{
    return out->kind == CX_OUT_REACTION && out->text.len > 0
           && voice->reaction(out->text).len == 0
           ? "text is no reaction that the channel has" : NULL;
}


static bool
put_out(cx_json_writer *w, const cx_meta_voice *voice, const cx_out *out)
{
    if ((unsigned) out->kind >= CX_OUT_COUNT
        || (voice->caps->kinds & (UINT32_C(1) << out->kind)) == 0
        || !cx_meta_id_ok(out->to))
    {
        return false;
    }

    cx_json_name(w, CX_STR("recipient"));
    cx_json_begin(w, '{');
    cx_meta_put(w, "id", out->to);
    cx_json_end(w, '}');

    return out->kind == CX_OUT_READ || out->kind == CX_OUT_TYPING
           || out->kind == CX_OUT_REACTION
           ? put_action(w, voice, out) : put_message(w, voice, out);
}


static bool
put_action(cx_json_writer *w, const cx_meta_voice *voice, const cx_out *out)
{
    if (out->kind == CX_OUT_REACTION) {
        return put_reaction(w, voice, out);
    }

    cx_meta_put(w, "sender_action", out->kind == CX_OUT_READ
                                    ? CX_STR("mark_seen")
                                    : CX_STR("typing_on"));
    return true;
}


/* No emoji takes it back. */
static bool
put_reaction(cx_json_writer *w, const cx_meta_voice *voice, const cx_out *out)
{
    const bool    back = out->text.len == 0;
    const cx_str  word = back ? CX_NOSTR : voice->reaction(out->text);

    cx_meta_put(w, "sender_action", back ? CX_STR("unreact")
                                         : CX_STR("react"));
    cx_json_name(w, CX_STR("payload"));
    cx_json_begin(w, '{');
    cx_meta_put(w, "message_id", mid_of(out->reply_to));

    if (!back) {
        cx_meta_put(w, "reaction", word);
    }

    cx_json_end(w, '}');
    return out->reply_to.len > 0 && (back || word.len > 0);
}


static bool
put_message(cx_json_writer *w, const cx_meta_voice *voice, const cx_out *out)
{
    const cx_str  mid = mid_of(out->reply_to);

    if (out->human_tag) {
        cx_meta_put(w, "messaging_type", CX_STR("MESSAGE_TAG"));
        cx_meta_put(w, "tag", CX_STR("HUMAN_AGENT"));

    } else {
        cx_meta_put(w, "messaging_type", CX_STR("RESPONSE"));
    }

    cx_json_name(w, CX_STR("message"));
    cx_json_begin(w, '{');

    if (!put_content(w, voice->caps, out)) {
        return false;
    }

    /* Comes back in the echo: the only evidence after a lost answer. */
    if (out->intent.len > 0) {
        cx_meta_put(w, "metadata", out->intent);
    }

    cx_json_end(w, '}');

    if (mid.len > 0) {
        cx_json_name(w, CX_STR("reply_to"));
        cx_json_begin(w, '{');
        cx_meta_put(w, "mid", mid);
        cx_json_end(w, '}');
    }

    return out->intent.len <= INTENT_MAX;
}


/* "#2" names an attachment of a message: the provider knows the message. */
static cx_str
mid_of(cx_str reply_to)
{
    const size_t  part = cx_str_find_byte(reply_to, '#');

    return part == SIZE_MAX ? reply_to : cx_str_sub(reply_to, 0, part);
}


static bool
put_content(cx_json_writer *w, const cx_caps *caps, const cx_out *out)
{
    switch (out->kind) {

    case CX_OUT_TEXT:
        cx_meta_put(w, "text", out->text);
        return out->text.len > 0 && fits(caps, out->text, caps->text_max);

    case CX_OUT_BUTTONS:
        return put_choices(w, caps, out);

    default:
        return put_media(w, out);
    }
}


/* A caption is a message of its own: see caption_max. */
static bool
put_media(cx_json_writer *w, const cx_out *out)
{
    const cx_str  type = out->kind == CX_OUT_DOCUMENT
                         ? CX_STR("file") : cx_strz(cx_out_word(out->kind));

    cx_json_name(w, CX_STR("attachment"));
    cx_json_begin(w, '{');
    cx_meta_put(w, "type", type);
    cx_json_name(w, CX_STR("payload"));
    cx_json_begin(w, '{');

    if (out->media_id.len > 0) {
        cx_meta_put(w, "attachment_id", out->media_id);

    } else {
        cx_meta_put(w, "url", out->media_url);
        cx_json_name(w, CX_STR("is_reusable"));
        cx_json_put_bool(w, false);
    }

    cx_json_end(w, '}');
    cx_json_end(w, '}');

    return out->text.len == 0
           && (out->media_id.len > 0 || out->media_url.len > 0);
}


/* --- choices ------------------------------------------------------------- */

/* Answers alone are quick replies, gone once one is tapped; with a link or a
 * call they are buttons, and more than three of those need cards. */
static bool
put_choices(cx_json_writer *w, const cx_caps *caps, const cx_out *out)
{
    bool        whole = true;
    const bool  links = has_link(out);

    if (!links) {
        cx_meta_put(w, "text", out->text);
        put_quick(w, out);

    } else {
        cx_json_name(w, CX_STR("attachment"));
        cx_json_begin(w, '{');
        cx_meta_put(w, "type", CX_STR("template"));
        cx_json_name(w, CX_STR("payload"));
        cx_json_begin(w, '{');

        if (out->nchoices <= BUTTONS_MAX) {
            put_template(w, out);

        } else {
            whole = put_cards(w, out);
        }

        cx_json_end(w, '}');
        cx_json_end(w, '}');
    }

    return whole && out->text.len > 0
           && out->header.len == 0 && out->footer.len == 0
           && fits(caps, out->text, links ? TEMPLATE_MAX : caps->text_max)
           && choices_fit(caps, out);
}


static void
put_quick(cx_json_writer *w, const cx_out *out)
{
    cx_json_name(w, CX_STR("quick_replies"));
    cx_json_begin(w, '[');

    for (size_t i = 0; i < out->nchoices; i++) {
        const cx_out_choice  *c = &out->choices[i];

        cx_json_begin(w, '{');
        cx_meta_put(w, "content_type", CX_STR("text"));
        cx_meta_put(w, "title", title_of(w, c));
        cx_meta_put(w, "payload", c->id.len > 0 ? c->id : c->title);
        cx_json_end(w, '}');
    }

    cx_json_end(w, ']');
}


static void
put_template(cx_json_writer *w, const cx_out *out)
{
    cx_meta_put(w, "template_type", CX_STR("button"));
    cx_meta_put(w, "text", out->text);
    put_buttons(w, out, 0);
}


/* The text runs on over the titles and subtitles of the cards; a card that is
 * left without gets the first one's title, for it must have one. */
static bool
put_cards(cx_json_writer *w, const cx_out *out)
{
    bool    more;
    cx_str  rest = out->text, first = CX_NOSTR, title, subtitle;
    size_t  at = 0;

    cx_meta_put(w, "template_type", CX_STR("generic"));
    cx_json_name(w, CX_STR("elements"));
    cx_json_begin(w, '[');

    for (size_t n = 0; n < ELEMENTS_MAX; n++) {
        more = cx_text_split(&rest, CX_UNIT_CODE_POINTS, ELEMENT_MAX,
                             &title);

        if (!more && at >= out->nchoices) {
            break;
        }

        if (first.len == 0) {
            first = title;
        }

        cx_json_begin(w, '{');
        cx_meta_put(w, "title", more ? title : first);

        if (cx_text_split(&rest, CX_UNIT_CODE_POINTS, ELEMENT_MAX,
                          &subtitle))
        {
            cx_meta_put(w, "subtitle", subtitle);
        }

        if (at < out->nchoices) {
            put_buttons(w, out, at);
            at += BUTTONS_MAX;
        }

        cx_json_end(w, '}');
    }

    cx_json_end(w, ']');
    return rest.len == 0 && at >= out->nchoices;
}


static void
put_buttons(cx_json_writer *w, const cx_out *out, size_t first)
{
    cx_json_name(w, CX_STR("buttons"));
    cx_json_begin(w, '[');

    for (size_t i = first; i < out->nchoices && i < first + BUTTONS_MAX; i++)
    {
        put_button(w, &out->choices[i]);
    }

    cx_json_end(w, ']');
}


static void
put_button(cx_json_writer *w, const cx_out_choice *c)
{
    cx_json_begin(w, '{');

    if (c->url.len > 0) {
        cx_meta_put(w, "type", CX_STR("web_url"));
        cx_meta_put(w, "url", c->url);
        cx_meta_put(w, "title", title_of(w, c));

    } else if (c->phone.len > 0) {
        cx_meta_put(w, "type", CX_STR("phone_number"));
        cx_meta_put(w, "title", title_of(w, c));
        cx_meta_put(w, "payload", c->phone);

    } else {
        cx_meta_put(w, "type", CX_STR("postback"));
        cx_meta_put(w, "title", title_of(w, c));
        cx_meta_put(w, "payload", c->id.len > 0 ? c->id : c->title);
    }

    cx_json_end(w, '}');
}


static bool
choices_fit(const cx_caps *caps, const cx_out *out)
{
    for (size_t i = 0; i < out->nchoices; i++) {
        const cx_out_choice  *c = &out->choices[i];

        if (c->title.len == 0 || !fits(caps, c->title, caps->title_max)
            || c->id.len > PAYLOAD_MAX || (c->phone.len > 0 && !caps->calls))
        {
            return false;
        }
    }

    return out->nchoices > 0 && out->nchoices <= QUICK_MAX;
}


static bool
has_link(const cx_out *out)
{
    for (size_t i = 0; i < out->nchoices; i++) {
        if (out->choices[i].url.len > 0 || out->choices[i].phone.len > 0) {
            return true;
        }
    }

    return false;
}


static bool
fits(const cx_caps *caps, cx_str s, size_t max)
{
    return cx_text_len(s, caps->unit) <= max;
}


/* Titles count in characters with both, whatever the unit of the rest. */
static cx_str
title_of(cx_json_writer *w, const cx_out_choice *c)
{
    if (cx_text_len(c->title, CX_UNIT_CODE_POINTS) <= TITLE_MAX) {
        return c->title;
    }

    return cx_concat(w->buf->arena,
                     cx_text_cut(c->title, CX_UNIT_CODE_POINTS,
                                 TITLE_MAX - 1), CX_STR("\xe2\x80\xa6"));
}
