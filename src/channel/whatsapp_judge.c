/*
 * The Cloud API's answer to a send.  Facts: WhatsApp Cloud API, "Error codes".
 */

#include "channel/whatsapp.h"


#define SECOND      1000
#define MINUTE      (60 * SECOND)
#define HOUR        (60 * MINUTE)

#define STOP        CX_VERDICT_REAUTHORIZE
#define WAIT        CX_VERDICT_RATE_LIMIT
#define RETRY       CX_VERDICT_RETRY
#define REFUSED     CX_VERDICT_REFUSED


static cx_str message_id(cx_str body, cx_arena *a);
static cx_str first_id(cx_json_reader *r);


/*
 * "Error codes", the columns code and "possible reasons and solutions".
 * Throttling comes as HTTP 400 and permission 3 as 500: the code decides.
 */
static const cx_meta_rule  rules[] = {
    /* from     to        verdict   wait_ms    subcode */
    { 0,       0,        STOP,     0         , 0 },  /* auth exception */
    { 1,       2,        RETRY,    0         , 0 },  /* unknown, down */
    { 3,       3,        STOP,     0         , 0 },  /* capability */
    { 4,       4,        WAIT,     MINUTE    , 0 },  /* app's call limit */
    { 10,      10,       STOP,     0         , 0 },  /* permission */
    { 33,      33,       REFUSED,  0         , 0 },  /* no such number id */
    { 100,     100,      REFUSED,  0         , 0 },  /* bad parameter */
    { 190,     190,      STOP,     0         , 0 },  /* token expired */
    { 200,     299,      STOP,     0         , 0 },  /* permission */
    { 368,     368,      STOP,     0         , 0 },  /* blocked: policy */
    { 80007,   80007,    WAIT,     MINUTE    , 0 },  /* account's limit */
    { 130429,  130429,   WAIT,     SECOND    , 0 },  /* throughput */
    { 130472,  130472,   REFUSED,  0         , 0 },  /* in an experiment */
    { 130497,  130497,   STOP,     0         , 0 },  /* country restricted */
    { 131000,  131000,   RETRY,    0         , 0 },  /* went wrong */
    { 131005,  131005,   STOP,     0         , 0 },  /* access denied */
    { 131008,  131009,   REFUSED,  0         , 0 },  /* parameter */
    { 131016,  131016,   RETRY,    0         , 0 },  /* unavailable */
    { 131021,  131021,   REFUSED,  0         , 0 },  /* to ourselves */
    { 131026,  131026,   REFUSED,  0         , 0 },  /* undeliverable */
    { 131030,  131030,   REFUSED,  0         , 0 },  /* not in test list */
    { 131031,  131031,   STOP,     0         , 0 },  /* account locked */
    { 131037,  131037,   STOP,     0         , 0 },  /* display name */
    { 131042,  131042,   STOP,     0         , 0 },  /* payment */
    { 131045,  131045,   STOP,     0         , 0 },  /* not registered */
    { 131047,  131047,   REFUSED,  0         , 0 },  /* 24 h are over */
    { 131048,  131048,   WAIT,     HOUR      , 0 },  /* spam limit */
    { 131049,  131051,   REFUSED,  0         , 0 },  /* cap, opt-out, type */
    { 131052,  131053,   REFUSED,  0         , 0 },  /* media */
    { 131055,  131055,   REFUSED,  0         , 0 },  /* template */
    { 131056,  131056,   WAIT,     6 * SECOND, 0 },  /* pair rate */
    { 131057,  131057,   WAIT,     MINUTE    , 0 },  /* maintenance */
    { 131062,  131063,   REFUSED,  0         , 0 },  /* user id refused */
    { 131064,  131064,   WAIT,     MINUTE    , 0 },  /* template held */
    { 132000,  132099,   REFUSED,  0         , 0 },  /* templates, flows */
    { 133000,  133000,   RETRY,    0         , 0 },  /* deregistering */
    { 133004,  133004,   RETRY,    0         , 0 },  /* unavailable */
    { 133010,  133010,   STOP,     0         , 0 },  /* not registered */
    { 133016,  133016,   WAIT,     HOUR      , 0 },  /* registrations */
    { 134100,  134102,   REFUSED,  0         , 0 },  /* templates */
    { 135000,  135000,   REFUSED,  0         , 0 },  /* parameter */
    { 137000,  137000,   REFUSED,  0         , 0 },  /* identity changed */
    { 2494100, 2494100,  RETRY,    0         , 0 },  /* maintenance */
};


/*
 * A receipt's answer is {"success": true}: it names nothing and nothing hangs
 * on it, so it is judged as any 200 without an id.
 */
void
cx_wa_judge(const cx_http_res *res, cx_arena *a, cx_judgement *j)
{
    cx_str  id;

    if (res->status >= 200 && res->status < 300) {
        id = message_id(res->body, a);

        if (id.len > 0 && id.len <= CX_MSG_ID_MAX) {
            *j = (cx_judgement) { .verdict = CX_VERDICT_ACCEPTED,
                                  .provider_id = id };
            return;
        }
    }

    cx_meta_judge(res, rules, sizeof(rules) / sizeof(rules[0]), a, j);
}


/* messages[0].id, or empty; a cut body has none. */
static cx_str
message_id(cx_str body, cx_arena *a)
{
    cx_str          key, id = CX_NOSTR;
    cx_json_reader  r;

    cx_json_open(&r, body, a);

    if (!cx_json_enter(&r, CX_JSON_OBJECT)) {
        return CX_NOSTR;
    }

    while (cx_json_key(&r, &key)) {
        if (CX_STR_IS(key, "messages")) {
            id = first_id(&r);

        } else {
            cx_json_skip(&r);
        }
    }

    return cx_json_close(&r) == CX_OK ? id : CX_NOSTR;
}


static cx_str
first_id(cx_json_reader *r)
{
    cx_str  key, id = CX_NOSTR;

    if (!cx_json_into(r, CX_JSON_ARRAY) || !cx_json_item(r)) {
        return CX_NOSTR;
    }

    if (cx_json_into(r, CX_JSON_OBJECT)) {
        while (cx_json_key(r, &key)) {
            if (CX_STR_IS(key, "id")) {
                (void) cx_json_string(r, &id);

            } else {
                cx_json_skip(r);
            }
        }
    }

    while (cx_json_item(r)) {
        cx_json_skip(r);
    }

    return id;
}
