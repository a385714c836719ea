/* The rules of docs/CHANNELS.md: what a channel gets instead of what it
 * cannot take. */

#include "channel/fit.h"


#define ELLIPSIS       "\xe2\x80\xa6"
#define TEXT_MAX       65536        /* where a channel names no limit */
#define JOINED_MAX     (256 * 1024)


cx_err
cx_fit_refuse(cx_fit *f, const char *why)
{
    if (f->error == NULL) {
        f->error = why;
    }

    return CX_INVALID;
}


bool
cx_fit_can(const cx_caps *caps, cx_out_kind kind)
{
    return (caps->kinds >> kind & 1) != 0;
}


cx_out *
cx_fit_add(cx_fit *f, cx_out_kind kind)
{
    cx_out  *o;

    if (f->list->n >= CX_OUT_PARTS_MAX) {
        (void) cx_fit_refuse(f, "it would become more than 16 messages");
        return NULL;
    }

    o = cx_outs_add(f->list, f->arena);
    if (o == NULL) {
        return NULL;
    }

    *o = *f->out;
    o->kind = kind;

    /* Only the first of several answers a message. */
    if (f->list->n > 1
        || (!f->caps->reply_to && kind != CX_OUT_READ
            && kind != CX_OUT_REACTION))
    {
        o->reply_to = CX_NOSTR;
    }

    return o;
}


size_t
cx_fit_len(const cx_caps *caps, cx_str s)
{
    return cx_text_len(s, caps->unit);
}


cx_str
cx_fit_short(cx_fit *f, cx_str s, size_t max)
{
    const size_t  dots = cx_text_len(CX_STR(ELLIPSIS), f->caps->unit);
    cx_str        head;

    if (max == 0 || cx_fit_len(f->caps, s) <= max) {
        return s;
    }

    if (max > 2 * dots) {
        head = cx_text_cut(s, f->caps->unit, max - dots);

        if (head.len > 0) {
            return cx_concat(f->arena, head, CX_STR(ELLIPSIS));
        }
    }

    head = cx_text_cut(s, f->caps->unit, max);

    /* A single character longer than all there is room for. */
    return head.len > 0 || max < 3 * dots ? head : CX_STR(ELLIPSIS);
}


size_t
cx_fit_text_max(const cx_caps *caps)
{
    return caps->text_max > 0 ? caps->text_max : TEXT_MAX;
}


cx_str
cx_fit_join(cx_fit *f, const char *sep, const cx_str *texts, size_t n)
{
    cx_buf  b;

    cx_buf_init(&b, f->arena, 256, JOINED_MAX);

    for (size_t i = 0; i < n; i++) {
        if (texts[i].len > 0) {
            if (b.len > 0) {
                cx_buf_add(&b, cx_strz(sep));
            }

            cx_buf_add(&b, texts[i]);
        }
    }

    if (b.failed && !cx_arena_failed(f->arena)) {
        (void) cx_fit_refuse(f, "text is too long");
    }

    return cx_buf_str(&b);
}


/* What only other kinds have is not left in a text. */
static void
only_text(cx_out *o, cx_str text)
{
    const cx_out  all = *o;

    *o = (cx_out) {
        .kind = CX_OUT_TEXT,
        .to = all.to,
        .to_alt = all.to_alt,
        .text = text,
        .reply_to = all.reply_to,
        .intent = all.intent,
        .human = all.human,
        .human_tag = all.human_tag,
        .subject = all.subject,
        .references = all.references,
    };
}


cx_err
cx_fit_text(cx_fit *f, cx_str text)
{
    const size_t   max = cx_fit_text_max(f->caps);
    cx_str         piece, rest = text;
    cx_out        *o;
    bool           any = false;

    if (f->error != NULL) {
        return CX_INVALID;
    }

    if (!cx_fit_can(f->caps, CX_OUT_TEXT)) {
        return cx_fit_refuse(f, "this channel takes no text");
    }

    while (cx_text_split(&rest, f->caps->unit, max, &piece)) {
        if (cx_str_trim(piece).len == 0) {
            continue;
        }

        o = cx_fit_add(f, CX_OUT_TEXT);
        if (o == NULL) {
            return f->error != NULL ? CX_INVALID : CX_NOMEM;
        }

        only_text(o, piece);
        any = true;
    }

    return any ? CX_OK : cx_fit_refuse(f, "text is missing");
}


