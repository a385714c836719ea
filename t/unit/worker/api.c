/* The management API: its socket, configuration, knowledge, bad requests. */

#include "unit/worker/api_client.h"


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
    tap_ok(cx_api_new(&loop, cx_strz(s->socket), false, s->db, &engine,
                      error, sizeof(error)) == NULL
           && strstr(error, "another process listens") != NULL,
           "not taken from the living: %s", error);

    (void) snprintf(path, sizeof(path), "%s/file", f->folder);
    file = fopen(path, "w");
    fclose(file);
    tap_ok(cx_api_new(&loop, cx_strz(path), false, s->db, &engine, error,
                      sizeof(error)) == NULL
           && strstr(error, "not a socket") != NULL, "nor a file: %s",
           error);
    unlink(path);

    (void) snprintf(path, sizeof(path), "%s/none/api.sock", f->folder);
    tap_ok(cx_api_new(&loop, cx_strz(path), false, s->db, &engine, error,
                      sizeof(error)) == NULL, "nor in no folder: %s", error);
    uv_loop_close(&loop);
}


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
test_agents(void)
{
    char  path[128];
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
}


static void
test_agents_refused(void)
{
    int  before;

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
    tap_is_int(atomic_load(&config_changes) - before, 0,
               "the engine was not told");
}


static void
test_agents_patched(const fixture *f)
{
    char         body[512];
    int          before = atomic_load(&config_changes);
    const char  *path = "/api/v1/agents/front";

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
}


static void
test_agents_pages(void)
{
    char  path[128];

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

    call("DELETE", path, NULL, 204);
    refused("DELETE", path, NULL, 404, "not_found", "");
}


static void
test_knowledge_refused(void)
{
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
    refused("DELETE", "/api/v1/knowledge/x", NULL, 404, "not_found", "");
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
    unlink(file);
}


static void
test_channels_refused(void)
{
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


static void
test_audit(const fixture *f)
{
    sqlite3  *db;

    /* agent and channel: create, change, delete; knowledge: put, delete */
    tap_is_int(audit_kinds(f), 8, "every change left a line");

    fx_must(sqlite3_open(f->path, &db) == SQLITE_OK, "open");
    fx_must(sqlite3_exec(db, "DROP TABLE audit", NULL, NULL, NULL)
            == SQLITE_OK, "drop");
    sqlite3_close(db);

    refused("POST", "/api/v1/agents", "{\"name\":\"unlogged\"}", 503, "io",
            "");
    refused("GET", "/api/v1/agents/unlogged", NULL, 404, "not_found", "");
}


int
main(void)
{
    fixture  f;
    server   s;

    begin(&s, &f);

    test_socket(&s, &f);
    test_status();
    test_agents();
    test_agents_refused();
    test_agents_patched(&f);
    test_agents_pages();
    test_bodies();
    test_knowledge();
    test_knowledge_refused();
    (void) fx_taken(&f, "41", "wamid.1", "Hello?", T0);   /* in use, then */
    test_channels(&f);
    test_channels_refused();
    test_many();
    test_gone();
    test_audit(&f);
    test_stale(&s, &f);

    end(&f);
    return tap_done();
}
