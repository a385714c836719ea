#include "ctl/client.h"

#include <stdlib.h>
#include <stdio.h>
#include <unistd.h>


static void
defaults(ctl *c)
{
    const char  *url = getenv("CONNEXT_URL");
    const char  *no_color = getenv("NO_COLOR");

    c->url = url != NULL && url[0] != '\0'
             ? cx_strz(url) : CX_STR("unix:/run/connext/api.sock");
    c->tenant = cx_strz(getenv("CONNEXT_TENANT"));
    c->key_file = cx_strz(getenv("CONNEXT_KEY_FILE"));
    c->color = (no_color == NULL || no_color[0] == '\0')
               && isatty(STDOUT_FILENO);
}


static ctl_exit
run(ctl *c, int argc, char **argv)
{
    ctl_exit  rc = ctl_args_read(c, argc, argv);

    if (rc != CTL_OK) {
        return rc;
    }

    if (c->want_help) {
        c->command != NULL ? ctl_help_command(c->command) : ctl_help_all();
        return CTL_OK;
    }

    if (c->command == NULL) {
        ctl_help_all();
        return CTL_USAGE;
    }

    return c->command->run(c);
}


int
main(int argc, char **argv)
{
    ctl       c = { .output = CTL_OUT_TABLE };
    ctl_exit  rc;

    c.arena = cx_arena_new(CTL_ARENA_MAX);

    if (c.arena == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        fprintf(stderr, "error: no memory\n");
        return CTL_FAILED;
    }

    defaults(&c);
    rc = run(&c, argc, argv);

    if (fflush(stdout) != 0 && rc == CTL_OK) {
        rc = CTL_FAILED;
    }

    curl_global_cleanup();
    cx_arena_free(c.arena);

    return (int) rc;
}
