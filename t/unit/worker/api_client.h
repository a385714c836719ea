/*
 * The management API over its socket, with a real store and an engine that
 * only counts.  The loop has a thread of its own; the test is the client.
 * Each test program includes it once.
 */

#ifndef CX_T_UNIT_WORKER_API_CLIENT_H
#define CX_T_UNIT_WORKER_API_CLIENT_H

#include "core/version.h"
#include "worker/api.h"
#include "worker/ask.h"
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


/* --- the engine's place -------------------------------------------------- */

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


const char *
cx_worker_media_dir(const cx_worker *w)
{
    (void) w;
    return NULL;
}


int64_t
cx_worker_new_id(cx_worker *w)
{
    return cx_id_next(&w->ids, cx_now_ms());
}


cx_secrets *
cx_worker_secrets(const cx_worker *w)
{
    static cx_secrets  *none;

    (void) w;

    if (none == NULL) {
        none = cx_secrets_new(CX_NOSTR);
    }

    return none;
}


cx_err
cx_worker_rotate(cx_worker *w, char *error, size_t size)
{
    (void) w;
    snprintf(error, size, "[secrets] key_file is not set");
    return CX_NO_SECRET;
}


cx_rotation
cx_worker_rotation(const cx_worker *w)
{
    (void) w;
    return (cx_rotation) { .running = false };
}


void
cx_worker_expire(cx_worker *w)
{
    (void) w;
}


int64_t
cx_worker_retention_ms(const cx_worker *w)
{
    (void) w;
    return 0;
}


bool
cx_worker_forget(cx_worker *w, const cx_erased *e, int64_t erased_at,
    cx_forgotten_fn done, void *ctx)
{
    (void) w;
    (void) e;
    (void) erased_at;
    (void) done;
    (void) ctx;
    return false;
}


void
cx_worker_config_changed(cx_worker *w)
{
    (void) w;
    atomic_fetch_add(&config_changes, 1);
}


void
cx_worker_hush(cx_worker *w, int64_t conversation_id)
{
    (void) w;
    (void) conversation_id;
}


/* Nothing is being sent: it is silent at once. */
bool
cx_worker_silence(cx_worker *w, int64_t conversation_id,
    void (*done)(void *ctx), void *ctx)
{
    (void) w;
    (void) conversation_id;
    (void) done;
    (void) ctx;
    return false;
}


bool
cx_worker_templates(cx_worker *w, int64_t channel_id,
    void (*done)(void *ctx, const char *error), void *ctx)
{
    (void) w;
    (void) channel_id;
    (void) done;
    (void) ctx;
    return false;
}


/* The loop of the API, on whose thread this is called. */
static uv_loop_t  *api_loop;


uv_loop_t *
cx_worker_loop(const cx_worker *w)
{
    (void) w;
    return api_loop;
}


bool
cx_worker_pool_enter(cx_worker *w)
{
    (void) w;
    return true;
}


void
cx_worker_pool_leave(cx_worker *w)
{
    (void) w;
}


bool
cx_worker_stops(const cx_worker *w)
{
    (void) w;
    return false;
}


void
cx_worker_knowledge(cx_worker *w)
{
    (void) w;
}


bool
cx_worker_private_hooks(const cx_worker *w)
{
    (void) w;
    return false;
}


bool
cx_worker_ask(cx_worker *w, const cx_ask *ask, cx_asked_fn done, void *ctx)
{
    (void) w;
    (void) ask;
    (void) done;
    (void) ctx;
    return false;
}


cx_str
cx_worker_metrics(const cx_worker *w, cx_arena *a)
{
    (void) w;
    (void) a;
    return CX_NOSTR;
}


bool
cx_worker_private_tools(const cx_worker *w)
{
    (void) w;
    return false;
}


bool
cx_worker_tool_host(const cx_worker *w, cx_str host)
{
    (void) w;
    (void) host;
    return true;
}


void
cx_worker_tell(cx_worker *w)
{
    (void) w;
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

    if (partition == PARTITION && cx_str_eq(json, CX_STR("{\"raw\":1}"))) {
        atomic_fetch_add(&enqueues, 1);
    }

    done(ctx, !atomic_load(&enqueue_fails));
}


size_t
cx_worker_models(const cx_worker *w, cx_arena *a, const cx_model_health **list)
{
    (void) w;
    (void) a;
    *list = NULL;
    return 0;
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


/* --- the server ---------------------------------------------------------- */

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
    char  error[256] = "", url[256];

    memset(s, 0, sizeof(*s));
    uv_loop_init(&s->loop);
    api_loop = &s->loop;
    uv_async_init(&s->loop, &s->stop, on_stop);
    s->stop.data = s;
    (void) snprintf(url, sizeof(url), "sqlite:%s", f->path);
    (void) snprintf(s->socket, sizeof(s->socket), "%s/api.sock", f->folder);

    s->db = cx_db_open(&s->loop, cx_strz(url), error, sizeof(error));
    fx_must(s->db != NULL, error);
    s->api = cx_api_new(&s->loop, cx_strz(s->socket), false, s->db, &engine,
                        error, sizeof(error));
    fx_must(s->api != NULL, error);
    pthread_create(&s->thread, NULL, serve, s);
}


static void
stop_server(server *s)
{
    uv_async_send(&s->stop);
    pthread_join(s->thread, NULL);
}


/* --- the client ---------------------------------------------------------- */

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


/* How many kinds of changes by the API the store has noted. */
static int
audit_kinds(const fixture *f)
{
    int            n = -1;
    sqlite3       *db;
    sqlite3_stmt  *st;

    fx_must(sqlite3_open(f->path, &db) == SQLITE_OK, "open");
    fx_must(sqlite3_prepare_v2(db, "SELECT count(DISTINCT what) FROM audit"
                               " WHERE who = 'operator'", -1, &st, NULL)
            == SQLITE_OK, "audit");

    if (sqlite3_step(st) == SQLITE_ROW) {
        n = sqlite3_column_int(st, 0);
    }

    sqlite3_finalize(st);
    sqlite3_close(db);
    return n;
}


static void
begin(server *s, fixture *f)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
    cx_log_set(CX_LOG_ERROR, true);
    fx_must(freopen("/dev/null", "w", stderr) != NULL, "what a 503 logs");

    fx_open(f);
    start_server(s, f);
    socket_path = s->socket;
}


static void
end(fixture *f)
{
    forget(&last);
    fx_close(f);
    curl_global_cleanup();
}

#endif /* CX_T_UNIT_WORKER_API_CLIENT_H */
