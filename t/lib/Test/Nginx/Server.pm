package Test::Nginx::Server;

# nginx of a block: its root, its configuration, its process and its logs;
# and the Redis of the file.  Every process is a child of ours, in the
# foreground, and is ended by its pid.

use strict;
use warnings;

use Connext::Process qw(spawn wait_pid stop_pid wait_text free_port read_file
                        write_file sanitizers);
use Cwd qw(abs_path);
use File::Path qw(make_path remove_tree);
use File::Temp qw(tempdir);
use IO::Socket::INET;
use IO::Socket::UNIX;
use POSIX ();
use Time::HiRes qw(sleep time);

my $owner = $$;
my %ports;                     # RAND_PORT_n

our $ROOT;                     # server root
our $PORT;
our $BINARY;
our $TMP = tempdir('connext-test-XXXXXX', TMPDIR => 1, CLEANUP => 1);
our $ASAN_LOG = "$TMP/asan";
our $PID;                      # of nginx
our $DIED;                     # wait status when it went by itself


sub build_dir {
    return $ENV{CONNEXT_BUILD} || 'build/release';
}


sub setup {
    my $build = abs_path(build_dir()) || build_dir();

    $PORT = $ENV{TEST_NGINX_SERVER_PORT} || $ENV{TEST_NGINX_PORT}
            || free_port();
    $ROOT = $ENV{TEST_NGINX_SERVROOT} || "$TMP/servroot";

    my $asan = "$build/nginx-asan";
    $BINARY = $ENV{TEST_NGINX_BINARY};
    if (!$BINARY && -x $asan) {
        # The module is a part of this one.
        $BINARY = $asan;
        $ENV{TEST_NGINX_LOAD_MODULES} //= '';
    }

    $BINARY ||= (grep { -x } map { "$_/nginx" } split(/:/, $ENV{PATH}),
                 '/usr/sbin')[0] || 'nginx';
    $ENV{TEST_NGINX_LOAD_MODULES} //= "$build/ngx_http_connext_module.so";
    $ENV{TEST_NGINX_MODULE_PATH} //= "$build/ngx_http_connext_module.so";
    $ENV{TEST_NGINX_SERVER_PORT} = $ENV{TEST_NGINX_PORT} = $PORT;
    $ENV{TEST_NGINX_SERVER_ROOT} = $ENV{TEST_NGINX_SERVROOT} = $ROOT;

    my ($here) = __FILE__ =~ m{^(.*)/Test/Nginx/[^/]+$};
    sanitizers(abs_path($here), $ASAN_LOG);
}


# $TEST_NGINX_... in a section.
sub expand {
    my ($text) = @_;

    return $text unless defined $text && !ref $text;

    $text =~ s{\$(TEST_NGINX_[_A-Z0-9]+)|\$\{(TEST_NGINX_[_A-Z0-9]+)\}}{
        my $name = $1 // $2;
        if ($name =~ /^TEST_NGINX_RAND_PORT_(\d+)$/) {
            $ENV{$name} //= $ports{$1} //= free_port();
        }
        defined $ENV{$name} ? $ENV{$name}
                            : die "environment variable $name is not set\n";
    }ge;

    return $text;
}


# --- files -------------------------------------------------------------------

sub fresh_root {
    remove_tree($ROOT);
    make_path("$ROOT/$_") for qw(conf logs html);
    write_file("$ROOT/html/index.html",
               '<html><head><title>It works!</title></head>'
               . "<body>It works!</body></html>");
}


# ">>> name [date]" and the text after it, once or more.
sub user_files {
    my ($text) = @_;

    return unless defined $text;

    my @files = ref $text eq 'ARRAY' ? @$text : ();
    if (!ref $text) {
        my (undef, @parts) = split /^>>> +(\S+)(?: +(\S+))?[ \t]*\n/m,
                             expand($text);
        push @files, [splice @parts, 0, 3] while @parts;
        @files = map { [$_->[0], $_->[2], $_->[1]] } @files;
    }

    for my $file (@files) {
        my ($name, $content, $date) = @$file;
        my $path = $name =~ m{^/} ? $name : "$ROOT/html/$name";
        make_path($path =~ m{^(.*)/});
        write_file($path, $content // '');
        system('touch', '-t', $date, $path) if defined $date;
    }
}


sub write_conf {
    my (%c) = @_;

    my $modules = join '', map { "load_module $_;\n" }
                  split ' ', $ENV{TEST_NGINX_LOAD_MODULES} // '';
    my $user = $> == 0 ? "user root;\n" : '';
    my $master = $c{master} ? 'on' : 'off';
    my $env = join '', map { "env $_;\n" } @{$c{env} || []};
    my $location = $c{no_root_location} ? '' : <<_END;
        location / {
            root $ROOT/html;
            index index.html index.htm;
        }
_END

    write_file("$ROOT/conf/nginx.conf", <<_END);
$modules${user}worker_processes $c{workers};
daemon off;
master_process $master;
error_log $ROOT/logs/error.log $c{log_level};
pid $ROOT/logs/nginx.pid;
$env
$c{main_config}

http {
    access_log $ROOT/logs/access.log;
    client_body_temp_path $ROOT/client_body_temp;
    proxy_temp_path $ROOT/proxy_temp;
    fastcgi_temp_path $ROOT/fastcgi_temp;
    uwsgi_temp_path $ROOT/uwsgi_temp;
    scgi_temp_path $ROOT/scgi_temp;

    default_type text/plain;
    keepalive_timeout 68000ms;

$c{http_config}

    server {
        listen $PORT;
        server_name '$c{server_name}';
        client_max_body_size 30M;

$c{preamble}
$c{config}
$location    }
}

$c{post_main_config}

events {
    accept_mutex off;
    worker_connections $c{worker_connections};
}
_END
}


# --- processes ---------------------------------------------------------------

sub nginx_command {
    return ($BINARY, '-e', "$ROOT/logs/error.log", '-p', "$ROOT/", '-c',
            "$ROOT/conf/nginx.conf", @_);
}


# Undef: runs.  Else why not.
sub start {
    undef $DIED;
    $PID = spawn('nginx', "$ROOT/logs/stderr.log", [nginx_command()]);

    my $deadline = time + 20;
    while (1) {
        my $status = wait_pid($PID, 0);
        if (defined $status) {
            undef $PID;
            return 'nginx does not start: '
                   . read_file("$ROOT/logs/stderr.log");
        }

        # The pid file is written after the sockets are open.
        return undef if -s "$ROOT/logs/nginx.pid" && listening();
        last if time > $deadline;
        sleep 0.003;
    }

    stop();
    return 'nginx does not listen: ' . read_file("$ROOT/logs/error.log");
}


sub listening {
    my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                  PeerPort => $PORT);
    return defined $s;
}


