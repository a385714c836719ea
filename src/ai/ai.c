/* The list of AI providers. */

#include "ai/ai.h"

#include "ai/providers.h"
#include "ai/request.h"


static const cx_ai *const  providers[] = {
    &cx_ai_knowledge,
    &cx_ai_openai,
    &cx_ai_responses,
    &cx_ai_anthropic,
    &cx_ai_gemini,
    &cx_ai_vapi,
};

/* Kept beside the list; t/unit/ai/query.c checks that they agree. */
static const char  names[] =
    "knowledge, openai, responses, anthropic, gemini, vapi";


const cx_ai *
cx_ai_find(cx_str name)
{
    for (size_t i = 0; i < sizeof(providers) / sizeof(providers[0]); i++) {
        if (cx_str_eq(name, cx_strz(providers[i]->name))) {
            return providers[i];
        }
    }

    return NULL;
}


const char *
cx_ai_names(void)
{
    return names;
}


cx_err
cx_ai_check(const cx_ai *ai, cx_str options, cx_arena *a, cx_str *pointer,
    cx_str *error)
{
    void  *one;

    if (options.len == 0) {
        return CX_OK;
    }

    if (ai->options == NULL) {
        *pointer = CX_NOSTR;
        *error = CX_STR("this provider has no options");
        return CX_INVALID;
    }

    one = cx_alloc(a, ai->options->size);

    return one == NULL ? CX_NOMEM
           : cx_request_options(ai->options, options, a, one, pointer, error);
}
