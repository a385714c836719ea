/*
 * The management API over its socket, with a real store and an engine that
 * only counts.  The loop has a thread of its own; the test is the client.
 */

#include "core/version.h"
#include "worker/api.h"
#include "worker/log.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

/* Last: its short names are not for the headers above. */
#include "unit/store/fixture.h"

#define JSON   "application/json"
#define EVENT  "ev_01ARZ3NDEKTSV4RRFFQ69G5FAV"
#define PHONE  "4915123456789"


/* --- the engine's place ------------------------------------------------------ */

struct cx_worker_s {
    cx_id_maker  ids;
};

static cx_worker    engine = { .ids = { .maker = 7 } };
static atomic_int   config_changes, kicks, enqueues;
static atomic_bool  redis_up = true, enqueue_fails;


int64_t
cx_now_ms(void)
{
    struct timespec  now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}


int64_t
cx_worker_new_id(cx_worker *w)
{
    return cx_id_next(&w->ids, cx_now_ms());
}


void
cx_worker_config_changed(cx_worker *w)
{
    (void) w;
    atomic_fetch_add(&config_changes, 1);
}


void
cx_worker_kick(cx_worker *w)
{
    (void) w;
    atomic_fetch_add(&kicks, 1);
}


void
cx_worker_enqueue(cx_worker *w, unsigned partition, cx_str json,
    void (*done)(void *ctx, bool ok), void *ctx)
{
    (void) w;

    if (partition == P && cx_str_eq(json, CX_STR("{\"raw\":1}"))) {
        atomic_fetch_add(&enqueues, 1);
    }

    done(ctx, !atomic_load(&enqueue_fails));
}


void
cx_worker_stats_get(const cx_worker *w, cx_worker_stats *out)
{
    (void) w;
    memset(out, 0, sizeof(*out));
    out->redis_up = atomic_load(&redis_up);
    out->partitions = 64;
    out->taken = 5;
    out->owner = CX_STR("test");
}


/* --- the server -------------------------------------------------------------- */

typedef struct {
    uv_loop_t   loop;
    uv_async_t  stop;
    cx_db      *db;
    cx_api     *api;
    char        socket[100];
    bool        closed;
    pthread_t   thread;
} server;


static void
on_stop(uv_async_t *handle)
{
    server  *s = handle->data;

    cx_api_free(s->api);
    cx_db_close(s->db);
    uv_close((uv_handle_t *) handle, NULL);
}


static void *
serve(void *arg)
{
    server  *s = arg;

    uv_run(&s->loop, UV_RUN_DEFAULT);
    s->closed = uv_loop_close(&s->loop) == 0;
    return NULL;
}


static void
start_server(server *s, const fixture *f)
{
    char  error[256] = "", url[160];

    memset(s, 0, sizeof(*s));
    uv_loop_init(&s->loop);
    uv_async_init(&s->loop, &s->stop, on_stop);
    s->stop.data = s;
    (void) snprintf(url, sizeof(url), "sqlite:%s", f->path);
    (void) snprintf(s->socket, sizeof(s->socket), "%s/api.sock", f->folder);

    s->db = cx_db_open(&s->loop, cx_strz(url), error, sizeof(error));
    fx_must(s->db != NULL, error);
    s->api = cx_api_new(&s->loop, cx_strz(s->socket), s->db, &engine, error,
                        sizeof(error));
    fx_must(s->api != NULL, error);
    pthread_create(&s->thread, NULL, serve, s);
}


static void
stop_server(server *s)
{
    uv_async_send(&s->stop);
    pthread_join(s->thread, NULL);
}


/* --- the client -------------------------------------------------------------- */

typedef struct {
    long     status;
    char     type[64];
    char     allow[64];
    char     location[128];
    size_t   len;
    char    *text;
    json_t  *json;
} answer;

static const char  *socket_path;
static answer       last;


static size_t
on_text(char *p, size_t size, size_t n, void *data)
{
    answer  *a = data;

    a->text = realloc(a->text, a->len + size * n + 1);
    memcpy(a->text + a->len, p, size * n);
    a->len += size * n;
    a->text[a->len] = '\0';
    return size * n;
}


static void
keep_header(cx_str line, const char *name, char *out, size_t size)
{
    cx_str  key;

    (void) cx_str_split(&line, ':', &key);

    if (cx_str_eq_nocase(key, cx_strz(name))) {
        (void) snprintf(out, size, "%.*s", CX_ARG(cx_str_trim(line)));
    }
}


static size_t
on_header(char *p, size_t size, size_t n, void *data)
{
    cx_str   line = { size * n, p };
    answer  *a = data;

    keep_header(line, "content-type", a->type, sizeof(a->type));
    keep_header(line, "allow", a->allow, sizeof(a->allow));
    keep_header(line, "location", a->location, sizeof(a->location));
    return size * n;
}


static void
forget(answer *a)
{
    free(a->text);
    json_decref(a->json);
    memset(a, 0, sizeof(*a));
}


