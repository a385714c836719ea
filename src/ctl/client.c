#include "ctl/client.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define REPLY_MAX   (64 * 1024 * 1024)
#define CALL_MS     10000
#define CONNECT_MS  5000
#define KEY_MAX     4096

/* The HTTP status of a problem, and what the process exits with. */
static const struct { long status; ctl_exit code; }  exits[] = {
    { 401, CTL_DENIED }, { 403, CTL_DENIED }, { 404, CTL_MISSING },
    { 409, CTL_PRECONDITION }, { 412, CTL_PRECONDITION },
    { 400, CTL_INVALID }, { 413, CTL_INVALID }, { 415, CTL_INVALID },
    { 422, CTL_INVALID },
};


/* --- one request --------------------------------------------------------- */

static size_t
keep(char *p, size_t size, size_t n, void *ctx)
{
    cx_buf  *b = ctx;

    cx_buf_add(b, (cx_str) { size * n, p });

    return b->failed ? 0 : size * n;
}


/* A unix socket has no name: the host in the URL is only for show. */
static bool
set_url(ctl *c, CURL *h, cx_str path)
{
    cx_str       base = c->url;
    const char  *full;

    if (cx_str_starts(base, CX_STR("unix:"))) {
        full = cx_dupz(c->arena, cx_str_sub(base, 5, base.len));
        if (full == NULL
            || curl_easy_setopt(h, CURLOPT_UNIX_SOCKET_PATH, full)
               != CURLE_OK)
        {
            return false;
        }

        base = CX_STR("http://connext");
    }

    while (cx_str_ends(base, CX_STR("/"))) {
        base.len--;
    }

    full = cx_dupz(c->arena, cx_concat(c->arena, base, path));

    return full != NULL
           && curl_easy_setopt(h, CURLOPT_URL, full) == CURLE_OK;
}


void
ctl_curl_set(CURL *h, int64_t timeout_ms)
{
    curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(h, CURLOPT_PROXY, "");
    curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(h, CURLOPT_USERAGENT, "connextctl/" CTL_VERSION);
    curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, (long) timeout_ms);
    curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT_MS, (long) CONNECT_MS);
}


static void
add_header(ctl *c, struct curl_slist **headers, const char *name,
    cx_str value)
{
    if (value.len > 0) {
        *headers = curl_slist_append(*headers, cx_dupz(c->arena,
                       cx_printf(c->arena, "%s: %.*s", name,
                                 CX_ARG(value))));
    }
}


/* Who asks, and in whose record. */
static struct curl_slist *
set_who(ctl *c, CURL *h)
{
    struct curl_slist  *headers = NULL;

    add_header(c, &headers, "Connext-Tenant", c->tenant);
    add_header(c, &headers, "X-API-Key", c->api_key);
    curl_easy_setopt(h, CURLOPT_HTTPHEADER, headers);

    return headers;
}


static struct curl_slist *
set_body(ctl *c, CURL *h, struct curl_slist *headers, cx_str body,
    const char *type)
{
    if (type == NULL) {
        return headers;
    }

    add_header(c, &headers, "Content-Type", cx_strz(type));
    headers = curl_slist_append(headers, "Expect:");
    add_header(c, &headers, "Idempotency-Key", c->key);

    curl_easy_setopt(h, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t) body.len);
    curl_easy_setopt(h, CURLOPT_POSTFIELDS, body.len > 0 ? body.p : "");

    return headers;
}


typedef struct {
    CURLcode  rc;
    long      status;
    long      os_error;
    json_t   *doc;           /* NULL: no JSON in the answer */
} answer;


