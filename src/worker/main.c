/*
 * connext-worker: reads the settings, opens the store, starts the engine and
 * the management API, and runs the loop until it is told to stop.
 */

#include "core/version.h"
#include "store/store.h"
#include "worker/api.h"
#include "worker/host.h"
#include "worker/log.h"
#include "worker/migrate.h"

#include <curl/curl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#define CONF_FILE     "/etc/connext/connext.conf"
#define CONF_ARENA    (1024 * 1024)
#define ERROR_BYTES   512
/* A job has one call under way at a time; reading receipts come on top. */
#define CALLS_PER_JOB 2
#define SIGNALS       3
#define AWAY_S        2         /* between two tries to reach the store */

static const char  usage[] =
    "usage: connext-worker [-c FILE] [--check | --config-dump]\n"
    "       connext-worker [-c FILE] migrate [--check]\n"
    "\n"
    "  -c FILE        settings (" CONF_FILE ")\n"
    "  --check        test the settings, open and migrate the store, exit\n"
    "  --config-dump  print every setting with its value, exit\n"
    "  migrate        bring the store's schema up to date, exit;\n"
    "                 with --check only look: 0 it is, 1 it is not\n"
    "  --version      print the version, exit\n"
    "  -h, --help     this text\n";

typedef enum {
    RUN,
    CHECK,
    DUMP,
    MIGRATE,
    MIGRATE_CHECK
} mode;

typedef struct {
    const char  *file;
    bool         file_given;
    mode         mode;
} options;

typedef struct {
    const options  *opts;
    cx_arena       *arena;
    cx_conf         conf;
    uv_loop_t       loop;
    cx_db          *db;
    cx_http        *http;
    cx_worker      *worker;
    cx_api         *api;
    cx_api         *front;          /* for a proxy: nothing without a key */
    uv_signal_t     signals[SIGNALS];
    bool            draining;
} main_state;


/* --- settings ------------------------------------------------------------ */

static int
complain(const char *text)
{
    fprintf(stderr, "connext-worker: %s\n", text);
    return EX_CONFIG;
}


/* The exit code in *code when there is nothing more to do. */
static bool
parse_options(int argc, char **argv, options *o, int *code)
{
    *o = (options) { .file = CONF_FILE, .mode = RUN };
    *code = EXIT_SUCCESS;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-c") == 0 && i + 1 < argc) {
            o->file = argv[++i];
            o->file_given = true;

        } else if (strcmp(argv[i], "--check") == 0) {
            o->mode = o->mode == MIGRATE ? MIGRATE_CHECK : CHECK;

        } else if (strcmp(argv[i], "migrate") == 0) {
            o->mode = o->mode == CHECK ? MIGRATE_CHECK : MIGRATE;

        } else if (strcmp(argv[i], "--config-dump") == 0) {
            o->mode = DUMP;

        } else if (strcmp(argv[i], "--version") == 0) {
            printf("connext-worker %s\n", CX_VERSION_TEXT);
            return false;

        } else if (strcmp(argv[i], "-h") == 0
                   || strcmp(argv[i], "--help") == 0)
        {
            fputs(usage, stdout);
            return false;

        } else {
            fprintf(stderr, "connext-worker: %s: unknown option or no value"
                    "\n\n%s", argv[i], usage);
            *code = EX_USAGE;
            return false;
        }
    }

    return true;
}


/* Without -c a missing default file means: defaults and environment. */
static cx_err
load_conf(const options *o, cx_arena *a, cx_conf *conf, char *error,
    size_t size)
{
    const char  *file = o->file;

    if (!o->file_given && access(file, F_OK) == -1) {
        file = NULL;
    }

    return cx_conf_load(file, a, conf, error, size);
}


static void
set_log(const cx_conf *conf)
{
    cx_log_level  level = CX_LOG_INFO;

    (void) cx_log_level_parse(conf->log_level, &level);
    cx_log_set(level, cx_str_eq(conf->log_format, CX_STR("json")));
}