static void
ask(answer *a, const char *method, const char *path, const char *type,
    const char *body, size_t len)
{
    CURL               *e = curl_easy_init();
    char                url[2048], header[96];
    struct curl_slist  *headers = curl_slist_append(NULL, "Expect:");

    forget(a);
    (void) snprintf(url, sizeof(url), "http://connext%s", path);
    (void) snprintf(header, sizeof(header), "Content-Type:%s%s",
                    type != NULL ? " " : "", type != NULL ? type : "");
    headers = curl_slist_append(headers, header);

    curl_easy_setopt(e, CURLOPT_UNIX_SOCKET_PATH, socket_path);
    curl_easy_setopt(e, CURLOPT_URL, url);
    curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(e, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_text);
    curl_easy_setopt(e, CURLOPT_WRITEDATA, a);
    curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(e, CURLOPT_HEADERDATA, a);
    curl_easy_setopt(e, CURLOPT_TIMEOUT, 20L);

    if (body != NULL) {
        curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE, (long) len);
        curl_easy_setopt(e, CURLOPT_POSTFIELDS, body);
    }

    curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, method);

    if (curl_easy_perform(e) == CURLE_OK) {
        curl_easy_getinfo(e, CURLINFO_RESPONSE_CODE, &a->status);
        a->json = json_loadb(a->text != NULL ? a->text : "", a->len, 0, NULL);
    }

    curl_slist_free_all(headers);
    curl_easy_cleanup(e);
}


static const char *
member(const char *name)
{
    const char  *s = json_string_value(json_object_get(last.json, name));

    return s != NULL ? s : "";
}


static const char *
first_member(const char *name)
{
    json_t      *row = json_array_get(json_object_get(last.json, "data"), 0);
    const char  *s = json_string_value(json_object_get(row, name));

    return s != NULL ? s : "";
}


static size_t
rows(void)
{
    return json_array_size(json_object_get(last.json, "data"));
}


static bool
call(const char *method, const char *path, const char *body, long status)
{
    bool  ok;

    ask(&last, method, path, body != NULL ? JSON : NULL, body,
        body != NULL ? strlen(body) : 0);
    ok = tap_ok(last.status == status, "%ld: %s %s", status, method, path);

    if (!ok) {
        printf("#   got %ld %s\n", last.status,
               last.text != NULL ? last.text : "");
    }

    return ok;
}


/* A problem with its code; pointer "" when no field is to blame. */
static void
refused(const char *method, const char *path, const char *body, long status,
    const char *code, const char *pointer)
{
    json_t      *first;
    const char  *got;

    if (!call(method, path, body, status)) {
        return;
    }

    first = json_array_get(json_object_get(last.json, "errors"), 0);
    got = json_string_value(json_object_get(first, "pointer"));

    if (!tap_ok(strcmp(last.type, "application/problem+json") == 0
                && strcmp(member("code"), code) == 0
                && strcmp(got != NULL ? got : "", pointer) == 0,
                "a problem: %s %s", code, pointer))
    {
        printf("#   got %s %s\n", last.type, last.text);
    }
}


/* --- tests ------------------------------------------------------------------- */

static void
test_status(void)
{
    call("GET", "/healthz", NULL, 200);
    call("GET", "/readyz", NULL, 200);
    tap_ok(json_is_true(json_object_get(last.json, "ready")), "ready");
    atomic_store(&redis_up, false);
    call("GET", "/readyz", NULL, 503);
    tap_is_str(cx_strz(member("redis")), CX_STR("down"), "why not");
    atomic_store(&redis_up, true);

    call("GET", "/api/v1/status", NULL, 200);
    tap_is_str(cx_strz(member("version")), CX_STR(CX_VERSION_TEXT),
               "version");
    tap_is_str(cx_strz(last.type), CX_STR(JSON), "its type");

    refused("GET", "/", NULL, 404, "not_found", "");
    refused("GET", "/api/v1", NULL, 404, "not_found", "");
    refused("GET", "/api/v1/agents/", NULL, 404, "not_found", "");
    refused("GET", "/api/v1/agents/a/b", NULL, 404, "not_found", "");
    refused("PUT", "/api/v1/agents", "{}", 405, "bad_method", "");
    tap_is_str(cx_strz(last.allow), CX_STR("GET, POST"), "Allow");
    refused("POST", "/api/v1/status", "{}", 405, "bad_method", "");
    refused("GET", "/api/v1/status?x=1", NULL, 400, "invalid", "");
}


