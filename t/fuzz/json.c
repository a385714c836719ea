/* libFuzzer entry: make fuzz. */

#include "fuzz/json_compare.h"

#include <stdio.h>


int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);


int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static cx_arena  *a;

    if (a == NULL) {
        a = cx_arena_new(64 * 1024 * 1024);
    }

    /* A copy of exactly this length: reading past it shows. */
    char  *copy = malloc(len > 0 ? len : 1);

    if (a == NULL || copy == NULL) {
        abort();
    }

    memcpy(copy, bytes, len);

    const char  *bad = json_compare((cx_str) { len, copy }, a);

    if (bad != NULL) {
        fprintf(stderr, "%s: %.*s\n", bad, (int) len, copy);
        abort();
    }

    free(copy);
    return 0;
}