/* The store reads synchronous from its URL, each kind in its own words. */
static cx_str
store_url(const main_state *p)
{
    cx_str  url = p->conf.store_url;

    if (cx_str_eq(p->conf.store_synchronous, CX_STR("off"))
        && cx_str_find_byte(url, '?') == SIZE_MAX)
    {
        url = cx_concat(p->arena, url,
                        cx_str_starts(url, CX_STR("postgres"))
                        ? CX_STR("?options=-csynchronous_commit%3Doff")
                        : CX_STR("?synchronous=off"));
    }

    return url;
}


static bool
check_secrets(const main_state *p, char *error, size_t size)
{
    cx_str  secret, path = p->conf.redis_password_file;

    return path.len == 0
           || cx_secret_load(path, p->arena, &secret, error, size) == CX_OK;
}


/* --- signals ------------------------------------------------------------- */

/* Outside the loop's callbacks.  The store first: what it still does calls
 * back into the others. */
static void
close_all(main_state *p)
{
    cx_db_close(p->db);
    cx_api_free(p->api);
    cx_api_free(p->front);
    cx_worker_free(p->worker);
    cx_http_free(p->http);
}


/* The loop ends when nothing is open in it any more. */
static void
finish_loop(main_state *p)
{
    (void) uv_run(&p->loop, UV_RUN_DEFAULT);
    (void) uv_loop_close(&p->loop);
}


static void
on_drained(void *ctx)
{
    main_state  *p = ctx;

    uv_stop(&p->loop);
}


static void
on_stop(uv_signal_t *handle, int number)
{
    main_state  *p = handle->data;

    if (p->draining) {
        cx_log(CX_LOG_WARN, "worker.killed", CX_FI("signal", number));
        _exit(128 + number);
    }

    p->draining = true;
    cx_log(CX_LOG_INFO, "worker.stopping", CX_FI("signal", number));
    cx_host_notify("STOPPING=1");
    cx_worker_drain(p->worker, on_drained, p);
}


/* The log's settings are read again, and what the directory of channels and
 * agents knows, token files included.  Everything else needs a restart. */
static void
on_reload(uv_signal_t *handle, int number)
{
    char         error[ERROR_BYTES];
    cx_conf      conf;
    cx_arena    *a = cx_arena_new(CONF_ARENA);
    main_state  *p = handle->data;

    (void) number;

    if (a != NULL && load_conf(p->opts, a, &conf, error, sizeof(error))
                     == CX_OK)
    {
        set_log(&conf);
        cx_log(CX_LOG_INFO, "worker.reloaded", CX_FS("level",
                                                     conf.log_level));

    } else {
        cx_log(CX_LOG_ERROR, "worker.reload_failed",
               CX_FZ("error", a != NULL ? error : "out of memory"));
    }

    cx_arena_free(a);

    if (!p->draining) {
        cx_worker_reload(p->worker);
    }
}


static void
watch_signals(main_state *p)
{
    static const struct { int number; uv_signal_cb fn; } watched[] = {
        { SIGTERM, on_stop },
        { SIGINT,  on_stop },
        { SIGHUP,  on_reload },
    };

    for (size_t i = 0; i < SIGNALS; i++) {
        (void) uv_signal_init(&p->loop, &p->signals[i]);
        p->signals[i].data = p;
        (void) uv_signal_start(&p->signals[i], watched[i].fn,
                               watched[i].number);
    }
}


/* --- running ------------------------------------------------------------- */

/* A database on the network may be away, or have no connection left for us:
 * that heals.  Its schema is another matter. */
static bool
store_is_away(const char *url)
{
    char     error[ERROR_BYTES];
    int64_t  has, needs;
    cx_err   err;

    if (!cx_str_starts(cx_strz(url), CX_STR("postgres"))) {
        return false;
    }

    err = cx_store_look(url, &has, &needs, error, sizeof(error));

    return err == CX_IO || (err == CX_OK && has == needs);
}


