/*
 * Who answers what: rules, groups of agents, and whose a conversation is.
 *
 * All of it is configuration, but the last: every change moves
 * config_version, and workers read it again.
 */

#ifndef CX_STORE_ROUTING_H
#define CX_STORE_ROUTING_H

#include "store/store.h"

/* conversations.agent_id beside an agent's id. */
#define CX_BY_RULES  0          /* as rules and channel say */
#define CX_PEOPLE    (-1)       /* no agent, until somebody gives it to one */

typedef struct {
    int64_t  id;
    int64_t  tenant;
    int64_t  position;          /* 1 is asked first */
    cx_str   name;
    bool     active;
    int64_t  channel_id;        /* 0: any */
    cx_str   channel;
    cx_str   words;             /* phrases between commas; empty: any text */
    cx_str   language;          /* empty: any */
    cx_str   hours;             /* cx_hours_parse; empty: always */
    cx_str   zone;              /* IANA name; empty: UTC */
    int64_t  agent_id;          /* who answers; both 0: people */
    cx_str   agent;
    int64_t  group_id;
    cx_str   group;
    int64_t  created_at;
    int64_t  updated_at;
} cx_route_row;

typedef struct {
    int64_t  agent_id;
    cx_str   agent;
    int64_t  weight;            /* 1.. */
    int64_t  max_open;          /* 0: no limit */
} cx_member_row;

typedef CX_LIST(cx_member_row)  cx_member_list;

typedef struct {
    int64_t         id;
    int64_t         tenant;
    cx_str          name;
    cx_member_list  members;    /* by agent's id */
    int64_t         created_at;
    int64_t         updated_at;
} cx_group_row;

typedef CX_LIST(cx_route_row)  cx_route_list;
typedef CX_LIST(cx_group_row)  cx_group_list;

/* TAKE: whose a conversation is, and whose it becomes. */
typedef struct {
    int64_t  held;              /* in: CX_BY_RULES also when it was closed */
    int64_t  agent_id;          /* out: who answers; 0: people */
    int64_t  give;              /* out: whose it is from now on */
    cx_str   why;               /* out */
} cx_hand;

cx_err cx_store_hand(cx_store *s, const cx_take *in, cx_hand *h);

/* --- configuration ------------------------------------------------------- */

/* all: of every tenant, for the engine. */
cx_err cx_store_routes(cx_store *s, bool all, cx_arena *a,
    cx_route_list *out);
/* At row->position, 0 or beyond the end: as the last; the others move up.
 * CX_CONFLICT: the name is another's.  CX_INVALID: channel, agent or group is
 * not known, or both of the latter are named. */
cx_err cx_store_route_put(cx_store *s, const cx_route_row *row, bool create,
    cx_arena *a);
cx_err cx_store_route_delete(cx_store *s, int64_t id, cx_arena *a);

cx_err cx_store_groups(cx_store *s, bool all, cx_arena *a,
    cx_group_list *out);
/* With exactly these members.  CX_CONFLICT: the name is another's.
 * CX_INVALID: an agent is not known, or there twice. */
cx_err cx_store_group_put(cx_store *s, const cx_group_row *row, bool create);
/* CX_CONFLICT: a rule names it. */
cx_err cx_store_group_delete(cx_store *s, int64_t id);

/* --- conversations ------------------------------------------------------- */

/* How many an agent has that are open. */
cx_err cx_store_agent_open(cx_store *s, int64_t agent_id, int64_t *n);
/* From now on it is that agent's, CX_PEOPLE's or goes CX_BY_RULES; what is
 * thought about goes along.  CX_INVALID: no such agent. */
cx_err cx_store_assign(cx_store *s, int64_t conversation_id,
    int64_t agent_id, int64_t now_ms);
/* "active", "closed", "archived".  What is thought about is dropped, unless
 * it is active. */
cx_err cx_store_conversation_state(cx_store *s, int64_t conversation_id,
    cx_str state, int64_t now_ms);

typedef struct {
    cx_fence  fence;
    int64_t   close_before;     /* idle since: is closed; 0: none is */
    int64_t   archive_before;   /* closed and idle since: is archived */
    size_t    limit;            /* looked at, of each kind */
    int64_t   now_ms;
} cx_idle;

typedef struct {
    size_t  looked;
    size_t  closed;
    size_t  archived;
} cx_idled;

/* Closes and archives what nobody has said anything in for so long; adds to
 * *out.  looked == limit: there may be more. */
cx_err cx_store_idle(cx_store *s, const cx_idle *in, cx_arena *a,
    cx_idled *out);

#endif /* CX_STORE_ROUTING_H */
