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


# Some customers each say something; the worker dies at the point's nth hit.
# False: it did not come by that point.
sub kill_at {
    my ($cx, $point, $nth, $n, $customers) = @_;

    my @customers = map { 16505560000 + 10 * $n + $_ } 1 .. $customers;
    $cx->say(from => $_, id => "wamid.fp$_", text => "q$_") for @customers;

    $cx->failpoint("$point=kill:$nth")->start('worker');
    my $died = $cx->wait_for(15, sub { $cx->gone('worker') });
    $cx->kill9('worker') unless $died;
    return ($died && ($died->[0] & 127) == 9, @customers);
}


# Per customer: how often the provider took an answer, and whether one is held
# (with a reason) for a person.
sub account {
    my ($cx, @customers) = @_;

    my %of = map { $_ => { sent => 0, held => 0 } } @customers;
    for my $e ($cx->ledger) {
        my $to = $e->{to} =~ s/^\+//r;
        $of{$to}{sent}++ if exists $of{$to};
    }

    for my $m (@{$cx->api('GET', '/api/v1/messages?state=held')->{data}}) {
        my $c = $cx->api('GET', "/api/v1/conversations/$m->{conversation}");
        my ($tail) = $c->{phone_masked} =~ /(\d{4})$/;
        my ($to) = grep { /$tail$/ } @customers;
        $of{$to}{held}++ if defined $to && length($m->{error}{text} // '');
    }

    return \%of;
}


# Waits until every customer has an answer or a held one and nothing is in
# doubt any more, and says how it is: "1 1 held" for two who got one answer
# each and one who got none.
sub verdict {
    my ($cx, @customers) = @_;

    my $of;
    $cx->wait_for(12, sub {
        # First what is in doubt: what leaves it now shows in the account.
        my @open = map { @{$cx->api('GET', "/api/v1/messages?state=$_")
                               ->{data}} } qw(ready sending ambiguous);
        $of = account($cx, @customers);
        !@open && !grep { $_->{sent} + $_->{held} == 0 } values %$of;
    });

    return join ' ', map {
        my $c = $of->{$_};
        ($c->{sent} || '') . ($c->{held} ? 'held' : $c->{sent} ? '' : 'none');
    } @customers;
}


1;
