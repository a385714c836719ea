#include "ctl/ctl.h"

#include <stdio.h>
#include <string.h>


static bool
in_group(const ctl_command *cmd, cx_str group)
{
    cx_str  rest = cx_strz(cmd->name), first;

    (void) cx_str_split(&rest, ' ', &first);

    return cx_str_eq(first, group);
}


static void
command_line(FILE *to, const ctl_command *cmd)
{
    char  left[64];

    snprintf(left, sizeof(left), "%s %s", cmd->name, cmd->args);
    fprintf(to, "  %-34s %s\n", left, cmd->help);
}


static void
flag_line(const ctl_flag *f)
{
    char         left[96];
    const char  *value = f->value != NULL ? f->value : "";

    snprintf(left, sizeof(left), "%s%.1s%s--%s%s%s%s",
             f->letter != 0 ? "-" : "", f->letter != 0 ? &f->letter : "",
             f->letter != 0 ? ", " : "    ", f->name,
             f->kind == CTL_MAYBE ? " [" : f->value != NULL ? " " : "",
             value, f->kind == CTL_MAYBE ? "]" : "");

    printf("  %-38s %s\n", left, f->help);
}


static void
flag_lines(const char *title, const ctl_flag *flags)
{
    printf("\n%s\n", title);

    for (const ctl_flag *f = flags; f->name != NULL; f++) {
        flag_line(f);
    }
}


void
ctl_help_group(cx_str group, bool to_stderr)
{
    FILE  *to = to_stderr ? stderr : stdout;

    fprintf(to, "commands:\n");

    for (const ctl_command *cmd = ctl_commands; cmd->name != NULL; cmd++) {
        if (in_group(cmd, group)) {
            command_line(to, cmd);
        }
    }
}


void
ctl_help_command(const ctl_command *cmd)
{
    printf("usage: connextctl %s%s%s [flags]\n\n%s\n", cmd->name,
           cmd->args[0] != '\0' ? " " : "", cmd->args, cmd->help);

    if (cmd->flags != NULL) {
        flag_lines("flags:", cmd->flags);
    }

    flag_lines("flags of every command:", ctl_globals);
}


void
ctl_help_all(void)
{
    printf("usage: connextctl COMMAND [flags]\n\n"
           "Speaks to connext-worker's management API, and simulates "
           "webhooks.\n\ncommands:\n");

    for (const ctl_command *cmd = ctl_commands; cmd->name != NULL; cmd++) {
        command_line(stdout, cmd);
    }

    flag_lines("flags of every command:", ctl_globals);

    printf("\nexit status: 0 done, 1 refused or failed, 2 usage, "
           "3 cannot reach,\n4 not allowed, 5 not found, 6 needs --yes or "
           "exists already, 7 invalid\ninput, 8 time passed, "
           "130 interrupted\n");
}


ctl_exit
ctl_run_help(ctl *c)
{
    cx_str  name = CX_NOSTR;

    if (c->nargs == 0) {
        ctl_help_all();
        return CTL_OK;
    }

    for (size_t i = 0; i < c->nargs; i++) {
        name = i == 0 ? c->args[0]
               : cx_printf(c->arena, "%.*s %.*s", CX_ARG(name),
                           CX_ARG(c->args[i]));
    }

    for (const ctl_command *cmd = ctl_commands; cmd->name != NULL; cmd++) {
        if (cx_str_eq(cx_strz(cmd->name), name)) {
            ctl_help_command(cmd);
            return CTL_OK;
        }
    }

    if (ctl_is_group(name)) {
        ctl_help_group(name, false);
        return CTL_OK;
    }

    return ctl_fail(c, CTL_USAGE, "connextctl help lists the commands",
                    "no command \"%.*s\"", CX_ARG(name));
}
