#include "double.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

td_double  td = { .record = true, .statuses = "none" };

static const struct option  options[] = {
    { "port",             required_argument, NULL, 'p' },
    { "unix",             required_argument, NULL, 'u' },
    { "smtp-port",        required_argument, NULL, 'm' },
    { "ledger",           required_argument, NULL, 'l' },
    { "hook",             required_argument, NULL, 'h' },
    { "hook-secret-file", required_argument, NULL, 's' },
    { "statuses",         required_argument, NULL, 'a' },
    { "no-record",        no_argument,       NULL, 'n' },
    { "help",             no_argument,       NULL, '?' },
    { NULL, 0, NULL, 0 }
};

static const char  usage[] =
    "double [--port N] [--unix PATH] [--smtp-port N] [--ledger FILE]\n"
    "       [--no-record]\n"
    "       [--hook URL --hook-secret-file FILE] [--statuses auto|LIST]\n";

typedef struct {
    int          port;          /* -1: none */
    int          smtp_port;     /* 0: no mail server */
    const char  *unix_path;
    const char  *ledger;
    const char  *hook;
    const char  *secret_file;
} settings;


static bool
read_options(int argc, char **argv, settings *s)
{
    int opt;

    while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {

        switch (opt) {
        case 'p':
            s->port = (int) strtol(optarg, NULL, 10);
            break;

        case 'm':
            s->smtp_port = (int) strtol(optarg, NULL, 10);
            break;

        case 'u':
            s->unix_path = optarg;
            break;

        case 'l':
            s->ledger = optarg;
            break;

        case 'h':
            s->hook = optarg;
            break;

        case 's':
            s->secret_file = optarg;
            break;

        case 'a':
            td.statuses = strcmp(optarg, "auto") == 0 ? "sent,delivered,read"
                                                      : optarg;
            break;

        case 'n':
            td.record = false;
            break;

        default:
            return false;
        }
    }

    return optind == argc;
}


static void
on_signal(uv_signal_t *s, int number)
{
    (void) number;
    uv_stop(s->loop);
}


static bool
listen_all(const settings *s)
{
    int port = s->port;

    if (port >= 0) {
        if (!td_listen_tcp("127.0.0.1", port, &port)) {
            return false;
        }

        printf("listening %d\n", port);
    }

    if (s->unix_path != NULL) {
        if (!td_listen_unix(s->unix_path)) {
            return false;
        }

        printf("listening %s\n", s->unix_path);
    }

    fflush(stdout);
    return true;
}


int
main(int argc, char **argv)
{
    settings       s = { .port = -1 };
    uv_signal_t    term, intr;
    struct rlimit  files;

    if (!read_options(argc, argv, &s)) {
        fputs(usage, stderr);
        return 2;
    }

    if (s.port < 0 && s.unix_path == NULL) {
        s.port = 0;
    }

    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void) setrlimit(RLIMIT_NOFILE, &files);
    }

    (void) signal(SIGPIPE, SIG_IGN);
    td.loop = uv_default_loop();
    if (!td_ledger_open(s.ledger) || !td_hook_open(s.hook, s.secret_file)
        || !listen_all(&s)
        || (s.smtp_port > 0 && !td_smtp_listen(s.smtp_port)))
    {
        return 1;
    }

    uv_signal_init(td.loop, &term);
    uv_signal_init(td.loop, &intr);
    uv_signal_start(&term, on_signal, SIGTERM);
    uv_signal_start(&intr, on_signal, SIGINT);

    return uv_run(td.loop, UV_RUN_DEFAULT) < 0;
}
