#include "ctl/plan.h"

#include "core/http.h"
#include "core/id.h"
#include "ctl/client.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define EDGE         "http://127.0.0.1:8080"
#define WRONG        "surely not the secret of this channel"
#define REFUSED      401
#define BODY_MAX     (8 * 1024 * 1024)
#define SECRET_MAX   65536


/* Types differ in their flags. */
static const ctl_value *
value_of(const ctl *c, const char *name)
{
    static const ctl_value  none;

    for (const ctl_flag *f = c->command->flags; f->name != NULL; f++) {
        if (strcmp(f->name, name) == 0) {
            return &c->values[f - c->command->flags];
        }
    }

    return &none;
}


cx_str
ctl_own(const ctl *c, const char *flag, cx_str otherwise)
{
    const ctl_value  *v = value_of(c, flag);

    return v->set ? v->text : otherwise;
}


bool
ctl_is_set(const ctl *c, const char *flag)
{
    return value_of(c, flag)->set;
}


size_t
ctl_number(const ctl *c, const char *flag, size_t otherwise)
{
    const ctl_value  *v = value_of(c, flag);

    return v->set ? (size_t) v->number : otherwise;
}


/* --- where to ------------------------------------------------------------ */

/* A name that merely begins with 127. may lead anywhere. */
static bool
is_loopback(const char *url)
{
    CURLU           *u = curl_url();
    char            *host = NULL;
    struct in_addr   addr;
    bool             ok = false;

    if (u != NULL && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK
        && curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK)
    {
        ok = strcmp(host, "[::1]") == 0 || strcmp(host, "localhost") == 0
             || (inet_pton(AF_INET, host, &addr) == 1
                 && ntohl(addr.s_addr) >> 24 == IN_LOOPBACKNET);
    }

    curl_free(host);
    curl_url_cleanup(u);

    return ok;
}


static ctl_exit
find_edge(ctl_plan *p)
{
    ctl     *c = p->c;
    cx_str   usual = cx_strz(getenv("CONNEXT_EDGE"));

    p->edge = ctl_own(c, "edge", usual.len > 0 ? usual : CX_STR(EDGE));

    while (cx_str_ends(p->edge, CX_STR("/"))) {
        p->edge.len--;
    }

    if (!is_loopback(cx_dupz(c->arena, p->edge)) && !c->yes) {
        return ctl_fail(c, CTL_PRECONDITION,
                        "--yes posts there all the same",
                        "%.*s is not this machine", CX_ARG(p->edge));
    }

    return CTL_OK;
}


/* The only channel of the type, as the API knows them. */
static ctl_exit
only_channel(ctl_plan *p)
{
    const char  *type = p->type->family != NULL ? p->type->family
                                                : p->type->name;
    json_t      *list, *row, *found = NULL;
    size_t       i, n = 0;
    ctl_exit     rc = ctl_get(p->c, CX_STR("/api/v1/channels"), &list);

    if (rc != CTL_OK) {
        return rc;
    }

    json_array_foreach(json_object_get(list, "data"), i, row) {
        if (strcmp(ctl_text(row, "type"), type) == 0) {
            found = row;
            n++;
        }
    }

    if (n == 1) {
        p->sample.slug = cx_dup(p->c->arena,
                                cx_strz(ctl_text(found, "name")));
        p->sample.account = cx_dup(p->c->arena,
                                   cx_strz(ctl_text(found, "account")));

    } else {
        rc = ctl_fail(p->c, CTL_USAGE, NULL, "there %s: which one? "
                      "--channel SLUG", n == 0 ? "is no channel of this type"
                                               : "are several");
    }

    json_decref(list);
    return rc;
}


static ctl_exit
find_channel(ctl_plan *p)
{
    ctl       *c = p->c;
    json_t    *channel;
    cx_str     path;
    ctl_exit   rc;

    p->sample.slug = ctl_own(c, "channel", CX_NOSTR);

    if (p->sample.slug.len == 0) {
        rc = only_channel(p);

    } else if (ctl_is_set(c, "account") || p->expected != 200
               || ctl_is_set(c, "verify-token-file") || ctl_is_set(c, "file"))
    {
        rc = CTL_OK;

    } else {
        path = cx_concat(c->arena, CX_STR("/api/v1/channels/"),
                         cx_url_encode(c->arena, p->sample.slug));
        rc = ctl_get(c, path, &channel);

        if (rc == CTL_OK) {
            p->sample.account = cx_dup(c->arena,
                                       cx_strz(ctl_text(channel,
                                                        "account")));
            json_decref(channel);
        }
    }

    p->sample.account = ctl_own(c, "account", p->sample.account);
    p->path = cx_dupz(c->arena,
                      cx_printf(c->arena, "%s%.*s%s",
                                p->type->folder != NULL ? p->type->folder
                                                        : "/hooks/",
                                CX_ARG(cx_url_encode(c->arena,
                                                     p->sample.slug)),
                                p->type->leaf != NULL ? p->type->leaf : ""));
    return rc;
}


/* --- who and what -------------------------------------------------------- */

ctl_exit
ctl_plan_secret(ctl *c, cx_str path, cx_str *secret)
{
    ctl_exit  rc = ctl_file(c, path, SECRET_MAX, secret);

    if (rc == CTL_OK && cx_str_ends(*secret, CX_STR("\n"))) {
        secret->len--;
    }

    if (rc == CTL_OK && secret->len == 0) {
        rc = ctl_fail(c, CTL_INVALID, NULL, "%.*s is empty", CX_ARG(path));
    }

    return rc;
}


