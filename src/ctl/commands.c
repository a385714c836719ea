#include "ctl/ctl.h"
#include "ctl/sample.h"

#include <stddef.h>

/*    name       letter kind      use       value                help      */
const ctl_flag  ctl_globals[] = {
    { "url",     0,   CTL_TEXT,   CTL_OWN, "URL",
      "the API: unix:/path or http://host (CONNEXT_URL)" },
    { "tenant",  0,   CTL_TEXT,   CTL_OWN, "NAME",
      "whose record (CONNEXT_TENANT)" },
    { "key-file", 0,  CTL_TEXT,   CTL_OWN, "FILE",
      "the API key is in there (CONNEXT_KEY_FILE)" },
    { "output",  'o', CTL_CHOICE, CTL_OWN, "table|json|jsonl|name",
      "how to print" },
    { "quiet",   'q', CTL_SWITCH, CTL_OWN, NULL, "no hints" },
    { "timeout", 0,   CTL_TIME,   CTL_OWN, "TIME",
      "give up after this: 500ms, 10s, 2m" },
    { "yes",     'y', CTL_SWITCH, CTL_OWN, NULL, "do not ask" },
    { "color",   0,   CTL_CHOICE, CTL_OWN, "auto|always|never",
      "NO_COLOR is honoured" },
    { "help",    'h', CTL_SWITCH, CTL_OWN, NULL, "about a command" },
    { NULL, 0, CTL_SWITCH, CTL_OWN, NULL, NULL }
};

#define END  { NULL, 0, CTL_SWITCH, CTL_OWN, NULL, NULL }

#define PAGES                                                                \
    { "limit",  0, CTL_INT,  CTL_QUERY, "1..200", "at most this many" },     \
    { "cursor", 0, CTL_TEXT, CTL_QUERY, "CURSOR", "go on from there" }

static const ctl_flag  pages[] = { PAGES, END };

#define CHANNEL_FLAGS                                                        \
    { "account",    0, CTL_TEXT,     CTL_BODY, "ID",                         \
      "the provider's id of our side (phone_number_id)" },                   \
    { "agent",      0, CTL_NULLABLE, CTL_BODY, "AGENT|none",                 \
      "who answers; none: people only" },                                    \
    { "token-file", 0, CTL_TEXT,     CTL_BODY, "FILE",                       \
      "the worker reads the access token there" },                           \
    { "seal",       0, CTL_SEALED,   CTL_BODY, "token=FILE",                 \
      "or the token itself, sealed; token= takes it back" },                 \
    { "base-url",   0, CTL_TEXT,     CTL_BODY, "URL",                        \
      "instead of the provider's API" },                                     \
    { "active",     0, CTL_ONOFF,    CTL_BODY, "on|off", "" },               \
    { "set",        0, CTL_SETTINGS, CTL_BODY, "NAME=VALUE",                 \
      "a setting of its type, may be repeated; NAME= takes it back" }

static const ctl_flag  channel_new[] = {
    { "name", 0, CTL_TEXT, CTL_BODY, "SLUG",
      "as in nginx.conf: connext_channel SLUG" },
    { "type", 0, CTL_TEXT, CTL_BODY, "TYPE", "whatsapp" },
    CHANNEL_FLAGS, END
};

static const ctl_flag  channel_change[] = {
    { "name", 0, CTL_TEXT, CTL_BODY, "SLUG", "" }, CHANNEL_FLAGS, END
};

static const ctl_flag  channel_url[] = {
    { "base", 0, CTL_TEXT, CTL_OWN, "URL",
      "public address of the edge: https://edge.example.com" }, END
};

static const ctl_flag  of_agent[] = {
    { "agent", 0, CTL_TEXT, CTL_OWN, "AGENT", "default: the only one" }, END
};

static const ctl_flag  conversations[] = {
    { "channel", 0, CTL_TEXT, CTL_QUERY, "CHANNEL", "only this one" },
    { "agent", 0, CTL_TEXT, CTL_QUERY, "AGENT|none",
      "given to this one; none: to people" },
    { "state", 0, CTL_CHOICE, CTL_QUERY, "active|closed|archived|all",
      "left out: all that are not archived" },
    PAGES, END
};

