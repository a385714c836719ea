/* Where an answer may send a customer. */

#include "ai/evidence.h"
#include "ai/policy_rules.h"


#define PLACES_MAX  50      /* of one answer */

static bool known_host(const cx_policy_case *c, cx_str host);
static bool names_host(cx_str text, cx_str host);
static cx_str plain(cx_str host);
static bool known_mail(const cx_policy_case *c, cx_str mail);


/* By host: a path may be the model's, who is there may not. */
bool
cx_policy_link(const cx_policy_case *c)
{
    size_t    n = 0;
    cx_str    rest = c->answer;
    cx_place  place;

    while (cx_place_next(&rest, &place)) {
        if (place.kind == CX_PLACE_MAIL) {
            continue;
        }

        if (place.odd || ++n > PLACES_MAX || !known_host(c, place.host)) {
            return true;
        }
    }

    return false;
}


static bool
known_host(const cx_policy_case *c, cx_str host)
{
    if (cx_ai_link_allowed(c->prompt, host)) {
        return true;
    }

    for (size_t i = 0; i < c->sources.nours; i++) {
        if (names_host(c->sources.items[i], host)) {
            return true;
        }
    }

    return false;
}


/* An address of mail names its host as well: that is who writes there. */
static bool
names_host(cx_str text, cx_str host)
{
    cx_place  place;

    /* Most sources have no such word in them at all. */
    if (cx_str_find_byte(text, '.') == SIZE_MAX
        && cx_str_find(text, CX_STR("://")) == SIZE_MAX)
    {
        return false;
    }

    while (cx_place_next(&text, &place)) {
        if (!place.odd
            && cx_str_eq_nocase(plain(place.host), plain(host)))
        {
            return true;
        }
    }

    return false;
}


/* Without "www.". */
static cx_str
plain(cx_str host)
{
    return host.len > 4 && cx_str_eq_nocase(cx_str_sub(host, 0, 4),
                                            CX_STR("www."))
           ? cx_str_sub(host, 4, host.len) : host;
}


bool
cx_ai_link_allowed(const cx_ai_prompt *p, cx_str host)
{
    for (size_t i = 0; i < p->nlinks; i++) {
        const cx_str  allowed = p->links[i];

        if (allowed.len == 0) {
            continue;
        }

        if (cx_str_eq_nocase(plain(allowed), plain(host))
            || (allowed.p[0] == '.' && host.len > allowed.len
                && cx_str_eq_nocase(cx_str_sub(host, host.len - allowed.len,
                                               allowed.len), allowed)))
        {
            return true;
        }
    }

    return false;
}


bool
cx_policy_contact(const cx_policy_case *c)
{
    size_t    n = 0;
    cx_str    rest = c->answer;
    cx_place  place;

    while (cx_place_next(&rest, &place)) {
        if (place.kind == CX_PLACE_MAIL
            && (++n > PLACES_MAX || !known_mail(c, place.mail)))
        {
            return true;
        }
    }

    return cx_policy_phone(c);
}


/* The whole address: "desk@villa.example" is not in "a.desk@villa.example". */
static bool
known_mail(const cx_policy_case *c, cx_str mail)
{
    cx_place  place;

    for (size_t i = 0; i < c->sources.n; i++) {
        cx_str  text = c->sources.items[i];

        if (cx_str_find_byte(text, '@') == SIZE_MAX) {
            continue;
        }

        while (cx_place_next(&text, &place)) {
            if (place.kind == CX_PLACE_MAIL
                && cx_str_eq_nocase(place.mail, mail))
            {
                return true;
            }
        }
    }

    return false;
}
