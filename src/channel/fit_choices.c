/* Buttons and lists, and how they read as text. */

#include "channel/fit.h"


#define LINE_MAX_BYTES  (64 * 1024)


static bool
has_url_or_phone(const cx_out *o)
{
    for (size_t i = 0; i < o->nchoices; i++) {
        if (o->choices[i].url.len > 0 || o->choices[i].phone.len > 0) {
            return true;
        }
    }

    return false;
}


static bool
has_description(const cx_out *o)
{
    for (size_t i = 0; i < o->nchoices; i++) {
        if (o->choices[i].description.len > 0) {
            return true;
        }
    }

    return false;
}


/* The copies of an adapter's own: shortened, each with an id to come back.
 * False: two of them would look or answer the same. */
static bool
shorten(cx_fit *f, size_t title_max, size_t text_max, cx_out *o)
{
    cx_out_choice  *c = CX_NEW_N(f->arena, o->nchoices, cx_out_choice);

    for (size_t i = 0; c != NULL && i < o->nchoices; i++) {
        c[i] = f->out->choices[i];

        if (c[i].id.len == 0) {
            c[i].id = cx_text_cut(c[i].title, CX_UNIT_BYTES, CX_OUT_ID_MAX);
        }

        c[i].title = cx_fit_short(f, c[i].title, title_max);
        c[i].description = cx_fit_short(f, c[i].description, text_max);

        for (size_t k = 0; k < i; k++) {
            if (cx_str_eq(c[k].title, c[i].title)
                || cx_str_eq(c[k].id, c[i].id))
            {
                return false;
            }
        }

        if (c[i].title.len == 0) {
            return false;
        }
    }

    o->choices = c;
    return true;
}


/* --- as text ------------------------------------------------------------- */

static void
put_choice(cx_buf *b, const cx_out_choice *c, size_t number)
{
    cx_buf_printf(b, "\n%zu. %.*s", number, CX_ARG(c->title));

    if (c->url.len > 0 || c->phone.len > 0) {
        cx_buf_printf(b, ": %.*s",
                      CX_ARG(c->url.len > 0 ? c->url : c->phone));
    }

    if (c->description.len > 0) {
        cx_buf_printf(b, " - %.*s", CX_ARG(c->description));
    }
}


static cx_err
as_numbered(cx_fit *f)
{
    const cx_out  *o = f->out;
    const size_t   max = cx_fit_text_max(f->caps);
    cx_buf         b;
    cx_str         section = CX_NOSTR, texts[4];

    cx_buf_init(&b, f->arena, 256, LINE_MAX_BYTES);

    for (size_t i = 0; i < o->nchoices; i++) {
        const cx_out_choice  *c = &o->choices[i];

        if (cx_fit_len(f->caps, c->url) > max) {
            return cx_fit_refuse(f, "choices: a url is longer than a text "
                                    "may be");
        }

        if (c->section.len > 0 && !cx_str_eq(c->section, section)) {
            cx_buf_printf(&b, "%s\n%.*s", b.len > 0 ? "\n" : "",
                          CX_ARG(c->section));
            section = c->section;
        }

        put_choice(&b, c, i + 1);
    }

    if (b.failed && !cx_arena_failed(f->arena)) {
        return cx_fit_refuse(f, "choices are too long");
    }

    texts[0] = o->header;
    texts[1] = o->text;
    texts[2] = cx_str_trim(cx_buf_str(&b));
    texts[3] = o->footer;
    return cx_fit_text(f, cx_fit_join(f, "\n\n", texts, 4));
}


/* --- natively ------------------------------------------------------------ */

static size_t
body_max(const cx_caps *caps)
{
    return caps->body_max > 0 ? caps->body_max : cx_fit_text_max(caps);
}


/* A body too long for one: all but its last piece goes before, as text. */
static cx_err
put_body(cx_fit *f, cx_out_kind kind, cx_str body, cx_out **made)
{
    const size_t  max = body_max(f->caps);
    cx_str        rest = body, piece = CX_NOSTR, head;
    cx_err        err;

    if (cx_fit_len(f->caps, body) > max) {
        while (cx_text_split(&rest, f->caps->unit, max, &piece)) {
            /* the last one stays */
        }

        head = cx_str_trim(cx_str_sub(body, 0,
                                      (size_t) (piece.p - body.p)));
        body = piece;
        err = cx_fit_text(f, head);

        if (err != CX_OK) {
            return err;
        }
    }

    *made = cx_fit_add(f, kind);

    if (*made == NULL) {
        return f->error != NULL ? CX_INVALID : CX_NOMEM;
    }

    (*made)->text = body;
    return CX_OK;
}


static bool
fits(const cx_fit *f, cx_str s, size_t max)
{
    return max > 0 && cx_fit_len(f->caps, s) <= max;
}


/* Header and footer have their places, or go into the body; so they do when
 * the body is more than one message. */
