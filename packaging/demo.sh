#!/bin/sh
# demo.sh start BUILD | stop
#
# Starts Redis, nginx with the module, the worker and a stand-in for Meta under
# ./run, all on loopback and unix sockets, asks one question and shows the
# answer.  The system's own nginx and Redis are not touched.  Whatever was
# started has its pid in a file of ./run; nothing else is ever ended.

set -eu
export LC_ALL=C

cd "$(dirname "$0")/.."
top=$(pwd)
run=${CONNEXT_RUN:-$top/run}       # all that the demo writes
shown=${run#"$top"/}
channel=wa-demo
account=106540352242922
question="When can I check in?"


say()
{
    printf '\n==> %s\n' "$*"
}


die()
{
    printf 'demo: %s\n' "$*" >&2
    exit 1
}


# Calls "$@" until it succeeds, for at most $1 tenths of a second.
until_true()
{
    tenths=$1
    shift

    while ! "$@" >/dev/null 2>&1; do
        tenths=$((tenths - 1))
        [ "$tenths" -gt 0 ] || return 1
        sleep 0.1
    done
}


# --- processes ---------------------------------------------------------------

# The pid of a file, when that process is alive and one of ours: a pid that
# was given to another program since does not name $run on its command line.
pid_of()
{
    pid=$(cat "$run/$1.pid" 2>/dev/null) || return 1
    [ -n "$pid" ] && tr '\0' ' ' 2>/dev/null < "/proc/$pid/cmdline" \
        | grep -qF "$run" && echo "$pid"
}


is_gone()
{
    ! pid_of "$1"
}


# Asks it to end, waits, insists.
end()
{
    if pid=$(pid_of "$1"); then
        kill -TERM "$pid" 2>/dev/null || true

        if ! until_true 300 is_gone "$1"; then
            kill -KILL "$pid" 2>/dev/null || true
            until_true 50 is_gone "$1" || die "$1 ($pid) does not end"
        fi

        echo "    $1 ended"
    fi

    rm -f "$run/$1.pid"
}


# In the order that loses nothing: no more in, then no more out.
end_all()
{
    for name in nginx worker double redis; do
        end $name
    done
}


any_running()
{
    for name in nginx worker double redis; do
        if pid_of $name >/dev/null; then
            return 0
        fi
    done

    return 1
}


# Starts "$@" in the background, on its own: name first.
launch()
{
    name=$1
    shift
    setsid "$@" >>"$run/$name.log" 2>&1 </dev/null &
    echo $! > "$run/$name.pid"
}


# --- steps -------------------------------------------------------------------

build()
{
    say "packages: what is missing is installed"
    make --no-print-directory deps

    say "building (log: $shown/build.log)"
    make --no-print-directory -j"$(nproc)" B="$build" module worker ctl \
         double >"$run/build.log" 2>&1 \
        || { grep -v '^g\{0,1\}cc ' "$run/build.log" | tail -n 20
             die "the build failed"; }

    ls -1 "$build"/*.so "$build/connext-worker" "$build/connextctl" \
       "$build/double" | sed "s,^$top/,    ,"
}


# Secrets of the demo: made once, for nobody else to read.
secrets()
{
    for name in app_secret verify_token access_token; do
        if [ ! -s "$run/$name" ]; then
            od -An -N16 -tx1 /dev/urandom | tr -d ' \n' > "$run/$name"
        fi
    done
}


fill()
{
    user=
    if [ "$(id -u)" -eq 0 ]; then
        # The sockets of ./run are the caller's alone; so are the workers.
        user="user              root root;"
    fi

    sed -e "s,@RUN@,$run,g" -e "s,@PORT@,${port:-0},g" \
        -e "s,@MODULE@,$build/ngx_http_connext_module.so,g" \
        -e "s,@USER@,$user,g" "t/demo/$1.in" > "$run/$1"
}


start_redis()
{
    redis-server --daemonize yes --pidfile "$run/redis.pid" \
        --unixsocket "$run/redis.sock" --unixsocketperm 700 --port 0 \
        --dir "$run" --logfile "$run/redis.log" --save "" \
        --appendonly yes --appendfsync always \
        --maxmemory-policy noeviction >/dev/null
    until_true 50 redis-cli -s "$run/redis.sock" ping \
        || die "Redis did not start: $shown/redis.log"
    echo "    redis    $shown/redis.sock, on disk before it answers"
}


# Is a port of this machine listened on?  (State 0A of /proc/net/tcp.)
taken()
{
    hex=$(printf '%04X' "$1")
    cat /proc/net/tcp /proc/net/tcp6 2>/dev/null \
        | awk -v p=":$hex\$" '$4 == "0A" && $2 ~ p { found = 1 }
                              END { exit !found }'
}


start_nginx()
{
    for port in $(seq 8080 8180); do
        if taken "$port"; then
            continue
        fi

        fill nginx.conf

        if nginx -p "$run" -c "$run/nginx.conf" -q 2>>"$run/nginx.log"; then
            edge=http://127.0.0.1:$port
            until_true 50 curl -fs "$edge/connext/status" \
                || die "nginx did not start: $shown/nginx.log"
            echo "    nginx    $edge/hooks/$channel"
            return
        fi

        grep -q 'Address already in use' "$run/nginx.log" || break
    done

    tail -n 5 "$run/nginx.log"
    die "nginx did not start: $shown/nginx.log"
}


double_port()
{
    sed -n 's/^listening \([0-9][0-9]*\)$/\1/p' "$run/double.log" | tail -n 1
}


double_listens()
{
    [ -n "$(double_port)" ]
}


start_double()
{
    : > "$run/double.log"
    launch double "$build/double" --port 0 --ledger "$run/ledger" \
        --hook "$edge/hooks/$channel" --hook-secret-file "$run/app_secret" \
        --statuses auto
    until_true 50 double_listens || die "the double: $shown/double.log"
    meta=http://127.0.0.1:$(double_port)
    echo "    double   $meta, plays Meta: no message leaves this machine"
}


start_worker()
{
    launch worker "$build/connext-worker" -c "$run/connext.conf"
    until_true 100 curl -fs --unix-socket "$run/api.sock" \
        http://connext/readyz \
        || die "the worker did not start: $shown/worker.log"
    echo "    worker   $shown/api.sock, record in $shown/connext.db"
}


ctl()
{
    "$build/connextctl" --url "unix:$run/api.sock" "$@"
}


# Makes it, or brings what an earlier run made up to date.
configure()
{
    if ! ctl -q agents get house >/dev/null 2>&1; then
        ctl -q agents create --name house --provider knowledge >/dev/null
    fi

    ctl -q knowledge add --agent house t/demo/house.md t/demo/prices.csv \
        | sed 's/^/    /'

    if ctl -q channels get $channel >/dev/null 2>&1; then
        ctl -q channels update $channel --base-url "$meta/v24.0" >/dev/null
    else
        ctl -q channels create --name $channel --type whatsapp \
            --account $account --agent house \
            --token-file "$run/access_token" --base-url "$meta/v24.0" \
            >/dev/null
    fi

    ctl channels list | sed 's/^/    /'
}


# A short command for the hints below, with what every call would repeat.
write_ctl()
{
    cat > "$run/connextctl" <<END
#!/bin/sh
CONNEXT_URL=unix:$run/api.sock
CONNEXT_EDGE=$edge
CONNEXT_SECRET_FILE=$run/app_secret
export CONNEXT_URL CONNEXT_EDGE CONNEXT_SECRET_FILE
exec $build/connextctl "\$@"
END
    chmod 755 "$run/connextctl"
}


ask()
{
    say "a customer asks: \"$question\""
    "$run/connextctl" simulate whatsapp --text "$question" \
        --wait reply --timeout 30s
}


how_to_go_on()
{
    cat <<END

The answer is from t/demo/house.md, as it says.  Now try:

  ctl=$shown/connextctl
  \$ctl simulate whatsapp --text "Is there parking?" --wait
  \$ctl simulate whatsapp --text "Is the pool open in December?" --wait
  \$ctl reviews list                 that one waits for a person ...
  \$ctl reviews approve ID           ... who sends the draft as it is,
  \$ctl reviews edit ID --text "No, from May to October."    or better words
  \$ctl conversations list           and: conversations show ID
  \$ctl status                       and: \$ctl help

  logs           $shown/worker.log $shown/access.log
  what was sent  $shown/ledger
  the end        make demo-stop
END
}


# --- commands ----------------------------------------------------------------

failed()
{
    rc=$?

    if [ "$rc" -ne 0 ]; then
        echo "demo: failed; the logs are $shown/*.log" >&2
        end_all >&2
    fi

    exit "$rc"
}


start()
{
    build=$1
    case $build in
        /*) ;;
        *)  build=$top/$build ;;
    esac

    # A unix socket's path has 107 bytes at most.
    [ ${#run} -le 95 ] || die "$run is too long a path for sockets"

    umask 077
    mkdir -p "$run/tmp"
    build

    trap failed EXIT

    if any_running; then
        say "an earlier demo is running: it is restarted"
        end_all
    fi

    say "starting"
    secrets
    fill connext.conf
    start_redis
    start_nginx
    start_double
    start_worker

    say "an agent with two knowledge files, and a channel that it answers"
    configure
    write_ctl
    ask
    trap - EXIT
    how_to_go_on
}


stop()
{
    if any_running; then
        end_all
    else
        echo "no demo is running"
    fi
}


case "${1:-}" in
    start) start "${2:-build/release}" ;;
    stop)  stop ;;
    *)     echo "usage: $0 start BUILD | stop" >&2; exit 64 ;;
esac
