# Workers come and go in good order under load: each message is answered once,
# in order within its conversation, and nothing waits for a lease to run out.

use strict;
use warnings;

use Connext;
use Test::More;

my ($MESSAGES, $PEERS) = (4000, 100);
my $cx = Connext->new(nginx => 1, worker => { 'worker.quiet_ms' => 0 })
                ->start(qw(redis nginx double worker1));
$cx->set_up(provider => 'openai', no_knowledge => 1);

my $flood = $cx->flood_start(count => $MESSAGES, peers => $PEERS,
                             connections => 20, rate => 400, retry_ms => 200);


sub shared_by {
    my (@names) = @_;

    return $cx->wait_for(20, sub {
        !grep { $cx->owned($_) != 64 / @names } @names;
    });
}


for my $round (1 .. 2) {
    $cx->start('worker2');
    ok(shared_by('worker1', 'worker2'), 'a second one gets its share');
    is($cx->stop('worker2'), 0, 'it leaves');
    ok(shared_by('worker1'), 'the first one has all again');
}

# Now the first one leaves: the other one has all.
$cx->start('worker2');
ok(shared_by('worker1', 'worker2'), 'a second one gets its share');
is($cx->stop('worker1'), 0, 'the first one leaves');
ok(shared_by('worker2'), 'the second one has all');

is($cx->flood_wait($flood)->{lost}, 0, 'every delivery got 200');

my %got;
$cx->wait_for(30, sub {
    my $n = 0;
    %got = $cx->answers;
    $n += @$_ for values %got;
    $n >= $MESSAGES;
});

my @wrong;
for my $peer (0 .. $PEERS - 1) {
    my @want = map { $peer + $PEERS * $_ } 0 .. $MESSAGES / $PEERS - 1;
    my $have = "@{$got{16505550000 + $peer} || []}";
    push @wrong, "$peer: $have\n" if $have ne "@want";
}
is("@wrong", '', 'each message once, in order within each conversation');
is_deeply($cx->api('GET', '/api/v1/messages?state=held')->{data}, [],
          'nothing is held');

$cx->finish;
done_testing();
