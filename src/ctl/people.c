/* The commands of people beside the agents: flags and columns. */

#include "ctl/ctl.h"

#define END  { NULL, 0, CTL_SWITCH, CTL_OWN, NULL, NULL }

#define WHO_FLAG                                                              \
    { "who", 0, CTL_TEXT, CTL_BODY, "NAME", "default: who asks the API" }

const ctl_flag  ctl_take[] = {
    { "who", 0, CTL_TEXT, CTL_BODY, "NAME", "who takes it" },
    { "force", 0, CTL_ONOFF, CTL_BODY, "on|off",
      "also from somebody else who has it" }, END
};

const ctl_flag  ctl_review_claim[] = {
    WHO_FLAG,
    { "seconds", 0, CTL_INT, CTL_BODY, "1..86400", "how long, default 300" },
    END
};

const ctl_flag  ctl_review_approve[] = {
    WHO_FLAG,
    { "even-if-stale", 0, CTL_ONOFF, CTL_BODY, "on|off",
      "also when the conversation has moved on" }, END
};

const ctl_flag  ctl_review_edit[] = {
    WHO_FLAG,
    { "text", 0, CTL_TEXT,    CTL_BODY, "TEXT", "what to send instead" },
    { "text-file", 0, CTL_CONTENT, CTL_BODY, "FILE",
      "the same from a file, - for stdin" }, END
};

const ctl_flag  ctl_review_reject[] = {
    WHO_FLAG,
    { "reason", 0, CTL_TEXT, CTL_BODY, "TEXT", "for the record" }, END
};

const ctl_flag  ctl_templates[] = {
    { "channel", 0, CTL_TEXT, CTL_QUERY, "CHANNEL", "only of this one" },
    { "state", 0, CTL_TEXT, CTL_QUERY, "STATE", "APPROVED, PAUSED ..." }, END
};

const ctl_flag  ctl_quick_change[] = {
    { "name", 0, CTL_TEXT, CTL_BODY, "SLUG", "" },
    { "language", 0, CTL_TEXT, CTL_BODY, "CODE", "as in en_US" },
    { "text", 0, CTL_TEXT, CTL_BODY, "TEXT",
      "may name {{customer.name}}, {{agent.name}}, {{channel.name}}" },
    { "text-file", 0, CTL_CONTENT, CTL_BODY, "FILE",
      "the same from a file, - for stdin" }, END
};

const ctl_flag  ctl_hook_change[] = {
    { "to", 0, CTL_TEXT, CTL_BODY, "URL", "https://... or mailto:..." },
    { "events", 0, CTL_TEXT, CTL_BODY, "WORDS",
      "with spaces between: \"review.created message.failed\"" },
    { "secret-file", 0, CTL_TEXT, CTL_BODY, "FILE",
      "the worker reads the secret there; else it makes one" },
    { "with-text", 0, CTL_ONOFF, CTL_BODY, "on|off",
      "say what was said, too" },
    { "active", 0, CTL_ONOFF, CTL_BODY, "on|off", "" }, END
};

const ctl_column  ctl_template_columns[] = {
    { "CHANNEL", "channel" }, { "NAME", "name" }, { "LANG", "language" },
    { "CATEGORY", "category" }, { "STATE", "state" },
    { "QUALITY", "quality" }, { "REASON", "reason" },
    { "SYNCED", "synced_at" }, { NULL, NULL }
};

const ctl_column  ctl_quick_columns[] = {
    { "NAME", "name" }, { "LANG", "language" }, { "TEXT", "text" },
    { "ID", "id" }, { NULL, NULL }
};

const ctl_column  ctl_hook_columns[] = {
    { "URL", "url" }, { "EVENTS", "events" }, { "ACTIVE", "active" },
    { "TEXT", "with_text" }, { "ID", "id" }, { NULL, NULL }
};

const ctl_column  ctl_delivery_columns[] = {
    { "ID", "id" }, { "EVENT", "event" }, { "STATE", "state" },
    { "TRIES", "attempts" }, { "STATUS", "status" }, { "ERROR", "error" },
    { "CREATED", "created_at" }, { NULL, NULL }
};
