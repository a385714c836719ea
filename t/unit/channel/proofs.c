/* What a message proves of who wrote it, by its channel. */

#include "unit/tap.h"

#include "channel/proofs.h"

#define PHONE  "+4915112345678"
#define EMAIL  "{\"verified_email\":\"Ada@Example.com\"}"


static cx_msg
message(const char *peer)
{
    return (cx_msg) {
        .kind = CX_STR("message"), .peer = cx_strz(peer),
        .phone = CX_STR(PHONE), .extra = CX_STR(EMAIL),
    };
}


/* phone, email, visitor; "-" for nothing. */
static void
is_proof(cx_arena *a, const char *type, const cx_msg *m, const char *want,
    const char *name)
{
    cx_buf     b;
    cx_proofs  p;

    cx_channel_proofs(cx_channel_sender(cx_strz(type)), m, a, &p);
    cx_buf_init(&b, a, 64, 256);

    for (size_t i = 0; i < CX_PROOF_COUNT; i++) {
        cx_buf_printf(&b, "%s%.*s", i > 0 ? " " : "",
                      CX_ARG(p.value[i].len > 0 ? p.value[i] : CX_STR("-")));
    }

    tap_is_str(cx_buf_str(&b), cx_strz(want), name);
}


int
main(void)
{
    cx_arena  *a = cx_arena_new(65536);
    cx_msg     m = message("u:7");

    is_proof(a, "whatsapp", &m, PHONE " - -", "WhatsApp: the number");
    is_proof(a, "twilio", &m, PHONE " - -", "Twilio: the number");
    is_proof(a, "rcs", &m, PHONE " - -", "RCS: the number");
    is_proof(a, "instagram", &m, "- - -", "Instagram: nothing");
    is_proof(a, "messenger", &m, "- - -", "Messenger: nothing");
    is_proof(a, "google_business", &m, "- - -", "a closed one: nothing");
    is_proof(a, "email", &m, "- ada@example.com -", "a verified address");
    is_proof(a, "webchat", &m, "- ada@example.com 7", "what the site signed");
    is_proof(a, "nothing", &m, "- - -", "no such channel");

    m.extra = CX_STR("{\"to\":\"x\"}");
    is_proof(a, "email", &m, "- - -", "one that nobody has checked");
    m.peer = CX_STR("0123456789abcdef");
    is_proof(a, "webchat", &m, "- - -", "a visitor nobody knows");
    m.extra = CX_STR("{\"a\":{\"verified_email\":\"a@b\"}}");
    is_proof(a, "email", &m, "- - -", "it stands somewhere else");
    m.extra = CX_STR("{\"verified_email\":\"a@b\"");
    is_proof(a, "email", &m, "- - -", "broken");

    m = message("u:7");
    m.kind = CX_STR("echo");
    is_proof(a, "whatsapp", &m, "- - -", "an echo");
    m.kind = CX_STR("message");
    m.group = CX_STR("g1");
    is_proof(a, "whatsapp", &m, "- - -", "a group");

    cx_arena_free(a);
    return tap_done();
}
