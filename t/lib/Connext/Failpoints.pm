package Connext::Failpoints;

# Kills a worker at every failpoint of the engine, starts another one, and
# lets the ledger judge: each message answered or held, none twice.

use strict;
use warnings;

use Connext;
use Exporter 'import';
use Test::More;

our @EXPORT_OK = qw(failpoints kill_at);


# Names as they stand in the source; lint checks that a release has none.
sub failpoints {
    my %name;

    for my $file (glob 'src/worker/*.c') {
        my $text = Connext::Process::read_file($file);
        $name{$_} = 1 for $text =~ /CX_FP\("([a-z.]+)"\)/g;
    }

    return sort keys %name;
}


sub new_scene {
    my (@double) = @_;

    my $cx = Connext->new(double => \@double)
                    ->start(qw(redis nginx double worker));
    $cx->set_up(provider => 'openai', no_knowledge => 1);
    $cx->stop('worker');
    return $cx;
}


# Three customers each say something; the worker dies at the point's nth hit.
# False: it did not come by that point.
sub kill_at {
    my ($cx, $point, $nth, $n) = @_;

    my @customers = map { 16505560000 + 10 * $n + $_ } 0 .. 2;
    $cx->say(from => $_, id => "wamid.fp$_", text => "q$_") for @customers;

    $cx->failpoint("$point=kill:$nth")->start('worker');
    my $died = $cx->wait_for(15, sub { $cx->gone('worker') });
    $cx->kill9('worker') unless $died;
    return ($died && ($died->[0] & 127) == 9, @customers);
}


# Per customer: how often the provider took an answer, and what is held.
sub account {
    my ($cx, @customers) = @_;

    my %sent = map { $_ => 0 } @customers;
    for my $e ($cx->ledger) {
        my $to = $e->{to} =~ s/^\+//r;
        $sent{$to}++ if exists $sent{$to};
    }

    return \%sent;
}


1;