static const ctl_flag  conversation_change[] = {
    { "bot", 0, CTL_CHOICE, CTL_BODY, "on|off",
      "whether the agent answers there" }, END
};

static const ctl_flag  send[] = {
    { "kind", 0, CTL_TEXT, CTL_BODY, "KIND",
      "text (default), buttons, list, image, video, audio, document, sticker, "
      "location, contacts, reaction, template" },
    { "text", 0, CTL_TEXT, CTL_BODY, "TEXT", "body, caption or emoji" },
    { "text-file", 0, CTL_CONTENT, CTL_BODY, "FILE",
      "the same from a file, - for stdin" },
    { "reply-to", 0, CTL_TEXT, CTL_BODY, "MESSAGE",
      "the message it answers or reacts to" },
    { "choice", 0, CTL_CHOICES, CTL_BODY, "[ID=]TITLE",
      "a button or row, may be repeated" },
    { "button", 0, CTL_TEXT, CTL_BODY, "LABEL", "that opens a list" },
    { "header", 0, CTL_TEXT, CTL_BODY, "TEXT", "above buttons or a list" },
    { "footer", 0, CTL_TEXT, CTL_BODY, "TEXT", "below them" },
    { "media-url", 0, CTL_TEXT, CTL_BODY, "URL", "of the attachment" },
    { "media-id", 0, CTL_TEXT, CTL_BODY, "ID", "or the provider's id of it" },
    { "media-mime", 0, CTL_TEXT, CTL_BODY, "TYPE", "as in image/png" },
    { "media-name", 0, CTL_TEXT, CTL_BODY, "NAME", "of a document" },
    { "media-size", 0, CTL_INT, CTL_BODY, "BYTES", "" },
    { "latitude", 0, CTL_REAL, CTL_BODY, "DEGREES", "" },
    { "longitude", 0, CTL_REAL, CTL_BODY, "DEGREES", "" },
    { "place", 0, CTL_TEXT, CTL_BODY, "NAME", "of the location" },
    { "address", 0, CTL_TEXT, CTL_BODY, "TEXT", "" },
    { "contacts", 0, CTL_JSON, CTL_BODY, "JSON", "an array of contacts" },
    { "name", 0, CTL_TEXT, CTL_BODY, "NAME", "of the template" },
    { "language", 0, CTL_TEXT, CTL_BODY, "CODE", "as in en_US" },
    { "param", 0, CTL_PARAMS, CTL_BODY, "TEXT",
      "of the template, in order, may be repeated" },
    { "components", 0, CTL_JSON, CTL_BODY, "JSON", "instead of params" },
    { "subject", 0, CTL_TEXT, CTL_BODY, "TEXT", "of an e-mail" },
    { "author", 0, CTL_CHOICE, CTL_BODY, "human|system", "who says it" },
    { "quick-reply", 0, CTL_TEXT, CTL_BODY, "NAME", "instead of a text" },
    { "vars", 0, CTL_JSON, CTL_BODY, "JSON",
      "values of the quick reply's variables" },
    { "after", 0, CTL_TEXT, CTL_BODY, "MESSAGE",
      "only if nobody has answered since that one" },
    { "key", 0, CTL_TEXT, CTL_OWN, "KEY",
      "a repeat with the same key sends nothing again" }, END
};

static const ctl_flag  customers[] = {
    { "q", 0, CTL_TEXT, CTL_QUERY, "TEXT", "part of a name or user name" },
    PAGES, END
};

static const ctl_flag  customer_change[] = {
    { "name",   0, CTL_TEXT, CTL_BODY, "NAME",
      "stays, whatever messages say; empty: theirs again" },
    { "email",  0, CTL_TEXT, CTL_BODY, "ADDRESS", "" },
    { "locale", 0, CTL_TEXT, CTL_BODY, "TAG", "as in pt-BR" },
    { "note",   0, CTL_TEXT, CTL_BODY, "TEXT", "" }, END
};

