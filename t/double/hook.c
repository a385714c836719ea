#include "double.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Delivery statuses, posted to the edge as Meta would: signed, one after the
 * other over one connection, repeated until they get a 200.  Other providers
 * hand over their own requests.
 */

#define RETRY_MS  200

typedef struct post_s  post;

struct post_s {
    post    *next;
    char    *head;             /* request line and headers; NULL: Meta's */
    char    *body;
    td_fn    fn;
    void    *ctx;
};

static struct {
    bool              on;
    char             *path;
    char             *host;
    char             *unix_path;       /* instead of addr */
    struct sockaddr_in addr;
    unsigned char     secret[256];
    size_t            secret_len;

    post             *head, **tail;
    uv_stream_t      *conn;            /* NULL: none */
    bool              connected;
    bool              sent;            /* the head is on the wire */
    td_buf            in;
    uv_timer_t        timer;

    uint64_t          posted, waiting, repeats;
} hook;

static void pump(void);


/* --- answers ------------------------------------------------------------- */

static void
freed(uv_handle_t *h)
{
    free(h);
}


static void
again(uv_timer_t *t)
{
    (void) t;
    pump();
}


static void
drop(void)
{
    if (hook.conn != NULL) {
        uv_close((uv_handle_t *) hook.conn, freed);
    }

    hook.conn = NULL;
    hook.connected = false;
    hook.sent = false;
    hook.in.len = 0;
    if (hook.head != NULL) {
        hook.repeats++;
        uv_timer_start(&hook.timer, again, RETRY_MS, 0);
    }
}


static void
done(void)
{
    post *p = hook.head;

    hook.head = p->next;
    if (hook.head == NULL) {
        hook.tail = &hook.head;
    }

    hook.sent = false;
    hook.waiting--;
    hook.posted++;
    if (p->fn != NULL) {
        p->fn(p->ctx);
    }

    free(p->head);
    free(p->body);
    free(p);
}


/* The whole answer's length, 0 when it is not there yet. */
static size_t
answer_len(void)
{
    size_t       head, body = 0;
    const char  *end, *p;

    end = hook.in.len > 0 ? memmem(hook.in.p, hook.in.len, "\r\n\r\n", 4)
                          : NULL;
    if (end == NULL) {
        return 0;
    }

    head = (size_t) (end - hook.in.p) + 4;
    p = memmem(hook.in.p, head, "\r\nContent-Length: ", 18);
    if (p != NULL) {
        body = (size_t) strtoul(p + 18, NULL, 10);
    }

    return hook.in.len >= head + body ? head + body : 0;
}


static void
on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *buf)
{
    size_t len;

    if (s != hook.conn) {
        return;
    }

    if (n < 0) {
        drop();
        return;
    }

    td_buf_add(&hook.in, buf->base, (size_t) n);
    len = answer_len();
    if (len == 0) {
        return;
    }

    if (len < 12 || memcmp(hook.in.p + 9, "200", 3) != 0) {
        drop();
        return;
    }

    hook.in.len = 0;
    done();
    pump();
}


/* --- requests ------------------------------------------------------------ */

static void
alloc(uv_handle_t *h, size_t hint, uv_buf_t *buf)
{
    static char  space[16384];

    (void) h;
    (void) hint;
    *buf = uv_buf_init(space, sizeof(space));
}


static void
written(uv_write_t *req, int status)
{
    uv_stream_t *s = req->handle;

    free(req->data);
    free(req);
    if (status != 0 && s == hook.conn) {
        drop();
    }
}


/* As Meta's. */
static void
add_head(td_buf *b, const char *body)
{
    size_t          i, len = strlen(body);
    unsigned        n = 0;
    unsigned char   mac[EVP_MAX_MD_SIZE];

    HMAC(EVP_sha256(), hook.secret, (int) hook.secret_len,
         (const unsigned char *) body, len, mac, &n);

    td_buf_printf(b, "POST %s HTTP/1.1\r\nHost: %s\r\n"
                  "User-Agent: facebookexternalua\r\n"
                  "Content-Type: application/json\r\n"
                  "X-Hub-Signature-256: sha256=", hook.path, hook.host);
    for (i = 0; i < n; i++) {
        td_buf_printf(b, "%02x", mac[i]);
    }

    td_buf_addz(b, "\r\n");
}