/* --- kinds without a file of their own ----------------------------------- */

static cx_err
as_it_is(cx_fit *f)
{
    return cx_fit_add(f, f->out->kind) != NULL ? CX_OK
           : f->error != NULL ? CX_INVALID : CX_NOMEM;
}


static cx_err
fit_plain_text(cx_fit *f)
{
    if (f->out->nchoices > 0) {
        return cx_fit_refuse(f, "choices go with buttons or list");
    }

    return cx_fit_text(f, f->out->text);
}


static cx_err
fit_template(cx_fit *f)
{
    if (f->out->name.len == 0) {
        return cx_fit_refuse(f, "name is missing: that of the template");
    }

    if (!cx_fit_can(f->caps, CX_OUT_TEMPLATE)) {
        return cx_fit_refuse(f, "kind: this channel has no templates");
    }

    return as_it_is(f);
}


/* An empty text takes the reaction back. */
static cx_err
fit_reaction(cx_fit *f)
{
    if (f->out->reply_to.len == 0) {
        return cx_fit_refuse(f, "reply_to is missing: the message reacted "
                                "to");
    }

    if (!cx_fit_can(f->caps, CX_OUT_REACTION)) {
        return cx_fit_refuse(f, "kind: this channel has no reactions");
    }

    return as_it_is(f);
}


/* Where typing is a call of its own, READ with typing is two. */
static cx_err
fit_read(cx_fit *f)
{
    const bool   own = cx_fit_can(f->caps, CX_OUT_TYPING);
    cx_out      *o;

    if (cx_fit_can(f->caps, CX_OUT_READ) && f->out->reply_to.len > 0) {
        o = cx_fit_add(f, CX_OUT_READ);
        if (o == NULL) {
            return f->error != NULL ? CX_INVALID : CX_NOMEM;
        }

        o->typing = f->out->typing && !own;
    }

    if (f->out->typing && own) {
        return cx_fit_add(f, CX_OUT_TYPING) != NULL ? CX_OK
               : f->error != NULL ? CX_INVALID : CX_NOMEM;
    }

    return CX_OK;
}


static cx_err
fit_typing(cx_fit *f)
{
    return cx_fit_can(f->caps, CX_OUT_TYPING) ? as_it_is(f) : CX_OK;
}


static cx_err  (*const by_kind[])(cx_fit *f) = {
    [CX_OUT_TEXT]     = fit_plain_text,
    [CX_OUT_TEMPLATE] = fit_template,
    [CX_OUT_BUTTONS]  = cx_fit_buttons,
    [CX_OUT_LIST]     = cx_fit_list,
    [CX_OUT_IMAGE]    = cx_fit_media,
    [CX_OUT_VIDEO]    = cx_fit_media,
    [CX_OUT_AUDIO]    = cx_fit_media,
    [CX_OUT_DOCUMENT] = cx_fit_media,
    [CX_OUT_STICKER]  = cx_fit_media,
    [CX_OUT_LOCATION] = cx_fit_location,
    [CX_OUT_CONTACTS] = cx_fit_contacts,
    [CX_OUT_REACTION] = fit_reaction,
    [CX_OUT_READ]     = fit_read,
    [CX_OUT_TYPING]   = fit_typing,
};


cx_err
cx_out_fit(const cx_caps *caps, const cx_out *out, cx_arena *a,
    cx_outs *list, const char **error)
{
    cx_err   err;
    cx_outs  made = { .n = 0 };
    cx_fit   f = { .caps = caps, .out = out, .arena = a, .list = &made };
    cx_out  *o;

    err = (unsigned) out->kind < CX_OUT_COUNT
          ? by_kind[out->kind](&f)
          : cx_fit_refuse(&f, "kind is none of those a message can have");

    if (cx_arena_failed(a)) {
        err = CX_NOMEM;
    }

    for (size_t i = 0; i < made.n && err == CX_OK; i++) {
        o = cx_outs_add(list, a);

        if (o == NULL) {
            err = CX_NOMEM;

        } else {
            *o = made.items[i];
        }
    }

    if (err != CX_OK) {
        *error = err == CX_NOMEM ? cx_err_text(err) : f.error;
    }

    return err;
}
