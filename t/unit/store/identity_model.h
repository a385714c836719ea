/*
 * The model of t/unit/store/identity.c: who has written, what they have shown,
 * and who is one by the rules of docs/CUSTOMERS.md; found the slow way, and
 * without a store.
 */

#ifndef CX_T_UNIT_STORE_IDENTITY_MODEL_H
#define CX_T_UNIT_STORE_IDENTITY_MODEL_H

#include "unit/store/fixture.h"

#define TENANTS   2
#define CHANNELS  3                     /* of each */
#define STEPS     3000
#define VALUES    400
#define PERSON    CX_PROOF_COUNT        /* the kind that people say */
#define HISTORY   6

typedef struct {
    int64_t  id;
    int64_t  root;
    int64_t  conversation;
    int      tenant;
    int      channel;
    char     peer[24];
    bool     shown[CX_PROOF_COUNT][VALUES];
    int      last[CX_PROOF_COUNT];      /* shown last; -1: nothing */
} somebody;

typedef struct {
    int64_t  id;
    int      a;                         /* in people: a->id < b->id */
    int      b;
    int      kind;
    bool     live;
} bond;

typedef struct {
    int64_t  id;
    int64_t  turn;
    int      who;
    bool     input;
} said;

static somebody  people[STEPS];
static int       npeople;
static bond      bonds[8 * STEPS];
static int       nbonds;
static said      talk[3 * STEPS];
static int       ntalk;
static bool      apart[TENANTS][CX_PROOF_COUNT][VALUES];


/* --- chance -------------------------------------------------------------- */

static uint64_t  seed = 20261125;


static int
any(int n)
{
    seed = seed * UINT64_C(6364136223846793005)
           + UINT64_C(1442695040888963407);
    return (int) ((seed >> 33) % (uint64_t) n);
}


static int64_t
tenant_id(int tenant)
{
    return tenant + 1;
}


static int64_t
channel_id(int tenant, int channel)
{
    return 100 + tenant * CHANNELS + channel;
}


/* --- the model ----------------------------------------------------------- */

/* The least id of all that can be reached, found the slow way. */
static void
model_roots(void)
{
    bool  moved = true;

    for (int i = 0; i < npeople; i++) {
        people[i].root = people[i].id;
    }

    while (moved) {
        moved = false;

        for (int i = 0; i < nbonds; i++) {
            somebody  *a = &people[bonds[i].a], *b = &people[bonds[i].b];

            if (bonds[i].live && a->root != b->root) {
                a->root = b->root = a->root < b->root ? a->root : b->root;
                moved = true;
            }
        }
    }
}


static void
model_bond(int64_t id, int x, int y, int kind)
{
    const bool  first = people[x].id < people[y].id;

    bonds[nbonds++] = (bond) {
        .id = id, .a = first ? x : y, .b = first ? y : x, .kind = kind,
        .live = true,
    };
}


/* By that kind: live, or undone by a person. */
static bool
model_knows(int x, int y, int kind, bool live)
{
    for (int i = 0; i < nbonds; i++) {
        const bond  *d = &bonds[i];

        if (d->kind == kind && (!live || d->live)
            && ((d->a == x && d->b == y) || (d->a == y && d->b == x)))
        {
            return true;
        }
    }

    return false;
}


/* The people are in the order of their ids. */
static void
model_show(int who, int kind, int value, const int64_t ids[CX_TAKE_LINKS])
{
    int  n = 0;

    people[who].shown[kind][value] = true;

    if (apart[people[who].tenant][kind][value]) {
        return;
    }

    for (int i = 0; i < npeople && n < CX_TAKE_LINKS; i++) {
        if (i != who && people[i].tenant == people[who].tenant
            && people[i].shown[kind][value]
            && !model_knows(i, who, kind, false))
        {
            model_bond(ids[n++], who, i, kind);
        }
    }
}


static void
model_undo(bond *d)
{
    const somebody  *a = &people[d->a], *b = &people[d->b];

    d->live = false;

    for (int v = 0; d->kind != PERSON && v < VALUES; v++) {
        if (a->shown[d->kind][v] && b->shown[d->kind][v]) {
            apart[a->tenant][d->kind][v] = true;
        }
    }
}

#endif /* CX_T_UNIT_STORE_IDENTITY_MODEL_H */