/* The answer's bytes live in an arena of their own: a wait polls often. */
static answer
call(ctl *c, const char *method, cx_str path, cx_str body, const char *type)
{
    answer              a = { .rc = CURLE_OUT_OF_MEMORY };
    CURL               *h = curl_easy_init();
    cx_arena           *arena = cx_arena_new(2 * (size_t) REPLY_MAX);
    struct curl_slist  *headers;
    cx_buf              buf;

    if (h != NULL && arena != NULL && set_url(c, h, path)) {
        cx_buf_init(&buf, arena, 4096, REPLY_MAX);
        ctl_curl_set(h, c->timeout_ms > 0 ? c->timeout_ms : CALL_MS);
        curl_easy_setopt(h, CURLOPT_CUSTOMREQUEST, method);
        curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, keep);
        curl_easy_setopt(h, CURLOPT_WRITEDATA, &buf);
        headers = set_body(c, h, set_who(c, h), body, type);

        a.rc = curl_easy_perform(h);
        curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, &a.status);
        curl_easy_getinfo(h, CURLINFO_OS_ERRNO, &a.os_error);
        a.doc = json_loadb(cx_buf_str(&buf).p, buf.len, 0, NULL);
        curl_slist_free_all(headers);
    }

    curl_easy_cleanup(h);
    cx_arena_free(arena);

    return a;
}


/* --- errors -------------------------------------------------------------- */

static ctl_exit
unreachable(ctl *c, const answer *a)
{
    const char  *hint = "is connext-worker running? --url names its socket";

    if (a->rc == CURLE_OPERATION_TIMEDOUT) {
        return ctl_fail(c, CTL_ELAPSED, "--timeout 30s waits longer",
                        "no answer from %.*s in time", CX_ARG(c->url));
    }

    if (a->os_error == EACCES || a->os_error == EPERM) {
        hint = "the socket is for its owner only: be root, or that user";
    }

    return ctl_fail(c, CTL_UNREACHABLE, hint, "cannot reach %.*s: %s",
                    CX_ARG(c->url),
                    a->os_error != 0 ? strerror((int) a->os_error)
                                     : curl_easy_strerror(a->rc));
}


static ctl_exit
problem(ctl *c, const answer *a)
{
    ctl_exit     code = CTL_FAILED;
    const char  *title = ctl_text(a->doc, "title");
    const char  *detail = ctl_text(a->doc, "detail");
    json_t      *bad;
    size_t       i;

    for (i = 0; i < sizeof(exits) / sizeof(exits[0]); i++) {
        if (exits[i].status == a->status) {
            code = exits[i].code;
        }
    }

    if (c->output == CTL_OUT_JSON && a->doc != NULL) {
        json_dumpf(a->doc, stderr, JSON_INDENT(2));
        fprintf(stderr, "\n");
        return code;
    }

    if (title[0] == '\0') {
        return ctl_fail(c, code, NULL, "the API answered %ld", a->status);
    }

    (void) ctl_fail(c, code, NULL, "%s%s%s", title,
                    detail[0] != '\0' ? ": " : "", detail);

    json_array_foreach(json_object_get(a->doc, "errors"), i, bad) {
        fprintf(stderr, "  %s: %s\n", ctl_text(bad, "pointer"),
                ctl_text(bad, "message"));
    }

    return code;
}


/* --- what commands call -------------------------------------------------- */

/* Before the first call; the file is read once. */
static ctl_exit
load_key(ctl *c)
{
    cx_str    text;
    ctl_exit  rc;

    if (c->key_file.len == 0 || c->api_key.len > 0) {
        return CTL_OK;
    }

    rc = ctl_file(c, c->key_file, KEY_MAX, &text);

    if (rc == CTL_OK) {
        c->api_key = cx_str_trim(text);
    }

    return rc;
}


ctl_exit
ctl_api(ctl *c, const char *method, cx_str path, cx_str body,
    const char *type, json_t **out)
{
    answer    a;
    ctl_exit  rc = load_key(c);

    if (rc != CTL_OK) {
        return rc;
    }

    a = call(c, method, path, body, type);

    if (a.rc != CURLE_OK) {
        rc = unreachable(c, &a);

    } else if (a.status < 200 || a.status > 299) {
        rc = problem(c, &a);

    } else if (out != NULL && a.doc == NULL) {
        rc = ctl_fail(c, CTL_FAILED, "does --url name connext-worker's API?",
                      "the answer is not JSON");
    }

    if (rc == CTL_OK && out != NULL) {
        *out = a.doc;

    } else {
        json_decref(a.doc);
    }

    return rc;
}


