#include "double.h"

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/*
 * A mail server without TLS, on loopback.  A mail that it takes is a line of
 * the ledger: kind "email", account and to of the envelope, text the whole
 * message, intent and wamid its Message-ID, reply_to its In-Reply-To.
 *
 * Rules see each step as a send with a path: /smtp/connect, /smtp/auth,
 * /smtp/mail, /smtp/rcpt, /smtp/data, and /smtp/end for the final dot.  Their
 * status is the reply's code, their end what happens instead of a reply.
 */

#define LINE_LIMIT  (TD_BODY_MAX)

typedef enum {
    IN_COMMANDS,
    IN_LOGIN,               /* the next line is the login's */
    IN_MESSAGE,
    IN_WAIT                 /* for the ledger */
} mode;

typedef struct {
    uv_tcp_t   tcp;
    mode       mode;
    td_buf     in;
    td_buf     message;
    char      *from;
    char      *to;
    char      *auth;
    td_act     act;
    bool       closing;
    bool       gone;        /* while the ledger is written */
} session;

typedef struct {
    uv_write_t  req;
    char       *p;
} reply;


/* --- connections --------------------------------------------------------- */

static void
on_closed(uv_handle_t *h)
{
    session *s = h->data;

    td_buf_free(&s->in);
    td_buf_free(&s->message);
    free(s->from);
    free(s->to);
    free(s->auth);
    free(s);
}


static void
end_session(session *s, bool reset)
{
    if (s->closing) {
        return;
    }

    s->closing = true;

    if (!reset || uv_tcp_close_reset(&s->tcp, on_closed) != 0) {
        uv_close((uv_handle_t *) &s->tcp, on_closed);
    }
}


static void
written(uv_write_t *req, int status)
{
    reply *r = (reply *) req;

    (void) status;
    free(r->p);
    free(r);
}


static void
say(session *s, const char *text)
{
    uv_buf_t   buf;
    reply     *r;

    if (s->closing) {
        return;
    }

    r = td_alloc(sizeof(*r));
    r->p = td_dup(text, strlen(text));
    buf = uv_buf_init(r->p, (unsigned) strlen(text));
    uv_write(&r->req, (uv_stream_t *) &s->tcp, &buf, 1, written);
}


/* --- what a rule asks for ------------------------------------------------ */

static bool
ruled(session *s, const char *path)
{
    char    text[4096];
    size_t  n = s->message.len < sizeof(text) - 1 ? s->message.len
                                                  : sizeof(text) - 1;
    td_req  req = { .method = { "POST", 4 }, .path = { path, strlen(path) } };

    if (n > 0) {
        memcpy(text, s->message.p, n);
    }

    text[n] = '\0';
    return td_script_match(&req, TD_KIND_SEND, s->to != NULL ? s->to : "",
                           text, &s->act);
}


/* True: a rule has answered, or ended the connection. */
static bool
acted(session *s, const char *path)
{
    char text[64];

    if (!ruled(s, path)) {
        return false;
    }

    switch (s->act.end) {

    case TD_END_CLOSE:
    case TD_END_RESET:
        end_session(s, s->act.end == TD_END_RESET);
        return true;

    case TD_END_HANG:
        return true;

    default:
        break;
    }

    if (s->act.status == 0) {
        return false;
    }

    snprintf(text, sizeof(text), "%d 4.0.0 scripted\r\n", s->act.status);
    say(s, text);
    return true;
}


/* --- a mail -------------------------------------------------------------- */

/* The value of a field, without angle brackets; "" when there is none. */
static char *
field(const session *s, const char *name)
{
    size_t       n = strlen(name);
    const char  *p = s->message.p, *end = p + s->message.len, *eol;

    while (p < end && (eol = memchr(p, '\n', (size_t) (end - p))) != NULL
           && eol - p > 1)
    {
        if ((size_t) (eol - p) > n && strncasecmp(p, name, n) == 0
            && p[n] == ':')
        {
            for (p += n + 1; p < eol && (*p == ' ' || *p == '<'); p++) {
                /* Its beginning. */
            }

            while (eol > p && strchr("\r\n> ", eol[-1]) != NULL) {
                eol--;
            }

            return td_dup(p, (size_t) (eol - p));
        }

        p = eol + 1;
    }

    return td_dup("", 0);
}


