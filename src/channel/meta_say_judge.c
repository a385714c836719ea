/*
 * What became of a send.  Facts: Messenger Platform, "Common error codes";
 * Graph API, "Page messages" (its table of errors).
 */

#include "channel/meta_messaging.h"


#define ID_MAX      32
#define MINUTE      (60 * 1000)

#define STOP        CX_VERDICT_REAUTHORIZE
#define WAIT        CX_VERDICT_RATE_LIMIT
#define RETRY       CX_VERDICT_RETRY
#define REFUSED     CX_VERDICT_REFUSED
#define UNSURE      CX_VERDICT_AMBIGUOUS


typedef struct {
    cx_str  recipient;
    cx_str  message;
} say_answer;

static const char *const  hosts[] = {
    ".fbcdn.net", ".fbsbx.com", ".cdninstagram.com", NULL
};

/* The first that fits decides: those of a subcode stand before their code. */
static const cx_meta_rule  rules[] = {
    /* from  to     verdict  wait_ms    subcode */
    { 0,     0,     STOP,    0,         0       },  /* no token */
    { 1,     1,     UNSURE,  0,         1357046 },  /* sent all the same */
    { 1,     2,     RETRY,   0,         0       },  /* unknown, down */
    { 3,     3,     STOP,    0,         0       },  /* capability */
    { 4,     4,     REFUSED, 0,         2018354 },  /* marketing frequency */
    { 4,     4,     WAIT,    MINUTE,    0       },  /* app's call limit */
    { 9,     9,     WAIT,    MINUTE,    0       },  /* too many actions */
    { 10,    10,    REFUSED, 0,         2018278 },  /* outside the window */
    { 10,    10,    REFUSED, 0,         2018065 },  /* outside the window */
    { 10,    10,    REFUSED, 0,         2534022 },  /* outside the window */
    { 10,    10,    REFUSED, 0,         2018108 },  /* person refuses it */
    { 10,    10,    STOP,    0,         0       },  /* permission, page */
    { 17,    17,    WAIT,    MINUTE,    0       },  /* user's call limit */
    { 32,    32,    WAIT,    MINUTE,    0       },  /* page's call limit */
    { 33,    33,    REFUSED, 0,         0       },  /* no such object */
    { 100,   100,   REFUSED, 0,         0       },  /* no such person ... */
    { 190,   190,   STOP,    0,         0       },  /* token expired */
    { 200,   200,   REFUSED, 0,         1545041 },  /* not available */
    { 200,   299,   STOP,    0,         0       },  /* permission */
    { 368,   368,   STOP,    0,         0       },  /* blocked: policy */
    { 551,   551,   REFUSED, 0,         0       },  /* not available */
    { 613,   613,   WAIT,    MINUTE,    0       },  /* rate */
    { 1200,  1200,  RETRY,   0,         0       },  /* temporary */
    { 2022,  2022,  STOP,    0,         0       },  /* commerce disabled */
    { 10900, 10900, REFUSED, 0,         0       },  /* replied already */
    { 10903, 10903, REFUSED, 0,         0       },  /* cannot reply to it */
    { 10904, 10904, STOP,    0,         0       },  /* messages disabled */
    { 80001, 80006, WAIT,    MINUTE,    0       },  /* account's limit */
};


/* A message has an id.  The answer to an action (seen, typing, a reaction)
 * only names the person: accepted, and nothing speaks of it later. */
void
cx_meta_messaging_judge(const cx_http_res *res, cx_arena *a, cx_judgement *j)
{
    static const cx_meta_field  fields[] = {
        CX_META_FIELD("recipient_id", say_answer, recipient),
        CX_META_FIELD("message_id",   say_answer, message),
    };

    say_answer      answer = { .message = CX_NOSTR };
    cx_json_reader  r;

    if (res->status >= 200 && res->status < 300) {
        cx_json_open(&r, res->body, a);

        if (CX_META_TAKE(&r, &answer, fields) && cx_json_close(&r) == CX_OK
            && (answer.message.len > 0 || answer.recipient.len > 0)
            && answer.message.len <= CX_MSG_ID_MAX)
        {
            *j = (cx_judgement) { .verdict = CX_VERDICT_ACCEPTED,
                                  .provider_id = answer.message };
            return;
        }
    }

    cx_meta_judge(res, rules, sizeof(rules) / sizeof(rules[0]), a, j);
}


cx_err
cx_meta_messaging_fetch(const cx_sender *from, const cx_media_ref *media,
    cx_arena *a, cx_http_req *req)
{
    return cx_meta_place_ok(media->url, from->base_url, hosts)
           ? cx_meta_get(from, media->url, false, a, req) : CX_INVALID;
}


bool
cx_meta_is_file(cx_str url)
{
    return cx_meta_place_ok(url, CX_NOSTR, hosts);
}


bool
cx_meta_id_ok(cx_str id)
{
    for (size_t i = 0; i < id.len; i++) {
        if (id.p[i] < '0' || id.p[i] > '9') {
            return false;
        }
    }

    return id.len > 0 && id.len <= ID_MAX;
}
