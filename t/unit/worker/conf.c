#include "unit/tap.h"

#include "worker/conf.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char       dir[] = "/tmp/cx-conf-XXXXXX";
static char       file[64];
static cx_arena  *arena;


static void
write_file(const char *path, const char *text, size_t len)
{
    FILE  *f = fopen(path, "w");

    if (f == NULL || fwrite(text, 1, len, f) != len || fclose(f) != 0) {
        exit(2);
    }
}


static cx_err
load(const char *text, cx_conf *conf, char *error, size_t size)
{
    write_file(file, text, strlen(text));
    error[0] = '\0';
    return cx_conf_load(file, arena, conf, error, size);
}


static void
test_defaults(void)
{
    char     error[256];
    cx_conf  c;

    tap_is_int(cx_conf_load(NULL, arena, &c, error, sizeof(error)), CX_OK,
               "no file: defaults");
    tap_is_int(c.worker_jobs, 1000, "a number");
    tap_is_str(c.redis_prefix, CX_STR("cx"), "a text");
    tap_ok(c.worker_typing, "a switch");

    tap_is_int(load("", &c, error, sizeof(error)), CX_OK, "an empty file");
    tap_is_int(load("# c\n; c\n\n[worker]\njobs = 7 ; seven\ntyping=off\n"
                    "[redis]\naddress = [::1]:6379\n[store]\nurl = /x/y\n",
                    &c, error, sizeof(error)), CX_OK, "a good file");
    tap_is_int(c.worker_jobs, 7, "its number");
    tap_ok(!c.worker_typing, "its switch");
    tap_is_str(c.redis_address, CX_STR("[::1]:6379"), "its address");
    tap_is_int(c.worker_history, 20, "others keep their default");
}


static void
test_refused(void)
{
    static const struct {
        const char  *text;
        int          line;
        const char  *says;
    } bad[] = {
        { "[worke]\njobs = 1\n",            2, "unknown section [worke]" },
        { "[worker]\n\njob = 1\n",          3, "unknown key \"job\"" },
        { "jobs = 1\n",                     1, "unknown section []" },
        { "[worker]\njobs = many\n",        2, "a number from 1 to 100000" },
        { "[worker]\njobs = 0\n",           2, "a number from 1 to 100000" },
        { "[worker]\njobs = 100001\n",      2, "not \"100001\"" },
        { "[worker]\njobs = 1.5\n",         2, "a number from" },
        { "[worker]\njobs =\n",             2, "a number from" },
        { "[worker]\ntyping = maybe\n",     2, "on or off" },
        { "[worker]\njobs = 1\njobs = 2\n", 3, "given twice" },
        { "[worker]\njobs = 1\n  2\n",      3, "given twice" },
        { "[log]\nlevel = loud\n",          2, "debug, info, warn or error" },
        { "[log]\nformat = xml\n",          2, "json or logfmt" },
        { "[redis]\naddress = unix:r\n",    2, "unix:/path or host:port" },
        { "[redis]\naddress = host\n",      2, "unix:/path or host:port" },
        { "[redis]\naddress = host:0\n",    2, "unix:/path or host:port" },
        { "[redis]\naddress = host:99999\n", 2, "unix:/path or host:port" },
        { "[redis]\nprefix = a{b}\n",       2, "letters, digits" },
        { "[api]\nsocket = api.sock\n",     2, "an absolute path" },
        { "[store]\nurl = mysql://x\n",  2, "sqlite:/path" },
        { "[store]\nsynchronous = 1\n",     2, "full or off" },
        { "[worker]\nnonsense\n",           2, "neither [section] nor" },
        { "[worker\njobs = 1\n",            1, "neither [section] nor" },
    };
    char     error[512], where[96];
    cx_conf  c;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        tap_is_int(load(bad[i].text, &c, error, sizeof(error)), CX_INVALID,
                   bad[i].says);
        (void) snprintf(where, sizeof(where), "%s:%d: ", file, bad[i].line);
        tap_ok(strncmp(error, where, strlen(where)) == 0
               && strstr(error, bad[i].says) != NULL, "says: %s", error);
    }

    tap_is_int(cx_conf_load("/nowhere/at/all", arena, &c, error,
                            sizeof(error)), CX_IO, "no such file");
    tap_is_int(cx_conf_load(dir, arena, &c, error, sizeof(error)), CX_IO,
               "a folder");
}


static void
test_long_line(void)
{
    char     text[600], error[256];
    cx_conf  c;

    (void) snprintf(text, sizeof(text), "[worker]\n%0300d\njob = 1\n", 0);
    tap_is_int(load(text, &c, error, sizeof(error)), CX_INVALID,
               "a long line");
    tap_ok(strstr(error, ":2: the line is longer") != NULL, "says: %s",
           error);
}


