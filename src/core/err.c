#include "core/err.h"

#include <stddef.h>


static const struct {
    int          http;
    const char  *word;
    const char  *text;
} outcomes[CX_ERR_COUNT] = {
#define X(name, http, word, text)  [CX_##name] = { http, word, text },
    CX_OUTCOMES(X)
#undef X
};


/* A number that is no outcome is a defect of ours, and reads as one. */
static size_t
row(cx_err err)
{
    return (size_t) err < CX_ERR_COUNT ? (size_t) err : CX_INTERNAL;
}


int
cx_err_http(cx_err err)
{
    return outcomes[row(err)].http;
}


const char *
cx_err_word(cx_err err)
{
    return outcomes[row(err)].word;
}


const char *
cx_err_text(cx_err err)
{
    return outcomes[row(err)].text;
}
