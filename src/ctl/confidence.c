/* How sure an agent has to be: presets, labels, and a threshold from them. */

#include "ctl/ctl.h"

#include <stdio.h>

#define END  { NULL, 0, CTL_SWITCH, CTL_OWN, NULL, NULL }

const ctl_flag  ctl_fit_flags[] = {
    { "target", 0, CTL_REAL, CTL_BODY, "0.001..0.5",
      "of the answers that are sent, so much may be wrong" },
    { "dry-run", 0, CTL_SWITCH, CTL_BODY, NULL, "change nothing" },
    { "edits-are-right", 0, CTL_SWITCH, CTL_BODY, NULL,
      "what a person edited was good enough" },
    END
};

const ctl_flag  ctl_label_flags[] = {
    { "label", 0, CTL_CHOICE, CTL_BODY, "right|wrong", "what it was" },
    { "who", 0, CTL_TEXT, CTL_BODY, "NAME", "who says so" },
    END
};

static const ctl_column  preset_columns[] = {
    { "PRESET", "name" }, { "THRESHOLD", "threshold" },
    { "WOULD HAVE WAITED", "would_have_waited" }, { "SENDS", "what" },
    { NULL, NULL }
};

const ctl_column  ctl_sample_columns[] = {
    { "ID", "id" }, { "CONVERSATION", "conversation" },
    { "CONF", "confidence" }, { "TEXT", "text" }, { NULL, NULL }
};


static void
print_presets(ctl *c, json_t *o)
{
    json_t  *list = json_object();

    json_object_set(list, "data", json_object_get(o, "presets"));
    ctl_print_list(c, list, preset_columns);
    json_decref(list);

    printf("\nOf the last %.*s answers %.*s would have waited at %.*s",
           CX_ARG(ctl_cell(c, o, "answers")),
           CX_ARG(ctl_cell(c, o, "would_have_waited")),
           CX_ARG(ctl_cell(c, o, "threshold")));
    printf("%s\n", json_is_true(json_object_get(o, "suggest"))
                   ? "; it only suggests: all of them wait."
                   : ", which is in use.");
    ctl_hint(c, "connextctl agents update %.*s --preset NAME",
             CX_ARG(c->args[0]));
}


ctl_exit
ctl_run_presets(ctl *c)
{
    json_t    *object;
    ctl_exit   rc = ctl_get(c, ctl_path(c), &object);

    if (rc != CTL_OK) {
        return rc;
    }

    if (c->output == CTL_OUT_TABLE) {
        print_presets(c, object);

    } else {
        ctl_print_object(c, object);
    }

    json_decref(object);
    return CTL_OK;
}


static double
percent(json_t *o, const char *name)
{
    return 100 * json_number_value(json_object_get(o, name));
}


static void
print_fit(ctl *c, json_t *o)
{
    printf("threshold %.*s: of %.*s labels above it %.*s say wrong\n",
           CX_ARG(ctl_cell(c, o, "threshold")),
           CX_ARG(ctl_cell(c, o, "above")),
           CX_ARG(ctl_cell(c, o, "wrong_above")));
    printf("error %.2f %%, at least %.2f %%, at most %.2f %% (each with 95 "
           "%% confidence); target %.2f %%\n", percent(o, "error"),
           percent(o, "low"), percent(o, "high"), percent(o, "target"));
    printf("%.0f %% of the answers would wait for a person\n",
           percent(o, "waits"));

    if (!json_is_true(json_object_get(o, "found"))) {
        printf("this is not enough: at least %.*s more labels are needed\n",
               CX_ARG(ctl_cell(c, o, "missing")));
    }

    if (json_is_true(json_object_get(o, "applied"))) {
        ctl_hint(c, "the agent sends by itself above that threshold now");
    }
}


ctl_exit
ctl_run_fit(ctl *c)
{
    json_t    *object;
    ctl_exit   rc;

    if (!ctl_value_of(c, "target")->set) {
        return ctl_fail(c, CTL_USAGE, NULL, "agents fit needs --target 0.02");
    }

    rc = ctl_send(c, "POST", true, &object);
    if (rc != CTL_OK) {
        return rc;
    }

    if (c->output == CTL_OUT_TABLE) {
        print_fit(c, object);

    } else {
        ctl_print_object(c, object);
    }

    json_decref(object);
    return CTL_OK;
}