static void
accepted(void *ctx)
{
    session *s = ctx;

    s->mode = IN_COMMANDS;

    if (s->gone) {
        end_session(s, false);
        return;
    }

    if (s->act.accept == 1 && s->act.end != TD_END_ANSWER) {
        if (s->act.end != TD_END_HANG) {
            end_session(s, s->act.end == TD_END_RESET);
        }

        return;
    }

    say(s, "250 2.0.0 queued\r\n");
}


static void
take_mail(session *s)
{
    char *id = field(s, "Message-ID"), *answers = field(s, "In-Reply-To");
    char *text = td_dup(s->message.p, s->message.len);

    td.count.accepted++;
    s->mode = IN_WAIT;
    td_ledger_add_id(id, "email", s->from, s->to, text, id, answers, accepted,
                     s);
    free(id);
    free(answers);
    free(text);
}


static void
end_of_mail(session *s)
{
    td_req  req = { .method = { "POST", 4 }, .path = { "/smtp/end", 9 } };

    s->mode = IN_COMMANDS;
    td.count.sends++;

    if (s->auth != NULL) {
        req.auth = (td_str) { s->auth, strlen(s->auth) };
    }

    td_record(&req, TD_KIND_SEND, NULL);

    if (!ruled(s, "/smtp/end")) {
        take_mail(s);

    } else if (s->act.accept == 1) {
        take_mail(s);

    } else if (s->act.end == TD_END_CLOSE || s->act.end == TD_END_RESET) {
        end_session(s, s->act.end == TD_END_RESET);

    } else if (s->act.status != 0) {
        char reply_text[64];

        snprintf(reply_text, sizeof(reply_text), "%d 5.0.0 scripted\r\n",
                 s->act.status);
        say(s, reply_text);

    } else if (s->act.end != TD_END_HANG) {
        take_mail(s);
    }

    s->message.len = 0;
}


/* --- commands ------------------------------------------------------------ */

/* "<a@b>" of "MAIL FROM:<a@b> SIZE=1" */
static char *
address(const char *line)
{
    const char *p = strchr(line, '<');
    const char *end = p != NULL ? strchr(p, '>') : NULL;

    return end != NULL ? td_dup(p + 1, (size_t) (end - p - 1))
                       : td_dup("", 0);
}


/* base64 of "\0user\0password". */
static void
login(session *s, const char *text)
{
    int             n;
    unsigned char   out[1024] = { 0 };

    s->mode = IN_COMMANDS;

    if (strlen(text) < sizeof(out)) {
        n = EVP_DecodeBlock(out, (const unsigned char *) text,
                            (int) strlen(text));

        if (n > 2 && out[0] == '\0') {
            out[1 + strlen((char *) out + 1)] = ':';
            free(s->auth);
            s->auth = td_dup((char *) out + 1, strlen((char *) out + 1));
        }
    }

    if (!acted(s, "/smtp/auth")) {
        say(s, "235 2.7.0 welcome\r\n");
    }
}


static void
keep(char **at, const char *line)
{
    free(*at);
    *at = address(line);
}


static bool
is(const char *line, const char *word)
{
    return strncasecmp(line, word, strlen(word)) == 0;
}