ctl_exit
ctl_get(ctl *c, cx_str path, json_t **out)
{
    return ctl_api(c, "GET", path, CX_NOSTR, NULL, out);
}


long
ctl_try(ctl *c, cx_str path, json_t **out)
{
    answer  a;

    if (load_key(c) != CTL_OK) {
        *out = NULL;
        return 0;
    }

    a = call(c, "GET", path, CX_NOSTR, NULL);
    *out = a.doc;

    return a.rc == CURLE_OK ? a.status : 0;
}


ctl_exit
ctl_file(ctl *c, cx_str path, size_t max, cx_str *out)
{
    bool         is_stdin = cx_str_eq(path, CX_STR("-"));
    const char  *name = cx_dupz(c->arena, path);
    FILE        *f = is_stdin ? stdin : fopen(name, "rb");
    cx_buf       b;
    char         part[65536];
    size_t       n;
    bool         broken;

    if (f == NULL) {
        return ctl_fail(c, CTL_INVALID, NULL, "%s: %s", name,
                        strerror(errno));
    }

    cx_buf_init(&b, c->arena, sizeof(part), max);

    while (!b.failed && (n = fread(part, 1, sizeof(part), f)) > 0) {
        cx_buf_add(&b, (cx_str) { n, part });
    }

    broken = ferror(f) != 0;

    if (!is_stdin) {
        fclose(f);
    }

    if (broken || b.failed) {
        return ctl_fail(c, CTL_INVALID, NULL, "%s: %s", name,
                        broken ? "cannot be read" : "too large");
    }

    *out = cx_buf_str(&b);
    return CTL_OK;
}


/* --- bytes as they come -------------------------------------------------- */

typedef struct {
    CURL    *h;
    FILE    *to;
    cx_buf   buf;               /* of an error */
} stream;


static size_t
pass_on(char *p, size_t size, size_t n, void *ctx)
{
    stream  *s = ctx;
    long     status = 0;

    curl_easy_getinfo(s->h, CURLINFO_RESPONSE_CODE, &status);

    if (status == 200) {
        return fwrite(p, 1, size * n, s->to);
    }

    cx_buf_add(&s->buf, (cx_str) { size * n, p });
    return s->buf.failed ? 0 : size * n;
}


ctl_exit
ctl_download(ctl *c, cx_str path, FILE *to)
{
    return ctl_stream(c, path, CX_NOSTR, NULL, to);
}


ctl_exit
ctl_stream(ctl *c, cx_str path, cx_str body, const char *type, FILE *to)
{
    answer              a = { .rc = CURLE_OUT_OF_MEMORY };
    stream              s = { .h = curl_easy_init(), .to = to };
    struct curl_slist  *headers;
    ctl_exit            rc = load_key(c);

    if (rc == CTL_OK && s.h != NULL && set_url(c, s.h, path)) {
        cx_buf_init(&s.buf, c->arena, 4096, REPLY_MAX);
        ctl_curl_set(s.h, c->timeout_ms);
        curl_easy_setopt(s.h, CURLOPT_WRITEFUNCTION, pass_on);
        curl_easy_setopt(s.h, CURLOPT_WRITEDATA, &s);
        headers = set_body(c, s.h, set_who(c, s.h), body, type);
        a.rc = curl_easy_perform(s.h);
        curl_easy_getinfo(s.h, CURLINFO_RESPONSE_CODE, &a.status);
        curl_easy_getinfo(s.h, CURLINFO_OS_ERRNO, &a.os_error);
        a.doc = json_loadb(cx_buf_str(&s.buf).p, s.buf.len, 0, NULL);
        curl_slist_free_all(headers);
    }

    curl_easy_cleanup(s.h);

    if (rc == CTL_OK && a.rc != CURLE_OK) {
        rc = unreachable(c, &a);

    } else if (rc == CTL_OK && a.status != 200) {
        rc = problem(c, &a);
    }

    json_decref(a.doc);
    return rc;
}