static void
send_head(void)
{
    td_buf       b = { 0 };
    uv_buf_t     buf;
    const post  *p = hook.head;
    uv_write_t  *req = td_alloc(sizeof(*req));

    if (p->head != NULL) {
        td_buf_addz(&b, p->head);

    } else {
        add_head(&b, p->body);
    }

    td_buf_printf(&b, "Content-Length: %zu\r\n\r\n", strlen(p->body));
    td_buf_addz(&b, p->body);

    hook.sent = true;
    req->data = b.p;
    buf = uv_buf_init(b.p, (unsigned) b.len);
    if (uv_write(req, hook.conn, &buf, 1, written) != 0) {
        free(b.p);
        free(req);
        drop();
    }
}


static void
connected(uv_connect_t *req, int status)
{
    uv_stream_t *s = req->handle;

    free(req);
    if (s != hook.conn) {
        return;
    }

    if (status != 0) {
        drop();
        return;
    }

    hook.connected = true;
    uv_read_start(s, alloc, on_read);
    pump();
}


static void
connect_hook(void)
{
    uv_tcp_t      *tcp;
    uv_pipe_t     *pipe;
    uv_connect_t  *req = td_alloc(sizeof(*req));

    if (hook.unix_path != NULL) {
        pipe = td_alloc(sizeof(*pipe));
        uv_pipe_init(td.loop, pipe, 0);
        hook.conn = (uv_stream_t *) pipe;
        uv_pipe_connect(req, pipe, hook.unix_path, connected);
        return;
    }

    tcp = td_alloc(sizeof(*tcp));
    uv_tcp_init(td.loop, tcp);
    uv_tcp_nodelay(tcp, 1);
    hook.conn = (uv_stream_t *) tcp;
    if (uv_tcp_connect(req, tcp, (const struct sockaddr *) &hook.addr,
                       connected) != 0)
    {
        free(req);
        drop();
    }
}


static void
pump(void)
{
    if (hook.head == NULL || hook.sent) {
        return;
    }

    if (hook.conn == NULL) {
        connect_hook();

    } else if (hook.connected) {
        send_head();
    }
}


/* --- what is posted ------------------------------------------------------ */

static json_t *
status_of(const td_entry *e, const char *word)
{
    char         ts[24];
    json_t      *s;
    const char  *colon = strchr(word, ':');
    const char  *to = e->to[0] == '+' ? e->to + 1 : e->to;

    (void) snprintf(ts, sizeof(ts), "%lld",
                    (long long) (td_now_ms() / 1000));
    s = json_pack("{s:s, s:s%, s:s, s:s}", "id", e->wamid, "status", word,
                  colon != NULL ? (size_t) (colon - word) : strlen(word),
                  "timestamp", ts,
                  strchr(to, '.') != NULL ? "recipient_user_id"
                                          : "recipient_id", to);
    if (*e->intent != '\0') {
        json_object_set_new(s, "biz_opaque_callback_data",
                            json_string(e->intent));
    }

    if (strncmp(word, "failed", 6) == 0) {
        json_object_set_new(s, "errors",
            json_pack("[{s:i, s:s, s:s, s:{s:s}}]", "code",
                      colon != NULL ? (int) strtol(colon + 1, NULL, 10)
                                    : 131026,
                      "title", "Message undeliverable",
                      "message", "Message undeliverable",
                      "error_data", "details", "scripted"));
    }

    return s;
}


static json_t *
whatsapp_body(const td_entry *e, const char *word)
{
    return json_pack("{s:s, s:[{s:s, s:[{s:{s:s, s:{s:s, s:s}, s:[o]},"
                     " s:s}]}]}",
                     "object", "whatsapp_business_account", "entry",
                     "id", "102290129340398", "changes", "value",
                     "messaging_product", "whatsapp", "metadata",
                     "display_phone_number", "15550783881",
                     "phone_number_id", e->account,
                     "statuses", status_of(e, word), "field", "messages");
}


