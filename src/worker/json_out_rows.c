#include "worker/api_request.h"

#include "channel/channel.h"
#include "core/utf8.h"

#include <ctype.h>

#define DOTS     "\xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2"    /* three bullets */
#define MIDDLE   "\xc2\xb7"                                /* middle dot */


static void
out_credentials(cx_api_request *req, cx_str json)
{
    cx_json_name(&req->w, CX_STR("credentials"));
    cx_json_put_raw(&req->w, json.len > 0 ? json : CX_STR("{}"));
}


/* The members that are kept as JSON: those that have been set. */
static void
out_config(cx_api_request *req, cx_str config)
{
    cx_json_reader  r;
    cx_str          name, value;

    if (config.len == 0) {
        return;
    }

    cx_json_open(&r, config, req->arena);

    if (!cx_json_enter(&r, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(&r, &name) && cx_json_raw(&r, &value)) {
        cx_json_name(&req->w, name);
        cx_json_put_raw(&req->w, value);
    }
}


static void
out_int_or_null(cx_api_request *req, const char *name, int64_t n)
{
    if (n == 0) {
        cx_out_null(req, name);

    } else {
        cx_out_int(req, name, n);
    }
}


void
cx_out_agent_members(cx_api_request *req, const cx_agent_row *r)
{
    cx_out_str(req, "name", r->name);
    cx_out_str(req, "provider", r->provider);
    cx_out_str(req, "base_url", r->base_url);
    cx_out_str(req, "model", r->model);
    cx_out_str(req, "api_key_file", r->api_key_file);
    cx_out_str(req, "prompt", r->prompt);
    cx_out_str(req, "handoff", r->handoff);
    cx_out_real(req, "threshold", r->threshold);

    if (r->temperature < 0) {
        cx_out_null(req, "temperature");

    } else {
        cx_out_real(req, "temperature", r->temperature);
    }

    out_int_or_null(req, "max_tokens", r->max_tokens);
    cx_out_bool(req, "active", r->active);
    cx_out_str(req, "hours", r->hours);
    cx_out_str(req, "zone", r->zone);
    out_int_or_null(req, "review_timeout_ms", r->review_timeout_ms);
    cx_out_str(req, "review_on_timeout", r->review_on_timeout.len > 0
                                         ? r->review_on_timeout
                                         : CX_STR("wait"));
    out_config(req, r->config);
}


void
cx_out_agent(cx_api_request *req, const cx_agent_row *r)
{
    cx_out_open(req, NULL, '{');
    cx_out_id(req, "id", "ag", r->id);
    cx_out_agent_members(req, r);
    out_credentials(req, r->credentials);
    cx_out_time(req, "created_at", r->created_at);
    cx_out_time(req, "updated_at", r->updated_at);
    cx_out_close(req, '}');
}


void
cx_out_channel(cx_api_request *req, const cx_channel_row *r, cx_str agent)
{
    cx_out_open(req, NULL, '{');
    cx_out_id(req, "id", "ch", r->id);
    cx_out_str(req, "name", r->name);
    cx_out_str(req, "type", r->type);
    cx_out_str(req, "account", r->account);

    if (agent.len == 0) {
        cx_out_null(req, "agent");

    } else {
        cx_out_str(req, "agent", agent);
    }

    cx_out_str(req, "token_file", r->token_file);
    out_credentials(req, r->credentials);
    cx_out_str(req, "base_url", r->base_url);
    cx_json_name(&req->w, CX_STR("settings"));
    cx_json_put_raw(&req->w, r->settings.len > 0 ? r->settings
                                                 : CX_STR("{}"));
    cx_out_bool(req, "active", r->active);
    cx_out_str(req, "health", r->health.len > 0 ? r->health : CX_STR("ok"));
    cx_out_str(req, "health_text", r->health_text);
    cx_out_time(req, "created_at", r->created_at);
    cx_out_time(req, "updated_at", r->updated_at);
    cx_out_capabilities(req, r);
    cx_out_str(req, "webhook_path",
               cx_concat(req->arena, CX_STR("/hooks/"), r->name));
    cx_out_close(req, '}');
}


/* --- who it is, without the number --------------------------------------- */

/* Digits of the country code: 1 and 7 stand alone, these have two, all others
 * three (E.164). */
static size_t
country_len(cx_str digits)
{
    static const char  two[] = "20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 "
                               "47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 "
                               "64 65 66 81 82 84 86 90 91 92 93 94 95 98";

    if (digits.len < 2 || digits.p[0] == '1' || digits.p[0] == '7') {
        return 1;
    }

    return cx_str_find(CX_STR(two), cx_str_sub(digits, 0, 2)) != SIZE_MAX
               ? 2 : 3;
}


static cx_str
last(cx_str s, size_t n)
{
    return s.len <= n ? s : cx_str_sub(s, s.len - n, n);
}


/* "+1 ... ... 4821"; a short number shows nothing of itself. */
cx_str
cx_out_mask_phone(cx_api_request *req, cx_str phone)
{
    cx_str  digits, country;

    if (phone.len == 0) {
        return CX_NOSTR;
    }

    digits = cx_str_starts(phone, CX_STR("+"))
                 ? cx_str_sub(phone, 1, phone.len) : phone;

    if (digits.len < 9) {
        return CX_STR("+" DOTS " " DOTS);
    }

    country = cx_str_sub(digits, 0, country_len(digits));
    return cx_printf(req->arena, "+%.*s " DOTS " " DOTS " %.*s",
                     CX_ARG(country), CX_ARG(last(digits, 4)));
}


/* A profile may be named like its number. */
static bool
looks_like_number(cx_str s)
{
    size_t  digits = 0;

    for (size_t i = 0; i < s.len; i++) {
        if (isdigit((unsigned char) s.p[i])) {
            digits++;

        } else if (isalpha((unsigned char) s.p[i])
                   || (unsigned char) s.p[i] >= 0x80)
        {
            return false;
        }
    }

    return digits >= 6;
}


static cx_str
display(cx_api_request *req, const cx_conversation_row *r)
{
    cx_str  name = cx_str_trim(r->name);

    if (r->username.len > 0 && !looks_like_number(r->username)) {
        return cx_printf(req->arena, "@%.*s", CX_ARG(r->username));
    }

    if (name.len > 0 && !looks_like_number(name)) {
        return name;
    }

    if (r->phone.len > 0) {
        return cx_out_mask_phone(req, r->phone);
    }

    return cx_printf(req->arena, "user " MIDDLE "%.*s",
                     CX_ARG(last(r->peer, 4)));
}


void
cx_out_conversation(cx_api_request *req, const cx_conversation_row *r)
{
    cx_out_open(req, NULL, '{');
    cx_out_id(req, "id", "cv", r->id);
    cx_out_str(req, "channel", r->channel);
    cx_out_id(req, "customer", "cu", r->customer_id);
    cx_out_id(req, "identity", "cu", r->identity_id);
    cx_out_str(req, "display", display(req, r));

    if (r->phone.len > 0) {
        cx_out_str(req, "phone_masked", cx_out_mask_phone(req, r->phone));

    } else {
        cx_out_null(req, "phone_masked");
    }

    cx_out_str(req, "state", r->archived_at != 0 ? CX_STR("archived")
                                                 : r->state);

    if (r->agent.len > 0) {
        cx_out_str(req, "agent", r->agent);

    } else {
        cx_out_null(req, "agent");
    }

    cx_out_bool(req, "assigned", r->agent_id != CX_BY_RULES);
    cx_out_time(req, "last_at", r->last_at);
    cx_out_str(req, "last_text", r->last_text);
    cx_out_int(req, "messages", r->messages);
    cx_out_str(req, "bot", r->opted_out_at != 0 || r->taken_by.len > 0
                           || r->quiet_until > req->now_ms
                           ? CX_STR("off") : CX_STR("on"));
    cx_out_time(req, "quiet_until", r->quiet_until);

    if (r->taken_by.len > 0) {
        cx_out_str(req, "taken_by", r->taken_by);

    } else {
        cx_out_null(req, "taken_by");
    }

    cx_out_time(req, "taken_at", r->taken_at);
    cx_out_time(req, "opted_out_at", r->opted_out_at);
    cx_out_time(req, "closed_at", r->closed_at);
    cx_out_time(req, "archived_at", r->archived_at);
    cx_out_time(req, "created_at", r->created_at);
    cx_out_close(req, '}');
}


static void
out_error(cx_api_request *req, const cx_message_row *r)
{
    if (r->error_code == 0 && r->error_text.len == 0) {
        cx_out_null(req, "error");
        return;
    }

    cx_out_open(req, "error", '{');
    cx_out_int(req, "code", r->error_code);
    cx_out_str(req, "text", r->error_text);
    cx_out_close(req, '}');
}


/* Why nothing came of a message; in the event's own JSON, or empty. */
static cx_str
ignored(cx_api_request *req, const cx_message_row *r)
{
    cx_str          key, reason = CX_NOSTR;
    cx_json_reader  j;

    if (cx_str_find(r->meta, CX_STR("\"ignored\"")) == SIZE_MAX) {
        return CX_NOSTR;
    }

    cx_json_open(&j, r->meta, req->arena);

    if (cx_json_enter(&j, CX_JSON_OBJECT)) {
        while (cx_json_key(&j, &key)) {
            if (CX_STR_IS(key, "ignored")) {
                (void) cx_json_string(&j, &reason);

            } else {
                cx_json_skip(&j);
            }
        }
    }

    return cx_json_close(&j) == CX_OK ? reason : CX_NOSTR;
}


/* As PLAN wrote it. */
static void
out_sources(cx_api_request *req, cx_str json)
{
    cx_json_name(&req->w, CX_STR("sources"));
    cx_json_put_raw(&req->w, json.len > 0 ? json : CX_STR("[]"));
}


void
cx_out_message(cx_api_request *req, const cx_message_row *r)
{
    const cx_str  why_not = ignored(req, r);

    cx_out_open(req, NULL, '{');
    cx_out_id(req, "id", "ms", r->id);
    cx_out_id(req, "conversation", "cv", r->conversation_id);
    cx_out_str(req, "channel", r->channel);
    cx_out_str(req, "direction",
               cx_str_eq(r->author, CX_STR("customer")) ? CX_STR("in")
                                                        : CX_STR("out"));
    cx_out_str(req, "author", r->author);
    cx_out_str(req, "content", r->content);
    cx_out_str(req, "text", r->text);
    cx_out_str(req, "provider_id", r->provider_id);
    cx_out_str(req, "reply_to", r->reply_to);
    cx_out_str(req, "state", r->state);

    if (why_not.len > 0) {
        cx_out_str(req, "ignored", why_not);

    } else {
        cx_out_null(req, "ignored");
    }

    cx_out_int(req, "attempts", r->attempts);
    out_error(req, r);
    cx_out_str(req, "event", r->event);
    cx_out_id(req, "turn", "tn", r->turn_id);
    cx_out_int(req, "part", r->part);
    cx_out_time(req, "provider_at", r->provider_ts);
    cx_out_time(req, "received_at", r->received_at);
    cx_out_time(req, "created_at", r->created_at);
    cx_out_time(req, "sending_at", r->sending_at);
    cx_out_time(req, "accepted_at", r->accepted_at);
    cx_out_time(req, "delivered_at", r->delivered_at);
    cx_out_time(req, "read_at", r->read_at);
    cx_out_evidence(req, r->evidence, false);

    if (r->label.len > 0) {
        cx_out_str(req, "label", r->label);

    } else {
        cx_out_null(req, "label");
    }

    out_sources(req, r->sources);

    cx_out_close(req, '}');
}


const char *
cx_api_review_stale(const cx_api_request *req, const cx_review_row *r)
{
    const cx_channel   *type = cx_channel_sender(r->channel_type);
    const cx_caps      *caps = type != NULL
                               ? cx_channel_caps(type, r->account) : NULL;
    const cx_govern_in  in = {
        .caps = caps,
        .out = &(cx_out) { .kind = CX_OUT_TEXT },
        .now_ms = req->now_ms,
        .last_in_ms = r->last_in_at,
    };

    return r->spoken ? "person" : r->newer ? "newer_message"
           : caps != NULL && cx_govern(&in).word != CX_GOVERN_ALLOW
           ? "window_closed" : NULL;
}


static void
out_stale(cx_api_request *req, const cx_review_row *r)
{
    const char  *why = CX_STR_IS(r->state, "waiting")
                       ? cx_api_review_stale(req, r) : NULL;

    if (why == NULL) {
        cx_out_null(req, "stale");

    } else {
        cx_out_str(req, "stale", cx_strz(why));
    }
}


void
cx_out_review(cx_api_request *req, const cx_review_row *r)
{
    cx_out_open(req, NULL, '{');
    cx_out_id(req, "id", "rv", r->id);
    cx_out_id(req, "conversation", "cv", r->conversation_id);
    cx_out_str(req, "agent", r->agent);
    cx_out_str(req, "channel", r->channel);
    cx_out_str(req, "question", r->question);
    cx_out_str(req, "draft", r->draft);
    cx_out_real(req, "confidence", r->confidence);
    cx_out_str(req, "reason", r->reason);
    cx_out_str(req, "state", r->state);
    cx_out_time(req, "created_at", r->created_at);
    cx_out_time(req, "decided_at", r->decided_at);
    cx_out_str(req, "who", r->who);
    cx_out_str(req, "why", r->why);
    out_stale(req, r);

    if (r->claimed_until > req->now_ms) {
        cx_out_str(req, "claimed_by", r->claimed_by);
        cx_out_time(req, "claimed_until", r->claimed_until);

    } else {
        cx_out_null(req, "claimed_by");
        cx_out_null(req, "claimed_until");
    }

    cx_out_time(req, "expired_at", r->expired_at);
    cx_out_evidence(req, r->evidence, true);
    out_sources(req, r->sources);
    cx_out_close(req, '}');
}


/* ref is a message's or a turn's, by kind; an event has none. */
void
cx_out_dead(cx_api_request *req, const cx_dead_row *r)
{
    cx_out_open(req, NULL, '{');
    cx_out_id(req, "id", "dl", r->id);
    cx_out_str(req, "kind", r->kind);
    cx_out_str(req, "channel", r->channel);
    cx_out_id(req, "ref", cx_str_eq(r->kind, CX_STR("turn")) ? "tn" : "ms",
              r->ref);
    cx_out_str(req, "reason", r->reason);
    cx_out_str(req, "text", r->text);
    cx_out_str(req, "state", r->state);
    cx_out_time(req, "created_at", r->created_at);
    cx_out_close(req, '}');
}


void
cx_out_knowledge(cx_api_request *req, const cx_knowledge_row *r)
{
    cx_out_open(req, NULL, '{');
    cx_out_id(req, "id", "kf", r->id);
    cx_out_str(req, "name", r->name);
    cx_out_int(req, "bytes", r->bytes);
    cx_out_int(req, "chunks", r->chunks);
    cx_out_str(req, "state", cx_strz(cx_file_state_word(r->state)));
    cx_out_int(req, "progress", r->state == CX_FILE_READY ? 100
                                : 100 * r->done / (r->chunks + r->terms + 1));

    if (r->error.len > 0) {
        cx_out_str(req, "error", r->error);
    }

    cx_out_str(req, "encoding", r->encoding);
    cx_out_str(req, "embed_model", r->embed_model);
    cx_out_int(req, "embedded", r->embedded);
    cx_out_time(req, "created_at", r->created_at);
    cx_out_close(req, '}');
}


void
cx_out_hit(cx_api_request *req, const cx_hit_row *r)
{
    cx_out_open(req, NULL, '{');
    cx_out_real(req, "score", r->score);
    cx_out_str(req, "source", r->source);
    cx_out_int(req, "position", r->position);
    cx_out_str(req, "question", r->question);
    cx_out_str(req, "text", r->text);
    cx_out_close(req, '}');
}
