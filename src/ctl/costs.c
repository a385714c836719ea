/* What models are used for, what they cost, and how much they may be used:
 * flags and columns. */

#include "ctl/ctl.h"

#define END  { NULL, 0, CTL_SWITCH, CTL_OWN, NULL, NULL }

const ctl_flag  ctl_usage_flags[] = {
    { "by", 0, CTL_CHOICE, CTL_QUERY, "day|agent|model|customer|total",
      "default: total" },
    { "from", 0, CTL_TEXT, CTL_QUERY, "DAY", "default: 30 days ago" },
    { "to", 0, CTL_TEXT, CTL_QUERY, "DAY", "this one included" },
    { "limit", 0, CTL_INT, CTL_QUERY, "1..200", "at most this many" },
    { "cursor", 0, CTL_TEXT, CTL_QUERY, "CURSOR", "go on from there" }, END
};

const ctl_column  ctl_usage_columns[] = {
    { "NAME", "name" }, { "CALLS", "calls" }, { "FAILED", "failed" },
    { "IN", "tokens_in" },
    { "CACHED", "tokens_cached" }, { "OUT", "tokens_out" },
    { "COST", "cost" }, { "", "currency" }, { NULL, NULL }
};

const ctl_flag  ctl_price_change[] = {
    { "provider", 0, CTL_TEXT, CTL_BODY, "NAME", "* for any" },
    { "model", 0, CTL_TEXT, CTL_BODY, "NAME",
      "a * at its end: all that begin so" },
    { "currency", 0, CTL_TEXT, CTL_BODY, "CODE", "default: USD" },
    { "price-in", 0, CTL_REAL, CTL_BODY, "0..10000",
      "a million tokens of the prompt" },
    { "price-cached", 0, CTL_REAL, CTL_BODY, "0..10000",
      "those the provider had cached; default: as --price-in" },
    { "price-out", 0, CTL_REAL, CTL_BODY, "0..10000",
      "a million tokens of the answer" }, END
};

const ctl_column  ctl_price_columns[] = {
    { "PROVIDER", "provider" }, { "MODEL", "model" },
    { "IN", "price_in" }, { "CACHED", "price_cached" },
    { "OUT", "price_out" },
    { "", "currency" }, { "INHERITED", "inherited" }, { "ID", "id" },
    { NULL, NULL }
};

const ctl_flag  ctl_budget_change[] = {
    { "name", 0, CTL_TEXT, CTL_BODY, "SLUG", "" },
    { "scope", 0, CTL_CHOICE, CTL_BODY, "tenant|agent|customer",
      "default: tenant" },
    { "agent", 0, CTL_NULLABLE, CTL_BODY, "AGENT", "none: each of them" },
    { "customer", 0, CTL_NULLABLE, CTL_BODY, "CUSTOMER",
      "none: each of them" },
    { "period", 0, CTL_CHOICE, CTL_BODY, "day|month", "default: day" },
    { "unit", 0, CTL_CHOICE, CTL_BODY, "tokens|cost", "default: tokens" },
    { "limit", 0, CTL_REAL, CTL_BODY, "0..1000000000000", "" },
    { "currency", 0, CTL_TEXT, CTL_BODY, "CODE",
      "of a cost, default: USD" },
    { "otherwise", 0, CTL_CHOICE, CTL_BODY, "knowledge|handoff",
      "who answers when it is used up" },
    { "active", 0, CTL_ONOFF, CTL_BODY, "on|off", "" }, END
};

const ctl_column  ctl_budget_columns[] = {
    { "NAME", "name" }, { "SCOPE", "scope" }, { "PERIOD", "period" },
    { "UNIT", "unit" }, { "LIMIT", "limit" }, { "USED", "used" },
    { "RESERVED", "reserved" }, { "", "currency" },
    { "OTHERWISE", "otherwise" }, { "ACTIVE", "active" }, { "ID", "id" },
    { NULL, NULL }
};