ctl_exit
ctl_plan_key(ctl_plan *p)
{
    ctl       *c = p->c;
    cx_str     path = ctl_own(c, "secret-file",
                          cx_strz(getenv("CONNEXT_SECRET_FILE")));
    ctl_exit   rc;

    if (p->bare) {
        return CTL_OK;
    }

    p->key.secret = cx_strz(p->type->wrong != NULL ? p->type->wrong : WRONG);

    if (!ctl_is_set(c, "bad-signature")) {
        if (path.len == 0) {
            return ctl_fail(c, CTL_USAGE, "the file that nginx.conf names in "
                            "secret_file", "needs --secret-file FILE or "
                            "CONNEXT_SECRET_FILE");
        }

        rc = ctl_plan_secret(c, path, &p->key.secret);
        if (rc != CTL_OK) {
            return rc;
        }
    }

    if (p->type->no_mac) {
        return CTL_OK;
    }

    p->key.mac = cx_mac_new(p->type->mac, p->key.secret);

    return p->key.mac != NULL ? CTL_OK
                              : ctl_fail(c, CTL_FAILED, NULL, "cannot sign");
}


/* Whether something follows the host: then it is the whole URL. */
static bool
has_path(cx_str url)
{
    size_t  at = cx_str_find(url, CX_STR("://"));

    return at != SIZE_MAX
           && cx_str_find_byte(cx_str_sub(url, at + 3, url.len), '/')
              != SIZE_MAX;
}


/* As the edge puts it together from its public_url. */
static void
find_url(ctl_plan *p)
{
    ctl     *c = p->c;
    cx_str   usual = cx_strz(getenv("CONNEXT_PUBLIC_URL"));
    cx_str   url = ctl_own(c, "public-url", usual.len > 0 ? usual : p->edge);

    p->sample.url = has_path(url) ? url : cx_concat(c->arena, url,
                                                    cx_strz(p->path));
}


static ctl_exit
find_content(ctl_plan *p)
{
    ctl       *c = p->c;
    ctl_exit   rc;

    p->sample.type = ctl_own(c, "type", cx_strz(p->type->kind(0)));
    p->sample.status = ctl_own(c, "status", CX_NOSTR);
    p->sample.from = ctl_own(c, "from", cx_strz(p->type->from));
    p->sample.text = ctl_own(c, "text", CX_NOSTR);
    p->sample.of = ctl_own(c, "of", CX_NOSTR);
    p->sample.tag = ctl_own(c, "tag", CX_NOSTR);
    p->sample.error = (int64_t) ctl_number(c, "error", 0);

    if (!ctl_type_has(p->type, p->sample.type)) {
        return ctl_fail(c, CTL_USAGE, "--list names the types",
                        "no message type \"%.*s\"",
                        CX_ARG(p->sample.type));
    }

    if (ctl_is_set(c, "status") && !ctl_is_set(c, "of")) {
        return ctl_fail(c, CTL_USAGE, NULL, "--status needs --of ID");
    }

    if (ctl_is_set(c, "count")
        && (ctl_is_set(c, "wait") || ctl_is_set(c, "burst")))
    {
        return ctl_fail(c, CTL_USAGE, NULL,
                        "--count goes without --wait and --burst");
    }

    if (ctl_is_set(c, "concurrency") && !ctl_is_set(c, "count")) {
        return ctl_fail(c, CTL_USAGE, NULL, "--concurrency needs --count");
    }

    rc = p->type->check != NULL ? p->type->check(c, &p->sample) : CTL_OK;

    return rc == CTL_OK && ctl_is_set(c, "file")
           ? ctl_file(c, ctl_own(c, "file", CX_NOSTR), BODY_MAX, &p->file)
           : rc;
}


ctl_exit
ctl_plan_make(ctl_plan *p)
{
    ctl              *c = p->c;
    uint8_t           noise[10];
    struct timespec   t;
    ctl_exit          rc;

    p->bare = ctl_is_set(c, "no-signature");
    p->expected = !p->bare && !ctl_is_set(c, "bad-signature") ? 200
                  : p->type->refused != 0 ? p->type->refused : REFUSED;
    p->copies = 1 + ctl_number(c, "duplicate", 0);
    p->messages = ctl_number(c, "burst", ctl_number(c, "count", 1));
    p->customers = ctl_is_set(c, "count");

    clock_gettime(CLOCK_REALTIME, &t);
    p->sample.now_s = t.tv_sec;

    if (getrandom(noise, sizeof(noise), 0) != sizeof(noise)) {
        return ctl_fail(c, CTL_FAILED, NULL, "no random numbers");
    }

    cx_ulid(p->run, (int64_t) t.tv_sec * 1000 + t.tv_nsec / 1000000, noise);

    if ((rc = find_edge(p)) != CTL_OK || (rc = find_channel(p)) != CTL_OK) {
        return rc;
    }

    find_url(p);
    return find_content(p);
}


/* --- one delivery -------------------------------------------------------- */

static ctl_sample
sample_of(ctl_plan *p, size_t n)
{
    ctl_sample  s = p->sample;

    s.serial = cx_printf(p->c->arena, "%s%05zu", p->run, n);
    s.customer = p->customers ? n : 0;

    if (p->customers && s.from.len > 0) {
        s.from = ctl_sample_other(p->c, s.from, n);
    }

    return s;
}


bool
ctl_plan_post(void *ctx, size_t i, ctl_post *post)
{
    ctl_plan          *p = ctx;
    const ctl_sample   s = sample_of(p, i / p->copies);

    post->content_type = p->type->content_type;
    post->body = p->file.len > 0 ? strndup(p->file.p, p->file.len)
                                 : p->type->body(p->c, &s);

    if (p->type->target != NULL) {
        p->type->target(p->c, &s, post);
    }

    return post->body != NULL
           && (p->bare || p->type->sign(p->c, &s, &p->key, post));
}
