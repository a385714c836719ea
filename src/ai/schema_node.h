/* A schema once it is read: between schema.c and schema_check.c. */

#ifndef CX_AI_SCHEMA_NODE_H
#define CX_AI_SCHEMA_NODE_H

#include "ai/schema.h"
#include "core/json.h"

#define CX_SCHEMA_PROPS  64             /* of one object: a bit each */

typedef struct cx_schema_prop_s  cx_schema_prop;

struct cx_schema_prop_s {
    cx_str           name;
    cx_schema       *schema;
    unsigned         bit;
    cx_schema_prop  *next;
};

/* A value of enum: its type, its text decoded, or its number. */
typedef struct {
    cx_json_type  type;
    cx_str        text;
    double        number;
} cx_schema_value;

struct cx_schema_s {
    unsigned          types;            /* bit per cx_json_type; 0: any */
    bool              whole;            /* numbers without a fraction */
    bool              closed;           /* additionalProperties: false */
    cx_schema_prop   *props;
    unsigned          nprops;
    uint64_t          required;         /* bits of props */
    const cx_str     *names;            /* required, as it is read */
    size_t            nnames;
    const cx_schema  *items;            /* NULL: any */
    cx_schema_value  *values;           /* enum */
    size_t            nvalues;
    cx_str            shown;            /* the same, as it stands there */
    double            min;              /* -HUGE_VAL: none */
    double            max;
    int64_t           min_length;
    int64_t           max_length;
    int64_t           min_items;
    int64_t           max_items;
    cx_str            pattern;
};

/* A number of JSON; false: too long for us. */
bool cx_schema_number(cx_str text, double *out);

#endif /* CX_AI_SCHEMA_NODE_H */
