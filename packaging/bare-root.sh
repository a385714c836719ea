#!/bin/bash
# bare-root.sh [--reuse] [--keep] SUITE DIR [TARGET...]
#
# The proof of the package list and of README's commands: a minimal Debian
# (SUITE: bookworm or trixie) is laid into DIR, gets git and make and a clone
# of this repository's HEAD, and each TARGET (default: demo test) is made in
# it as root.
#   --reuse  takes a root that an earlier run kept in DIR; the clone is new
#   --keep   leaves DIR there
# MIRROR overrides the Debian mirror.  NODE_EXTRA_CA_CERTS, where TLS is
# opened on the way to the npm registry, is a file of certificates that npm
# shall trust inside, too.  Needs root, debootstrap and git.

set -euo pipefail

mirror=${MIRROR:-http://deb.debian.org/debian}
top=$(cd "$(dirname "$0")/.." && pwd)
reuse=no
keep=no

while [[ ${1:-} == --* ]]; do
    case $1 in
        --reuse) reuse=yes; keep=yes ;;
        --keep)  keep=yes ;;
        *)       echo "$0: unknown option $1" >&2; exit 64 ;;
    esac
    shift
done

if (( $# < 2 )); then
    echo "usage: $0 [--reuse] [--keep] SUITE DIR [TARGET...]" >&2
    exit 64
fi

suite=$1
dir=$2
shift 2
targets=("${@:-demo}")

if (( $# == 0 )); then
    targets=(demo test)
fi

for program in debootstrap git unshare; do
    if ! command -v $program >/dev/null; then
        echo "$0: $program is missing" >&2
        exit 69
    fi
done

if (( $(id -u) != 0 )); then
    echo "$0: needs root" >&2
    exit 77
fi


say()
{
    echo "bare-root $suite: $*"
}


# Runs a command inside.  The name spaces end with it: no mount and no
# process is left, however it ends.
inside()
{
    unshare --mount --pid --fork --kill-child --propagation private \
        bash -c '
            set -e
            mount -t proc proc "$1/proc"
            mount --bind /dev "$1/dev"
            mount -t tmpfs tmpfs "$1/run"
            if [[ -n ${NODE_EXTRA_CA_CERTS:-} ]]; then
                cp "$NODE_EXTRA_CA_CERTS" "$1/run/site-ca.pem"
            fi
            exec chroot "$1" /usr/bin/env -i HOME=/root TERM=dumb \
                PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
                ${NODE_EXTRA_CA_CERTS:+NODE_EXTRA_CA_CERTS=/run/site-ca.pem} \
                bash -c "$2"' inside "$dir" "$1" </dev/null
}


lay_root()
{
    say "debootstrap into $dir"
    mkdir -p "$dir"

    if ! debootstrap --variant=minbase --include=ca-certificates \
             "$suite" "$dir" "$mirror" >"$dir.log" 2>&1
    then
        tail -n 20 "$dir.log" >&2
        exit 1
    fi

    rm -f "$dir.log"
    printf '#!/bin/sh\nexit 101\n' >"$dir/usr/sbin/policy-rc.d"
    chmod 755 "$dir/usr/sbin/policy-rc.d"

    inside 'apt-get update -qq &&
            DEBIAN_FRONTEND=noninteractive apt-get install -qqy \
                --no-install-recommends git make >/dev/null 2>&1'
    touch "$dir/.bare-root"
}


clean_up()
{
    if [[ $keep == no && -e $dir/.bare-root ]]; then
        rm -rf --one-file-system -- "$dir"
    fi
}


trap clean_up EXIT
trap 'exit 130' HUP INT TERM

if [[ $reuse == no || ! -e $dir/.bare-root ]]; then
    if [[ -e $dir ]] && [[ -n $(ls -A "$dir") ]]; then
        echo "$0: $dir is not empty (--reuse takes a kept root)" >&2
        exit 73
    fi

    lay_root
fi

rm -rf "$dir/root/connext"
git -c safe.directory='*' clone -q --no-local "$top" "$dir/root/connext"
before=$(inside 'dpkg-query -f "x\n" -W | wc -l')
say "$(git -C "$dir/root/connext" log -1 --format='%h %s'), $before packages"

passed=0
failed=0

for target in "${targets[@]}"; do
    say "make $target"
    start=$SECONDS

    if inside "cd /root/connext && make $target"; then
        passed=$((passed + 1))
        result=ok
    else
        failed=$((failed + 1))
        result=FAILED
    fi

    say "make $target: $result, $((SECONDS - start)) s"
done

say "$(inside 'dpkg-query -f "x\n" -W | wc -l') packages now"
echo "$passed passed, $failed failed"
exit $((failed > 0))
