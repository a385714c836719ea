/*
 * Twilio's answer to a send.  Facts: "Error and warning dictionary"
 * (twilio.com/docs/api/errors, a page for each code); an error is {"code",
 * "message", "more_info", "status"}.
 */

#include "channel/twilio.h"

#include "core/utf8.h"


#define TEXT_MAX  300
#define SECOND    1000
#define MINUTE    (60 * SECOND)

#define STOP      CX_VERDICT_REAUTHORIZE
#define WAIT      CX_VERDICT_RATE_LIMIT
#define RETRY     CX_VERDICT_RETRY
#define REFUSED   CX_VERDICT_REFUSED
#define UNKNOWN   CX_VERDICT_AMBIGUOUS


typedef struct {
    cx_str   sid;
    cx_str   state;
    cx_str   message;
    int64_t  code;          /* of an error, or error_code of a message */
} answer;

typedef struct {
    int64_t     from;
    int64_t     to;
    cx_verdict  verdict;
    int64_t     wait_ms;
} rule;


static void read_answer(cx_str body, cx_arena *a, answer *r);
static cx_verdict verdict_of_status(int status);
static const rule *rule_find(int64_t code);


static const rule  rules[] = {
    /* from   to     verdict  wait_ms */
    { 10001, 10001, STOP,    0      },      /* account is not active */
    { 14107, 14107, WAIT,    SECOND },      /* message rate exceeded */
    { 20001, 20002, REFUSED, 0      },      /* parameter */
    { 20003, 20008, STOP,    0      },      /* auth, suspended, test keys */
    { 20403, 20404, STOP,    0      },      /* forbidden, no such account */
    { 20409, 20409, RETRY,   0      },      /* conflict */
    { 20422, 20422, REFUSED, 0      },      /* parameter */
    { 20426, 20426, STOP,    0      },      /* TLS is required */
    { 20429, 20429, WAIT,    SECOND },      /* too many requests */
    { 20500, 20504, UNKNOWN, 0      },      /* Twilio's trouble */
    { 21211, 21219, REFUSED, 0      },      /* To or From is no number */
    { 21408, 21408, REFUSED, 0      },      /* country not enabled */
    { 21601, 21607, REFUSED, 0      },      /* From cannot; Body missing */
    { 21608, 21608, REFUSED, 0      },      /* trial: unverified number */
    { 21609, 21609, REFUSED, 0      },      /* StatusCallback is no URL */
    { 21610, 21610, REFUSED, 0      },      /* opted out: STOP */
    { 21611, 21611, WAIT,    MINUTE },      /* From's queue is full */
    { 21612, 21623, REFUSED, 0      },      /* route, landline, length */
    { 21654, 21658, REFUSED, 0      },      /* content, its variables */
    { 21701, 21712, REFUSED, 0      },      /* messaging service */
    { 21910, 21910, REFUSED, 0      },      /* To and From unlike channels */
    { 30001, 30001, WAIT,    MINUTE },      /* queue overflow */
    { 30002, 30002, STOP,    0      },      /* account suspended */
    { 30003, 30007, REFUSED, 0      },      /* unreachable, filtered */
    { 30034, 30035, REFUSED, 0      },      /* unregistered number */
    { 63001, 63001, STOP,    0      },      /* channel could not log in */
    { 63003, 63003, REFUSED, 0      },      /* no such WhatsApp user */
    { 63007, 63007, STOP,    0      },      /* no such sender */
    { 63013, 63013, REFUSED, 0      },      /* policy */
    { 63015, 63016, REFUSED, 0      },      /* sandbox, window closed */
    { 63018, 63018, WAIT,    SECOND },      /* channel's rate */
    { 63019, 63021, REFUSED, 0      },      /* media, invalid content */
    { 63024, 63024, REFUSED, 0      },      /* invalid recipient */
    { 63032, 63033, REFUSED, 0      },      /* user's limitation, blocked */
    { 63049, 63049, REFUSED, 0      },      /* Meta chose not to deliver */
};


void
cx_twilio_judge(const cx_http_res *res, cx_arena *a, cx_judgement *j)
{
    bool         failed;
    cx_str       piece;
    answer       r = { .code = 0 };
    const rule  *found;

    read_answer(res->body, a, &r);
    found = rule_find(r.code);
    failed = res->status < 300 && CX_STR_IS(r.state, "failed");

    if (res->status >= 200 && res->status < 300 && r.sid.len > 0
        && r.sid.len <= CX_MSG_ID_MAX && !failed)
    {
        *j = (cx_judgement) { .verdict = CX_VERDICT_ACCEPTED,
                              .provider_id = r.sid };
        return;
    }

    *j = (cx_judgement) {
        .verdict = found != NULL ? found->verdict
                   : failed ? REFUSED : verdict_of_status(res->status),
        .code = r.code,
        .text = r.code != 0 ? r.message
                : failed ? CX_STR("it failed at once, without a code")
                : cx_printf(a, "HTTP %d without a %s", res->status,
                            res->status < 300 ? "message SID"
                                              : "Twilio error"),
    };

    j->text = cx_utf8_split(&j->text, TEXT_MAX, &piece) ? piece : CX_NOSTR;

    /* What could not be read for want of memory is no reason to give up. */
    if (cx_arena_failed(a) && j->verdict != UNKNOWN) {
        j->verdict = res->status >= 300 && res->status < 500 ? RETRY
                                                             : UNKNOWN;
    }

    if (j->verdict == WAIT || j->verdict == RETRY) {
        j->wait_ms = cx_http_retry_after_ms(res);
        j->wait_ms = j->wait_ms > 0 || found == NULL ? j->wait_ms
                                                     : found->wait_ms;
    }
}


/* A cut body says nothing. */
static void
read_answer(cx_str body, cx_arena *a, answer *r)
{
    cx_str          key;
    answer          got = { .code = 0 };
    cx_json_reader  json;

    cx_json_open(&json, body, a);

    if (!cx_json_enter(&json, CX_JSON_OBJECT)) {
        return;
    }

    while (cx_json_key(&json, &key)) {
        if (CX_STR_IS(key, "sid")) {
            (void) cx_json_string(&json, &got.sid);

        } else if (CX_STR_IS(key, "status")) {
            (void) cx_json_string(&json, &got.state);

        } else if (CX_STR_IS(key, "code") || CX_STR_IS(key, "error_code")) {
            (void) cx_json_i64(&json, &got.code);

        } else if (CX_STR_IS(key, "message")
                   || CX_STR_IS(key, "error_message"))
        {
            (void) cx_json_string(&json, &got.message);

        } else {
            cx_json_skip(&json);
        }
    }

    if (cx_json_close(&json) == CX_OK) {
        *r = got;
    }
}


/* A 4xx proves that nothing was accepted, except 408: somebody between us
 * gave up waiting.  There is no idempotency key, so what broke behind the
 * front is not tried again. */
static cx_verdict
verdict_of_status(int status)
{
    switch (status) {

    case 401:
    case 403:
        return STOP;

    case 408:
        return UNKNOWN;

    case 429:
        return WAIT;

    default:
        return status >= 300 && status < 500 ? REFUSED : UNKNOWN;
    }
}


static const rule *
rule_find(int64_t code)
{
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        if (code >= rules[i].from && code <= rules[i].to) {
            return &rules[i];
        }
    }

    return NULL;
}
