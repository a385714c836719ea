/*
 * What may leave, whatever the model says: enforced here, not asked for in a
 * prompt.  Messages and knowledge are data, and a text that talks the model
 * into something meets this afterwards.
 *
 * A hit holds the answer back for a person.  What is harmless once it is taken
 * out (marks of a page, pictures, characters nobody sees) is taken out.
 *
 * Sources are the agent's prompt, its facts, the knowledge at hand, what its
 * tools said and what was said to this customer before; what the customer
 * wrote is none.
 */

#ifndef CX_AI_POLICY_H
#define CX_AI_POLICY_H

#include "ai/ai.h"

/* name, word in the record, what people are told */
#define CX_POLICIES(X)                                                        \
    X(LINK,    "link",    "it links to a place that no source names")         \
    X(AMOUNT,  "amount",  "it names an amount that no source names")          \
    X(CONTACT, "contact", "it names an e-mail address or a phone number "     \
                          "that neither a source nor the customer named")     \
    X(ACCOUNT, "account", "it names a card or bank account that neither a "   \
                          "source nor the customer named")                    \
    X(PROMPT,  "prompt",  "it repeats the instructions of the agent")         \
    X(PROMISE, "promise", "it promises a refund, a discount or a gift that "  \
                          "no source knows of")                               \
    X(MARK,    "mark",    "it shows a mark of ours that is not for "          \
                          "customers")

typedef enum {
#define X(name, word, why)  CX_POLICY_##name,
    CX_POLICIES(X)
#undef X
    CX_POLICY_COUNT
} cx_policy_name;

#define CX_POLICY_BIT(name)  (1u << CX_POLICY_##name)

typedef struct {
    unsigned  hits;         /* CX_POLICY_BIT: a person has to look */
    cx_str    text;         /* the answer, cleaned */
    bool      cleaned;      /* it is not what it was */
} cx_policy;

/* Views of answer or of a; CX_NOMEM. */
cx_err cx_policy_check(const cx_ai_prompt *p, cx_str answer, cx_arena *a,
    cx_policy *out);

const char *cx_policy_word(cx_policy_name name);
const char *cx_policy_why(cx_policy_name name);

/* Without tags, scripts, pictures of Markdown and hidden characters. */
cx_str cx_policy_clean(cx_arena *a, cx_str text);

#endif /* CX_AI_POLICY_H */
