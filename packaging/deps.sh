#!/bin/sh
# deps.sh [-n] build|test|bench: installs what packages.txt names for that and
# is missing (Debian, apt-get, as root).  Silent work needs no root: with
# everything there it says so and does nothing.  -n only tells what is missing.

set -eu
export LC_ALL=C DEBIAN_FRONTEND=noninteractive

list=$(dirname "$0")/packages.txt
policy=/usr/sbin/policy-rc.d
only_tell=no

if [ "${1:-}" = -n ]; then
    only_tell=yes
    shift
fi

case "${1:-}" in
    build) sections="build run" ;;
    test)  sections="build run test node" ;;
    bench) sections="build run bench node" ;;
    *)     echo "usage: $0 [-n] build|test|bench" >&2; exit 64 ;;
esac


# The lines of the wanted sections, without comments: "a | b @program".
wanted()
{
    awk -v sections=" $sections " '
        { sub(/[ \t]*#.*/, "") }
        /^\[/ { on = index(sections, " " substr($0, 2, length($0) - 2) " ") }
        /^[^\[]/ && on' "$list"
}


installed()
{
    [ "$(dpkg-query -W -f '${db:Status-Abbrev}' "$1" 2>/dev/null)" = "ii " ]
}


known()
{
    apt-cache policy "$1" 2>/dev/null | grep -q 'Candidate: [^(]'
}


# Is one of the words of this line there already?
satisfied()
{
    for word in $1; do
        case $word in
            \|) ;;
            @*) if command -v "${word#@}" >/dev/null; then return 0; fi ;;
            *)  if installed "$word"; then return 0; fi ;;
        esac
    done

    return 1
}


missing()
{
    wanted | while read -r line; do
        if ! satisfied "$line"; then
            echo "$line"
        fi
    done
}


# The package of a line that this suite has; the first when none is known.
choose()
{
    for word in $1; do
        case $word in
            \||@*) ;;
            *) if known "$word"; then echo "$word"; return; fi ;;
        esac
    done

    echo "${1%% *}"
}


# apt starts services as it installs them; nothing here may take a port that
# it was not told to take.
forbid_services()
{
    if [ -e "$policy" ]; then
        return
    fi

    trap 'rm -f "$policy"' EXIT
    trap 'exit 130' HUP INT TERM
    printf '#!/bin/sh\nexit 101\n' > "$policy"
    chmod 755 "$policy"
}


lines=$(missing)

if [ -z "$lines" ]; then
    echo "packages for $1: all there"
    exit 0
fi

if [ $only_tell = yes ] || [ "$(id -u)" -ne 0 ]; then
    echo "packages for $1, missing:" $(echo "$lines" | sed 's/[ |].*//')

    if [ $only_tell = no ]; then
        echo "run \`$0 $1\` as root, it installs them" >&2
    fi

    exit 1
fi

if ! command -v apt-get >/dev/null; then
    echo "$0: no apt-get here; install by hand:" $lines >&2
    exit 1
fi

apt-get update -qq

packages=$(echo "$lines" | while read -r line; do choose "$line"; done)

echo "packages for $1: installing" $packages
forbid_services

# A terminal would be asked questions, a log would be flooded: keep the last
# lines for the case that it fails.
log=$(mktemp)

if ! apt-get install -y --no-install-recommends $packages \
         >"$log" 2>&1 </dev/null
then
    tail -n 20 "$log" >&2
    rm -f "$log"
    exit 1
fi

rm -f "$log"
lines=$(missing)

if [ -n "$lines" ]; then
    echo "$0: still missing:" $lines >&2
    exit 1
fi

echo "packages for $1: installed"
