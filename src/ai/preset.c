#include "ai/preset.h"


static const cx_preset  presets[] = {
#define X(name, threshold, what)  { name, threshold, what },
    CX_PRESETS(X)
#undef X
};


const cx_preset *
cx_preset_at(size_t i)
{
    return i < sizeof(presets) / sizeof(presets[0]) ? &presets[i] : NULL;
}


const cx_preset *
cx_preset_find(cx_str name)
{
    for (size_t i = 0; i < sizeof(presets) / sizeof(presets[0]); i++) {
        if (cx_str_eq(name, cx_strz(presets[i].name))) {
            return &presets[i];
        }
    }

    return NULL;
}
