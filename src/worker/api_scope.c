#include "worker/api_scope.h"

typedef enum {
#define X(name)  SCOPE_##name,
    CX_SCOPES(X)
#undef X
    SCOPES
} scope;

_Static_assert(2 * SCOPES <= 32, "two bits for each");

static const cx_str  names[SCOPES] = {
#define X(name)  CX_STR_INIT(#name),
    CX_SCOPES(X)
#undef X
};

#define READ(name)   (UINT32_C(1) << (2 * SCOPE_##name))
#define WRITE(name)  (UINT32_C(3) << (2 * SCOPE_##name))

#define VIEWS                                                                 \
    (READ(channels) | READ(agents) | READ(knowledge) | READ(conversations)    \
     | READ(reviews) | READ(customers) | READ(templates))

#define SERVES                                                                \
    (VIEWS | WRITE(conversations) | WRITE(reviews) | WRITE(customers))

static const struct {
    cx_str     word;
    cx_scopes  scopes;
} roles[CX_ROLE_COUNT] = {
    [CX_ROLE_VIEWER] = { CX_STR_INIT("viewer"), VIEWS },
    [CX_ROLE_AGENT]  = { CX_STR_INIT("agent"),  SERVES },
    [CX_ROLE_ADMIN]  = { CX_STR_INIT("admin"),
                         CX_SCOPES_ALL & ~WRITE(admin) },
    [CX_ROLE_OWNER]  = { CX_STR_INIT("owner"),  CX_SCOPES_ALL },
};


const char *
cx_role_word(cx_role role)
{
    return roles[role].word.p;
}


bool
cx_role_parse(cx_str word, cx_role *role)
{
    for (int i = 0; i < CX_ROLE_COUNT; i++) {
        if (cx_str_eq(roles[i].word, word)) {
            *role = (cx_role) i;
            return true;
        }
    }

    return false;
}


cx_scopes
cx_role_scopes(cx_role role, bool of_installation)
{
    return of_installation ? roles[role].scopes
                           : roles[role].scopes & ~WRITE(admin);
}


/* "agents:write"; 0 when it is none. */
static cx_scopes
parse_one(cx_str word)
{
    cx_str  name;

    (void) cx_str_split(&word, ':', &name);

    for (int i = 0; i < SCOPES; i++) {
        if (cx_str_eq(names[i], name)) {
            return CX_STR_IS(word, "read") ? UINT32_C(1) << (2 * i)
                   : CX_STR_IS(word, "write") ? UINT32_C(3) << (2 * i) : 0;
        }
    }

    return 0;
}


bool
cx_scopes_parse(cx_str words, cx_scopes *out, cx_str *bad)
{
    cx_scopes  one, all = 0;
    cx_str     word;

    while (cx_str_split(&words, ' ', &word)) {
        if (word.len == 0) {
            continue;
        }

        one = parse_one(word);

        if (one == 0) {
            *bad = word;
            return false;
        }

        all |= one;
    }

    *out = all;
    return true;
}


cx_str
cx_scopes_text(cx_scopes scopes, cx_arena *a)
{
    cx_buf  b;

    cx_buf_init(&b, a, 64, 1024);

    for (int i = 0; i < SCOPES; i++) {
        const cx_scopes  bits = scopes >> (2 * i) & 3;

        if (bits == 0) {
            continue;
        }

        if (b.len > 0) {
            cx_buf_byte(&b, ' ');
        }

        cx_buf_add(&b, names[i]);
        cx_buf_add(&b, bits == 3 ? CX_STR(":write") : CX_STR(":read"));
    }

    return cx_buf_str(&b);
}
