/* Is everything well?  The worker's readiness and status and, when asked, an
 * edge's own status: one screen, and 1 when something is not. */

#include "ctl/client.h"

#include <stdio.h>
#include <string.h>


static ctl_exit
print_reasons(ctl *c, json_t *ready)
{
    const char  *key;
    json_t      *v;

    fprintf(stderr, "error: the worker is not ready\n");

    json_object_foreach(ready, key, v) {
        cx_str  text = ctl_cell(c, ready, key);

        fprintf(stderr, "  %s: %.*s\n", key, CX_ARG(text));
    }

    return CTL_FAILED;
}


/* An edge is asked over its own URL; the client's socket stays as it is. */
static ctl_exit
edge_status(ctl *c, json_t **doc)
{
    ctl       other = *c;
    ctl_exit  rc;

    other.url = ctl_value_of(c, "edge")->text;
    rc = ctl_get(&other, CX_STR("/connext/status"), doc);

    return rc;
}


ctl_exit
ctl_run_status(ctl *c)
{
    json_t    *status, *ready = NULL, *edge = NULL;
    ctl_exit   rc = ctl_get(c, ctl_path(c), &status);
    ctl_exit   edge_rc = CTL_OK;
    long       http;

    if (rc != CTL_OK) {
        return rc;
    }

    http = ctl_try(c, CX_STR("/readyz"), &ready);

    if (ctl_value_of(c, "edge")->set) {
        edge_rc = edge_status(c, &edge);
        json_object_set_new(status, "edge", edge != NULL ? edge
                                                         : json_null());
    }

    ctl_print_object(c, status);

    if (http != 200) {
        rc = print_reasons(c, ready);
    }

    json_decref(ready);
    json_decref(status);

    return rc != CTL_OK ? rc : edge_rc;
}
