# Delivery statuses in any order, repeated, early: they never go backwards.

use strict;
use warnings;

use Connext;
use Test::More;

my $cx = Connext->new->start(qw(redis nginx double worker));
$cx->set_up(provider => 'openai', no_knowledge => 1);


sub outbound {
    my @out;
    for my $c (@{$cx->api('GET', '/api/v1/conversations')->{data}}) {
        push @out, grep { $_->{direction} eq 'out' }
            @{$cx->api('GET', "/api/v1/conversations/$c->{id}/messages")
                ->{data}};
    }
    return @out;
}


sub states {
    my %n;
    $n{$_->{state}}++ for outbound();
    return \%n;
}


$cx->say(from => 16505553000 + $_, text => "hello $_") for 1 .. 10;
ok($cx->wait_for(10, sub { $cx->ledger == 10 }), 'ten answers');
ok($cx->wait_for(10, sub { (states()->{accepted} // 0) == 10 }),
   'all accepted') or diag(explain(states()));

# Shuffled and doubled.
$cx->double('POST', '/_/statuses', { shuffle => 7, statuses =>
            [qw(sent delivered read sent delivered read)] });
ok($cx->wait_for(10, sub { (states()->{read} // 0) == 10 }), 'all read')
    or diag(explain(states()));

# What comes late changes nothing.
$cx->double('POST', '/_/statuses', { shuffle => 3, statuses =>
            [qw(sent failed:131026 delivered)] });
$cx->wait_for(10, sub {
    $cx->double('GET', '/_/counts')->{statuses_waiting} == 0
        && $cx->count('st') == 0;
});
is_deeply(states(), { read => 10 }, 'a late failure does not undo a read');

# Failed where nothing was delivered.
$cx->say(from => 16505553100, text => 'fails');
$cx->wait_for(10, sub { $cx->ledger == 11 });
$cx->double('POST', '/_/statuses', { to => '3100', statuses =>
                                     ['failed:131026'] });
ok($cx->wait_for(10, sub { states()->{failed} }), 'a failure is on record');
my ($failed) = grep { $_->{state} eq 'failed' } outbound();
is($failed->{error}{code}, 131026, 'with the provider\'s code');

# The statuses before the answer of the send.
$cx->script({ match => { kind => 'graph', to => '3200' },
              do => { act => 'ok', statuses_first => JSON::PP::true(),
                      statuses => [qw(sent delivered)], delay_ms => 300 } });
$cx->say(from => 16505553200, text => 'early');
ok($cx->wait_for(10, sub {
       grep { $_->{state} eq 'delivered' } outbound();
   }), 'statuses that are faster than the answer count')
    or diag(explain(states()));
is(scalar(grep { $_->{to} =~ /3200$/ } $cx->ledger), 1, 'sent once');

# Of a message nobody here knows.
is($cx->post(Connext::Sample::delivery(statuses => [
       Connext::Sample::status(id => 'wamid.unknown', to => 16505553300,
                               status => 'delivered')]))->{status}, 200,
   'a status of an unknown message: 200');
ok($cx->wait_for(10, sub { $cx->count('st') == 0 }), 'and it is taken');

$cx->finish;
done_testing();
