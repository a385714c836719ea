/*
 * One mail, from whatever provider, and what becomes of it: a message of a
 * customer, or what a mail server says of a message of ours.
 */

#include "channel/email.h"
#include "channel/proofs.h"

#include "core/charset.h"
#include "core/mail.h"
#include "core/mime.h"
#include "core/utf8.h"


#define SUBJECT_MAX     1000
#define NAME_MAX        200
#define FIELD_MAX       2000
#define KEPT_MAX        (128 * 1024)    /* of the whole body, on record */
#define REPORT_MAX      (64 * 1024)     /* looked through for an id of ours */


/* --- taking it in -------------------------------------------------------- */

bool
cx_email_fresh(const cx_account *acct, int64_t ms, int64_t otherwise)
{
    const int64_t  age = acct->now_ms - ms;
    const int64_t  most = acct->tolerance_ms > 0 ? acct->tolerance_ms
                                                 : otherwise;

    return age <= most && age >= -CX_EMAIL_AHEAD;
}


/* It may stand in the header and, written in another way, in a form.  Twice
 * in a header it is a trick: who checks it may read another one than we. */
static void
another_from(cx_email *e, cx_str value)
{
    if (value.len == 0 || cx_str_eq(value, e->from)
        || cx_str_eq(value, e->other_from))
    {
        return;
    }

    e->many_from = e->many_from || e->other_from.len > 0;
    e->other_from = value;
}


void
cx_email_field(cx_email *e, cx_str name, cx_str value)
{
    static const struct {
        cx_str  name;
        size_t  offset;
    } fields[] = {
        { CX_STR_INIT("From"),        offsetof(cx_email, from) },
        { CX_STR_INIT("To"),          offsetof(cx_email, to) },
        { CX_STR_INIT("Cc"),          offsetof(cx_email, cc) },
        { CX_STR_INIT("Reply-To"),    offsetof(cx_email, answer_to) },
        { CX_STR_INIT("Subject"),     offsetof(cx_email, subject) },
        { CX_STR_INIT("Date"),        offsetof(cx_email, date) },
        { CX_STR_INIT("Message-ID"),  offsetof(cx_email, id) },
        { CX_STR_INIT("In-Reply-To"), offsetof(cx_email, in_reply_to) },
        { CX_STR_INIT("References"),  offsetof(cx_email, references) },
    };
    const char  *why = cx_email_automatic(name, value);

    e->automatic = e->automatic != NULL ? e->automatic : why;

    if (cx_str_eq_nocase(name, CX_STR("Content-Type"))
        && cx_str_eq_nocase(cx_str_sub(value, 0, 16),
                            CX_STR("multipart/report")))
    {
        e->report = true;
        e->receipt = e->receipt
                     || cx_str_find(value, CX_STR("disposition-notification"))
                        != SIZE_MAX;
    }

    /* A server writes it from the envelope. */
    if (cx_str_eq_nocase(name, CX_STR("Return-Path")) && !e->has_sender) {
        e->sender = value;
        e->has_sender = true;
    }

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        cx_str  *at = (cx_str *) ((char *) e + fields[i].offset);

        if (cx_str_eq_nocase(name, fields[i].name) && at->len == 0) {
            *at = cx_str_sub(value, 0, CX_EMAIL_TEXT_MAX);
            return;
        }
    }

    if (cx_str_eq_nocase(name, CX_STR("From"))) {
        another_from(e, value);
    }
}


void
cx_email_head(cx_email *e, cx_arena *a, cx_str head)
{
    cx_header  f;
    unsigned   n = 0;

    while (n++ < CX_MIME_FIELDS && cx_mime_field(&head, a, &f)) {
        cx_email_field(e, f.name, f.value);
    }
}


/* What a report says of which message of ours. */
static void
look_for_own(cx_email *e, cx_str text)
{
    size_t  at;
    cx_str  rest, line;

    text = cx_str_sub(text, 0, REPORT_MAX);

    if (e->bounced.len == 0) {
        e->bounced = cx_email_own_in(text);
    }

    e->delayed = e->delayed
                 || cx_str_find(text, CX_STR("Action: delayed")) != SIZE_MAX;

    at = cx_str_find(text, CX_STR("Diagnostic-Code:"));

    if (at != SIZE_MAX && e->diagnostic.len == 0) {
        rest = cx_str_sub(text, at + 16, text.len);
        (void) cx_str_split(&rest, '\n', &line);
        e->diagnostic = cx_str_trim(line);
    }
}