static void
command(session *s, const char *line)
{
    if (is(line, "EHLO")) {
        say(s, "250-double\r\n250-8BITMIME\r\n250 AUTH PLAIN\r\n");

    } else if (is(line, "AUTH PLAIN ")) {
        login(s, line + 11);

    } else if (is(line, "AUTH PLAIN")) {
        s->mode = IN_LOGIN;
        say(s, "334 \r\n");

    } else if (is(line, "MAIL FROM:")) {
        keep(&s->from, line);
        if (!acted(s, "/smtp/mail")) {
            say(s, "250 2.1.0 ok\r\n");
        }

    } else if (is(line, "RCPT TO:")) {
        keep(&s->to, line);
        if (!acted(s, "/smtp/rcpt")) {
            say(s, "250 2.1.5 ok\r\n");
        }

    } else if (is(line, "DATA")) {
        if (!acted(s, "/smtp/data")) {
            s->mode = IN_MESSAGE;
            say(s, "354 go on\r\n");
        }

    } else if (is(line, "QUIT")) {
        say(s, "221 2.0.0 bye\r\n");
        end_session(s, false);

    } else if (is(line, "RSET") || is(line, "NOOP") || is(line, "HELO")) {
        say(s, "250 2.0.0 ok\r\n");

    } else {
        say(s, "500 5.5.2 what?\r\n");
    }
}


/* One line, without its CR LF. */
static void
take_line(session *s, char *line, size_t len)
{
    switch (s->mode) {

    case IN_COMMANDS:
        command(s, line);
        break;

    case IN_LOGIN:
        login(s, line);
        break;

    case IN_MESSAGE:
        if (len == 1 && line[0] == '.') {
            end_of_mail(s);
            break;
        }

        /* A leading dot was doubled. */
        td_buf_add(&s->message, line + (line[0] == '.'),
                   len - (line[0] == '.'));
        td_buf_addz(&s->message, "\r\n");
        break;

    case IN_WAIT:
        break;
    }
}


static void
on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    char     *eol;
    size_t    len;
    session  *s = stream->data;

    if (n > 0) {
        td_buf_add(&s->in, buf->base, (size_t) n);
    }

    free(buf->base);

    if (n < 0 && s->mode == IN_WAIT) {
        s->gone = true;
        uv_read_stop(stream);
        return;
    }

    if (n < 0 || s->in.len > LINE_LIMIT) {
        end_session(s, false);
        return;
    }

    while (!s->closing && s->in.len > 0
           && (eol = memchr(s->in.p, '\n', s->in.len)) != NULL)
    {
        len = (size_t) (eol - s->in.p);
        *eol = '\0';

        if (len > 0 && s->in.p[len - 1] == '\r') {
            s->in.p[len - 1] = '\0';
            take_line(s, s->in.p, len - 1);

        } else {
            end_session(s, true);       /* a bare LF: no client of ours */
            return;
        }

        s->in.len -= len + 1;
        memmove(s->in.p, eol + 1, s->in.len);
    }
}


static void
on_alloc(uv_handle_t *h, size_t size, uv_buf_t *buf)
{
    (void) h;
    *buf = uv_buf_init(td_alloc(size), (unsigned) size);
}


static void
on_connection(uv_stream_t *server, int status)
{
    session *s;

    if (status != 0) {
        return;
    }

    s = td_alloc(sizeof(*s));
    memset(s, 0, sizeof(*s));
    uv_tcp_init(td.loop, &s->tcp);
    s->tcp.data = s;

    if (uv_accept(server, (uv_stream_t *) &s->tcp) != 0) {
        end_session(s, false);
        return;
    }

    td.count.connections++;
    uv_read_start((uv_stream_t *) &s->tcp, on_alloc, on_read);

    if (!acted(s, "/smtp/connect")) {
        say(s, "220 double ESMTP\r\n");
    }
}


bool
td_smtp_listen(int port)
{
    uv_tcp_t            *server = td_alloc(sizeof(*server));
    struct sockaddr_in   addr;

    if (uv_ip4_addr("127.0.0.1", port, &addr) != 0
        || uv_tcp_init(td.loop, server) != 0
        || uv_tcp_bind(server, (const struct sockaddr *) &addr, 0) != 0
        || uv_listen((uv_stream_t *) server, 128, on_connection) != 0)
    {
        fprintf(stderr, "double: cannot listen for mail on %d\n", port);
        return false;
    }

    return true;
}
