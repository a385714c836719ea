#include "core/fold.h"

#include "unit/tap.h"


static void
is(const char *text, const char *want)
{
    char    out[256];
    size_t  n = cx_fold_words(cx_strz(text), out, sizeof(out));

    tap_is_str((cx_str) { n, out }, cx_strz(want), text);
}


int
main(void)
{
    char        out[64];
    const char  bad[] = "\xff\xc3";
    bool        fits = true, begins = true;
    cx_str      text = CX_STR("Ein Gru\xc3\x9f aus M\xc3\xbcnchen"
                              " \xe4\xb8\xad");
    char        whole[64];
    size_t      n, len = cx_fold_words(text, whole, sizeof(whole));

    is("", "");
    is("?! ...", "");
    is("Do you have PARKING?", " do you have parking ");
    is("wi-fi, Wi-Fi", " wi fi wi fi ");
    is("Devoluci\xc3\xb3n", " devolucion ");
    is("devolucio\xcc\x81n", " devolucion ");
    is("STRASSE Stra\xc3\x9f" "e", " strasse strasse ");
    is("\xce\xa3\xce\xaf\xcf\x83\xcf\x85\xcf\x86\xce\xbf\xcf\x82",
       " \xcf\x83\xce\xb9\xcf\x83\xcf\x85\xcf\x86\xce\xbf\xcf\x83 ");
    is("\xd0\x9f\xd0\xa0\xd0\x98\xd0\x92\xd0\x95\xd0\xa2 \xd0\x81",
       " \xd0\xbf\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82 \xd1\x91 ");
    is("\xd0\x86\xd0\x84 \xd2\x90", " \xd1\x96\xd1\x94 \xd2\x91 ");
    is("\xd4\xb1", " \xd5\xa1 ");
    is("\xce\xa2", " \xce\xa2 ");        /* is no letter's capital */
    is("\xe1\xba\xa0", " \xe1\xba\xa1 ");
    is("\xc6\xa0\xc6\xa1", " \xc6\xa1\xc6\xa1 ");
    is("\xef\xbc\xa1\xef\xbd\x82\xef\xbc\x91", " ab1 ");
    is("\xe9\x80\x80\xe6\xac\xbe\xe3\x80\x82",
       " \xe9\x80\x80 \xe6\xac\xbe ");
    is("\xd9\x85\xd8\xb1\xd8\xad\xd8\xa8\xd8\xa7\xd8\x9f",
       " \xd9\x85\xd8\xb1\xd8\xad\xd8\xa8\xd8\xa7 ");
    is("ok \xf0\x9f\x98\x80 ok", " ok ok ");
    is(bad, "");
    is("a\xffz", " a z ");

    for (size_t max = 0; max < sizeof(out); max++) {
        memset(out, '#', sizeof(out));
        n = cx_fold_words(text, out, max);
        fits = fits && n <= max && (max == sizeof(out) || out[max] == '#');
        begins = begins && (n == 0 || (n <= len && memcmp(out, whole, n) == 0
                                       && out[n - 1] == ' '));
    }

    tap_ok(fits, "never more than there is room for");
    tap_ok(begins, "whole words from the beginning, whatever the room");

    return tap_done();
}