static const ctl_flag  customer_merge[] = {
    { "with", 0, CTL_TEXT, CTL_BODY, "CUSTOMER", "who is the same person" },
    END
};

static const ctl_flag  customer_split[] = {
    { "link", 0, CTL_TEXT, CTL_BODY, "LINK",
      "only this one; without: all of the customer's own" }, END
};

static const ctl_flag  messages[] = {
    { "state", 0, CTL_TEXT, CTL_QUERY, "STATE",
      "held, failed, ready, ambiguous, sent ..." }, PAGES, END
};

static const ctl_flag  reviews[] = {
    { "state", 0, CTL_CHOICE, CTL_QUERY, "waiting|approved|edited|rejected",
      "" }, PAGES, END
};

static const ctl_flag  dead[] = {
    { "state", 0, CTL_CHOICE, CTL_QUERY, "dead|retried|dropped", "" },
    PAGES, END
};

static const ctl_flag  status_flags[] = {
    { "edge", 0, CTL_TEXT, CTL_OWN, "URL",
      "also ask this edge: http://127.0.0.1:8080" }, END
};

static const ctl_flag  tenant_new[] = {
    { "name", 0, CTL_TEXT, CTL_BODY, "SLUG", "" },
    { "title", 0, CTL_TEXT, CTL_BODY, "TEXT", "for people" }, END
};

#define ROLES  "owner|admin|agent|viewer"

static const ctl_flag  user_new[] = {
    { "email", 0, CTL_TEXT, CTL_BODY, "ADDRESS", "" },
    { "name", 0, CTL_TEXT, CTL_BODY, "NAME", "" },
    { "role", 0, CTL_CHOICE, CTL_BODY, ROLES, "what they may do" },
    { "active", 0, CTL_ONOFF, CTL_BODY, "on|off", "" }, END
};

static const ctl_flag  key_new[] = {
    { "name", 0, CTL_TEXT, CTL_BODY, "NAME", "what it is for" },
    { "role", 0, CTL_CHOICE, CTL_BODY, ROLES, "what it may do at most" },
    { "scopes", 0, CTL_TEXT, CTL_BODY, "WORDS",
      "only these of the role: \"agents:read reviews:write\"" },
    { "user", 0, CTL_TEXT, CTL_BODY, "USER", "whose key it is" },
    { "days", 0, CTL_INT, CTL_BODY, "1..3650", "it expires after them" }, END
};

static const ctl_column  tenant_columns[] = {
    { "NAME", "name" }, { "TITLE", "title" }, { "STATE", "state" },
    { "CREATED", "created_at" }, { "ID", "id" }, { NULL, NULL }
};

static const ctl_column  user_columns[] = {
    { "ID", "id" }, { "EMAIL", "email" }, { "NAME", "name" },
    { "ROLE", "role" }, { "ACTIVE", "active" }, { NULL, NULL }
};

static const ctl_column  key_columns[] = {
    { "ID", "id" }, { "NAME", "name" }, { "PREFIX", "prefix" },
    { "ROLE", "role" }, { "SCOPES", "scopes" }, { "USER", "user" },
    { "EXPIRES", "expires_at" }, { "USED", "last_used_at" },
    { "REVOKED", "revoked_at" }, { NULL, NULL }
};

static const ctl_column  channel_columns[] = {
    { "NAME", "name" }, { "TYPE", "type" }, { "ACCOUNT", "account" },
    { "AGENT", "agent" }, { "ACTIVE", "active" }, { "HEALTH", "health" },
    { "WEBHOOK", "webhook_path" }, { "ID", "id" }, { NULL, NULL }
};

static const ctl_column  conversation_columns[] = {
    { "ID", "id" }, { "CHANNEL", "channel" }, { "CUSTOMER", "display" },
    { "STATE", "state" }, { "AGENT", "agent" }, { "MESSAGES", "messages" },
    { "LAST", "last_at" },
    { "TEXT", "last_text" }, { NULL, NULL }
};

