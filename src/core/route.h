/*
 * Who answers a message: the rules of a tenant in order, then the channel's
 * own agent, then people.
 *
 *   rule matches --> its agent, or of its group who has the least to do
 *     |                 |  (none there, or all full)
 *     v                 v
 *   the next rule ... ------> a rule matched, nobody took it: people
 *     |
 *     v  none matched
 *   the channel's agent --> not there, or none: people
 *
 * Everything is given: the table, the message, the time, and a function that
 * tells how much an agent has to do.  That one is asked only for the agents of
 * a group that is about to be chosen from.
 */

#ifndef CX_CORE_ROUTE_H
#define CX_CORE_ROUTE_H

#include "core/err.h"
#include "core/hours.h"
#include "core/language.h"
#include "core/zone.h"

/* Why it was decided so, and why a rule was not the one. */
#define CX_ROUTE_WHYS(X)                                                      \
    X(RULE,           "rule")                                                 \
    X(CHANNEL,        "channel")        /* no rule matched */                 \
    X(ASSIGNED,       "assigned")       /* it is that conversation's */       \
    X(PEOPLE,         "people")         /* given to people */                 \
    X(NO_AGENT,       "no_agent")       /* ... and the channel has none */    \
    X(AGENT_INACTIVE, "agent_inactive")                                       \
    X(AGENT_AWAY,     "agent_away")     /* outside its hours */               \
    X(FULL,           "full")                                                 \
    X(CHANNEL_INACTIVE, "channel_inactive")                                   \
    X(OFF,            "off")            /* rules: switched off */             \
    X(OTHER_CHANNEL,  "other_channel")                                        \
    X(OUTSIDE_HOURS,  "outside_hours")                                        \
    X(OTHER_LANGUAGE, "other_language")                                       \
    X(NO_WORD,        "no_word")                                              \
    X(NOT_REACHED,    "not_reached")    /* an earlier one was it */

typedef enum {
#define X(name, word)  CX_ROUTE_##name,
    CX_ROUTE_WHYS(X)
#undef X
    CX_ROUTE_WHY_COUNT
} cx_route_why;

typedef enum {
    CX_ROUTE_TO_AGENT,
    CX_ROUTE_TO_PEOPLE,
    CX_ROUTE_TO_NOBODY         /* recorded, not answered */
} cx_route_to;

typedef struct {
    int64_t         id;
    bool            active;
    cx_hours        hours;
    const cx_zone  *zone;      /* NULL: UTC */
} cx_route_agent;

typedef struct {
    int64_t  agent_id;
    int64_t  weight;           /* 1 or more: its share of the work */
    int64_t  max_open;         /* conversations at once, 0: no limit */
} cx_route_member;

typedef struct {
    int64_t                 id;
    int64_t                 tenant;
    bool                    active;
    int64_t                 channel_id;  /* 0: any */
    const cx_str           *words;       /* as cx_fold_words: any of them */
    size_t                  nwords;      /* 0: whatever it says */
    cx_language             language;    /* UNKNOWN: any */
    cx_hours                hours;
    const cx_zone          *zone;
    bool                    people;      /* else one of: */
    const cx_route_member  *members;     /* an agent is a group of one */
    size_t                  nmembers;
} cx_route_rule;

typedef struct {
    const cx_route_rule   *rules;        /* in order, of all tenants */
    size_t                 nrules;
    const cx_route_agent  *agents;
    size_t                 nagents;
} cx_route_table;

typedef struct {
    int64_t    tenant;
    int64_t    channel_id;
    bool       channel_active;
    int64_t    channel_agent;   /* 0: none */
    cx_str     text;
    int64_t    now_ms;
    /* Open conversations of an agent. */
    cx_err   (*load)(void *ctx, int64_t agent_id, int64_t *open);
    void      *ctx;
} cx_route_ask;

typedef struct {
    cx_route_to   to;
    int64_t       agent_id;     /* TO_AGENT */
    int64_t       rule_id;      /* 0: no rule */
    cx_route_why  why;
} cx_route_choice;

cx_str cx_route_why_word(cx_route_why why);

/* Is the agent there?  CX_ROUTE_RULE, or why not. */
cx_route_why cx_route_agent_is(const cx_route_table *t, int64_t agent_id,
    int64_t now_ms);
/* *out is written only on CX_OK; load may fail.  trace: NULL, or why each of
 * the table's rules was the one or not. */
cx_err cx_route_decide(const cx_route_table *t, const cx_route_ask *ask,
    cx_route_why *trace, cx_route_choice *out);

#endif /* CX_CORE_ROUTE_H */