static void
test_agents(const fixture *f)
{
    char  body[512], path[128];
    int   before = atomic_load(&config_changes);

    call("GET", "/api/v1/agents", NULL, 200);
    tap_is_int((int64_t) rows(), 1, "one agent");
    call("GET", "/api/v1/agents/shop", NULL, 200);

    call("POST", "/api/v1/agents", "{\"name\":\"front\"}", 201);
    tap_ok(strncmp(member("id"), "ag_", 3) == 0, "an id");
    (void) snprintf(path, sizeof(path), "/api/v1/agents/%s", member("id"));
    tap_is_str(cx_strz(last.location), cx_strz(path), "Location");
    tap_is_str(cx_strz(member("provider")), CX_STR("knowledge"),
               "the built-in one by default");
    tap_ok(json_real_value(json_object_get(last.json, "threshold")) == 0.95
           && json_is_null(json_object_get(last.json, "temperature")),
           "defaults");
    tap_is_int(atomic_load(&config_changes) - before, 1,
               "the engine was told");
    call("GET", path, NULL, 200);

    call("PATCH", path, "{\"threshold\":0.5,\"max_tokens\":100,"
         "\"temperature\":0.25,\"prompt\":\"\\u00e4\"}", 200);
    tap_ok(json_real_value(json_object_get(last.json, "threshold")) == 0.5
           && json_integer_value(json_object_get(last.json, "max_tokens"))
              == 100, "changed");
    tap_is_str(cx_strz(member("prompt")), CX_STR("\xc3\xa4"), "its prompt");
    call("PATCH", path, "{\"temperature\":null,\"max_tokens\":null}", 200);
    tap_ok(json_is_null(json_object_get(last.json, "temperature"))
           && json_is_null(json_object_get(last.json, "max_tokens")),
           "taken back");
    tap_ok(json_real_value(json_object_get(last.json, "threshold")) == 0.5,
           "the rest stays");

    before = atomic_load(&config_changes);
    refused("POST", "/api/v1/agents", "{\"name\":\"front\"}", 409,
            "conflict", "/name");
    refused("POST", "/api/v1/agents", "{}", 400, "invalid", "/name");
    refused("POST", "/api/v1/agents", NULL, 400, "invalid", "/name");
    refused("POST", "/api/v1/agents", "{\"name\":\"A b\"}", 400, "invalid",
            "/name");
    refused("POST", "/api/v1/agents", "{\"name\":7}", 400, "invalid",
            "/name");
    refused("POST", "/api/v1/agents", "{\"name\":\"\"}", 400, "invalid",
            "/name");
    refused("POST", "/api/v1/agents", "{\"name\":null}", 400, "invalid",
            "/name");
    refused("POST", "/api/v1/agents", "{\"name\":\"x\",\"a/b~\":1}", 400,
            "invalid", "/a~1b~0");
    refused("POST", "/api/v1/agents",
            "{\"name\":\"x\",\"provider\":\"nobody\"}", 400, "invalid",
            "/provider");
    refused("POST", "/api/v1/agents",
            "{\"name\":\"x\",\"provider\":\"openai\"}", 400, "invalid",
            "/model");
    refused("PATCH", path, "{\"threshold\":1.01}", 400, "invalid",
            "/threshold");
    refused("PATCH", path, "{\"threshold\":-0.1}", 400, "invalid",
            "/threshold");
    refused("PATCH", path, "{\"threshold\":\"0.5\"}", 400, "invalid",
            "/threshold");
    refused("PATCH", path, "{\"max_tokens\":1.5}", 400, "invalid",
            "/max_tokens");
    refused("PATCH", path, "{\"max_tokens\":0}", 400, "invalid",
            "/max_tokens");
    refused("PATCH", path, "{\"base_url\":\"ftp://x\"}", 400, "invalid",
            "/base_url");
    refused("PATCH", path, "{\"base_url\":\"http://u@x\"}", 400, "invalid",
            "/base_url");
    refused("PATCH", path, "{\"base_url\":\"http://x/\"}", 400, "invalid",
            "/base_url");
    refused("PATCH", path, "{\"api_key_file\":\"key\"}", 400, "invalid",
            "/api_key_file");
    refused("PATCH", path, "{\"api_key_file\":\"/nowhere/key\"}", 400,
            "invalid", "/api_key_file");
    (void) snprintf(body, sizeof(body), "{\"api_key_file\":\"%s\"}",
                    f->folder);
    refused("PATCH", path, body, 400, "invalid", "/api_key_file");
    refused("PATCH", "/api/v1/agents/nobody", "{\"prompt\":\"\"}", 404,
            "not_found", "");
    refused("DELETE", "/api/v1/agents/shop", NULL, 409, "conflict", "");
    refused("DELETE", "/api/v1/agents/nobody", NULL, 404, "not_found", "");
    refused("GET", "/api/v1/agents?limit=0", NULL, 400, "invalid", "");
    refused("GET", "/api/v1/agents?limit=201", NULL, 400, "invalid", "");
    refused("GET", "/api/v1/agents?limit=abc", NULL, 400, "invalid", "");
    refused("GET", "/api/v1/agents?cursor=ch_0000000000001", NULL, 400,
            "invalid", "");
    refused("GET", "/api/v1/agents?limit=1&limit=2", NULL, 400, "invalid",
            "");
    tap_is_int(atomic_load(&config_changes) - before, 0,
               "the engine was not told");

    call("GET", "/api/v1/agents?limit=1", NULL, 200);
    tap_is_str(cx_strz(first_member("name")), CX_STR("shop"), "page one");
    (void) snprintf(path, sizeof(path), "/api/v1/agents?limit=1&cursor=%s",
                    member("next_cursor"));
    call("GET", path, NULL, 200);
    tap_is_str(cx_strz(first_member("name")), CX_STR("front"), "page two");
    tap_ok(json_is_null(json_object_get(last.json, "next_cursor")),
           "and no more");

    call("DELETE", "/api/v1/agents/front", NULL, 204);
    tap_is_int((int64_t) last.len, 0, "no body");
    refused("GET", "/api/v1/agents/front", NULL, 404, "not_found", "");
}


