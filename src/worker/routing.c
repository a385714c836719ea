#include "worker/routing.h"

#include "core/fold.h"
#include "worker/log.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define ZONES       "/usr/share/zoneinfo/"
#define ZONE_MAX    (64 * 1024)          /* of a file; the largest has 4 KB */
#define ARENA_MAX   (64 * 1024 * 1024)
#define PHRASE_MAX  512                  /* bytes, folded */


/* --- time zones ---------------------------------------------------------- */

/* CX_NOT_FOUND also for a folder. */
static cx_err
read_zone(const char *path, char *buf, size_t *len)
{
    ssize_t    n = 0;
    const int  fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0) {
        return CX_NOT_FOUND;
    }

    *len = 0;

    do {
        *len += (size_t) n;
        n = read(fd, buf + *len, ZONE_MAX - *len);
    } while (n > 0);

    (void) close(fd);
    return n == 0 ? CX_OK : CX_NOT_FOUND;
}


cx_err
cx_zone_load(cx_str name, cx_arena *a, const cx_zone **out)
{
    char     *buf;
    size_t    len;
    cx_zone  *z;
    cx_err    err;

    *out = NULL;

    if (name.len == 0 || CX_STR_IS(name, "UTC")) {
        return CX_OK;
    }

    if (!cx_zone_name(name)) {
        return CX_NOT_FOUND;
    }

    buf = malloc(ZONE_MAX);
    z = CX_NEW(a, cx_zone);

    if (buf == NULL || z == NULL) {
        free(buf);
        return CX_NOMEM;
    }

    err = read_zone(cx_dupz(a, cx_concat(a, CX_STR(ZONES), name)), buf, &len);

    if (err == CX_OK) {
        err = cx_zone_parse((cx_str) { len, buf }, a, z);
    }

    free(buf);

    if (err == CX_OK) {
        *out = z;
    }

    return err;
}


/* --- the table ----------------------------------------------------------- */

/* False: the hours or the zone cannot be read. */
static bool
times_of(cx_routing *r, cx_str hours, cx_str zone, cx_hours *h,
    const cx_zone **z)
{
    return cx_hours_parse(hours, h)
           && cx_zone_load(zone, r->arena, z) == CX_OK;
}


static cx_str *
words_of(cx_routing *r, cx_str words, size_t *n)
{
    cx_str  *list, rest = words, phrase;
    char     folded[PHRASE_MAX];
    size_t   room = 1, len;

    for (size_t i = 0; i < words.len; i++) {
        room += words.p[i] == ',';
    }

    list = CX_NEW_N(r->arena, room, cx_str);
    *n = 0;

    while (list != NULL && cx_str_split(&rest, ',', &phrase)) {
        len = cx_fold_words(phrase, folded, sizeof(folded));

        if (len > 0) {
            list[(*n)++] = cx_dup(r->arena, (cx_str) { len, folded });
        }
    }

    return list;
}


static void
set_members(cx_routing *r, cx_route_rule *rule, const cx_route_row *row,
    const cx_group_list *groups)
{
    const cx_group_row  *g = NULL;
    cx_route_member     *m;

    for (size_t i = 0; i < groups->n; i++) {
        if (groups->items[i].id == row->group_id) {
            g = &groups->items[i];
        }
    }

    rule->nmembers = g != NULL ? g->members.n : row->agent_id != 0;
    m = CX_NEW_N(r->arena, rule->nmembers + 1, cx_route_member);
    rule->members = m;

    for (size_t i = 0; m != NULL && g != NULL && i < g->members.n; i++) {
        m[i] = (cx_route_member) { g->members.items[i].agent_id,
                                   g->members.items[i].weight,
                                   g->members.items[i].max_open };
    }

    if (m != NULL && g == NULL && row->agent_id != 0) {
        m[0] = (cx_route_member) { row->agent_id, 1, 0 };
    }
}


static cx_route_rule
rule_of(cx_routing *r, const cx_route_row *row, const cx_group_list *groups)
{
    cx_route_rule  rule = {
        .id = row->id,
        .tenant = row->tenant,
        .active = row->active,
        .channel_id = row->channel_id,
        .language = cx_language_parse(row->language),
        .people = row->agent_id == 0 && row->group_id == 0,
    };

    rule.words = words_of(r, row->words, &rule.nwords);
    set_members(r, &rule, row, groups);

    if (!times_of(r, row->hours, row->zone, &rule.hours, &rule.zone)
        || (row->language.len > 0 && rule.language == CX_LANGUAGE_UNKNOWN)
        || (row->words.len > 0 && rule.nwords == 0))
    {
        rule.active = false;
        cx_log(CX_LOG_ERROR, "route.unreadable",
               CX_FID("route", "rt", row->id), CX_FS("name", row->name));
    }

    return rule;
}


static cx_route_agent
agent_of(cx_routing *r, const cx_agent_row *row)
{
    cx_route_agent  a = { .id = row->id, .active = row->active };

    if (!times_of(r, row->hours, row->zone, &a.hours, &a.zone)) {
        a.active = false;
        cx_log(CX_LOG_ERROR, "agent.hours_unreadable",
               CX_FID("agent", "ag", row->id), CX_FS("name", row->name));
    }

    return a;
}


cx_routing *
cx_routing_make(const cx_agent_list *agents, const cx_route_list *rules,
    const cx_group_list *groups)
{
    cx_arena        *a = cx_arena_new(ARENA_MAX);
    cx_routing      *r = a != NULL ? CX_NEW(a, cx_routing) : NULL;
    cx_route_rule   *rule;
    cx_route_agent  *agent;

    if (r == NULL) {
        cx_arena_free(a);
        return NULL;
    }

    r->arena = a;
    r->holders = 1;
    rule = CX_NEW_N(a, rules->n + 1, cx_route_rule);
    agent = CX_NEW_N(a, agents->n + 1, cx_route_agent);

    for (size_t i = 0; rule != NULL && i < rules->n; i++) {
        rule[i] = rule_of(r, &rules->items[i], groups);
    }

    for (size_t i = 0; agent != NULL && i < agents->n; i++) {
        agent[i] = agent_of(r, &agents->items[i]);
    }

    if (cx_arena_failed(a)) {
        cx_arena_free(a);
        return NULL;
    }

    r->table = (cx_route_table) { rule, rules->n, agent, agents->n };
    return r;
}


cx_routing *
cx_routing_hold(cx_routing *r)
{
    if (r != NULL) {
        r->holders++;
    }

    return r;
}


void
cx_routing_drop(cx_routing *r)
{
    if (r != NULL && --r->holders == 0) {
        cx_arena_free(r->arena);
    }
}