cx_email_file *
cx_email_file_add(cx_email *e)
{
    e->all_files++;
    return e->nfiles < CX_EMAIL_FILES ? &e->files[e->nfiles++] : NULL;
}


void
cx_email_inside(cx_email *e, cx_arena *a, cx_str name, cx_str type,
    cx_str bytes)
{
    char           *hex;
    uint8_t         digest[CX_SHA256_LEN];
    cx_email_file  *f = cx_email_file_add(e);

    if (cx_str_starts(type, CX_STR("message/"))
        || cx_str_starts(type, CX_STR("text/")))
    {
        look_for_own(e, bytes);
    }

    e->report = e->report
                || cx_str_starts(type, CX_STR("message/delivery-status"));
    e->receipt = e->receipt
                 || cx_str_starts(type,
                              CX_STR("message/disposition-notification"));

    if (f == NULL) {
        return;
    }

    hex = cx_alloc_bytes(a, 2 * CX_SHA256_LEN);
    *f = (cx_email_file) { .name = cx_utf8_cut(name, NAME_MAX), .type = type,
                           .size = (int64_t) bytes.len, .lost = true };

    if (hex != NULL && cx_sha256(bytes, digest)) {
        cx_hex_encode(digest, sizeof(digest), hex);
        f->sha256 = (cx_str) { 2 * CX_SHA256_LEN, hex };
    }
}


/* Its body when it is one, else a file of it. */
static void
take_part(cx_email *e, cx_arena *a, const cx_mime_part *p)
{
    const bool  file = p->name.len > 0
                       || CX_STR_IS(p->disposition, "attachment");
    cx_str     *text = CX_STR_IS(p->type, "text/plain") ? &e->text
                       : CX_STR_IS(p->type, "text/html") ? &e->html : NULL;
    cx_str      bytes = cx_mime_decode(a, p->encoding, p->body);

    if (file || text == NULL || text->len > 0) {
        cx_email_inside(e, a, p->name, cx_charset_utf8(a, CX_NOSTR, p->type,
                                                       NULL), bytes);
        return;
    }

    bytes = cx_str_sub(bytes, 0, CX_EMAIL_TEXT_MAX);
    *text = cx_charset_utf8(a, p->charset, bytes, NULL);
}


void
cx_email_raw(cx_email *e, cx_arena *a, cx_str message)
{
    cx_mime_walk  w;
    cx_mime_part  part;

    cx_email_head(e, a, message);
    cx_mime_open(&w, message, a);

    while (cx_mime_next(&w, &part)) {
        take_part(e, a, &part);
    }

    e->report = e->report || w.report;
}


/* --- what becomes of it -------------------------------------------------- */

static void
put(cx_json_writer *w, const char *name, cx_str value)
{
    if (value.len > 0) {
        cx_json_name(w, cx_strz(name));
        cx_json_put_str(w, value);
    }
}


static void
put_files(cx_json_writer *w, const cx_email *e)
{
    if (e->all_files == 0) {
        return;
    }

    cx_json_name(w, CX_STR("attachments"));
    cx_json_begin(w, '[');

    for (size_t i = 0; i < e->nfiles; i++) {
        const cx_email_file  *f = &e->files[i];

        cx_json_begin(w, '{');
        put(w, "name", f->name);
        put(w, "type", f->type);
        put(w, "url", f->url);
        put(w, "id", f->id);
        put(w, "sha256", f->sha256);
        cx_json_name(w, CX_STR("size"));
        cx_json_put_i64(w, f->size);

        if (f->lost) {
            cx_json_name(w, CX_STR("lost"));
            cx_json_put_bool(w, true);
        }

        cx_json_end(w, '}');
    }

    cx_json_end(w, ']');

    if (e->all_files > e->nfiles) {
        cx_json_name(w, CX_STR("more_attachments"));
        cx_json_put_i64(w, (int64_t) (e->all_files - e->nfiles));
    }
}