static void
test_bodies(void)
{
    char  *big = calloc(1, 11 * 1024 * 1024);

    memset(big, ' ', 11 * 1024 * 1024 - 1);

    refused("POST", "/api/v1/agents", "{", 400, "invalid", "");
    refused("POST", "/api/v1/agents", "[]", 400, "invalid", "");
    refused("POST", "/api/v1/agents", "{\"name\":\"x\",\"name\":\"y\"}", 400,
            "invalid", "");
    refused("POST", "/api/v1/agents", "{\"name\":\"x\"} y", 400, "invalid",
            "");
    refused("POST", "/api/v1/agents", "{\"name\":\"\xff\"}", 400, "invalid",
            "");
    refused("POST", "/api/v1/agents", "{\"name\":\"\\u0000\"}", 400,
            "invalid", "");
    refused("DELETE", "/api/v1/agents/shop", "{}", 400, "invalid", "");

    ask(&last, "POST", "/api/v1/agents", "text/plain", "{}", 2);
    tap_is_int(last.status, 415, "not JSON by its type");
    tap_is_str(cx_strz(member("code")), CX_STR("media_type"), "its code");
    ask(&last, "POST", "/api/v1/agents", "application/json; charset=utf-8",
        "{\"name\":\"typed\"}", 16);
    tap_is_int(last.status, 201, "JSON with a parameter");
    call("DELETE", "/api/v1/agents/typed", NULL, 204);

    ask(&last, "POST", "/api/v1/agents", JSON, big, 1024 * 1024 + 1);
    tap_is_int(last.status, 413, "over 1 MB of JSON");
    tap_is_str(cx_strz(member("code")), CX_STR("too_large"), "its code");
    ask(&last, "POST", "/api/v1/agents/shop/knowledge?name=a.txt",
        "text/plain", big, 10 * 1024 * 1024 + 1);
    tap_is_int(last.status, 413, "over 10 MB of knowledge");

    memset(big, '[', 100000);
    ask(&last, "POST", "/api/v1/agents", JSON, big, 100000);
    tap_is_int(last.status, 400, "deep JSON");
    free(big);
}


static void
test_channels(const fixture *f)
{
    FILE  *token;
    char   file[160], body[512];

    (void) snprintf(file, sizeof(file), "%s/token", f->folder);
    token = fopen(file, "w");
    fputs("EAAsecret\n", token);
    fclose(token);

    call("GET", "/api/v1/channels", NULL, 200);
    tap_is_str(cx_strz(first_member("agent")), CX_STR("shop"),
               "its agent by name");
    tap_is_str(cx_strz(first_member("webhook_path")),
               CX_STR("/hooks/wa-main"), "where the edge listens");

    (void) snprintf(body, sizeof(body), "{\"name\":\"wa-two\",\"type\":"
                    "\"whatsapp\",\"account\":\"77\",\"agent\":\"shop\","
                    "\"token_file\":\"%s\"}", file);
    call("POST", "/api/v1/channels", body, 201);
    tap_ok(strncmp(last.location, "/api/v1/channels/ch_", 20) == 0,
           "Location");
    tap_ok(strstr(last.text, "EAAsecret") == NULL, "the token stays inside");
    refused("POST", "/api/v1/channels", body, 409, "conflict", "");

    call("PATCH", "/api/v1/channels/wa-two",
         "{\"agent\":null,\"active\":false}", 200);
    tap_ok(json_is_null(json_object_get(last.json, "agent"))
           && json_is_false(json_object_get(last.json, "active")),
           "people only, not active");
    call("PATCH", "/api/v1/channels/wa-two", "{\"agent\":\"shop\"}", 200);
    tap_is_str(cx_strz(member("agent")), CX_STR("shop"), "an agent again");

    refused("POST", "/api/v1/channels",
            "{\"type\":\"whatsapp\",\"account\":\"1\"}", 400, "invalid",
            "/name");
    refused("POST", "/api/v1/channels", "{\"name\":\"x\",\"account\":\"1\"}",
            400, "invalid", "/type");
    refused("POST", "/api/v1/channels",
            "{\"name\":\"x\",\"type\":\"pigeon\",\"account\":\"1\"}", 400,
            "invalid", "/type");
    refused("POST", "/api/v1/channels",
            "{\"name\":\"x\",\"type\":\"whatsapp\",\"account\":\"+49 1\"}",
            400, "invalid", "/account");
    refused("POST", "/api/v1/channels", "{\"name\":\"x\",\"type\":"
            "\"whatsapp\",\"account\":\"1\",\"agent\":\"nobody\"}", 400,
            "invalid", "/agent");
    refused("POST", "/api/v1/channels", "{\"name\":\"x\",\"type\":"
            "\"whatsapp\",\"account\":\"1\",\"token_file\":\"t\"}", 400,
            "invalid", "/token_file");
    refused("PATCH", "/api/v1/channels/wa-two",
            "{\"token_file\":\"/nowhere\"}", 400, "invalid", "/token_file");
    refused("PATCH", "/api/v1/channels/wa-two", "{\"type\":\"whatsapp\"}",
            400, "invalid", "/type");
    refused("PATCH", "/api/v1/channels/wa-two", "{\"health\":\"ok\"}", 400,
            "invalid", "/health");
    refused("PATCH", "/api/v1/channels/wa-two", "{\"active\":1}", 400,
            "invalid", "/active");
    refused("PATCH", "/api/v1/channels/wa-two", "{\"name\":\"wa-main\"}",
            409, "conflict", "");
    refused("GET", "/api/v1/channels/nobody", NULL, 404, "not_found", "");
    refused("DELETE", "/api/v1/channels/wa-main", NULL, 409, "conflict", "");
    call("DELETE", "/api/v1/channels/wa-two", NULL, 204);
    refused("DELETE", "/api/v1/channels/wa-two", NULL, 404, "not_found", "");
    unlink(file);
}


