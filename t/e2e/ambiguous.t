# Sends whose outcome is not known: proved by a status that carries their
# intent, else held for a person; never repeated by themselves.

use strict;
use warnings;

use Connext;
use Test::More;

my $cx = Connext->new(double => ['--statuses', 'sent'],
                      worker => { 'worker.reconcile_ms' => 1500 })
                ->start(qw(redis nginx double worker));
$cx->set_up(provider => 'openai', no_knowledge => 1);

# what happens, accepted by the provider, statuses come
my @cases = (
    ['accept_then_close', 1, 1], ['accept_then_reset', 1, 1],
    ['accept_then_hang',  1, 1], ['truncated',         1, 1],
    ['half_then_hang',    1, 1], ['no_id',             1, 1],
    ['bad_json',          1, 1], ['error_after',       1, 1],
    ['accept_then_close', 1, 0], ['close_before',      0, 0],
    ['reset_before',      0, 0], ['hang_before',       0, 0],
    ['error_before',      0, 0], ['no_id',             1, 0],
);

my $n = 0;
for my $case (@cases) {
    my ($act, $accepted, $statuses) = @$case;
    my $to = sprintf '555%04d', ++$n;

    $cx->script({ match => { kind => 'graph', to => $to },
                  do => { act => $act,
                          $statuses ? () : (statuses => []) } });
    $cx->say(from => "1650$to", text => "case $n");
}


sub out_of {
    my ($case) = @_;

    my $tail = sprintf '%04d', $case;
    my ($c) = grep { $_->{phone_masked} =~ /$tail$/ }
              @{$cx->api('GET', '/api/v1/conversations')->{data}};
    return unless $c;
    my ($m) = grep { $_->{direction} eq 'out' }
              @{$cx->api('GET', "/api/v1/conversations/$c->{id}/messages")
                  ->{data}};
    return $m;
}


my %want = (1 => 'sent', 0 => 'held');
for my $i (1 .. $n) {
    my ($act, $accepted, $statuses) = @{$cases[$i - 1]};
    my $state = $want{$statuses};
    my $to = sprintf '555%04d', $i;
    my $m;

    $cx->wait_for(10, sub {
        $m = out_of($i);
        $m && $m->{state} eq $state;
    });
    is($m->{state}, $state, "$act, " . ($statuses ? 'with' : 'without')
                            . ' evidence');
    is(scalar(grep { $_->{to} =~ /$to$/ } $cx->ledger), $accepted,
       '... the provider has it ' . ($accepted ? 'once' : 'not'));
}

my @held = @{$cx->api('GET', '/api/v1/messages?state=held')->{data}};
is(scalar @held, scalar(grep { !$_->[2] } @cases), 'the held ones are listed');
is(scalar(grep { length($_->{error}{text} // '') } @held), scalar @held,
   'each with the reason');

# A person says: send it again.
my $m = out_of(10);
$cx->api('POST', "/api/v1/messages/$m->{id}/resend");
ok($cx->wait_for(10, sub { out_of(10)->{state} eq 'sent' }),
   'a person may send it again');
is(scalar(grep { $_->{to} =~ /5550010$/ } $cx->ledger), 1, '... once');

$m = out_of(11);
$cx->api('POST', "/api/v1/messages/$m->{id}/cancel");
is(out_of(11)->{state}, 'cancelled', 'or cancel it');

$cx->finish;
done_testing();
