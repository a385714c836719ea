/* The rules of the policy: true is a hit. */

#ifndef CX_AI_POLICY_RULES_H
#define CX_AI_POLICY_RULES_H

#include "ai/sources.h"

typedef struct {
    const cx_ai_prompt  *prompt;
    cx_str               answer;
    cx_sources           sources;
    cx_arena            *arena;
} cx_policy_case;

/* policy_places.c */
bool cx_policy_link(const cx_policy_case *c);
bool cx_policy_contact(const cx_policy_case *c);
/* policy_amount.c */
bool cx_policy_amount(const cx_policy_case *c);
/* policy_digits.c */
bool cx_policy_phone(const cx_policy_case *c);
bool cx_policy_account(const cx_policy_case *c);
/* policy_words.c */
bool cx_policy_prompt(const cx_policy_case *c);
bool cx_policy_promise(const cx_policy_case *c);
/* policy.c */
bool cx_policy_mark(const cx_policy_case *c);

#endif /* CX_AI_POLICY_RULES_H */