static void
test_knowledge(void)
{
    static const char  faq[] = "# Opening hours\n\nWe open at nine.\n\n"
                               "# Returns\n\nWithin thirty days.\n";
    char               path[128];

    ask(&last, "POST", "/api/v1/agents/shop/knowledge?name=faq%2Emd",
        "text/markdown", faq, sizeof(faq) - 1);
    tap_is_int(last.status, 201, "a file");
    tap_is_str(cx_strz(member("name")), CX_STR("faq.md"), "its name");
    tap_is_int(json_integer_value(json_object_get(last.json, "bytes")),
               sizeof(faq) - 1, "its bytes");
    tap_ok(json_integer_value(json_object_get(last.json, "chunks")) >= 2,
           "its passages");

    ask(&last, "POST", "/api/v1/agents/shop/knowledge?name=faq.md", NULL, faq,
        sizeof(faq) - 1);
    tap_is_int(last.status, 201, "replaced");
    (void) snprintf(path, sizeof(path), "/api/v1/knowledge/%s", member("id"));
    call("GET", "/api/v1/agents/shop/knowledge", NULL, 200);
    tap_is_int((int64_t) rows(), 1, "still one");

    call("GET", "/api/v1/agents/shop/search?q=when+do+you+open", NULL, 200);
    tap_ok(strstr(first_member("text"), "nine") != NULL, "found");
    tap_is_str(cx_strz(first_member("source")), CX_STR("faq.md"), "where");
    call("GET", "/api/v1/agents/shop/search?q=%22)*", NULL, 200);
    tap_is_int((int64_t) rows(), 0, "odd questions find nothing");

    refused("GET", "/api/v1/agents/shop/search", NULL, 400, "invalid", "");
    refused("GET", "/api/v1/agents/nobody/search?q=x", NULL, 404,
            "not_found", "");
    refused("GET", "/api/v1/agents/nobody/knowledge", NULL, 404, "not_found",
            "");
    refused("POST", "/api/v1/agents/shop/knowledge", "x", 400, "invalid",
            "");
    refused("POST", "/api/v1/agents/shop/knowledge?name=..%2Fx.md", "x", 400,
            "invalid", "");
    refused("POST", "/api/v1/agents/shop/knowledge?name=%ff.md", "x", 400,
            "invalid", "");
    refused("POST", "/api/v1/agents/shop/knowledge?name=%zz", "x", 400,
            "invalid", "");
    refused("POST", "/api/v1/agents/shop/knowledge?name=e.md", "", 400,
            "invalid", "");
    refused("POST", "/api/v1/agents/nobody/knowledge?name=a.md", "# a\n\nb",
            404, "not_found", "");

    call("DELETE", path, NULL, 204);
    refused("DELETE", path, NULL, 404, "not_found", "");
    refused("DELETE", "/api/v1/knowledge/x", NULL, 404, "not_found", "");
}


