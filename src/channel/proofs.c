#include "channel/proofs.h"

#include "core/json.h"

#define USER  "u:"        /* a peer of the website chat that the site knows */


static cx_str
verified_email(cx_str extra, cx_arena *a)
{
    cx_str          key, email = CX_NOSTR;
    cx_json_reader  r;

    if (cx_str_find(extra, CX_STR(CX_VERIFIED_EMAIL)) == SIZE_MAX) {
        return CX_NOSTR;
    }

    cx_json_open(&r, extra, a);

    if (!cx_json_enter(&r, CX_JSON_OBJECT)) {
        return CX_NOSTR;
    }

    while (cx_json_key(&r, &key)) {
        if (CX_STR_IS(key, CX_VERIFIED_EMAIL)) {
            (void) cx_json_string(&r, &email);
        }
    }

    return cx_json_close(&r) == CX_OK ? cx_proof_email(a, email) : CX_NOSTR;
}


static cx_str
visitor(cx_str peer)
{
    return cx_str_starts(peer, CX_STR(USER))
           ? cx_str_sub(peer, sizeof(USER) - 1, peer.len) : CX_NOSTR;
}


/* An echo is said by one of us, a group is nobody. */
void
cx_channel_proofs(const cx_channel *ch, const cx_msg *m, cx_arena *a,
    cx_proofs *out)
{
    *out = (cx_proofs) { .value = { CX_NOSTR } };

    if (ch == NULL || !CX_STR_IS(m->kind, "message") || m->group.len > 0) {
        return;
    }

    if (ch->proves & CX_PROOF_BIT(PHONE)) {
        out->value[CX_PROOF_PHONE] = cx_proof_phone(a, m->phone);
    }

    if (ch->proves & CX_PROOF_BIT(EMAIL)) {
        out->value[CX_PROOF_EMAIL] = verified_email(m->extra, a);
    }

    if (ch->proves & CX_PROOF_BIT(VISITOR)) {
        out->value[CX_PROOF_VISITOR] = visitor(m->peer);
    }
}