static const ctl_column  customer_columns[] = {
    { "ID", "id" }, { "NAME", "name" }, { "USERNAME", "username" },
    { "PHONE", "phone_masked" }, { "EMAIL", "email_masked" },
    { "LOCALE", "locale" }, { "UPDATED", "updated_at" }, { NULL, NULL }
};

static const ctl_column  customer_message_columns[] = {
    { "ID", "id" }, { "CHANNEL", "channel" }, { "AUTHOR", "author" },
    { "STATE", "state" }, { "CREATED", "created_at" }, { "TEXT", "text" },
    { NULL, NULL }
};

static const ctl_column  message_columns[] = {
    { "ID", "id" }, { "CONVERSATION", "conversation" }, { "STATE", "state" },
    { "TRIES", "attempts" }, { "CODE", "error.code" },
    { "ERROR", "error.text" }, { "CREATED", "created_at" },
    { "TEXT", "text" }, { NULL, NULL }
};

static const ctl_column  review_columns[] = {
    { "ID", "id" }, { "CHANNEL", "channel" }, { "CONF", "confidence" },
    { "CREATED", "created_at" }, { "QUESTION", "question" },
    { "DRAFT", "draft" }, { "REASON", "reason" }, { NULL, NULL }
};

static const ctl_column  dead_columns[] = {
    { "ID", "id" }, { "KIND", "kind" }, { "CHANNEL", "channel" },
    { "REASON", "reason" }, { "TEXT", "text" }, { "CREATED", "created_at" },
    { NULL, NULL }
};