/* The domain that signed, when that was checked: "@example.com : pass". */
static cx_str
signed_for(cx_str entry)
{
    cx_str  domain;

    (void) cx_str_split(&entry, ':', &domain);
    domain = cx_str_trim(domain);

    return cx_str_eq_nocase(cx_str_trim(entry), CX_STR("pass"))
           && cx_str_starts(domain, CX_STR("@")) ? domain : CX_NOSTR;
}


static bool
is_one(cx_str field)
{
    const size_t  at = cx_str_find_byte(field, '@');

    return at != SIZE_MAX
           && cx_str_find_byte(cx_str_sub(field, at + 1, field.len), '@')
              == SIZE_MAX;
}


/* Not only written there: the domain's owner let it be sent.  Of several
 * addresses nobody knows which one was looked at. */
static bool
is_verified(const cx_email *e, cx_arena *a, cx_str address)
{
    cx_str  domain, entry, rest = cx_str_trim(e->dkim);

    if (!is_one(e->from) || e->many_from
        || (e->other_from.len > 0
            && (!is_one(e->other_from)
                || !cx_str_eq(cx_mail_address(a, e->other_from, NULL),
                              address))))
    {
        return false;
    }

    if (e->aligned) {
        return true;
    }

    domain = cx_str_sub(address, cx_str_find_byte(address, '@'), address.len);
    rest = cx_str_starts(rest, CX_STR("{")) && cx_str_ends(rest, CX_STR("}"))
           ? cx_str_sub(rest, 1, rest.len - 2) : CX_NOSTR;

    while (cx_str_split(&rest, ',', &entry)) {
        if (cx_str_eq_nocase(signed_for(entry), domain)) {
            return true;
        }
    }

    return false;
}


/* The record's own object: enough to show the mail, and to answer it. */
static cx_str
extra_of(const cx_email *e, cx_arena *a, cx_str id, cx_str body, cx_str text,
    cx_str peer)
{
    cx_buf          b;
    cx_str          answer_to = cx_mail_address(a, e->answer_to, NULL);
    cx_json_writer  w;

    cx_buf_init(&b, a, 512, 8 * KEPT_MAX);
    cx_json_write_init(&w, &b);
    cx_json_begin(&w, '{');
    put(&w, "message_id", id);
    put(&w, "subject", e->subject);
    put(&w, "references", cx_mail_ids(a, e->references, e->in_reply_to));
    put(&w, "to", cx_utf8_cut(cx_mime_words(a, e->to), FIELD_MAX));
    put(&w, "cc", cx_utf8_cut(cx_mime_words(a, e->cc), FIELD_MAX));
    put(&w, "answer_to", answer_to);
    put(&w, "automatic", cx_strz(e->automatic));
    put(&w, CX_VERIFIED_EMAIL, is_verified(e, a, peer) ? peer
                                                        : CX_NOSTR);

    if (!cx_str_eq(cx_str_trim(body), text)) {
        put(&w, "body", cx_utf8_cut(body, KEPT_MAX));
    }

    put_files(&w, e);

    if (e->kept_in.len > 0) {
        cx_json_name(&w, CX_STR("kept_in"));
        cx_json_put_raw(&w, e->kept_in);
    }

    cx_json_end(&w, '}');
    return cx_buf_str(&b);
}


static cx_str
content_of(cx_str mime)
{
    if (cx_str_starts(mime, CX_STR("image/"))) {
        return CX_STR("image");
    }

    if (cx_str_starts(mime, CX_STR("audio/"))) {
        return CX_STR("audio");
    }

    return cx_str_starts(mime, CX_STR("video/")) ? CX_STR("video")
                                                 : CX_STR("document");
}


/* The mail's id, else the provider's. */
static cx_str
id_of(const cx_email *e)
{
    cx_str  field = e->id, id;

    if (cx_mail_id(&field, &id)) {
        return id;
    }

    field = e->provider_id;
    return cx_mail_id(&field, &id) ? id : CX_NOSTR;
}


/* Whom it answers: the newest id it names. */
static cx_str
answered(const cx_email *e)
{
    cx_str  field = e->in_reply_to, id, last = CX_NOSTR;

    if (cx_mail_id(&field, &id)) {
        return id;
    }

    field = e->references;

    while (cx_mail_id(&field, &id)) {
        last = id;
    }

    return last;
}