/* A conversation of a customer whose name is a number, too. */
static void
test_talks(const fixture *f)
{
    char           path[160], id[32], message[32];
    cx_msg         m = fx_msg(PHONE, "wamid.t1", "Hello?");
    cx_take        in;
    cx_taken       t;
    int64_t        out;
    cx_outgoing    o;

    m.event = CX_STR(EVENT);
    m.phone = CX_STR("+" PHONE);
    m.name = CX_STR("+49 1512 3456789");
    in = fx_take(f, &m, T0);
    fx_must(TX(f->s, OPS->take(f->s, &in, &t)) == CX_OK, "take");
    out = fx_planned(f, t.turn_id, 1, "Hello!", T0);
    fx_must(fx_claim(f, out, T0, &o) == CX_OK, "claim");
    fx_must(fx_settle(f, out, CX_MSGSTATE_HELD, "", 0, T0) == CX_OK, "hold");

    call("GET", "/api/v1/conversations", NULL, 200);
    tap_is_str(cx_strz(first_member("phone_masked")),
               CX_STR("+49 \xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2 "
                      "\xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2 6789"),
               "the number is masked");
    tap_is_str(cx_strz(first_member("display")),
               cx_strz(first_member("phone_masked")),
               "also when it is the name");
    tap_ok(strstr(last.text, PHONE) == NULL
           && strstr(last.text, "3456789") == NULL, "it appears nowhere");
    (void) snprintf(id, sizeof(id), "%s", first_member("id"));

    (void) snprintf(path, sizeof(path), "/api/v1/conversations/%s", id);
    call("GET", path, NULL, 200);
    tap_is_str(cx_strz(member("id")), cx_strz(id), "one of them");
    (void) snprintf(path, sizeof(path),
                    "/api/v1/conversations/%s/messages?limit=1", id);
    call("GET", path, NULL, 200);
    tap_is_str(cx_strz(first_member("direction")), CX_STR("in"),
               "oldest first");
    (void) snprintf(path, sizeof(path),
                    "/api/v1/conversations/%s/messages?limit=1&cursor=%s", id,
                    member("next_cursor"));
    call("GET", path, NULL, 200);
    tap_is_str(cx_strz(first_member("direction")), CX_STR("out"),
               "then the answer");
    tap_is_str(cx_strz(first_member("state")), CX_STR("held"), "its state");
    tap_ok(json_is_null(json_object_get(last.json, "next_cursor")), "the end");
    tap_ok(strstr(last.text, PHONE) == NULL, "no number there either");

    call("GET", "/api/v1/conversations?channel=wa-main", NULL, 200);
    tap_is_int((int64_t) rows(), 1, "of a channel");
    refused("GET", "/api/v1/conversations?channel=nobody", NULL, 400,
            "invalid", "");
    refused("GET", "/api/v1/conversations/cv_0000000000000", NULL, 404,
            "not_found", "");
    refused("GET", "/api/v1/conversations/cv_ZZZZZZZZZZZZZ/messages", NULL,
            404, "not_found", "");
    refused("GET", "/api/v1/conversations/1/messages", NULL, 404,
            "not_found", "");

    call("GET", "/api/v1/events/" EVENT "/timeline", NULL, 200);
    tap_is_int((int64_t) rows(), 2, "the event's way");
    refused("GET", "/api/v1/events/ev_01ARZ3NDEKTSV4RRFFQ69G5FAW/timeline",
            NULL, 404, "not_found", "");
    refused("GET", "/api/v1/events/x/timeline", NULL, 404, "not_found", "");

    call("GET", "/api/v1/messages", NULL, 200);
    tap_is_int((int64_t) rows(), 1, "held ones");
    (void) snprintf(message, sizeof(message), "%s", first_member("id"));
    call("GET", "/api/v1/messages?state=failed", NULL, 200);
    tap_is_int((int64_t) rows(), 0, "failed ones");
    refused("GET", "/api/v1/messages?state=odd", NULL, 400, "invalid", "");
    refused("GET", "/api/v1/messages?state=received", NULL, 400, "invalid",
            "");
    (void) snprintf(path, sizeof(path), "/api/v1/messages/%s", message);
    call("GET", path, NULL, 200);
    tap_is_int(json_integer_value(json_object_get(
                   json_object_get(last.json, "error"), "code")), 131000,
               "the provider's code");
    refused("GET", "/api/v1/messages/ms_0000000000001", NULL, 404,
            "not_found", "");

    (void) snprintf(path, sizeof(path), "/api/v1/messages/%s/resend",
                    message);
    refused("POST", path, "{\"x\":1}", 400, "invalid", "/x");
    out = atomic_load(&kicks);
    call("POST", path, "{}", 200);
    tap_is_str(cx_strz(member("state")), CX_STR("ready"), "ready again");
    tap_is_int(atomic_load(&kicks) - out, 1, "the engine was kicked");
    refused("POST", path, NULL, 409, "conflict", "");
    (void) snprintf(path, sizeof(path), "/api/v1/messages/%s/cancel",
                    message);
    refused("POST", path, NULL, 409, "conflict", "");
    refused("POST", "/api/v1/messages/ms_0000000000001/cancel", NULL, 404,
            "not_found", "");
}


static int64_t
new_review(const fixture *f, const char *peer, const char *id,
    const char *draft)
{
    const cx_taken  t = fx_taken(f, peer, id, "What now?", T0);
    const cx_plan   in = {
        .fence = fx_fence(f),
        .turn_id = t.turn_id,
        .inputs = t.inputs,
        .state = CX_TURN_HUMAN,
        .confidence = 0.5,
        .reason = CX_STR("unsure"),
        .draft = cx_strz(draft),
        .now_ms = T0,
    };

    fx_must(TX(f->s, OPS->plan(f->s, &in)) == CX_OK, "plan");
    return t.turn_id;
}


static const char *
review_path(const fixture *f, int64_t id, const char *verb)
{
    return cx_dupz(f->a, cx_printf(f->a, "/api/v1/reviews/%.*s%s",
                                   CX_ARG(cx_id_text(f->a, "rv", id)), verb));
}


