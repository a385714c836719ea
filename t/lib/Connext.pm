package Connext;

# A whole installation for a test, in a folder of its own, on free ports and
# unix sockets: Redis, nginx with the module, workers, the double.
#
#   my $cx = Connext->new;
#   $cx->start(qw(redis nginx double worker));
#   $cx->set_up;                          # agent, knowledge, channel
#   $cx->post(...); $cx->wait_for(5, sub { ... });
#   $cx->finish;                          # asserts that nothing is wrong
#
# Every part is a child process and can be stopped, killed and started again
# by its name.  A second worker is "worker2".

use strict;
use warnings;

use Connext::Http;
use Connext::Process qw(spawn wait_pid stop_pid wait_text alive free_port
                        read_file write_file sanitizers valgrind);
use Connext::Redis;
use Connext::Sample qw(delivery json signature text_message);
use Cwd qw(abs_path);
use File::Temp qw(tempdir);
use IO::Socket::UNIX;
use JSON::PP ();
use Test::More ();
use Time::HiRes qw(sleep time);

our $BUILD = abs_path($ENV{CONNEXT_BUILD} || 'build/release')
            // die "nothing is built: make\n";
our $ACCOUNT = '106540352242922';

# Secrets that a test can look for in places where they must not be.
our %SECRET = (
    app_secret   => 'canary-app-secret-5d41402abc4b2a76b9719d91',
    verify_token => 'canary-verify-token-7d793037a0760186574b',
    access_token => 'canary-access-token-0282e2fdc7f1f8b2c1d0',
);

my ($lib) = abs_path(__FILE__) =~ m{^(.*)/};


# nginx => workers of nginx; http, location => more configuration;
# worker => { 'section.key' => value }; double => [options].
sub new {
    my ($class, %arg) = @_;

    my $dir = tempdir('connext-test-XXXXXX', TMPDIR => 1, CLEANUP => 1);
    my $self = bless {
        dir => $dir, nginx_workers => $arg{nginx} || 1,
        http => $arg{http} // '', location => $arg{location} // '',
        conf => $arg{worker} || {}, double => $arg{double} || [],
        modules => $arg{modules}, pid => {}, n => 0,
    }, $class;

    write_file("$dir/$_", "$SECRET{$_}\n", 0600) for keys %SECRET;
    mkdir "$dir/$_" for qw(redis logs conf);
    $self->{port} = free_port();
    $self->{double_port} = free_port();
    sanitizers($lib, "$dir/asan");
    return $self;
}


sub dir  { return $_[0]{dir} }
sub port { return $_[0]{port} }


sub path {
    my ($self, $name) = @_;

    return "$self->{dir}/$name";
}


# --- parts -------------------------------------------------------------------

sub start {
    my ($self, @names) = @_;

    for my $name (@names) {
        my $kind = $name =~ s/\d+$//r;
        my $start = $self->can("start_$kind") or die "no part \"$name\"\n";
        die "$name runs already\n" if $self->{pid}{$name};
        $self->$start($name);
    }

    return $self;
}


sub launch {
    my ($self, $name, $command, $env) = @_;

    $command = [valgrind($self->{dir}), @$command]
        if $name =~ /^(?:worker|nginx)/;
    $self->{pid}{$name} = spawn($name, $self->path("logs/$name.log"),
                                $command, $env);
}


# Waits until the part is ready; dies with its log when it is not.
sub ready {
    my ($self, $name, $code, $seconds) = @_;

    my $died;
    my $ok = wait_for($self, $seconds // 10, sub {
        $died = $self->gone($name);
        return $died || $code->();
    });
    return if $ok && !$died;

    my $why = $died ? 'is gone: ' . wait_text($died->[0]) : 'is not ready';
    die "$name $why\n" . substr(read_file($self->path("logs/$name.log")),
                                -3000);
}


# [wait status] when it ended by itself.
sub gone {
    my ($self, $name) = @_;

    my $pid = $self->{pid}{$name} or return [0];
    my $status = wait_pid($pid, 0);
    return undef unless defined $status;

    delete $self->{pid}{$name};
    return [$status];
}


sub pid {
    my ($self, $name) = @_;

    return $self->{pid}{$name};
}


# TERM (nginx: QUIT) and wait; the wait status.
sub stop {
    my ($self, @names) = @_;

    my $status;
    for my $name (@names) {
        my $pid = delete $self->{pid}{$name} or next;
        my $signal = $name =~ /^nginx/ ? 'QUIT' : 'TERM';
        $status = stop_pid($pid, $signal, 30 * Connext::Process::slow());
    }

    return $status;
}


sub kill9 {
    my ($self, @names) = @_;

    for my $name (@names) {
        my $pid = delete $self->{pid}{$name} or next;
        kill 'KILL', $pid;
        wait_pid($pid, 10);
    }
}