/* name, args, flags, run, path, columns, help, done */
const ctl_command  ctl_commands[] = {
    { "status", "", status_flags, ctl_run_status, "/api/v1/status", NULL,
      "is everything well; 1 when it is not", NULL },

    { "agents list", "", pages, ctl_run_list, "/api/v1/agents",
      ctl_agent_columns, "who answers", NULL },
    { "agents get", "AGENT", NULL, ctl_run_show, "/api/v1/agents/{}", NULL,
      "one agent, by name or id", NULL },
    { "agents create", "", ctl_agent_new, ctl_run_create, "/api/v1/agents",
      NULL, "a new agent",
      "give it knowledge: connextctl knowledge add FILE" },
    { "agents update", "AGENT", ctl_agent_new, ctl_run_update,
      "/api/v1/agents/{}", NULL, "change what the flags name", NULL },
    { "agents versions", "AGENT", pages, ctl_run_list,
      "/api/v1/agents/{}/versions", ctl_version_columns,
      "what it was told before, and by whom", NULL },
    { "agents version", "AGENT N", NULL, ctl_run_agent_version,
      "/api/v1/agents/{}/versions/{}", NULL, "all of one of them", NULL },
    { "agents restore", "AGENT N", NULL, ctl_run_act,
      "/api/v1/agents/{}/versions/{}/restore", NULL,
      "back to that version, which becomes a new one", NULL },
    { "agents ask", "AGENT QUESTION", ctl_ask_flags, ctl_run_ask,
      "/api/v1/agents/{}/ask", NULL,
      "try a question; nothing is sent, nothing is written", NULL },
    { "agents presets", "AGENT", NULL, ctl_run_presets,
      "/api/v1/agents/{}/presets", NULL,
      "how many of the last answers would have waited", NULL },
    { "agents fit", "AGENT", ctl_fit_flags, ctl_run_fit,
      "/api/v1/agents/{}/fit", NULL,
      "the threshold that people's decisions allow", NULL },
    { "agents samples", "AGENT", pages, ctl_run_list,
      "/api/v1/agents/{}/samples", ctl_sample_columns,
      "sent answers that were drawn for a look", NULL },
    { "agents delete", "AGENT", NULL, ctl_run_delete, "/api/v1/agents/{}",
      NULL, "with its knowledge; not while a channel uses it", NULL },

    { "knowledge list", "", of_agent, ctl_run_knowledge_list, NULL,
      ctl_knowledge_columns, "an agent's files", NULL },
    { "knowledge add", "FILE...", ctl_knowledge_add, ctl_run_knowledge_add,
      NULL, ctl_knowledge_columns,
      "CSV, Markdown or text; a file of that name is replaced", NULL },
    { "knowledge replace", "FILE...", ctl_knowledge_add,
      ctl_run_knowledge_replace, NULL, ctl_knowledge_columns,
      "the same, only where a file of that name is; it serves until then",
      NULL },
    { "knowledge preview", "FILE", ctl_knowledge_preview,
      ctl_run_knowledge_preview, NULL, NULL,
      "what would be read, and what is wrong, by line; nothing is kept",
      NULL },
    { "knowledge rm", "ID", NULL, ctl_run_delete, "/api/v1/knowledge/{}",
      NULL, "forget a file", NULL },
    { "knowledge search", "QUESTION", of_agent, ctl_run_knowledge_search,
      NULL, ctl_hit_columns, "the passages an answer would use", NULL },

    { "channels list", "", pages, ctl_run_list, "/api/v1/channels",
      channel_columns, "where customers write", NULL },
    { "channels get", "CHANNEL", NULL, ctl_run_show, "/api/v1/channels/{}",
      NULL, "one channel, by name or id", NULL },
    { "channels create", "", channel_new, ctl_run_create,
      "/api/v1/channels", NULL, "a new channel",
      "nginx needs a connext_channel block of that name" },
    { "channels update", "CHANNEL", channel_change, ctl_run_update,
      "/api/v1/channels/{}", NULL, "change what the flags name", NULL },
    { "channels delete", "CHANNEL", NULL, ctl_run_delete,
      "/api/v1/channels/{}", NULL, "its conversations stay on record", NULL },
    { "channels url", "CHANNEL", channel_url, ctl_run_channel_url,
      "/api/v1/channels/{}", NULL, "the webhook's URL, alone", NULL },

    { "routes list", "", NULL, ctl_run_list, "/api/v1/routes",
      ctl_route_columns, "who answers what: the rules in order", NULL },
    { "routes get", "RULE", NULL, ctl_run_show, "/api/v1/routes/{}", NULL,
      "one rule, by name or id", NULL },
    { "routes add", "", ctl_route_new, ctl_run_create, "/api/v1/routes", NULL,
      "a new rule", "what it does: connextctl routes test --text TEXT" },
    { "routes update", "RULE", ctl_route_new, ctl_run_update,
      "/api/v1/routes/{}", NULL, "change what the flags name", NULL },
    { "routes remove", "RULE", NULL, ctl_run_delete, "/api/v1/routes/{}",
      NULL, "what it has decided stays", NULL },
    { "routes test", "", ctl_route_test, ctl_run_route_test,
      "/api/v1/routes/test", NULL, "who would answer, and why", NULL },

    { "groups list", "", NULL, ctl_run_list, "/api/v1/groups",
      ctl_group_columns, "agents that share work", NULL },
    { "groups get", "GROUP", NULL, ctl_run_show, "/api/v1/groups/{}", NULL,
      "one group, and what each has to do", NULL },
    { "groups add", "", ctl_group_new, ctl_run_group_add, "/api/v1/groups",
      NULL, "a new group", NULL },
    { "groups update", "GROUP", ctl_group_new, ctl_run_group_update,
      "/api/v1/groups/{}", NULL, "another name, or other members", NULL },
    { "groups remove", "GROUP", NULL, ctl_run_delete, "/api/v1/groups/{}",
      NULL, "not while a rule names it", NULL },

    { "conversations list", "", conversations, ctl_run_list,
      "/api/v1/conversations", conversation_columns, "newest first", NULL },
    { "conversations show", "CONVERSATION", pages,
      ctl_run_conversation_show, "/api/v1/conversations/{}", NULL,
      "what was said", NULL },
    { "conversations update", "CONVERSATION", conversation_change,
      ctl_run_update, "/api/v1/conversations/{}", NULL,
      "who speaks: agent or people only", NULL },
    { "conversations take", "CONVERSATION", ctl_take, ctl_run_act,
      "/api/v1/conversations/{}/take", NULL,
      "a person answers there, the agent is silent",
      "it is yours; give it back: connextctl conversations give ID" },
    { "conversations give", "CONVERSATION", NULL, ctl_run_act,
      "/api/v1/conversations/{}/give", NULL, "the agent answers again",
      "the agent answers what comes from now on" },
    { "conversations assign", "CONVERSATION", ctl_assign, ctl_run_update,
      "/api/v1/conversations/{}", NULL, "to another agent, or to people",
      NULL },
    { "conversations close", "CONVERSATION", NULL, ctl_run_state,
      "/api/v1/conversations/{}", NULL,
      "no agent answers until the customer writes again", NULL },
    { "conversations reopen", "CONVERSATION", NULL, ctl_run_state,
      "/api/v1/conversations/{}", NULL, "it goes on", NULL },
    { "conversations archive", "CONVERSATION", NULL, ctl_run_state,
      "/api/v1/conversations/{}", NULL, "closed, and out of the list", NULL },
    { "send", "CONVERSATION", send, ctl_run_send,
      "/api/v1/conversations/{}/messages", message_columns,
      "say something, in whatever form the channel has", NULL },

    { "customers list", "", customers, ctl_run_list, "/api/v1/customers",
      customer_columns, "who has written, newest first", NULL },
    { "customers show", "CUSTOMER", NULL, ctl_run_show,
      "/api/v1/customers/{}", NULL,
      "one of them: addresses, conversations, who is linked and why", NULL },
    { "customers update", "CUSTOMER", customer_change, ctl_run_update,
      "/api/v1/customers/{}", NULL, "change what the flags name", NULL },
    { "customers merge", "CUSTOMER", customer_merge, ctl_run_customer_merge,
      "/api/v1/customers/{}/merge", NULL,
      "two are one person; prints the link, which can be undone",
      "connextctl customers split CUSTOMER --link LINK undoes it" },
    { "customers split", "CUSTOMER", customer_split, ctl_run_act,
      "/api/v1/customers/{}/split", NULL,
      "not one person: what they have alike joins nobody any more", NULL },
    { "customers messages", "CUSTOMER", pages, ctl_run_list,
      "/api/v1/customers/{}/messages", customer_message_columns,
      "what was said on all channels, oldest first", NULL },

    { "messages list", "", messages, ctl_run_list, "/api/v1/messages",
      message_columns, "outbound messages in a state", NULL },
    { "messages show", "MESSAGE", NULL, ctl_run_show, "/api/v1/messages/{}",
      NULL, "one message", NULL },
    { "messages resend", "MESSAGE", NULL, ctl_run_act,
      "/api/v1/messages/{}/resend", NULL,
      "a held or failed one: send it again", "it will be sent again" },
    { "messages cancel", "MESSAGE", NULL, ctl_run_act,
      "/api/v1/messages/{}/cancel", NULL,
      "a held or failed one: never send it", "it will not be sent" },
    { "messages label", "MESSAGE", ctl_label_flags, ctl_run_create,
      "/api/v1/messages/{}/label", NULL,
      "an answer of an agent was right, or wrong", NULL },

    { "reviews list", "", reviews, ctl_run_list, "/api/v1/reviews",
      review_columns, "drafts that wait for a person", NULL },
    { "reviews show", "REVIEW", NULL, ctl_run_show, "/api/v1/reviews/{}",
      NULL, "question, draft and why it waits", NULL },
    { "reviews claim", "REVIEW", ctl_review_claim, ctl_run_act,
      "/api/v1/reviews/{}/claim", NULL, "nobody else decides it meanwhile",
      "it is yours for a while" },
    { "reviews release", "REVIEW", ctl_review_claim, ctl_run_act,
      "/api/v1/reviews/{}/release", NULL, "for everybody again",
      "it is free again" },
    { "reviews approve", "REVIEW", ctl_review_approve, ctl_run_act,
      "/api/v1/reviews/{}/approve", NULL, "send the draft",
      "the draft is on its way" },
    { "reviews edit", "REVIEW", ctl_review_edit, ctl_run_review_edit,
      "/api/v1/reviews/{}/edit", NULL, "send this instead",
      "your text is on its way" },
    { "reviews reject", "REVIEW", ctl_review_reject, ctl_run_act,
      "/api/v1/reviews/{}/reject", NULL, "send nothing",
      "nothing will be sent" },

    { "templates list", "", ctl_templates, ctl_run_list, "/api/v1/templates",
      ctl_template_columns, "as the provider has approved them, or not",
      NULL },
    { "templates sync", "CHANNEL", NULL, ctl_run_act,
      "/api/v1/channels/{}/templates/sync", NULL,
      "ask the provider for all of them", "they are mirrored" },

    { "quick-replies list", "", NULL, ctl_run_list, "/api/v1/quick-replies",
      ctl_quick_columns, "what people say often", NULL },
    { "quick-replies create", "", ctl_quick_change, ctl_run_create,
      "/api/v1/quick-replies", NULL, "a new one",
      "say it: connextctl send CONVERSATION --quick-reply NAME" },
    { "quick-replies update", "ID", ctl_quick_change, ctl_run_update,
      "/api/v1/quick-replies/{}", NULL, "change what the flags name", NULL },
    { "quick-replies delete", "ID", NULL, ctl_run_delete,
      "/api/v1/quick-replies/{}", NULL, "forget it", NULL },

    { "usage", "", ctl_usage_flags, ctl_run_list, "/api/v1/usage",
      ctl_usage_columns, "what models were used for, and what that cost",
      NULL },
    { "prices list", "", NULL, ctl_run_list, "/api/v1/prices",
      ctl_price_columns, "what models cost", NULL },
    { "prices create", "", ctl_price_change, ctl_run_create,
      "/api/v1/prices", NULL, "of a model, for what is used from now on",
      "what was used: connextctl usage --by model" },
    { "prices update", "PRICE", ctl_price_change, ctl_run_update,
      "/api/v1/prices/{}", NULL, "change what the flags name", NULL },
    { "prices delete", "PRICE", NULL, ctl_run_delete, "/api/v1/prices/{}",
      NULL, "what was paid stays as it is", NULL },
    { "budgets list", "", NULL, ctl_run_list, "/api/v1/budgets",
      ctl_budget_columns, "how much models may be used, and are", NULL },
    { "budgets create", "", ctl_budget_change, ctl_run_create,
      "/api/v1/budgets", NULL, "a limit that is never exceeded",
      "how it stands: connextctl budgets list" },
    { "budgets update", "BUDGET", ctl_budget_change, ctl_run_update,
      "/api/v1/budgets/{}", NULL, "change what the flags name", NULL },
    { "budgets delete", "BUDGET", NULL, ctl_run_delete,
      "/api/v1/budgets/{}", NULL, "with what was counted", NULL },

    { "hooks list", "", NULL, ctl_run_list, "/api/v1/hooks", ctl_hook_columns,
      "who is told of what happens", NULL },
    { "hooks get", "HOOK", NULL, ctl_run_show, "/api/v1/hooks/{}", NULL,
      "one of them", NULL },
    { "hooks create", "", ctl_hook_change, ctl_run_create, "/api/v1/hooks",
      NULL, "a signed webhook, or a mail", NULL },
    { "hooks update", "HOOK", ctl_hook_change, ctl_run_update,
      "/api/v1/hooks/{}", NULL, "change what the flags name", NULL },
    { "hooks delete", "HOOK", NULL, ctl_run_delete, "/api/v1/hooks/{}", NULL,
      "with what it was told", NULL },
    { "hooks deliveries", "HOOK", pages, ctl_run_list,
      "/api/v1/hooks/{}/deliveries", ctl_delivery_columns,
      "what it was told, newest first", NULL },
    { "hooks resend", "DELIVERY", NULL, ctl_run_act,
      "/api/v1/hook-deliveries/{}/resend", NULL, "tell it once more",
      "it is told again" },

    { "dlq list", "", dead, ctl_run_list, "/api/v1/dead-letters",
      dead_columns, "what was given up", NULL },
    { "dlq show", "LETTER", NULL, ctl_run_show, "/api/v1/dead-letters/{}",
      NULL, "one dead letter", NULL },
    { "dlq retry", "LETTER", NULL, ctl_run_act,
      "/api/v1/dead-letters/{}/retry", NULL, "try it again",
      "it is tried again" },
    { "dlq drop", "LETTER", NULL, ctl_run_act,
      "/api/v1/dead-letters/{}/drop", NULL, "settle it without a try",
      "dropped; it stays on record" },

    { "customers reveal", "CUSTOMER", ctl_reveal_flags, ctl_run_reveal,
      "/api/v1/customers/{}/reveal", NULL,
      "what is masked elsewhere; the audit keeps that you asked", NULL },
    { "customers export", "CUSTOMER", NULL, ctl_run_export,
      "/api/v1/customers/{}/export", NULL,
      "all that is on record of them, as a tar archive", NULL },
    { "customers erase", "CUSTOMER", NULL, ctl_run_erase,
      "/api/v1/customers/{}", NULL,
      "forget them for good, everywhere; prints a receipt", NULL },
    { "erasures list", "", pages, ctl_run_list, "/api/v1/erasures",
      ctl_erasure_columns, "receipts of customers that were erased", NULL },
    { "retention run", "", ctl_retention_flags, ctl_run_retention,
      "/api/v1/retention/run", NULL,
      "delete what is older than it may be, now", NULL },
    { "audit", "", ctl_audit_flags, ctl_run_list, "/api/v1/audit",
      ctl_audit_columns, "who did what, newest first", NULL },

    { "secrets show", "", NULL, ctl_run_show, "/api/v1/secrets", NULL,
      "which keys there are, and how far a rotation is", NULL },
    { "secrets new-key", "NAME", NULL, ctl_run_new_key, NULL, NULL,
      "prints a line for the key file", NULL },
    { "secrets rotate", "", NULL, ctl_run_rotate, "/api/v1/secrets/rotate",
      NULL, "seal all credentials anew with the first key",
      "it goes on by itself: connextctl secrets show" },

    { "tenants list", "", pages, ctl_run_list, "/api/v1/tenants",
      tenant_columns, "who shares the installation", NULL },
    { "tenants create", "", tenant_new, ctl_run_create, "/api/v1/tenants",
      NULL, "a new one",
      "its first key: connextctl --tenant NAME keys create --role owner" },
    { "tenants suspend", "TENANT", NULL, ctl_run_tenant_suspend,
      "/api/v1/tenants/{}", NULL,
      "its keys are refused, its channels only record", "it is suspended" },
    { "tenants resume", "TENANT", NULL, ctl_run_tenant_resume,
      "/api/v1/tenants/{}", NULL, "as before", "it is active again" },

    { "users list", "", pages, ctl_run_list, "/api/v1/users", user_columns,
      "the people of a tenant", NULL },
    { "users add", "", user_new, ctl_run_create, "/api/v1/users", NULL,
      "a new one", "a key: connextctl keys create --user USER" },
    { "users change", "USER", user_new, ctl_run_update, "/api/v1/users/{}",
      NULL, "change what the flags name", NULL },
    { "users remove", "USER", NULL, ctl_run_delete, "/api/v1/users/{}", NULL,
      "inactive: their keys are refused, their name stays on record", NULL },

    { "keys list", "", pages, ctl_run_list, "/api/v1/keys", key_columns,
      "keys of the API, without their secret", NULL },
    { "keys create", "", key_new, ctl_run_key_create, "/api/v1/keys", NULL,
      "prints the key: this once",
      "keep it in a file that is yours alone: it is not shown again" },
    { "keys revoke", "KEY", NULL, ctl_run_delete, "/api/v1/keys/{}", NULL,
      "refused from now on", NULL },

#define X(name, help)  { "simulate " #name, "", ctl_flags_##name,            \
                         ctl_run_simulate, NULL, NULL, help, NULL },
    CTL_TYPES(X)
#undef X

    { "version", "", NULL, ctl_run_version, NULL, NULL,
      "of this tool and of the worker", NULL },
    { "help", "[COMMAND...]", NULL, ctl_run_help, NULL, NULL,
      "about a command", NULL },
    { NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL }
};