static void
test_reviews(const fixture *f)
{
    char            *text = calloc(1, 9100);
    int64_t          a = new_review(f, "41", "wamid.r1", "Draft one");
    int64_t          b = new_review(f, "42", "wamid.r2", "Draft two");
    int64_t          c = new_review(f, "43", "wamid.r3", "");
    cx_review_row    row;
    cx_message_list  list = { .n = 0 };

    call("GET", "/api/v1/reviews", NULL, 200);
    tap_is_int((int64_t) rows(), 3, "three wait");
    tap_is_str(cx_strz(first_member("question")), CX_STR("What now?"),
               "the question");
    call("GET", review_path(f, a, ""), NULL, 200);
    tap_is_str(cx_strz(member("draft")), CX_STR("Draft one"), "its draft");
    refused("GET", "/api/v1/reviews?state=odd", NULL, 400, "invalid", "");
    refused("GET", "/api/v1/reviews/rv_0000000000001", NULL, 404,
            "not_found", "");
    refused("POST", "/api/v1/reviews/x/approve", NULL, 404, "not_found", "");

    call("POST", review_path(f, a, "/approve"), NULL, 200);
    tap_is_str(cx_strz(member("state")), CX_STR("approved"), "approved");
    refused("POST", review_path(f, a, "/approve"), NULL, 409, "conflict",
            "");
    refused("POST", review_path(f, a, "/reject"), NULL, 409, "conflict", "");
    refused("POST", review_path(f, c, "/approve"), NULL, 400, "invalid",
            "/text");

    refused("POST", review_path(f, b, "/edit"), "{}", 400, "invalid",
            "/text");
    refused("POST", review_path(f, b, "/edit"), "{\"text\":\" \"}", 400,
            "invalid", "/text");
    refused("POST", review_path(f, b, "/edit"), "{\"text\":1}", 400,
            "invalid", "/text");

    /* Two words, longer together than one message may be. */
    (void) snprintf(text, 9100, "{\"text\":\"");
    memset(text + 9, 'a', 8000);
    text[9 + 4000] = ' ';
    memcpy(text + 8009, "\"}", 3);
    call("POST", review_path(f, b, "/edit"), text, 200);
    tap_is_str(cx_strz(member("state")), CX_STR("edited"), "edited");
    fx_must(OPS->review(f->s, b, f->a, &row) == CX_OK
            && OPS->messages(f->s, row.conversation_id, 0, 10, f->a, &list)
               == CX_OK, "read");
    tap_is_int((int64_t) list.n, 3, "the question and two messages");
    tap_is_str(list.items[2].author, CX_STR("human"), "by a person");
    tap_is_int((int64_t) list.items[1].text.len, 4000, "split at a word");

    call("POST", review_path(f, c, "/reject"), "{\"reason\":\"rude\"}", 200);
    tap_is_str(cx_strz(member("state")), CX_STR("rejected"), "rejected");
    call("GET", "/api/v1/reviews?state=rejected", NULL, 200);
    tap_is_int((int64_t) rows(), 1, "one rejected");
    free(text);
}


static const char *
dead_path(const fixture *f, int64_t id, const char *verb)
{
    return cx_dupz(f->a, cx_printf(f->a, "/api/v1/dead-letters/%.*s%s",
                                   CX_ARG(cx_id_text(f->a, "dl", id)), verb));
}


static int64_t
new_dead(const fixture *f)
{
    cx_dead_row  d = {
        .id = fx_next(),
        .kind = CX_STR("event"),
        .channel = CX_STR("wa-main"),
        .reason = CX_STR("version"),
        .body = CX_STR("{\"raw\":1}"),
        .partition = P,
        .state = CX_STR("dead"),
        .created_at = T0,
    };

    fx_must(TX(f->s, OPS->event_dead(f->s, &d)) == CX_OK, "dead");
    return d.id;
}


static void
test_dead(const fixture *f)
{
    int64_t  a = new_dead(f), b = new_dead(f);

    call("GET", "/api/v1/dead-letters", NULL, 200);
    tap_is_int((int64_t) rows(), 2, "two dead letters");
    tap_ok(strstr(last.text, "raw") == NULL, "the event stays inside");
    call("GET", dead_path(f, a, ""), NULL, 200);
    tap_is_str(cx_strz(member("kind")), CX_STR("event"), "its kind");
    refused("GET", "/api/v1/dead-letters?state=odd", NULL, 400, "invalid",
            "");
    refused("POST", "/api/v1/dead-letters/dl_0000000000001/retry", NULL, 404,
            "not_found", "");

    atomic_store(&enqueue_fails, true);
    call("POST", dead_path(f, a, "/retry"), NULL, 503);
    atomic_store(&enqueue_fails, false);
    call("POST", dead_path(f, a, "/retry"), NULL, 200);
    tap_is_str(cx_strz(member("state")), CX_STR("retried"), "retried");
    tap_is_int(atomic_load(&enqueues), 2, "it went back into its partition");
    refused("POST", dead_path(f, a, "/retry"), NULL, 409, "conflict", "");
    tap_is_int(atomic_load(&enqueues), 2, "once");
    call("POST", dead_path(f, b, "/drop"), "{}", 200);
    tap_is_str(cx_strz(member("state")), CX_STR("dropped"), "dropped");
    refused("POST", dead_path(f, b, "/drop"), NULL, 409, "conflict", "");
}