sub signal {
    my ($self, $name, $signal) = @_;

    kill $signal, $self->{pid}{$name} or die "$name: $!\n";
}


sub wait_for {
    my ($self, $seconds, $code) = @_;

    return Connext::Process::wait_for($seconds, $code);
}


# --- Redis -------------------------------------------------------------------

sub start_redis {
    my ($self, $name) = @_;

    my $sock = $self->path('redis.sock');
    unlink $sock;
    $self->launch($name, ['redis-server', '--port', 0, '--unixsocket', $sock,
                          '--dir', $self->path('redis'), '--save', '',
                          '--appendonly', 'yes', '--appendfsync', 'always']);
    $self->{redis} = Connext::Redis->new($sock);
    $self->ready($name, sub {
        eval { $self->{redis}->command('PING') eq 'PONG' };
    });
}


sub redis {
    my ($self, @argv) = @_;

    return $self->{redis}->command(@argv);
}


# Events in the streams of a lane ("in", "st"), oldest first in each.
sub events {
    my ($self, $lane) = @_;

    my @events;
    for my $p (0 .. 63) {
        my $list = $self->redis('XRANGE', sprintf('cx:{p%02d}:%s', $p, $lane),
                                '-', '+');
        for my $entry (@$list) {
            my %field = @{$entry->[1]};
            push @events, json()->decode($field{e});
        }
    }

    return @events;
}


# How often each message id is in the streams: quicker than events().
sub ids {
    my ($self, $lane) = @_;

    my %n;
    for my $p (0 .. 63) {
        my $list = $self->redis('XRANGE', sprintf('cx:{p%02d}:%s', $p, $lane),
                                '-', '+');
        for my $entry (@$list) {
            my ($id) = "@{$entry->[1]}" =~ /"id":"([^"]*)"/;
            $n{$id}++;
        }
    }

    return \%n;
}


sub count {
    my ($self, $lane) = @_;

    my $n = 0;
    $n += $self->redis('XLEN', sprintf('cx:{p%02d}:%s', $_, $lane))
        for 0 .. 63;
    return $n;
}


sub quarantined {
    my ($self) = @_;

    return $self->redis('XLEN', 'cx:{q}:quarantine');
}


# --- nginx -------------------------------------------------------------------

sub nginx_binary {
    return "$BUILD/nginx-asan" if -x "$BUILD/nginx-asan";

    for my $dir (split(/:/, $ENV{PATH}), '/usr/sbin') {
        return "$dir/nginx" if -x "$dir/nginx";
    }

    die "no nginx\n";
}


sub modules {
    my ($self) = @_;

    my @modules = @{$self->{modules} || ["$BUILD/ngx_http_connext_module.so"]};
    @modules = grep { !/connext/ } @modules if nginx_binary() =~ /asan$/;
    return join '', map { "load_module $_;\n" } @modules;
}


sub write_nginx_conf {
    my ($self) = @_;

    my $dir = $self->{dir};
    my $user = $> == 0 ? "user root;\n" : '';
    my $patience = $ENV{CONNEXT_VALGRIND}
                   ? join ' ', map { "connext_${_}_timeout 30s;" }
                               qw(connect send read)
                   : '';

    write_file("$dir/conf/nginx.conf", $self->modules . $user . <<_END);
daemon off;
worker_processes $self->{nginx_workers};
error_log $dir/logs/error.log info;
pid $dir/nginx.pid;

events { worker_connections 8192; }

http {
    log_format connext escape=json
        '{"time":"\$time_iso8601","channel":"\$connext_channel",'
        '"result":"\$connext_result","reason":"\$connext_reason",'
        '"event":"\$connext_event_id","status":\$status}';
    access_log $dir/logs/access.log connext;
    client_body_temp_path $dir/body;
    proxy_temp_path $dir/proxy;
    fastcgi_temp_path $dir/fastcgi;
    uwsgi_temp_path $dir/uwsgi;
    scgi_temp_path $dir/scgi;

    connext_channel wa-main {
        type               whatsapp;
        secret_file        $dir/app_secret;
        verify_token_file  $dir/verify_token;
    }

$self->{http}

    server {
        listen 127.0.0.1:$self->{port} backlog=8192;
        client_max_body_size 4m;
        client_body_buffer_size 4m;
        keepalive_requests 1000000;

        location = /hooks/wa-main {
            connext_webhook wa-main;
            connext_pass unix:$dir/redis.sock;
            $patience
        }

        location = /connext/status { connext_status; }
        location = /connext/metrics { connext_status prometheus; }
        location = /connext/ready { connext_status ready; }
        location = /connext/live { connext_status live; }
$self->{location}
    }
}
_END
}