/* What comes meanwhile waits in Redis.  A signal ends us as ever. */
static bool
open_store(main_state *p, char *error, size_t size)
{
    const char       *url = cx_dupz(p->arena, store_url(p));
    struct timespec   pause = { 0, 250 * 1000000L };

    if (url == NULL) {
        (void) snprintf(error, size, "out of memory");
        return false;
    }

    while ((p->db = cx_db_open(&p->loop, cx_strz(url), error, size)) == NULL
           && store_is_away(url))
    {
        cx_log(CX_LOG_ERROR, "store.away", CX_FZ("error", error),
               CX_FZ("what", "the start waits for the database"));
        (void) nanosleep(&pause, NULL);
        pause = (struct timespec) { AWAY_S, 0 };
    }

    return p->db != NULL;
}


static bool
open_all(main_state *p, char *error, size_t size)
{
    if (!open_store(p, error, size)) {
        return false;
    }

    if (p->conf.http_ca_file.len > 0) {
        cx_http_trust(cx_dupz(p->arena, p->conf.http_ca_file));
    }

    p->http = cx_http_new(&p->loop, p->conf.worker_jobs * CALLS_PER_JOB);
    p->worker = p->http == NULL
                    ? NULL : cx_worker_new(&p->loop, &p->conf, p->db,
                                           p->http);
    if (p->worker == NULL) {
        (void) snprintf(error, size, "the engine does not start");
        return false;
    }

    p->api = cx_api_new(&p->loop, p->conf.api_socket, false, p->db,
                        p->worker, error, size);

    if (p->api == NULL || p->conf.api_http_socket.len == 0) {
        return p->api != NULL;
    }

    p->front = cx_api_new(&p->loop, p->conf.api_http_socket, true, p->db,
                          p->worker, error, size);
    return p->front != NULL;
}


static int
run(main_state *p)
{
    char  error[ERROR_BYTES];

    (void) uv_loop_init(&p->loop);

    if (!open_all(p, error, sizeof(error))) {
        close_all(p);
        finish_loop(p);
        return complain(error);
    }

    watch_signals(p);
    cx_worker_start(p->worker);
    cx_log(CX_LOG_INFO, "worker.started", CX_FZ("version", CX_VERSION_TEXT),
           CX_FI("pid", getpid()));
    cx_host_notify("READY=1");

    (void) uv_run(&p->loop, UV_RUN_DEFAULT);    /* until drained */

    for (size_t i = 0; i < SIGNALS; i++) {
        uv_close((uv_handle_t *) &p->signals[i], NULL);
    }

    close_all(p);
    finish_loop(p);
    cx_log(CX_LOG_INFO, "worker.stopped", CX_FI("pid", getpid()));
    return EXIT_SUCCESS;
}


/* Opens and migrates as a start would, and says so. */
static int
check(main_state *p)
{
    char    error[ERROR_BYTES];
    cx_db  *db;

    (void) uv_loop_init(&p->loop);
    db = cx_db_open(&p->loop, store_url(p), error, sizeof(error));

    cx_db_close(db);
    finish_loop(p);

    if (db == NULL) {
        return complain(error);
    }

    printf("settings and store are fine\n");
    return EXIT_SUCCESS;
}


static int
work(main_state *p)
{
    char  error[ERROR_BYTES];

    if (load_conf(p->opts, p->arena, &p->conf, error, sizeof(error))
        != CX_OK)
    {
        return complain(error);
    }

    if (p->opts->mode == DUMP) {
        cx_conf_dump(&p->conf);
        return EXIT_SUCCESS;
    }

    if (p->opts->mode == MIGRATE || p->opts->mode == MIGRATE_CHECK) {
        return cx_migrate(store_url(p), p->opts->mode == MIGRATE_CHECK);
    }

    if (!check_secrets(p, error, sizeof(error))) {
        return complain(error);
    }

    set_log(&p->conf);
    return p->opts->mode == CHECK ? check(p) : run(p);
}


int
main(int argc, char **argv)
{
    int      code;
    options  opts;
    main_state  p = { .opts = &opts };

    (void) setlocale(LC_ALL, "C");

    if (!parse_options(argc, argv, &opts, &code)) {
        return code;
    }

    cx_host_harden();
    (void) signal(SIGPIPE, SIG_IGN);

    p.arena = cx_arena_new(CONF_ARENA);

    if (p.arena == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
    {
        return complain("out of memory");
    }

    code = work(&p);
    curl_global_cleanup();
    cx_arena_free(p.arena);
    return code;
}