static void
test_socket(const server *s, const fixture *f)
{
    char         error[256] = "", path[160];
    FILE        *file;
    uv_loop_t    loop;
    struct stat  st;

    tap_ok(stat(s->socket, &st) == 0 && S_ISSOCK(st.st_mode)
           && (st.st_mode & 0777) == 0600, "the socket is ours alone");

    uv_loop_init(&loop);
    tap_ok(cx_api_new(&loop, cx_strz(s->socket), s->db, &engine, error,
                      sizeof(error)) == NULL
           && strstr(error, "another process listens") != NULL,
           "not taken from the living: %s", error);

    (void) snprintf(path, sizeof(path), "%s/file", f->folder);
    file = fopen(path, "w");
    fclose(file);
    tap_ok(cx_api_new(&loop, cx_strz(path), s->db, &engine, error,
                      sizeof(error)) == NULL
           && strstr(error, "not a socket") != NULL, "nor a file: %s",
           error);
    unlink(path);

    (void) snprintf(path, sizeof(path), "%s/none/api.sock", f->folder);
    tap_ok(cx_api_new(&loop, cx_strz(path), s->db, &engine, error,
                      sizeof(error)) == NULL, "nor in no folder: %s", error);
    uv_loop_close(&loop);
}


static void *
hammer(void *arg)
{
    answer  a = { 0 };
    int     good = 0;

    for (int i = 0; i < 25; i++) {
        ask(&a, "GET", i % 2 == 0 ? "/api/v1/status"
                                  : "/api/v1/conversations", NULL, NULL, 0);
        good += a.status == 200 && a.json != NULL;
    }

    forget(&a);
    *(int *) arg = good;
    return NULL;
}


static void
test_many(void)
{
    int        good[12], sum = 0;
    pthread_t  threads[12];

    for (int i = 0; i < 12; i++) {
        pthread_create(&threads[i], NULL, hammer, &good[i]);
    }

    for (int i = 0; i < 12; i++) {
        pthread_join(threads[i], NULL);
        sum += good[i];
    }

    tap_is_int(sum, 300, "twelve clients at once");
}


/* A client that goes away in the middle of a body, or before its answer. */
static void
test_gone(void)
{
    static const char *const  texts[] = {
        "POST /api/v1/agents HTTP/1.1\r\nHost: x\r\nContent-Type: "
        "application/json\r\nContent-Length: 100\r\n\r\n{\"na",
        "GET /api/v1/status HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /api/v1/sta",
        "nonsense\r\n\r\n",
    };
    int                       fd;
    struct sockaddr_un        un = { .sun_family = AF_UNIX };

    (void) snprintf(un.sun_path, sizeof(un.sun_path), "%s", socket_path);

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        fd = socket(AF_UNIX, SOCK_STREAM, 0);

        if (connect(fd, (struct sockaddr *) &un, sizeof(un)) == 0) {
            (void) !send(fd, texts[i], strlen(texts[i]), MSG_NOSIGNAL);
        }

        close(fd);
    }

    call("GET", "/healthz", NULL, 200);
}


static void
test_audit(const fixture *f)
{
    int            n = 0;
    sqlite3       *db;
    sqlite3_stmt  *st;

    fx_must(sqlite3_open(f->path, &db) == SQLITE_OK, "open");
    fx_must(sqlite3_prepare_v2(db, "SELECT count(DISTINCT what) FROM audit"
                               " WHERE who = 'api'", -1, &st, NULL)
            == SQLITE_OK, "audit");

    if (sqlite3_step(st) == SQLITE_ROW) {
        n = sqlite3_column_int(st, 0);
    }

    sqlite3_finalize(st);

    /* agent and channel: create, change, delete; knowledge: put, delete;
     * message: resend; review: three verdicts; dead letter: two. */
    tap_ok(n >= 14, "every change left a line (%d kinds)", n);

    fx_must(sqlite3_exec(db, "DROP TABLE audit", NULL, NULL, NULL)
            == SQLITE_OK, "drop");
    sqlite3_close(db);

    refused("POST", "/api/v1/agents", "{\"name\":\"unlogged\"}", 503, "io",
            "");
    refused("GET", "/api/v1/agents/unlogged", NULL, 404, "not_found", "");
}


static void
test_stale(server *s, const fixture *f)
{
    int                 fd;
    char                path[108];
    struct stat         st;
    struct sockaddr_un  un = { .sun_family = AF_UNIX };

    (void) snprintf(path, sizeof(path), "%s", s->socket);
    stop_server(s);
    tap_ok(s->closed, "the loop is empty at the end");
    tap_ok(stat(path, &st) == -1, "the socket is gone");

    /* As a process that was killed leaves it. */
    (void) snprintf(un.sun_path, sizeof(un.sun_path), "%s", path);
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    fx_must(bind(fd, (struct sockaddr *) &un, sizeof(un)) == 0, "bind");
    close(fd);

    start_server(s, f);
    call("GET", "/healthz", NULL, 200);
    stop_server(s);
}


int
main(void)
{
    fixture  f;
    server   s;

    curl_global_init(CURL_GLOBAL_DEFAULT);
    cx_log_set(CX_LOG_ERROR, true);
    (void) !freopen("/dev/null", "w", stderr);   /* what a 503 logs */

    fx_open(&f);
    start_server(&s, &f);
    socket_path = s.socket;

    test_socket(&s, &f);
    test_status();
    test_agents(&f);
    test_bodies();
    test_knowledge();
    test_talks(&f);
    test_channels(&f);
    test_reviews(&f);
    test_dead(&f);
    test_many();
    test_gone();
    test_audit(&f);
    test_stale(&s, &f);

    forget(&last);
    fx_close(&f);
    curl_global_cleanup();
    return tap_done();
}
