#!/usr/bin/perl

# Website chat: event streams to browsers, ours beside nchan's, in one run.
#   perl -Ibench/lib bench/push.pl --build DIR --module FILE --client FILE
#        [--streams N] [--runs N] [--seconds N] [--only REGEX] [--docs FILE]

use strict;
use warnings;

use FindBin qw($RealBin);
use lib "$RealBin/lib";

use Getopt::Long qw(GetOptions);
use IPC::Open2 qw(open2);
use POSIX qw(strftime);
use Time::HiRes qw(sleep);

use Bench::Proc;
use Bench::Site;

$| = 1;

my $SECRET = 'bench-site-secret-of-32-bytes-xyz';

# What nginx allows a site to give up for streams that mostly wait.
my $TUNED = "connection_pool_size 256;\nrequest_pool_size 512;\n";

my @SERVERS = (
    { name => 'nchan', kind => 'nchan', pools => '' },
    { name => 'nchan, small pools', kind => 'nchan', pools => $TUNED },
    { name => 'CONNEXT', kind => 'connext', pools => '' },
    { name => 'CONNEXT, small pools', kind => 'connext', pools => $TUNED },
);
my @RATES = (1000, 5000);

my %o = (streams => 5000, runs => 3, seconds => 10, only => '.', docs => '');

GetOptions(\%o, 'build=s', 'module=s', 'client=s', 'streams=i', 'runs=i',
           'seconds=i', 'only=s', 'docs=s')
    && $o{build} && $o{client} or die "usage: push.pl --build DIR ...\n";

die "the bench needs two CPUs\n" if `nproc` < 2;
system("taskset -cp $Bench::Site::LOAD_CPU $$ >/dev/null") == 0
    or die "taskset failed\n";

my $site = Bench::Site->new(%o);
my $run = "$site->{dir}/run";
my %rows;

Bench::Site::write_file("$run/site_secret", $SECRET);
chmod 0600, "$run/site_secret";

for my $n (1 .. $o{runs}) {
    for my $server (grep { $_->{name} =~ /$o{only}/i } @SERVERS) {
        my $row = measure($server);

        push @{ $rows{ $server->{name} } }, $row;
        printf STDERR "%d  %-22s %s\n", $n, $server->{name},
            join(' ', map { sprintf '%s=%.1f', $_, $row->{$_} }
                      sort keys %$row);
    }
}

my $text = page();
print $text;
into_docs($o{docs}, $text) if $o{docs} ne '';


sub measure
{
    my ($server) = @_;
    my $redis = $site->start_redis;

    Bench::Site::write_file("$run/pools.inc", $server->{pools});
    my $nginx = $site->start_nginx("push/$server->{kind}.conf",
                                   $Bench::Site::SERVER_CPU,
                                   MODULE => $o{module} || '');
    my %row;
    my $ok = eval {
        $site->wait_port($nginx, $site->{port});
        %row = with_client($server, $nginx, $redis);
        1;
    };
    my $error = $@;

    $_->stop for $nginx, $redis;
    die $error if !$ok;

    return \%row;
}


sub with_client
{
    my ($server, $nginx, $redis) = @_;
    my @cmd = ('sh', '-c', 'ulimit -n 20000; exec "$@"', 'client',
               'taskset', '-c', $Bench::Site::LOAD_CPU, $o{client},
               $server->{kind}, $site->{port});

    push @cmd, $site->{redis}, $SECRET if $server->{kind} eq 'connext';

    my $pid = open2(my $out, my $in, @cmd);
    my $ask = sub {
        print $in "@_\n";
        $in->flush;
        my $line = readline($out);
        die "the client ended\n" if !defined $line;
        return map { split /=/ } grep { /=/ } split ' ', $line;
    };
    my %row;

    # What the first streams and events take is no stream's.
    sleep 0.5;
    my $before = $nginx->largest;
    my %opened = $ask->("open $o{streams}");
    sleep 1;
    $row{kb} = ($nginx->largest - $before) * 1024 / $opened{n};

    for my $rate (@RATES) {
        $ask->('run', $rate, 1);
        my @cpu = map { $_->cpu } $nginx, $redis;
        my %got = $ask->('run', $rate, $o{seconds});

        die "$server->{name}: $got{got} of $got{sent} arrived\n"
            if $got{got} != $got{sent};

        $row{"p50_$rate"} = $got{p50};
        $row{"p99_$rate"} = $got{p99};
        $row{"cpu_$rate"} = ($nginx->cpu - $cpu[0]) / $got{got} * 1e6;
        $row{"redis_$rate"} = ($redis->cpu - $cpu[1]) / $got{got} * 1e6;
    }

    close $in;
    waitpid $pid, 0;

    return %row;
}


sub median
{
    my @v = sort { $a <=> $b } @_;

    return $v[@v / 2];
}


sub page
{
    my $text = sprintf "%s streams open on one process of nginx; then events"
        . " of 200 bytes, each to one of them, for %d s; median of %d runs."
        . " %s, %s.\nMade by `make bench-push`; load of the machine at the"
        . " end: %s.\n\n", $o{streams}, $o{seconds}, $o{runs},
        strftime('%Y-%m-%d', gmtime),
        (split /\n/, `nginx -v 2>&1`)[0] =~ s/^nginx version: //r,
        (split ' ', Bench::Proc::slurp('/proc/loadavg'))[0];

    $text .= "| server | KB a stream | "
        . join(' | ', map { ("publish to browser at $_/s: p50 / p99, us",
                             'CPU an event: nginx, Redis, us') } @RATES)
        . " |\n|---|---:|" . '---:|---:|' x @RATES . "\n";

    for my $name (grep { $rows{$_} } map { $_->{name} } @SERVERS) {
        my %m = map { my $k = $_;
                      ($k => median(map { $_->{$k} } @{ $rows{$name} })) }
                keys %{ $rows{$name}[0] };

        $text .= sprintf("| %s | %.1f |", $name, $m{kb})
            . join('', map { sprintf(' %.0f / %.0f | %.0f, %.0f |',
                                     $m{"p50_$_"}, $m{"p99_$_"},
                                     $m{"cpu_$_"}, $m{"redis_$_"}) } @RATES)
            . "\n";
    }

    return $text;
}


sub into_docs
{
    my ($file, $table) = @_;
    my $page = Bench::Proc::slurp($file);

    my ($start, $end) = ("<!-- bench-push -->\n", '<!-- /bench-push -->');

    $page =~ s/\Q$start\E.*?\Q$end\E/$start\n$table\n$end/s
        or die "$file has no <!-- bench-push --> markers\n";
    Bench::Site::write_file($file, $page);

    return;
}