static cx_err
put_native(cx_fit *f, cx_out_kind kind)
{
    const cx_out  *o = f->out;
    const bool     whole = cx_fit_len(f->caps, o->text) <= body_max(f->caps);
    const bool     head = whole && fits(f, o->header, f->caps->header_max);
    const bool     foot = whole && fits(f, o->footer, f->caps->footer_max);
    cx_out        *made;
    cx_err         err;

    const cx_str  texts[] = { head ? CX_NOSTR : o->header, o->text,
                              foot ? CX_NOSTR : o->footer };
    const cx_str  body = cx_fit_join(f, "\n\n", texts, 3);

    if (f->error != NULL) {
        return CX_INVALID;
    }

    err = put_body(f, kind, body, &made);
    if (err != CX_OK) {
        return err;
    }

    made->header = head ? o->header : CX_NOSTR;
    made->footer = foot ? o->footer : CX_NOSTR;
    made->button = kind == CX_OUT_LIST
                   ? cx_fit_short(f, o->button, f->caps->label_max)
                   : CX_NOSTR;
    return CX_OK;
}


static bool
buttons_are_native(const cx_fit *f)
{
    const cx_caps  *caps = f->caps;

    if (!cx_fit_can(caps, CX_OUT_BUTTONS)
        || f->out->nchoices > caps->buttons_max)
    {
        return false;
    }

    for (size_t i = 0; i < f->out->nchoices; i++) {
        const cx_out_choice  *c = &f->out->choices[i];

        if ((c->url.len > 0 && !caps->links)
            || (c->phone.len > 0 && !caps->calls))
        {
            return false;
        }
    }

    return true;
}


static bool
list_is_native(const cx_fit *f)
{
    return cx_fit_can(f->caps, CX_OUT_LIST)
           && f->out->nchoices <= f->caps->rows_max
           && f->out->button.len > 0 && !has_url_or_phone(f->out)
           && (f->caps->row_text_max > 0 || !has_description(f->out));
}


/* What was asked for, else its neighbour, else text; o gets the choices as
 * they are sent. */
static cx_out_kind
form_of(cx_fit *f, bool list, cx_out *o)
{
    const bool  rows = list_is_native(f);
    const bool  buttons = buttons_are_native(f)
                          && !(list && has_description(f->out));

    if (buttons && !(list && rows)) {
        return shorten(f, f->caps->title_max, 0, o) ? CX_OUT_BUTTONS
                                                    : CX_OUT_TEXT;
    }

    return rows && shorten(f, f->caps->row_title_max, f->caps->row_text_max,
                           o)
           ? CX_OUT_LIST : CX_OUT_TEXT;
}


static cx_err
check(cx_fit *f)
{
    if (cx_str_trim(f->out->text).len == 0) {
        return cx_fit_refuse(f, "text is missing");
    }

    if (f->out->nchoices == 0) {
        return cx_fit_refuse(f, "choices are missing");
    }

    if (f->out->nchoices > CX_OUT_CHOICES_MAX) {
        return cx_fit_refuse(f, "choices: there are too many");
    }

    for (size_t i = 0; i < f->out->nchoices; i++) {
        if (cx_str_trim(f->out->choices[i].title).len == 0) {
            return cx_fit_refuse(f, "choices: each needs a title");
        }
    }

    return CX_OK;
}


/* A picture that cannot stand above the buttons goes before. */
static cx_err
picture_before(cx_fit *f, cx_out *o)
{
    const cx_out  *asked = f->out;
    cx_out         picture = *asked;
    cx_err         err;

    picture.kind = CX_OUT_IMAGE;
    picture.text = CX_NOSTR;
    picture.nchoices = 0;
    f->out = &picture;
    err = cx_fit_media(f);
    f->out = asked;

    o->media_url = o->media_id = o->media_mime = o->media_name = CX_NOSTR;
    o->media_size = 0;
    return err;
}


static cx_err
fit_either(cx_fit *f, bool list)
{
    const cx_out  *asked = f->out;
    cx_out         o = *asked;
    cx_out_kind    form;
    cx_err         err = check(f);

    if (err == CX_OK) {
        err = cx_fit_media_place(f);
    }

    if (err != CX_OK) {
        return err;
    }

    form = form_of(f, list, &o);

    if ((o.media_url.len > 0 || o.media_id.len > 0)
        && !(form == CX_OUT_BUTTONS && f->caps->card_media))
    {
        err = picture_before(f, &o);
    }

    if (err == CX_OK) {
        f->out = &o;
        err = form == CX_OUT_TEXT ? as_numbered(f) : put_native(f, form);
        f->out = asked;
    }

    return err;
}


cx_err
cx_fit_buttons(cx_fit *f)
{
    return fit_either(f, false);
}


cx_err
cx_fit_list(cx_fit *f)
{
    if (f->out->button.len == 0) {
        return cx_fit_refuse(f, "button is missing: the label that opens the "
                                "list");
    }

    return fit_either(f, true);
}
