package Bench::Edge;

# The edges side by side: the same signed deliveries against each, one process
# on one CPU; the load generator and Redis share the other.

use strict;
use warnings;

use IO::Socket::INET;
use List::Util qw(max sum0);
use Time::HiRes qw(sleep);

use Bench::Deliveries;
use Bench::Proc;
use Bench::Site;

our $OURS = 'CONNEXT';

# name, does it verify and enqueue, how it starts (with the site)
our @SERVERS = (
    { name => 'nginx reads the body, returns 200', start => sub {
          $_[0]->start_nginx('edge/ceiling.conf', $Bench::Site::SERVER_CPU) },
      ceiling => 1 },
    { name => 'OpenResty Lua, keep-alive pool', start => sub { lua(@_, 'pool') } },
    { name => 'OpenResty Lua, batched pipeline',
      start => sub { lua(@_, 'batch') } },
    { name => 'nginx in front of Node (fastify, ioredis)', start => \&node,
      node => 1 },
    { name => $OURS, start => \&ours, ours => 1 },
);

# mode, connections: the columns of a row
our @LOADS = map { my $mode = $_; map { [$mode, $_] } 64, 512 }
             qw(valid duplicate forged);

my $DUPLICATES = 1000;


sub lua
{
    my ($site, $store) = @_;

    return $site->start_nginx('edge/openresty.conf', $Bench::Site::SERVER_CPU,
                              STORE => $store);
}


# Two processes that count as one server.
sub node
{
    my ($site) = @_;
    my $cpu = $Bench::Site::SERVER_CPU;
    my $app = $site->start_node($cpu, "$site->{here}/edge/fastify.js");

    $site->wait_port($app, $site->{back});

    return ($site->start_nginx('edge/proxy.conf', $cpu), $app);
}


sub ours
{
    my ($site) = @_;
    my $run = "$site->{dir}/run";

    Bench::Site::write_file("$run/app_secret", $Bench::Deliveries::SECRET);
    Bench::Site::write_file("$run/verify_token", 'bench');
    chmod 0600, "$run/app_secret", "$run/verify_token";

    return $site->start_nginx('edge/connext.conf', $Bench::Site::SERVER_CPU,
                              MODULE => $site->{module});
}


sub wrk
{
    my ($site, %o) = @_;
    my @cmd = ('taskset', '-c', $Bench::Site::LOAD_CPU, 'wrk', '-t1',
               "-c$o{connections}", "-d$o{seconds}s", '--timeout', '10s',
               '-s', "$site->{here}/edge/load.lua",
               "http://127.0.0.1:$site->{port}/webhook", '--', $o{file},
               $o{limit} || 0);

    open(my $out, '-|', @cmd) or die "wrk: $!\n";
    my $text = do { local $/; readline($out) };
    close($out);

    my ($line) = $text =~ /^RESULT (.*)$/m or die "wrk: $text\n";

    return { map { split /=/ } split ' ', $line };
}


# The status of one request, for certain.
sub status_of
{
    my ($site, $request) = @_;
    my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$site->{port}")
        or die "connect: $!\n";

    print $s $request;
    $s->flush;
    my $line = readline($s);

    return defined $line && $line =~ m{^HTTP/1.1 (\d+)} ? $1 : 0;
}


# Entries in the streams, theirs or ours.
sub stored
{
    my ($site, $server) = @_;
    my @streams = $server->{ours}
                ? map { sprintf 'cx:{p%02d}:in', $_ } 0 .. 63 : 'cx:in';

    return sum0 map { $site->redis('XLEN', $_) } @streams;
}


sub measure
{
    my ($site, $server, $mode, $connections, $o) = @_;
    my $redis = $site->start_redis;
    my @procs = $server->{start}->($site);
    my $row;

    $site->wait_port($procs[0], $site->{port});

    my $ok = eval {
        warm_up($site, $mode, $o);
        $row = take($site, \@procs, $redis, $mode, $connections, $o);
        $row->{wrong} = wrong($site, $server, $row);
        1;
    };
    my $error = $@;

    $_->stop for @procs, $redis;
    die $error if !$ok;

    return $row;
}


sub warm_up
{
    my ($site, $mode, $o) = @_;

    wrk($site, connections => 64, seconds => $o->{warm}, file => $o->{valid},
        limit => $mode eq 'duplicate' ? $DUPLICATES : 0);
    sleep 0.2;
    $site->redis('FLUSHALL') if $mode ne 'duplicate';

    return;
}


sub take
{
    my ($site, $procs, $redis, $mode, $connections, $o) = @_;
    my $cpu = sub { sum0 map { $_->cpu } @$procs };
    my @before = ($cpu->(), $redis->cpu, children(), Bench::Proc::machine());

    my $d = wrk($site, connections => $connections, seconds => $o->{seconds},
                file => $mode eq 'forged' ? $o->{forged} : $o->{valid},
                limit => $mode eq 'duplicate' ? $DUPLICATES : 0);

    sleep 0.2;      # what is under way ends

    my @spent = ($cpu->(), $redis->cpu, children(), Bench::Proc::machine());
    $spent[$_] -= $before[$_] for 0 .. $#spent;

    my ($server_s, $redis_s, $load_s, $busy_s, $steal_s) = @spent;
    my @memory = map { [$_->memory] } @$procs;
    my @largest = map { $_->largest } @$procs;
    my $n = $d->{n} || 1;

    return {
        mode => $mode, connections => $connections, %$d,
        rps => $n / $d->{us} * 1e6,
        cpu => $server_s / $n * 1e4, redis_cpu => $redis_s / $n * 1e4,
        rss => sum0(map { $_->[0] } @memory),
        pss => sum0(map { $_->[1] } @memory),
        process => max(@largest),
        foreign => ($busy_s - $server_s - $redis_s - $load_s + $steal_s)
                   / ($d->{us} / 1e6),
    };
}


sub children
{
    my (undef, undef, $user, $system) = times;

    return $user + $system;
}


# Why a row does not count, or ''.
sub wrong
{
    my ($site, $server, $row) = @_;

    return "$row->{broken} broken connections" if $row->{broken};
    return "$row->{n} answers" if $row->{n} < $row->{connections};

    if ($server->{ceiling}) {
        return $row->{refused} ? "$row->{refused} refused" : '';
    }

    my $stored = stored($site, $server);

    if ($row->{mode} eq 'forged') {
        return "$stored forged deliveries stored" if $stored;
        return 'forged deliveries accepted' if $row->{refused} != $row->{n};

        my ($one) = Bench::Deliveries::requests(
                        "$site->{dir}/data/forged", 0, 0);
        my $status = status_of($site, $one);
        return $status == 401 ? '' : "forged: $status, not 401";
    }

    return "$row->{refused} refused" if $row->{refused};

    if ($row->{mode} eq 'duplicate') {
        return $stored == $DUPLICATES ? '' : "$stored stored of $DUPLICATES";
    }

    # The requests under way at the end are stored, but not counted by wrk.
    return $stored >= $row->{n} && $stored <= $row->{n} + $row->{connections}
           ? '' : "$stored stored, $row->{n} accepted";
}


1;