sub start_nginx {
    my ($self, $name) = @_;

    $self->write_nginx_conf;
    $self->launch($name, [nginx_binary(), '-e', $self->path('logs/error.log'),
                          '-p', $self->{dir}, '-c',
                          $self->path('conf/nginx.conf')]);
    $self->ready($name, sub {
        -s $self->path('nginx.pid') && $self->http->socket
            && $self->nginx_workers;
    }, 20);
}


# Process ids of nginx's workers.
sub nginx_workers {
    my ($self) = @_;

    my $master = $self->{pid}{nginx};
    return grep { length }
           split ' ', read_file("/proc/$master/task/$master/children");
}


# Resident memory in kB of the workers of nginx, or of a pid.
sub rss {
    my ($self, @pids) = @_;

    my $kb = 0;
    for my $pid (@pids ? @pids : $self->nginx_workers) {
        $kb += $1 if read_file("/proc/$pid/status") =~ /^VmRSS:\s+(\d+)/m;
    }

    return $kb;
}


# A connection of its own for whoever asks.
sub http {
    my ($self, %arg) = @_;

    return Connext::Http->new(port => $self->{port}, %arg);
}


# Posts a body to the channel, signed unless told otherwise.
sub post {
    my ($self, $body, %headers) = @_;

    my $client = $self->{client} ||= $self->http;
    return $client->request('POST', '/hooks/wa-main', {
        'Content-Type' => 'application/json',
        'X-Hub-Signature-256' => signature($body, $SECRET{app_secret}),
        %headers }, $body);
}


# One text of a customer; returns the answer.  from, text, id.
sub say {
    my ($self, %m) = @_;

    $m{id} //= 'wamid.test' . ++$self->{n};
    return $self->post(delivery(messages => [text_message(%m)]));
}


# --- the double --------------------------------------------------------------

sub start_double {
    my ($self, $name) = @_;

    $self->launch($name, ["$BUILD/double", '--port', $self->{double_port},
        '--ledger', $self->path('ledger'),
        '--hook', "http://127.0.0.1:$self->{port}/hooks/wa-main",
        '--hook-secret-file', $self->path('app_secret'),
        @{$self->{double}}]);
    my $client = Connext::Http->new(port => $self->{double_port});
    $self->ready($name, sub { $client->socket });
    $self->{double_client} = $client;
}


sub double {
    my ($self, $method, $path, $what) = @_;

    my $body = defined $what ? json()->encode($what) : '';
    my $res = $self->{double_client}->request($method, $path, {}, $body);
    die "double: $method $path: $res->{status} $res->{body}\n"
        if $res->{status} != 200;
    return json()->decode($res->{body});
}


sub script {
    my ($self, @rules) = @_;

    return $self->double('POST', '/_/script', \@rules);
}


# The judge: what the provider accepted.  Read from the file, so that it
# works while the double is away.
sub ledger {
    my ($self) = @_;

    # A line that is just being written has no end yet.
    return map { json()->decode($_) }
           read_file($self->path('ledger')) =~ /^(.+)\n/mg;
}


# By customer, the numbers of the messages that were answered ("message 7", or
# another word), in the order they were.
sub answers {
    my ($self, $word) = @_;

    $word //= 'message';
    my %got;
    for my $e ($self->ledger) {
        my ($to) = $e->{to} =~ /(\d+)$/;
        push @{$got{$to}}, $e->{text} =~ /$word (\d+)/g;
    }

    return %got;
}


# --- the end -----------------------------------------------------------------

# Text of all logs.
sub logs {
    my ($self) = @_;

    return join '', map { read_file($_) } glob $self->path('logs/*');
}


sub bad_log_lines {
    my ($self) = @_;

    return grep { /\[(?:alert|emerg)\]/ }
           split /^/, read_file($self->path('logs/error.log'));
}


# Stops everything and asserts what must always hold: three tests.
sub finish {
    my ($self, %arg) = @_;

    my @pids = (values %{$self->{pid}},
                $self->{pid}{nginx} ? $self->nginx_workers : ());
    my @gone = grep { my $g = $self->gone($_); $g } sort keys %{$self->{pid}};
    $self->stop(grep { !/^redis/ } sort keys %{$self->{pid}});
    $self->stop('redis');

    Test::More::is("@gone", '', 'nothing died by itself')
        || Test::More::diag(map { substr read_file($self->path(
                                  "logs/$_.log")), -2000 } @gone);

    my $reports = join '', map { read_file($_) } glob $self->path('asan*');
    $reports .= join '', grep { /Sanitizer|: runtime error: / }
                         split /^/, $self->logs;
    my @bad = grep { !$arg{allow} || $_ !~ $arg{allow} } $self->bad_log_lines;
    Test::More::is($reports . join('', @bad), '',
                   'no alert, no sanitizer report');
    Test::More::is(join(' ', grep { alive($_) } @pids), '',
                   'no process is left');
}


require Connext::Load;
require Connext::Worker;

1;