static void
test_environment(void)
{
    char     error[256];
    cx_conf  c;

    setenv("CONNEXT_WORKER_QUIET_MS", "77", 1);
    tap_is_int(load("[worker]\nquiet_ms = 5\n", &c, error, sizeof(error)),
               CX_OK, "with the environment");
    tap_is_int(c.worker_quiet_ms, 77, "it comes last");

    setenv("CONNEXT_WORKER_QUIET_MS", "x", 1);
    tap_is_int(load("", &c, error, sizeof(error)), CX_INVALID,
               "a bad value there");
    tap_ok(strstr(error, "environment: CONNEXT_WORKER_QUIET_MS") != NULL,
           "says: %s", error);
    unsetenv("CONNEXT_WORKER_QUIET_MS");
}


/* What dump prints is a file that gives the same settings. */
static void
test_dump(void)
{
    int      out;
    char     error[256], path[96];
    cx_conf  a, b;

    (void) load("[worker]\njobs = 7\ntyping = off\n[api]\nsocket = /s\n", &a,
                error, sizeof(error));

    (void) snprintf(path, sizeof(path), "%s/dump", dir);
    fflush(stdout);
    out = dup(STDOUT_FILENO);

    if (freopen(path, "w", stdout) == NULL) {
        exit(2);
    }

    cx_conf_dump(&a);
    fflush(stdout);
    dup2(out, STDOUT_FILENO);
    close(out);

    tap_is_int(cx_conf_load(path, arena, &b, error, sizeof(error)), CX_OK,
               "the dump can be read");
    tap_ok(b.worker_jobs == 7 && !b.worker_typing
           && cx_str_eq(b.api_socket, CX_STR("/s"))
           && b.ai_timeout_ms == a.ai_timeout_ms, "and says the same");
    unlink(path);
}


static void
test_secret(void)
{
    char        error[256], *big = calloc(1, 65540);
    cx_str      s = CX_NOSTR;
    const char  *const name = file;
    static const struct {
        const char  *text;
        size_t       len;
        cx_err       err;
        const char  *want;
    } cases[] = {
        { "abc",        3, CX_OK,      "abc" },
        { "abc\n",      4, CX_OK,      "abc" },
        { "abc\r\n",    5, CX_OK,      "abc" },
        { " a b ",      5, CX_OK,      " a b " },
        { "",           0, CX_INVALID, "" },
        { "\n",         1, CX_INVALID, "" },
        { "a\nb",       3, CX_INVALID, "" },
        { "abc\n\n",    5, CX_INVALID, "" },
        { "a\0b",       3, CX_INVALID, "" },
        { "{\n\t\"a\":1}\n", 10, CX_OK, "{\n\t\"a\":1}" },
        { "{\n\a}",     4, CX_INVALID, "" },
        { "-----BEGIN X\nb", 14, CX_OK, "-----BEGIN X\nb" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        write_file(name, cases[i].text, cases[i].len);
        s = CX_NOSTR;
        tap_is_int(cx_secret_load(cx_strz(name), arena, &s, error,
                                  sizeof(error)), cases[i].err, "a secret");
        tap_is_str(s, cx_strz(cases[i].want), "its bytes");
    }

    memset(big, 'x', 65539);
    write_file(name, big, 65536);
    tap_is_int(cx_secret_load(cx_strz(name), arena, &s, error,
                              sizeof(error)), CX_OK, "64 KiB");
    tap_is_int((int64_t) s.len, 65536, "all of it");
    write_file(name, big, 65537);
    tap_is_int(cx_secret_load(cx_strz(name), arena, &s, error,
                              sizeof(error)), CX_INVALID, "a byte more");
    free(big);

    tap_is_int(cx_secret_load(cx_strz(dir), arena, &s, error, sizeof(error)),
               CX_IO, "a folder");
    tap_is_int(cx_secret_load(CX_STR("/nowhere"), arena, &s, error,
                              sizeof(error)), CX_IO, "no file");
    tap_ok(strstr(error, "/nowhere: ") == error, "says: %s", error);

    unlink(name);
    tap_ok(mkfifo(name, 0600) == 0
           && cx_secret_load(cx_strz(name), arena, &s, error, sizeof(error))
              == CX_IO, "a FIFO does not hold us up");
}


int
main(void)
{
    if (mkdtemp(dir) == NULL) {
        return 2;
    }

    (void) snprintf(file, sizeof(file), "%s/worker.conf", dir);
    arena = cx_arena_new(4 * 1024 * 1024);

    test_defaults();
    test_refused();
    test_long_line();
    test_environment();
    test_dump();
    test_secret();

    cx_arena_free(arena);
    unlink(file);
    rmdir(dir);
    return tap_done();
}