/* Takes body and head over. */
static void
add_post(char *head, char *body, td_fn fn, void *ctx)
{
    post  *p = td_alloc(sizeof(*p));

    p->head = head;
    p->body = body;
    p->fn = fn;
    p->ctx = ctx;
    *hook.tail = p;
    hook.tail = &p->next;
    hook.waiting++;
    pump();
}


void
td_hook_post(const char *target, const char *headers, const char *body,
    td_fn fn, void *ctx)
{
    td_buf  b = { 0 };

    if (!hook.on) {
        if (fn != NULL) {
            fn(ctx);
        }

        return;
    }

    td_buf_printf(&b, "POST %s HTTP/1.1\r\nHost: %s\r\n%s", target,
                  hook.host, headers);
    td_buf_add(&b, "", 1);
    add_post(b.p, td_dup(body, strlen(body)), fn, ctx);
}


void
td_hook_status(const td_entry *e, const char *word, td_fn fn, void *ctx)
{
    td_buf   b = { 0 };
    json_t  *j = NULL;

    if (hook.on && word != NULL && td_twilio_status(e, word, fn, ctx)) {
        return;
    }

    if (hook.on && word != NULL) {
        j = e->object != NULL ? td_page_event(e, word)
                              : whatsapp_body(e, word);
    }

    if (j == NULL) {
        if (fn != NULL) {
            fn(ctx);
        }

        return;
    }

    td_buf_json(&b, j);
    json_decref(j);

    add_post(NULL, b.p, fn, ctx);
}


void
td_hook_counts(json_t *out)
{
    json_object_set_new(out, "statuses_posted",
                        json_integer((json_int_t) hook.posted));
    json_object_set_new(out, "statuses_waiting",
                        json_integer((json_int_t) hook.waiting));
    json_object_set_new(out, "statuses_repeated",
                        json_integer((json_int_t) hook.repeats));
}


/* --- configuration ------------------------------------------------------- */

static bool
read_secret(const char *file)
{
    FILE *f = file != NULL ? fopen(file, "r") : NULL;

    if (f == NULL) {
        return false;
    }

    hook.secret_len = fread(hook.secret, 1, sizeof(hook.secret), f);
    fclose(f);
    if (hook.secret_len > 0 && hook.secret[hook.secret_len - 1] == '\n') {
        hook.secret_len--;
    }

    return hook.secret_len > 0;
}


/* http://host:port/path or http://unix:/socket:/path */
static bool
read_url(const char *url)
{
    long         port = 80;
    char        *end;
    const char  *p, *slash, *colon;

    if (strncmp(url, "http://", 7) != 0) {
        return false;
    }

    p = url + 7;
    hook.host = td_dup("localhost", 9);
    if (strncmp(p, "unix:", 5) == 0) {
        colon = strchr(p + 5, ':');
        if (colon == NULL) {
            return false;
        }

        hook.unix_path = td_dup(p + 5, (size_t) (colon - p - 5));
        hook.path = td_dup(colon + 1, strlen(colon + 1));
        return true;
    }

    slash = strchr(p, '/');
    colon = strchr(p, ':');
    if (slash == NULL) {
        return false;
    }

    hook.path = td_dup(slash, strlen(slash));
    if (colon != NULL && colon < slash) {
        port = strtol(colon + 1, &end, 10);
        slash = colon;
    }

    free(hook.host);
    hook.host = td_dup(p, (size_t) (slash - p));
    if (strcmp(hook.host, "localhost") == 0) {
        return uv_ip4_addr("127.0.0.1", (int) port, &hook.addr) == 0;
    }

    return uv_ip4_addr(hook.host, (int) port, &hook.addr) == 0;
}


bool
td_hook_open(const char *url, const char *secret_file)
{
    hook.tail = &hook.head;
    if (url == NULL) {
        return true;
    }

    if (!read_url(url)) {
        fprintf(stderr, "double: --hook \"%s\": want http://127.0.0.1:port/"
                "path or http://unix:/socket:/path\n", url);
        return false;
    }

    if (!read_secret(secret_file)) {
        fputs("double: --hook needs a readable --hook-secret-file\n", stderr);
        return false;
    }

    uv_timer_init(td.loop, &hook.timer);
    hook.on = true;
    return true;
}