static void
set_text(const cx_email *e, cx_arena *a, cx_str id, cx_msg *m)
{
    cx_str  body = e->text, text = e->stripped;

    if (cx_str_trim(body).len == 0 && e->html.len > 0) {
        body = cx_mail_html(a, e->html, false);
        text = text.len > 0 ? text : cx_mail_html(a, e->html, true);
    }

    text = cx_str_trim(text).len > 0 ? text : body;
    text = cx_mail_reply(a, text);

    m->extra = extra_of(e, a, id, body, text, m->peer);
    m->content = CX_STR("text");

    /* Some write all of it into the subject. */
    if (text.len == 0) {
        text = e->subject;
        m->content = e->nfiles > 0 ? content_of(e->files[0].type)
                                   : CX_STR("text");
    }

    m->text = cx_utf8_cut(text, CX_MSG_TEXT_MAX);
}


static void
set_file(const cx_email *e, cx_msg *m)
{
    const cx_email_file  *f = &e->files[0];

    if (e->nfiles > 0 && f->url.len > 0) {
        m->media_url = f->url;
        m->media_mime = f->type;
        m->media_name = f->name;
    }
}


static cx_err
settle_report(const cx_email *e, cx_arena *a, cx_received *in)
{
    const cx_email_event  ev = {
        .message = e->bounced,
        .state = e->receipt ? "read" : "failed",
        .ts_ms = e->ts_ms,
        .text = e->receipt ? CX_NOSTR
                : e->diagnostic.len > 0
                ? cx_charset_utf8(a, CX_NOSTR, e->diagnostic, NULL)
                : CX_STR("a mail server returned it"),
        .once = e->once,
    };

    if (e->delayed && !e->receipt) {
        return cx_arena_failed(a) ? CX_NOMEM : CX_OK;
    }

    return cx_email_status(&ev, a, in);
}


/* Whom it is from and for; false: somebody is missing. */
static bool
set_people(cx_email *e, cx_arena *a, cx_msg *m)
{
    m->account = cx_mail_plain(a, cx_mail_address(a, e->recipient, NULL));
    m->peer = cx_mail_address(a, e->from, &m->name);

    if (m->name.len == 0) {
        m->name = cx_utf8_cut(cx_mime_words(a, e->from_name), NAME_MAX);
    }

    if (m->peer.len == 0) {
        m->peer = cx_mail_address(a, e->sender, NULL);
    }

    /* Bounces of some servers name nobody at all. */
    if (m->peer.len == 0 && e->has_sender && e->bounced.len > 0) {
        m->peer = CX_STR("mailer-daemon@localhost");
    }

    return m->account.len > 0 && m->peer.len > 0;
}


static void
set_rest(const cx_email *e, cx_arena *a, cx_str id, cx_msg *m)
{
    m->kind = CX_STR("message");
    m->id = id;
    m->reply_to = answered(e);
    m->once = e->once;
    m->automatic = e->automatic != NULL;
    m->ts_ms = e->ts_ms;

    set_text(e, a, id, m);
    set_file(e, m);
}


cx_err
cx_email_settle(cx_email *e, cx_arena *a, cx_received *in)
{
    cx_msg       *m, all = { .kind = CX_NOSTR };
    const char   *why;
    const cx_str  id = id_of(e);

    if (e->ts_ms <= 0 && !cx_mail_date(e->date, &e->ts_ms)) {
        e->ts_ms = 0;
    }

    look_for_own(e, e->text);

    if (!set_people(e, a, &all) || id.len == 0) {
        return cx_arena_failed(a) ? CX_NOMEM : CX_MALFORMED;
    }

    why = cx_email_automatic_from(e, all.peer, all.account);
    e->automatic = why != NULL ? why : e->automatic;

    /* A server's report may name our message only in its header. */
    if (e->report && e->bounced.len == 0) {
        e->bounced = cx_email_own_in(e->in_reply_to);
    }

    if (why != NULL && strcmp(why, "own_address") != 0
        && e->bounced.len > 0)
    {
        return settle_report(e, a, in);
    }

    e->subject = cx_utf8_cut(cx_mime_words(a, e->subject), SUBJECT_MAX);
    set_rest(e, a, id, &all);

    m = cx_msgs_add(&in->msgs, a);
    if (m == NULL || cx_arena_failed(a)) {
        return CX_NOMEM;
    }

    *m = all;
    return CX_OK;
}
