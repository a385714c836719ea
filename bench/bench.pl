#!/usr/bin/perl

# The bench: CONNEXT and its peers in one run on this machine, as tables.
#   perl -Ibench/lib bench/bench.pl --build DIR [--quick] [--area edge|worker]
#        [--only REGEX] [--runs N] [--seconds N] [--docs FILE]

use strict;
use warnings;

use FindBin qw($RealBin);
use lib "$RealBin/lib";

use Getopt::Long qw(GetOptions);
use JSON::PP;

use Bench::Deliveries;
use Bench::Edge;
use Bench::Site;
use Bench::Table;
use Bench::Worker;

$| = 1;

my %o = (area => 'edge,worker', only => '.', docs => '');

GetOptions(\%o, 'build=s', 'module=s', 'worker=s', 'quick', 'area=s',
           'only=s', 'runs=i', 'seconds=i', 'docs=s')
    && $o{build} or die "usage: bench.pl --build DIR [--quick] ...\n";

my %defaults = $o{quick}
    ? (runs => 1, seconds => 2, warm => 1, deliveries => 200_000, divide => 4)
    : (runs => 3, seconds => 5, warm => 2, deliveries => 500_000, divide => 1);

%o = (%defaults, %o);

if (`nproc` < 2) {
    die "the bench needs two CPUs: one for the server, one for the load\n";
}

# The bench itself stays away from the CPU of the server it measures.
system("taskset -cp $Bench::Site::LOAD_CPU $$ >/dev/null") == 0
    or die "taskset failed\n";

my $site = Bench::Site->new(%o);
$site->{module} = $o{module};
$site->{worker} = $o{worker};

my $data = "$site->{dir}/data";

print STDERR "making $o{deliveries} deliveries\n";
$o{valid} = Bench::Deliveries::make($data, 'valid', $o{deliveries}, 1);
$o{forged} = Bench::Deliveries::make($data, 'forged', 20_000, 0);

my %result = (conditions => Bench::Table::conditions($site, \%o));

$result{edge} = Bench::Table::medians(edge()) if $o{area} =~ /edge/;
$result{worker} = Bench::Table::medians(worker()) if $o{area} =~ /worker/;

Bench::Site::write_file("$site->{dir}/result.json",
                        JSON::PP->new->canonical->pretty->encode(\%result));

my $text = Bench::Table::markdown(\%result);
print $text;
Bench::Table::into_docs($o{docs}, $text) if $o{docs} ne '';


sub edge
{
    my @rows;

    for my $run (1 .. $o{runs}) {
        for my $server (grep { $_->{name} =~ /$o{only}/i }
                        @Bench::Edge::SERVERS)
        {
            next if unable($server);

            for my $load (@Bench::Edge::LOADS) {
                my ($mode, $connections) = @$load;
                next if $server->{ceiling} && $mode ne 'valid';

                push @rows, attempt($server, sub {
                    Bench::Edge::measure($site, $server, $mode, $connections,
                                         \%o);
                }, mode => $mode, connections => $connections);
                print STDERR "$run  ", Bench::Table::edge_line($rows[-1]);
            }
        }
    }

    return \@rows, 'mode', 'connections';
}


sub worker
{
    my @rows;

    for my $run (1 .. $o{runs}) {
        for my $server (grep { $_->{name} =~ /$o{only}/i }
                        @Bench::Worker::WORKERS)
        {
            next if unable($server);

            for my $load (@Bench::Worker::LOADS) {
                push @rows, attempt($server, sub {
                    Bench::Worker::measure($site, $server, $load, \%o);
                }, calls => $load->{calls}, model => $load->{model});
                print STDERR "$run  ", Bench::Table::worker_line($rows[-1]);
            }
        }
    }

    return \@rows, 'calls', 'model';
}


# What cannot be started here is left out, loudly.
sub unable
{
    my ($server) = @_;
    my $file = !$server->{ours} ? undef
             : $server->{worker} ? $site->{worker} : $site->{module};

    return 0 if !$server->{ours} || defined $file && -e $file;

    print STDERR "$server->{name}: not built\n";

    return 1;
}


# One measurement; on a machine that others use at the time it is repeated,
# and the quietest counts.
sub attempt
{
    my ($server, $measure, %key) = @_;
    my $best;

    for (1 .. ($o{quick} ? 1 : 3)) {
        my $row = eval { $measure->() };

        if (!$row) {
            $row = { wrong => $@ =~ s/\s+$//r, foreign => 99 };
        }

        if (!$best || $row->{foreign} < $best->{foreign}) {
            $best = $row;
        }

        last if $best->{foreign} < 0.1;
    }

    return { %$best, %key, name => $server->{name} };
}
