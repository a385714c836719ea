#include "ai/policy.h"

#include "ai/evidence.h"
#include "ai/policy_rules.h"
#include "core/utf8.h"


static const struct {
    const char  *word;
    const char  *why;
} names[] = {
#define X(name, word, why)  [CX_POLICY_##name] = { word, why },
    CX_POLICIES(X)
#undef X
};

/* What is looked at in a text, each by a file of its own. */
static bool (*const rules[CX_POLICY_COUNT])(const cx_policy_case *c) = {
    [CX_POLICY_LINK] = cx_policy_link,
    [CX_POLICY_AMOUNT] = cx_policy_amount,
    [CX_POLICY_CONTACT] = cx_policy_contact,
    [CX_POLICY_ACCOUNT] = cx_policy_account,
    [CX_POLICY_PROMPT] = cx_policy_prompt,
    [CX_POLICY_PROMISE] = cx_policy_promise,
    [CX_POLICY_MARK] = cx_policy_mark,
};


/* Judged before it is cleaned: a picture that is taken out has still been an
 * attempt to fetch something. */
cx_err
cx_policy_check(const cx_ai_prompt *p, cx_str answer, cx_arena *a,
    cx_policy *out)
{
    cx_policy_case  c = { .prompt = p, .arena = a };

    *out = (cx_policy) { .hits = 0 };
    c.answer = cx_plain_digits(a, cx_utf8_clean(a, answer));

    if (!cx_sources_of(p, a, &c.sources)) {
        return CX_NOMEM;
    }

    for (size_t i = 0; i < CX_POLICY_COUNT; i++) {
        if (rules[i](&c)) {
            out->hits |= 1u << i;
        }
    }

    out->text = cx_policy_clean(a, answer);
    out->cleaned = !cx_str_eq(out->text, answer);

    return cx_arena_failed(a) ? CX_NOMEM : CX_OK;
}


const char *
cx_policy_word(cx_policy_name name)
{
    return name < CX_POLICY_COUNT ? names[name].word : "unknown";
}


const char *
cx_policy_why(cx_policy_name name)
{
    return name < CX_POLICY_COUNT ? names[name].why : "";
}


/* A template's tokens and our marks: a model that shows them is not itself. */
bool
cx_policy_mark(const cx_policy_case *c)
{
    const cx_str  mark = c->prompt->report_mark;

    return (mark.len > 0 && cx_str_find(c->answer, mark) != SIZE_MAX)
           || cx_str_find(c->answer, CX_STR("<|")) != SIZE_MAX
           || cx_str_find(c->answer, CX_STR("</think>")) != SIZE_MAX
           || cx_str_find(c->answer, CX_STR("[INST]")) != SIZE_MAX;
}
