/*
 * The rules as the engine asks them: made of the store's rows by whoever read
 * those, with the time zones of /usr/share/zoneinfo.  A table never changes;
 * who uses one on another thread holds it.
 */

#ifndef CX_WORKER_ROUTING_H
#define CX_WORKER_ROUTING_H

#include "core/arena.h"
#include "core/route.h"
#include "store/routing.h"

typedef struct {
    cx_arena        *arena;
    size_t           holders;      /* counted by the loop only */
    cx_route_table   table;
} cx_routing;

/* NULL: no memory.  A rule that cannot be read is off, which is logged: it is
 * one of a newer build, or its zone is no longer installed. */
cx_routing *cx_routing_make(const cx_agent_list *agents,
    const cx_route_list *rules, const cx_group_list *groups);
cx_routing *cx_routing_hold(cx_routing *r);
/* May be NULL. */
void cx_routing_drop(cx_routing *r);

/* CX_NOT_FOUND, CX_MALFORMED, CX_NOMEM; the empty name and "UTC" are NULL. */
cx_err cx_zone_load(cx_str name, cx_arena *a, const cx_zone **z);

#endif /* CX_WORKER_ROUTING_H */
