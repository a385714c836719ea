/* What a confidence was made of, as the record has it (ai/score.c). */

#include "worker/api_request.h"


typedef struct {
    cx_str  reasons;
    cx_str  confidence;
    cx_str  signals;
} evidence;


static evidence read_of(cx_api_request *req, cx_str json);
static void put(cx_api_request *req, const char *name, cx_str raw);


void
cx_out_evidence(cx_api_request *req, cx_str json, bool signals)
{
    const evidence  e = read_of(req, json);

    put(req, "reasons", e.reasons);

    if (signals) {
        put(req, "signals", e.signals);

    } else {
        put(req, "confidence", e.confidence);
    }
}


/* What cannot be read is not there. */
static evidence
read_of(cx_api_request *req, cx_str json)
{
    cx_str          key;
    evidence        e = { .reasons = CX_NOSTR };
    cx_json_reader  j;

    if (json.len == 0) {
        return e;
    }

    cx_json_open(&j, json, req->arena);

    if (cx_json_enter(&j, CX_JSON_OBJECT)) {
        while (cx_json_key(&j, &key)) {
            (void) cx_json_raw(&j, CX_STR_IS(key, "reasons") ? &e.reasons
                                   : CX_STR_IS(key, "confidence")
                                   ? &e.confidence : &e.signals);
        }
    }

    return cx_json_close(&j) == CX_OK
           ? e : (evidence) { .reasons = CX_NOSTR };
}


static void
put(cx_api_request *req, const char *name, cx_str raw)
{
    if (raw.len == 0) {
        cx_out_null(req, name);
        return;
    }

    cx_json_name(&req->w, cx_strz(name));
    cx_json_put_raw(&req->w, raw);
}
