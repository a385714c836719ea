# A worker that stands still (a paused machine, a cut cable) keeps its
# connection to Redis, and a blocked read on it, when another one has its
# partitions already.  What such a read swallows is answered all the same, in
# its turn, and when the worker wakes up it does nothing twice.

use strict;
use warnings;

use Connext;
use Test::More;

my $PEERS = 100;
my $cx = Connext->new(worker => { 'worker.quiet_ms' => 0 })
                ->start(qw(redis nginx double worker1 worker2));
$cx->set_up(provider => 'openai', no_knowledge => 1);
my $asked = 0;          # of every customer


# Everybody asks so often, with a number that counts.
sub ask {
    my ($times) = @_;

    for (1 .. $times) {
        $asked++;
        $cx->say(from => 16505558000 + $_, text => "message $asked")
            for 1 .. $PEERS;
    }
}


sub all_answered {
    my ($seconds) = @_;

    return $cx->wait_for($seconds, sub {
        my %n = $cx->answers;
        $PEERS == grep { @$_ >= $asked } values %n;
    });
}


ok($cx->wait_for(15, sub { $cx->owned('worker1') == 32
                           && $cx->owned('worker2') == 32 }),
   'each owns half of the partitions');

# Round after round the reads that the stopped worker left behind are the
# first ones in line for what arrives.
for my $round (1 .. 2) {
    $cx->signal('worker2', 'STOP');
    ok($cx->wait_for(15, sub { $cx->owned('worker1') == 64 }),
       'the other one owns all when one stands still');
    ask(5);
    ok(all_answered(25), 'everybody is answered');

    # It wakes up amid work, with what its reads brought long ago.
    ask(1);
    $cx->signal('worker2', 'CONT');
    ask(4);
    ok(all_answered(25), 'everybody is answered again');
    ok($cx->wait_for(15, sub { $cx->owned('worker1') == 32
                               && $cx->owned('worker2') == 32 }),
       'it wakes up and gets its share again');
}

ask(2);
ok(all_answered(25), 'and works again');

my %got = $cx->answers;
my @want = (1 .. $asked);
my @wrong = grep { "@{$got{$_}}" ne "@want" } sort keys %got;
is("@wrong", '', 'each message once, in order within each conversation')
    or diag(map { "$_: @{$got{$_}}\n" } @wrong);
is_deeply($cx->api('GET', '/api/v1/messages?state=held')->{data}, [],
          'nothing is held');

$cx->finish;
done_testing();
