/* Thresholds by name, for who does not want to think of a number. */

#ifndef CX_AI_PRESET_H
#define CX_AI_PRESET_H

#include "core/str.h"

/* name, threshold, for people */
#define CX_PRESETS(X)                                                         \
    X("careful",  0.95, "only what one source covers whole")                  \
    X("balanced", 0.85, "also what takes several sources together")           \
    X("bold",     0.70, "also what covers most of the question")

typedef struct {
    const char  *name;
    double       threshold;
    const char  *what;
} cx_preset;

/* NULL: no more. */
const cx_preset *cx_preset_at(size_t i);
/* NULL: there is none of that name. */
const cx_preset *cx_preset_find(cx_str name);

#endif /* CX_AI_PRESET_H */