# A block that must not start: its exit status, or undef when it does start.
sub must_die {
    my $pid = spawn('nginx', "$ROOT/logs/stderr.log", [nginx_command()]);
    my $status = wait_pid($pid, 10);

    stop_pid($pid, 'TERM', 5) unless defined $status;
    return $status;
}


# Undef: it went as it should.  Else what happened.
sub stop {
    return undef unless defined $PID;

    my $pid = $PID;
    undef $PID;

    my $status = wait_pid($pid, 0);
    if (defined $status) {
        return 'nginx was gone: ' . wait_text($status);
    }

    $status = stop_pid($pid, 'QUIT', 10);
    return 'nginx did not stop' if $status eq 'killed';
    return $status == 0 ? undef : 'nginx ended badly: ' . wait_text($status);
}


# What the sanitizers have to say; the files are gone then.
sub sanitizer_reports {
    my @files = glob "$ASAN_LOG*";
    my $text = join "\n", map { read_file($_) } @files;

    unlink @files;
    return $text;
}


# --- Redis -------------------------------------------------------------------

# For the file, when nobody gave one.
sub redis {
    return if $ENV{TEST_NGINX_REDIS_SOCK};

    my $sock = "$TMP/redis.sock";
    mkdir "$TMP/redis";
    my $pid = spawn('redis', "$TMP/redis.log",
                    ['redis-server', '--port', 0, '--unixsocket', $sock,
                     '--dir', "$TMP/redis", '--save', '', '--appendonly',
                     'yes', '--appendfsync', 'always']);

    my $deadline = time + 10;
    until (-S $sock && IO::Socket::UNIX->new(Peer => $sock)) {
        die 'redis-server does not start: ' . read_file("$TMP/redis.log")
            if time > $deadline || defined wait_pid($pid, 0);
        sleep 0.005;
    }

    $ENV{TEST_NGINX_REDIS_SOCK} = $sock;
}


# --- a server to be talked to by nginx ---------------------------------------

# tcp_listen, tcp_reply, ...: a child that serves one connection and writes
# what it read to a file.
sub tcp_server {
    my ($block) = @_;

    my $listen = expand(scalar $block->tcp_listen);
    return undef unless defined $listen;

    unlink $listen if $listen !~ /^\d+$/;
    my $server = $listen =~ /^\d+$/
        ? IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 5,
                                LocalPort => $listen, ReuseAddr => 1)
        : IO::Socket::UNIX->new(Local => $listen, Listen => 5);
    die "tcp_listen $listen: $!\n" unless $server;

    my $pid = fork;
    die "fork: $!\n" unless defined $pid;
    if ($pid == 0) {
        eval { serve_tcp($block, $server) };
        POSIX::_exit($@ ? 1 : 0);
    }

    return $pid;
}


sub serve_tcp {
    my ($block, $server) = @_;

    my $client = $server->accept or return;
    my $reply = $block->tcp_reply;
    my $want = $block->tcp_query_len // 1;
    my $query = '';

    $SIG{PIPE} = 'IGNORE';
    while (length $query < $want) {
        my $n = sysread $client, $query, 65536, length $query;
        last unless $n;
    }

    write_file("$TMP/tcp_query", $query);
    sleep $block->tcp_reply_delay if $block->tcp_reply_delay;

    $reply = $reply->($query) if ref $reply eq 'CODE';
    for my $part (ref $reply eq 'ARRAY' ? @$reply : ($reply // '')) {
        syswrite $client, $part if length $part;
    }

    shutdown $client, $block->tcp_shutdown if defined $block->tcp_shutdown;
    sleep 3600 if defined $block->tcp_no_close;
}


END {
    remove_tree($ROOT) if $$ == $owner && defined $ROOT
                          && !$ENV{TEST_NGINX_NO_CLEAN};
}


1;
