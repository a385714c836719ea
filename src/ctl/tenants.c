/* What tenants and keys need beyond a row of the table. */

#include "ctl/ctl.h"

#include <stdio.h>


static ctl_exit
set_state(ctl *c, const char *body)
{
    json_t    *object;
    ctl_exit   rc = ctl_api(c, "PATCH", ctl_path(c), cx_strz(body),
                            "application/json", &object);

    if (rc == CTL_OK) {
        ctl_print_object(c, object);
        ctl_hint(c, "%s", c->command->done);
        json_decref(object);
    }

    return rc;
}


ctl_exit
ctl_run_tenant_suspend(ctl *c)
{
    return ctl_confirm(c, c->command->name, c->args[0])
           ? set_state(c, "{\"state\":\"suspended\"}") : CTL_PRECONDITION;
}


ctl_exit
ctl_run_tenant_resume(ctl *c)
{
    return set_state(c, "{\"state\":\"active\"}");
}


/* The key alone on stdout, so that it can go straight into a file. */
ctl_exit
ctl_run_key_create(ctl *c)
{
    json_t    *object;
    ctl_exit   rc = ctl_send(c, "POST", true, &object);

    if (rc != CTL_OK) {
        return rc;
    }

    if (c->output == CTL_OUT_TABLE) {
        printf("%s\n", ctl_text(object, "key"));
        ctl_hint(c, "%s", c->command->done);

    } else {
        ctl_print_object(c, object);
    }

    json_decref(object);
    return CTL_OK;
}
